# SPDX-License-Identifier: BSD-3-Clause
"""Lab 3: critical sections, and the interrupts that they hold off. The scenes are in user/crittest.c."""

import re

from grading.engine import test
from grading.failure import Failure
from grading.labs import ipi, preempt
from grading.labs.ipi import INTPEND, IPIQ, SEI, SSI, STI, TIMER

STATE = 6   # events of a K_STATE


def draw_storm(rng):
    """Ticks that are a few dozen to a few hundred instructions apart."""
    return {"ticks": rng.randint(3000, 5000), "us": rng.randint(5, 15),
            "seed": rng.randint(1, 10 ** 6)}, {"CPUS": 1, "SHIFT": rng.cycle(2, 3, 4)}


def draw_two_sources(rng):
    """The same, with a software interrupt in each of the sections."""
    params, options = draw_storm(rng)
    return {**params, "ticks": rng.randint(6000, 9000), "raise": 1}, options


def draw_hold_off(rng):
    """Any depth of nesting, several times."""
    # The time of an instruction decides whether the timer or the other interrupts come first.
    return {"nesting": rng.cycle(1, 2, rng.randint(3, 6)), "rounds": rng.cycle(rng.randint(3, 4), 2, 1)}, {
        "CPUS": 1, "SHIFT": rng.cycle(0, 2, 4)}


def draw_message(rng):
    """A message from any cpu to any other: from cpu 0, to it, or neither."""
    cpus = rng.cycle(2, 4, rng.randint(3, 4))
    source, to = rng.cycle((0, cpus - 1), (rng.randint(1, 3), 0), (2, 1))
    return {"to": to, "from": source}, {"CPUS": cpus, "IPI": rng.cycle("sbi", "sswi", "sbi")}


def only(scene, events, what):
    """The only event of this kind among these."""
    found = [event for event in events if event.what == what]
    scene.must(len(found) == 1, f"one event {what}", f"{len(found)}", events[0] if events else None)
    return found[0]


def must_be_at_rest(scene, events, when):
    """Nothing is pending in gd_reqflags, no source is masked, and no section is entered."""
    for what, wanted, meaning in (("reqflags", 0, "nothing is pending in gd_reqflags"),
                                  ("crit", 0, "td_critcount is 0"),
                                  ("nesting", 0, "no interrupt is being handled")):
        event = only(scene, events, what)
        scene.must(event.val == wanted, f"{when}: {meaning}", f"{what} is {event.val:#x}", event)
    sie = only(scene, events, "sie")
    scene.must(sie.val & (SSI | STI | SEI) == SSI | STI | SEI,
               f"{when}: all three sources are enabled again (sie {SSI | STI | SEI:#x})",
               f"sie is {sie.val:#x}", sie)


def must_work_right(scene, events):
    """The timer's work was done as splz promises."""
    for what, rule in (("let_in", "the timer masked, and not noted again, during its own work"),
                       ("alone", "interrupts on during the timer's work"),
                       ("level", "gd_intr_nesting_level 1 during the timer's work")):
        event = only(scene, events, what)
        scene.must(event.val == 0, rule, f"{event.val} times it was not so", event)


def judge_storm(scene):
    """All ticks were handled, and none of them inside a section."""
    must_be_at_rest(scene, scene.events[:STATE], "at the thread's start")
    fired, inside = only(scene, scene.events, "fired"), only(scene, scene.events, "inside")
    scene.must(fired.val == scene.params["ticks"],
               f"{scene.params['ticks']} ticks handled, each of which starts the next",
               f"{fired.val}: the next one was lost", fired)
    scene.must(inside.val == 0, "no tick handled inside a critical section", f"{inside.val} were",
               inside)
    must_work_right(scene, scene.events)
    left = only(scene, scene.events, "left")
    scene.must(left.val == 0, "no work left pending when the last crit_exit has returned",
               f"{left.val} times there was some", left)
    must_be_at_rest(scene, scene.events[STATE:], "after the storm")


def split_rounds(scene):
    """The events of each round of t17. A round begins with a reqflags event."""
    rounds = []
    for event in scene.events:
        if event.what == "reqflags" and (not rounds or any(e.what == "fired" for e in rounds[-1]) and
                                         sum(e.what == "reqflags" for e in rounds[-1]) == 2):
            rounds.append([])
        if rounds:
            rounds[-1].append(event)
    return rounds


def must_be_held_off(scene, events, nesting):
    """Inside the section, after all three sources were raised."""
    flags, sie, sip = (only(scene, events, what) for what in ("reqflags", "sie", "sip"))
    crit = only(scene, events, "crit")
    scene.must_equal(crit, nesting, f"td_critcount is {nesting} inside {nesting} sections")
    for bit, name in ((IPIQ, "RQF_IPIQ"), (TIMER, "RQF_TIMER"), (INTPEND, "RQF_INTPEND")):
        scene.must(flags.val & bit, f"{name} set in gd_reqflags inside the section",
                   f"gd_reqflags is {flags.val:#x}", flags)
    scene.must(not sip.val & SSI, "the software interrupt acknowledged (SSIP clear)",
               f"sip is {sip.val:#x}", sip)
    scene.must(not sie.val & STI, "the timer masked (STIE clear) until it has been served",
               f"sie is {sie.val:#x}", sie)
    scene.must(not sip.val & sie.val & SEI, "the external interrupt claimed (SEIP clear)",
               f"sip is {sip.val:#x}", sip)


def judge_hold_off(scene):
    """In each round the interrupts are held off inside the section, each is served once at its end, and
    nothing remains."""
    rounds = split_rounds(scene)
    scene.must(len(rounds) == scene.params["rounds"], f"{scene.params['rounds']} rounds",
               f"{len(rounds)}")
    for events in rounds:
        kinds = [f"{e.what}{e.val}" if e.what == "log" else e.what for e in events]
        leave, left = kinds.index("log1"), kinds.index("log2")
        must_be_held_off(scene, events[:leave], scene.params["nesting"])
        served = kinds[leave:left].count("intr")
        scene.must(kinds.count("intr") == served == 1,
                   "the external interrupt handled once, before the last crit_exit returned",
                   f"{kinds.count('intr')} times, {served} of them there", events[leave])
        fired = only(scene, events, "fired")
        scene.must_equal(fired, 1, "the work of the timer done once")
        inside = only(scene, events, "inside")
        scene.must_equal(inside, 0, "the work of the timer not done inside the section")
        must_work_right(scene, events)
        must_be_at_rest(scene, [e for e in events[left:] if e.what != "end"], "after the section")


def judge_message(scene):
    """A message waits for the end of the section, and has run when crit_exit returns."""
    scene.order(scene.of("log"), ["A:1", "A:2", "ipi:7", "A:3"],
                "the message to run (ipi:7) between the end of the section and what follows it")
    events = [event for event in scene.events if event.td == "A"]
    second = [i for i, event in enumerate(events) if str(event) == "A:2"][0]
    flags = only(scene, events[:second], "reqflags")
    scene.must(flags.val & IPIQ, "RQF_IPIQ set in gd_reqflags inside the section",
               f"gd_reqflags is {flags.val:#x}", flags)
    must_be_at_rest(scene, events[second:], "after the section")
    body = [event for event in scene.events if event.td == "ipi"]
    noted = only(scene, body, "reqflags")  # a tick may be noted just then
    scene.must(not noted.val & IPIQ, "the note of the message taken back before its work",
               f"gd_reqflags is {noted.val:#x}", noted)
    for what, wanted, rule in (
            ("crit", 1, "splz in a critical section of its own while a message runs"),
            ("nesting", 1, "gd_intr_nesting_level 1 while a message runs"),
            ("enabled", 1, "interrupts on while a message runs")):
        scene.must_equal(only(scene, body, what), wanted, rule)


def judge_stopped(scene):
    """A's section ends when the cpusync is over, because the messages that are served at its end stop the cpu."""
    scene.order(scene.of("log"), ["A:1", "B:1", "B:2", "A:2"],
                "A to stand still at the end of its section (A:1), as long as B's cpusync stops its cpu (B:1 to B:2)")


def somewhere(rng):
    """(a cpu, the number of cpus): the only one, cpu 0 of several, or another one."""
    cpus = rng.cycle(1, 2, 4)
    return rng.cycle(0, 0, rng.randint(1, 3)), cpus


def draw_underflow(rng):
    """One to five sections are entered, and one more is left, with a look at what is noted, or without."""
    cpu, cpus = somewhere(rng)
    return {"enter": rng.cycle(1, rng.randint(2, 4), 5), "cpu": cpu, "pri": rng.randint(13, 26),
            "noyield": rng.cycle(0, 1, 0), **rng.cycle({}, {"other": 1}, {"other": 0})}, {"CPUS": cpus}


def judge_underflow(panic):
    """The last crit_exit finds a count of 0 and panics. The other cpus stop."""
    panic.must_say("crit_exit without crit_enter: td_critcount of A is 0", panic.params["cpu"], "A")
    running = re.search(r"^cpu \d+ .*does not stop", panic.console, re.M)
    if running:
        raise Failure("all other cpus to stop when one panics", running.group(0))


def draw_exits(rng):
    """Any cpu; on cpu 0, devices interrupt, too."""
    cpu, cpus = somewhere(rng)
    return {"cpu": cpu, "rounds": rng.cycle(1, 2, 3), "device": int(cpu == 0)}, {
        "CPUS": cpus, "IPI": rng.cycle("sbi", "sswi", "sbi")}


def judge_exits(scene):
    """After each of the steps, the state of the cpu. A device's thread waits for the end of its caller's section."""
    states = [event for event in scene.events if event.what in ("reqflags", "crit", "nesting", "enabled")]
    expected = [(IPIQ, 0, 0, 0), (IPIQ, 0, 1, 0), (0, 0, 0, 0), (IPIQ, 0, 0, 0), (0, 1, 0, 0), (0, 1, 0, 1),
                (0, 0, 0, 1)] + scene.params["device"] * [(0, 2, 0, 1)]
    words = [f"A:{what}={value}" for row in expected
             for what, value in zip(("reqflags", "crit", "nesting", "enabled"), row)]
    scene.order(states, words * scene.params["rounds"],
                "crit_exit_noyield, crit_exit in the work of an interrupt and crit_exit two deep in splz leave the "
                "note; crit_exit one deep takes it; so does splz, which leaves interrupts off, then on")
    if scene.params["device"]:
        scene.order(scene.of("log", "intr"), ["A:1", "A:2", "intr:intr=1", "A:3"] * scene.params["rounds"],
                    "splz, called in a critical section, to schedule the device's thread (intr), which runs at A's "
                    "switch, and not in A's section")


def judge_splz(scene):
    """As in lab 5; and splz does call itself, since it counts."""
    preempt.judge_splz(scene)
    nest = scene.of("nest")[0]
    scene.must(nest.val >= 1, "td_nest_count raised while splz works", str(nest.val), nest)


def draw_body(rng):
    """From any cpu to any cpu; a message to the sender's own cpu counts as well."""
    cpu, cpus = somewhere(rng)
    return {"from": rng.cycle(0, 1, cpu), "to": cpu}, {"CPUS": cpus}


def judge_body(panic):
    """The panic is on the cpu where the message ran, in whatever thread it interrupted."""
    panic.must_say("cannot switch from within an interrupt", panic.params["to"])


def draw_dying(rng):
    """Several switches in each of two threads."""
    cpu, cpus = somewhere(rng)
    return {"from": cpu, "to": cpu, "trap": 1, "times": rng.cycle(2, rng.randint(3, 5), 6)}, {"CPUS": cpus}


def judge_dying(scene):
    """The switches are done, and there is one warning for each thread."""
    times = scene.params["times"]
    switches = scene.of("log", td="ipi")
    scene.must_have(switches, 2 * times, f"{2 * times} switches that return")
    for event in scene.of("nesting"):
        scene.must_equal(event, 1, "gd_intr_nesting_level restored to 1 after the switches")
    for name in "AB":
        warnings = len(re.findall(rf"^Warning: thread switch from interrupt.*\({name}\)$",
                                  scene.console, re.M))
        scene.must(warnings == 1, f"one warning for thread {name}, which switched {times} times",
                   f"{warnings} warnings")


def declare():
    """Declare the tests of this part."""
    test("t16_storm", "no tick is lost, none is handled inside a section", 15, "crittest t16",
         draw_storm, judge_storm, covers="T16",
         hint="crit_exit reads gd_reqflags before it lowers the count, or a bit of gd_reqflags is set with "
              "a plain store, or the timer is never unmasked")
    test("t16_two_sources", "the same, with software interrupts among the ticks", 10, "crittest t16",
         draw_two_sources, judge_storm, covers="T16",
         hint="gd_reqflags is changed by a load and a store, and an interrupt between them sets another bit")
    test("t17_held_off", "all three sources are held off, then served once", 15, "crittest t17",
         draw_hold_off, judge_hold_off, covers="T17",
         hint="compare the three rows of the table in docs/labs/lab3.md with the trap handler")
    test("t17_message", "a message waits for the end of the section", 5, "crittest t17ipi", draw_message,
         judge_message, covers="T17", hint="RQF_IPIQ is not set, or splz does not serve it")
    test("t17_stopped", "a cpusync stops a cpu at the end of its section", 5, "crittest stopped", draw_message,
         judge_stopped, covers="T17", hint="splz calls lwkt_process_ipiq, which also waits while a cpusync stops the cpu")
    test("t18_underflow", "leaving a section that was not entered is a panic", 5, "crittest t18",
         draw_underflow, judge_underflow, covers="T18", panics=True,
         hint="the assertion in crit_exit, which INVARIANTS=1 builds in")
    test("t19_switch_in_body", "a switch inside a message's function is a panic", 5, "crittest t19",
         draw_body, judge_body, covers="T19", panics=True,
         hint="gd_intr_nesting_level is not raised around the function, or lwkt_switch does not check it")
    test("t19_dying", "in a dying kernel it works, with one warning for each thread", 5, "crittest t19",
         draw_dying, judge_dying, covers="T19", hint="TDF_PANICWARN, or the nesting levels are not restored")
    test("t17_late", "a message that comes while another one runs", 10, "ipitest t31late", ipi.draw_late,
         ipi.judge_late, covers="T17", hint="splz takes the bit back before the work, and looks again after it")
    test("t18_exits", "what leaves a note alone, and what takes it", 10, "crittest exits", draw_exits, judge_exits,
         covers="T17", hint="crit_exit_noyield looks at nothing, maybe_splz looks at gd_intr_nesting_level, and "
         "splz leaves interrupts as they were")
    test("t20_splz", "the recursion of splz is bounded", 10, "crittest t63", preempt.draw_splz, judge_splz,
         timely=True, covers="T20", hint="maybe_splz must check td_nest_count, and splz must count in it")
