# SPDX-License-Identifier: BSD-3-Clause
"""Lab 7: tsleep and wakeup. The scenes are in user/sleeptest.c."""

from grading.engine import test

OK, EWOULDBLOCK = 0, 1
NAMES = "ABCDEF"
SHIFT = 5       # an instruction takes 32 ns: while all threads sleep, time passes only by instructions


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
    params = dict(zip(("cpu0", "cpu1"), rng.sample(range(cpus), 2)))
    return {**params, "rounds": rng.randint(1, 5), "ticks": rng.randint(5, 20)}, {"CPUS": cpus}


def draw_timeout(rng):
    """The wakeup comes close to the tick that ends the sleep."""
    cpus = rng.randint(2, 4)
    params = dict(zip(("cpu0", "cpu1"), rng.sample(range(cpus), 2)))
    start = rng.randint(9700, 10000)
    return {**params, "rounds": rng.randint(4, 7), "ticks": rng.randint(2, 4), "from": start,
            "width": rng.randint(100, 500)}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_sleepers(rng):
    """Three to six sleepers, on any cpus."""
    cpus = rng.randint(1, 4)
    count = rng.randint(3, 6)
    places = {f"c{i}": rng.randrange(cpus) for i in range(count)}
    return {"sleepers": count, "waker": rng.randrange(cpus), **places}, {"CPUS": cpus, "SHIFT": SHIFT}


def draw_one(rng):
    """All sleepers are on one cpu, where their order is known."""
    params, options = draw_sleepers(rng)
    params.update({f"c{i}": params["c0"] for i in range(params["sleepers"])})
    return params, options


def draw_spread(rng):
    """The sleepers are on all cpus but the waker's; those are two or three."""
    params, options = draw_sleepers(rng)
    cpus = rng.randint(3, 4)
    others = [cpu for cpu in range(cpus) if cpu != params["waker"] % cpus]
    rng.shuffle(others)
    params.update({f"c{i}": others[i % len(others)] for i in range(params["sleepers"])})
    return {**params, "waker": params["waker"] % cpus}, {**options, "CPUS": cpus}


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
    test("t47_turns", "thousands of wakeups, none lost", 15, "sleeptest t47", draw_turns, judge_turns,
         covers="T47", hint="the sleeper's order is queue, bit, fence, test; the waker's is condition, "
         "fence, look")
    test("t47_late", "a wakeup between interlock and sleep", 15, "sleeptest t47late", draw_late,
         judge_late, covers="T47", hint="tsleep(PINTERLOCKED) must see that it was taken off the queue")
    test("t48_timeout", "a timeout races with a wakeup", 15, "sleeptest t48", draw_timeout, judge_timeout,
         covers="T48", hint="the timer and its flags must be gone when tsleep returns")
    test("t49_one", "wakeup_one wakes one thread, the oldest", 10, "sleeptest t49one", draw_one, judge_one,
         covers="T49", hint="walk the bucket from its head, and stop after one thread")
    test("t49_spread", "wakeup_one wakes one thread, whatever cpu it is on", 10, "sleeptest t49one",
         draw_spread, judge_one, covers="T49",
         hint="ask the next cpu only if the one before it had no thread to wake")
    test("t49_all", "wakeup wakes all, on all cpus", 10, "sleeptest t49all", draw_sleepers, judge_all,
         covers="T49",
         hint="continue the walk after a thread is woken; notify every cpu in the bucket's word")
    test("t49_domains", "other domains sleep on", 10, "sleeptest t49dom", draw_domains, judge_domains,
         covers="T49", hint="the domain travels with the ident")
