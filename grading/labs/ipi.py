"""Lab 4: IPI messages. The scenes are those of user/ipitest.c."""

from grading.engine import test

MILLISECOND = 10_000  # ticks of the time CSR on QEMU's virt machine


def machine(rng):
    """Two to four cpus, either way to interrupt; (source, target, options). The target is not cpu 0,
    whose idle loop never halts in the deterministic mode."""
    cpus = rng.randint(2, 4)
    target = rng.randrange(1, cpus)
    source = rng.choice([cpu for cpu in range(cpus) if cpu != target])
    return source, target, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_wake(rng):
    """A pause long enough for the target to fall asleep."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(300, 3000)}, options


def draw_create(rng):
    """A hundred threads, more or less."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "count": rng.randint(50, 200)}, options


def draw_order(rng):
    """Many times the ring, from indices that are about to wrap: as signed numbers, as unsigned ones,
    or not at all."""
    source, target, options = machine(rng)
    start = rng.choice((0, 1 << 31, 1 << 32)) - rng.randint(20, 2000)
    options["APPEND"] = f"ktest=1 ipiq_start={max(start, 0)}"
    return {"from": source, "to": target, "count": rng.randint(5000, 10000)}, options


def draw_self(rng):
    """On any cpu."""
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "rounds": rng.randint(1, 5)}, {"CPUS": cpus}


def judge_wake(scene):
    """The idle cpu slept, was woken by the message, and not by its next tick."""
    scene.order(scene.of("log"), ["A:1", "B:1", "A:2"], "A schedules B, B runs, A sees it")
    sent, ran = scene.of("log", td="A")[0], scene.of("log", td="B")[0]
    scene.must(ran.cpu == scene.params["to"], f"B on cpu {scene.params['to']}", f"cpu {ran.cpu}", ran)
    scene.must(ran.time - sent.time < MILLISECOND, "B within 1 ms of being scheduled",
               f"{(ran.time - sent.time) / MILLISECOND:.2f} ms", ran)
    before, after = (event.val for event in scene.of("idle_waits"))
    scene.must(after > before, "the target's idle thread waited in wfi meanwhile",
               f"{after - before} waits")


def judge_create(scene):
    """Each thread ran once, there."""
    made = scene.of("log", td="created")
    for event in made:
        scene.must(event.cpu == scene.params["to"], f"every thread on cpu {scene.params['to']}",
                   f"one on cpu {event.cpu}", event)
    scene.must(len(made) == scene.params["count"], f"{scene.params['count']} threads that ran",
               str(len(made)), made[-1] if made else None)


def judge_order(scene):
    """Strictly increasing: the model is range()."""
    bodies = scene.of("ipi")
    for expected, event in enumerate(bodies):
        scene.must(event.val == expected, f"message {expected} next: in order, each once",
                   f"message {event.val}", event)
        scene.must(event.cpu == scene.params["to"], f"on cpu {scene.params['to']}",
                   f"on cpu {event.cpu}", event)
    scene.must(len(bodies) == scene.params["count"], f"{scene.params['count']} messages",
               str(len(bodies)), bodies[-1] if bodies else None)


def judge_self(scene):
    """The body ran before the send returned, on the same cpu, and the result is 0."""
    scene.order(scene.of("log", "sent"),
                ["A:1", "ipi:2", "A:sent=0", "A:3"] * scene.params["rounds"],
                "the body (ipi:2) inside the send, whose result is 0")
    for event in scene.of("log"):
        scene.must(event.cpu == scene.params["cpu"], f"all on cpu {scene.params['cpu']}",
                   f"cpu {event.cpu}", event)


def declare():
    """This lab's tests."""
    test("t21_wake", "an idle cpu runs at once what another schedules", 15, "ipitest t21", draw_wake,
         judge_wake, covers="T21", hint="the target isn't told, or its idle thread looks and then "
         "sleeps with interrupts on in between")
    test("t25_create", "threads created for a cpu run there", 10, "ipitest t25", draw_create,
         judge_create, covers="T25", hint="the thread's cpu is not the one that its lists are on")
    test("t27_order", "messages arrive in order, each once", 15, "ipitest t27", draw_order,
         judge_order, covers="T27", hint="an index published before its slot is written or copied")
    test("t33_self", "a message to oneself is a call", 10, "ipitest t33", draw_self, judge_self,
         covers="T33", hint="the own cpu's ring is read only at the end of the critical section")
