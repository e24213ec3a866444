# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: the life of threads. The scenes are in user/lifetest.c."""

from grading.engine import test

KEPT = 50   # the most exited threads that a cpu may keep, whatever CACHE_NTHREADS is


def draw_here(rng):
    """Threads are created and run on the same cpu."""
    cpus = rng.randint(1, 4)
    cpu = rng.randrange(cpus)
    return {"from": cpu, "to": cpu, "count": rng.randint(300, 600)}, {"CPUS": cpus}


def draw_there(rng):
    """Threads are created on one cpu and run on another."""
    cpus = rng.randint(2, 4)
    one, other = rng.cpus(range(cpus), 2)
    return {"from": one, "to": other, "count": rng.randint(300, 600)}, {"CPUS": cpus}


def draw_stalled(rng):
    """Several cpus create threads for one cpu."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "to": rng.randrange(cpus), "count": rng.randint(50, 100),
            "running": rng.randint(3, 20)}, {"CPUS": cpus}


def draw_template(rng):
    """A stack of the maker's, smaller or larger than a kernel thread's."""
    params, options = draw_there(rng) if rng.randint(0, 1) else draw_here(rng)
    del params["count"]
    return {**params, "size": rng.choice((6144, 12288))}, options


def draw_unborn(rng):
    """More than the cache keeps."""
    params, options = draw_there(rng) if rng.randint(0, 1) else draw_here(rng)
    return {**params, "count": rng.randint(8, 20)}, options


def draw_held(rng):
    """Any cpu."""
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "pri": rng.randint(7, 12), "count": rng.randint(8, 30)}, {
        "CPUS": cpus}


def draw_wait(rng):
    """Three cpus, and a pause of some ticks."""
    one, other, there = rng.cpus(range(4), 3)
    return {"from": one, "to": other, "there": there, "pause": rng.randint(12000, 40000)}, {
        "CPUS": 4, "SHIFT": 6}


def must_have_lived(scene, count):
    """Every thread started clean, ran once, and had its stack to itself."""
    for what, meaning in (
            ("nomem", "failure to create a thread"),
            ("dirty", "thread that starts with values from its former use (flags, sections, tokens, "
                      "priority, td_mpcount, stack size)"),
            ("damaged", "word of a thread's stack that others wrote to")):
        for event in scene.of(what):
            scene.must_equal(event, 0, f"no {meaning}")
    for event in scene.of("ran"):
        scene.must_equal(event, count, f"{count} threads to run, each once")


def judge_churn(scene):
    """Many threads live in little memory."""
    count = scene.params["count"]
    must_have_lived(scene, count)
    scene.must_have(scene.of("ran"), 1, "one thread that creates others")
    # CACHE_NTHREADS, and the thread that exited last.
    kept = min(scene.of("keeps")[0].val, KEPT) + 1
    for event in scene.of("cached"):
        scene.must(event.val <= kept, f"at most {kept} exited threads kept by a cpu", str(event.val),
                   event)
    fresh = scene.of("fresh")[0]
    # A struct that was created on another cpu goes back to it by a message: the longer the rings, the more
    # structs are on their way.
    bound = kept + 1 if scene.params["from"] == scene.params["to"] else 150
    scene.must(fresh.val <= bound, f"structs and stacks reused: at most {bound} different ones",
               str(fresh.val), fresh)


def judge_stalled(scene):
    """Threads that several cpus create live undisturbed."""
    must_have_lived(scene, scene.params["count"])
    creators = scene.params["cpus"]
    scene.must_have(scene.of("ran"), creators, f"{creators} threads that create others")


def judge_held(scene):
    """A thread that is held is not touched; after that its struct and its stack are reused."""
    for event in scene.of("kept"):
        scene.must(event.val == 1, "E's struct and stack to stay untouched while E, which has exited, is "
                   "held", "they were used again", event)
    before, after = scene.of("revived")
    scene.must_equal(before, 0, "no new thread in E's struct while E is held")
    scene.must(after.val > 0, "new threads in E's struct after the last reference is gone", "none", after)
    must_have_lived(scene, scene.params["count"])


def judge_wait(scene):
    """A does not continue before B has released its reference."""
    scene.order(scene.of("log"), ["A:1", "B:1", "A:2"],
                "lwkt_wait_free returns (A:2) after B has released its reference")


def judge_template(scene):
    """The stack is as large as it is, and goes to whoever has brought it."""
    must_have_lived(scene, 1)
    for event, wants in zip(scene.of("size"), scene.of("wants")):
        scene.must_equal(event, wants.val, f"a stack of {wants.val} bytes")
    scene.must(len(scene.of("size")) == 2, "two stacks", str(len(scene.of("size"))))
    scene.must(len(scene.of("stack")) == 2, "two lives", str(len(scene.of("stack"))))
    for event, left in zip(scene.of("stack"), (1, 0)):
        scene.must(event.val == left, "the maker's stack left alone, the allocated one freed",
                   "it still has one" if event.val else "it has none", event)


def judge_unborn(scene):
    """They never run; those that do are new."""
    for event, count in zip(scene.of("ran"), (0, scene.params["count"])):
        scene.must(event.val == count, f"{count} threads that ran", str(event.val), event)
    for event in scene.of("dirty", "damaged", "nomem"):
        scene.must(event.val == 0, "threads that start as new ones do", f"{event.what} {event.val}", event)
    scene.must(len(scene.of("ran")) == 2, "two readings", str(len(scene.of("ran"))))


def declare():
    """Declare the tests of this part."""
    test("t59_here", "many short lives in little memory", 10, "lifetest t59", draw_here, judge_churn,
         covers="T59", hint="the cache has no bound, or lwkt_init_thread leaves a field as it was")
    test("t59_there", "the same for threads created for another cpu", 5, "lifetest t59", draw_there,
         judge_churn, covers="T59", hint="a thread must be freed on its own cpu")
    test("template", "a thread in memory of its creator's", 5, "lifetest template", draw_template,
         judge_template, covers="T59", hint="lwkt_alloc_thread records a size that the stack does not have, or "
         "lwkt_free_thread forgets a stack that it allocated")
    test("unborn", "threads that are given up before they run", 5, "lifetest unborn", draw_unborn,
         judge_unborn, covers="T59", hint="a thread that never ran is still on gd_tdallq when it is freed")
    test("t60_stalled", "no thread gets a stack that is still in use", 15, "lifetest t60", draw_stalled,
         judge_stalled, covers="T60", hint="an exiting thread must be freed by the thread that runs next")
    test("t61_held", "a reference keeps a thread that has exited", 10, "lifetest t61", draw_held,
         judge_held, covers="T61", hint="td_refs, and who frees the thread when the last reference goes")
    test("t61_wait_free", "waiting for the last reference", 5, "lifetest t61wait", draw_wait, judge_wait,
         covers="T61", hint="lwkt_wait_free must look again after each tick")
