"""Lab 5: preemption by interrupt threads. The scenes are those of user/preempttest.c: A is preempted, I
and J are interrupt threads."""

from grading.engine import test
from grading.labs.crit import must_be_at_rest
from grading.labs.mp import must_be

COUNTERS = ("hit", "miss", "weird", "switches")
UNCHANGED = {name: 0 for name in COUNTERS}


def machine(rng, least=1):
    """Up to four cpus; (one of them, options)."""
    cpus = rng.randint(least, 4)
    return rng.randrange(cpus), {"CPUS": cpus, "SHIFT": rng.choice((2, 3, 4))}


def draw_victim(rng):
    """A kernel thread, or the process itself, which has a lower priority still."""
    cpu, options = machine(rng)
    return {"cpu": cpu, "pri": rng.randint(13, 25), "ipri": rng.randint(26, 31),
            "process": rng.randint(0, 1)}, options


def draw_rounds(rng):
    """Several preemptions, each like the first."""
    params, options = draw_victim(rng)
    return {**params, "rounds": rng.randint(2, 5)}, options


def draw_nesting(rng):
    """Every depth from 1 up."""
    params, options = draw_victim(rng)
    return {**params, "nesting": rng.randint(2, 5)}, options


def draw_device(rng):
    """Devices interrupt cpu 0."""
    params, options = draw_nesting(rng)
    return {**params, "cpu": 0, "rounds": rng.randint(2, 4), "us": rng.randint(1, 40)}, options


def draw_waking(rng):
    """N better than A, or not."""
    cpu, options = machine(rng)
    pri, npri = rng.sample(range(13, 26), 2)
    return {"cpu": cpu, "pri": pri, "npri": npri, "ipri": rng.randint(26, 31)}, options


def draw_descheduled(rng):
    """A device's interrupt, or I, scheduled by A itself."""
    _, options = machine(rng)
    return {"device": rng.randint(0, 1), "pri": rng.randint(13, 25), "ipri": rng.randint(26, 31),
            "us": rng.randint(1, 40)}, options


def draw_nested(rng):
    """J better than I, I better than A."""
    cpu, options = machine(rng)
    ipri, jpri, above = sorted(rng.sample(range(24, 32), 3))
    return {"cpu": cpu, "process": rng.randint(0, 1), "pri": rng.randint(13, 23), "ipri": ipri,
            "jpri": jpri, "above": above, "rounds": rng.randint(1, 4)}, options


def draw_no_better(rng):
    """I worse than A, or equal."""
    cpu, options = machine(rng)
    pri = rng.randint(16, 28)
    return {"cpu": cpu, "pri": pri, "ipri": pri - rng.choice((0, 0, 1, 3))}, options


def draw_foreign(rng):
    """I on another cpu."""
    cpu, options = machine(rng, 2)
    other = rng.choice([c for c in range(options["CPUS"]) if c != cpu])
    return {"cpu": cpu, "other": other, "ipri": rng.randint(26, 31)}, options


def draw_exit(rng):
    """A's taking of the lock, and I's own."""
    params, options = draw_victim(rng)
    return {**params, "depth": rng.randint(1, 3), "own": rng.randint(0, 1)}, options


def draw_moves(rng):
    """I's new cpu, and how slow the old one is."""
    params, options = draw_foreign(rng)
    return {**params, "stall": rng.randint(100, 300)}, options


def draw_again(rng):
    """The handler's own thread asks again, or the device does, or both."""
    _, options = machine(rng)
    return {"sources": rng.choice((4, 8, 12)), "again": rng.randint(1, 6), "rounds": rng.randint(2, 4),
            "process": rng.randint(0, 1)}, options


def draw_splz(rng):
    """All three sources, and the handler's thread, again and again."""
    _, options = machine(rng)
    return {"sources": rng.choice((5, 7)), "again": rng.randint(150, 300), "rounds": 1}, options


def draw_storm(rng):
    """Interrupts so far apart that a preempting thread, which computes for up to 36 us, sees some."""
    cpu, options = machine(rng)
    return {"cpu": cpu, "us": rng.randint(15, 25), "rounds": rng.randint(1500, 3000),
            "process": rng.randint(0, 1)}, {**options, "SHIFT": 2}


def draw_reservations(rng):
    """So many that some interrupts come between LR and SC."""
    params, options = draw_storm(rng)
    return {**params, "rounds": rng.randint(20000, 40000), "every": rng.randint(1, 2)}, options


def draw_lost(rng):
    """Without interrupts."""
    params, options = draw_victim(rng)
    return {**params, "rounds": rng.randint(10, 50)}, options


def draw_yields(rng):
    """Two to four threads."""
    cpu, options = machine(rng)
    return {"cpu": cpu, "threads": rng.randint(2, 4), "rounds": rng.randint(50, 200)}, options


def story(scene):
    """The events but for counters."""
    return [e for e in scene.events if e.what not in COUNTERS]


def must_count(scene, td, rule, **changes):
    """Between each two readings of the counters by td: these changes, and no others."""
    readings = {name: scene.of(name, td=td) for name in COUNTERS}
    for name, events in readings.items():
        change = {**UNCHANGED, **changes}[name]
        scene.must(events and len(events) % 2 == 0, f"pairs of readings of {name}", str(len(events)))
        for before, after in zip(events[::2], events[1::2]):
            scene.must(after.val - before.val == change, f"{rule}: {name} + {change}",
                       f"{name} + {after.val - before.val}", after)


def judge_preempt(scene):
    """I before lwkt_schedule returns, then A as it was: queue, td_release, no mark left."""
    process = scene.params["process"]
    once = ["A:runq=1", f"A:release={process}", "A:1", "I:1", "A:runq=1", "A:locked=1", "I:below=0",
            "A:2", "A:runq=1", "A:locked=0", f"A:release={process}", "I:runq=0", "I:below=-1"]
    b, c = ["B:1", "B:end=0"], ["C:1", "C:end=0"]
    # The process, back in its own priority, is worse than B and C.
    rest = b + c + ["A:3", "I:end=0"] if process else b + ["A:3", "I:end=0"] + c
    scene.order(story(scene), once * scene.params["rounds"] + rest + ["A:end=0"],
                "I runs inside lwkt_schedule, and A goes on as it was, in its old place of the queue")
    must_count(scene, "A", "a preemption", hit=1, switches=1)


def judge_in_section(scene):
    """Not inside 1, 2, .. sections; at the next switch."""
    expected = ["A:0"]
    for n in range(1, scene.params["nesting"] + 1):
        expected += [f"A:{10 * n}", f"A:{10 * n + 1}", "A:resched=1", "I:runq=1", f"A:{10 * n + 2}",
                     "I:1", f"A:{10 * n + 3}", "A:resched=0"]
    scene.order(story(scene), expected + ["I:end=0", "A:end=0"],
                "in critical sections I is only queued, and runs at A's switch")
    must_count(scene, "A", "no preemption in a critical section", miss=1)


def judge_device(scene):
    """The interrupt's thread preempts A where the last section ends."""
    scene.order(story(scene), ["A:1", "intr:intr=1", "A:2"] * scene.params["rounds"] + ["A:end=0"],
                "the interrupt thread (intr) runs inside the last crit_exit")
    must_count(scene, "A", "a preemption by a device's interrupt", hit=1, switches=1)


def judge_waking(scene):
    """A, then the best one."""
    better = scene.params["npri"] > scene.params["pri"]
    n = ["N:1", "N:end=0"]
    expected = ["A:1", "I:1", "I:2", "I:end=0", "A:2", f"A:resched={int(better)}", "N:runq=1"]
    expected += (n if better else []) + ["A:3", "A:resched=0", "A:end=0"] + ([] if better else n)
    scene.order(story(scene), expected,
                "A goes on when I is done, asked to reschedule if N is better, which runs at A's switch")


def judge_descheduled(scene):
    """A runs on although it is on no queue and B is."""
    device = scene.params["device"]
    i = ["I:1", "I:end=0"]
    expected = ["A:1"] + (["intr:intr=1"] if device else i) + ["A:2", "A:runq=0", "A:locked=0", "B:1"]
    expected += (i if device else []) + ["B:end=0", "A:3", "A:end=0"]
    scene.order(story(scene), expected,
                "A, off its queue, goes on after the preemption up to its own switch")


def judge_token(scene):
    """I, holding a token, is only queued."""
    scene.order(story(scene), ["I:1", "A:1", "A:2", "A:resched=1", "I:2", "I:end=0", "A:3", "A:end=0"],
                "I, which has a token, runs at A's switch")
    must_count(scene, "A", "no preemption by a thread that has tokens", miss=1)


def judge_nested(scene):
    """In and out in order; the process that was interrupted is A's."""
    pid = scene.of("pid", td="A")[0].val
    scene.must((pid > 0) == (scene.params["process"] == 1), "A to be what it was asked to be", f"pid {pid}")
    once = [f"A:pid={pid}", f"A:victim={pid}", "A:1", "I:1", "J:1", "A:locked=1", "I:locked=1",
            "I:below=0", "J:below=1", "J:pid=0", f"J:victim={pid}", "I:2", "I:pid=0",
            f"I:victim={pid}", "A:2"]
    scene.order(story(scene), once * scene.params["rounds"] + ["I:end=0", "J:end=0", "A:end=0"],
                "A, I, J, and back; lwkt_preempted_proc is A's process")


def judge_locked(scene):
    """A thread that was preempted does not preempt; a current one is only queued."""
    scene.order(story(scene), ["A:1", "I:1", "J:1", "J:resched=1", "J:2", "J:end=0", "I:2", "I:end=0",
                               "A:2", "A:end=0"], "J goes on after scheduling I, which it preempted")
    must_count(scene, "J", "scheduling a preempted thread", weird=1)
    must_count(scene, "I", "scheduling oneself")


def judge_no_better(scene):
    """A goes on, and nobody asks for a reschedule."""
    scene.order(story(scene), ["A:1", "A:2", "A:resched=0", "A:end=0", "I:1", "I:end=0"],
                "I, no better than A, waits for A's end, and asks for no reschedule")
    must_count(scene, "A", "no preemption by a thread that is no better", miss=1)


def judge_foreign(scene):
    """A goes on; I runs where it belongs when it is scheduled."""
    scene.order([e for e in story(scene) if e.td == "A"], ["A:1", "A:2", "A:resched=1", "A:end=0"],
                "A is not preempted by a thread of another cpu")
    must_count(scene, "A", "no preemption by a thread of another cpu", miss=1)
    for event in scene.of("log", "end", td="I"):
        scene.must(event.cpu == scene.params["other"], f"I on cpu {scene.params['other']}",
                   f"cpu {event.cpu}", event)
    scene.must(len(scene.of("log", td="I")) == 1, "I to run once", str(len(scene.of("log", td="I"))))


def judge_exit(scene):
    """A as before, whatever I has taken."""
    scene.order(scene.of("log", "end"), ["A:1", "I:1", "I:end=0", "A:2", "A:end=0"],
                "I preempts A and exits, and A goes on")
    depth, own = scene.params["depth"], scene.params["own"]
    for td, expected in (("A", [(depth, 1), (depth, 1), (0, 0)]), ("I", [(depth + own, 1)])):
        must_be(scene, td, expected, "with the lock, and after its release")


def judge_moves(scene):
    """Both, on their cpus."""
    scene.order([e for e in story(scene) if e.td == "A"], ["A:1", "A:2", "A:locked=0", "A:end=0"],
                "A goes on when I leaves")
    one, two = scene.of("log", td="I")
    for event, cpu in ((one, scene.params["cpu"]), (two, scene.params["other"])):
        scene.must(event.cpu == cpu, f"I on cpu {cpu}", f"cpu {event.cpu}", event)


def judge_again(scene):
    """Each request that comes during a run leads to another; the source is let in at the end."""
    again = scene.params["again"]
    # Both: the thread's own requests come at once, the device's once they are over.
    runs = 1 + again + (scene.params["sources"] == 12)
    scene.order(scene.of("log", "intr"),
                (["A:1"] + ["intr:intr=1"] * runs + ["A:2"]) * scene.params["rounds"],
                f"{runs} runs of the handler, {again} of which ask for one more, each round")
    must_be_at_rest(scene, [e for e in scene.events if e.what != "end"], "at the end")


def judge_splz(scene):
    """All handled; the recursion is bounded."""
    runs = 1 + scene.params["again"]
    handled = len(scene.of("intr"))
    scene.must(handled == runs, f"{runs} interrupts handled", str(handled))
    nest, depth = scene.of("nest")[0], scene.of("depth")[0]
    scene.must(nest.val <= 2, "splz inside itself at most twice (td_nest_count 2)", str(nest.val), nest)
    scene.must(depth.val <= 4096, "half of the stack used at most", f"{depth.val} bytes", depth)


def must_have_preempted(scene):
    """I and J ran, and so often that something would have shown."""
    hit = scene.of("hit", td="A")
    scene.must(hit[1].val - hit[0].val >= 20, "A preempted at least 20 times",
               str(hit[1].val - hit[0].val), hit[1])


def must_be_intact(scene):
    """No register of any thread's pattern changed."""
    for event in scene.of("damaged"):
        wrong = ", ".join(f"x{i}" for i in range(1, 32) if event.val >> i & 1)
        scene.must(event.val == 0, f"all registers of {event.td} as they were", f"{wrong} changed", event)


def judge_registers(scene):
    """All 31, in A and in what preempted it and was preempted itself."""
    must_have_preempted(scene)
    nested = sum(event.val for event in scene.of("nested"))
    scene.must(nested > 0, "preemptions of preempting threads", "none")
    scene.must(len(scene.of("damaged")) == 3, "three threads' patterns", str(len(scene.of("damaged"))))
    must_be_intact(scene)


def judge_yields(scene):
    """What a call keeps, over a switch."""
    threads = scene.params["threads"]
    scene.must(len(scene.of("damaged")) == threads, f"{threads} threads' patterns",
               str(len(scene.of("damaged"))))
    must_be_intact(scene)


def judge_reservations(scene):
    """The sum is exact, and no SC succeeded after a switch."""
    must_have_preempted(scene)
    total, added = scene.of("sum")[0], scene.of("added")[0]
    right = scene.params["rounds"] + added.val
    scene.must(total.val == right, f"{scene.params['rounds']} + {added.val} additions by LR and SC: {right}",
               str(total.val), total)
    crossed = scene.of("crossed")[0]
    scene.must(crossed.val == 0, "no SC that succeeds when another thread ran after its LR",
               f"{crossed.val}", crossed)


def judge_lost(scene):
    """Each try fails, as another thread ran since its LR."""
    rounds = scene.params["rounds"]
    must_count(scene, "A", f"{rounds} preemptions between LR and SC", hit=rounds, switches=rounds)
    crossed = scene.of("crossed")[0]
    scene.must(crossed.val == 0, "no SC that succeeds when another thread ran after its LR",
               f"{crossed.val} of {rounds}", crossed)


def declare():
    """This lab's tests."""
    test("t7_preempt", "an interrupt thread preempts, and leaves no trace", 15, "preempttest t7",
         draw_rounds, judge_preempt, timely=True, covers="T7",
         hint="td_preempted, TDF_PREEMPT_LOCK or TDF_PREEMPT_DONE left set, or the preempted thread's "
              "queue or td_release touched")
    test("t8_in_section", "not in a critical section, however deep", 10, "preempttest t8",
         draw_nesting, judge_in_section, covers="T8",
         hint="lwkt_schedule's own section is the only one that doesn't count")
    test("t9_device", "a device's interrupt at the end of a section", 10, "preempttest t9",
         draw_device, judge_device, covers="T9",
         hint="crit_exit reads gd_reqflags too early, or splz schedules the thread in its own section")
    test("t10_wakes_better", "first back to the preempted thread, then the better one", 10,
         "preempttest t10", draw_waking, judge_waking, covers="T10",
         hint="lwkt_switch with td_preempted set looks at no queue")
    test("t11_descheduled", "back to a thread that is on no queue", 10, "preempttest t11",
         draw_descheduled, judge_descheduled, timely=True, covers="T11",
         hint="lwkt_switch with td_preempted set looks at no queue")
    test("t12_token", "a thread that has tokens doesn't preempt", 10, "preempttest t12", draw_victim,
         judge_token, timely=True, covers="T12", hint="lwkt_preempt's look at td_toks")
    test("t13_nested", "preemption of a preempting thread", 10, "preempttest t13", draw_nested,
         judge_nested, covers="T13", hint="td_preempted is a chain")
    test("t14_locked", "a preempted thread doesn't preempt", 10, "preempttest t14", draw_nested,
         judge_locked, covers="T14", hint="TDF_PREEMPT_LOCK isn't looked at")
    test("t15_no_better", "equals and worse ones don't preempt", 5, "preempttest t15", draw_no_better,
         judge_no_better, covers="T15", hint="the comparison of the priorities")
    test("preempt_foreign", "a thread of another cpu doesn't preempt", 5, "preempttest foreign",
         draw_foreign, judge_foreign, covers="T14", hint="lwkt_preempt's look at td_gd")
    test("preempt_exit", "a preempting thread exits, and takes nothing with it", 10, "preempttest exits",
         draw_exit, judge_exit, covers="T46",
         hint="lwkt_exit sets td_mpcount to 0, although a part of it is the thread's below")
    test("preempt_moves", "a preempting thread moves to another cpu", 5, "preempttest moves", draw_moves,
         judge_moves, covers="T53", hint="td_preempted is cleared after the switch, when the thread "
         "may run elsewhere")
    test("t20_splz", "splz's recursion is bounded", 5, "preempttest t63", draw_splz, judge_splz,
         timely=True, covers="T20", hint="td_nest_count")
    test("t63_again", "an interrupt during its own handler is not lost", 10, "preempttest t63",
         draw_again, judge_again, timely=True, covers="T63",
         hint="the request is cleared after the handler has run, or the source isn't completed")
    test("t65_registers", "all registers survive nested preemptions", 10, "preempttest t65",
         draw_storm, judge_registers, covers="T65",
         hint="a register, sepc or sstatus missing in the trap's frame")
    test("t65_yield", "what a call keeps survives a switch", 10, "preempttest t65yield", draw_yields,
         judge_yields, covers="T65", hint="a register missing in cpu_switch")
    test("t66_sum", "LR and SC interrupted by threads that use the same word", 5, "preempttest t66",
         draw_reservations, judge_reservations, covers="T66", hint="cpu_switch")
    test("t66_reservation", "a reservation ends with a switch", 5, "preempttest t66call", draw_lost,
         judge_lost, covers="T66", hint="the dummy sc.d in cpu_switch")
