# SPDX-License-Identifier: BSD-3-Clause
"""Lab 6: the MP lock. The scenes are in user/mptest.c."""

from grading.engine import test
from grading.labs.token import draw_pair, two_cpus


def draw_priorities(rng):
    """Q has a higher priority than R, and is on its run queue or off it."""
    params, options = draw_pair(rng)
    return {**params, "high": rng.randint(14, 25), "low": rng.randint(6, 13), "off": rng.cycle(0, 1, 0)}, options


def draw_depth(rng):
    """The depth is how often A has taken the lock."""
    params, options = draw_pair(rng)
    return {**params, "depth": rng.cycle(1, 2, rng.randint(3, 4))}, options


def draw_busy(rng):
    """Two cpus, neither of which is that of the process that plays the scene."""
    cpus = rng.randint(3, 4)
    one, other = rng.cpus(range(1, cpus), 2)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "pause": rng.randint(100, 300)}, {
        "CPUS": cpus, "IPI": rng.ipi()}


def draw_preemption(rng):
    """The lock is needed by the preempted thread, by the preempting one, or by both."""
    one, other, options = two_cpus(rng)
    want, own = rng.cycle((1, 0), (0, 1), (1, 1))
    return {"from": one, "to": other, "pri": rng.randint(8, 25), "high": rng.randint(26, 31),
            "want": want, "own": own}, options


def draw_wanted(rng):
    """The preempted thread is just waiting for the lock."""
    params, options = draw_preemption(rng)
    return {**params, "want": 1, "own": rng.cycle(0, 1)}, options


def draw_count(rng):
    """Up to four cpus."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "rounds": rng.randint(100, 200)}, {"CPUS": cpus}


def states(scene, td):
    """[(td_mpcount, whether the cpu has the lock, event)], for each time that this thread logged it."""
    events = scene.of("mpcount", "mpheld", td=td)
    return [(one.val, two.val, one) for one, two in zip(events[::2], events[1::2])]


def must_be(scene, td, expected, meaning):
    """The states that this thread logged are the expected ones."""
    seen = states(scene, td)
    for (count, held), (seen_count, seen_held, event) in zip(expected, seen):
        scene.must((seen_count, seen_held) == (count, held),
                   f"{meaning}: td_mpcount {count}, lock {'' if held else 'not '}held",
                   f"{seen_count}, {'' if seen_held else 'not '}held", event)
    scene.must_have(seen, len(expected), f"{len(expected)} readings by {td}")


def judge_long(scene):
    """R runs while Q waits; then Q has the lock, and in the end no longer has it."""
    scene.order(scene.of("log"), ["Q:1", "R:1", "P:1", "Q:2"],
                "Q waits for the lock, R, which does not need it, runs meanwhile, P releases it, Q has it")
    must_be(scene, "R", [(1, 0)], "while Q waits, Q's count and R's cpu")
    must_be(scene, "Q", [(1, 1), (0, 0)], "with the lock, and after releasing it")
    contended = scene.of("mpcontend", td="R")[0]
    scene.must(contended.val > 0, "mplock_contention counted while Q waited", str(contended.val),
               contended)


def judge_try(scene):
    """try_mplock fails at once as long as P has taken the lock more often than released it."""
    scene.order(scene.of("try"), [f"Q:try={n}" for n in (0, 0, 1, 1)], "Q fails while P has the lock")
    must_be(scene, "P", [(2, 1), (1, 1), (0, 0)], "with the lock twice, once, and after the last release")
    must_be(scene, "Q", [(0, 0), (0, 0), (1, 1), (2, 1), (1, 1), (0, 0)],
            "after each try, and after each release")


def judge_sleeper(scene):
    """A, which sleeps, does not keep B out. When A runs again, it has the lock as often as before."""
    depth = scene.params["depth"]
    scene.order(scene.of("log", "try", "value"), ["B:1", "B:try=1", "B:2", "A:value=2"],
                "A sleeps with the lock, B gets it, wakes A and finishes, A runs again")
    must_be(scene, "A", [(depth, 1), (depth, 1), (0, 0)], "before the sleep, after it, at the end")


def judge_token(scene):
    """A and B both have the token and the lock, one after the other."""
    for td in ("A", "B"):
        must_be(scene, td, [(1, 1)], "with the token")
        have = scene.of("have", td=td)[0]
        scene.must(have.val == 1, f"{td} to have the token", str(have.val), have)


def judge_preemption(scene):
    """The preemption is counted as a miss and asks for a reschedule, and all counts are as before."""
    want, own = scene.params["want"], scene.params["own"]
    scene.order(scene.of("log", "asked"), ["A:1", "A:asked=1", "I:1", "A:2"],
                "I does not preempt A while P has the lock, but asks for a reschedule, and runs when P has "
                "released the lock and A yields")
    before, after = scene.of("missed")
    scene.must(after.val == before.val + 1, "preempt_miss counted once", str(after.val - before.val),
               after)
    before, after = scene.of("preempted")
    scene.must(after.val == before.val, "preempt_hit not counted, because I does not run",
               f"{after.val - before.val} more", after)
    must_be(scene, "A", [(own, 0), (want, 0)], "after the miss, first of I and then of A")
    must_be(scene, "I", [(own, own)], "when I runs")


def judge_count(scene):
    """Every thread sees the exact sum."""
    expected = scene.params["cpus"] * scene.params["rounds"]
    for event in scene.of("value"):
        scene.must_equal(event, expected, f"{expected} counts under the lock, none lost")
    scene.must(len(scene.of("value")) == scene.params["cpus"],
               f"{scene.params['cpus']} threads that end", str(len(scene.of("value"))))


def declare():
    """Declare the tests of this part."""
    test("t44_long", "a thread that needs the lock waits, others run", 8, "mptest t44", draw_priorities,
         judge_long, covers="T44", hint="lwkt_switch gives up if the best thread lacks the lock, or does "
         "not release it for a thread that does not need it")
    test("t44_try", "trying for the lock", 6, "mptest t44try", draw_pair, judge_try, covers="T44",
         hint="try_mplock takes its count back when it fails; rel_mplock frees the lock at the last release")
    test("t45_sleeper", "a sleeper does not keep the lock", 10, "mptest t45", draw_depth, judge_sleeper,
         covers="T45", hint="the lock follows the next thread's td_mpcount at every switch")
    test("t45_token", "a thread that waits for a token does not keep the lock", 5, "mptest t45token",
         draw_busy, judge_token, covers="T45", hint="the lock is taken before the thread has its tokens, or "
         "a thread waits for a token without a switch")
    test("t46_miss", "a thread that cannot get the lock does not preempt", 8, "mptest t46",
         draw_preemption, judge_preemption, covers="T46",
         hint="lwkt_preempt must give up if it cannot take the lock that the interrupt thread needs")
    test("t46_undo", "a preemption that fails does not change the counts", 8, "mptest t46", draw_wanted,
         judge_preemption, covers="T46", hint="the count that the interrupt thread inherits must be undone")
    test("mp_count", "a count under the lock loses nothing", 5, "mptest count", draw_count, judge_count,
         covers="T44", hint="two cpus have the lock at the same time")
