# SPDX-License-Identifier: BSD-3-Clause
"""Lab 9: cpusync. The scenes are in user/synctest.c."""

from grading.engine import test


def mask_of(cpus):
    """The mask with a bit for each of these cpus."""
    return sum(1 << cpu for cpu in cpus)


def cpus_of(mask):
    """The cpus of a mask."""
    return [cpu for cpu in range(64) if mask >> cpu & 1]


ABSENT = 1 << 9 | 1 << 13  # cpus that no machine here has


def draw_one(rng):
    """A master, a target whose thread counts, and a cpu that is not stopped. Of the other cpus, one at least
    is stopped at the start, one is stopped later. The master is in its own mask from the start, or later,
    or not at all. Both masks have some cpus in common, and cpus that do not exist."""
    cpus = rng.randint(5, 7)
    source, to, third, one, other, *rest = rng.sample(range(cpus), cpus)
    first, more = [to, one], [to, other]
    for cpu in rest:
        rng.choice((first, more, [])).append(cpu)
    rng.cycle(first, more, []).append(source)
    if source in first:
        more.append(source)
    return {"from": source, "to": to, "third": third, "mask": mask_of(first) | ABSENT,
            "more": mask_of(more) | ABSENT, "messages": rng.randint(1, 5), "pause": rng.randint(100, 500)}, \
        {"CPUS": cpus, "IPI": rng.ipi()}


def draw_short(rng):
    """The master alone; several cpus, among which the master is; several without the master."""
    cpus = rng.cycle(1, rng.randint(2, 4), rng.randint(3, 4))
    source = rng.randrange(cpus)
    mask = rng.cycle(1, rng.randint(0, (1 << cpus) - 1) | 1 << source | 1 << (source + 1) % cpus,
                     ((1 << cpus) - 1) & ~(1 << source))
    return {"from": source, "mask": mask | ABSENT, "rounds": rng.randint(2, 4)}, {"CPUS": cpus}


def draw_two(rng):
    """Two or more masters, each of which stops all cpus."""
    cpus = rng.randint(2, 4)
    return {"masters": rng.cycle(2, cpus, rng.randint(2, cpus)), "mask": (1 << cpus) - 1,
            "rounds": rng.randint(5, 12),
            "pause": rng.randint(1, 10)}, {"CPUS": cpus, "IPI": rng.ipi()}


def draw_switch(rng):
    """Any master."""
    cpus = rng.randint(2, 4)
    return {"from": rng.randrange(cpus), "mask": (1 << cpus) - 1}, {"CPUS": cpus}


def draw_any(rng):
    """Any master, and another cpu."""
    params, options = draw_switch(rng)
    others = [cpu for cpu in range(options["CPUS"]) if cpu != params["from"]]
    return {**params, "to": rng.choice(others)}, options


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


def judge_numbers(scene, mask, more):
    """What start, add and finish leave in their struct, the thread and the counters."""
    before, started, added, finished = (
        {what: scene.of(what, td="A")[i].val for what in
         ("syncs", "mastering", "sections", "mask", "targets")} for i in range(4))
    own = 1 << scene.params["from"]
    for when, seen, wanted in (
            ("after start", started, {"mask": mask, "targets": len(cpus_of(mask & ~own))}),
            ("after add", added, {"mask": mask | more, "targets": len(cpus_of((mask | more) & ~own))}),
            ("after finish", finished, {})):
        on = int(when != "after finish")
        wanted = {**wanted, "syncs": before["syncs"] + 1, "mastering": on,
                  "sections": before["sections"] + on}
        seen = {what: seen[what] for what in wanted}
        scene.must(seen == wanted, f"{when}: {wanted}", str(seen), scene.of("syncs")[-1])


def judge_one(scene):
    """The targets are stopped before start returns, stay stopped until finish, serve messages all the
    time, and are released in order, the master's own part last. A cpu that is stopped already is not
    stopped again, and one that does not exist is left out."""
    mask, more = (scene.params[name] & ~ABSENT for name in ("mask", "more"))
    must_be_on(scene, between(scene, "A:1", "A:2"), "run", mask, "before start returns")
    must_be_on(scene, between(scene, "A:2", "A:3"), "run", more & ~mask, "before add returns")
    held = between(scene, "A:3", "A:4")
    values = [e for e in held if e.what == "value"]
    scene.must_have(values, 3, "three readings of the variables")
    scene.must_equal(values[1], scene.params["messages"], f"{scene.params['messages']} messages from cpu "
                     f"{scene.params['third']} served by the stopped cpu")
    scene.must(values[0].val == values[2].val, "the thread on the stopped cpu to count no further",
               f"{values[0].val}, later {values[2].val}", values[2])
    scene.must(not [e for e in held if e.what in ("fin1", "fin2")], "no cpu to be released before finish",
               "a fin function ran")
    released = between(scene, "A:4", "A:5")
    must_be_on(scene, released, "fin1", mask | more, "before finish returns")
    must_be_on(scene, scene.events, "fin2", mask | more, "in all")
    for cpu in cpus_of(mask | more):
        scene.order([e for e in scene.events if e.td == "cs" and e.cpu == cpu],
                    [f"cs:{what}={scene.params['from']}" for what in ("run", "fin1", "fin2")],
                    f"the functions on cpu {cpu} in order")
    if (mask | more) >> scene.params["from"] & 1:
        fin1 = [e for e in released if e.what == "fin1"]
        scene.must_be_on(fin1[-1], scene.params["from"], "the last of the fin1 functions, the master's own,")
    judge_numbers(scene, mask, more)


def judge_short(scene):
    """lwkt_cpusync_simple runs its function on each cpu before it returns; lwkt_cpusync_fastdata runs its
    function on each cpu."""
    params = scene.params
    mask = params["mask"] & ~ABSENT
    simple = [e for e in scene.events if e.what == "simple" or str(e) in ("A:1", "A:2")]
    size = len(cpus_of(mask))
    for i in range(params["rounds"]):
        part = simple[i * (size + 2):(i + 1) * (size + 2)]
        scene.must(len(part) == size + 2 and str(part[0]) == "A:1" and str(part[-1]) == "A:2",
                   f"lwkt_cpusync_simple to run its function {size} times before it returns",
                   " ".join(map(str, part)), part[-1] if part else None)
        must_be_on(scene, part, "simple", mask, "before it returns")
    fast = sorted(e.cpu for e in scene.of("fast"))
    scene.must(fast == sorted(cpus_of(mask) * params["rounds"]),
               f"lwkt_cpusync_fastdata to run its function {params['rounds']} times on each cpu of "
               f"{cpus_of(mask)}", f"on {fast}")


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


def judge_body(panic):
    """A body of a message is no master."""
    panic.must_say("a cpusync in an interrupt or IPI body", panic.params["to"])


def judge_again(panic):
    """A thread masters one sync at a time."""
    panic.must_say("A masters a cpusync already", panic.params["from"], "A")


def declare():
    """Declare the tests of this part."""
    test("t34_one", "targets stop, serve messages, and are released", 16, "synctest t34", draw_one,
         judge_one, covers="T34",
         hint="lwkt_cpusync_remote1 must count after cs_run_func; lwkt_cpusync_add tells only cpus that "
              "exist and are new; lwkt_cpusync_remote2 takes its bit away before cs_fin1_func")
    test("t34_short", "lwkt_cpusync_simple and lwkt_cpusync_fastdata", 10, "synctest t34short", draw_short,
         judge_short, covers="T34", hint="the function of simple is fin1, that of fastdata fin2; "
         "lwkt_cpusync_finish runs the master's own part")
    test("t34_two", "masters that stop each other", 18, "synctest t34two", draw_two, judge_two,
         covers="T34", hint="lwkt_cpusync_remote1 must count on a cpu that is a master itself; it stops when "
         "lwkt_cpusync_finish has ended its own sync")
    test("t34_switch", "a master that switches is reported", 8, "synctest t34switch", draw_switch,
         judge_switch, covers="T34", hint="lwkt_cpusync_start must count td_cscount")
    test("t34_body", "a master in a message's body", 4, "synctest t34body", draw_any, judge_body,
         covers="T34", hint="lwkt_cpusync_start asserts that gd_intr_nesting_level is 0", panics=True)
    test("t34_again", "a master that starts another sync", 4, "synctest t34again", draw_any, judge_again,
         covers="T34", hint="lwkt_cpusync_start asserts that td_cscount is 0", panics=True)
