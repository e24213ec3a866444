# SPDX-License-Identifier: BSD-3-Clause
"""Lab 9: cpusync. The scenes are in user/synctest.c."""

from grading.engine import test


def mask_of(cpus):
    """The mask with a bit for each of these cpus."""
    return sum(1 << cpu for cpu in cpus)


def cpus_of(mask):
    """The cpus of a mask."""
    return [cpu for cpu in range(64) if mask >> cpu & 1]


def draw_one(rng):
    """A master, a target whose thread counts, and a cpu that is not stopped. The other cpus are stopped at
    the start, or later, or not at all. The master may be in its own mask."""
    cpus = rng.randint(3, 6)
    source, to, third, *others = rng.sample(range(cpus), cpus)
    first = [to] + [cpu for cpu in others if rng.randint(0, 1)] + [source] * rng.randint(0, 1)
    more = [cpu for cpu in others if cpu not in first and rng.randint(0, 1)]
    return {"from": source, "to": to, "third": third, "mask": mask_of(first), "more": mask_of(more),
            "messages": rng.randint(1, 5), "pause": rng.randint(100, 500)}, \
        {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_short(rng):
    """Any master, any mask."""
    cpus = rng.randint(1, 4)
    return {"from": rng.randrange(cpus), "mask": rng.randint(1, (1 << cpus) - 1),
            "rounds": rng.randint(1, 4)}, {"CPUS": cpus}


def draw_two(rng):
    """Two or more masters, each of which stops all cpus."""
    cpus = rng.randint(2, 4)
    return {"masters": rng.randint(2, cpus), "mask": (1 << cpus) - 1, "rounds": rng.randint(5, 12),
            "pause": rng.randint(1, 10)}, {"CPUS": cpus, "IPI": rng.choice(("sbi", "sswi"))}


def draw_switch(rng):
    """Any master."""
    cpus = rng.randint(2, 4)
    return {"from": rng.randrange(cpus), "mask": (1 << cpus) - 1}, {"CPUS": cpus}


def between(scene, first, last):
    """The events from A's log entry `first` up to its log entry `last`."""
    texts = [str(e) for e in scene.events]
    for text in (first, last):
        scene.must(texts.count(text) == 1, f"A to get as far as {text}", "it does not",
                   scene.events[-1] if scene.events else None)
    return scene.events[texts.index(first):texts.index(last)]


def must_be_on(scene, events, what, mask, when):
    """There is one event of this kind on each cpu of the mask, and none on the others."""
    seen = sorted(e.cpu for e in events if e.what == what)
    scene.must(seen == cpus_of(mask), f"{what} once on each cpu of {cpus_of(mask)} {when}",
               f"on {seen}", next((e for e in events if e.what == what), None))


def judge_one(scene):
    """The targets are stopped before start returns, stay stopped until finish, serve messages all the
    time, and are released in order."""
    mask, more = scene.params["mask"], scene.params["more"]
    must_be_on(scene, between(scene, "A:1", "A:2"), "run", mask, "before start returns")
    must_be_on(scene, between(scene, "A:2", "A:3"), "run", more, "before add returns")
    held = between(scene, "A:3", "A:4")
    values = [e for e in held if e.what == "value"]
    scene.must_have(values, 3, "three readings of the variables")
    scene.must_equal(values[1], scene.params["messages"], f"{scene.params['messages']} messages from cpu "
                     f"{scene.params['third']} served by the stopped cpu")
    scene.must(values[0].val == values[2].val, "the thread on the stopped cpu to count no further",
               f"{values[0].val}, later {values[2].val}", values[2])
    scene.must(not [e for e in held if e.what in ("fin1", "fin2")], "no cpu to be released before finish",
               "a fin function ran")
    must_be_on(scene, between(scene, "A:4", "A:5"), "fin1", mask | more, "before finish returns")
    must_be_on(scene, scene.events, "fin2", mask | more, "in all")
    for cpu in cpus_of(mask | more):
        scene.order([e for e in scene.events if e.td == "cs" and e.cpu == cpu],
                    [f"cs:{what}={scene.params['from']}" for what in ("run", "fin1", "fin2")],
                    f"the functions on cpu {cpu} in order")


def judge_short(scene):
    """lwkt_cpusync_simple runs its function on each cpu before it returns; lwkt_cpusync_fastdata runs its
    function on each cpu."""
    params = scene.params
    simple = [e for e in scene.events if e.what == "simple" or str(e) in ("A:1", "A:2")]
    size = len(cpus_of(params["mask"]))
    for i in range(params["rounds"]):
        part = simple[i * (size + 2):(i + 1) * (size + 2)]
        scene.must(len(part) == size + 2 and str(part[0]) == "A:1" and str(part[-1]) == "A:2",
                   f"lwkt_cpusync_simple to run its function {size} times before it returns",
                   " ".join(map(str, part)), part[-1] if part else None)
        must_be_on(scene, part, "simple", params["mask"], "before it returns")
    fast = sorted(e.cpu for e in scene.of("fast"))
    scene.must(fast == sorted(cpus_of(params["mask"]) * params["rounds"]),
               f"lwkt_cpusync_fastdata to run its function {params['rounds']} times on each cpu of "
               f"{cpus_of(params['mask'])}", f"on {fast}")


def judge_two(scene):
    """Every round of every master runs its functions in order on every cpu, and ends. No thread continues
    while a master has stopped its cpu."""
    params, stopped = scene.params, set()
    for event in scene.events:
        if event.what == "run":
            stopped.add((event.cpu, event.val))
        elif event.what == "fin1":
            stopped.discard((event.cpu, event.val))
        elif event.what == "log":
            by = sorted(master for cpu, master in stopped if cpu == event.cpu)
            scene.must(not by, f"{event.td} not to continue after its own sync while others stop its cpu",
                       f"it continues, though the masters {by} have not released its cpu", event)
    for master in range(params["masters"]):
        scene.must(len(scene.of("log", td=f"M{master}")) == params["rounds"],
                   f"M{master} to be the master {params['rounds']} times",
                   f"{len(scene.of('log', td=f'M{master}'))} times")
        for cpu in cpus_of(params["mask"]):
            scene.order([e for e in scene.of("run", "fin1", "fin2")
                         if e.val == master and e.cpu == cpu],
                        [f"cs:{what}={master}" for what in ("run", "fin1", "fin2")] *
                        params["rounds"], f"the functions of master {master} on cpu {cpu}")


def judge_switch(scene):
    """The kernel prints a warning, and the sync ends all the same."""
    scene.must(any("A switches while mastering a cpusync" in line
                   for line in scene.console.splitlines()),
               "a line on the console that A switches while mastering a cpusync", "none")
    scene.must(scene.of("log", td="A"), "A to get to its end", "it does not")


def declare():
    """Declare the tests of this part."""
    test("t34_one", "targets stop, serve messages, and are released", 20, "synctest t34", draw_one,
         judge_one, covers="T34",
         hint="remote1 must count after cs_run_func; a stopped cpu must keep draining its rings")
    test("t34_short", "lwkt_cpusync_simple and lwkt_cpusync_fastdata", 10, "synctest t34short", draw_short,
         judge_short, covers="T34", hint="the function of simple is fin1, that of fastdata fin2; the master "
         "runs it on its own cpu itself")
    test("t34_two", "masters that stop each other", 20, "synctest t34two", draw_two, judge_two,
         covers="T34", hint="a master that another one stops must count itself and continue its own sync")
    test("t34_switch", "a master that switches is reported", 10, "synctest t34switch", draw_switch,
         judge_switch, covers="T34", hint="lwkt_switch must check td_cscount")
