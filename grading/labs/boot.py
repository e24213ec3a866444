"""Lab 1: harts, from the firmware to their idle loops. The scenes are those of user/boottest.c."""

import re

from grading.engine import test

NAMES = "ABCDEFGH"
APART = 4096        # bytes at least between stack pointers on different stacks
INVALID_PARAM = -3  # SBI_ERR_INVALID_PARAM: the firmware knows no such hart


def machine(rng, least=1):
    """One to eight harts, each of which may boot; (their number, options)."""
    cpus = rng.randint(least, 8)
    return cpus, {"CPUS": cpus, "BOOT_HART": rng.randrange(cpus), "IPI": rng.choice(("sbi", "sswi"))}


def asked(options, **arguments):
    """The options with boot arguments for the kernel; those that are None are left out."""
    words = [f"{name}={value}" for name, value in arguments.items() if value is not None]
    return {**options, "APPEND": " ".join(["ktest=1", *words])}


def draw_up(rng):
    """Cpu numbers with or against the hart ids."""
    cpus, options = machine(rng)
    return {"cpus": cpus, "pause": rng.randint(200, 600)}, asked(
        options, reverse_harts=rng.choice((None, 1)))


def draw_boot_hart(rng):
    """Not hart 0."""
    cpus, options = machine(rng, least=2)
    return {"cpus": cpus}, asked({**options, "BOOT_HART": rng.randrange(1, cpus)},
                                 reverse_harts=rng.choice((None, 1)))


def draw_ticks(rng):
    """Up to eight chains of timer interrupts at once; instructions take long, as the scene does."""
    cpus, options = machine(rng)
    return {"cpus": cpus, "ticks": rng.randint(5, 20), "us": rng.randint(200, 500), "ms": 300}, {
        **options, "SHIFT": 7}


def draw_absent(rng):
    """A hart that the firmware does not have, at any place of the device tree."""
    cpus, options = machine(rng)
    return {"cpus": cpus}, asked({**options, "SHIFT": 8}, absent_hart=rng.randint(64, 4000),
                                 absent_place=rng.randint(0, cpus), reverse_harts=rng.choice((None, 1)))


def draw_disabled(rng):
    """A hart that is there, but not to be used; not the one that boots."""
    cpus, options = machine(rng, least=2)
    out = rng.choice([hart for hart in range(cpus) if hart != options["BOOT_HART"]])
    return {"cpus": cpus - 1}, asked(options, disabled_hart=out, reverse_harts=rng.choice((None, 1)))


def argument(scene, name):
    """The value of a boot argument, or None."""
    found = re.search(rf"\b{name}=(\d+)", scene.options["APPEND"])
    return int(found.group(1)) if found else None


def each_cpu(scene, what):
    """The event of this kind of each cpu's thread: cpus 0, 1, 2, ... without a gap."""
    cpus = scene.params["cpus"]
    found = [event for event in scene.of(what) if event.td != "ipi"]
    for cpu in range(cpus):
        mine = [event for event in found if event.td == NAMES[cpu]]
        scene.must(mine, f"thread {NAMES[cpu]} on cpu {cpu} to run", "it did not")
        scene.must(mine[0].cpu == cpu, f"thread {NAMES[cpu]} on cpu {cpu}", f"on cpu {mine[0].cpu}", mine[0])
    return [next(event for event in found if event.td == NAMES[cpu]) for cpu in range(cpus)]


def must_have_harts(scene, harts):
    """One cpu for each of these harts, each of which runs, and no other."""
    cpus, started = scene.of("cpus"), scene.of("started")
    scene.must(len(cpus) == len(started) == 1, "cpu 0's account of the harts", "none")
    scene.must(cpus[0].val == len(harts), f"{len(harts)} cpus", f"ncpus is {cpus[0].val}", cpus[0])
    running = [hart for hart in range(64) if started[0].val >> hart & 1]
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
    """What the firmware sends to the hart that a cpu claims to be arrives at this cpu."""
    for hart, here in zip(scene.of("hart"), scene.of("here")):
        scene.must(here.val == 1, f"cpu {hart.cpu} to be hart {hart.val}, as cpu_hartid says",
                   f"an interrupt for hart {hart.val} does not come here", hart)


def left_out(scene):
    """[(hart, the firmware's error)] of the kernel's lines about harts that do not start."""
    return re.findall(r"^hart (\d+) cannot be started \(error (-?\d+)\)", scene.console, re.M)


def judge_up(scene):
    """All are there, each was started once, and the boot hart was not."""
    must_have_harts(scene, list(range(scene.options["CPUS"])))
    for hart, error in left_out(scene):
        scene.must(False, "every other hart to be started once, without an error",
                   f"hart {hart} cannot be started (error {error})")


def judge_numbers(scene):
    """And each is the hart that the table says."""
    must_have_harts(scene, list(range(scene.options["CPUS"])))
    must_be_where_said(scene)


def judge_boot_hart(scene):
    """Cpu 0, whichever hart it is."""
    boot = scene.options["BOOT_HART"]
    first = each_cpu(scene, "hart")[0]
    scene.must(first.val == boot, f"the boot hart, {boot}, as cpu 0", f"cpu 0 is hart {first.val}", first)
    judge_numbers(scene)


def judge_own(scene):
    """Idle threads, which messages interrupt, and threads: each has its own tp and stack."""
    cpus = len(each_cpu(scene, "tp"))
    idle = [event for event in scene.of("tp", "sp") if event.td == "ipi"]
    scene.must(len(idle) == 2 * (cpus - 1), f"a message's body on each of {cpus - 1} other cpus",
               f"{len(idle) // 2}")
    for what, apart, meaning in (("tp", 1, "thread pointer"), ("sp", APART, "stack")):
        owners = sorted((event.val, event.cpu, event.td, event) for event in scene.of(what))
        for one, other in zip(owners, owners[1:]):
            scene.must(other[0] - one[0] >= apart,
                       f"a {meaning} of its own for each thread, and for each cpu's idle thread",
                       f"cpu {one[1]} ({one[2]}) and cpu {other[1]} ({other[2]}) have the same", other[3])


def judge_ticks(scene):
    """Timer interrupts on each cpu, and its clock's ticks."""
    each_cpu(scene, "fired")
    for event in scene.of("fired"):
        scene.must(event.val == scene.params["ticks"], f"{scene.params['ticks']} timer interrupts on cpu "
                   f"{event.cpu}", f"{event.val}", event)
    for cpu in range(scene.params["cpus"]):
        first, last = scene.of("ticks", td=NAMES[cpu])
        scene.must(last.val > first.val, f"cpu {cpu}'s clock to tick in {scene.params['ms']} ms",
                   f"gd_heartbeat stays {last.val}", last)


def judge_absent(scene):
    """Said, with what the firmware answered, and left out; the others work."""
    absent = argument(scene, "absent_hart")
    judge_numbers(scene)
    lines = left_out(scene)
    scene.must(lines == [(str(absent), str(INVALID_PARAM))],
               f"one line: hart {absent} cannot be started (error {INVALID_PARAM}): left out",
               "; ".join(f"hart {hart} (error {error})" for hart, error in lines) or "none")


def judge_disabled(scene):
    """It stays in the firmware."""
    out = argument(scene, "disabled_hart")
    must_have_harts(scene, [hart for hart in range(scene.options["CPUS"]) if hart != out])
    must_be_where_said(scene)


def declare():
    """This lab's tests."""
    covers = "the start of the harts"
    test("b1_up", "every hart comes up and runs threads", 10, "boottest harts", draw_up, judge_up,
         covers=covers, hint="the loop over the board's harts, or the boot hart is started as if it were "
         "not running, or a hart counts before it is up")
    test("b2_numbers", "cpu numbers without gaps, each one's hart id the right one", 10, "boottest harts",
         draw_up, judge_numbers, covers=covers,
         hint="a cpu number, a place in the board's list and a hart id are three things")
    test("b3_boot_hart", "the boot hart is cpu 0, whichever hart it is", 10, "boottest harts",
         draw_boot_hart, judge_boot_hart, covers=covers, hint="a0 at _start says which hart booted")
    test("b4_own", "each cpu has its own thread pointer and stack", 5, "boottest harts", draw_up, judge_own,
         covers=covers, hint="secondary_start.idle is the new cpu's, and is written before the call")
    test("b5_ticks", "each cpu has its own timer and its own ticks", 5, "boottest ticks", draw_ticks,
         judge_ticks, covers=covers, hint="what start_secondary must set up before it idles")
    test("b6_absent", "a hart that the firmware lacks is reported and left out", 10, "boottest harts",
         draw_absent, judge_absent, covers=covers,
         hint="the result of the call into the firmware, or a cpu number that is used up all the same")
    test("b7_disabled", "a hart that is not in the board's list stays in the firmware", 5,
         "boottest harts", draw_disabled, judge_disabled, covers=covers,
         hint="harts are those of board.hartid[], not 0 to n - 1")
