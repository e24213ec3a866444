# SPDX-License-Identifier: BSD-3-Clause
"""Lab 7: tsleep and wakeup. The scenes are in user/sleeptest.c."""

from grading.engine import test

OK, EWOULDBLOCK, EINTR = 0, 1, 2
NAMES = "ABCDEF"
SHIFT = 5       # an instruction takes 32 ns: while all threads sleep, time passes only by instructions


TICK = 100_000  # ticks of the time CSR (10 MHz) in a tick of the kernel's clock
# Limits in ticks, some of them days long, that seem to be over at once if they are computed in too few bits:
# in ticks of the CSR, of 32 bits; of 16 bits; in ticks of the CSR, of 32 bits with a sign.
LONG = ([ticks for ticks in (-(-(k << 32) // TICK) for k in range(1, 500)) if ticks * TICK % (1 << 32) < TICK // 20],
        [k << 16 for k in range(1, 100)], [(1 << 31) - 1])


def two_cpus(rng):
    """(parameters, options): two threads on one or two of up to four cpus."""
    cpus = rng.randint(1, 4)
    return {"cpu0": rng.randrange(cpus), "cpu1": rng.randrange(cpus)}, {"CPUS": cpus}


def draw_turns(rng):
    """Thousands of turns; in some runs the harts stall for random times."""
    params, options = two_cpus(rng)
    options["APPEND"] = f"ktest=1 spin_delay={rng.choice((0, 3, 9))} " \
                        f"stall_running={rng.choice((0, 0, 2))} stall_idle={rng.choice((0, 0, 3))}"
    return {**params, "turns": rng.randint(800, 2500)}, options


def draw_late(rng):
    """The waker is always on another cpu."""
    cpus = rng.randint(2, 4)
    params = dict(zip(("cpu0", "cpu1"), rng.cpus(range(cpus), 2)))
    return {**params, "rounds": rng.randint(1, 5), "ticks": rng.randint(5, 20)}, {"CPUS": cpus}


def draw_timeout(rng):
    """The wakeup comes close to the tick that ends the sleep."""
    cpus = rng.randint(2, 4)
    params = dict(zip(("cpu0", "cpu1"), rng.cpus(range(cpus), 2)))
    start = rng.randint(9700, 10000)
    return {**params, "rounds": rng.randint(4, 7), "ticks": rng.randint(2, 4), "from": start,
            "width": rng.randint(100, 500), "long": rng.choice(rng.cycle(*LONG))}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_sleepers(rng):
    """Three to six sleepers, on any cpus, some on the waker's and some on others; or all on one."""
    cpus = rng.cycle(1, 2, rng.randint(3, 4))
    count = rng.randint(3, 6)
    places = {f"c{i}": rng.randrange(cpus) if i > 1 else i % cpus for i in range(count)}
    return {"sleepers": count, "waker": rng.randrange(cpus), **places}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_one(rng):
    """All sleepers are on one cpu, where their order is known."""
    params, options = draw_sleepers(rng)
    cpus = rng.randint(2, 4)
    cpu, other = rng.cpus(range(cpus), 2)
    params.update({f"c{i}": cpu for i in range(params["sleepers"])})
    return {**params, "waker": rng.cycle(cpu, other)}, {**options, "CPUS": cpus}


def draw_some(rng):
    """Four to six sleepers, on the waker's cpu; in two of three gradings' runs the last one is on another."""
    _, options = draw_sleepers(rng)
    cpus, count = rng.cycle(1, 2, rng.randint(3, 4)), rng.randint(4, 6)
    cpu = rng.randrange(cpus)
    places = {f"c{i}": cpu for i in range(count)}
    places[f"c{count - 1}"] = (cpu + 1) % cpus
    return {"sleepers": count, "waker": cpu, **places}, {**options, "CPUS": cpus}


def draw_state(rng):
    """Any cpu."""
    cpus = rng.randint(1, 4)
    return {"cpu0": rng.randrange(cpus)}, {"CPUS": cpus}


def draw_idents(rng):
    """Both sleepers are on one cpu, and the waker on another, or on the same."""
    cpus = rng.randint(2, 4)
    cpu, other = rng.cpus(range(cpus), 2)
    return {"c0": cpu, "c1": cpu, "waker": rng.cycle(other, cpu)}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_spread(rng):
    """The sleepers are on all cpus but the waker's; those are two or three. In some runs the last one is on
    the waker's. The domain, which is not 0, has to travel with the question."""
    params, options = draw_sleepers(rng)
    cpus = rng.randint(3, 4)
    others = [cpu for cpu in range(cpus) if cpu != params["waker"] % cpus]
    rng.shuffle(others)
    params.update({f"c{i}": others[i % len(others)] for i in range(params["sleepers"])})
    params["waker"] %= cpus
    last = f"c{params['sleepers'] - 1}"
    params[last] = rng.cycle(params[last], params["waker"])
    params["domain"] = rng.randint(1, 4)
    params.update({f"g{i}": params["domain"] for i in range(params["sleepers"])})
    return params, {**options, "CPUS": cpus}


def draw_domains(rng):
    """Each sleeper is in one of three domains, none of which is empty."""
    params, options = draw_sleepers(rng)
    domains = rng.sample(range(1, 5), 2) + [0]
    chosen = domains + [rng.choice(domains) for _ in range(params["sleepers"] - 3)]
    rng.shuffle(chosen)
    params.update({f"g{i}": domain for i, domain in enumerate(chosen)})
    rng.shuffle(domains)
    params.update(zip(("first", "second", "third"), domains))
    return params, options


def judge_turns(scene):
    """Both threads had all of their turns, so no wakeup was lost."""
    for name in "AB":
        done = [event.val for event in scene.of("turns", td=name)]
        scene.must(done == [scene.params["turns"]], f"{scene.params['turns']} turns of {name}",
                   f"{done[0] if done else 'no count'}: the next wakeup was lost",
                   (scene.of("turns", td=name) or [None])[0])


def sleeps(scene, name):
    """The sleeps of a thread: pairs of the events asleep and woke."""
    events = scene.of("asleep", "woke", td=name)
    pairs = list(zip(events[::2], events[1::2]))
    for asleep, woke in pairs:
        scene.must((asleep.what, woke.what) == ("asleep", "woke"), f"sleeps of {name} that end",
                   str(events), woke)
    scene.must(len(events) % 2 == 0, f"the last sleep of {name} to end", "it does not",
               events[-1] if events else None)
    return pairs


def tick_of(scene):
    """The length of a tick of the kernel's clock, in ticks of the time CSR."""
    return scene.of("tick")[0].val


def judge_late(scene):
    """The wakeup came before the sleep, so the sleep ends at once, with 0."""
    pairs, tick = sleeps(scene, "A"), tick_of(scene)
    scene.must(len(pairs) == scene.params["rounds"], f"{scene.params['rounds']} sleeps", str(len(pairs)))
    for asleep, woke in pairs:
        scene.must(woke.val == OK and woke.time - asleep.time < tick // 20,
                   "a sleep that ends at once, with 0, because the wakeup came after the interlock",
                   f"result {woke.val} after {(woke.time - asleep.time) / tick:.2f} ticks", woke)


def must_last(scene, asleep, woke):
    """A sleep that no wakeup ended takes its whole time, and not much more."""
    ticks = (woke.time - asleep.time) / tick_of(scene)
    scene.must_equal(woke, EWOULDBLOCK, f"EWOULDBLOCK ({EWOULDBLOCK}), because nothing wakes this ident")
    scene.must(asleep.val <= ticks < asleep.val + 0.5, f"a sleep of {asleep.val} ticks",
               f"{ticks:.2f} ticks", woke)


def judge_timeout(scene):
    """The first sleep of each round ends with 0 or EWOULDBLOCK, and with EWOULDBLOCK only when its time is
    over. Its timer does not disturb the next sleeps."""
    pairs, tick = sleeps(scene, "A"), tick_of(scene)
    scene.must(len(pairs) == 3 * scene.params["rounds"], f"{3 * scene.params['rounds']} sleeps",
               str(len(pairs)))
    for (asleep, woke), (second, end), (third, woken) in zip(pairs[::3], pairs[1::3], pairs[2::3]):
        scene.must(woke.val in (OK, EWOULDBLOCK), "0 or EWOULDBLOCK", str(woke.val), woke)
        ticks = (woke.time - asleep.time) / tick
        scene.must(ticks < 1.5 and (woke.val == OK or ticks >= 1),
                   "a sleep of at most a tick, and EWOULDBLOCK only after a whole tick",
                   f"{woke.val} after {ticks:.3f} ticks", woke)
        must_last(scene, second, end)
        scene.must(woken.val == OK and woken.time - third.time < tick,
                   "0 within a tick, because the third sleep is woken long before its time is over",
                   f"{woken.val} after {(woken.time - third.time) / tick:.2f} ticks", woken)
    must_leave_nothing(scene)


def wakeups(scene):
    """[(wakeup, [woke events until the next wakeup])]: what each wakeup of W did."""
    calls = []
    for event in scene.of("log", "woke"):
        if event.what == "log":
            calls.append((event, []))
        elif event.td != "W" and calls:
            calls[-1][1].append(event)
        elif event.td != "W":
            scene.must(False, "no thread awake before the first wakeup", event.td, event)
    return calls


def names_of(events):
    """The names of the threads of these events."""
    return [event.td for event in events]


def judge_one(scene):
    """Each wakeup wakes exactly one thread: among those of one cpu, the one that has slept longest."""
    count, left = scene.params["sleepers"], list(NAMES[:scene.params["sleepers"]])
    calls = wakeups(scene)
    scene.must_have(calls, count, f"{count} wakeups")
    for call, woken in calls:
        scene.must(len(woken) == 1, "one thread woken by wakeup_one", " ".join(names_of(woken)) or "none",
                   woken[-1] if woken else call)
        name = woken[0].td
        scene.must(name in left, "each thread woken once", f"{name} again", woken[0])
        cpu = scene.params[f"c{NAMES.index(name)}"]
        cpus = [scene.params[f"c{NAMES.index(n)}"] for n in left]
        first = scene.params["waker"] if scene.params["waker"] in cpus else min(cpus)
        scene.must(cpu == first, "a thread of the waker's own cpu if one sleeps there, else of the first "
                   f"cpu that has one: of cpu {first}", f"{name}, of cpu {cpu}", woken[0])
        older = [n for n in left[:left.index(name)] if scene.params[f"c{NAMES.index(n)}"] == cpu]
        scene.must(not older, "the thread that has slept longest on its cpu first",
                   f"{name} before {' '.join(older)}", woken[0])
        left.remove(name)


def judge_all(scene):
    """All threads are woken, each once."""
    woken = [event for _, events in wakeups(scene) for event in events]
    scene.must(sorted(names_of(woken)) == list(NAMES[:scene.params["sleepers"]]),
               f"all {scene.params['sleepers']} sleepers woken, each once",
               " ".join(names_of(woken)) or "none", woken[-1] if woken else None)


def judge_some(scene):
    """As many threads are woken as the count says, the longest asleep first; or all that there are on the
    waker's cpu, if there is one, and then none of another cpu."""
    names = list(NAMES[:scene.params["sleepers"]])
    here = [name for name in names if scene.params[f"c{NAMES.index(name)}"] == scene.params["waker"]]
    calls = wakeups(scene)
    scene.must_have(calls, 3, "three wakeups")
    for (call, woken), wanted in zip(calls, (here[:2], here[2:], names[len(here):])):
        scene.must(names_of(woken) == wanted, f"a wakeup of {' and then '.join(wanted) or 'nobody'}",
                   " ".join(names_of(woken)) or "none", woken[-1] if woken else call)


def judge_idents(scene):
    """A wakeup wakes the sleepers of its ident, and no others of the same bucket."""
    scene.order([e for e in scene.of("log", "woke") if e.td != "W" or e.what == "log"],
                ["W:0", "W:1", "A:woke=0", "W:2", "B:woke=0"],
                "nobody at the first wakeup, A at the second, B at the third")


def must_leave_nothing(scene):
    """After each tsleep none of its flags is set, and no timer of its own is queued."""
    for event in scene.of("timerleft"):
        scene.must(False, "the timer of a sleep off its queue at the return of tsleep",
                   f"that of {event.td} is queued still, on its stack", event)
    for event in scene.of("sleepflags"):
        scene.must_equal(event, 0, "none of TDF_TSLEEPQ, TDF_SINTR, TDF_TIMEOUT, TDF_NORESCHED left in "
                         f"{event.td} at the return of tsleep")


def judge_state(scene):
    """A is a sleeper of v[8] only as long as it should be, so wakeup_one finds B."""
    scene.order([e for e in scene.of("log", "woke", "scene", "no-wmesg")
                 if str(e) not in ("W:0", "B:0", "W:woke=1")],
                ["W:scene=0", "W:1", "B:woke=0", "A:woke=0", "W:2", "B:woke=0", "A:woke=0", "W:3", "B:woke=0",
                 "A:woke=1", "A:no-wmesg=0", "W:4", "B:woke=0", "W:5", "B:woke=0", "A:woke=0", "W:6", "B:woke=0",
                 "A:woke=0", "A:woke=0", "W:7", "B:woke=0", "W:8", "A:woke=0", "W:9", "A:woke=0", "W:10",
                 "A:woke=0"],
                "wakeup_one finds B, which sleeps on the ident, and not A, which slept there before or has "
                "interlocked there again after B; td_wmesg is set while a thread sleeps")
    seen = scene.of("ast")[1::2]
    scene.order(seen, ["W:ast=4", "W:ast=0"],
                "the wakeup of a better thread asks for AST_LWKT_RESCHED, but not if it sleeps with "
                "PNORESCHED")
    must_leave_nothing(scene)


def judge_kill(scene):
    """A kill ends a sleep with PCATCH; another one does not begin. Without PCATCH it does not matter."""
    pairs, tick = sleeps(scene, "A"), tick_of(scene)
    killed = scene.of("log", td="K")[0]
    scene.must_have(pairs, 5, "five sleeps")
    for i, (asleep, woke) in enumerate(pairs[:4]):
        scene.must(woke.val == EINTR and woke.time - max(asleep.time, killed.time) < tick // 4,
                   "EINTR at once, " +
                   ("when the process is killed", "as it was killed before", "as it was killed before",
                    "as it was killed before, though a wakeup came after the interlock")[i],
                   f"{woke.val} after {(woke.time - asleep.time) / tick:.2f} ticks", woke)
    must_last(scene, *pairs[4])
    must_leave_nothing(scene)


def judge_late_kill(scene):
    """A sleep whose time is up gives EWOULDBLOCK, though the process is killed before it runs."""
    (_, woke), = sleeps(scene, "A")
    killed = scene.of("log", td="K")[0]
    scene.must(killed.time < woke.time, "K to kill A before A runs", "A runs before", woke)
    scene.must_equal(woke, EWOULDBLOCK, f"EWOULDBLOCK ({EWOULDBLOCK}), because the time was up before the kill")
    must_leave_nothing(scene)


def judge_domains(scene):
    """Each wakeup wakes all threads of its domain, and no others."""
    calls = wakeups(scene)
    scene.must_have(calls, 3, "three wakeups")
    for call, woken in calls:
        wanted = [NAMES[i] for i in range(scene.params["sleepers"])
                  if scene.params[f"g{i}"] == call.val]
        scene.must(sorted(names_of(woken)) == wanted,
                   f"a wakeup in domain {call.val} to wake {' '.join(wanted)}, which sleep there, and no "
                   "others", " ".join(names_of(woken)) or "none", woken[-1] if woken else call)


def declare():
    """Declare the tests of this part."""
    test("t47_turns", "thousands of wakeups, none lost", 12, "sleeptest t47", draw_turns, judge_turns,
         covers="T47",
         hint="tsleep_interlock's order is queue, bit, fence, and the caller's test; wakeup_domain's "
         "is the condition, fence, look")
    test("t47_late", "a wakeup between interlock and sleep", 10, "sleeptest t47late", draw_late,
         judge_late, covers="T47", hint="tsleep(PINTERLOCKED) must see that it was taken off the queue")
    test("t47_state", "who is a sleeper, and who is none any more", 12, "sleeptest t47state", draw_state,
         judge_state, covers="T47", hint="tsleep_interlock ends an older interlock, tsleep_remove and "
         "sleep_until_woken take the thread off the list, tsleep_timeout too; tsleep clears all of its flags")
    test("t48_timeout", "a timeout races with a wakeup", 11, "sleeptest t48", draw_timeout, judge_timeout,
         covers="T48",
         hint="sleep_until_timeout deletes its timer, and tsleep clears TDF_TIMEOUT, before they "
         "return")
    test("t48_kill", "a sleeper is killed", 6, "sleeptest t48kill", draw_turns, judge_kill, covers="T48",
         hint="tsleep with PCATCH sets TDF_SINTR and then looks at thread_killed(), and again after the "
              "sleep")
    test("t48_late", "a sleeper is killed whose time is up", 2, "sleeptest t48late", draw_turns,
         judge_late_kill, covers="T48", hint="tsleep with PCATCH gives EINTR only for a sleep that ended with 0")
    test("t49_one", "wakeup_one wakes one thread, the oldest", 6, "sleeptest t49one", draw_one, judge_one,
         covers="T49", hint="wakeup_here walks the bucket from its head, and stops after one thread")
    test("t49_some", "wakeups of several", 4, "sleeptest t49some", draw_some, judge_some, covers="T49",
         hint="wakeup_here wakes `count` threads at most")
    test("t49_spread", "wakeup_one wakes one thread, whatever cpu it is on", 8, "sleeptest t49one",
         draw_spread, judge_one, covers="T49",
         hint="wakeup_domain looks here first; wakeup_one_remote asks the next cpu (wakeup_one_from) only "
         "if it had no thread to wake")
    test("t49_all", "wakeup wakes all, on all cpus", 6, "sleeptest t49all", draw_sleepers, judge_all,
         covers="T49",
         hint="wakeup_here goes on after a thread is woken; wakeup_domain tells every cpu in the "
         "bucket's word")
    test("t49_domains", "other domains sleep on", 4, "sleeptest t49dom", draw_domains, judge_domains,
         covers="T49", hint="wakeup_here compares td_wdomain; the domain travels with the ident")
    test("t49_idents", "other idents of the same bucket sleep on", 4, "sleeptest t49id", draw_idents,
         judge_idents, covers="T49",
         hint="wakeup_here compares td_wchan, and takes the cpu's bit back only if "
         "the bucket is empty")
