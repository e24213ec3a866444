"""Lab 7: systimers, each cpu's queue of what it does at which time. The scenes are user/timertest.c's."""

from grading.engine import test

MICROSECOND = 10  # ticks of the time CSR on QEMU's virt machine
TIMERS = 6
LATE = 1500       # ticks that a firing may come late: the interrupt's way, and a tick before it


def draw_order(rng):
    """Six times, in any order, no two nearer than 100 microseconds."""
    delays = [300 + 100 * i for i in range(20)]
    chosen = rng.sample(delays, TIMERS)
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), **{f"d{i}": d for i, d in enumerate(chosen)}}, {"CPUS": cpus}


def draw_delete(rng):
    """As above; one to five of them are deleted, the first to be due always."""
    params, options = draw_order(rng)
    first = min(range(TIMERS), key=lambda i: params[f"d{i}"])
    others = rng.sample([i for i in range(TIMERS) if i != first], rng.randint(0, 4))
    params["del"] = sum(1 << i for i in [first, *others])
    return params, options


def draw_foreign(rng):
    """As above, from another cpu."""
    params, options = draw_order(rng)
    cpus = rng.randint(2, 4)
    params["from"], params["on"] = rng.sample(range(cpus), 2)
    del params["cpu"]
    return params, {"CPUS": cpus}


def draw_periodic(rng):
    """The critical section takes several periods."""
    period = rng.randint(150, 400)
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "period": period, "before": period * 6,
            "hold": period * rng.randint(3, 8), "after": period * 6}, {"CPUS": cpus}


def due_times(scene):
    """timer -> the time that it was set to."""
    return {event.td: event.val for event in scene.of("due")}


def judge_firings(scene, cpu, wanted):
    """Each of the wanted ones fired once, on that cpu, no earlier than it was due and not much later;
    they come in the order of their times, and no others."""
    due, fired = due_times(scene), scene.of("timer")
    scene.must(len(due) == TIMERS, f"{TIMERS} timers started", str(len(due)))
    order = sorted(wanted, key=lambda name: due[name])
    scene.order([event.td for event in fired], order, "timers in the order of their times")
    for event in fired:
        scene.must(event.cpu == cpu, f"{event.td} on cpu {cpu}", f"on cpu {event.cpu}", event)
        late = event.time - due[event.td]
        scene.must(0 <= late < LATE, f"{event.td} at its time, or less than {LATE} ticks later",
                   f"{abs(late)} ticks {'early' if late < 0 else 'late'}", event)
        scene.must(event.val == 1, f"{event.td} in splz's critical section and no other",
                   f"in {event.val}", event)


def judge_order(scene):
    """All six, where they were started."""
    judge_firings(scene, scene.params["cpu"], [f"tm{i}" for i in range(TIMERS)])


def judge_delete(scene):
    """Only those that were not deleted."""
    mask = scene.params["del"]
    judge_firings(scene, scene.params["cpu"],
                  [f"tm{i}" for i in range(TIMERS) if not mask & (1 << i)])


def judge_foreign(scene):
    """All six, on the cpu that they were started for."""
    judge_firings(scene, scene.params["on"], [f"tm{i}" for i in range(TIMERS)])


def judge_periodic(scene):
    """One firing a period; after the section one for all that were missed; none once it is deleted."""
    period = scene.params["period"] * MICROSECOND
    fired = scene.of("timer")
    at = {event.val: event.time for event in scene.of("log")}
    first = scene.of("due")[0].val
    scene.must(bool(fired) and 0 <= fired[0].time - first < LATE, "the first firing a period after the "
               "start", "none" if not fired else f"{(fired[0].time - first) / period:.2f} periods later",
               fired[0] if fired else None)
    before = [event for event in fired if event.time < at[10]]
    scene.must(5 <= len(before) <= 6, "a firing each period, 5 or 6 in six periods", str(len(before)))
    for last, event in zip(before, before[1:]):
        scene.must(abs(event.time - last.time - period) < LATE, "one period between two firings",
                   f"{(event.time - last.time) / period:.2f} periods", event)
    held = [event for event in fired if at[10] <= event.time < at[20]]
    scene.must(not held, "no firing inside the critical section", f"{len(held)}", (held or [None])[0])
    ended = [event for event in fired if at[20] <= event.time < at[20] + period * 0.7]
    scene.must(len(ended) == 1 and ended[0].time < at[30],
               "one firing at the end of the section, before crit_exit returns, and no other for "
               "nearly a period: missed ones are skipped", f"{len(ended)}",
               ended[-1] if ended else None)
    after = [event for event in fired if at[30] <= event.time < at[40]]
    scene.must(5 <= len(after) <= 6, "a firing each period again, 5 or 6 in six periods", str(len(after)))
    late = [event for event in fired if event.time > at[40]]
    scene.must(not late, "none after systimer_del", f"{len(late)}", (late or [None])[0])


def declare():
    """This lab's tests."""
    test("order", "what is due first fires first", 15, "timertest order", draw_order, judge_order,
         covers="systimers", hint="the queue isn't sorted, or the timer isn't armed for its first")
    test("delete", "what is deleted doesn't fire", 10, "timertest delete", draw_delete, judge_delete,
         covers="systimers", hint="left on the queue, or the others lost with it")
    test("periodic", "every period, missed ones skipped", 15, "timertest periodic", draw_periodic,
         judge_periodic, covers="systimers", hint="st_time after a long delay: how many periods are "
         "over already?")
    test("foreign", "a timer for another cpu fires there", 10, "timertest foreign", draw_foreign,
         judge_foreign, covers="systimers", hint="only a cpu itself touches its queue: send a message")
