# SPDX-License-Identifier: BSD-3-Clause
"""Lab 4: IPI messages. The scenes are in user/ipitest.c."""

from grading.engine import test
from grading.labs import preempt, switch

SHORT = 4             # messages that a short ring holds
NESTING_MAX = 4       # kernel/lwkt/ipiq.c
SSI, STI, SEI = 1 << 1, 1 << 5, 1 << 9  # bits of sie and sip: software, timer, external
IPIQ, INTPEND, TIMER = 1, 2, 4          # bits of gd_reqflags


def machine(rng, least=2):
    """(source, target, options): two of two to four cpus, with either IPI back end: from cpu 0 to the last
    one, from cpu 2 to cpu 1, or any two. The target is never cpu 0, because its idle loop does not halt in
    the deterministic mode."""
    cpus = rng.cycle(least, 3, 4)
    target = rng.cycle(cpus - 1, 1, rng.randint(1, 3))
    source = rng.cycle(0, 2, rng.choice([cpu for cpu in range(cpus) if cpu != target]))
    return source, target, {"CPUS": cpus, "IPI": rng.ipi()}


def third(rng, least=3):
    """(parameters with three different cpus, options)."""
    source, target, options = machine(rng, least)
    other = rng.choice([cpu for cpu in range(options["CPUS"]) if cpu not in (source, target)])
    return {"from": source, "to": target, "other": other}, options


def short_rings(rng, options):
    """Rings of 4, 8 or 16 messages: their size."""
    size = rng.cycle(SHORT, 8, 16)
    options["APPEND"] = f"ktest=1 ipiq_size={size}"
    return size


def draw_wake(rng):
    """The pause is long enough for the target to halt. The stall makes the target look while the source
    is still sending."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(300, 3000),
            "stall": rng.randint(20, 100)}, options


def draw_reversed(rng):
    """Cpu n is hart CPUS - n, or the last hart boots; the target is a cpu for which that is another
    number."""
    cpus = rng.cycle(3, 4, 4)
    target = rng.cycle(1, cpus - 1, 1)
    source = rng.choice([cpu for cpu in range(cpus) if cpu != target])
    return {"from": source, "to": target, "pause": rng.randint(300, 3000)}, {
        "CPUS": cpus, "IPI": rng.cycle("sbi", "sswi", "sbi"), "BOOT_HART": rng.cycle(0, 0, cpus - 1),
        "APPEND": f"ktest=1 reverse_harts={rng.cycle(1, 1, 0)}"}


def draw_create(rng):
    """About a hundred threads."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "count": rng.randint(50, 200)}, options


def draw_order(rng):
    """Many times as many messages as the ring holds. The indices wrap soon, as signed or as unsigned
    numbers, or not at all."""
    source, target, options = machine(rng)
    start = rng.cycle(0, 1 << 31, 1 << 32) - rng.randint(20, 2000)
    options["APPEND"] = f"ktest=1 ipiq_start={max(start, 0)}"
    return {"from": source, "to": target, "count": rng.randint(5000, 10000)}, options


def draw_wrap(rng):
    """The same, with indices that soon become negative, or 0."""
    params, options = draw_order(rng)
    options["APPEND"] = f"ktest=1 ipiq_start={(1 << rng.cycle(31, 32, 31)) - rng.randint(20, 200)}"
    return {**params, "count": rng.randint(500, 1000)}, options


def draw_all(rng, least=2, most=4):
    """Rings of four messages."""
    cpus = rng.cycle(least, (least + most) // 2, most)
    return {"cpus": cpus, "count": rng.randint(150, 300)}, {
        "CPUS": cpus, "IPI": rng.ipi(), "APPEND": f"ktest=1 ipiq_size={SHORT}"}


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
    cpus = rng.cycle(3, 4, 3)
    return {"cpus": cpus, "count": rng.randint(280, 320), "length": rng.randint(80, 120)}, {"CPUS": cpus}


def draw_nowait(rng):
    """Rings of four, eight or sixteen messages, and more messages than any of them holds."""
    source, target, options = machine(rng)
    short_rings(rng, options)
    return {"from": source, "to": target, "count": rng.randint(40, 100)}, options


def draw_passive(rng):
    """A pause of more than a tick on an idle cpu."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(200, 300) * 1000}, {**options, "SHIFT": 6}


def draw_burst(rng):
    """One more message than half a ring holds, or fewer."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "count": rng.cycle(2, rng.randint(4, 8), 17)}, options


def draw_told(rng):
    """The target is told each time."""
    params, options = draw_burst(rng)
    return {**params, "told": 1}, options


def draw_fill(rng):
    """Up to the message that waits, and a few more."""
    params, options = third(rng)
    size = short_rings(rng, options)
    return {**params, "count": size // 2 + 1 + rng.cycle(1, 2, 3), "body": 0}, options


def draw_fill_body(rng):
    """The same in a body."""
    params, options = third(rng)
    size = short_rings(rng, options)
    return {**params, "count": size + rng.cycle(1, 2, 3), "body": 1}, options


def draw_passive_full(rng):
    """The last message waits, and so tells the target: that of a thread, of a body, or of a body that is so deep
    that it may put messages off only."""
    source, target, options = machine(rng)
    size, depth = short_rings(rng, options), rng.cycle(0, 1, NESTING_MAX)
    return {"from": source, "to": target, "count": size + 1 if depth else size // 2 + 2, "depth": depth,
            "pause": rng.randint(300, 3000)}, options


def draw_wait_wrap(rng):
    """The sequence numbers become 0, or negative, after a few messages."""
    source, target, options = machine(rng)
    options["APPEND"] = f"ktest=1 ipiq_start={rng.cycle(1 << 32, 1 << 31, 1 << 32) - rng.randint(5, 8)}"
    return {"from": source, "to": target, "rounds": 12}, options


def draw_mask(rng):
    """The own cpu and one more, others only, or, on a large machine, all from one below 32 to one above."""
    source, target, options = machine(rng, 3)
    cpus = range(options["CPUS"])
    mask = rng.cycle(1 << source | 1 << target, sum(1 << cpu for cpu in cpus if cpu != source), 0x1fff)
    first = rng.cycle(0, 0, rng.randint(20, 31))
    return {"from": rng.cycle(source, source, rng.randint(first, first + 12)), "mask": mask, "first": first}, {
        **options, "CPUS": rng.cycle(options["CPUS"], options["CPUS"], first + 13)}


def draw_raise(rng):
    """Cpu numbers and hart ids differ in one of three."""
    source, target, options = machine(rng)
    return {"from": source, "to": target}, {**options, "BOOT_HART": rng.cycle(0, 1, options["CPUS"] - 1)}


def draw_moved(rng):
    """Three cpus."""
    return third(rng)


def draw_late(rng):
    """The pause is how long the first message's function takes."""
    source, target, options = machine(rng)
    return {"from": source, "to": target, "pause": rng.randint(100, 400)}, options


def draw_wait(rng):
    """How long the message's function takes, and how many messages come back meanwhile."""
    source, target, options = machine(rng)
    options["APPEND"] = f"ktest=1 ipiq_size={SHORT}"
    return {"from": source, "to": target, "pause": rng.randint(50, 300), "value": rng.randint(2, 99),
            "flood": rng.randint(50, 300), "back": rng.randint(10, 14)}, options


def draw_self(rng):
    """Any cpu."""
    cpus = rng.cycle(1, 2, 4)
    return {"cpu": rng.cycle(0, 1, rng.randint(1, 3)), "rounds": rng.cycle(1, 2, 5)}, {"CPUS": cpus}


def judge_wake(scene):
    """The idle cpu halted, and the message woke it, not its next tick."""
    scene.order(scene.of("log"), ["A:1", "B:1", "A:2"], "A schedules B, B runs, A sees it")
    sent, ran = scene.of("log", td="A")[0], scene.of("log", td="B")[0]
    scene.must_be_on(ran, scene.params["to"], "B")
    scene.must_be_soon(sent, ran, "B to run within 1 ms of being scheduled")
    before, after = (event.val for event in scene.of("idle_waits"))
    scene.must(after > before, "the target's idle thread waited in wfi meanwhile",
               f"{after - before} waits")


def judge_create(scene):
    """Each thread ran once, on the target."""
    made = scene.of("log", td="created")
    for event in made:
        scene.must_be_on(event, scene.params["to"], "every thread")
    for event in scene.of("listed"):
        scene.must(event.val == 1, "every thread on its own cpu's list (gd_tdallq)",
                   f"one thread is there {event.val} times", event)
    for event in scene.of("astray"):
        scene.must(event.val == 0, "no thread on another cpu's list", "one is", event)
    scene.must(len(made) == scene.params["count"], f"{scene.params['count']} threads that ran",
               str(len(made)), made[-1] if made else None)


def must_arrive(scene, count, what):
    """So many messages arrived at the target, in order and each once: the model is range()."""
    ran = scene.of("ipi")
    for expected, event in enumerate(ran):
        scene.must(event.val == expected, f"message {expected} next: in order, each once",
                   f"message {event.val}", event)
        scene.must_be_on(event, scene.params["to"], "every message")
    scene.must(len(ran) == count, what, str(len(ran)), ran[-1] if ran else None)


def judge_order(scene):
    """All messages arrived, in order."""
    must_arrive(scene, scene.params["count"], f"{scene.params['count']} messages")


def judge_all(scene):
    """No deadlock, no message lost, and no thread fills a ring beyond half (only message functions may)."""
    cpus, count = scene.params["cpus"], scene.params["count"]
    ends = {event.td for event in scene.of("end")}
    scene.must(len(ends) == cpus, f"{cpus} senders that end", f"only {' '.join(sorted(ends)) or 'none'}")
    for event in scene.of("depth"):
        scene.must(event.val <= SHORT // 2 + 1, "a thread to add a message only if the ring is at most half "
                   f"full: at most {SHORT // 2 + 1} messages then", f"{event.val} of {SHORT}", event)
    got, wrong = scene.of("got")[0], scene.of("misordered")[0]
    expected = cpus * (cpus - 1) * count
    scene.must_equal(got, expected, f"{expected} messages")
    scene.must(wrong.val == 0, "the messages of each sender in order", f"{wrong.val} were not", wrong)
    full = sum(event.val for event in scene.of("fifofull"))
    scene.must(full > 0, "senders that wait for room (ipiq_fifofull)", "none")


def judge_forward(scene):
    """All come to their end, and no stack is used up on the way."""
    count = scene.params["cpus"] * scene.params["count"]
    ended, nest = scene.of("ended")[0], scene.of("nest")[0]
    scene.must(ended.val == count, f"{count} messages at their ends", str(ended.val), ended)
    scene.must(nest.val <= NESTING_MAX, f"bodies that wait for room run others at most {NESTING_MAX} deep",
               str(nest.val), nest)
    scene.must_equal(scene.of("misnumbered")[0], 0, "each send to return its own message's number, also if bodies "
                     "have sent others while it waited for room (misnumbered 0)")


def ring_size(scene):
    """How many messages a ring holds."""
    return int(scene.options["APPEND"].rpartition("=")[2])


def judge_nowait(scene):
    """Sends are refused from two thirds of the ring on, and what was accepted arrives as it was sent."""
    limit = ring_size(scene) * 2 // 3
    scene.must_equal(scene.of("accepted")[0], limit,
                     f"lwkt_send_ipiq_nowait to refuse when {limit} of {ring_size(scene)} messages are there "
                     "(two thirds, rounded down), and not before")
    scene.must_equal(scene.of("told")[0], limit, f"the target told for each of the {limit} messages, and not "
                     "for the one that was refused")
    must_arrive(scene, limit, f"the {limit} messages that were accepted")
    scene.order(scene.of("log"), ["A:1", "A:2"], "A sends, then waits for the end")


def judge_fill(scene):
    """A thread waits when the ring is more than half full, until it is down to a quarter; a body when it is
    full, until one slot is free."""
    size, body = ring_size(scene), scene.params["body"]
    who, first, resumed = ("a body", size, size) if body else ("a thread", size // 2 + 1, size // 4 + 1)
    scene.must_equal(scene.of("first")[0], first, f"{who} to wait first when {first} of {size} messages are in "
                     "the ring")
    scene.must_equal(scene.of("resumed")[0], resumed, f"{who} that has waited to go on when {resumed - 1} are "
                     f"left, so that {resumed} are there then")
    waits = scene.params["count"] - first if body else 1
    scene.must_equal(scene.of("waits")[0], waits, f"ipiq_fifofull to count each send that waits once: {waits}")


def judge_passive_full(scene):
    """A goes on at once, because the target is told."""
    logs = scene.of("log", td="A")
    scene.order(logs, ["A:1", "A:2"], "A sends, waits for room, and goes on")
    scene.must_be_soon(*logs, "whoever waits for room to tell the target, which may know nothing of passive "
                       "messages: no wait for a tick")
    for what, more in (("fifofull", 1), ("hardware", 1), ("passive", scene.params["count"])):
        before, after = scene.of(what)
        scene.must(after.val - before.val == more, f"ipiq_{what} to grow by {more}",
                   str(after.val - before.val), after)


def judge_wait_wrap(scene):
    """Each wait ends after the message's function."""
    scene.order(scene.of("value"), ["A:value=7"] * scene.params["rounds"],
                "lwkt_wait_ipiq to return after the function has written 7, wherever the numbers wrap")


def judge_mask(scene):
    """One message to each cpu of the mask."""
    ran = sorted(event.val for event in scene.of("mask"))
    wanted = [cpu for cpu in range(64) if scene.params["mask"] << scene.params["first"] >> cpu & 1]
    scene.must(ran == wanted, f"a message to each of the cpus {wanted}, the own one included", str(ran))
    scene.must_equal(scene.of("count")[0], len(wanted), f"the result {len(wanted)}")


def judge_raise(scene):
    """The firmware's interrupt arrives; that of the device does if there is one."""
    device = int(scene.options["IPI"] == "sswi")
    scene.order(scene.of("raised"), ["A:raised=1", f"A:raised={device}"],
                "ipi_raise_sbi to return true, ipi_raise_sswi whether there is the device")
    scene.order(scene.of("noted"), ["B:noted=1", f"B:noted={device}"],
                "an interrupt at the target from ipi_raise_sbi, and one from ipi_raise_sswi if it says so")


def judge_moved(scene):
    """The message follows B."""
    scene.order(scene.of("log"), ["A:1", "B:1"], "B runs when its old cpu takes the message")
    scene.must_be_on(scene.of("log", td="B")[0], scene.params["other"], "B")
    scene.order(scene.of("schedule", "with"), ["A:schedule=1", f"A:with={scene.params['to']}"],
                "the trace of A's lwkt_schedule: thread 1, B, and the cpu that it is on")
    scene.must_equal(scene.of("resched", td="C")[0], 0, "lwkt_schedule to ask for nothing on the old cpu while B, "
                     "which is better than C there, is on its way to the new one")


def must_be_a_body(scene, level):
    """The nesting level of interrupts, as the message's body saw it."""
    levels = [event for event in scene.of("nesting") if event.td == "ipi"]
    scene.must_have(levels, 1, "a look at gd_intr_nesting_level in the message's function")
    scene.must_equal(levels[0], level, f"gd_intr_nesting_level {level} in the message's function")


def judge_passive(scene):
    """The message raises no interrupt, and runs at the target's next tick."""
    for what, more in (("hardware", 0), ("passive", 1)):
        before, after = scene.of(what)
        scene.must(after.val - before.val == more, f"ipiq_{what} to grow by {more}",
                   str(after.val - before.val), after)
    scene.order(scene.of("log", "end"), ["ipi:7", "A:end=0"],
                "the message runs once (ipi:7), at the target's next tick, and long before A's end")
    scene.must_be_on(scene.of("log")[0], scene.params["to"], "the message")
    must_be_a_body(scene, 2)    # it runs in the work of the timer


def judge_burst(scene):
    """The target was interrupted once, or each time, and the counters add up."""
    count = scene.params["count"]
    scene.order(scene.of("log"), ["A:1"] + ["ipi:7"] * count + ["A:2"],
                f"{count} messages run (ipi:7) after the target's critical section, then A continues")
    raised = count if scene.params.get("told") else 1
    for what, more, rule in (
            ("messages", count, "each message counted in ipiq_count"),
            ("hardware", raised, "an interrupt for each message" if raised > 1 else
             "one interrupt, because after it the target is told already"),
            ("avoided", count - raised, "ipiq_avoided to count the messages that needed no interrupt")):
        before, after = scene.of(what)
        scene.must(after.val - before.val == more, f"{rule}: {more}", str(after.val - before.val), after)
    before, after = scene.of("seq")
    scene.must(after.val - before.val == count, f"the sequence number to grow by {count}",
               str(after.val - before.val), after)
    scene.must([event.val - before.val for event in scene.of("sent")] == list(range(1, count + 1)),
               "lwkt_send_ipiq to return the number of messages written so far, this one included",
               " ".join(str(event.val) for event in scene.of("sent")))


def judge_late(scene):
    """The second message is not left in the ring."""
    scene.order(scene.of("log"), ["ipi:1", "ipi:2", "ipi:4", "A:5"],
                "a slow message (1, 2), the message that came meanwhile (4), the end of A's wait (5)")
    first, second = scene.of("log")[1:3]
    scene.must_be_soon(first, second, "the second message to run at once, not at the next tick")
    seen = {event.what: event.val for event in scene.of("reqflags", "sie") if event.td == "ipi"}
    # A tick that comes just then takes messages, too: the timer is masked, and not noted any more.
    must_be_a_body(scene, 1 if seen["sie"] & STI or seen["reqflags"] & TIMER else 2)


def judge_wait(scene):
    """After the wait, the message's function has run to its end."""
    seen = scene.of("value", td="A")[0]
    scene.must(seen.val == scene.params["value"],
               f"lwkt_wait_ipiq to return after the function has written {scene.params['value']}",
               f"it returned when the value was {seen.val}", seen)
    flood = scene.of("ipi")
    scene.must([event.val for event in flood] == list(range(scene.params["flood"])),
               f"{scene.params['flood']} messages in the other direction, in order", f"{len(flood)}")


def judge_self(scene):
    """The function ran before the send returned, on the same cpu, and the result was 0."""
    scene.order(scene.of("log", "sent"),
                ["A:1", "ipi:2", "A:sent=0", "A:3"] * scene.params["rounds"],
                "the function runs (ipi:2) inside the send, which returns 0")
    for event in scene.of("log"):
        scene.must_be_on(event, scene.params["cpu"], "everything")


def declare():
    """Declare the tests of this part."""
    test("t21_wake", "an idle cpu runs at once what another cpu schedules", 20, "ipitest t21", draw_wake,
         judge_wake, covers="T21", hint="the target is not notified, or is notified before the message is "
         "in the ring, or its idle thread enables interrupts between its last look and its wait")
    test("t21_harts", "cpu numbers are not hart ids", 5, "ipitest t21", draw_reversed, judge_wake,
         covers="T21", hint="a cpu number is used as a hart id, or as an index in the device tree")
    test("t25_create", "threads created for a cpu run there", 10, "ipitest t25", draw_create,
         judge_create, covers="T25", hint="the thread is on the lists of another cpu than its own")
    test("t27_order", "messages arrive in order, each once", 20, "ipitest t27", draw_order,
         judge_order, covers="T27", hint="an index is published before its slot is written or copied")
    test("t27_wrap", "the indices may wrap", 5, "ipitest t27", draw_wrap, judge_order, covers="T27",
         hint="compare indices by the sign of their difference, not as numbers")
    test("t28_full", "all cpus flood all others, with rings of four messages", 15, "ipitest t28", draw_all,
         judge_all, covers="T28", hint="a cpu that waits for room must serve its own rings; threads may fill "
         "half of a ring, and message functions the rest")
    test("t28_forward", "bodies that pass messages on, with all rings full", 5, "ipitest forward",
         draw_forward, judge_forward, covers="T28",
         hint="a body that waits for room runs other bodies, which may wait too: that must have a bound")
    test("t28_no_memory", "the same when there is no memory left", 5, "ipitest t28", draw_no_memory,
         judge_all, covers="T28", hint="a ring must not be made when it is first used")
    test("t28_crowd", "the same on eight cpus", 15, "ipitest t28", draw_crowd, judge_all, covers="T28",
         hint="a cpu that waits for room must serve its own rings")
    test("t29_nowait", "a full ring refuses a message", 5, "ipitest t29", draw_nowait, judge_nowait,
         covers="T29", hint="the limit in lwkt_send_ipiq_nowait")
    test("t30_passive", "a passive message raises no interrupt", 5, "ipitest t30", draw_passive,
         judge_passive, covers="T30", hint="the tick must look at all rings (lwkt_poll_ipiq)")
    test("t31_burst", "one interrupt for many messages", 5, "ipitest t31", draw_burst, judge_burst,
         covers="T31", hint="gd_ipimask says which cpus have notified the target already")
    test("t31_late", "a message that arrives while another one runs", 10, "ipitest t31late", draw_late,
         judge_late, covers="T31", hint="the mask must be cleared before the indices are read")
    test("t32_wait", "lwkt_wait_ipiq waits until the function has ended", 10, "ipitest t32", draw_wait,
         judge_wait, covers="T32", hint="ip_xindex means that all messages before it have run, including "
         "those whose functions wait and so run other messages")
    test("t33_self", "a message to the own cpu is a function call", 5, "ipitest t33", draw_self, judge_self,
         covers="T33", hint="a ring of the own cpu would be read only at the end of the critical section")
    test("t21_raise", "an interrupt at another cpu, by either back end", 5, "ipitest raise", draw_raise,
         judge_raise, covers="T21", hint="a cpu's number is not its hart's; the result says whether it was raised")
    test("t25_moved", "a message to schedule a thread follows it", 10, "ipitest moved", draw_moved, judge_moved,
         covers="T25", hint="lwkt_schedule_remote must look anew where the thread is")
    test("t28_room", "when a thread waits for room, and for how long", 10, "ipitest fill", draw_fill, judge_fill,
         timely=True, covers="T28", hint="a thread waits at more than half, until a quarter is left")
    test("t28_room_body", "when a body waits for room, and for how long", 10, "ipitest fill", draw_fill_body,
         judge_fill, timely=True, covers="T28", hint="a body waits only if the ring is full, for one slot")
    test("t30_full", "passive messages fill the ring", 5, "ipitest passive", draw_passive_full,
         judge_passive_full, timely=True, covers="T30", hint="wait_for_room must tell the target")
    test("t31_told", "lwkt_ipiq_optimized 0: one interrupt for each message", 5, "ipitest t31", draw_told,
         judge_burst, covers="T31", hint="notify must look at lwkt_ipiq_optimized")
    test("t33_mask", "a message to each cpu of a mask", 5, "ipitest mask", draw_mask, judge_mask, covers="T33",
         hint="lwkt_send_ipiq_mask sends to its own cpu, too, and counts all of them")
    test("t33_oneself", "a thread that schedules itself", 5, "preempttest t14", preempt.draw_nested,
         preempt.judge_locked, timely=True, covers="T33", hint="lwkt_schedule of the caller enqueues, and that "
         "is all")
    test("t33_idle", "the idle thread cannot be made runnable", 5, "swtest t24", switch.draw_idle_scheduled,
         switch.judge_idle_scheduled, covers="T24", panics=True, hint="the assertion in lwkt_schedule")
    test("t32_wrap", "sequence numbers may wrap", 5, "ipitest again", draw_wait_wrap, judge_wait_wrap,
         covers="T32", hint="compare sequence numbers by the sign of their difference")
