# SPDX-License-Identifier: BSD-3-Clause
"""Lab 5: preemption by interrupt threads. The scenes are in user/preempttest.c: A is preempted, and I and
J are interrupt threads."""

from grading.engine import MILLISECOND, test
from grading.labs import crit, mp

COUNTERS = ("hit", "miss", "weird", "switches")
UNCHANGED = {name: 0 for name in COUNTERS}


def machine(rng, least=1):
    """(a cpu, options): the first of the fewest cpus, the last of three, or one of four."""
    cpus = rng.cycle(least, 3, 4)
    return rng.cycle(0, cpus - 1, rng.randint(1, 3)), {"CPUS": cpus, "SHIFT": rng.cycle(2, 3, 4)}


def draw_victim(rng):
    """A is a kernel thread, or the process itself, whose priority is even lower. I is just better, or far."""
    cpu, options = machine(rng)
    pri = rng.cycle(25, rng.randint(13, 24), rng.randint(13, 25))
    return {"cpu": cpu, "pri": pri, "ipri": rng.cycle(26, 31, rng.randint(26, 31)),
            "process": rng.cycle(0, 1, 0)}, options


def draw_rounds(rng):
    """Several preemptions, each like the first."""
    params, options = draw_victim(rng)
    return {**params, "rounds": rng.cycle(2, 3, rng.randint(4, 5))}, options


def draw_nesting(rng):
    """Every depth from 1 on."""
    params, options = draw_victim(rng)
    return {**params, "nesting": rng.cycle(2, 3, rng.randint(4, 5))}, options


def draw_device(rng):
    """A is on cpu 0, which devices interrupt."""
    params, options = draw_nesting(rng)
    return {**params, "cpu": 0, "rounds": rng.cycle(2, 3, 4), "us": rng.cycle(1, 20, 40)}, options


def draw_waking(rng):
    """N is just better than A, just worse, or worse while a request to reschedule is there already."""
    cpu, options = machine(rng)
    pri = rng.randint(14, 24)
    npri, asked = rng.cycle((pri + 1, 0), (pri - 1, 0), (rng.randint(10, pri - 1), 1))
    return {"cpu": cpu, "pri": pri, "npri": npri, "ipri": rng.randint(26, 31), "asked": asked}, options


def draw_descheduled(rng):
    """The preempting thread is that of a device, or I, which A itself schedules, and which may schedule A."""
    _, options = machine(rng)
    return {"device": rng.cycle(0, 1, 0), "wakes": rng.cycle(0, 0, 1), "pri": rng.randint(13, 25), "ipri": rng.randint(26, 31),
            "us": rng.randint(1, 40)}, options


def draw_nested(rng):
    """J has a higher priority than I, and I than A."""
    cpu, options = machine(rng)
    ipri, jpri, above = rng.cycle((24, 25, 26), (24, 30, 31), sorted(rng.sample(range(24, 32), 3)))
    return {"cpu": cpu, "process": rng.cycle(0, 1, 1), "pri": rng.randint(13, 23), "ipri": ipri,
            "jpri": jpri, "above": above, "rounds": rng.cycle(1, 2, rng.randint(3, 4))}, options


def draw_no_better(rng):
    """I has A's priority, or is just worse, or worse."""
    cpu, options = machine(rng)
    pri = rng.randint(16, 28)
    return {"cpu": cpu, "pri": pri, "ipri": pri - rng.cycle(0, 1, 3), "state": rng.cycle(1, 2, 12)}, options


def draw_foreign(rng):
    """I is on another cpu."""
    cpu, options = machine(rng, 2)
    other = rng.choice([c for c in range(options["CPUS"]) if c != cpu])
    return {"cpu": cpu, "other": other, "ipri": rng.randint(26, 31)}, options


def draw_exit(rng):
    """How often A has taken the lock, and whether I takes it too, exits without it, or sleeps with it."""
    params, options = draw_victim(rng)
    return {**params, "depth": rng.cycle(1, 2, 3), "own": rng.cycle(1, 0, 1), "stays": rng.cycle(0, 0, 1)}, options


def draw_foreign_marked(rng):
    """Without a mark, with A's, or with A's and I's."""
    params, options = draw_foreign(rng)
    return {**params, "state": rng.cycle(0, 4, 12)}, options


def draw_token(rng):
    """With A's mark, with I's, or with both."""
    params, options = draw_victim(rng)
    return {**params, "state": rng.cycle(4, 8, 12)}, options


def draw_moves(rng):
    """The cpu that I moves to, and how long the old one stalls."""
    params, options = draw_foreign(rng)
    return {**params, "stall": rng.randint(100, 300)}, options


def draw_again(rng):
    """The interrupt comes again while it is handled: from the handler's thread, from the device, or from
    both."""
    _, options = machine(rng)
    return {"sources": rng.cycle(4, 8, 12), "again": rng.cycle(1, 2, rng.randint(3, 6)),
            "rounds": rng.cycle(2, 3, 4), "process": rng.cycle(0, 1, 0)}, options


def draw_gap(rng):
    """The message comes while the handler runs, which is asked to run again by the message only, or before; or it
    comes during the second run, 100 us later."""
    _, options = machine(rng, 2)
    return {"other": rng.randrange(1, options["CPUS"]), "rounds": rng.cycle(1, 2, 3), "again": rng.cycle(0, 1, 3),
            "pause": rng.randint(20, 60) + rng.cycle(0, 0, 100)}, {**options, "SHIFT": 2}


def draw_limit(rng):
    """How long the source rests until it is not limited any more."""
    _, options = machine(rng)
    return {"rest": rng.randint(80000, 120000), "pri": rng.randint(13, 25)}, {**options, "SHIFT": rng.cycle(2, 3, 2)}


def draw_splz(rng):
    """All three sources and the handler's thread raise interrupts again and again."""
    _, options = machine(rng)
    return {"sources": rng.cycle(5, 7, 5), "again": rng.randint(150, 300), "rounds": 1}, options


def draw_storm(rng):
    """The interrupts are so far apart that some come while a preempting thread computes, which takes up to
    36 us."""
    cpu, options = machine(rng)
    return {"cpu": cpu, "us": rng.randint(15, 25), "rounds": rng.randint(1500, 3000),
            "process": rng.cycle(0, 1, 0)}, {**options, "SHIFT": 2}


def draw_reservations(rng):
    """So many additions that some interrupts come between LR and SC."""
    params, options = draw_storm(rng)
    return {**params, "rounds": rng.randint(20000, 40000), "every": rng.cycle(1, 2, 1), "lrsc": 1}, options


def draw_lost(rng):
    """The preemptions are not caused by interrupts."""
    params, options = draw_victim(rng)
    return {**params, "rounds": rng.randint(10, 50)}, options


def draw_lock_elsewhere(rng):
    """Another cpu has the MP lock, which A needs, or I, or both."""
    params, options = mp.draw_preemption(rng)
    want, own = rng.cycle((1, 0), (0, 1), (1, 1))
    return {**params, "want": want, "own": own}, options


def story(scene):
    """The events without the readings of counters."""
    return [e for e in scene.events if e.what not in COUNTERS]


def must_count(scene, td, rule, **changes):
    """Between each pair of readings by this thread, the counters changed by these amounts, and no others
    changed."""
    readings = {name: scene.of(name, td=td) for name in COUNTERS}
    for name, events in readings.items():
        change = {**UNCHANGED, **changes}[name]
        scene.must(events and len(events) % 2 == 0, f"pairs of readings of {name}", str(len(events)))
        for before, after in zip(events[::2], events[1::2]):
            scene.must(after.val - before.val == change, f"{rule}: {name} + {change}",
                       f"{name} + {after.val - before.val}", after)


def judge_preempt(scene):
    """I runs before lwkt_schedule returns. Then A is as before: its place on the queue, td_release, and
    no flag left."""
    process = scene.params["process"]
    once = ["A:runq=1", f"A:release={process}", "A:1", "I:1", "A:runq=1", "A:locked=1", "A:running=0",
            "I:below=0", "I:current=1", "A:2", "A:runq=1", "A:locked=0", f"A:release={process}", "A:running=1",
            "A:current=1", "A:done=0", "I:runq=0", "I:below=-1"]
    b, c = ["B:1", "B:end=0"], ["C:1", "C:end=0"]
    # The process, back at its own priority, runs after B and C.
    rest = b + c + ["A:3", "I:end=0"] if process else b + ["A:3", "I:end=0"] + c
    scene.order(story(scene), once * scene.params["rounds"] + rest + ["A:end=0"],
                "I runs inside lwkt_schedule, and A continues unchanged, in its old place on the queue")
    must_count(scene, "A", "a preemption", hit=1, switches=1)


def judge_in_section(scene):
    """Inside 1, 2, ... sections I does not run; it runs at the next switch."""
    expected = ["A:0"]
    for n in range(1, scene.params["nesting"] + 1):
        expected += [f"A:{10 * n}", f"A:{10 * n + 1}", "A:resched=1", "I:runq=1", f"A:{10 * n + 2}",
                     "I:1", f"A:{10 * n + 3}", "A:resched=0"]
    scene.order(story(scene), expected + ["I:end=0", "A:end=0"],
                "in critical sections I is only queued, and runs at A's switch")
    must_count(scene, "A", "no preemption in a critical section", miss=1)


def judge_device(scene):
    """The interrupt thread preempts A at the end of the last section."""
    scene.order(story(scene), ["A:1", "intr:intr=1", "A:2"] * scene.params["rounds"] + ["A:end=0"],
                "the interrupt thread (intr) runs inside the last crit_exit")
    must_count(scene, "A", "a preemption by a device's interrupt", hit=1, switches=1)


def judge_waking(scene):
    """After I, A runs first, and then the thread with the highest priority."""
    better = scene.params["npri"] > scene.params["pri"]
    resched = int(better or scene.params["asked"])
    n = ["N:1", "N:end=0"]
    expected = ["A:1", "I:1", "I:2", "I:end=0", "A:2", f"A:resched={resched}", "N:runq=1"]
    expected += (n if better else []) + ["A:3", "A:resched=0", "J:1", "A:4", "J:2", "J:end=0", "A:5", "A:end=0"]
    scene.order(story(scene), expected + ([] if better else n),
                "A continues when I is done; it is asked to reschedule if N is better, or if it was before I; "
                "N runs at A's switch; A also continues when J yields, and J at A's switch")


def judge_descheduled(scene):
    """A continues although it is on no run queue, or was put there meanwhile, and B is on one."""
    device, wakes = scene.params["device"], scene.params["wakes"]
    i = ["I:1", "I:end=0"]
    expected = ["A:1"] + (["intr:intr=1"] if device else i) + ["A:2", f"A:runq={wakes}", "A:locked=0", "B:1"]
    expected += (i if device else []) + ["B:end=0", "A:3", "A:end=0"]
    scene.order(story(scene), expected,
                "A, which is on no queue, continues after the preemption until its own switch; if I has scheduled it, "
                "it is on its queue then (runq=1)")


def judge_token(scene):
    """I, which holds a token, is only queued."""
    scene.order(story(scene), ["I:1", "A:1", "A:2", "A:3", "A:4", "A:resched=1", "I:2", "I:end=0", "A:5", "A:end=0"],
                "I, which holds a token, runs at A's switch")
    must_count(scene, "A", "no preemption by a thread that holds tokens, whatever is marked", miss=1)


def judge_nested(scene):
    """The preemptions nest, and the interrupted process is A's."""
    pid, process = scene.of("pid", td="A")[0].val, scene.params["process"]
    scene.must((pid > 0) == (process == 1), f"A to be a {'process' if process else 'kernel thread'}",
               f"pid {pid}")
    once = [f"A:pid={pid}", f"A:victim={pid}", "A:1", "I:1", "J:1", "A:locked=1", "I:locked=1",
            "I:below=0", "J:below=1", "J:pid=0", f"J:victim={pid}", "I:2", "I:pid=0",
            f"I:victim={pid}", "A:2"]
    scene.order(story(scene), once * scene.params["rounds"] + ["I:end=0", "J:end=0", "A:end=0"],
                "A, I, J, and back; lwkt_preempted_proc is A's process")


def judge_locked(scene):
    """A preempted thread does not preempt, and the current thread is only queued."""
    ipri, jpri = scene.params["ipri"], scene.params["jpri"]
    scene.order(story(scene), ["A:1", "I:1", "J:1", "J:resched=1", "J:2", "J:end=0", "I:2", "I:end=0",
                               "A:2", "A:preempt=1", f"A:with={ipri}", "I:preempt=2", f"I:with={jpri}",
                               "A:end=0"], "J continues after scheduling I, which it has preempted; both preemptions "
                "are in the trace (I is thread 1, J is 2), with the priority, before the switch")
    must_count(scene, "J", "scheduling a preempted thread", weird=1)
    must_count(scene, "I", "scheduling oneself")


def judge_no_better(scene):
    """A continues and is not asked to reschedule, whatever else would keep I from preempting it."""
    scene.order(story(scene), ["A:1", "A:2", "A:resched=0", "A:3", "A:4", "A:resched=0", "A:end=0", "I:1", "I:end=0"],
                "I, whose priority is not higher than A's, waits for A's end and asks for no reschedule")
    must_count(scene, "A", "no preemption by a thread whose priority is not higher", miss=1)


def judge_foreign(scene):
    """A continues, and I runs on its own cpu."""
    scene.order([e for e in story(scene) if e.td == "A"], ["A:1", "A:2", "A:resched=1", "A:end=0"],
                "A is not preempted by a thread of another cpu")
    must_count(scene, "A", "no preemption by a thread of another cpu, whatever is marked", miss=1)
    for event in scene.of("log", "end", td="I"):
        scene.must_be_on(event, scene.params["other"], "I")
    scene.must_have(scene.of("log", td="I"), 1, "I to run once")


def judge_exit(scene):
    """After I has exited, A has the lock as often as before, whatever I has taken."""
    depth, own, stays = (scene.params[name] for name in ("depth", "own", "stays"))
    order = ["A:1", "I:1", "A:2", "I:end=0"] if stays else ["A:1", "I:1", "I:end=0", "A:2"]
    scene.order(scene.of("log", "end"), order + ["A:end=0"], "I preempts A and exits or sleeps, and A goes on")
    for td, expected in (("A", [(depth, 1), (depth, 1), (0, 0)]),
                         ("I", [(depth + own, 1)] + stays * [(own, own)])):
        mp.must_be(scene, td, expected, "with the lock, and after its release")


def judge_moves(scene):
    """A goes on when I leaves; I runs on the old cpu, and then on the new one, where it preempts B."""
    scene.order([e for e in story(scene) if e.td == "A"], ["A:1", "A:2", "A:locked=0", "A:end=0"],
                "A goes on when I leaves")
    one, *rest = scene.of("log", td="I")
    for event, cpu in ((one, scene.params["cpu"]), *((event, scene.params["other"]) for event in rest)):
        scene.must(event.cpu == cpu, f"I on cpu {cpu}", f"cpu {event.cpu}", event)
    scene.order([e for e in story(scene) if e.td != "A"],
                ["I:1", "I:2", "B:1", "I:3", "I:below=2", "I:end=0", "B:2", "B:locked=0", "B:end=0"],
                "I preempts B on its new cpu, and is still preempting it (below=2) when A has gone on")


def judge_again(scene):
    """Each request during a run of the handler leads to another run, and the source is enabled in the
    end."""
    again = scene.params["again"]
    # With both sources, the device's request comes after all of the thread's own.
    runs = 1 + again + (scene.params["sources"] == 12)
    scene.order(scene.of("log", "intr"),
                (["A:1"] + ["intr:intr=1"] * runs + ["A:2"]) * scene.params["rounds"],
                f"in each round {runs} runs of the handler, {again} of which ask for another")
    for what, count, rule in (("handled", runs * scene.params["rounds"], "each run of the handler counted once"),
                              ("spurious", 3, "three interrupts without a handler counted")):
        before, after = scene.of(what)
        scene.must(after.val - before.val == count, f"{rule}: {count}", str(after.val - before.val), after)
    crit.must_be_at_rest(scene, [e for e in scene.events if e.what != "end"], "at the end")


def judge_limit(scene):
    """A source that does not stop is limited once; then each run is followed by a pause, after which no request
    is lost, until the source is slow enough again."""
    before, after = scene.of("limited")
    scene.must(after.val - before.val == 1, "a source that does not stop to be limited once",
               str(after.val - before.val), after)
    seen = scene.of("log", "intr")
    seen = seen[next((i for i, event in enumerate(seen) if str(event) == "A:1"), 0):]
    intr = "intr:intr=1"
    scene.order(seen, ["A:1", intr, "A:2", intr, "A:3", intr, "A:4", intr, "A:5", intr, intr, "A:6"],
                "a run for each request: one that A sends in the pause after a run, one that a handler sends, and, "
                "when the source is not limited any more, one without a pause before it")
    runs = [event for event in seen if event.what == "intr"]
    for first, second in (runs[:2], runs[2:4]):
        took = (second.time - first.time) / (MILLISECOND / 1000)
        scene.must(50 <= took < 100, "a pause of a LIVELOCK_FALLBACK-th of a second, 50 us, after each run of a limited "
                   "source", f"{took:.0f} us between two runs", second)


def judge_gap(scene):
    """The message runs after the run of the handler that it comes in, and asks for another one, if the handler has
    not."""
    runs = ["intr:intr=1"] * (1 + max(1, scene.params["again"]))
    first = 2 if scene.params["pause"] > 100 else 1
    scene.order(scene.of("log", "intr"),
                (["A:1"] + runs[:first] + ["ipi:7"] + runs[first:] + ["A:2"]) * scene.params["rounds"],
                "a message that comes during the handler (ipi:7) to run before the next run of it, and a request "
                "that it brings to lead to another run before A goes on")


def judge_special(scene):
    """In none of the states but the last I preempts; which counter shows why, and of two reasons the first one
    counts."""
    expected = [word for what in (1, 2, 4, 8, 5, 6, 12, 20)
                for word in (f"A:{10 * what}", f"A:{10 * what + 1}", "A:resched=1")]
    expected += ["A:160", "I:1", "I:end=0", "A:161", "A:resched=0", "A:end=0"]
    scene.order(story(scene), expected,
                "I does not preempt A: in the work of an interrupt (10), while A masters a cpusync (20), if A is "
                "locked (40), if I has preempted somebody (80); two at a time (50, 60, 120); in a section, if A is "
                "locked (200); but it does in as many sections as the caller accounts for (160)")
    counted = ({"miss": 1}, {"miss": 1}, {"weird": 1}, {"hit": 1}, {"miss": 1}, {"miss": 1}, {"weird": 1},
               {"miss": 1}, {"hit": 1, "switches": 1})
    for name in COUNTERS:
        readings = [event.val for event in scene.of(name, td="A")]
        scene.must([after - before for before, after in zip(readings[::2], readings[1::2])] ==
                   [change.get(name, 0) for change in counted],
                   f"{name} to grow by {[change.get(name, 0) for change in counted]} in the nine states",
                   str([after - before for before, after in zip(readings[::2], readings[1::2])]))


def judge_splz(scene):
    """All interrupts are handled, and the recursion is bounded."""
    runs = 1 + scene.params["again"]
    handled = len(scene.of("intr"))
    scene.must(handled == runs, f"{runs} interrupts handled", str(handled))
    nest, depth = scene.of("nest")[0], scene.of("depth")[0]
    scene.must(nest.val <= 2, "splz to call itself at most twice (td_nest_count 2)", str(nest.val), nest)
    scene.must(depth.val <= 4096, "at most half of the stack used", f"{depth.val} bytes", depth)


def must_have_preempted(scene):
    """A was preempted often enough for a bug to show."""
    hit = scene.of("hit", td="A")
    scene.must(hit[1].val - hit[0].val >= 20, "A preempted at least 20 times",
               str(hit[1].val - hit[0].val), hit[1])


def must_be_intact(scene, threads):
    """No thread found a changed register."""
    scene.must_have(scene.of("damaged"), threads, f"{threads} threads that check their registers")
    for event in scene.of("damaged"):
        wrong = ", ".join(f"x{i}" for i in range(1, 32) if event.val >> i & 1)
        scene.must(event.val == 0, f"all registers of {event.td} unchanged", f"{wrong} changed", event)


def judge_registers(scene):
    """All 31 registers survive, in A and in the threads that preempted it and were preempted themselves."""
    must_have_preempted(scene)
    nested = sum(event.val for event in scene.of("nested"))
    scene.must(nested > 0, "preemptions of preempting threads", "none")
    must_be_intact(scene, 3)


def judge_yields(scene):
    """The registers that a call keeps survive a switch."""
    must_be_intact(scene, scene.params["threads"])


def must_not_cross(scene):
    """No SC succeeded if another thread ran after its LR."""
    for event in scene.of("crossed"):
        scene.must_equal(event, 0, "no SC to succeed if another thread ran after its LR")


def judge_reservations(scene):
    """The sum is exact, and no SC succeeded after a switch."""
    must_have_preempted(scene)
    total, added = scene.of("sum")[0], scene.of("added")[0]
    right = scene.params["rounds"] + added.val
    scene.must_equal(total, right, f"{scene.params['rounds']} + {added.val} additions by LR and SC: {right}")
    must_not_cross(scene)


def judge_lost(scene):
    """Each SC fails, because another thread ran after its LR."""
    rounds = scene.params["rounds"]
    must_count(scene, "A", f"{rounds} preemptions between LR and SC", hit=rounds, switches=rounds)
    must_not_cross(scene)


def declare():
    """Declare the tests of this part."""
    test("t7_preempt", "an interrupt thread preempts, and leaves no trace", 15, "preempttest t7",
         draw_rounds, judge_preempt, timely=True, covers="T7",
         hint="td_preempted, TDF_PREEMPT_LOCK or TDF_PREEMPT_DONE stays set, or the preempted thread's "
              "queue or td_release is touched")
    test("t8_in_section", "no preemption in a critical section, however deep", 10, "preempttest t8",
         draw_nesting, judge_in_section, covers="T8",
         hint="lwkt_schedule's own section is the only one that does not count")
    test("t9_device", "a device's interrupt at the end of a section", 10, "preempttest t9",
         draw_device, judge_device, covers="T9",
         hint="crit_exit reads gd_reqflags too early, or splz schedules the thread in its own section")
    test("t10_wakes_better", "first back to the preempted thread, then the better one", 10,
         "preempttest t10", draw_waking, judge_waking, covers="T10",
         hint="if td_preempted is set, lwkt_switch must not look at the run queues")
    test("t11_descheduled", "back to a thread that is on no queue", 10, "preempttest t11",
         draw_descheduled, judge_descheduled, timely=True, covers="T11",
         hint="if td_preempted is set, lwkt_switch must not look at the run queues")
    test("t12_token", "a thread that holds tokens does not preempt", 10, "preempttest t12", draw_token,
         judge_token, timely=True, covers="T12", hint="lwkt_preempt must check td_toks")
    test("t13_nested", "preemption of a preempting thread", 10, "preempttest t13", draw_nested,
         judge_nested, covers="T13", hint="td_preempted is a chain")
    test("t14_locked", "a preempted thread does not preempt", 10, "preempttest t14", draw_nested,
         judge_locked, covers="T14", hint="lwkt_preempt must check TDF_PREEMPT_LOCK")
    test("t15_no_better", "threads of the same or a lower priority do not preempt", 5, "preempttest t15",
         draw_no_better, judge_no_better, covers="T15", hint="lwkt_preempt must compare the priorities first")
    test("preempt_foreign", "a thread of another cpu does not preempt", 5, "preempttest foreign",
         draw_foreign_marked, judge_foreign, covers="T14", hint="lwkt_preempt must check td_gd")
    test("preempt_exit", "a preempting thread exits, and the preempted one keeps the lock", 10,
         "preempttest exits", draw_exit, judge_exit, covers="T46",
         hint="lwkt_exit sets td_mpcount to 0, although part of the count is inherited from the preempted "
              "thread")
    test("preempt_moves", "a preempting thread moves to another cpu", 5, "preempttest moves", draw_moves,
         judge_moves, timely=True, covers="T53", hint="td_preempted is cleared after the switch, when the thread may "
         "already run on another cpu")
    test("t20_splz", "the recursion of splz is bounded", 5, "crittest t63", draw_splz, judge_splz,
         timely=True, covers="T20", hint="maybe_splz must check td_nest_count, and splz must count in it")
    test("t63_again", "an interrupt during its own handler is not lost", 10, "crittest t63",
         draw_again, judge_again, timely=True, covers="T63",
         hint="the request is cleared after the handler has run, or the source is not completed")
    test("t65_registers", "all registers survive nested preemptions", 10, "preempttest t65",
         draw_storm, judge_registers, covers="T65",
         hint="a register, sepc or sstatus is missing in the trap frame")
    test("t66_sum", "LR and SC interrupted by threads that use the same word", 5, "preempttest t66",
         draw_reservations, judge_reservations, covers="T66", hint="cpu_switch")
    test("preempt_special", "states in which no thread is preempted", 10, "preempttest special", draw_foreign,
         judge_special, timely=True, covers="T14", hint="the conditions of may_preempt, in their order, each with "
         "its counter")
    test("preempt_mp_miss", "a thread that cannot get the MP lock does not preempt", 10, "mptest t46",
         draw_lock_elsewhere, mp.judge_preemption, covers="T46", hint="lwkt_preempt must give up if it cannot "
         "take the lock that the interrupt thread needs, with all counts as they were")
    test("t63_gap", "a message that comes while a handler runs", 10, "crittest gap", draw_gap, judge_gap,
         timely=True, covers="T63", hint="messages run in the gap after each run of the handler, before the last "
         "look at `running`")
    test("t63_limit", "a source that does not stop is limited", 5, "crittest limit", draw_limit, judge_limit,
         timely=True, covers="T63", hint="after each run and the gap: check_rate, the pause if the source is limited, "
         "and only then the look at `running`")
