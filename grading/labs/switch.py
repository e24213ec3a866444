# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: run queues, switching, yield. The scenes are in user/swtest.c."""

import re

from grading.engine import test
from grading.labs import preempt

NAMES = "ABCDEFGH"
# The calls of K_RUNQ (kernel/ktest.h).
ENQUEUE, DEQUEUE, _, LOSE_SECTION, SCHEDULE_SELF, DESCHEDULE_SELF, SCHEDULE_CURRENT, _, IN_SECTION = range(9)
SIGNAL, USER_RESCHED = 1, 2     # bits of gd_astflags


def draw_robin(rng):
    """Two to eight threads, at any priority but that of the idle thread; without locks, with a token each,
    or with the MP lock."""
    return {"threads": rng.cycle(rng.randint(3, 7), 8, 2), "rounds": rng.randint(3, 6),
            "pri": rng.randint(7, 26), "lock": rng.cycle(0, 1, 2)}, {"CPUS": 1}


def draw_priorities(rng):
    """Three different priorities: neighbours, the bounds of all and one between them, or any."""
    low, middle, high = rng.cycle((12, 13, 14), (0, rng.randint(1, 30), 31),
                                  sorted(rng.sample(range(32), 3)))
    return {"low": low, "pri": middle, "high": high}, {"CPUS": 1}


def draw_turns(rng):
    """The number of turns for which A stays descheduled; B has A's priority, or is worse, so that A is alone
    on its ring."""
    pri = rng.randint(14, 26)
    return {"turns": rng.cycle(1, rng.randint(2, 4), 5), "pri": pri, "bpri": pri - rng.cycle(0, 1, 0)}, {"CPUS": 1}


def draw_times(rng):
    """How often A schedules B in a round, and how many rounds there are."""
    return {"times": rng.cycle(2, rng.randint(3, 9), 3), "rounds": rng.cycle(1, rng.randint(2, 5), 6),
            "pri": rng.randint(7, 26)}, {"CPUS": 1}


def somewhere(rng):
    """(a cpu, options): the only cpu, the last of some, or cpu 1 or 2 of four."""
    cpus = rng.cycle(1, rng.randint(2, 4), 4)
    return rng.cycle(0, cpus - 1, rng.randint(1, 2)), {"CPUS": cpus, "IPI": rng.cycle("sbi", "sswi", "sbi")}


def two_cpus(rng):
    """(parameters with two different cpus, options): from cpu 0 to cpu 1; from cpu 2 of three to cpu 1; or
    any of four. The second cpu must be able to halt, so it is not cpu 0, which never does that in the
    deterministic mode."""
    cpus = rng.cycle(2, 3, 4)
    to = rng.cycle(cpus - 1, 1, rng.randrange(1, cpus))
    source = rng.cycle(0, 2, rng.choice([cpu for cpu in range(cpus) if cpu != to]))
    return {"from": source, "to": to}, {"CPUS": cpus, "IPI": rng.ipi()}


def draw_request(rng):
    """B has a higher priority than A."""
    cpu, options = somewhere(rng)
    pri, high = rng.cycle((14, 15), (13, 26), sorted(rng.sample(range(13, 27), 2)))
    return {"cpu": cpu, "pri": pri, "high": high}, options


def draw_no_request(rng):
    """The same, but B has TDF_NORESCHED."""
    params, options = draw_request(rng)
    return {**params, "noresched": 1}, options


def draw_between(rng):
    """The message comes before, during and after the stall."""
    params, options = two_cpus(rng)
    stall = rng.randint(20, 60)
    return {**params, "rounds": 40, "stall": stall, "pause": 2 * stall, "seed": rng.randint(1, 10 ** 6)
            }, {**options, "SHIFT": rng.cycle(2, 3, 4)}


def draw_lock(rng):
    """A holds the token for a while."""
    params, options = two_cpus(rng)
    return {**params, "hold": rng.randint(200, 3000)}, options


def draw_mplock(rng):
    """The MP lock instead, whose release notifies no other cpu."""
    params, options = draw_lock(rng)
    return {**params, "mp": 1}, options


def draw_idle_scheduled(rng):
    """The idle thread of any cpu."""
    cpu, options = somewhere(rng)
    return {"from": rng.cycle(0, rng.randrange(options["CPUS"]), 3), "to": cpu}, options


def draw_idle_sleeps(rng):
    """The idle thread of another cpu, because only there can a message run in its context."""
    params, options = two_cpus(rng)
    return {**params, "sleep": 1}, options


def draw_stopped(rng):
    """B is on any cpu, and is not scheduled for a while."""
    cpu, options = somewhere(rng)
    return {"from": rng.cycle(0, 0, cpu), "to": cpu, "pause": rng.randint(50, 1000)}, options


def draw_setpri(rng):
    """Up to ten changes of priority, often to the one that the thread or another thread already has."""
    cpu, options = somewhere(rng)
    threads = rng.cycle(3, rng.randint(4, 7), 8)
    some = rng.sample(range(14, 27), 3)
    params = {"cpu": cpu, "threads": threads, "ops": rng.randint(4, 10)}
    params.update({f"p{i}": rng.choice(some) for i in range(1, threads)})
    params.update({f"o{i}": 32 * rng.randrange(threads) + rng.choice(some)
                   for i in range(params["ops"])})
    return params, options


def draw_checkpri(rng):
    """Any cpu."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu}, options


# What becomes of a ring of B, C and D: the first of three leaves, the one in the middle, the last, then all
# of them, and one that is not there; one comes twice; the last of two leaves, then the first; and one leaves
# twice, while others come and go.
PLACES = "+B+C+D -B+B -D+D -D+D -C-B-D -B +D+B+B -B+B -D +C+D -C-B-C+B +C-D+D-C"


def draw_ring(rng):
    """A random sequence, then all leave, then all places in a ring."""
    cpu, options = somewhere(rng)
    threads = rng.cycle(4, rng.randint(5, 7), 8)
    places = [2 * NAMES.index(name) + (sign == "+") for sign, name in re.findall(r"([+-])(\w)", PLACES)]
    ops = [rng.randrange(2, 2 * threads) for _ in range(rng.randint(15, 25))]
    ops += [2 * who for who in range(1, threads)] + places
    params = {"cpu": cpu, "pri": rng.randint(13, 26), "threads": threads, "ops": len(ops)}
    for i in range(0, len(ops), 7):
        params[f"q{i // 7}"] = sum(op << 4 * k for k, op in enumerate(ops[i:i + 7]))
    return params, options


def draw_count(rng):
    """How often A yields alone, and with B."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu, "pri": rng.randint(13, 26), "alone": rng.cycle(1, 2, rng.randint(3, 9)),
            "both": rng.cycle(rng.randint(3, 9), 1, 2), "traced": 1}, options


def draw_early(rng):
    """B is a kernel thread or a process."""
    params, options = two_cpus(rng)
    return {**params, "stall": rng.randint(30, 80), "process": rng.cycle(0, 1, 0)}, options


def draw_late(rng):
    """The message comes within the stall or after it."""
    params, options = two_cpus(rng)
    stall = rng.randint(40, 80)
    return {**params, "stall": stall, "pause": 2 * stall, "rounds": 20, "seed": rng.randint(1, 10 ** 6)
            }, options


def draw_asked(rng):
    """A token, or the MP lock."""
    params, options = two_cpus(rng)
    return {**params, "lock": rng.cycle(1, 2, 1), "pause": rng.randint(50, 200)}, options


def draw_moves(rng):
    """Between two cpus."""
    params, options = two_cpus(rng)
    return {**params, "hops": rng.cycle(1, 2, rng.randint(3, 6))}, options


def draw_yields(rng):
    """Two to four threads, with interrupts at any instruction of the switch."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu, "threads": rng.cycle(2, 3, 4), "rounds": rng.randint(100, 200),
            "yields": 60000, "us": rng.randint(80, 140)}, {**options, "SHIFT": 6}


def draw_quiet(rng):
    """Any cpu."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu, "pri": rng.randint(13, 26)}, options


def draw_foreign(rng):
    """B belongs to another cpu, and is on its queue if A dequeues it."""
    params, options = two_cpus(rng)
    call = rng.cycle(ENQUEUE, DEQUEUE, ENQUEUE)
    return {"cpu": params["from"], "other": params["to"], "call": call + IN_SECTION,
            "start": int(call == DEQUEUE)}, options


def draw_outside(rng):
    """A is in no critical section."""
    cpu, options = somewhere(rng)
    call = rng.cycle(ENQUEUE, DEQUEUE, LOSE_SECTION)
    return {"cpu": cpu, "other": cpu, "call": call, "start": int(call != ENQUEUE)}, options


def draw_not_caller(rng):
    """The other thread is on the same cpu."""
    cpu, options = somewhere(rng)
    return {"cpu": cpu, "other": cpu, "call": rng.cycle(SCHEDULE_SELF, DESCHEDULE_SELF, SCHEDULE_SELF)}, options


def draw_idle_self(rng):
    """A message interrupts the idle thread, and schedules it."""
    params, options = two_cpus(rng)
    return {"cpu": params["from"], "other": params["to"], "call": SCHEDULE_CURRENT, "body": 1}, options


def judge_robin(scene):
    """The threads take turns: the model is a list that is walked again and again."""
    names = NAMES[:scene.params["threads"]]
    expected = [f"{name}:0" for _ in range(scene.params["rounds"]) for name in names]
    scene.order(scene.of("log"), expected, "turns in the order in which the threads were started")
    scene.order(scene.of("end"), [f"{name}:end=0" for name in names], "ends in the same order")


def judge_priorities(scene):
    """lwkt_schedule does not interrupt A. B runs before A continues, and C after both have ended."""
    scene.order(scene.of("log", "end"),
                ["A:1", "A:2", "B:1", "B:2", "B:end=0", "A:3", "A:end=0", "C:1", "C:2", "C:end=0"],
                "A until its switch, then B (higher priority), then the rest of A, then C (lower priority)")


def judge_yield(scene):
    """A's yield puts A at the end of the queue, although A was on no queue."""
    scene.order(scene.of("log", "end"), ["A:1", "A:2", "B:1", "A:3", "A:end=0", "B:2", "B:end=0"],
                "A until its yield, then B's turn, then A's, then the rest of B")


def judge_deschedule(scene):
    """A runs until its switch, then B alone for all of its turns, and A again after it is scheduled."""
    turns = scene.params["turns"]
    logs = scene.of("log")
    alone = ["A:1", "A:2", "A:3", "B:1"] + ["B:2"] * turns
    scene.order(logs[:len(alone)], alone, "A until it switches, then B alone")
    # The run queue decides whether A's turn comes at B's next yield or at B's end.
    rest = [str(event) for event in logs[len(alone):]]
    scene.must(sorted(rest) == ["A:4", "B:3", "B:4"] and rest.index("B:3") < rest.index("B:4"),
               "A:4 once after B scheduled A, and B:3 before B:4", " ".join(rest),
               logs[len(alone)] if len(logs) > len(alone) else None)


def judge_schedule_twice(scene):
    """B runs once for each round of A, however often A scheduled it."""
    rounds = scene.params["rounds"]
    scene.order(scene.of("log"), ["A:1", "B:1"] * rounds + ["A:1"],
                "one run of B for each round of A")
    scene.must(len(scene.of("end", td="B")) == 1, "B to end once, after the last round",
               f"{len(scene.of('end', td='B'))} ends")


def judge_request(scene):
    """A continues until its switch. Until then it is asked to reschedule, or is not, as it should be."""
    asked = 1 - scene.params.get("noresched", 0)
    rule = ("A continues after lwkt_schedule, and is asked to reschedule until its switch" if asked else
            "A continues after lwkt_schedule, and is not asked to reschedule")
    scene.order(scene.events,
                ["A:resched=0", "A:1", "A:2", f"A:resched={asked}", "B:runq=1", "A:3", "B:1",
                 "B:resched=0", "B:end=0", "A:4", "A:resched=0", "A:end=0"], rule)


def judge_between(scene):
    """B runs soon after each call that schedules it, wherever in the idle loop the message comes."""
    rounds = scene.params["rounds"]
    logs = scene.of("log")
    scene.order(logs, ["A:1", "B:1"] * rounds, "B once for each time that A schedules it")
    for sent, ran in zip(logs[::2], logs[1::2]):
        scene.must_be_soon(sent, ran, "B to run within 1 ms of being scheduled, because nothing can come "
                           "between the idle thread's last look and its wait")


def judge_lock(scene):
    """The idle thread looks again and again without a halt, and B runs soon after the release."""
    waits = scene.of("idle_waits")
    scene.must_have(waits, 2, "two readings of the idle thread's waits while A has the lock")
    before, after = waits
    scene.must(before.val == after.val, "the idle thread not to halt (TDF_IDLE_NOHLT) while a runnable "
               "thread lacks a lock", f"{after.val - before.val} halts", after)
    scene.order(scene.of("log"), ["A:1", "B:1"], "B runs when A releases the lock")
    freed, ran = scene.of("log")
    scene.must_be_soon(freed, ran, "B to run within 1 ms of the release")


def judge_idle_scheduled(panic):
    """The panic is in the thread that called lwkt_schedule."""
    panic.must_say("the idle thread is never on a run queue", panic.params["from"], "A")


def judge_idle_sleeps(panic):
    """The panic is in the idle thread itself."""
    to = panic.params["to"]
    panic.must_say("the idle thread cannot sleep", to, f"idle{to}")


def judge_stopped(scene):
    """B is not runnable, is in one critical section, and has TDF_STOPREQ no more; after it is scheduled it
    is like any other thread."""
    to = scene.params["to"]
    steps = [e for e in scene.events if e.what in ("crit", "runq", "stopreq", "log")]
    scene.order(steps, ["B:crit=1", "B:runq=0", "B:stopreq=0", "A:1", "B:1", "B:crit=0"],
                "B is on no queue until A (A:1) schedules it, and then starts outside all sections")
    ran = scene.of("log", td="B")[0]
    scene.must_be_on(ran, to, "B")


def queue_model(params):
    """(what A sees after each change, the order in which the others run): the order is by priority, and
    within a priority by the time of the last change."""
    pri = {0: 30, **{i: params[f"p{i}"] for i in range(1, params["threads"])}}
    order = list(range(1, params["threads"]))
    looks = []
    for i in range(params["ops"]):
        who, new = divmod(params[f"o{i}"], 32)
        pri[who] = new
        if who:
            order.remove(who)
            order.append(who)
        looks += [f"{NAMES[who]}:pri={new}", f"{NAMES[who]}:crit={1 if who else 2}"]
    return looks, sorted(order, key=lambda who: -pri[who])


def judge_setpri(scene):
    """The events are those of the model. A, which in the end has the lowest priority, runs last."""
    looks, order = queue_model(scene.params)
    scene.order(scene.of("pri", "crit"), looks + ["A:crit=1"],
                "the new priorities, while the critical sections stay as they are")
    scene.order(scene.of("log"), [f"{NAMES[who]}:1" for who in order] + ["A:1"],
                "order by priority, and within a priority by the time of the last change")


def judge_checkpri(scene):
    """For each own priority p, the result is 1 for the queues above p, and 0 when they are empty."""
    better, stale = scene.of("better"), scene.of("stale")
    scene.must(len(better) == len(stale) == 32, "32 own priorities", f"{len(better)}")
    for own, (found, left) in enumerate(zip(better, stale)):
        right = (0xffffffff << own + 1) & 0xffffffff
        wrong = (found.val ^ right) & 0xffffffff
        scene.must(not wrong, f"at priority {own}: 1 for queues {own + 1} to 31, 0 for the others",
                   f"the opposite for queue {wrong.bit_length() - 1}", found)
        scene.must(left.val == 0, f"at priority {own}: 0 when a queue has become empty",
                   f"1 after queue {left.val.bit_length() - 1} became empty", left)


def ring_model(params):
    """(what A sees after each step, the ring in the end, those that are off it)."""
    ring, looks = [], ["A:runq=0"]
    for i in range(params["ops"]):
        who, on = divmod(params[f"q{i // 7}"] >> 4 * (i % 7) & 15, 2)
        if not on and who in ring:
            ring.remove(who)
        elif on and who not in ring:
            ring.append(who)
        looks.append(f"{NAMES[who]}:runq={on}")
    return looks, ring, [who for who in range(1, params["threads"]) if who not in ring]


def judge_ring(scene):
    """The threads run in the order of the model's list."""
    looks, ring, off = ring_model(scene.params)
    scene.order(scene.of("runq"), looks, "TDF_RUNQ set exactly while a thread is on the ring; a thread with "
                "TDF_MIGRATING is not enqueued (A:runq=0)")
    scene.order(scene.of("log"), [f"{NAMES[who]}:1" for who in ring] + ["A:1"] +
                [f"{NAMES[who]}:1" for who in off],
                "the order of the ring: whoever enters is last, and who leaves changes nothing for the others")


def judge_taken(scene):
    """The request is taken back although A itself is chosen again; other requests stay."""
    scene.order(scene.of("resched", "asked"),
                ["A:resched=1", "A:resched=0"] * 3 + [f"A:asked={SIGNAL + USER_RESCHED}"],
                "A's switch takes AST_LWKT_RESCHED back, and nothing else; so do its yield, and its switch with a token")


def judge_count(scene):
    """Only switches to another thread count. After a switch its critical section is over."""
    both = scene.params["both"]
    counts = {name: [event.val for event in scene.of(name, td="A")] for name in
              ("hit", "miss", "weird", "switches")}
    for name, (one, two, slept, three, four) in counts.items():
        scene.must(two == one, f"a switch from A to A itself not to count ({name})", str(two - one))
        grown = 2 if name == "switches" else 0
        scene.must(slept - two == grown, f"a switch to the idle thread, and one back from it: {name} + {grown}",
                   str(slept - two))
        grown = 2 * both if name == "switches" else 0
        scene.must(four - three == grown, f"{both} switches to B and back: {name} + {grown}",
                   str(four - three))
    at_work = ["{0}:crit=0", "{0}:runq=1", "{0}:running=1", "{0}:current=1"]
    waiting = ["{0}:crit=1", "{0}:runq=1", "{0}:running=0", "{0}:current=0"]
    looks = [(at_work, "A"), (at_work, "B"), (waiting, "A"), (at_work, "A"), (waiting, "B")]
    seen, wanted = scene.of("crit", "runq", "running", "current"), [
        word.format(name) for words, name in looks for word in words]
    for i, event in enumerate(seen[:len(wanted)]):      # lwkt_yield may have a section of its own
        if (event.what, event.val, wanted[i]) == ("crit", 2, f"{event.td}:crit=1"):
            wanted[i] = str(event)
    scene.order(seen, wanted,
                "the thread that runs: in no section, on the queue, TDF_RUNNING, and gd_curthread; the other: "
                "in the section of its switch, on the queue, neither running nor current")
    scene.order(scene.of("noted"), ["A:noted=0"] * 2, "messages that were noted run at the end of the section of "
                "the switch, whether it comes back to A or goes on to B")
    scene.order(scene.of("switch"), ["C:switch=0", "A:switch=2"] * both, "A and C to take turns while switches "
                "are traced, too")


def judge_early(scene):
    """A is not off the cpu before the next thread says so."""
    early = scene.of("early")[0]
    scene.must_equal(early, 0, "TDF_RUNNING of A set until B runs on its own stack")


def judge_late(scene):
    """A runs once for each time that C schedules it."""
    scene.order(scene.of("log"), ["C:1", "A:1"] * scene.params["rounds"],
                "A once for each time that C schedules it, whenever the message comes")


def judge_asked(scene):
    """B gets the lock as soon as A is off the cpu."""
    logs = scene.of("log")
    scene.order(logs, ["A:1", "B:1", "A:2"], "B gets A's lock when A goes off the cpu, and A has it later")
    scene.must_be_soon(logs[0], logs[1], "B to have the lock within 1 ms of A's switch")


def judge_moves(scene):
    """A runs on the cpu that it goes to, and in the end as before."""
    logs, two = scene.of("log"), [scene.params["to"], scene.params["from"]]
    scene.must_have(logs, 2 * scene.params["hops"], f"{2 * scene.params['hops']} arrivals")
    for event, cpu in zip(logs, two * scene.params["hops"]):
        scene.must_be_on(event, cpu, "A")
    scene.order(scene.of("crit", "runq", "running", "current"),
                ["A:crit=0", "A:runq=1", "A:running=1", "A:current=1"], "A to run as before")


def judge_quiet(scene):
    """Interrupts are as the thread that switches has left them."""
    scene.order(scene.of("enabled"), ["A:enabled=0", "B:enabled=1", "A:enabled=1", "B:enabled=1"],
                "interrupts after cpu_switch as they were before it: off (0), then on (1)")


def judge_wrong(panic):
    """A panic in A, in whatever words."""
    panic.must_say(panic.message or "an assertion that fails", panic.params["cpu"], "A")


def judge_idle_self(panic):
    """A panic in the idle thread."""
    other = panic.params["other"]
    panic.must_say("the idle thread is never on a run queue", other, f"idle{other}")


def declare_more():
    """The tests of user/runqtest.c, and two about preemption that show mistakes in lwkt_switch and
    cpu_switch."""
    test("t6_ring", "threads leave and enter a ring at any place", 10, "runqtest ring", draw_ring, judge_ring,
         covers="T6", hint="runq_append or runq_remove forgets one of the links, the ring's first thread, or "
         "that the ring is empty now")
    test("t6_foreign", "a run queue is touched by its own cpu only", 5, "runqtest wrong", draw_foreign,
         judge_wrong, covers="T6", panics=True, hint="the assertions in _lwkt_enqueue and _lwkt_dequeue")
    test("t6_outside", "a run queue is touched in critical sections only", 5, "runqtest wrong", draw_outside,
         judge_wrong, covers="T6", panics=True,
         hint="the assertions in _lwkt_enqueue, _lwkt_dequeue and switch_to")
    test("t5_not_caller", "lwkt_schedule_self and lwkt_deschedule_self are for the caller", 5, "runqtest wrong",
         draw_not_caller, judge_wrong, covers="T5", panics=True, hint="the assertions about curthread")
    test("t5_count", "what a switch counts, and what it leaves", 10, "runqtest count", draw_count, judge_count,
         timely=True, covers="T5", hint="run counts, switch_to marks the new thread, and each way through "
         "lwkt_switch leaves the section that it entered")
    test("t3_taken", "a switch takes the request to reschedule back, and no other", 5, "runqtest taken",
         draw_request, judge_taken, timely=True, covers="T3", hint="the bit in gd_astflags is cleared only "
         "for a switch to another thread, or others with it")
    test("t23_asked", "a lock that another cpu has asked for", 10, "runqtest asked", draw_asked, judge_asked,
         timely=True, covers="T23", hint="lwkt_switch must call switch_with_care if gd_care is not 0")
    test("t24_idle_self", "the idle thread cannot schedule itself", 5, "runqtest wrong", draw_idle_self,
         judge_idle_self, covers="T24", panics=True, hint="the assertion in lwkt_schedule_self")
    test("t26_moves", "a thread that moves to another cpu", 5, "runqtest moves", draw_moves, judge_moves,
         covers="T26", hint="return_with_care sees a migrating thread off, after it has published its flags")
    test("t60_early", "no thread is off its stack before the next one runs", 10, "runqtest early", draw_early,
         judge_early, covers="T60", hint="TDF_RUNNING is for lwkt_switch_return to clear")
    test("t60_late", "a message in the middle of a switch", 10, "runqtest late", draw_late, judge_late,
         timely=True, covers="T60", hint="lwkt_switch_return must publish the flags before it leaves the section: "
         "at its end messages run, which change them")
    test("t10_back", "a thread that has preempted another switches back to it", 5, "preempttest t10",
         preempt.draw_waking, preempt.judge_waking, covers="T10",
         hint="if td_preempted is set, lwkt_switch must not look at the run queues")
    test("t65_yield", "the registers that a call keeps survive a switch", 10, "runqtest yields", draw_yields,
         preempt.judge_yields, covers="T65", hint="a register is missing in cpu_switch, or sp and tp do not "
         "change together")
    test("t65_interrupts", "interrupts stay off, or on, over a switch", 5, "runqtest quiet", draw_quiet,
         judge_quiet, timely=True, covers="T65", hint="cpu_switch must restore SIE as it has found it")
    test("t66_reservation", "a reservation ends with a switch", 5, "preempttest t66call", preempt.draw_lost,
         preempt.judge_lost, covers="T66", hint="the dummy sc.d in cpu_switch")


def declare():
    """Declare the tests of this part."""
    test("t1_turns", "threads of one priority take turns", 10, "swtest t1", draw_robin, judge_robin,
         covers="T1", hint="the ring is rotated at the wrong end, or not at all")
    test("t2_priorities", "the thread with the highest priority runs first", 10, "swtest t2",
         draw_priorities, judge_priorities, covers="T2",
         hint="the wrong bit of gd_runqmask is used, or the bit of an empty queue stays set")
    test("t5_deschedule", "a descheduled thread runs until it switches, and again when it is scheduled", 10,
         "swtest t5", draw_turns, judge_deschedule, covers="T5",
         hint="a switch puts the thread back on the queue by itself, or lwkt_schedule does not do it")
    test("t5_yield", "a yield puts its caller back on the queue", 5, "swtest t5yield", draw_turns,
         judge_yield, covers="T5", hint="if the thread is on no queue, lwkt_yield needs lwkt_schedule_self")
    test("t6_schedule_twice", "a thread that is scheduled several times is queued once", 10, "swtest t6",
         draw_times, judge_schedule_twice, covers="T6", hint="enqueueing must check TDF_RUNQ")
    test("t3_request", "a better thread asks for a reschedule, and gets it at the switch", 10,
         "swtest t3", draw_request, judge_request, covers="T3",
         hint="lwkt_schedule switches by itself, or the request is not made, or is never cleared")
    test("t4_no_request", "TDF_NORESCHED: the thread is queued, and asks for nothing", 5, "swtest t3",
         draw_no_request, judge_request, covers="T4", hint="_lwkt_schedule_post")
    test("t22_idle_race", "work that comes between the idle thread's last look and its wait", 15,
         "swtest t22", draw_between, judge_between, covers="T22",
         hint="interrupts are on between the look and the wait, or the look misses something")
    test("t23_idle_token", "the idle thread does not halt while a runnable thread lacks its token", 10,
         "swtest t23", draw_lock, judge_lock, timely=True, covers="T23", hint="TDF_IDLE_NOHLT")
    test("t23_idle_mplock", "the same for the MP lock", 5, "swtest t23", draw_mplock, judge_lock,
         timely=True, covers="T23", hint="TDF_IDLE_NOHLT")
    test("t24_idle_scheduled", "the idle thread cannot be made runnable", 5, "swtest t24",
         draw_idle_scheduled, judge_idle_scheduled, covers="T24", panics=True,
         hint="the assertion in lwkt_schedule")
    test("t24_idle_sleeps", "the idle thread cannot sleep", 5, "swtest t24", draw_idle_sleeps,
         judge_idle_sleeps, covers="T24", panics=True, hint="the assertion in tsleep")
    test("t26_stopped", "a thread created with TDF_STOPREQ runs when it is scheduled", 5, "swtest t26",
         draw_stopped, judge_stopped, covers="T26", hint="lwkt_create must not schedule such a thread")
    test("t57_setpri", "a thread with a new priority goes to the end of the new queue", 10, "swtest t57",
         draw_setpri, judge_setpri, covers="T57",
         hint="the thread stays on the old queue, or goes to the front of the new one")
    test("t58_checkpri", "lwkt_checkpri_self at every priority", 10, "swtest t58", draw_checkpri,
         judge_checkpri, covers="T58",
         hint="off by one, or the bit of an empty queue stays set in gd_runqmask")
    declare_more()
