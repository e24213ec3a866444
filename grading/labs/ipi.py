"""Lab 4: IPI messages. The scenes are those of user/ipitest.c."""

from grading.engine import test

MILLISECOND = 10_000  # ticks of the time CSR on QEMU's virt machine
SHORT = 4             # messages that a short ring holds


def machine(rng):
    """Two to four cpus, either way to interrupt; (source, target, options). The target is not cpu 0,
    whose idle loop never halts in the deterministic mode."""
    cpus = rng.randint(2, 4)
    target = rng.randrange(1, cpus)
    source = rng.choice([cpu for cpu in range(cpus) if cpu != target])
    return source, target, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_wake(rng):
    """A pause long enough for the target to fall asleep; the target looks while the source still sends."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(300, 3000),
            "stall": rng.randint(20, 100)}, options


def draw_reversed(rng):
    """Cpu n is hart CPUS - n; for the target that is another number."""
    cpus = rng.randint(3, 4)
    target = rng.choice((1, cpus - 1))
    source = rng.choice([cpu for cpu in range(cpus) if cpu != target])
    return {"from": source, "to": target, "pause": rng.randint(300, 3000)}, {
        "CPUS": cpus, "IPI": rng.choice(("sbi", "sswi")), "APPEND": "ktest=1 reverse_harts=1"}


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


def draw_wrap(rng):
    """The same, from indices that are about to become negative, or 0."""
    params, options = draw_order(rng)
    options["APPEND"] = f"ktest=1 ipiq_start={(1 << rng.choice((31, 31, 32))) - rng.randint(20, 200)}"
    return {**params, "count": rng.randint(500, 1000)}, options


def draw_all(rng, least=2, most=4):
    """Rings of four messages."""
    cpus = rng.randint(least, most)
    return {"cpus": cpus, "count": rng.randint(150, 300)}, {
        "CPUS": cpus, "IPI": rng.choice(("sbi", "sswi")), "APPEND": f"ktest=1 ipiq_size={SHORT}"}


def draw_crowd(rng):
    """Eight cpus."""
    params, options = draw_all(rng, 8, 8)
    return {**params, "count": rng.randint(30, 60)}, options


def draw_no_memory(rng):
    """Eight cpus, most pairs of which have had nothing to say to each other."""
    params, options = draw_crowd(rng)
    return {**params, "hog": 1}, options


def draw_forward(rng):
    """Rings that are always full."""
    cpus = rng.randint(3, 4)
    return {"cpus": cpus, "count": rng.randint(280, 320), "length": rng.randint(80, 120)}, {"CPUS": cpus}


def draw_nowait(rng):
    """Rings of four, eight or sixteen, and more messages than any holds."""
    source, target, options = machine(rng)
    options["APPEND"] = f"ktest=1 ipiq_size={rng.choice((4, 8, 16))}"
    return {"from": source, "to": target, "count": rng.randint(40, 100)}, options


def draw_passive(rng):
    """More than a tick of an idle cpu to wait."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(200, 300) * 1000}, {**options, "SHIFT": 6}


def draw_burst(rng):
    """Up to half a ring."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "count": rng.randint(4, 8)}, options


def draw_late(rng):
    """How long the first body takes."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(100, 400)}, options


def draw_wait(rng):
    """How long the body takes, and what comes back meanwhile."""
    source, target, options = machine(rng)
    options["APPEND"] = f"ktest=1 ipiq_size={SHORT}"
    return {"from": source, "to": target, "pause": rng.randint(50, 300), "value": rng.randint(2, 99),
            "flood": rng.randint(50, 300), "back": rng.randint(10, 14)}, options


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
    for event in scene.of("listed"):
        scene.must(event.val == 1, "every thread on its own cpu's list (gd_tdallq)",
                   f"one is there {event.val} times", event)
    for event in scene.of("astray"):
        scene.must(event.val == 0, "no thread on another cpu's list", "one is", event)
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


def judge_all(scene):
    """No deadlock, nothing lost, and nobody fills a ring beyond half (but bodies may)."""
    cpus, count = scene.params["cpus"], scene.params["count"]
    ends = {event.td for event in scene.of("end")}
    scene.must(len(ends) == cpus, f"{cpus} senders that end", f"only {' '.join(sorted(ends)) or 'none'}")
    for event in scene.of("depth"):
        scene.must(event.val <= SHORT // 2 + 1, f"a thread's message goes into a ring that is at most "
                   f"half full: {SHORT // 2 + 1} then", f"{event.val} of {SHORT}", event)
    got, wrong = scene.of("got")[0], scene.of("misordered")[0]
    expected = cpus * (cpus - 1) * count
    scene.must(got.val == expected, f"{expected} messages", str(got.val), got)
    scene.must(wrong.val == 0, "each sender's in order", f"{wrong.val} were not", wrong)
    full = sum(event.val for event in scene.of("fifofull"))
    scene.must(full > 0, "waits for room (ipiq_fifofull)", "none")


def judge_forward(scene):
    """All come to their end, and no stack is used up on the way."""
    count = scene.params["cpus"] * scene.params["count"]
    ended, nest = scene.of("ended")[0], scene.of("nest")[0]
    scene.must(ended.val == count, f"{count} messages at their ends", str(ended.val), ended)
    scene.must(nest.val <= 5, "bodies that wait for room run others at most a few deep", str(nest.val), nest)


def judge_nowait(scene):
    """Refused before the ring overruns; what was accepted arrives as it was sent."""
    size = int(scene.options["APPEND"].rpartition("=")[2])
    accepted = scene.of("accepted")[0]
    scene.must(1 <= accepted.val <= size,
               f"lwkt_send_ipiq_nowait refuses when the ring is full: at most {size} accepted",
               str(accepted.val), accepted)
    bodies = scene.of("ipi")
    for expected, event in enumerate(bodies):
        scene.must(event.val == expected, f"message {expected} next: in order, each once",
                   f"message {event.val}", event)
    scene.must(len(bodies) == accepted.val, f"the {accepted.val} messages that were accepted",
               str(len(bodies)))
    scene.order(scene.of("log"), ["A:1", "A:2"], "A sends, then waits for the end")


def judge_passive(scene):
    """No interrupt, one passive message, run at the target's next look."""
    for what, more in (("hardware", 0), ("passive", 1)):
        before, after = scene.of(what)
        scene.must(after.val - before.val == more, f"ipiq_{what} counts {more} for it",
                   str(after.val - before.val), after)
    scene.order(scene.of("log", "end"), ["ipi:7", "A:end=0"],
                "the body (ipi:7) runs once, at the target's next tick, and long before A's end")
    ran = scene.of("log")[0]
    scene.must(ran.cpu == scene.params["to"], f"on cpu {scene.params['to']}", f"cpu {ran.cpu}", ran)


def judge_burst(scene):
    """Interrupts and avoided ones add up, and the target was told once."""
    count = scene.params["count"]
    scene.order(scene.of("log"), ["A:1"] + ["ipi:7"] * count + ["A:2"],
                f"{count} bodies (ipi:7) after the target's critical section, then A goes on")
    raised, avoided = (scene.of(what)[1].val - scene.of(what)[0].val for what in ("hardware", "avoided"))
    scene.must(raised < count, f"fewer interrupts than the {count} messages", str(raised))
    scene.must(raised + avoided == count, f"ipiq_avoided counts the {count - raised} messages without",
               str(avoided))
    scene.must(raised <= 1, "one interrupt at most: the target has been told", str(raised))


def judge_late(scene):
    """The second message is not left lying."""
    scene.order(scene.of("log"), ["ipi:1", "ipi:2", "ipi:4", "A:5"],
                "a slow body (1, 2), the message that came meanwhile (4), the end of A's wait (5)")
    first, second = scene.of("log")[1:3]
    scene.must(second.time - first.time < MILLISECOND,
               "the second message at once, not at the next tick",
               f"{(second.time - first.time) / MILLISECOND:.2f} ms later", second)


def judge_wait(scene):
    """After the wait, the body has run."""
    seen = scene.of("value", td="A")[0]
    scene.must(seen.val == scene.params["value"],
               f"lwkt_wait_ipiq returns when the body has written {scene.params['value']}",
               f"it returned while there was {seen.val}", seen)
    flood = scene.of("ipi")
    scene.must([event.val for event in flood] == list(range(scene.params["flood"])),
               f"{scene.params['flood']} messages the other way, in order", f"{len(flood)}")


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
         judge_wake, covers="T21", hint="the target isn't told, or is told before the message is "
         "in the ring, or its idle thread looks and then sleeps with interrupts on in between")
    test("t21_harts", "cpu numbers are not hart ids", 5, "ipitest t21", draw_reversed, judge_wake,
         covers="T21", hint="a cpu's number is taken for its hart's, or for its place in the device tree")
    test("t25_create", "threads created for a cpu run there", 10, "ipitest t25", draw_create,
         judge_create, covers="T25", hint="the thread's cpu is not the one that its lists are on")
    test("t27_order", "messages arrive in order, each once", 15, "ipitest t27", draw_order,
         judge_order, covers="T27", hint="an index published before its slot is written or copied")
    test("t27_wrap", "indices wrap", 5, "ipitest t27", draw_wrap, judge_order, covers="T27",
         hint="indices are compared by the sign of their difference, not as numbers")
    test("t28_full", "all cpus flood all others, with rings of four", 15, "ipitest t28", draw_all,
         judge_all, covers="T28",
         hint="who waits for room serves its own queue; a ring may be half full, bodies use the rest")
    test("t28_forward", "bodies that pass messages on, with all rings full", 5, "ipitest forward",
         draw_forward, judge_forward, covers="T28",
         hint="a body that waits for room runs others, and these wait, and so on")
    test("t28_no_memory", "the same when there is no memory left", 5, "ipitest t28", draw_no_memory,
         judge_all, covers="T28", hint="a ring is made when it is first used")
    test("t28_crowd", "the same on eight cpus", 5, "ipitest t28", draw_crowd, judge_all, covers="T28",
         hint="who waits for room serves its own queue")
    test("t29_nowait", "a full ring refuses", 10, "ipitest t29", draw_nowait, judge_nowait,
         covers="T29", hint="the limit in lwkt_send_ipiq_nowait")
    test("t30_passive", "a passive message raises no interrupt", 10, "ipitest t30", draw_passive,
         judge_passive, covers="T30", hint="the tick looks at all rings (lwkt_poll_ipiq)")
    test("t31_burst", "one interrupt for many messages", 10, "ipitest t31", draw_burst, judge_burst,
         covers="T31", hint="gd_ipimask says who has told the target already")
    test("t31_late", "a message that comes during a body", 10, "ipitest t31late", draw_late, judge_late,
         covers="T31", hint="the mask is taken back before the indices are read")
    test("t32_wait", "lwkt_wait_ipiq waits for the body's end", 10, "ipitest t32", draw_wait, judge_wait,
         covers="T32", hint="ip_xindex says that all before it have run: also those that wait, and so run others")
    test("t33_self", "a message to oneself is a call", 10, "ipitest t33", draw_self, judge_self,
         covers="T33", hint="the own cpu's ring is read only at the end of the critical section")
