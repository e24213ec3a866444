# SPDX-License-Identifier: BSD-3-Clause
"""Lab 9: message ports. The scenes are in user/porttest.c."""

from grading.engine import test

ABORTED = -2  # EABORTED


def machine(rng):
    """(parameters, options): the server and the client are on one cpu or on two."""
    cpus = rng.randint(1, 4)
    return {"to": rng.randrange(cpus), "from": rng.randrange(cpus)}, \
        {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_order(rng):
    """Several clients, which are spread over the cpus."""
    params, options = machine(rng)
    return {**params, "cpus": options["CPUS"], "clients": rng.randint(1, 4),
            "count": rng.randint(5, 12)}, options


def draw_sync(rng):
    """A third thread, on any cpu, wakes both without cause."""
    params, options = machine(rng)
    return {**params, "count": rng.randint(5, 15), "third": rng.randrange(options["CPUS"]),
            "strays": rng.randint(20, 60)}, options


def draw_abort(rng):
    """Any two cpus."""
    return machine(rng)


def draw_race(rng):
    """Pauses of about the time that a message takes."""
    params, options = machine(rng)
    return {**params, "count": rng.randint(10, 25), "step": rng.randint(1, 7),
            "window": rng.randint(2, 30)}, options


def draw_move(rng):
    """At least two cpus for the server to move between."""
    cpus = rng.randint(2, 4)
    return {"to": rng.randrange(cpus), "from": rng.randrange(cpus), "cpus": cpus,
            "count": rng.randint(8, 20), "step": rng.randint(1, 7), "window": rng.randint(2, 40),
            "stall": rng.randint(5, 30)}, \
        {"CPUS": cpus}


def judge_order(scene):
    """Requests arrive, and replies come back, in the order in which each client sent the requests."""
    count = scene.params["count"]
    for client in range(1, scene.params["clients"] + 1):
        sent = range(100 * client, 100 * client + count)
        scene.order([e for e in scene.of("got") if e.val // 100 == client],
                    [f"S:got={value}" for value in sent], f"the messages of C{client} in order")
        scene.order(scene.of("replied", td=f"C{client}"),
                    [f"C{client}:replied={value}" for value in sent],
                    f"the replies to C{client} in order")


def judge_sync(scene):
    """Requests and replies alternate, each once, however often the threads are woken."""
    wanted = []
    for value in range(100, 100 + scene.params["count"]):
        wanted += [f"S:got={value}", f"C:replied={value}"]
    scene.order(scene.of("got", "replied"), wanted, "request and reply alternate")


def judge_abort(scene):
    """The abort of a message that was not received returns it with EABORTED. A message that was received
    gets the receiver's reply, and the receiver may be notified of the abort."""
    wanted = [f"C:replied={ABORTED}", "S:got=101", "C:replied=7", "S:got=102", "S:aborted=102",
              "C:replied=9"]
    scene.order(scene.of("got", "aborted", "replied"), wanted,
                "the first message is aborted before it is received, the second after that, the third with "
                "a notification of the receiver")


def judge_race(scene):
    """Each message gets one reply: the server's if the server received it, and else the abort's."""
    count = scene.params["count"]
    replies = scene.of("replied", td="C")
    steps = [str(e) for e in scene.events if e in replies or str(e).startswith("C:")]
    scene.must_have(replies, count, f"one reply to each of {count} messages")
    for i, event in enumerate(replies):
        scene.must(event.val in (100 + i, ABORTED), f"a reply of {100 + i} or {ABORTED} to message {100 + i}",
                   str(event.val), event)
        scene.must(steps.index(f"C:{i + 1}") > i, "each reply to be for the message just sent",
                   "a late reply", event)
    received = [e.val for e in scene.of("got", "aborted", td="S") if e.val >= 100]
    scene.must(received == [e.val for e in replies if e.val != ABORTED],
               "the server to reply to exactly those messages that it received",
               f"{received} received, {[e.val for e in replies]} replied")


def judge_move(scene):
    """No message is lost or duplicated, wherever the server is."""
    wanted = list(range(100, 100 + scene.params["count"]))
    for what, td in (("got", "S"), ("replied", "C")):
        seen = sorted(e.val for e in scene.of(what, td=td))
        scene.must(seen == wanted, f"{td} {what} {wanted[0]} to {wanted[-1]}, once each", str(seen))
    cpus = {e.cpu for e in scene.of("got")}
    scene.must(len(cpus) == scene.params["cpus"], f"messages received on {scene.params['cpus']} cpus",
               f"on {sorted(cpus)}")


def declare():
    """Declare the tests of this part."""
    test("t62_order", "messages and replies keep their order", 15, "porttest t62", draw_order,
         judge_order, covers="T62", hint="queue at the tail, on the port's own cpu")
    test("t62_sync", "a synchronous message waits for its reply, whoever wakes the sender", 15,
         "porttest t62sync", draw_sync, judge_sync, covers="T62",
         hint="lwkt_waitport must look again after each wakeup; DONE must be set on the waiter's cpu")
    test("t62_abort", "aborts before and after a message is received", 15, "porttest t62abort",
         draw_abort, judge_abort, covers="T62",
         hint="MSGF_QUEUED tells whether the receiver has the message; once it does, only the receiver may "
              "reply")
    test("t62_race", "an abort races with the reply", 15, "porttest t62race", draw_race, judge_race,
         covers="T62", hint="MSGF_REPLY1 must be set, and tested, on the target port's cpu")
    test("t62_move", "a receiver that moves", 10, "porttest t62move", draw_move, judge_move,
         covers="T62", hint="a message that finds the port gone must be forwarded to mp_gd")
