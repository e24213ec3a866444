# SPDX-License-Identifier: BSD-3-Clause
"""Lab 8: the user scheduler. The scenes are in user/schedtest.c and user/uschedtest.c. The first are played
by processes, each of which logs an event for every step that it computes: the order and the number of the
events show which process ran, on which cpu, and how much."""

from grading.engine import test

SHIFT = 6                   # an instruction takes 64 ns of virtual time, so a tick is about 50 steps
TICK = 100_000              # ticks of the time CSR (10 MHz) in a tick of the scheduler (100 a second)
NAMES = "ABCDEFGH"
BUSY = 1000                 # milliseconds
USCHEDTEST = ("states", "ticks", "strays", "killed", "home")  # scenes of user/uschedtest.c


KERN_USER, USER_NORM = 10, 6    # TDPRI_*
AST_USER, AST_LWKT = 2, 4       # AST_*_RESCHED


def machine(rng, least=1, most=4):
    """(parameters, options) for a number of cpus. The timeout of the scene is in milliseconds."""
    cpus = rng.randint(least, most)
    return {"seed": rng.randint(1, 10 ** 6), "timeout": 15000}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_share(rng):
    """Two to five processes on any cpu, with 400 ms for each."""
    params, options = machine(rng)
    procs = rng.randint(2, 5)
    return {**params, "cpu": rng.randrange(options["CPUS"]), "procs": procs, "ms": 400 * procs}, options


def draw_yield(rng):
    """Two to five processes on any cpu."""
    params, options = machine(rng)
    return {**params, "cpu": rng.randrange(options["CPUS"]), "procs": rng.randint(2, 5),
            "rounds": rng.randint(20, 60)}, options


def draw_busy(rng):
    """As many processes as cpus, or more, and some that come and go."""
    params, options = machine(rng, 2)
    return {**params, "procs": rng.randint(options["CPUS"], 8), "blockers": rng.randint(0, 2),
            "ms": BUSY}, options


def draw_wake(rng):
    """So many others that it shows whether S goes to the right place in the queue, or to its end."""
    params, options = machine(rng, 2)
    cpu, other = rng.cpus(range(options["CPUS"]), 2)
    return {**params, "cpu": cpu, "other": other, "procs": rng.randint(7, 8), "rounds": 6,
            "ms": 1300}, options


def draw_credit(rng):
    """S sleeps for 400 to 800 ms of 1600."""
    params, options = machine(rng, 2)
    cpu, other = rng.cpus(range(options["CPUS"]), 2)
    return {**params, "cpu": cpu, "other": other, "procs": rng.randint(1, 3), "rounds": 1,
            "sleeps": rng.randint(4, 8), "ms": 1600}, options


def draw_debt(rng):
    """S computes alone for 400 to 800 ms of 2400."""
    params, options = machine(rng)
    return {**params, "cpu": rng.randrange(options["CPUS"]), "procs": rng.randint(1, 3),
            "from": 100 * rng.randint(4, 8), "ms": 2400}, options


def draw_turns(rng):
    """Any cpu."""
    params, options = machine(rng)
    return {**params, "cpu": rng.randrange(options["CPUS"]), "ms": rng.randint(800, 1200)}, options


def draw_affinity(rng):
    """Fewer processes than cpus, or more."""
    params, options = machine(rng, 2)
    return {**params, "cpus": options["CPUS"], "procs": rng.cycle(6, 5, rng.randint(1, 4)),
            "rounds": rng.randint(12, 20)}, options


def draw_levels(rng):
    """One to three processes of the normal level."""
    params, options = machine(rng, 2)
    cpu, other = rng.cpus(range(options["CPUS"]), 2)
    return {**params, "cpu": cpu, "other": other, "procs": rng.randint(1, 3), "rounds": 4,
            "work": rng.randint(20, 50), "ms": 1200}, options


def draw_storm(rng):
    """At most as many tokens as processes; there may be more tokens than cpus, or fewer."""
    params, options = machine(rng, 2)
    procs = rng.randint(4, 8)
    return {**params, "cpus": options["CPUS"], "procs": procs, "tokens": rng.randint(2, procs),
            "rounds": rng.randint(20, 40)}, options


def draw_states(rng):
    """A few ticks of computing."""
    params, options = machine(rng)
    del options["SHIFT"]
    return {**params, "cpu": rng.randrange(options["CPUS"]), "spin": rng.randint(25000, 45000)}, options


def draw_ticks(rng):
    """Another process that waits for A's cpu, or for another one, or none; one thread on top of A, or two."""
    params, options = draw_states(rng)
    rival, chain = rng.cycle((0, 0), (1, 1), (2, 0))
    options["CPUS"] = max(options["CPUS"], rival)
    return {**params, "rival": rival, "chain": chain, "other": (params["cpu"] + 1) % options["CPUS"]}, options


def draw_strays(rng):
    """Two cpus, and schedules that go on for as long as A waits."""
    params, options = machine(rng, 2)
    cpu, other = rng.cpus(range(options["CPUS"]), 2)
    del options["SHIFT"]
    return {**params, "cpu": cpu, "other": other, "strays": rng.randint(60, 100)}, options


def draw_killed(rng):
    """Two cpus."""
    params, options = machine(rng, 2)
    cpu, other = rng.cpus(range(options["CPUS"]), 2)
    return {**params, "cpu": cpu, "other": other, "ms": 1500}, options


def draw_home(rng):
    """A cpu that is not the first one, so that it shows if the first free one is taken."""
    params, options = machine(rng, 3)
    return {**params, "cpu": rng.randrange(1, options["CPUS"]), "rounds": rng.randint(5, 8)}, options


def must_be_current(scene):
    """Only the current process of a cpu was in user mode there."""
    stray = scene.of("stray")
    scene.must(not stray, "a process in user mode to be its cpu's current process (gd_uschedcp)",
               f"{stray[0].td if stray else ''} came from user mode on a cpu with another current process, "
               "or with none",
               stray[0] if stray else None)


def all_computing(scene, names, first="begin", last="done"):
    """The events during which all of these processes compute: from the last `first` event to the first
    `last` event of one of them."""
    begun = [i for i, e in enumerate(scene.events) if e.what == first and e.td in names]
    ended = [i for i, e in enumerate(scene.events) if e.what == last and e.td in names]
    scene.must(len(begun) == len(names) == len(ended), f"{' '.join(names)} to begin and end",
               f"{len(begun)} begin, {len(ended)} end")
    scene.must(begun[-1] < ended[0], f"{' '.join(names)} to compute at the same time",
               f"{scene.events[ended[0]].td} ends before {scene.events[begun[-1]].td} begins: it had the "
               "cpu during the whole scene", scene.events[begun[-1]])
    return scene.events[begun[-1]:ended[0]]


def steps_of(events, name):
    """The number of steps that a process did."""
    return sum(e.what == "ran" and e.td == name for e in events)


def turns_of(events):
    """The turns in these events: the first step of each series of steps of the same process."""
    ran = [e for e in events if e.what == "ran"]
    return [e for last, e in zip([None] + ran, ran) if last is None or last.td != e.td]


def end_time(scene, event):
    """The time of the first event that is on another line of the console than this one."""
    index = scene.events.index(event)
    return next((e.time for e in scene.events[index:] if e.line != event.line), event.time)


def must_have_share(scene, events, names, low, high):
    """Each process did between `low` and `high` of an even share of all steps."""
    total = sum(steps_of(events, name) for name in names)
    for name in names:
        part = steps_of(events, name) * len(names) / max(total, 1)
        scene.must(low <= part <= high, f"{name} to have {low:.0%} to {high:.0%} of an even share",
                   f"{part:.0%}: " + ", ".join(f"{n} {steps_of(events, n)}" for n in names) + " steps")


def judge_share(scene):
    """Each process has an even share, in turns that are not long."""
    names = NAMES[:scene.params["procs"]]
    must_be_current(scene)
    events = all_computing(scene, names)
    must_have_share(scene, events, names, 0.7, 1.3)
    turns = [((end_time(scene, event) - event.time) / TICK, event) for event in turns_of(events)]
    for took, event in turns:
        scene.must(took < 12, "turns of a few ticks at most while others wait",
                   f"a turn of {took:.1f} ticks", event)
    # A cpu that is vacated and left free is taken by the same process again.
    # A tick's length differs from seed to seed, so they are counted.
    ended = next(e for e in scene.events if e.what == "done")
    ticks = scene.of("beats", td=ended.td)[-1].val - scene.of("beats", td=events[0].td)[0].val
    mean = ticks / max(len(turns), 1)
    scene.must(mean < 1.8, "turns of less than two ticks on average while others wait", f"{mean:.1f} ticks")


def judge_yield(scene):
    """After each yield another process runs, as long as there are others."""
    names, rounds = NAMES[:scene.params["procs"]], scene.params["rounds"]
    must_be_current(scene)
    all_computing(scene, names)
    seen = scene.of("turn", "done")
    for name in names:
        scene.order([e for e in seen if e.td == name],
                    [f"{name}:turn={n}" for n in range(1, rounds + 1)] + [f"{name}:done=0"],
                    f"the turns of {name}")
    first_end = next(i for i, e in enumerate(seen) if e.what == "done")
    turns = seen[:first_end]
    again = [e for last, e in zip(turns, turns[1:]) if last.td == e.td]
    # If a tick comes between a process's event and its yield, another process has a turn without an event.
    scene.must(len(again) <= len(turns) // 10 + 1, "another process to run after nearly every yield",
               f"{len(again)} times of {len(turns)} the process that had yielded", (again or [None])[0])


def judge_busy(scene):
    """Every cpu has a current process and computes, and every process has turns."""
    names = NAMES[:scene.params["procs"]]
    must_be_current(scene)
    events = all_computing(scene, names)
    looks = [e for e in events if e.what == "ran"]
    free = [e for e in events if e.what == "free"]
    # A hart that is about to give its cpu away can stand still in the emulator while another one runs, which
    # looks a hundred times (2 %) meanwhile.
    scene.must(len(free) <= len(looks) // 8, "no cpu without a current process while there are more "
               "processes than cpus", f"{len(free)} of {len(looks)} times there was one",
               (free or [None])[0])
    for name in names:
        scene.must(steps_of(events, name) > 0, f"{name} to compute", "it had no turn")
    for cpu in range(scene.options["CPUS"]):
        mine = sum(e.cpu == cpu for e in looks)
        scene.must(mine > len(looks) / scene.options["CPUS"] / 8, f"cpu {cpu} to compute like the others",
                   f"{mine} of {len(looks)} steps on {scene.options['CPUS']} cpus")


def must_come_soon(scene, what, most):
    """Between each wakeup (`sent`) and the event `what` of the process that is woken, there are at most
    `most` turns of others."""
    for number in range(1, scene.params["rounds"] + 1):
        sent = [i for i, e in enumerate(scene.events) if e.what == "sent" and e.val == number]
        came = [i for i, e in enumerate(scene.events) if e.what == what and e.val == number]
        scene.must(len(sent) == len(came) == 1, f"wakeup {number}, and one {what}",
                   f"{len(sent)} and {len(came)}")
        # The waker, on another cpu, may log its event after the process has run.
        turns = turns_of([e for e in scene.events[sent[0]:came[0]] if e.cpu == scene.params["cpu"]])
        event = scene.events[came[0]]
        scene.must(len(turns) <= most, f"{event.td} to run soon after it is woken: after at most {most} "
                   "turns of others", f"{len(turns)}: " + " ".join(e.td for e in turns), event)
        took = (event.time - scene.events[sent[0]].time) / TICK
        scene.must(took < 10, f"{event.td} to run within a few ticks of its wakeup", f"{took:.1f} ticks",
                   event)


def judge_wake(scene):
    """A process that sleeps most of the time runs before those that compute."""
    must_be_current(scene)
    must_come_soon(scene, "woke", 4)


def judge_credit(scene):
    """From its wakeup on, S has about an even share, and so have the others."""
    names = NAMES[:scene.params["procs"]] + "S"
    must_be_current(scene)
    events = all_computing(scene, names)
    must_have_share(scene, events, names, 0.6, 1.5)


def judge_debt(scene):
    """S need not wait until the others have had as much time as it had alone."""
    names = NAMES[:scene.params["procs"]] + "S"
    must_be_current(scene)
    must_have_share(scene, all_computing(scene, names), names, 0.5, 1.5)


def judge_turns(scene):
    """While P and Q wake each other, A has a fair part of the cpu, and so have they."""
    must_be_current(scene)
    rounds = scene.of("rounds")
    scene.must(len(rounds) == 2, "P and Q to end", f"{len(rounds)} of them did")
    begin = scene.events.index(scene.of("begin", td="A")[0])
    end = scene.events.index(rounds[-1])
    before, after = steps_of(scene.events[begin:end], "A"), steps_of(scene.events[end:], "A")
    # A's share is a third or more of the first half, and all of the second.
    scene.must(after > 0 and before / after >= 0.15, "A to have a fair part of the cpu while P and Q wake "
               "each other", f"{before} steps then, {after} in the same time without them")
    for event in rounds:
        scene.must(event.val >= 8, f"{event.td} to have turns, too", str(event.val), event)


def judge_affinity(scene):
    """No process ever runs on a cpu that its mask does not allow."""
    cpus, mask = scene.params["cpus"], {}
    must_be_current(scene)
    for event in scene.of("mask", "ran", "done"):
        if event.what == "mask":
            mask[event.td] = event.val
        allowed = [cpu for cpu in range(cpus) if mask.get(event.td, 0) >> cpu & 1]
        scene.must(event.cpu in allowed, f"{event.td} on one of the cpus {allowed}", f"on cpu {event.cpu}",
                   event)
    for name in NAMES[:scene.params["procs"]]:
        count = len(scene.of("mask", td=name))
        scene.must(count == scene.params["rounds"] and scene.of("done", td=name),
                   f"{name} to have {scene.params['rounds']} masks, and to end", f"{count} masks")


def judge_levels(scene):
    """Nothing interrupts R's bursts, and I has no turn while a process of the normal level computes."""
    names = NAMES[:scene.params["procs"]]
    must_be_current(scene)
    must_come_soon(scene, "burst", 2)
    inside = False
    for event in scene.of("burst", "rest", "ran"):
        if event.td == "R":
            inside = event.what != "rest"
        else:
            scene.must(not inside, "no process of a lower level to run while R, whose level is real, "
                       "computes", f"{event.td}", event)
    events = all_computing(scene, names)
    idle = [e for e in events if e.what == "ran" and e.td == "I"]
    scene.must(not idle, "I, whose level is idle, to wait while processes of the normal level compute",
               f"{len(idle)} steps of I", (idle or [None])[0])
    scene.must(steps_of(scene.events, "I") > 0, "I to run after the others have ended", "it never does")
    must_have_share(scene, events, names, 0.6, 1.4)


def judge_storm(scene):
    """Every process gets through all of its rounds."""
    must_be_current(scene)
    for name in NAMES[:scene.params["procs"]]:
        scene.order(scene.of("passed", td=name),
                    [f"{name}:passed={n}" for n in range(1, scene.params["rounds"] + 1)],
                    f"the rounds of {name}")


def draw_late(rng):
    """L is no better than a process in the kernel, but H is. H wakes before the look has ended."""
    return {"low": rng.randint(7, 10), "high": rng.randint(11, 25), "stall": rng.randint(12000, 18000)}, {
        "CPUS": 1}


def judge_late(scene):
    """H runs before A is in user mode."""
    scene.order([e for e in scene.of("log") if e.td != "L"], ["A:1", "H:1", "A:2"],
                "H, which wakes while A has just seen that L can wait, runs before A goes on to user mode")


def judge_states(scene):
    """What it means to be the current process, at each step of A's way, and how much time it has had."""
    current = ["A:current=1", "A:hook=1", f"A:pri={USER_NORM}", "A:target=-1"]
    released = ["A:current=0", "A:hook=0", f"A:pri={KERN_USER}", "A:target=-1"]
    scene.order(scene.of("current", "hook", "pri", "target"),
                current + current + released + current,
                "A is designated on its way to user mode and while it computes, not after it has blocked, "
                "and again on its way to user mode")
    before, after = scene.of("had")[0], scene.of("had")[2]
    took, spin = after.val - before.val, scene.params["spin"]
    scene.must(spin <= took <= spin + 8000, f"A to be charged for the {spin} us that it was designated, or a "
               "little more", f"{took} us", after)


def judge_ticks(scene):
    """The tick asks for a choice of the user scheduler if another process waits, for whichever cpu, and for one of both
    schedulers if a better thread is runnable. It charges the current process."""
    waits = AST_USER if scene.params["rival"] else 0
    seen = scene.of("ast")
    scene.order([seen[i] for i in (1, 2, 4, 6)],
                [f"A:ast={value}" for value in (waits, waits, AST_USER | AST_LWKT, 0)],
                "what the ticks of 30 ms ask for: while the current process computes; while I runs on top of "
                "it; while L is runnable; and when A is not the current process")
    released, last = scene.of("had")[2:4]
    scene.must_equal(last, released.val, "A not to be charged when it is not the current process any more")
    if scene.params["rival"] == 1:
        before, after = scene.of("had")[:2]
        scene.must(15000 <= after.val - before.val <= 35000, "A to be charged by ticks for 15 to 35 ms of "
                   "the 30 that it has computed", f"{after.val - before.val} us", after)


def judge_strays(scene):
    """A has its designation when it goes on, however often it was scheduled before."""
    scene.order(scene.of("current", "hook"), ["A:current=1", "A:hook=1"],
                "A is its cpu's current process when usched_userexit returns")


def judge_killed(scene):
    """The end of a process that waits does not wait for a cpu."""
    (killed, gone), (end,) = scene.of("kill", "gone"), scene.of("done", td="A")
    took = (gone.time - killed.time) / TICK
    scene.must(scene.events.index(gone) < scene.events.index(end) and took < 20,
               "a process that is killed while it waits for a cpu to end within 20 ticks",
               f"it ended after {took:.0f} ticks", gone)


def judge_home(scene):
    """A process stays where it is if that cpu is free."""
    must_be_current(scene)
    scene.must_have(scene.of("done"), 1, "one process that ends")
    for event in scene.of("ran"):
        scene.must_be_on(event, scene.params["cpu"], "A, whose own cpu is free whenever it comes back,")


def declare():
    """Declare the tests of this part."""
    def usched(name, title, points, draw, judge, hint, timely=False):
        program = "uschedtest" if name in USCHEDTEST else "schedtest"
        test(name, title, points, f"{program} {name}", draw, judge, covers="the user scheduler", hint=hint,
             timely=timely)

    usched("states", "what the current process has, and what it loses when it blocks", 6, draw_states,
           judge_states, "usched_release clears td_release, sets TDPRI_KERN_USER, charges, and vacates the "
                         "cpu", timely=True)  # a switch takes the designation
    usched("ticks", "what a tick asks for", 5, draw_ticks, judge_ticks,
           "usched_tick looks below all threads that preempted, does nothing to a thread without td_release, "
           "and asks for AST_LWKT_RESCHED only if a better thread is runnable")
    usched("strays", "a process that waits in the queue is scheduled without cause", 4, draw_strays,
           judge_strays, "wait_in_queue waits until the process is not in the queue any more")
    usched("killed", "a process is killed while it waits", 4, draw_killed, judge_killed,
           "become_current gives up when thread_killed() says so")
    usched("home", "a process comes back to its own cpu", 3, draw_home, judge_home,
           "usched_claim_any tries the own cpu first")
    usched("share", "equal processes share a cpu evenly", 4, draw_share, judge_share,
           "before: the process that has had the least time goes first; usched_tick charges the current "
           "process and asks for a new choice; give_way compares with before; usched_vacate gives the cpu "
           "to the first in the queue")
    usched("yield", "a yield lets another process run first", 3, draw_yield, judge_yield,
           "wait_in_queue and become_current: one that is picked goes on, on the cpu that picked it")
    usched("busy", "no cpu is idle while processes wait", 4, draw_busy, judge_busy,
           "usched_vacate looks at the queue after it has cleared gd_uschedcp; become_current looks for a "
           "free cpu (usched_claim_any) first")
    usched("wake", "a process that is woken runs before those that compute", 4, draw_wake, judge_wake,
           "before: by the time that each process has had; usched_tick asks, and give_way gives way")
    usched("credit", "a process that has slept for long does not keep the cpu", 3, draw_credit, judge_credit,
           "become_current calls usched_limit_credit")
    usched("debt", "a process that had a cpu alone does not wait for ever", 2, draw_debt, judge_debt,
           "become_current calls usched_limit_credit")
    usched("turns", "two processes that wake each other do not starve a third", 2, draw_turns, judge_turns,
           "usched_vacate and pick_from hand on a cpu whose process blocks")
    usched("affinity", "a process runs where its mask says", 4, draw_affinity, judge_affinity,
           "usched_may_use wherever a cpu is chosen: pick_from, usched_claim_any; and give_way must give a "
           "cpu up that it may no longer use")
    usched("levels", "levels come before time", 3, draw_levels, judge_levels,
           "before: by level first and then by time; give_way must compare by that rule",
           timely=True)  # a process that is switched away in the kernel goes on there after two ticks
    usched("late", "a thread that wakes at the last moment is not forgotten", 2, draw_late, judge_late,
           "take_designation is called by become_current on the cpu of p_target, and sets td_release")
    usched("storm", "one current process for each cpu", 2, draw_storm, judge_storm,
           "gd_uschedcp changes from NULL to p by compare-and-swap (claim), and from p to NULL once, and "
           "only on its own cpu")
    usched("parked", "a current process that waits stays current", 5, draw_parked, judge_parked,
           "gd_uschedparked names the current process that waits on its way to user mode; only that process and "
           "the one that takes its place may clear it")


def draw_parked(rng):
    """H and I are better than any process in the kernel."""
    _, options = machine(rng)
    return {"cpu": rng.randrange(options["CPUS"]), "high": rng.randint(11, 25), "ticks": rng.randint(2, 6)}, options


def judge_parked(scene):
    """I runs before P has got to user mode, and P gets there, though Q waits for the same as the current
    process."""
    scene.order(scene.of("log"), ["H:1", "I:1", "P:2"],
                "P, which H wakes, gets to user mode after I, and the process that waits there keeps its cpu")
