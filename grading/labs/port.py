# SPDX-License-Identifier: BSD-3-Clause
"""Lab 9: message ports. The scenes are in user/porttest.c."""

from grading.engine import test

ABORTED = -2  # EABORTED


ASYNC, DONE, QUEUED, REPLY1, RETRIEVED, ABORTABLE, IS_ABORTED = (1 << bit for bit in range(7))  # MSGF_*
BITS = ("ASYNC", "DONE", "QUEUED", "REPLY1", "RETRIEVED", "ABORTABLE", "ABORTED")


def machine(rng, cpus=(2, 4), ipi=True):
    """(parameters, options): the server and the client are on two cpus."""
    count = rng.randint(*cpus)
    to, source = rng.cpus(range(count), 2)
    options = {"CPUS": count, "IPI": rng.ipi()} if ipi else {"CPUS": count}
    return {"to": to, "from": source}, options


def draw_order(rng):
    """Several clients, one of them on the server's cpu, one on another."""
    params, options = machine(rng)
    return {**params, "cpus": options["CPUS"], "clients": rng.cycle(2, 3, 4),
            "count": rng.randint(4, 10)}, options


def draw_sync(rng):
    """A third thread, on the server's cpu, the client's or another, wakes both without cause."""
    params, options = machine(rng)
    third = rng.cycle(params["to"], params["from"], rng.randrange(options["CPUS"]))
    return {**params, "count": rng.randint(5, 10), "third": third, "strays": rng.randint(20, 60)}, options


def draw_two(rng):
    """Any two cpus."""
    return machine(rng)


def draw_pick(rng):
    """The client is on another cpu than the server, or on the same."""
    params, options = machine(rng)
    source = rng.cycle(params["from"], params["to"])
    return {**params, "from": source, "pause": rng.randint(50, 200)}, options


def draw_reuse(rng):
    """Three cpus, and a stall that is longer than a message takes."""
    cpus = rng.randint(3, 4)
    to, source, third = rng.cpus(range(cpus), 3)
    return {"to": to, "from": source, "third": third, "count": rng.randint(8, 15),
            "strays": rng.randint(80, 150), "stall": rng.randint(15, 40)}, {"CPUS": cpus}


def draw_race(rng):
    """Pauses of about the time that a message takes, between two cpus or on one."""
    params, options = machine(rng)
    return {**params, "from": rng.cycle(params["from"], params["to"]), "count": rng.randint(10, 25),
            "step": rng.randint(1, 7), "window": rng.randint(2, 30)}, options


def draw_move(rng):
    """At least two cpus for the server to move between."""
    params, options = machine(rng, ipi=False)
    return {**params, "cpus": options["CPUS"], "count": rng.randint(8, 20), "step": rng.randint(1, 7),
            "window": rng.randint(2, 40), "stall": rng.randint(5, 30)}, options


def draw_gone(rng):
    """Three cpus."""
    cpus = rng.randint(3, 5)
    to, source, third = rng.cpus(range(cpus), 3)
    return {"to": to, "from": source, "third": third}, {"CPUS": cpus}


def draw_unprepared(rng):
    """Sent by lwkt_sendmsg or by lwkt_domsg."""
    params, options = machine(rng)
    return {**params, "do": rng.cycle(0, 1)}, options


def draw_underway(rng):
    """The receiver does not have the message yet, or it does."""
    params, options = machine(rng)
    do, flags = rng.cycle((0, ASYNC), (1, RETRIEVED), (0, RETRIEVED))
    return {**params, "do": do, "flags": flags}, options


def judge_order(scene):
    """Requests arrive, and replies come back, in the order in which each client sent the requests. When all
    are in the server's port before it takes the first, they are taken in the order of their arrival."""
    count, clients = scene.params["count"], scene.params["clients"]
    for client in range(1, clients + 1):
        sent = [base + 100 * client + i for base in (0, 1000) for i in range(count)]
        scene.order([e for e in scene.of("got") if e.val % 1000 // 100 == client],
                    [f"S:got={value}" for value in sent], f"the messages of C{client} in order")
        scene.order(scene.of("replied", td=f"C{client}"),
                    [f"C{client}:replied={value}" for value in sent],
                    f"the replies to C{client} in order")


def judge_sync(scene):
    """Requests and replies alternate, each once, with no stray wakeup and with many."""
    count = scene.params["count"]
    for client, name in ((100, "C"), (200, "D")):
        wanted = []
        for value in [base + client + i for base in (0, 1000) for i in range(count)]:
            wanted += [f"S:got={value}", f"{name}:replied={value}"]
        scene.order([e for e in scene.of("got", "replied") if e.val % 1000 // 100 * 100 == client], wanted,
                    f"request and reply of {name} alternate")


def judge_state(scene):
    """Each flag is set and cleared at its step."""
    kinds = ("port", "no-wmesg", "waiting", "inqueue", "state", "flags")
    retrieved = ABORTABLE | RETRIEVED
    for td, wanted in (
            ("S", ["S:no-wmesg=0", "S:waiting=0", "S:inqueue=2", f"S:flags={ASYNC | retrieved}",
                   f"S:flags={retrieved}"]),
            ("C", ["C:port=0", "C:waiting=1", "C:inqueue=0", "C:waiting=0", "C:inqueue=3", "C:state=2",
                   "C:state=0", f"C:flags={ASYNC | DONE | REPLY1 | retrieved}",
                   f"C:flags={DONE | REPLY1 | retrieved}", "C:waiting=0", "C:inqueue=0", "C:no-wmesg=0"]),
            ("L", ["L:waiting=1", "L:inqueue=0", "L:port=0"])):
        scene.order(scene.of(*kinds, td=td), wanted, f"what {td} sees of ports, messages and threads", BITS)
    scene.order(scene.of("replied"), [f"C:replied={value}" for value in (1, 101, 102, 103, 5)],
                "the replies")


def judge_pick(scene):
    """The reply that the client waits for, whichever comes first or is first in the queue."""
    scene.order(scene.of("replied", "inqueue"),
                [f"C:{text}" for base in (100, 200) for text in
                 (f"replied={base + 1}", f"replied={base + 2}", f"replied={base}", "inqueue=0")] + ["C:replied=300"],
                "the replies in the order in which they are waited for, and none left; then one (300) that lwkt_domsg "
                "waits for at another port of C's")


def judge_reuse(scene):
    """One memory, many messages: each is received and replied to once."""
    wanted = []
    for value in range(100, 100 + 2 * scene.params["count"]):
        wanted += [f"S:got={value}", f"C:replied={value}"]
    scene.order(scene.of("got", "aborted", "replied"), wanted, "request and reply alternate")


def judge_once(scene):
    """The reply that putport returns is the message's reply, whether it is an error or not."""
    done = [f"C:replied={reply} C:error={reply} C:flags={DONE | ABORTABLE}".split() for reply in (5, 0, -3)]
    sent = [f"C:replied={reply} C:flags={ASYNC | DONE | REPLY1 | RETRIEVED | ABORTABLE}".split()
            for reply in (5, 0, -3)]
    scene.order(scene.of("replied", "error", "flags"), sum(done + sent, []),
                "the replies of lwkt_domsg, then those of lwkt_sendmsg, which are queued at the reply port", BITS)


def judge_abort(scene):
    """The abort of a message that was not received returns it with EABORTED. A message that was received
    gets the receiver's reply, and the receiver may be notified of the abort, once. A second abort, and one
    that comes after the reply, do nothing."""
    wanted = [f"C:replied={ABORTED}", "S:got=101", f"S:flags={ASYNC | RETRIEVED | ABORTABLE | IS_ABORTED}",
              "C:replied=7", "S:got=102", "S:aborted=102", "S:inqueue=0", "C:replied=9", "S:got=103",
              "C:replied=11", "S:got=104", "C:replied=13", "S:got=105", "C:replied=15"]
    scene.order(scene.of("got", "aborted", "replied", "flags", "inqueue"), 2 * wanted,
                "aborts before a message is received, after that without and with a notification, and after "
                "the reply", BITS)


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


def judge_gone(scene):
    """What was held at the old cpu is passed on. The abort came first, so its message is not received."""
    scene.order(scene.of("got", "aborted", td="S"), ["S:got=100", "S:got=102"],
                "the messages that were not aborted, in order")
    scene.order(scene.of("flags", "replied", td="C"),
                [f"C:flags={ASYNC | ABORTABLE | IS_ABORTED}", f"C:replied={ABORTED}", "C:replied=100",
                 "C:replied=102"], "the abort at its port before its message, and the replies", BITS)
    scene.must_be_on(scene.of("replied")[-1], scene.params["to"], "the last reply")


def judge_done(scene):
    """A reply is there when its message has arrived, and not before."""
    scene.order(scene.of("log", "replied"), ["N:1", "C:replied=100"],
                "C waits as long as the reply is on its way (N:1), although N schedules it")


def judge_steal(panic):
    """A thread waits at its own ports only."""
    panic.must_say("C uses S's port", panic.params["from"], "C")


def judge_unprepared(panic):
    """A message is prepared before each use."""
    panic.must_say("a message with flags", panic.params["from"], "C")


def judge_twice(panic):
    """A message is replied to once."""
    panic.must_say("a message is replied to twice", panic.params["to"], "S")


def declare():
    """Declare the tests of this part."""
    test("t62_order", "messages and replies keep their order", 6, "porttest t62", draw_order,
         judge_order, covers="T62", hint="queue at the tail, on the port's own cpu; take from the head")
    test("t62_sync", "a synchronous message waits for its reply, though others wake the sender", 8,
         "porttest t62sync", draw_sync, judge_sync, covers="T62",
         hint="thread_waitport must look again after each wakeup; reply_body sets DONE on the waiter's cpu, "
              "and wakes it")
    test("t62_state", "the flags of ports and messages at each step", 10, "porttest t62state", draw_two,
         judge_state, covers="T62",
         hint="wake_owner schedules an owner that is WAITING, and no other, and clears the flag; "
              "thread_getport sets RETRIEVED; lwkt_sendmsg sets ASYNC, lwkt_domsg does not")
    test("t62_pick", "one reply among several", 6, "porttest t62pick", draw_pick, judge_pick, covers="T62",
         hint="thread_waitport with a message looks at that message, and takes that one off the queue")
    test("t62_reuse", "a message that is used again at once", 6, "porttest t62reuse", draw_reuse,
         judge_reuse, covers="T62",
         hint="after lwkt_replymsg has called replyport, the message is not its own "
         "any more: all flags are set before")
    test("t62_once", "a port that replies at once", 4, "porttest t62once", draw_two, judge_once,
         covers="T62", hint="putport's result, if it is not EASYNC, is the reply: lwkt_domsg returns it, and "
         "lwkt_sendmsg sends it by lwkt_replymsg")
    test("t62_abort", "aborts before and after a message is received", 8, "porttest t62abort",
         draw_two, judge_abort, covers="T62",
         hint="abort_here looks at REPLY1 and ABORTED first, then at QUEUED, then at RETRIEVED; "
              "lwkt_replymsg takes a message off the abort port")
    test("t62_race", "an abort races with the reply", 6, "porttest t62race", draw_race, judge_race,
         covers="T62", hint="MSGF_REPLY1 must be set, and tested, on the target port's cpu")
    test("t62_move", "a receiver that moves", 4, "porttest t62move", draw_move, judge_move,
         covers="T62", hint="a message that finds the port gone must be passed on to mp_gd")
    test("t62_gone", "messages that find the port gone, and one that finds itself aborted", 4,
         "porttest t62gone", draw_gone, judge_gone, covers="T62",
         hint="put_body and reply_body begin with go_to_port; put_body replies to a message that is ABORTED")
    test("t62_done", "a reply that is on its way", 2, "porttest t62done", draw_two, judge_done, covers="T62",
         hint="reply_body sets MSGF_DONE, on the cpu of the reply port")
    test("t62_steal", "another thread's port", 2, "porttest t62steal", draw_two, judge_steal, covers="T62",
         hint="thread_waitport begins with assert_owner", panics=True)
    test("t62_unprepared", "a message that is not prepared", 2, "porttest t62unprep", draw_unprepared,
         judge_unprepared, covers="T62", hint="lwkt_sendmsg and lwkt_domsg assert that no flag but "
         "MSGF_ABORTABLE is set", panics=True)
    test("t62_underway", "a message that is not back yet is sent", 2, "porttest t62unprep", draw_underway,
         judge_unprepared, covers="T62", hint="lwkt_sendmsg and lwkt_domsg assert that no flag but "
         "MSGF_ABORTABLE is set, ASYNC and RETRIEVED included", panics=True)
    test("t62_twice", "a message that is replied to twice", 2, "porttest t62twice", draw_two, judge_twice,
         covers="T62", hint="lwkt_replymsg asserts that neither REPLY1 nor DONE is set", panics=True)
