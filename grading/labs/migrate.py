# SPDX-License-Identifier: BSD-3-Clause
"""Lab 8: threads that move to other cpus. The scenes are in user/migratetest.c."""

from grading.engine import test
from grading.labs.token import two_cpus

STALLS = {"setcpu": (0, 5, 20), "running": (0, 3, 10)}  # microseconds; points inside a migration


def stalls(rng):
    """A stall, which may be 0, for each of these points."""
    return {name: rng.choice(values) for name, values in STALLS.items()}


def draw_roam(rng):
    """One to three threads, which go round the cpus or move at random; two cpus at least."""
    cpus = rng.cycle(2, 3, 4)
    return {"cpus": cpus, "threads": rng.cycle(3, rng.randint(1, 3)), "random": rng.cycle(0, 1),
            "hops": rng.randint(200, 400), "seed": rng.randint(1, 10 ** 6), **stalls(rng)}, {
        "CPUS": cpus, "IPI": rng.ipi()}


def draw_three(rng):
    """Three different cpus."""
    cpus = rng.randint(3, 5)
    to, source, third = rng.cpus(range(cpus), 3)
    return {"from": source, "to": to, "third": third, "pause": rng.randint(100, 300)}, {"CPUS": cpus}


def draw_space(rng):
    """Two cpus."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other}, options


def draw_swap(rng):
    """Two cpus, with both stalls."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "rounds": rng.randint(100, 300), "setcpu": rng.randint(3, 20),
            "running": rng.randint(1, 10)}, options


def draw_storm(rng):
    """A waker on each cpu."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "hops": rng.randint(150, 300), "rounds": rng.randint(150, 300),
            "pause": rng.randint(1, 8), "seed": rng.randint(1, 10 ** 6), **stalls(rng)}, {"CPUS": cpus}


def draw_leaving(rng):
    """A stall makes the switch away from the thread last long, or the thread still runs for some time when it
    has left its run queue."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "running": rng.randint(30, 150),
            "open": rng.cycle(0, rng.randint(200, 300))}, options


def draw_preempted(rng):
    """A pause during which A makes its request."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "high": rng.randint(26, 31),
            "pause": rng.randint(100, 300)}, options


def draw_sleeper(rng):
    """Time to fall asleep."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "pause": rng.randint(300, 600)}, options


def must_be_zero(scene, what, meaning):
    """All events of this kind have the value 0."""
    for event in scene.of(what):
        scene.must_equal(event, 0, f"{event.td}: no {meaning}")


def must_have_roamed(scene, threads):
    """All hops were done, and nothing was wrong after any of them."""
    hops = scene.params["hops"]
    must_be_zero(scene, "damaged", "register or stack word that a hop changed")
    must_be_zero(scene, "astray", "hop to a wrong place: after each hop it must run on the cpu that it asked "
                 "for, be gd_curthread there, and be on the list of that cpu only")
    must_be_zero(scene, "left", "pending work when lwkt_setcpu_self returns")
    must_be_zero(scene, "double", "moment at which it runs on two cpus")
    for event in scene.of("listed"):
        scene.must(event.val == 1, f"{event.td} once on the list of threads of its own cpu (gd_tdallq)",
                   f"{event.val} times", event)
    done = scene.of("hops")
    for event in done:
        scene.must_equal(event, hops, f"{hops} hops of {event.td}")
    scene.must_have(done, threads, f"{threads} threads that arrive")


def judge_roam(scene):
    """All threads did all of their hops."""
    must_have_roamed(scene, scene.params["threads"])


def judge_port(scene):
    """Messages reach the thread where it is."""
    seen = scene.of("got", td="S")
    scene.order(seen, ["S:got=100", "S:got=101"], "the messages to S")
    scene.must_be_on(seen[0], scene.params["to"], "S, which has moved,")
    scene.must_be_on(seen[1], scene.params["third"], "S, which was acquired,")
    scene.order(scene.of("replied"), ["C:replied=100", "C:replied=101"], "the replies")


def judge_space(scene):
    """A process's memory is loaded where it runs, and nowhere else."""
    scene.order(scene.of("loaded"), [f"A:loaded={n}" for n in (1, 0, 1, 0)],
                "the process's memory on its cpu, then on the one that it has left, on the new one, and on "
                "that when it has left it too")


def judge_swap(scene):
    """Both threads end on the cpu where they began."""
    for name, cpu in (("A", scene.params["from"]), ("B", scene.params["to"])):
        seen = scene.of("log", td=name)
        scene.order(seen, [f"{name}:1", f"{name}:2"], f"{name} begins and ends")
        for event in seen:
            scene.must_be_on(event, cpu, f"the begin and the end of {name}")


def judge_storm(scene):
    """Wakeups do not disturb the hops."""
    must_have_roamed(scene, 1)
    scene.order(scene.of("log"), ["A:1", "A:2"], "A begins and ends")


def must_be_off(scene):
    """When lwkt_acquire returned, the thread was off its cpu."""
    event = scene.of("oncpu")[0]
    scene.must(event.val == 0, "lwkt_acquire to return when S is neither running nor preempted",
               f"td_flags {event.val:#x} (RUNNING is 1, PREEMPT_LOCK is 4)", event)
    must_be_zero(scene, "double", "moment at which it runs on two cpus")


def judge_leaving(scene):
    """S leaves its stack, then runs on the new cpu."""
    scene.order(scene.of("log"), ["S:1", "A:1", "S:2"], "A has acquired S (A:1), then S runs")
    must_be_off(scene)
    scene.order(scene.of("listed", "astray", td="S"), ["S:listed=1", "S:astray=0"],
                "S once on its cpu's list, and on no other")
    ran = scene.of("log", td="S")[1]
    scene.must_be_on(ran, scene.params["to"], "S")


def judge_preempted(scene):
    """A does not get S while S is preempted, and serves messages while it waits."""
    scene.order(scene.of("log"), ["S:1", "I:1", "A:1", "ipi:7", "I:2", "S:2", "A:2", "S:3"],
                "A waits for S, which I has preempted, serves a message meanwhile (ipi:7), and has S "
                "(A:2) after first I and then S are done")
    must_be_off(scene)
    ran = scene.of("log", td="S")[2]
    scene.must_be_on(ran, scene.params["to"], "S")


def judge_moved(scene):
    """The request follows S, which ends up on A's cpu, and on no other's list."""
    scene.order(scene.of("log"), ["A:1", "S:2"], "A has acquired S (A:1), then S runs")
    must_be_off(scene)
    scene.order(scene.of("listed", "astray", td="S"), ["S:listed=1", "S:astray=0"],
                "S once on its cpu's list, and on no other")
    scene.must_be_on(scene.of("log", td="S")[0], scene.params["to"], "S")


def judge_own(scene):
    """A thread of the own cpu stays where it is."""
    scene.order(scene.of("log"), ["A:1", "A:2", "S:2"], "A has acquired S, then itself; then S runs")
    must_be_off(scene)
    for name in "AS":
        scene.order(scene.of("listed", "astray", td=name), [f"{name}:listed=1", f"{name}:astray=0"],
                    f"{name} once on its cpu's list, and on no other")


def judge_sleeper(panic):
    """An assertion, where the sleeper is."""
    panic.must_say("is acquired while it is a sleeper", panic.params["from"])


def declare():
    """Declare the tests of this part."""
    test("t53_roam", "a thread goes round the cpus and keeps what a call keeps", 12, "migratetest t53",
         draw_roam, judge_roam, covers="T53",
         hint="the message must be sent when the thread is off its stack (lwkt_setcpu_finish), not by "
              "lwkt_setcpu_self, and a globaldata that was read before the switch is not used after it")
    test("t53_port", "a thread's port goes with it", 5, "migratetest t53port", draw_three, judge_port,
         covers="T53", hint="lwkt_setcpu_self and acquire_remote call lwkt_port_move")
    test("t53_space", "a process leaves nothing loaded", 3, "migratetest t53space", draw_space, judge_space,
         covers="T53", hint="lwkt_setcpu_finish calls cpu_thread_leave")
    test("t54_swap", "two threads swap cpus", 8, "migratetest t54", draw_swap, judge_swap,
         covers="T54", hint="lwkt_setcpu_remote must not wait: the new cpu would wait inside the message")
    test("t55_storm", "a thread is woken all the time while it moves", 12, "migratetest t55", draw_storm,
         judge_storm, covers="T55",
         hint="lwkt_setcpu_self sets TDF_MIGRATING after it has left the run queue; lwkt_setcpu_remote "
              "clears it after td_gd is written")
    test("t56_leaving", "a thread is acquired while it goes to sleep", 8, "migratetest t56", draw_leaving,
         judge_leaving, covers="T56", hint="acquire_remote looks at TDF_RUNNING")
    test("t56_preempted", "a thread is acquired while it is preempted", 6, "migratetest t56preempt",
         draw_preempted, judge_preempted, timely=True, covers="T56",
         hint="acquire_remote looks at TDF_PREEMPT_LOCK: the thread is off the cpu, but its stack is in use; "
              "and lwkt_acquire must serve messages while it waits")
    test("t56_moved", "a thread has moved when the request for it comes", 4, "migratetest t56moved",
         draw_three, judge_moved, covers="T56", hint="acquire_remote sends the request on to td_gd")
    test("t56_own", "a thread of the same cpu is acquired", 2, "migratetest t56own", draw_leaving,
         judge_own, covers="T56",
         hint="lwkt_acquire asks nobody for a thread of its own cpu, and does not wait "
         "for itself")
    test("acquire_sleeper", "no thread is acquired out of tsleep", 5, "migratetest sleeper", draw_sleeper,
         judge_sleeper, covers="T56", panics=True, hint="acquire_remote asserts that TDF_TSLEEPQ is not set")
