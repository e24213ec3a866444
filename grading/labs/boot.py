# SPDX-License-Identifier: BSD-3-Clause
"""Lab 1: harts, from the firmware to their idle loops. The scenes are in user/boottest.c."""

import re

from grading.engine import test

NAMES = "ABCDEFGH"
APART = 4096        # bytes; stack pointers on different stacks are at least so far apart
START_WAIT = 20     # seconds that the kernel waits for a hart (kernel/boot/start.c)
ALREADY_AVAILABLE = -6  # SBI_ERR_ALREADY_AVAILABLE: the hart runs
INVALID_PARAM = -3  # SBI_ERR_INVALID_PARAM: the firmware does not know the hart


def machine(rng, least=1):
    """(a number of harts, 1 to 8, and options of the machine). In a grading: the fewest, some, and eight;
    the first hart boots, the last, and one between."""
    cpus = rng.cycle(least, rng.randint(3, 5), 8)
    boot = rng.cycle(least - 1, cpus - 1, rng.randint(1, 6))
    return cpus, {"CPUS": cpus, "BOOT_HART": boot, "IPI": rng.cycle("sbi", "sswi", "sbi")}


def asked(options, **arguments):
    """The options with these boot arguments for the kernel. Arguments that are None are left out."""
    words = [f"{name}={value}" for name, value in arguments.items() if value is not None]
    return {**options, "APPEND": " ".join(["ktest=1", *words])}


def draw_up(rng):
    """The other harts are started in ascending or descending order."""
    cpus, options = machine(rng)
    return {"cpus": cpus, "pause": rng.randint(200, 600)}, asked(
        options, reverse_harts=rng.cycle(None, 1, None))


def draw_boot_hart(rng):
    """The boot hart is not hart 0."""
    cpus, options = machine(rng, least=2)
    return {"cpus": cpus}, asked(options, reverse_harts=rng.cycle(1, None, 1))


def draw_lost_boot_hart(rng):
    """The board does not have the boot hart."""
    cpus, options = machine(rng, least=2)
    return {"cpus": cpus, "boot": options["BOOT_HART"]}, asked(options, disabled_hart=options["BOOT_HART"])


def draw_ticks(rng):
    """Up to eight chains of timer interrupts at once. An instruction takes long, because the scene lasts
    long."""
    cpus, options = machine(rng)
    return {"cpus": cpus, "ticks": rng.randint(5, 20), "us": rng.randint(200, 500), "ms": 300}, {
        **options, "SHIFT": 7}


def draw_absent(rng):
    """A hart that the firmware does not have: the first of the device tree, where one other hart boots and is
    the only one that is up; the last; or one before the boot hart, so that it is between the others."""
    cpus, options = machine(rng)
    place = rng.cycle(0, cpus, rng.randint(1, max(1, options["BOOT_HART"])))
    return {"cpus": cpus}, asked({**options, "SHIFT": 8}, absent_hart=rng.randint(64, 4000),
                                 absent_place=place, reverse_harts=rng.cycle(None, None, 1))


def draw_disabled(rng):
    """A hart that exists but is disabled: the first, the last, or one between, and not the boot hart."""
    cpus, options = machine(rng, least=2)
    boot = options["BOOT_HART"]
    out = rng.cycle(0, cpus - 2, boot % 6 + 1)
    return {"cpus": cpus - 1, "spare": out}, asked(options, disabled_hart=out,
                                                   reverse_harts=rng.cycle(None, 1, None))


def draw_late(rng):
    """A hart that the firmware starts, and that comes some time later: soon, or just before the kernel gives it
    up, or, as the last one that is started, just after that. An instruction takes long, because the kernel waits
    long."""
    cpus, options = machine(rng, least=2)
    others = [hart for hart in range(cpus) if hart != options["BOOT_HART"]]
    given_up = rng.turn % 3 == 2
    late = others[-1] if given_up else rng.choice(others)
    ms = rng.cycle(500, 1000 * START_WAIT - 1000, 1000 * START_WAIT + 1000)
    return {"cpus": cpus - given_up}, asked({**options, "SHIFT": 10}, late_harts=1 << late, late_ms=ms,
                                            reverse_harts=rng.cycle(1, None, None))


def draw_next(rng):
    """A hart that comes after the kernel has given it up, the first one that is started or one in the middle, and
    the next one, which is late, too, but not so late."""
    cpus = rng.cycle(3, 8, rng.randint(4, 6))
    boot, reverse = rng.cycle(0, cpus - 1, rng.randrange(cpus)), rng.cycle(None, 1, None)
    others = starting_order(cpus, boot, reverse)
    first = rng.cycle(0, 0, len(others) // 2 - 1)
    options = {"CPUS": cpus, "BOOT_HART": boot, "IPI": rng.cycle("sbi", "sswi", "sbi"), "SHIFT": 10}
    return {"cpus": cpus - 1}, asked(options, late_harts=1 << others[first] | 1 << others[first + 1],
                                     late_ms=1000 * START_WAIT + 1000, reverse_harts=reverse)


def starting_order(cpus, boot, reverse):
    """The harts that the boot hart starts, in this order."""
    return [hart for hart in range(cpus) if hart != boot][::-1 if reverse else 1]


def argument(scene, name):
    """The value of a boot argument, or None."""
    found = re.search(rf"\b{name}=(\d+)", scene.options["APPEND"])
    return int(found.group(1)) if found else None


def each_cpu(scene, what):
    """The event of this kind from the thread of each cpu; cpus are numbered 0, 1, 2, ... without a gap."""
    cpus = scene.params["cpus"]
    found = [event for event in scene.of(what) if event.td != "ipi"]
    for cpu in range(cpus):
        mine = [event for event in found if event.td == NAMES[cpu]]
        scene.must(mine, f"thread {NAMES[cpu]} on cpu {cpu} to run", "it did not")
        scene.must_be_on(mine[0], cpu, f"thread {NAMES[cpu]}")
    return [next(event for event in found if event.td == NAMES[cpu]) for cpu in range(cpus)]


def late_harts(scene):
    """The harts that come late, in the order in which they are started."""
    order = starting_order(scene.options["CPUS"], scene.options["BOOT_HART"], argument(scene, "reverse_harts"))
    return [hart for hart in order if argument(scene, "late_harts") >> hart & 1]


def given_up(scene):
    """The hart that comes too late, or None. The firmware has started it."""
    late = argument(scene, "late_ms")
    return late_harts(scene)[0] if late is not None and late > 1000 * START_WAIT else None


def must_have_harts(scene, harts):
    """Each of these harts is a cpu and runs, and no other hart does. The console says so."""
    boot = scene.options["BOOT_HART"]
    named = re.search(r"harts? up, boot hart (\d+) is cpu 0", scene.console)
    scene.must(not named or int(named.group(1)) == boot, f"the line at the end to name the boot hart, {boot}",
               f"boot hart {named and named.group(1)}")
    cpus, beyond, started = scene.of("cpus"), scene.of("beyond"), scene.of("started")
    scene.must(len(cpus) == len(started) == 1, "cpu 0 to report the harts", "it did not")
    scene.must(cpus[0].val == len(harts), f"{len(harts)} cpus", f"ncpus is {cpus[0].val}", cpus[0])
    scene.must_equal(beyond[0], 0, f"no globaldata_of[] from {len(harts)} on: a cpu that did not come is "
                     "taken out")
    line = f"{len(harts)} hart{'s' if len(harts) > 1 else ''} up, boot hart {boot} is cpu 0"
    said = re.findall(r"^.*harts? up.*$", scene.console, re.M)
    scene.must(said == [line], f"the line '{line}'", f"{said}")
    running = [hart for hart in range(64) if started[0].val >> hart & 1 and hart != given_up(scene)]
    scene.must(running == sorted(harts), f"the firmware to have started harts {sorted(harts)}",
               f"harts {running}", started[0])
    seen = {}
    for event in each_cpu(scene, "hart"):
        scene.must(event.val in harts, f"cpu {event.cpu} to be one of the harts {sorted(harts)}",
                   f"hart {event.val}", event)
        scene.must(event.val not in seen, "a different hart for each cpu number",
                   f"cpu {seen.get(event.val)} and cpu {event.cpu} are hart {event.val}", event)
        seen[event.val] = event.cpu


def must_be_where_said(scene):
    """Cpus are numbered in the order in which their harts are started. An interrupt that the firmware
    sends to the hart that a cpu claims to be arrives at that cpu."""
    boot, out = scene.options["BOOT_HART"], (argument(scene, "disabled_hart"), given_up(scene))
    others = [hart for hart in range(scene.options["CPUS"]) if hart != boot and hart not in out]
    order = [boot] + (others[::-1] if argument(scene, "reverse_harts") else others)
    for event in each_cpu(scene, "hart"):
        scene.must_equal(event, order[event.cpu], f"cpus 0, 1, .. to be harts {order}: the boot hart, then "
                         "the others in the order in which they are started")
    for event in each_cpu(scene, "satp"):
        scene.must_equal(event, 1, "gd_satp of each cpu to be the page table that it has loaded")
    for hart, here in zip(scene.of("hart"), scene.of("here")):
        scene.must(here.val == 1, f"cpu {hart.cpu} to be hart {hart.val}, as cpu_hartid says",
                   f"an interrupt for hart {hart.val} does not arrive there", hart)


def left_out(scene):
    """[(hart, the firmware's error)]: what the kernel prints about harts that cannot be started."""
    return re.findall(r"^hart (\d+) cannot be started \(error (-?\d+)\): left out$", scene.console, re.M)


def judge_up(scene):
    """All harts run. Each was started exactly once, and the boot hart was not started."""
    must_have_harts(scene, list(range(scene.options["CPUS"])))
    for hart, error in left_out(scene):
        scene.must(False, "every other hart to be started once, without an error",
                   f"hart {hart} cannot be started (error {error})")
    must_have_plic(scene)


def must_have_plic(scene):
    """Each cpu has set up its PLIC context."""
    for event in scene.of("plic"):
        scene.must_equal(event, 1, f"cpu {event.cpu} to have set up its PLIC context")


def judge_numbers(scene):
    """All harts run, and each cpu is the hart that the kernel's table says."""
    must_have_harts(scene, list(range(scene.options["CPUS"])))
    must_be_where_said(scene)


def judge_boot_hart(scene):
    """The boot hart is cpu 0, whichever hart it is."""
    boot = scene.options["BOOT_HART"]
    first = each_cpu(scene, "hart")[0]
    scene.must(first.val == boot, f"the boot hart, {boot}, as cpu 0", f"cpu 0 is hart {first.val}", first)
    judge_numbers(scene)


def judge_own(scene):
    """Each idle thread (seen by a message that interrupts it) and each other thread has its own tp and
    its own stack."""
    cpus = len(each_cpu(scene, "tp"))
    idle = [event for event in scene.of("tp", "sp") if event.td == "ipi"]
    scene.must(len(idle) == 2 * (cpus - 1), f"a message to run on each of the {cpus - 1} other cpus",
               f"{len(idle) // 2}")
    for what, apart, meaning in (("tp", 1, "thread pointer"), ("sp", APART, "stack")):
        owners = sorted((event.val, event.cpu, event.td, event) for event in scene.of(what))
        for one, other in zip(owners, owners[1:]):
            scene.must(other[0] - one[0] >= apart,
                       f"every thread, and the idle thread of every cpu, to have its own {meaning}",
                       f"cpu {one[1]} ({one[2]}) and cpu {other[1]} ({other[2]}) have the same", other[3])


def judge_ticks(scene):
    """Each cpu had its timer interrupts, and its clock ticked."""
    each_cpu(scene, "fired")
    for event in scene.of("fired"):
        scene.must_equal(event, scene.params["ticks"],
                         f"{scene.params['ticks']} timer interrupts on cpu {event.cpu}")
    for cpu in range(scene.params["cpus"]):
        first, last = scene.of("ticks", td=NAMES[cpu])
        scene.must(last.val > first.val, f"cpu {cpu}'s clock to tick in {scene.params['ms']} ms",
                   f"gd_heartbeat stays {last.val}", last)


def judge_absent(scene):
    """The kernel reports the hart with the firmware's error and leaves it out; the others work."""
    absent = argument(scene, "absent_hart")
    judge_numbers(scene)
    lines = left_out(scene)
    scene.must(lines == [(str(absent), str(INVALID_PARAM))],
               f"one line: hart {absent} cannot be started (error {INVALID_PARAM}): left out",
               "; ".join(f"hart {hart} (error {error})" for hart, error in lines) or "none")


def judge_late(scene):
    """A hart is waited for, START_WAIT seconds and no longer; after that, it is reported and left out."""
    out, late, lines = given_up(scene), late_harts(scene)[-1], left_out(scene)
    if out is None:
        scene.must(not lines, f"hart {late}, which comes after {argument(scene, 'late_ms')} ms, to be waited for",
                   "; ".join(f"hart {hart} is left out (error {error})" for hart, error in lines))
    else:
        scene.must(lines == [(str(out), "-1")], f"one line: hart {out} cannot be started (error -1): left out, "
                   f"after {START_WAIT} s", "; ".join(f"hart {hart} (error {error})" for hart, error in lines)
                   or "none")
    must_have_harts(scene, [hart for hart in range(scene.options["CPUS"]) if hart != out])
    must_be_where_said(scene)
    if out != late:
        here = next(event.cpu for event in each_cpu(scene, "hart") if event.val == late)
        scene.must_equal(scene.of("counted")[0], here, f"ncpus to be {here} when hart {late} comes, late, as cpu "
                         f"{here}: it is not counted yet")


def judge_disabled(scene):
    """The disabled hart stays in the firmware; the others work."""
    out = argument(scene, "disabled_hart")
    must_have_harts(scene, [hart for hart in range(scene.options["CPUS"]) if hart != out])
    must_be_where_said(scene)
    refused, asked_for = scene.of("asked")
    scene.must_equal(refused, ALREADY_AVAILABLE, "sbi_hart_start to return the firmware's error for a hart "
                     f"that runs, {ALREADY_AVAILABLE}")
    scene.must_equal(asked_for, 0, "sbi_hart_start to start a hart that is stopped, and return 0")
    scene.must_equal(scene.of("spare")[0], out, f"hart {out} to come to the address that sbi_hart_start was "
                     "given, with the argument in a1")


def judge_lost_boot_hart(panic):
    """The panic names the boot hart."""
    boot = panic.params["boot"]
    named = re.search(rf"\b{boot}\b", panic.message) is not None
    panic.must_say(panic.message if named else f"with the id of the boot hart, {boot}", 0)


def declare():
    """Declare the tests of this part."""
    covers = "the start of the harts"
    test("b1_up", "every hart comes up and runs threads", 10, "boottest harts", draw_up, judge_up,
         covers=covers, hint="the loop over the board's harts misses one, or the boot hart, which runs "
         "already, is started, or a hart is counted before it is up")
    test("b2_numbers", "cpu numbers have no gaps and belong to the right hart ids", 10, "boottest harts",
         draw_up, judge_numbers, covers=covers,
         hint="a cpu number, an index in the board's list and a hart id are three different numbers")
    test("b3_boot_hart", "the boot hart is cpu 0, whichever hart it is", 10, "boottest harts",
         draw_boot_hart, judge_boot_hart, covers=covers, hint="a0 at _start says which hart booted")
    test("b4_own", "each cpu has its own thread pointer and stack", 5, "boottest harts", draw_up, judge_own,
         covers=covers, hint="secondary_start.idle must be the new cpu's idle thread, and must be written "
         "before the call that starts the hart")
    test("b5_ticks", "each cpu has its own timer and its own ticks", 5, "boottest ticks", draw_ticks,
         judge_ticks, covers=covers, hint="start_secondary must set up the timer before the cpu idles")
    test("b6_absent", "a hart that the firmware does not have is reported and left out", 10,
         "boottest harts", draw_absent, judge_absent, covers=covers,
         hint="the result of the call into the firmware is ignored, or the failed start uses up a cpu number")
    test("b7_disabled", "a hart that is not in the board's list stays in the firmware", 5,
         "boottest harts", draw_disabled, judge_disabled, covers=covers,
         hint="the harts are those in board.hartid[], not 0 to n - 1")
    test("b8_lost", "a boot hart that is not in the board's list is a panic with its id", 5, "boottest harts",
         draw_lost_boot_hart, judge_lost_boot_hart, covers=covers, panics=True,
         hint="number_boot_hart must panic after a loop that found nothing")
    test("b9_late", "a hart that comes late is waited for, but not for ever", 5, "boottest harts", draw_late,
         judge_late, covers=covers, hint="hart_start waits START_WAIT seconds: cpu_time() counts cpu_timebase "
         "ticks a second")
    test("b9_next", "harts that are started after one that was given up", 5, "boottest harts", draw_next, judge_late,
         covers=covers, hint="hart_start sets start_state before it starts a hart, each time")
