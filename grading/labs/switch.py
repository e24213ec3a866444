# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: run queues, switching, yield. The scenes are in user/swtest.c."""

from grading.engine import test

NAMES = "ABCDEFGH"


def draw_robin(rng):
    """Any number of threads, at any priority but that of the idle thread."""
    return {"threads": rng.randint(2, 8), "rounds": rng.randint(3, 6), "pri": rng.randint(7, 26)}, {
        "CPUS": 1}


def draw_priorities(rng):
    """Three different priorities, at any distance."""
    low, middle, high = sorted(rng.sample(range(7, 27), 3))
    return {"low": low, "pri": middle, "high": high}, {"CPUS": 1}


def draw_turns(rng):
    """The number of turns for which A stays descheduled."""
    return {"turns": rng.randint(1, 5), "pri": rng.randint(7, 26)}, {"CPUS": 1}


def draw_times(rng):
    """How often A schedules B in a round, and how many rounds there are."""
    return {"times": rng.randint(2, 9), "rounds": rng.randint(1, 6), "pri": rng.randint(7, 26)}, {
        "CPUS": 1}


def somewhere(rng):
    """(a cpu, options), with up to four cpus."""
    cpus = rng.randint(1, 4)
    return rng.randrange(cpus), {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def two_cpus(rng):
    """(parameters with two different cpus, options). The second cpu must be able to halt, so it is not
    cpu 0, which never does that in the deterministic mode."""
    cpus = rng.randint(2, 4)
    to = rng.randrange(1, cpus)
    source = rng.choice([cpu for cpu in range(cpus) if cpu != to])
    return {"from": source, "to": to}, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_request(rng):
    """B has a higher priority than A."""
    cpu, options = somewhere(rng)
    pri, high = sorted(rng.sample(range(13, 27), 2))
    return {"cpu": cpu, "pri": pri, "high": high}, options


def draw_no_request(rng):
    """The same, but B has TDF_NORESCHED."""
    params, options = draw_request(rng)
    return {**params, "noresched": 1}, options


def draw_between(rng):
    """The message comes before, during and after the stall."""
    params, options = two_cpus(rng)
    stall = rng.randint(20, 60)
    return {**params, "rounds": 40, "stall": stall, "pause": 2 * stall, "seed": rng.randint(1, 10 ** 6)
            }, {**options, "SHIFT": rng.choice((2, 3, 4))}


def draw_lock(rng):
    """A holds the token for a while."""
    params, options = two_cpus(rng)
    return {**params, "hold": rng.randint(200, 3000)}, options


def draw_mplock(rng):
    """The MP lock instead, whose release notifies no other cpu."""
    params, options = draw_lock(rng)
    return {**params, "mp": 1}, options


def draw_idle_scheduled(rng):
    """The idle thread of any cpu."""
    cpu, options = somewhere(rng)
    return {"from": rng.randrange(options["CPUS"]), "to": cpu}, options


def draw_idle_sleeps(rng):
    """The idle thread of another cpu, because only there can a message run in its context."""
    params, options = two_cpus(rng)
    return {**params, "sleep": 1}, options


def draw_stopped(rng):
    """B is on any cpu, and is not scheduled for a while."""
    cpu, options = somewhere(rng)
    return {"from": rng.randrange(options["CPUS"]), "to": cpu, "pause": rng.randint(50, 1000)}, options


def draw_setpri(rng):
    """Up to ten changes of priority, often to the one that the thread or another thread already has."""
    cpu, options = somewhere(rng)
    threads = rng.randint(3, 8)
    some = rng.sample(range(14, 27), 3)
    params = {"cpu": cpu, "threads": threads, "ops": rng.randint(4, 10)}
    params.update({f"p{i}": rng.choice(some) for i in range(1, threads)})
    params.update({f"o{i}": 32 * rng.randrange(threads) + rng.choice(some)
                   for i in range(params["ops"])})
    return params, options


def draw_checkpri(rng):
    """Any cpu."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu}, options


def judge_robin(scene):
    """The threads take turns: the model is a list that is walked again and again."""
    names = NAMES[:scene.params["threads"]]
    expected = [f"{name}:0" for _ in range(scene.params["rounds"]) for name in names]
    scene.order(scene.of("log"), expected, "turns in the order in which the threads were started")
    scene.order(scene.of("end"), [f"{name}:end=0" for name in names], "ends in the same order")


def judge_priorities(scene):
    """lwkt_schedule does not interrupt A. B runs before A continues, and C after both have ended."""
    scene.order(scene.of("log", "end"),
                ["A:1", "A:2", "B:1", "B:2", "B:end=0", "A:3", "A:end=0", "C:1", "C:2", "C:end=0"],
                "A until its switch, then B (higher priority), then the rest of A, then C (lower priority)")


def judge_yield(scene):
    """A's yield puts A at the end of the queue, although A was on no queue."""
    scene.order(scene.of("log", "end"), ["A:1", "A:2", "B:1", "A:3", "A:end=0", "B:2", "B:end=0"],
                "A until its yield, then B's turn, then A's, then the rest of B")


def judge_deschedule(scene):
    """A runs until its switch, then B alone for all of its turns, and A again after it is scheduled."""
    turns = scene.params["turns"]
    logs = scene.of("log")
    alone = ["A:1", "A:2", "A:3", "B:1"] + ["B:2"] * turns
    scene.order(logs[:len(alone)], alone, "A until it switches, then B alone")
    # The run queue decides whether A's turn comes at B's next yield or at B's end.
    rest = [str(event) for event in logs[len(alone):]]
    scene.must(sorted(rest) == ["A:4", "B:3", "B:4"] and rest.index("B:3") < rest.index("B:4"),
               "A:4 once after B scheduled A, and B:3 before B:4", " ".join(rest),
               logs[len(alone)] if len(logs) > len(alone) else None)


def judge_schedule_twice(scene):
    """B runs once for each round of A, however often A scheduled it."""
    rounds = scene.params["rounds"]
    scene.order(scene.of("log"), ["A:1", "B:1"] * rounds + ["A:1"],
                "one run of B for each round of A")
    scene.must(len(scene.of("end", td="B")) == 1, "B to end once, after the last round",
               f"{len(scene.of('end', td='B'))} ends")


def judge_request(scene):
    """A continues until its switch. Until then it is asked to reschedule, or is not, as it should be."""
    asked = 1 - scene.params.get("noresched", 0)
    rule = ("A continues after lwkt_schedule, and is asked to reschedule until its switch" if asked else
            "A continues after lwkt_schedule, and is not asked to reschedule")
    scene.order(scene.events,
                ["A:resched=0", "A:1", "A:2", f"A:resched={asked}", "B:runq=1", "A:3", "B:1",
                 "B:resched=0", "B:end=0", "A:4", "A:resched=0", "A:end=0"], rule)


def judge_between(scene):
    """B runs soon after each call that schedules it, wherever in the idle loop the message comes."""
    rounds = scene.params["rounds"]
    logs = scene.of("log")
    scene.order(logs, ["A:1", "B:1"] * rounds, "B once for each time that A schedules it")
    for sent, ran in zip(logs[::2], logs[1::2]):
        scene.must_be_soon(sent, ran, "B to run within 1 ms of being scheduled, because nothing can come "
                           "between the idle thread's last look and its wait")


def judge_lock(scene):
    """The idle thread looks again and again without a halt, and B runs soon after the release."""
    waits = scene.of("idle_waits")
    scene.must_have(waits, 2, "two readings of the idle thread's waits while A has the lock")
    before, after = waits
    scene.must(before.val == after.val, "the idle thread not to halt (TDF_IDLE_NOHLT) while a runnable "
               "thread lacks a lock", f"{after.val - before.val} halts", after)
    scene.order(scene.of("log"), ["A:1", "B:1"], "B runs when A releases the lock")
    freed, ran = scene.of("log")
    scene.must_be_soon(freed, ran, "B to run within 1 ms of the release")


def judge_idle_scheduled(panic):
    """The panic is in the thread that called lwkt_schedule."""
    panic.must_say("the idle thread is never on a run queue", panic.params["from"], "A")


def judge_idle_sleeps(panic):
    """The panic is in the idle thread itself."""
    to = panic.params["to"]
    panic.must_say("the idle thread cannot sleep", to, f"idle{to}")


def judge_stopped(scene):
    """B is not runnable, is in one critical section, and has TDF_STOPREQ no more; after it is scheduled it
    is like any other thread."""
    to = scene.params["to"]
    steps = [e for e in scene.events if e.what in ("crit", "runq", "stopreq", "log")]
    scene.order(steps, ["B:crit=1", "B:runq=0", "B:stopreq=0", "A:1", "B:1", "B:crit=0"],
                "B is on no queue until A (A:1) schedules it, and then starts outside all sections")
    ran = scene.of("log", td="B")[0]
    scene.must_be_on(ran, to, "B")


def queue_model(params):
    """(what A sees after each change, the order in which the others run): the order is by priority, and
    within a priority by the time of the last change."""
    pri = {0: 30, **{i: params[f"p{i}"] for i in range(1, params["threads"])}}
    order = list(range(1, params["threads"]))
    looks = []
    for i in range(params["ops"]):
        who, new = divmod(params[f"o{i}"], 32)
        pri[who] = new
        if who:
            order.remove(who)
            order.append(who)
        looks += [f"{NAMES[who]}:pri={new}", f"{NAMES[who]}:crit={1 if who else 2}"]
    return looks, sorted(order, key=lambda who: -pri[who])


def judge_setpri(scene):
    """The events are those of the model. A, which in the end has the lowest priority, runs last."""
    looks, order = queue_model(scene.params)
    scene.order(scene.of("pri", "crit"), looks + ["A:crit=1"],
                "the new priorities, while the critical sections stay as they are")
    scene.order(scene.of("log"), [f"{NAMES[who]}:1" for who in order] + ["A:1"],
                "order by priority, and within a priority by the time of the last change")


def judge_checkpri(scene):
    """For each own priority p, the result is 1 for the queues above p, and 0 when they are empty."""
    better, stale = scene.of("better"), scene.of("stale")
    scene.must(len(better) == len(stale) == 32, "32 own priorities", f"{len(better)}")
    for own, (found, left) in enumerate(zip(better, stale)):
        right = (0xffffffff << own + 1) & 0xffffffff
        wrong = (found.val ^ right) & 0xffffffff
        scene.must(not wrong, f"at priority {own}: 1 for queues {own + 1} to 31, 0 for the others",
                   f"the opposite for queue {wrong.bit_length() - 1}", found)
        scene.must(left.val == 0, f"at priority {own}: 0 when a queue has become empty",
                   f"1 after queue {left.val.bit_length() - 1} became empty", left)


def declare():
    """Declare the tests of this part."""
    test("t1_turns", "threads of one priority take turns", 10, "swtest t1", draw_robin, judge_robin,
         covers="T1", hint="the ring is rotated at the wrong end, or not at all")
    test("t2_priorities", "the thread with the highest priority runs first", 10, "swtest t2",
         draw_priorities, judge_priorities, covers="T2",
         hint="the wrong bit of gd_runqmask is used, or the bit of an empty queue stays set")
    test("t5_deschedule", "a descheduled thread runs until it switches, and again when it is scheduled", 10,
         "swtest t5", draw_turns, judge_deschedule, covers="T5",
         hint="a switch puts the thread back on the queue by itself, or lwkt_schedule does not do it")
    test("t5_yield", "a yield puts its caller back on the queue", 5, "swtest t5yield", draw_turns,
         judge_yield, covers="T5", hint="if the thread is on no queue, lwkt_yield needs lwkt_schedule_self")
    test("t6_schedule_twice", "a thread that is scheduled several times is queued once", 10, "swtest t6",
         draw_times, judge_schedule_twice, covers="T6", hint="enqueueing must check TDF_RUNQ")
    test("t3_request", "a better thread asks for a reschedule, and gets it at the switch", 10,
         "swtest t3", draw_request, judge_request, covers="T3",
         hint="lwkt_schedule switches by itself, or the request is not made, or is never cleared")
    test("t4_no_request", "TDF_NORESCHED: the thread is queued, and asks for nothing", 5, "swtest t3",
         draw_no_request, judge_request, covers="T4", hint="_lwkt_schedule_post")
    test("t22_idle_race", "work that comes between the idle thread's last look and its wait", 15,
         "swtest t22", draw_between, judge_between, covers="T22",
         hint="interrupts are on between the look and the wait, or the look misses something")
    test("t23_idle_token", "the idle thread does not halt while a runnable thread lacks its token", 10,
         "swtest t23", draw_lock, judge_lock, timely=True, covers="T23", hint="TDF_IDLE_NOHLT")
    test("t23_idle_mplock", "the same for the MP lock", 5, "swtest t23", draw_mplock, judge_lock,
         timely=True, covers="T23", hint="TDF_IDLE_NOHLT")
    test("t24_idle_scheduled", "the idle thread cannot be made runnable", 5, "swtest t24",
         draw_idle_scheduled, judge_idle_scheduled, covers="T24", panics=True,
         hint="the assertion in lwkt_schedule")
    test("t24_idle_sleeps", "the idle thread cannot sleep", 5, "swtest t24", draw_idle_sleeps,
         judge_idle_sleeps, covers="T24", panics=True, hint="the assertion in tsleep")
    test("t26_stopped", "a thread created with TDF_STOPREQ runs when it is scheduled", 5, "swtest t26",
         draw_stopped, judge_stopped, covers="T26", hint="lwkt_create must not schedule such a thread")
    test("t57_setpri", "a thread with a new priority goes to the end of the new queue", 10, "swtest t57",
         draw_setpri, judge_setpri, covers="T57",
         hint="the thread stays on the old queue, or goes to the front of the new one")
    test("t58_checkpri", "lwkt_checkpri_self at every priority", 10, "swtest t58", draw_checkpri,
         judge_checkpri, covers="T58",
         hint="off by one, or the bit of an empty queue stays set in gd_runqmask")
