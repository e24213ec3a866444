"""Lab 7: tsleep and wakeup. The scenes are those of user/sleeptest.c."""

from grading.engine import test

OK, EWOULDBLOCK = 0, 1
NAMES = "ABCDEF"
SHIFT = 5       # what sleeps needs time, and time is instructions of a hart that looks for work


def two_cpus(rng):
    """One or two cpus of up to four, for two threads."""
    cpus = rng.randint(1, 4)
    return {"cpu0": rng.randrange(cpus), "cpu1": rng.randrange(cpus)}, {"CPUS": cpus}


def draw_turns(rng):
    """Thousands of turns; now and then the harts' waits are of random length."""
    params, options = two_cpus(rng)
    options["APPEND"] = f"ktest=1 spin_delay={rng.choice((0, 3, 9))} " \
                        f"stall_running={rng.choice((0, 0, 2))} stall_idle={rng.choice((0, 0, 3))}"
    return {**params, "turns": rng.randint(800, 2500)}, options


def draw_late(rng):
    """The waker is another cpu, always."""
    cpus = rng.randint(2, 4)
    params = dict(zip(("cpu0", "cpu1"), rng.sample(range(cpus), 2)))
    return {**params, "rounds": rng.randint(1, 5), "ticks": rng.randint(5, 20)}, {"CPUS": cpus}


def draw_timeout(rng):
    """The wakeup comes around the tick's end."""
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
    """All on one cpu, where the order is known."""
    params, options = draw_sleepers(rng)
    params.update({f"c{i}": params["c0"] for i in range(params["sleepers"])})
    return params, options


def draw_spread(rng):
    """On all cpus but the waker's, of which there are two or three."""
    params, options = draw_sleepers(rng)
    cpus = rng.randint(3, 4)
    others = [cpu for cpu in range(cpus) if cpu != params["waker"] % cpus]
    rng.shuffle(others)
    params.update({f"c{i}": others[i % len(others)] for i in range(params["sleepers"])})
    return {**params, "waker": params["waker"] % cpus}, {**options, "CPUS": cpus}


def draw_domains(rng):
    """Each sleeper in one of three domains, none of which is empty."""
    params, options = draw_sleepers(rng)
    domains = rng.sample(range(1, 5), 2) + [0]
    chosen = domains + [rng.choice(domains) for _ in range(params["sleepers"] - 3)]
    rng.shuffle(chosen)
    params.update({f"g{i}": domain for i, domain in enumerate(chosen)})
    rng.shuffle(domains)
    params.update(zip(("first", "second", "third"), domains))
    return params, options


def judge_turns(scene):
    """Both had all of their turns: no wakeup was lost."""
    for name in "AB":
        done = [event.val for event in scene.of("turns", td=name)]
        scene.must(done == [scene.params["turns"]], f"{scene.params['turns']} turns of {name}",
                   f"{done[0] if done else 'no count'}: then a wakeup was lost",
                   (scene.of("turns", td=name) or [None])[0])


def sleeps(scene, name):
    """The sleeps of a thread: pairs of events asleep and woke."""
    events = scene.of("asleep", "woke", td=name)
    pairs = list(zip(events[::2], events[1::2]))
    for asleep, woke in pairs:
        scene.must((asleep.what, woke.what) == ("asleep", "woke"), f"sleeps of {name} that end",
                   str(events), woke)
    scene.must(len(events) % 2 == 0, f"the last sleep of {name} to end", "it goes on",
               events[-1] if events else None)
    return pairs


def tick_of(scene):
    """A tick, of which HZ are a second, in ticks of the time CSR."""
    return scene.of("tick")[0].val


def judge_late(scene):
    """The wakeup came before the sleep, which ends at once: 0, and no time goes by."""
    pairs, tick = sleeps(scene, "A"), tick_of(scene)
    scene.must(len(pairs) == scene.params["rounds"], f"{scene.params['rounds']} sleeps", str(len(pairs)))
    for asleep, woke in pairs:
        scene.must(woke.val == OK and woke.time - asleep.time < tick // 20,
                   "a sleep that ends at once, with 0: the wakeup came after the interlock",
                   f"result {woke.val} after {(woke.time - asleep.time) / tick:.2f} ticks", woke)


def must_last(scene, asleep, woke):
    """A sleep that nobody ended: its whole time, and not much more."""
    ticks = (woke.time - asleep.time) / tick_of(scene)
    scene.must(woke.val == EWOULDBLOCK, f"EWOULDBLOCK ({EWOULDBLOCK}): nobody wakes this ident",
               str(woke.val), woke)
    scene.must(asleep.val <= ticks < asleep.val + 0.5, f"a sleep of {asleep.val} ticks",
               f"{ticks:.2f} ticks", woke)


def judge_timeout(scene):
    """One of 0 and EWOULDBLOCK; EWOULDBLOCK not before its time; and no timer is left for the next
    sleep."""
    pairs, tick = sleeps(scene, "A"), tick_of(scene)
    scene.must(len(pairs) == 3 * scene.params["rounds"], f"{3 * scene.params['rounds']} sleeps",
               str(len(pairs)))
    for (asleep, woke), (second, end), (third, woken) in zip(pairs[::3], pairs[1::3], pairs[2::3]):
        scene.must(woke.val in (OK, EWOULDBLOCK), "0 or EWOULDBLOCK", str(woke.val), woke)
        ticks = (woke.time - asleep.time) / tick
        scene.must(ticks < 1.5 and (woke.val == OK or ticks >= 1),
                   "a sleep of a tick at most, and EWOULDBLOCK not before",
                   f"{woke.val} after {ticks:.3f} ticks", woke)
        must_last(scene, second, end)
        scene.must(woken.val == OK and woken.time - third.time < tick,
                   "0 within a tick: the third sleep is woken long before its time",
                   f"{woken.val} after {(woken.time - third.time) / tick:.2f} ticks", woken)


def wakeups(scene):
    """What W did: for each wakeup, who woke up to the next one."""
    calls = []
    for event in scene.of("log", "woke"):
        if event.what == "log":
            calls.append((event, []))
        elif event.td != "W" and calls:
            calls[-1][1].append(event)
        elif event.td != "W":
            scene.must(False, "nobody awake before the first wakeup", event.td, event)
    return calls


def names_of(events):
    """The threads of events."""
    return [event.td for event in events]


def judge_one(scene):
    """Exactly one for each; of those on one cpu, the one that has slept longest."""
    count, left = scene.params["sleepers"], list(NAMES[:scene.params["sleepers"]])
    calls = wakeups(scene)
    scene.must(len(calls) == count, f"{count} wakeups", str(len(calls)))
    for call, woken in calls:
        scene.must(len(woken) == 1, "one thread woken by wakeup_one", " ".join(names_of(woken)) or "none",
                   woken[-1] if woken else call)
        name = woken[0].td
        scene.must(name in left, "each woken once", f"{name} again", woken[0])
        cpu = scene.params[f"c{NAMES.index(name)}"]
        older = [n for n in left[:left.index(name)] if scene.params[f"c{NAMES.index(n)}"] == cpu]
        scene.must(not older, "the longest sleeper of its cpu first",
                   f"{name} before {' '.join(older)}", woken[0])
        left.remove(name)


def judge_all(scene):
    """Everybody, once."""
    woken = [event for _, events in wakeups(scene) for event in events]
    scene.must(sorted(names_of(woken)) == list(NAMES[:scene.params["sleepers"]]),
               f"all {scene.params['sleepers']} sleepers woken, each once",
               " ".join(names_of(woken)) or "none", woken[-1] if woken else None)


def judge_domains(scene):
    """The domain that is woken, all of it, and nobody else."""
    calls = wakeups(scene)
    scene.must(len(calls) == 3, "three wakeups", str(len(calls)))
    for call, woken in calls:
        wanted = [NAMES[i] for i in range(scene.params["sleepers"])
                  if scene.params[f"g{i}"] == call.val]
        scene.must(sorted(names_of(woken)) == wanted,
                   f"wakeup in domain {call.val}: {' '.join(wanted)}, who sleep there, and nobody else",
                   " ".join(names_of(woken)) or "nobody", woken[-1] if woken else call)


def declare():
    """This lab's tests."""
    test("t47_turns", "thousands of wakeups, none lost", 15, "sleeptest t47", draw_turns, judge_turns,
         covers="T47", hint="the order of: queue, bit, fence, test; or of condition, fence, look")
    test("t47_late", "a wakeup between interlock and sleep", 15, "sleeptest t47late", draw_late,
         judge_late, covers="T47", hint="tsleep(PINTERLOCKED) must see that it was taken off the queue")
    test("t48_timeout", "a timeout against a wakeup", 15, "sleeptest t48", draw_timeout, judge_timeout,
         covers="T48", hint="is the timer gone when tsleep returns? are its flags?")
    test("t49_one", "wakeup_one wakes one, the oldest", 10, "sleeptest t49one", draw_one, judge_one,
         covers="T49", hint="the bucket is walked from its head; a count that is not kept")
    test("t49_spread", "wakeup_one wakes one, whichever cpu it is on", 10, "sleeptest t49one",
         draw_spread, judge_one, covers="T49",
         hint="a cpu is asked only when the one before it had nobody to wake")
    test("t49_all", "wakeup wakes all, on all cpus", 10, "sleeptest t49all", draw_sleepers, judge_all,
         covers="T49", hint="the walk goes on after a wakeup; every cpu of the bucket's word is told")
    test("t49_domains", "other domains sleep on", 10, "sleeptest t49dom", draw_domains, judge_domains,
         covers="T49", hint="the domain travels with the ident")
