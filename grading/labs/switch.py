"""Lab 2: run queues, switching, yield. The scenes are those of user/swtest.c."""

from grading.engine import test

NAMES = "ABCDEFGH"


def draw_robin(rng):
    """Any number of threads, any priority but the idle one's."""
    return {"threads": rng.randint(2, 8), "rounds": rng.randint(3, 6), "pri": rng.randint(7, 26)}, {
        "CPUS": 1}


def draw_priorities(rng):
    """Three different priorities, at any distance."""
    low, middle, high = sorted(rng.sample(range(7, 27), 3))
    return {"low": low, "pri": middle, "high": high}, {"CPUS": 1}


def draw_turns(rng):
    """How long A stays descheduled."""
    return {"turns": rng.randint(1, 5), "pri": rng.randint(7, 26)}, {"CPUS": 1}


def draw_times(rng):
    """How often A schedules B, and how many times over."""
    return {"times": rng.randint(2, 9), "rounds": rng.randint(1, 6), "pri": rng.randint(7, 26)}, {
        "CPUS": 1}


def judge_robin(scene):
    """Strict turns: the model is a list that is walked again and again."""
    names = NAMES[:scene.params["threads"]]
    expected = [f"{name}:0" for _ in range(scene.params["rounds"]) for name in names]
    scene.order(scene.of("log"), expected, "turns in the order of the start")
    scene.order(scene.of("end"), [f"{name}:end=0" for name in names], "ends in the same order")


def judge_priorities(scene):
    """B before A goes on; C when both are gone. A was not interrupted by its schedule calls."""
    scene.order(scene.of("log", "end"),
                ["A:1", "A:2", "B:1", "B:2", "B:end=0", "A:3", "A:end=0", "C:1", "C:2", "C:end=0"],
                "A up to its switch, then B (better), then the rest of A, then C (worse)")


def judge_deschedule(scene):
    """A to its switch; B alone for all of its turns; A again once it has been scheduled."""
    turns = scene.params["turns"]
    logs = scene.of("log")
    alone = ["A:1", "A:2", "A:3", "B:1"] + ["B:2"] * turns
    scene.order(logs[:len(alone)], alone, "A until it switches, then B alone")
    # Whether A's turn comes at B's next yield or at its end is the run queue's affair.
    rest = [str(event) for event in logs[len(alone):]]
    scene.must(sorted(rest) == ["A:4", "B:3", "B:4"] and rest.index("B:3") < rest.index("B:4"),
               "A:4 once after B scheduled it, B:3 before B:4", " ".join(rest),
               logs[len(alone)] if len(logs) > len(alone) else None)


def judge_schedule_twice(scene):
    """For each round of A, one of B, however often A scheduled it."""
    rounds = scene.params["rounds"]
    scene.order(scene.of("log"), ["A:1", "B:1"] * rounds + ["A:1"],
                "one run of B for each round of A")
    scene.must(len(scene.of("end", td="B")) == 1, "B to end, once, after the last round",
               f"{len(scene.of('end', td='B'))} ends")


def declare():
    """This lab's tests."""
    test("t1_turns", "threads of one priority take turns", 10, "swtest t1", draw_robin, judge_robin,
         covers="T1", hint="the ring is turned at the wrong end, or not at all")
    test("t2_priorities", "the best priority runs first", 10, "swtest t2", draw_priorities,
         judge_priorities, covers="T2",
         hint="the wrong bit of gd_runqmask, or a bit left behind by an empty queue")
    test("t5_deschedule", "descheduled: runs on, switches away, comes back when scheduled", 10,
         "swtest t5", draw_turns, judge_deschedule, covers="T5",
         hint="a switch that puts the thread back by itself, or a schedule that does not")
    test("t6_schedule_twice", "scheduled several times is queued once", 10, "swtest t6", draw_times,
         judge_schedule_twice, covers="T6", hint="enqueueing without a look at TDF_RUNQ")
