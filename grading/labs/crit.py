"""Lab 3: critical sections and what they hold off. The scenes are those of user/crittest.c."""

import re

from grading.engine import test

SSI, STI, SEI = 1 << 1, 1 << 5, 1 << 9  # bits of sie and sip: software, timer, external
IPIQ, INTPEND, TIMER = 1, 2, 4          # bits of gd_reqflags


def draw_storm(rng):
    """Ticks a few dozen to a few hundred instructions apart."""
    return {"ticks": rng.randint(3000, 5000), "us": rng.randint(5, 15),
            "seed": rng.randint(1, 10 ** 6)}, {"CPUS": 1, "SHIFT": rng.choice((2, 3, 4))}


def draw_two_sources(rng):
    """A software interrupt in each of the sections too."""
    params, options = draw_storm(rng)
    return {**params, "ticks": rng.randint(6000, 9000), "raise": 1}, options


def draw_hold_off(rng):
    """Any depth of nesting, several times."""
    # How long an instruction takes decides whether the timer or the others come first.
    return {"nesting": rng.randint(1, 6), "rounds": rng.randint(1, 4)}, {
        "CPUS": 1, "SHIFT": rng.choice((0, 2, 4))}


def draw_message(rng):
    """A message from any cpu to any other."""
    cpus = rng.randint(2, 4)
    to, source = rng.sample(range(cpus), 2)
    return {"to": to, "from": source}, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def value(scene, events, what):
    """The value of the only event of a kind among these."""
    found = [event for event in events if event.what == what]
    scene.must(len(found) == 1, f"one event {what}", f"{len(found)}", events[0] if events else None)
    return found[0]


def must_be_at_rest(scene, events, when):
    """Nothing noted, nothing masked, no section."""
    for what, wanted, meaning in (("reqflags", 0, "no note is left"),
                                  ("crit", 0, "td_critcount is 0"),
                                  ("nesting", 0, "no interrupt is being handled")):
        event = value(scene, events, what)
        scene.must(event.val == wanted, f"{when}: {meaning}", f"{what} is {event.val:#x}", event)
    sie = value(scene, events, "sie")
    scene.must(sie.val & (SSI | STI | SEI) == SSI | STI | SEI,
               f"{when}: all three sources are let in again (sie {SSI | STI | SEI:#x})",
               f"sie is {sie.val:#x}", sie)


def judge_storm(scene):
    """As many ticks as were asked for, none of them inside a section."""
    must_be_at_rest(scene, scene.events[:5], "at the thread's start")
    fired, inside = value(scene, scene.events, "fired"), value(scene, scene.events, "inside")
    scene.must(fired.val == scene.params["ticks"],
               f"{scene.params['ticks']} ticks handled, each of which starts the next",
               f"{fired.val}: then one was lost", fired)
    scene.must(inside.val == 0, "no tick handled inside a critical section", f"{inside.val} were",
               inside)
    left = value(scene, scene.events, "left")
    scene.must(left.val == 0, "nothing noted and not run when the last crit_exit has returned",
               f"so {left.val} times", left)
    must_be_at_rest(scene, scene.events[5:], "after the storm")


def split_rounds(scene):
    """The events of each round of t17; a round begins with the note flags."""
    rounds = []
    for event in scene.events:
        if event.what == "reqflags" and (not rounds or any(e.what == "fired" for e in rounds[-1]) and
                                         sum(e.what == "reqflags" for e in rounds[-1]) == 2):
            rounds.append([])
        if rounds:
            rounds[-1].append(event)
    return rounds


def must_be_held_off(scene, events, nesting):
    """Inside the section, all three having been raised."""
    flags, sie, sip = (value(scene, events, what) for what in ("reqflags", "sie", "sip"))
    crit = value(scene, events, "crit")
    scene.must(crit.val == nesting, f"td_critcount is {nesting} inside {nesting} sections",
               str(crit.val), crit)
    for bit, name in ((IPIQ, "RQF_IPIQ"), (TIMER, "RQF_TIMER"), (INTPEND, "RQF_INTPEND")):
        scene.must(flags.val & bit, f"{name} noted while inside the section",
                   f"gd_reqflags is {flags.val:#x}", flags)
    scene.must(not sip.val & SSI, "the software interrupt taken back (SSIP clear)",
               f"sip is {sip.val:#x}", sip)
    scene.must(not sie.val & STI, "the timer masked (STIE clear) until it has been served",
               f"sie is {sie.val:#x}", sie)
    scene.must(not sip.val & sie.val & SEI, "the external interrupt claimed (SEIP clear)",
               f"sip is {sip.val:#x}", sip)


def judge_hold_off(scene):
    """Each round: held off inside, served once each after the last section, and at rest again."""
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
        fired = value(scene, events, "fired")
        scene.must(fired.val == 1, "the timer's work done once", str(fired.val), fired)
        inside = value(scene, events, "inside")
        scene.must(inside.val == 0, "and not inside the section", str(inside.val), inside)
        must_be_at_rest(scene, [e for e in events[left:] if e.what != "end"], "after the section")


def judge_message(scene):
    """The body of a message waits for the end of the section, and has run when crit_exit returns."""
    scene.order(scene.of("log"), ["A:1", "A:2", "ipi:7", "A:3"],
                "the message's body (ipi:7) between the section's end and what follows it")
    events = [event for event in scene.events if event.td == "A"]
    second = [i for i, event in enumerate(events) if str(event) == "A:2"][0]
    flags = value(scene, events[:second], "reqflags")
    scene.must(flags.val & IPIQ, "RQF_IPIQ noted while inside the section",
               f"gd_reqflags is {flags.val:#x}", flags)
    must_be_at_rest(scene, events[second:], "after the section")


def draw_underflow(rng):
    """One section too many is left, after one to five were entered."""
    cpus = rng.randint(1, 4)
    return {"enter": rng.randint(1, 5), "cpu": rng.randrange(cpus), "pri": rng.randint(13, 26)}, {
        "CPUS": cpus}


def judge_underflow(panic):
    """The count was 0 when the last crit_exit came."""
    panic.must_say("crit_exit without crit_enter: td_critcount of A is 0", panic.params["cpu"], "A")


def draw_body(rng):
    """From any cpu to any; a message to oneself is a body too."""
    cpus = rng.randint(1, 4)
    return {"from": rng.randrange(cpus), "to": rng.randrange(cpus)}, {"CPUS": cpus}


def judge_body(panic):
    """On the cpu where the body ran, in whatever thread it interrupted."""
    panic.must_say("cannot switch from within an interrupt", panic.params["to"])


def draw_dying(rng):
    """Several switches in each of two threads."""
    cpus = rng.randint(1, 4)
    cpu = rng.randrange(cpus)
    return {"from": cpu, "to": cpu, "trap": 1, "times": rng.randint(2, 6)}, {"CPUS": cpus}


def judge_dying(scene):
    """The switches are done, and each thread is warned of once."""
    times = scene.params["times"]
    switches = scene.of("log", td="ipi")
    scene.must(len(switches) == 2 * times, f"{2 * times} switches that came back", str(len(switches)))
    for event in scene.of("nesting"):
        scene.must(event.val == 1, "gd_intr_nesting_level put back after the switches: 1",
                   str(event.val), event)
    for name in "AB":
        warnings = len(re.findall(rf"^Warning: thread switch from interrupt.*\({name}\)$",
                                  scene.console, re.M))
        scene.must(warnings == 1, f"one warning for thread {name}, which switched {times} times",
                   f"{warnings} warnings")


def declare():
    """This lab's tests."""
    test("t16_storm", "no tick is lost, none is handled inside a section", 15, "crittest t16",
         draw_storm, judge_storm, covers="T16",
         hint="crit_exit looks at gd_reqflags before it lowers the count, or a note is written with a "
              "plain store, or the timer is never unmasked")
    test("t16_two_sources", "the same with software interrupts among the ticks", 10, "crittest t16",
         draw_two_sources, judge_storm, covers="T16",
         hint="gd_reqflags is changed by loads and stores, between which an interrupt sets another bit")
    test("t17_held_off", "all three sources are held off, then served once", 15, "crittest t17",
         draw_hold_off, judge_hold_off, covers="T17",
         hint="compare the three rows of the table in LAB.md with the trap handler")
    test("t17_message", "a message waits for the section's end", 10, "crittest t17ipi", draw_message,
         judge_message, covers="T17", hint="the note RQF_IPIQ, or splz's part for it")
    test("t18_underflow", "a section left that was not entered is a panic", 5, "crittest t18",
         draw_underflow, judge_underflow, covers="T18", panics=True,
         hint="the test in crit_exit, which INVARIANTS builds in")
    test("t19_switch_in_body", "a switch inside a message's body is a panic", 5, "crittest t19",
         draw_body, judge_body, covers="T19", panics=True,
         hint="gd_intr_nesting_level isn't raised around bodies, or lwkt_switch doesn't look at it")
    test("t19_dying", "in a dying kernel it is done, with one warning a thread", 5, "crittest t19",
         draw_dying, judge_dying, covers="T19", hint="TDF_PANICWARN, or the levels are not put back")
