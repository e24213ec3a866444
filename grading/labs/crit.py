# SPDX-License-Identifier: BSD-3-Clause
"""Lab 3: critical sections, and the interrupts that they hold off. The scenes are in user/crittest.c."""

import re

from grading.engine import test

SSI, STI, SEI = 1 << 1, 1 << 5, 1 << 9  # bits of sie and sip: software, timer, external
IPIQ, INTPEND, TIMER = 1, 2, 4          # bits of gd_reqflags


def draw_storm(rng):
    """Ticks that are a few dozen to a few hundred instructions apart."""
    return {"ticks": rng.randint(3000, 5000), "us": rng.randint(5, 15),
            "seed": rng.randint(1, 10 ** 6)}, {"CPUS": 1, "SHIFT": rng.choice((2, 3, 4))}


def draw_two_sources(rng):
    """The same, with a software interrupt in each of the sections."""
    params, options = draw_storm(rng)
    return {**params, "ticks": rng.randint(6000, 9000), "raise": 1}, options


def draw_hold_off(rng):
    """Any depth of nesting, several times."""
    # The time of an instruction decides whether the timer or the other interrupts come first.
    return {"nesting": rng.randint(1, 6), "rounds": rng.randint(1, 4)}, {
        "CPUS": 1, "SHIFT": rng.choice((0, 2, 4))}


def draw_message(rng):
    """A message from any cpu to any other."""
    cpus = rng.randint(2, 4)
    to, source = rng.sample(range(cpus), 2)
    return {"to": to, "from": source}, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


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


def judge_storm(scene):
    """All ticks were handled, and none of them inside a section."""
    must_be_at_rest(scene, scene.events[:5], "at the thread's start")
    fired, inside = only(scene, scene.events, "fired"), only(scene, scene.events, "inside")
    scene.must(fired.val == scene.params["ticks"],
               f"{scene.params['ticks']} ticks handled, each of which starts the next",
               f"{fired.val}: the next one was lost", fired)
    scene.must(inside.val == 0, "no tick handled inside a critical section", f"{inside.val} were",
               inside)
    left = only(scene, scene.events, "left")
    scene.must(left.val == 0, "no work left pending when the last crit_exit has returned",
               f"{left.val} times there was some", left)
    must_be_at_rest(scene, scene.events[5:], "after the storm")


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


def draw_underflow(rng):
    """One to five sections are entered, and one more is left."""
    cpus = rng.randint(1, 4)
    return {"enter": rng.randint(1, 5), "cpu": rng.randrange(cpus), "pri": rng.randint(13, 26)}, {
        "CPUS": cpus}


def judge_underflow(panic):
    """The last crit_exit finds a count of 0 and panics."""
    panic.must_say("crit_exit without crit_enter: td_critcount of A is 0", panic.params["cpu"], "A")


def draw_body(rng):
    """From any cpu to any cpu; a message to the sender's own cpu counts as well."""
    cpus = rng.randint(1, 4)
    return {"from": rng.randrange(cpus), "to": rng.randrange(cpus)}, {"CPUS": cpus}


def judge_body(panic):
    """The panic is on the cpu where the message ran, in whatever thread it interrupted."""
    panic.must_say("cannot switch from within an interrupt", panic.params["to"])


def draw_dying(rng):
    """Several switches in each of two threads."""
    cpus = rng.randint(1, 4)
    cpu = rng.randrange(cpus)
    return {"from": cpu, "to": cpu, "trap": 1, "times": rng.randint(2, 6)}, {"CPUS": cpus}


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
         hint="compare the three rows of the table in LAB.md with the trap handler")
    test("t17_message", "a message waits for the end of the section", 10, "crittest t17ipi", draw_message,
         judge_message, covers="T17", hint="RQF_IPIQ is not set, or splz does not serve it")
    test("t18_underflow", "leaving a section that was not entered is a panic", 5, "crittest t18",
         draw_underflow, judge_underflow, covers="T18", panics=True,
         hint="the assertion in crit_exit, which INVARIANTS=1 builds in")
    test("t19_switch_in_body", "a switch inside a message's function is a panic", 5, "crittest t19",
         draw_body, judge_body, covers="T19", panics=True,
         hint="gd_intr_nesting_level is not raised around the function, or lwkt_switch does not check it")
    test("t19_dying", "in a dying kernel it works, with one warning for each thread", 5, "crittest t19",
         draw_dying, judge_dying, covers="T19", hint="TDF_PANICWARN, or the nesting levels are not restored")
