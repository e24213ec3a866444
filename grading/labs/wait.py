# SPDX-License-Identifier: BSD-3-Clause
"""Lab 7: wait queues. The scenes are in user/waittest.c."""

from grading.engine import test

BLOCKS, WAITQ = 1, 8  # bits in the value of a `state` event
ASLEEP = BLOCKS | WAITQ


def draw_early(rng):
    """The waiter and the signaller are on one cpu or on two."""
    cpus = rng.randint(2, 4)
    to, other = rng.cpus(range(cpus), 2)
    return {"to": to, "from": rng.cycle(other, to), "signals": rng.cycle(1, rng.randint(2, 4))}, \
        {"CPUS": cpus}


def draw_signal_race(rng):
    """Two cpus, and a jitter of about the time in which a token goes from one to the other."""
    cpus = rng.randint(2, 4)
    source, to = rng.cpus(range(cpus), 2)
    return {"to": to, "from": source, "rounds": rng.randint(30, 44), "jitter": rng.randint(5, 60),
            "seed": rng.randint(1, 10 ** 6)}, {"CPUS": cpus, "IPI": rng.ipi()}


def draw_waiters(rng):
    """The waiters are on one cpu, or spread over all."""
    cpus = rng.cycle(1, rng.randint(2, 4), rng.randint(2, 4))
    waiters = rng.randint(4, 7)
    return {"cpus": cpus, "waiters": waiters, "to": rng.randrange(cpus), "from": rng.randrange(cpus),
            "spread": rng.cycle(0, 1, 0)}, {"CPUS": cpus}


def draw_order(rng):
    """The first signal wakes some waiters or, with count 0, none; the second wakes the others."""
    params, options = draw_waiters(rng)
    return {**params, "first": rng.cycle(rng.randint(2, params["waiters"] - 1), 1, 0)}, options


def draw_stray(rng):
    """Each waiter is scheduled without cause one to three times."""
    params, options = draw_waiters(rng)
    return {**params, "rounds": rng.randint(1, 3), "pause": rng.randint(5, 50)}, options


def draw_race(rng):
    """The thread that schedules waiters without cause may have a cpu of its own."""
    params, options = draw_waiters(rng)
    return {**params, "third": rng.randrange(options["CPUS"]), "rounds": rng.randint(20, 60),
            "pause": rng.randint(1, 30)}, options


def judge_early(scene):
    """lwkt_block with an old generation returns at once, with the new one; the next call waits for a
    signal."""
    signals = scene.params["signals"]
    wanted = ["A:gen=0"] + ["B:signal=1"] * signals + [f"A:woken={signals}", "A:1"]
    wanted += ["B:waiters=1", "B:queued=1", f"B:state={ASLEEP}", "B:signal=1",
               f"A:woken={signals + 1}", "A:2"]
    scene.order([e for e in scene.events if e.what != "end"], wanted,
                "the first lwkt_block returns at once, with the new generation, because there was a signal "
                "since A read the old one; the second waits for the next signal")


def judge_signal_race(scene):
    """A notices every signal."""
    scene.order(scene.of("log", td="A"), [f"A:{i}" for i in range(scene.params["rounds"] + 1)],
                "A notices every signal")


def must_sleep(scene):
    """Each reading found the waiter blocked, on the wait queue and on no run queue."""
    for event in scene.of("state", "ktblock", "no-wmesg"):
        if event.td != "S":
            scene.must(event.val & ASLEEP == 0 and event.what != "ktblock",
            f"{event.td}, which has woken, without "
                       "td_wait and td_wmesg, and on no wait queue", str(event), event)
            continue
        scene.must(event.what != "no-wmesg", "td_wmesg to say why a thread waits", "nothing", event)
        scene.must(event.what != "state" or event.val == ASLEEP, "a blocked thread: td_wait set, on the "
                   "wait queue, and neither running nor on a run queue (state "
                   f"{ASLEEP})", f"state {event.val}", event)


def must_count(scene, wanted):
    """wa_count and the length of the queue have these values at each reading."""
    for what in ("waiters", "queued"):
        seen = scene.of(what)
        for i, event in enumerate(seen):
            scene.must(i >= len(wanted) or event.val == wanted[i], f"{wanted[i]} waiters",
                       f"{what} is {event.val}", event)
        scene.must_have(seen, len(wanted), f"{len(wanted)} readings of the queue")


def must_wake(scene, events, names, generation):
    """Among these events, these threads and no others woke, with this generation, and those of one cpu in
    the order of the queue."""
    woken = [e for e in events if e.what == "woken"]
    for event in woken:
        scene.must(event.td in names, f"only {' '.join(names) or 'none'} woken here", str(event), event)
        scene.must_equal(event, generation, f"generation {generation} in {event.td}")
    for cpu in {e.cpu for e in woken}:
        here = [e for e in woken if e.cpu == cpu]
        scene.order(here, sorted(map(str, here)), "the thread that has waited longest first")
    scene.must(len(woken) == len(names), f"{' '.join(names)} woken",
               " ".join(e.td for e in woken) or "none")


def split_at_signals(scene):
    """The events before the first signal, and those from each signal to the next."""
    parts = [[]]
    for event in scene.events:
        if event.what == "signal":
            parts.append([])
        parts[-1].append(event)
    return parts


def judge_order(scene):
    """The first signal wakes the first waiters, in order, the second the others, and none is left."""
    n, first = scene.params["waiters"], scene.params["first"]
    names = [f"W{i}" for i in range(n)]
    must_sleep(scene)
    parts = split_at_signals(scene)
    scene.must(len(parts) == 3, "two signals", f"{len(parts) - 1}")
    must_wake(scene, parts[0], [], 0)
    must_wake(scene, parts[1], names[:first], 1)
    must_wake(scene, parts[2], names[first:], 2)
    must_count(scene, [n, n - first, 0])


def judge_stray(scene):
    """No waiter returns because it is scheduled, all keep their places, and each signal wakes the next."""
    n = scene.params["waiters"]
    parts = split_at_signals(scene)
    must_wake(scene, parts[0], [], 0)
    must_sleep(scene)
    scene.must(len(parts) == n + 1, f"{n} signals", f"{len(parts) - 1}")
    for i, part in enumerate(parts[1:]):
        must_wake(scene, part, [f"W{i}"], i + 1)
    must_count(scene, [n, n, 0])


def judge_race(scene):
    """At no time have more waiters woken than signals were sent; in the end all have, once each."""
    n = scene.params["waiters"]
    signals, woken = 0, []
    for event in scene.events:
        signals += event.what == "signal"
        if event.what == "woken":
            woken.append(event.td)
            scene.must(len(woken) <= signals, f"at most {signals} woken after {signals} signals",
                       f"{len(woken)}: {event.td} too", event)
    scene.must(sorted(woken) == [f"W{i}" for i in range(n)], "every waiter woken once",
               " ".join(woken) or "none")
    must_count(scene, [n, 0])


def declare():
    """Declare the tests of this part."""
    test("t50_early", "a signal before the wait is not lost", 15, "waittest t50", draw_early,
         judge_early, covers="T50",
         hint="lwkt_signal must raise wa_gen, and lwkt_block must compare it after it has the token")
    test("t50_race", "a signal at any moment of lwkt_block is noticed", 15, "waittest t50race",
         draw_signal_race, judge_signal_race, covers="T50",
         hint="the generation may change until the token is held, so compare it after that")
    test("t51_order", "signals wake the thread that has waited longest first", 15, "waittest t51",
         draw_order, judge_order, covers="T51",
         hint="join at the tail, take from the head; count < 0 means all")
    test("t52_stray", "a waiter that is scheduled without cause keeps waiting", 15, "waittest t52",
         draw_stray, judge_stray, covers="T52",
         hint="the loop in lwkt_block must test what the signal changes, and must not touch the queue")
    test("t52_race", "signals and wakeups without cause at the same time", 15, "waittest t52race",
         draw_race, judge_race, covers="T52",
         hint="no signal may come between the test and the switch")
