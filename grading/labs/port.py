"""Lab 9: message ports. The scenes are those of user/porttest.c."""

from grading.engine import test

ABORTED = -2  # EABORTED


def machine(rng):
    """Server and client on one cpu or on two; (parameters, options)."""
    cpus = rng.randint(1, 4)
    return {"to": rng.randrange(cpus), "from": rng.randrange(cpus)}, \
        {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_order(rng):
    """Clients on cpus in turn."""
    params, options = machine(rng)
    return {**params, "cpus": options["CPUS"], "clients": rng.randint(1, 4),
            "count": rng.randint(5, 12)}, options


def draw_sync(rng):
    """Who wakes without cause is on any cpu."""
    params, options = machine(rng)
    return {**params, "count": rng.randint(5, 15), "third": rng.randrange(options["CPUS"]),
            "strays": rng.randint(20, 60)}, options


def draw_abort(rng):
    """Any two cpus."""
    return machine(rng)


def draw_race(rng):
    """Pauses around the time that a message takes."""
    params, options = machine(rng)
    return {**params, "count": rng.randint(10, 25), "step": rng.randint(1, 7),
            "window": rng.randint(2, 30)}, options


def draw_move(rng):
    """At least two cpus to move between."""
    cpus = rng.randint(2, 4)
    return {"to": rng.randrange(cpus), "from": rng.randrange(cpus), "cpus": cpus,
            "count": rng.randint(8, 20), "step": rng.randint(1, 7), "window": rng.randint(2, 40),
            "stall": rng.randint(5, 30)}, \
        {"CPUS": cpus}


def judge_order(scene):
    """Each client's requests, and its replies, in the order in which it sent them."""
    count = scene.params["count"]
    for client in range(1, scene.params["clients"] + 1):
        sent = range(100 * client, 100 * client + count)
        scene.order([e for e in scene.of("got") if e.val // 100 == client],
                    [f"S:got={value}" for value in sent], f"C{client}'s messages in their order")
        scene.order(scene.of("replied", td=f"C{client}"),
                    [f"C{client}:replied={value}" for value in sent],
                    f"C{client}'s replies in their order")


def judge_sync(scene):
    """Request and reply in turn, each once, however often both are woken."""
    wanted = []
    for value in range(100, 100 + scene.params["count"]):
        wanted += [f"S:got={value}", f"C:replied={value}"]
    scene.order(scene.of("got", "replied"), wanted, "request and reply in turn")


def judge_abort(scene):
    """Not received: back with the abort's error. Received: the receiver's reply, and it may be told."""
    wanted = [f"C:replied={ABORTED}", "S:got=101", "C:replied=7", "S:got=102", "S:aborted=102",
              "C:replied=9"]
    scene.order(scene.of("got", "aborted", "replied"), wanted,
                "the first message aborted before it is received, the second after, the third with "
                "its receiver being told")


def judge_race(scene):
    """One reply to each message, the server's or the abort's; the server's if it received it."""
    count = scene.params["count"]
    replies = scene.of("replied", td="C")
    notes = [str(e) for e in scene.events if e in replies or str(e).startswith("C:")]
    scene.must(len(replies) == count, f"one reply to each of {count} messages", str(len(replies)))
    for i, event in enumerate(replies):
        scene.must(event.val in (100 + i, ABORTED), f"message {100 + i} replied to with {100 + i} or "
                   f"{ABORTED}", str(event.val), event)
        scene.must(notes.index(f"C:{i + 1}") > i, "each reply to the message just sent", "a late one",
                   event)
    received = [e.val for e in scene.of("got", "aborted", td="S") if e.val >= 100]
    scene.must(received == [e.val for e in replies if e.val != ABORTED],
               "exactly the received ones replied to by the server",
               f"{received} received, {[e.val for e in replies]} replied")


def judge_move(scene):
    """No message is lost or there twice, wherever the server is."""
    wanted = list(range(100, 100 + scene.params["count"]))
    for what, td in (("got", "S"), ("replied", "C")):
        seen = sorted(e.val for e in scene.of(what, td=td))
        scene.must(seen == wanted, f"{td} {what} {wanted[0]} to {wanted[-1]}, once each", str(seen))
    cpus = {e.cpu for e in scene.of("got")}
    scene.must(len(cpus) == scene.params["cpus"], f"messages received on {scene.params['cpus']} cpus",
               f"on {sorted(cpus)}")


def declare():
    """This lab's tests."""
    test("t62_order", "messages and replies keep their order", 15, "porttest t62", draw_order,
         judge_order, covers="T62", hint="queue at the tail, on the port's own cpu")
    test("t62_sync", "a synchronous message waits for its reply, whoever wakes it", 15,
         "porttest t62sync", draw_sync, judge_sync, covers="T62",
         hint="lwkt_waitport looks again after each wakeup; DONE is set on the waiter's cpu")
    test("t62_abort", "aborts before and after a message is received", 15, "porttest t62abort",
         draw_abort, judge_abort, covers="T62",
         hint="MSGF_QUEUED tells whether the receiver has it; only then is it his to reply")
    test("t62_race", "an abort that meets the reply", 15, "porttest t62race", draw_race, judge_race,
         covers="T62", hint="MSGF_REPLY1 is set, and looked at, on the target port's cpu")
    test("t62_move", "a receiver that moves", 10, "porttest t62move", draw_move, judge_move,
         covers="T62", hint="a message that finds the port gone is passed on to mp_gd")
