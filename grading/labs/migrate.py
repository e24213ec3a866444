"""Lab 8: threads that change cpus. The scenes are those of user/migratetest.c."""

from grading.engine import test
from grading.labs.token import two_cpus

STALLS = {"setcpu": (0, 5, 20), "running": (0, 3, 10)}  # microseconds, in the middle of a migration


def stalls(rng):
    """Stalls at the named points, or none."""
    return {name: rng.choice(values) for name, values in STALLS.items()}


def draw_roam(rng):
    """Some threads, round or at random."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "threads": rng.randint(1, 3), "random": rng.randint(0, 1),
            "hops": rng.randint(200, 400), "seed": rng.randint(1, 10 ** 6), **stalls(rng)}, {
        "CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_swap(rng):
    """Two cpus, all stalls on."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "rounds": rng.randint(100, 300), "setcpu": rng.randint(3, 20),
            "running": rng.randint(1, 10)}, options


def draw_storm(rng):
    """As many who wake as there are cpus."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "hops": rng.randint(150, 300), "rounds": rng.randint(150, 300),
            "pause": rng.randint(1, 8), "seed": rng.randint(1, 10 ** 6), **stalls(rng)}, {"CPUS": cpus}


def draw_leaving(rng):
    """A stall that makes it last."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "running": rng.randint(30, 150)}, options


def draw_preempted(rng):
    """A pause in which A's requests come."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "high": rng.randint(26, 31),
            "pause": rng.randint(100, 300)}, options


def draw_sleeper(rng):
    """Time to fall asleep."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "pause": rng.randint(300, 600)}, options


def must_be_zero(scene, what, meaning):
    """Each event of a kind says 0."""
    for event in scene.of(what):
        scene.must(event.val == 0, f"{event.td}: no {meaning}", str(event.val), event)


def must_have_roamed(scene, threads):
    """As many hops as were asked for, and nothing wrong at any of them."""
    hops = scene.params["hops"]
    must_be_zero(scene, "damaged", "register or stack word that a hop changed")
    must_be_zero(scene, "astray", "place that is not the thread's: after a hop it runs on the cpu that "
                 "it asked for, is that cpu's gd_curthread, and is on that cpu's list only")
    must_be_zero(scene, "left", "work left noted when lwkt_setcpu_self returns")
    must_be_zero(scene, "double", "time that it runs on two cpus")
    for event in scene.of("listed"):
        scene.must(event.val == 1, f"{event.td} once on its own cpu's list of threads (gd_tdallq)",
                   f"{event.val} times", event)
    done = scene.of("hops")
    for event in done:
        scene.must(event.val == hops, f"{hops} hops of {event.td}", str(event.val), event)
    scene.must(len(done) == threads, f"{threads} threads that arrive", str(len(done)))


def judge_roam(scene):
    """All of it."""
    must_have_roamed(scene, scene.params["threads"])


def judge_swap(scene):
    """Both come to an end, where they began."""
    for name, cpu in (("A", scene.params["from"]), ("B", scene.params["to"])):
        seen = scene.of("log", td=name)
        scene.order(seen, [f"{name}:1", f"{name}:2"], f"{name} begins and ends")
        for event in seen:
            scene.must(event.cpu == cpu, f"{name} begins and ends on cpu {cpu}", f"cpu {event.cpu}",
                       event)


def judge_storm(scene):
    """Wakeups change nothing."""
    must_have_roamed(scene, 1)
    scene.order(scene.of("log"), ["A:1", "A:2"], "A begins and ends")


def must_be_off(scene):
    """lwkt_acquire returned with the thread at rest."""
    event = scene.of("oncpu")[0]
    scene.must(event.val == 0, "lwkt_acquire to return when S is neither running nor preempted",
               f"td_flags {event.val:#x} (RUNNING 1, PREEMPT_LOCK 4)", event)
    must_be_zero(scene, "double", "time that it runs on two cpus")


def judge_leaving(scene):
    """S off its stack, then on the new cpu."""
    scene.order(scene.of("log"), ["S:1", "A:1", "S:2"], "A has acquired S (A:1), then S runs")
    must_be_off(scene)
    ran = scene.of("log", td="S")[1]
    scene.must(ran.cpu == scene.params["to"], f"S on cpu {scene.params['to']}", f"cpu {ran.cpu}", ran)


def judge_preempted(scene):
    """Not while S is preempted; A takes messages while it waits."""
    scene.order(scene.of("log"), ["S:1", "I:1", "A:1", "ipi:7", "I:2", "S:2", "A:2", "S:3"],
                "A waits for S, which I has preempted, takes a message meanwhile (ipi:7), and has S "
                "(A:2) when I and then S are done")
    must_be_off(scene)
    ran = scene.of("log", td="S")[2]
    scene.must(ran.cpu == scene.params["to"], f"S on cpu {scene.params['to']}", f"cpu {ran.cpu}", ran)


def judge_sleeper(panic):
    """An assertion, where the sleeper is."""
    panic.must_say("is acquired while it is a sleeper", panic.params["from"])


def declare():
    """This lab's tests."""
    test("t53_roam", "round the cpus, with everything that a call keeps", 15, "migratetest t53",
         draw_roam, judge_roam, covers="T53",
         hint="the message leaves before the thread is off its stack, or a globaldata is used that "
              "was read before the switch")
    test("t54_swap", "two threads change places", 10, "migratetest t54", draw_swap, judge_swap,
         covers="T54", hint="the new cpu waits inside the message")
    test("t55_storm", "woken all the time while it moves", 15, "migratetest t55", draw_storm,
         judge_storm, covers="T55",
         hint="TDF_MIGRATING is cleared too early, or read too late (lwkt_schedule)")
    test("t56_leaving", "acquired while it goes to sleep", 10, "migratetest t56", draw_leaving,
         judge_leaving, covers="T56", hint="TDF_RUNNING")
    test("t56_preempted", "acquired while it is preempted", 10, "migratetest t56preempt", draw_preempted,
         judge_preempted, timely=True, covers="T56",
         hint="TDF_PREEMPT_LOCK: off the cpu, but its stack is in use; and who waits serves messages")
    test("acquire_sleeper", "no thread is acquired out of tsleep", 5, "migratetest sleeper", draw_sleeper,
         judge_sleeper, covers="T56", panics=True, hint="the assertion about TDF_TSLEEPQ in acquire_remote")
