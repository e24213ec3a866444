# SPDX-License-Identifier: BSD-3-Clause
"""Lab 6: tokens. The scenes are in user/tokentest.c and user/tokenpretest.c. A and B are on different cpus,
and I is an interrupt thread on A's cpu."""

from grading.engine import test


def two_cpus(rng, least=2, most=4):
    """(a cpu, another cpu, options)."""
    cpus = rng.randint(least, most)
    one, other = rng.cpus(range(cpus), 2)
    return one, other, {"CPUS": cpus, "IPI": rng.ipi()}


def draw_count(rng):
    """Up to four cpus, with interrupts that are a few dozen to a few hundred instructions apart."""
    cpus = rng.randint(2, 4)
    return {"cpus": cpus, "rounds": rng.randint(800, 1200), "us": rng.randint(7, 15),
            "ticks": rng.randint(600, 800), "seed": rng.randint(1, 10 ** 6)}, {"CPUS": cpus}


def draw_pair(rng):
    """Any two cpus, any priority."""
    one, other, options = two_cpus(rng)
    return {"from": one, "to": other, "pri": rng.randint(8, 20), "pause": rng.randint(100, 300)}, options


def draw_recursive(rng):
    """How often A takes the token, and in which order it releases it."""
    params, options = draw_pair(rng)
    return {**params, "depth": rng.cycle(2, rng.randint(3, 6)), "first": rng.cycle(0, 1, 1)}, options


def draw_three(rng):
    """Three different cpus; which of two tokens is kept."""
    cpus = rng.randint(3, 5)
    one, other, third = rng.cpus(range(cpus), 3)
    return {"from": one, "to": other, "third": third, "pri": rng.randint(10, 13), "kept": rng.cycle(0, 1),
            "pause": rng.randint(150, 300)}, {"CPUS": cpus}


def draw_full(rng):
    """Two cpus; A has a higher priority than L."""
    params, options = draw_pair(rng)
    return {**params, "pri": rng.randint(10, 14)}, options


def draw_try(rng):
    """Two cpus, and the priorities of a thread and of an interrupt thread."""
    one, other, options = two_cpus(rng)
    return {"cpu": one, "to": other, "pri": rng.randint(8, 25), "high": rng.randint(26, 30)}, options


def draw_one(rng):
    """All threads are on one cpu, which may be any; one interrupt thread on top of A, or two."""
    cpus = rng.cycle(1, 2, rng.randint(3, 4))
    return {"cpu": rng.randrange(cpus), "pri": rng.randint(8, 25), "high": rng.randint(26, 30),
            "chain": rng.cycle(0, 1)}, {"CPUS": cpus}


def draw_preempted(rng):
    """Two cpus, and the priority of the interrupt thread."""
    params, options = draw_pair(rng)
    return {**params, "high": rng.randint(26, 30)}, options


def draw_again(rng):
    """Three cpus; S has a higher priority than T."""
    params, options = draw_three(rng)
    return {**params, "high": rng.randint(14, 25)}, options


def draw_several(rng):
    """More cpus than tokens, as many, or more tokens than cpus."""
    cpus, tokens = rng.cycle((rng.randint(3, 4), 2), (4, 4), (2, 3))
    return {"cpus": cpus, "tokens": tokens, "rounds": rng.randint(80, 100)}, {"CPUS": cpus}


def draw_yielding(rng):
    """The threads release all tokens at once by a yield, and need all of them to continue: four of them all of
    four, so that whoever gives away what it has never gets on."""
    cpus, tokens = rng.cycle((4, 4), (rng.randint(3, 4), 2), (2, 3))
    return {"cpus": cpus, "tokens": tokens, "rounds": rng.randint(70, 100), "yield": 1}, {"CPUS": cpus}


def draw_crowd(rng):
    """Eight cpus."""
    return {"cpus": 8, "tokens": rng.randint(2, 6), "rounds": rng.randint(15, 30)}, {"CPUS": 8}


def draw_better(rng):
    """H has a higher priority than L."""
    params, options = draw_pair(rng)
    return {**params, "pri": rng.randint(6, 10), "high": rng.randint(14, 25)}, options


def words(scene):
    """What the threads of a scene logged about their own progress."""
    return scene.of("log", "have", "value", "try", "asked")


def judge_count(scene):
    """The sum is exact."""
    expected = scene.params["cpus"] * scene.params["rounds"]
    seen = scene.of("value")[0]
    scene.must_equal(seen, expected, f"{expected} counts under the token, none lost")


def judge_sleep(scene):
    """A, which sleeps, does not keep B out, and A does not continue before B has finished."""
    scene.order(words(scene), ["A:1", "B:1", "B:2", "A:have=1", "A:value=2", "A:2"],
                "A sleeps with the token, B takes it, wakes A and finishes, A has it again and sees "
                "the change")


def judge_recursive(scene):
    """B gets the token at the last release, and then at once."""
    depth = scene.params["depth"]
    scene.order(words(scene), ["A:0", "C:0", *(f"A:{i}" for i in range(1, depth + 1)), "B:0", f"A:{depth + 1}"],
                "A releases the other token (A:0), which C gets at once, though B has waited for longer, and then "
                f"its own {depth} times; then B gets that at once (B:0)")


def judge_preempted(scene):
    """I returns to A, and continues when A has released the token."""
    scene.order(words(scene), ["A:1", "I:1", "A:2", "A:3", "I:2", "I:value=2", "A:4"],
                "I preempts A, takes a free token, wants A's, lets A continue, and gets that when A is done")
    cpu = scene.params["cpu"]
    scene.order(scene.of("token_get", "token_wait", "with"),
                ["I:token_get=1", "I:with=0", "I:token_wait=0", f"I:with={cpu}", "I:token_get=0", "I:with=0"],
                "in the trace: I has token 1, waits for token 0, which is this cpu's, and has that")
    before, after = scene.of("tokcontend")
    scene.must(after.val == before.val + 1, "token_contention to count one wait", str(after.val - before.val),
               after)


def judge_preempted_other(scene):
    """A holder keeps its token while it is preempted."""
    scene.order(words(scene), ["A:1", "I:1", "I:2", "A:2", "B:1", "A:3"],
                "I preempts A, which has the token, and J preempts I; B gets the token as soon as A has "
                "released it")


def judge_crosswise(scene):
    """A goes on at once, and in the end every thread has what it wants."""
    events = words(scene)
    scene.order(events[:3], ["A:1", "I:1", "A:2"], "I preempts A, lacks B's token, and lets A go on")
    rest = sorted(str(e) for e in events[3:])
    scene.must(rest == ["A:3", "B:1", "I:2"], "A at its end, and I and B with their tokens",
               " ".join(rest) or "none of them")


def judge_preempted_asks(scene):
    """I's token has been asked for at once, so it is there when A yields."""
    scene.order(words(scene), ["I:1", "A:1", "I:2", "A:2"],
                "I preempts A, lacks the token, and lets A go on; when A yields, the token is there, and I "
                "runs")


def judge_try(scene):
    """trytoken fails at once, and succeeds when the token is free."""
    scene.order(words(scene), ["A:1", "I:try=0", "J:try=0", "I:1", "A:2", "I:try=1", "I:have=1", "A:3",
                               "A:try=0", "A:have=0", "A:try=1"],
                "trytoken fails while A, which I and J have preempted one after the other, has the token, and "
                "succeeds afterwards; it fails while B, on another cpu, has the token, and succeeds if the "
                "caller has it")
    scene.order(scene.of("token_get", "with"), ["A:token_get=1", "A:with=0"],
                "in the trace: A has token 1, by trytoken")


def judge_asked(scene):
    """Every token that T lacks is asked for, so C's cpu has nothing more to do when it has released its."""
    scene.order(scene.of("log", "have"), ["T:have=1", "T:have=1", "C:1"],
                "T to have both tokens as soon as B has released its, although C's cpu, which has released "
                "the other one before, takes no messages (up to C:1)")


def judge_full(scene):
    """The request is sent again when there is room, and other threads run meanwhile."""
    scene.order(scene.of("log", "have"), ["L:1", "B:1", "A:have=1"],
                "L runs while A, whose request finds the ring full, waits; A gets the token after B's "
                "release")


def judge_kept(scene):
    """Requests that come in the middle of a release are not lost."""
    seen = sorted(str(e) for e in scene.of("log"))
    scene.must(seen == ["X:1", "Y:1"], "X and Y to have their tokens (X:1, Y:1)", " ".join(seen) or "neither")


def judge_several(scene):
    """All sums are exact, and all threads ended."""
    expected = scene.params["cpus"] * scene.params["rounds"]
    seen = scene.of("value")
    ends = {event.td for event in scene.of("end")}
    scene.must(len(ends) == scene.params["cpus"], f"{scene.params['cpus']} threads that end",
               f"only {' '.join(sorted(ends)) or 'none'} did")
    for event in seen:
        scene.must_equal(event, expected, f"{expected} counts under each token, none lost")
    scene.must(len(seen) == scene.params["tokens"], f"{scene.params['tokens']} sums", str(len(seen)))


def judge_asked_for(scene):
    """After the release, the memory of the reference belongs to the caller again."""
    damaged = scene.of("damaged", td="T")[0]
    scene.must(damaged.val == 0,
               "lwkt_reltoken to return only when no other cpu has the address of the reference",
               f"{damaged.val} words of the memory were written to afterwards", damaged)


def judge_body(panic):
    """The panic is on the cpu where the message ran."""
    panic.must_say("gettoken in an interrupt or IPI body", panic.params["to"])


def judge_better(scene):
    """The arrival of the token asks for a reschedule."""
    scene.order(words(scene), ["B:1", "L:1", "B:2", "L:asked=1", "H:1", "H:have=1", "L:2"],
                "L runs while H waits for B's token; its arrival asks L to reschedule (asked=1); H runs")
    given, ran = scene.of("log", td="B")[1], scene.of("log", td="H")[0]
    scene.must_be_soon(given, ran, "H to run within 1 ms of B's release")


def judge_gone(scene):
    """The answer that the token is gone comes at once, and asks for a reschedule, so that H asks for it where it
    is now. The oldest goes first there. A kernel that hands tokens over without requests may give it to H at
    once. L may end before H has the token, as H's next request may find it gone once more."""
    seen = [e for e in words(scene) if e.td in "LHD" and str(e) != "L:2"]
    if [e.td for e in seen if e.td in "HD"][:1] == ["H"]:
        scene.order([e for e in seen if e.td in "LH"][:4], ["L:1", "L:asked=1", "H:1", "H:have=1"],
                    "L to be asked to reschedule when the token has come, which H gets before D")
        return
    scene.order(seen, ["L:1", "D:1", "L:asked=1", "D:2", "L:asked=1", "L:asked=1", "H:1", "H:have=1"],
                "L runs while H waits for the token, which goes to D before H's request is served; L is asked to "
                "reschedule at once (asked=1), H asks D's cpu, and L is asked again when D and W have released it")
    scene.order([e for e in scene.of("log") if e.td in "DWH"], ["D:1", "D:2", "W:1", "H:1"],
                "W, which has waited for longer, to have the token before H")


def judge_again(scene):
    """The release waits for an answer, which comes at once, and serves messages meanwhile. Then it answers those
    that have asked before. A kernel without requests has nothing to wait for."""
    seen, later = [], []
    for event in scene.of("log"):
        (later if str(event) in ("D:1", "T:3") else seen).append(event)
    nothing_asked = [str(event) for event in seen[:2]] == ["T:1", "T:2"]
    scene.order(seen, ["T:1", "T:2", "C:1", "C:2"] if nothing_asked else ["T:1", "C:1", "T:2", "C:2"],
                "C to get the token from T's cpu, though T's release has not returned (C:1), and T's release to "
                "return when C's cpu sees that T wants the token no more (T:2), though C keeps it")
    scene.order(later, ["D:1", "T:3"],
                "D, which has asked T's cpu before T's release, to be answered by that, and to have the token as "
                "soon as C has released it, while T runs on")


def declare():
    """Declare the tests of this part."""
    test("t35_count", "a count under a token loses nothing", 10, "tokentest t35", draw_count,
         judge_count, covers="T35",
         hint="t_cpu is read before the reference is on td_toks, or a token that a running thread holds is "
              "given away")
    test("t36_sleep", "a sleeper releases the token, and has it again when it runs", 8, "tokentest t36",
         draw_pair, judge_sleep, timely=True, covers="T36",
         hint="a sleeper keeps its token, or the switch does not check td_toks (lwkt_chktokens)")
    test("t37_recursive", "only the last release gives the token away", 8, "tokentest t37",
         draw_recursive, judge_recursive, timely=True, covers="T37",
         hint="a release must look for other references of the thread to the same token, and must serve "
              "waiters at once, not at the next switch")
    test("t38_preempted", "a thread that preempts the holder waits for it", 8, "tokenpretest t38", draw_one,
         judge_preempted, covers="T38", hint="held_below() in lwkt_gettoken")
    test("t38_other", "a preempted holder keeps the token", 8, "tokenpretest t38other", draw_preempted,
         judge_preempted_other, timely=True, covers="T38", hint="held_below() in reqtoken_remote")
    test("t38_cross", "a preempting thread that waits for a token lets the preempted one go on", 8,
         "tokenpretest t38cross", draw_preempted, judge_crosswise, covers="T38",
         hint="lwkt_gettoken_slow waits without a switch, so the preempted thread cannot release its token")
    test("t38_asked", "a preempting thread asks for its token at once", 4, "tokenpretest t38ask",
         draw_preempted, judge_preempted_asks, covers="T38",
         timely=True, hint="lwkt_gettoken_slow calls lwkt_chktokens before it "
         "lets the thread below run")
    test("t39_try", "trytoken never waits", 6, "tokenpretest t39", draw_try, judge_try, covers="T39",
         hint="held_below() in lwkt_trytoken")
    test("t40_several", "several tokens in any order", 12, "tokentest t40", draw_several,
         judge_several, covers="T40",
         hint="a thread that waits keeps tokens that others need; see kept_for_waiter()")
    test("t40_crowd", "several tokens in any order, on eight cpus", 5, "tokentest t40", draw_crowd,
         judge_several, covers="T40",
         hint="when each of two cpus wants what the other has, the tickets must decide which one goes first")
    test("t40_yield", "several tokens are released together, and taken back together", 8, "tokentest t40",
         draw_yielding, judge_several, covers="T40",
         hint="while a thread waits for one token, another one that it needs is given to a thread with a "
              "higher ticket; see kept_for_waiter()")
    test("t40_asked", "all tokens that a thread lacks are asked for", 6, "tokentest t40ask", draw_three,
         judge_asked, covers="T40",
         timely=True, hint="lwkt_chktokens asks for each token that it lacks, not for "
         "the first one only")
    test("t41_reference", "a released reference is the caller's own", 10, "tokentest t41", draw_preempted,
         judge_asked_for, covers="T41",
         hint="lwkt_reltoken returns while the reference is TR_REQUESTED")
    test("t41_again", "a release that is under way keeps nobody waiting, and does not wait for others", 5,
         "tokentest t41again", draw_again, judge_again, timely=True, covers="T41",
         hint="lwkt_reltoken_slow sets tr_unwanted, serves messages while it waits, and calls "
         "lwkt_answer_requests after that")
    test("t41_full", "the ring to the owner is full", 6, "tokentest t41full", draw_full, judge_full,
         covers="T41",
         timely=True, hint="request uses lwkt_send_ipiq_nowait, and makes the reference TR_IDLE "
         "again when that refuses")
    test("t41_kept", "a request in the middle of a release", 4, "tokentest t41kept", draw_three, judge_kept,
         covers="T41",
         timely=True, hint="lwkt_answer_requests empties gd_tokreqbase first, and puts those that "
         "wait back with queue_request")
    test("t42_body", "a message's function cannot take a token", 4, "tokentest t42", draw_pair, judge_body,
         covers="T42", panics=True, hint="the assertion in lwkt_gettoken")
    test("t43_better", "the arrival of a token is noticed", 10, "tokentest t43", draw_better,
         judge_better, timely=True, covers="T43",
         hint="answer() must tell the cpu of a waiting thread that the token has arrived")
    test("t43_gone", "a request that comes when the token is gone", 5, "tokentest t43gone", draw_three,
         judge_gone, covers="T43",
         timely=True, hint="answer() must tell the cpu of a waiting thread, whether it gives the token "
         "or not, because it is to be asked for again")
