# SPDX-License-Identifier: BSD-3-Clause
"""Lab 7: systimers, the queue of timed work that each cpu has. The scenes are in user/timertest.c."""

from grading.engine import test

MICROSECOND = 10  # ticks of the time CSR on QEMU's virt machine
TIMERS = 6
LATE = 1500       # ticks by which a timer may fire late: the interrupt's path, and a tick before it


def draw_order(rng):
    """Six times, in any order, at least 100 microseconds apart."""
    delays = [300 + 100 * i for i in range(20)]
    chosen = rng.sample(delays, TIMERS)
    cpus = rng.cycle(1, 2, rng.randint(3, 4))
    return {"cpu": rng.randrange(cpus), **{f"d{i}": d for i, d in enumerate(chosen)}}, {"CPUS": cpus}


def draw_delete(rng):
    """The same; one to five of them are deleted, always including the one that is due first."""
    params, options = draw_order(rng)
    first = min(range(TIMERS), key=lambda i: params[f"d{i}"])
    others = rng.sample([i for i in range(TIMERS) if i != first], rng.randint(0, 4))
    params["del"] = sum(1 << i for i in [first, *others])
    return params, options


def draw_foreign(rng):
    """The same, started from another cpu."""
    params, options = draw_order(rng)
    cpus = rng.randint(2, 4)
    params["from"], params["on"] = rng.cpus(range(cpus), 2)
    del params["cpu"]
    return params, {"CPUS": cpus}


def draw_periodic(rng):
    """The critical section lasts several periods and a half, so it does not end when the timer is due."""
    period = rng.randint(150, 400)
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "period": period, "before": period * 6,
            "hold": period * (10 * rng.randint(3, 8) + rng.randint(4, 6)) // 10, "after": period * 6}, {"CPUS": cpus}


def draw_same(rng):
    """Any cpu; three times."""
    cpus = rng.randint(1, 4)
    first = rng.randint(250, 400)
    return {"cpu": rng.randrange(cpus), "first": first, "second": first + rng.randint(200, 400),
            "third": first + rng.randint(600, 900)}, {"CPUS": cpus}


def draw_drift(rng):
    """A period whose half is much longer than a timer may be late."""
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "period": rng.randint(1200, 2000)}, {"CPUS": cpus}


def draw_own(rng):
    """Any cpu and period."""
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "period": rng.randint(250, 500)}, {"CPUS": cpus}


def draw_pause(rng):
    """Two cpus."""
    cpus = rng.randint(2, 4)
    one, other = rng.cpus(range(cpus), 2)
    return {"from": one, "on": other, "us": rng.randint(1500, 3000)}, {"CPUS": cpus}


def due_times(scene):
    """timer -> the time that it was set for."""
    return {event.td: event.val for event in scene.of("due")}


def must_fire(scene, fired, names, rule):
    """These timers fired, in this order. The events' values are another matter."""
    values = [event.val for event in fired] + [1] * len(names)
    scene.order(fired, [f"{name}:timer={value}" for name, value in zip(names, values)], rule)


def judge_firings(scene, cpu, wanted):
    """The wanted timers, and no others, fired once each on this cpu, in the order of their times, and each
    of them not before its time and not much later."""
    due, fired = due_times(scene), scene.of("timer")
    scene.must_have(due, TIMERS, f"{TIMERS} timers started")
    order = sorted(wanted, key=lambda name: due[name])
    must_fire(scene, fired, order, "timers in the order of their times")
    for event in fired:
        scene.must_be_on(event, cpu, f"{event.td}")
        late = event.time - due[event.td]
        scene.must(0 <= late < LATE, f"{event.td} at its time, or less than {LATE} ticks later",
                   f"{abs(late)} ticks {'early' if late < 0 else 'late'}", event)
        scene.must(event.val == 1, f"{event.td} to fire in splz's critical section and no other",
                   f"it fired in {event.val}", event)


def judge_order(scene):
    """All six timers fired where they were started."""
    judge_firings(scene, scene.params["cpu"], [f"tm{i}" for i in range(TIMERS)])


def judge_same(scene):
    """Timers of the same time fire in the order in which they were started."""
    must_fire(scene, scene.of("timer"), ["tm4", "tm1", "tm2", "tm3", "tm0", "tm5"],
              "timers in the order of their times, and those of the same time in the order of their start")


def judge_drift(scene):
    """One delay moves one firing, and not those after it."""
    period, due = scene.params["period"] * MICROSECOND, scene.of("due")[0].val
    fired = scene.of("timer")
    scene.must(len(fired) >= 6, "the timer to fire in each period, 6 times or more", f"{len(fired)} times")
    for i, event in enumerate(fired):
        late = event.time - due - i * period
        allowed = LATE + (period * 7 // 10 if i == 1 else 0)
        scene.must(0 <= late < allowed, f"firing {i + 1} at {i + 1} periods after the start",
                   f"{(event.time - due) / period + 1:.2f} periods after it", event)


def judge_own(scene):
    """The function of a timer may delete it."""
    scene.must(len(scene.of("timer", td="tm0")) == 1, "the timer that deletes itself to fire once",
               f"{len(scene.of('timer', td='tm0'))} times")
    scene.must(len(scene.of("timer", td="tm1")) == 4, "the other one to fire in each of four periods",
               f"{len(scene.of('timer', td='tm1'))} times")


def judge_pause(scene):
    """A pause takes its time, though the thread is scheduled in it, and the thread sleeps. No timer is left on
    the stack."""
    us = scene.params["us"]
    naps = scene.of("paused")
    left = scene.of("timerleft")
    scene.must(not left, "the timer off its queue when lwkt_pause returns", "it is queued still, on the stack",
               (left or [None])[0])
    scene.must_have(naps, 3, "three pauses")
    for event in naps:
        scene.must(us <= event.val < us + 1000, f"a pause of {us} us, or a little more",
                   f"{event.val} us", event)
    scene.must_equal(scene.of("state", td="L")[0], 0, "A neither running nor on a run queue while it pauses")


def judge_delete(scene):
    """Only the timers that were not deleted fired."""
    mask = scene.params["del"]
    judge_firings(scene, scene.params["cpu"],
                  [f"tm{i}" for i in range(TIMERS) if not mask & (1 << i)])


def judge_foreign(scene):
    """All six timers fired on the cpu that they were started for."""
    judge_firings(scene, scene.params["on"], [f"tm{i}" for i in range(TIMERS)])


def judge_periodic(scene):
    """The timer fires once in each period, after the section once for all periods that were missed, and
    not after it is deleted."""
    period = scene.params["period"] * MICROSECOND
    fired = scene.of("timer")
    at = {event.val: event.time for event in scene.of("log")}
    first = scene.of("due")[0].val
    scene.must(bool(fired) and 0 <= fired[0].time - first < LATE, "the timer to fire a period after its "
               "start", f"it fires {(fired[0].time - first) / period:.2f} periods after that" if fired else
               "it never fires", fired[0] if fired else None)
    before = [event for event in fired if event.time < at[10]]
    scene.must(5 <= len(before) <= 6, "the timer to fire in each period, 5 or 6 times in six periods",
               str(len(before)))
    for last, event in zip(before, before[1:]):
        scene.must(abs(event.time - last.time - period) < LATE, "one period from each time it fires to the "
                   "next", f"{(event.time - last.time) / period:.2f} periods", event)
    held = [event for event in fired if at[10] <= event.time < at[20]]
    scene.must(not held, "the timer not to fire inside the critical section", f"{len(held)} times",
               (held or [None])[0])
    ended = [event for event in fired if at[20] <= event.time < at[20] + period * 0.7]
    scene.must(len(ended) == 1 and ended[0].time < at[30],
               "the timer to fire once at the end of the section, before crit_exit returns, and not again "
               "for nearly a period, because missed periods are skipped", f"{len(ended)} times",
               ended[-1] if ended else None)
    after = [event for event in fired if at[30] <= event.time < at[40]]
    for last, event in zip([*ended, *after], after):
        scene.must(abs(event.time - last.time - period) < LATE, "one period from the time when it fires late, and "
                   "from each time after that, to the next", f"{(event.time - last.time) / period:.2f} periods",
                   event)
    scene.must(5 <= len(after) <= 6, "the timer to fire in each period again, 5 or 6 times in six periods",
               str(len(after)))
    late = [event for event in fired if event.time > at[40]]
    scene.must(not late, "the timer not to fire after systimer_del", f"{len(late)} times",
               (late or [None])[0])


def declare():
    """Declare the tests of this part."""
    test("order", "the timer that is due first fires first", 10, "timertest order", draw_order, judge_order,
         covers="systimers",
         hint="insert sorts the queue; systimer_intr runs the earliest first, and arms the "
         "hardware for the next (gd_systimer_armed must forget what has fired)")
    test("same", "timers of the same time", 5, "timertest same", draw_same, judge_same, covers="systimers",
         hint="insert puts a timer after those that are due at the same time")
    test("delete", "a timer that is deleted does not fire", 5, "timertest delete", draw_delete,
         judge_delete, covers="systimers",
         hint="insert sets st_gd, by which systimer_del sees that it is queued")
    test("periodic", "a timer fires in every period and skips missed ones", 9, "timertest periodic",
         draw_periodic, judge_periodic, covers="systimers",
         hint="systimer_intr must skip the periods that are already over")
    test("drift", "one late firing does not move the others", 6, "timertest drift", draw_drift, judge_drift,
         covers="systimers",
         hint="in systimer_intr, the next time is one period after the last due time, not after now")
    test("own", "a timer that deletes itself", 4, "timertest own", draw_own, judge_own, covers="systimers",
         hint="systimer_intr queues a periodic timer again before it calls the function")
    test("foreign", "a timer for another cpu fires there", 6, "timertest foreign", draw_foreign,
         judge_foreign, covers="systimers", hint="insert is called on the timer's cpu, and sets st_gd to it")
    test("pause", "a pause lasts as long as it should", 5, "timertest pause", draw_pause, judge_pause,
         covers="systimers",
         hint="lwkt_pause sleeps on, if it was scheduled, until the timer is off its queue")
