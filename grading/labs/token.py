"""Lab 6: tokens. The scenes are those of user/tokentest.c. A and B are on different cpus, I is an interrupt
thread of A's cpu."""

from grading.engine import test

MILLISECOND = 10_000    # ticks of the time CSR on QEMU's virt machine


def two_cpus(rng, least=2, most=4):
    """(one cpu, another, options)."""
    cpus = rng.randint(least, most)
    one, other = rng.sample(range(cpus), 2)
    return one, other, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_count(rng):
    """Up to four cpus, interrupts a few dozen to a few hundred instructions apart."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "rounds": rng.randint(800, 1200), "us": rng.randint(7, 15),
            "ticks": rng.randint(600, 800), "seed": rng.randint(1, 10 ** 6)}, {"CPUS": cpus}


def draw_pair(rng):
    """Any two cpus, any priority."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "pause": rng.randint(100, 300)}, options


def draw_recursive(rng):
    """How often A takes the token, and in which order it lets go."""
    params, options = draw_pair(rng)
    return {**params, "depth": rng.randint(2, 6), "first": rng.randint(0, 1)}, options


def draw_one(rng):
    """Everything on one cpu, any one."""
    cpus = rng.randint(1, 4)
    return {"cpu": rng.randrange(cpus), "pri": rng.randint(8, 25), "high": rng.randint(26, 31)}, {
        "CPUS": cpus}


def draw_preempted(rng):
    """A pair, and the interrupt thread's priority."""
    params, options = draw_pair(rng)
    return {**params, "high": rng.randint(26, 31)}, options


def draw_several(rng):
    """Cpus and tokens: more of one or of the other."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "tokens": rng.randint(2, 4), "rounds": rng.randint(50, 100)}, {"CPUS": cpus}


def draw_yielding(rng):
    """They let go of all tokens together, and each needs all of them to run on."""
    params, options = draw_several(rng)
    return {**params, "yield": 1}, options


def draw_crowd(rng):
    """Eight cpus."""
    return {"cpus": 8, "tokens": rng.randint(2, 6), "rounds": rng.randint(15, 30)}, {"CPUS": 8}


def draw_better(rng):
    """H is better than L."""
    params, options = draw_pair(rng)
    return {**params, "pri": rng.randint(6, 10), "high": rng.randint(14, 25)}, options


def words(scene):
    """The steps of a scene: what its threads said of themselves."""
    return scene.of("log", "have", "value", "try", "asked")


def judge_count(scene):
    """The sum is exact."""
    expected = scene.params["cpus"] * scene.params["rounds"]
    seen = scene.of("value")[0]
    scene.must(seen.val == expected, f"{expected} counts under the token, none lost", str(seen.val), seen)


def judge_sleep(scene):
    """B is not kept out by a sleeper, and A not let in before B has finished."""
    scene.order(words(scene), ["A:1", "B:1", "B:2", "A:have=1", "A:value=2", "A:2"],
                "A sleeps with the token, B takes it, wakes A and finishes, A has it again and sees "
                "the change")


def judge_recursive(scene):
    """B gets the token at the last release, and then at once."""
    depth = scene.params["depth"]
    scene.order(words(scene), [f"A:{i}" for i in range(1, depth + 1)] + ["B:0", f"A:{depth + 1}"],
                f"A lets go {depth} times before B (B:0) has the token, which is then at once")


def judge_preempted(scene):
    """I goes back to A, and runs on when A has let go."""
    scene.order(words(scene), ["A:1", "I:1", "A:2", "A:3", "I:2", "I:value=2", "A:4"],
                "I preempts A, wants A's token, lets A go on, and gets it when A is done")


def judge_preempted_other(scene):
    """A preempted holder is a holder."""
    scene.order(words(scene), ["A:1", "I:1", "I:2", "A:2", "B:1", "A:3"],
                "B gets the token when A, preempted by I with it, has let go, and then at once")


def judge_crosswise(scene):
    """A goes on at once, and everybody has what it wants in the end."""
    events = words(scene)
    scene.order(events[:3], ["A:1", "I:1", "A:2"], "I preempts A, lacks B's token, and lets A go on")
    rest = sorted(str(e) for e in events[3:])
    scene.must(rest == ["A:3", "B:1", "I:2"], "A at its end, and I and B with their tokens",
               " ".join(rest) or "none of them")


def judge_try(scene):
    """No, and at once; yes when it is free."""
    scene.order(words(scene), ["A:1", "I:try=0", "I:1", "A:2", "I:try=1", "I:have=1", "A:3"],
                "trytoken fails while A, which was preempted, has the token, and not afterwards")


def judge_several(scene):
    """All sums are exact, and everybody came to an end."""
    expected = scene.params["cpus"] * scene.params["rounds"]
    seen = scene.of("value")
    ends = {event.td for event in scene.of("end")}
    scene.must(len(ends) == scene.params["cpus"], f"{scene.params['cpus']} threads that end",
               f"only {' '.join(sorted(ends)) or 'none'} did")
    for event in seen:
        scene.must(event.val == expected, f"{expected} counts under each token, none lost",
                   str(event.val), event)
    scene.must(len(seen) == scene.params["tokens"], f"{scene.params['tokens']} sums", str(len(seen)))


def judge_asked_for(scene):
    """The memory of a reference is the caller's own again."""
    damaged = scene.of("damaged", td="T")[0]
    scene.must(damaged.val == 0,
               "lwkt_reltoken to return when no other cpu has the reference's address any more",
               f"{damaged.val} words of the memory written to afterwards", damaged)


def judge_body(panic):
    """An assertion, there."""
    panic.must_say("gettoken in an interrupt or IPI body", panic.params["to"])


def judge_better(scene):
    """The token's arrival asks for a reschedule."""
    scene.order(words(scene), ["B:1", "L:1", "B:2", "L:asked=1", "H:1", "H:have=1", "L:2"],
                "L runs while H waits for B's token; its arrival asks L to reschedule (asked=1); H runs")
    given, ran = scene.of("log", td="B")[1], scene.of("log", td="H")[0]
    scene.must(ran.time - given.time < MILLISECOND, "H within 1 ms of B's release",
               f"{(ran.time - given.time) / MILLISECOND:.2f} ms", ran)


def declare():
    """This lab's tests."""
    test("t35_count", "a count under a token loses nothing", 10, "tokentest t35", draw_count,
         judge_count, covers="T35",
         hint="t_cpu is read before the reference is on td_toks, or a token is given away that a "
              "running thread has")
    test("t36_sleep", "a sleeper lets go, and has the token again when it runs", 15, "tokentest t36",
         draw_pair, judge_sleep, timely=True, covers="T36",
         hint="a token stays with a sleeper, or the switch doesn't look at td_toks (lwkt_chktokens)")
    test("t37_recursive", "only the last release gives the token away", 10, "tokentest t37",
         draw_recursive, judge_recursive, timely=True, covers="T37",
         hint="a release doesn't look for other references of the thread to the same token, or leaves "
              "who waits to the next switch")
    test("t38_preempted", "who preempts the holder waits for it", 10, "tokentest t38", draw_one,
         judge_preempted, covers="T38", hint="held_below() in lwkt_gettoken")
    test("t38_other", "a preempted holder keeps the token", 10, "tokentest t38other", draw_preempted,
         judge_preempted_other, timely=True, covers="T38", hint="held_below() in reqtoken_remote")
    test("t38_cross", "who preempts lets the holder below go on, whatever it waits for", 10,
         "tokentest t38cross", draw_preempted, judge_crosswise, covers="T38",
         hint="lwkt_gettoken_slow waits without a switch, so that the thread below can't let go")
    test("t39_try", "trytoken never waits", 5, "tokentest t39", draw_one, judge_try, covers="T39",
         hint="held_below() in lwkt_trytoken")
    test("t40_several", "several tokens in any order", 15, "tokentest t40", draw_several,
         judge_several, covers="T40",
         hint="a thread that waits keeps what others need: kept_for_waiter()")
    test("t40_crowd", "the same on eight cpus", 5, "tokentest t40", draw_crowd, judge_several,
         covers="T40", hint="who goes first when each of two cpus wants what the other has?")
    test("t40_yield", "several tokens let go of together and had again together", 10, "tokentest t40",
         draw_yielding, judge_several, covers="T40",
         hint="a waiter's token is given away to a younger one while it waits for another: "
              "tickets, and kept_for_waiter()")
    test("t41_reference", "a released reference is the caller's own", 10, "tokentest t41", draw_preempted,
         judge_asked_for, covers="T41",
         hint="lwkt_reltoken returns while the reference is TR_REQUESTED")
    test("t42_body", "no token in a message's body", 5, "tokentest t42", draw_pair, judge_body,
         covers="T42", panics=True, hint="the assertion in lwkt_gettoken")
    test("t43_better", "the arrival of a token is noticed", 10, "tokentest t43", draw_better,
         judge_better, timely=True, covers="T43", hint="answer(), and who is told then")
