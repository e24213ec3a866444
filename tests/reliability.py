#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How reliable the tree is, with figures. Longer than `make test`; nothing is tried a second time.

    make reliability [PART='repeat grade handout boot usertests soak fuzz diskfail nomem powercut images fsrace
                            xv6 fresh']
                     [RUNS=100] [XV6=folder]

    repeat      RUNS runs of the graders' scenes at 4 harts in the deterministic mode, each seed twice,
                once with all of the host's processors kept busy: the same bytes
    grade       RUNS / 10 gradings on the host as it is, and as many on a busy one: full points
    handout     RUNS / 5 gradings of each lab's handout, as it is given out, with one seed: the same
                points, and the same said of each test
    boot        RUNS / 2 machines of 4 harts to which somebody types: prompt, halt, status 0
    usertests   at 1, 2, 4 and 8 harts, concurrent and deterministic
    soak        RUNS / 10 minutes at 2 to 8 harts, concurrent: threads that take tokens and the MP lock,
                move, sleep, create others and change priority at random, with switches where nobody
                expects them, and random test points; no assertion, no count lost
    fuzz        random system calls (user/fuzz) at 1, 2, 4 and 8 harts, with and without assertions, and nothing
                is missing afterwards: RUNS * 10,000 calls each with all harts in one thread of the host, where
                none waits for another one's processor, and RUNS * 500 with a thread for each hart
    diskfail    each disk request of a workload fails, once and for good (tests/diskfail.py)
    nomem       each allocation of memory in the kernel that a workload reaches fails (user/nomem.c), at 1, 2, 4
                and 8 harts
    powercut    each prefix of what a machine writes to its disk, and RUNS / 5 more disks of each, with writes
                since the last flush lost or torn (tests/powercut.py)
    images      RUNS * 30 damaged disk images through mkfs and kernel/fs on the host, under sanitizers, and RUNS * 2
                on machines of 1 to 4 harts, with and without assertions (tests/damage.py)
    fsrace      eight processes that change one tree, RUNS * 20 times each, at 2, 4 and 8 harts (user/fsrace.c)
    xv6         XV6=folder names a real xv6-riscv tree: its usertests, one by one and all of them, and its
                utilities, as source built by this tree and as the binaries that its own Makefile makes
    fresh       a bare Debian 12 and a bare Debian 13, with git and make only: `make setup qemu` runs
                usertests, `make grade LAB=2` and `make doctor` succeed, the tests of other machines pass, and
                so do usertests on a kernel that clang has built. It needs root, mmdebstrap and the
                network, so it runs only if PART names it.

The console of each run that went wrong is kept in build/reliability/.
"""

import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import command
import damage
from conftest import ROOT, Terminal, busy_host  # makes the folder of `grading` known
import diskfail as disk_failures
import disks
import foreign
import fresh as fresh_system
import fuzzing
import powercut as power_cuts
from grading import engine, machine

KEPT = ROOT / "build" / "reliability"
PARTS = {}


def part(function):
    """Register a part by its name. A part yields (what was tried, what went wrong or "", a console)."""
    PARTS[function.__name__] = function
    return function


def play(case, seed):
    """Run a grader's scene at 4 harts; return the Result."""
    params, options = case.draw(engine.Draws(case, seed))
    words = " ".join(f"{name}={value}" for name, value in {**params, "key": "k"}.items())
    options = {"APPEND": "ktest=1", **options, "DETERMINISTIC": 1, "SEED": seed, "CPUS": 4}
    return machine.run(f"{case.program} {words}", timeout=engine.LIMIT, work=60, **options)


@part
def repeat(runs):
    """The same seed gives the same bytes."""
    cases = [case for lab in engine.load_labs() for case in lab.tests if not case.race]
    for seed in range(runs // 2):
        case = cases[seed % len(cases)]
        quiet = play(case, seed)
        with busy_host():
            loaded = play(case, seed)
        same = quiet.console == loaded.console and quiet.status == loaded.status
        yield (f"{case.name} seed {seed}", "" if same else "differ", quiet.console + loaded.console)


@part
def grade(runs):
    """The solved tree gets full points, each time with new seeds."""
    for busy in (False, True):
        for i in range(runs // 10):
            with busy_host(busy):
                done = subprocess.run([sys.executable, "-m", "grading"], cwd=ROOT, check=False,
                                      env={**machine.environment(), "SEED": "random"}, capture_output=True, text=True)
            yield (f"grading {i}{' on a busy host' if busy else ''}",
                   "" if done.returncode == 0 else "lost points", done.stdout + done.stderr)


def grade_handout(tree, lab):
    """Grade a handout with seed 5: ((points, what the record says about each test), all output)."""
    record = tree / "record.json"
    record.unlink(missing_ok=True)
    done = subprocess.run(["make", "-s", "grade", f"LAB={lab}", "SEED=5", "FORMAT=json", f"OUT={record}"],
                          cwd=tree, env=machine.environment(), capture_output=True, text=True, check=False)
    if not record.exists():
        return None, done.stdout + done.stderr
    said = json.loads(record.read_text(encoding="utf-8"))
    return (said["points"], [(test["name"], test["points"], test["cause"], test["expected"], test["seen"])
                             for test in said["tests"]]), done.stdout + done.stderr


@part
def handout(runs):
    """The same seed gives the same points and texts."""
    for lab in range(1, 10):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder) / "lab"
            subprocess.run(["make", "-s", "handout", f"LAB={lab}", f"OUT={tree}"], cwd=ROOT, check=True,
                           env=machine.environment(), stdout=subprocess.DEVNULL)
            first = None
            for i in range(runs // 5):
                said, console = grade_handout(tree, lab)
                first = first or said
                yield (f"handout {lab} grading {i}",
                       "" if said is not None and said == first else "not as the first", console)


@part
def boot(runs):
    """A machine boots to the prompt, and `halt` ends it with status 0."""
    for i in range(runs // 2):
        term, wrong = Terminal(CPUS=4, timeout=120), ""
        try:
            term.prompt()
            term.type("halt\n")
            status = term.end(60)
            wrong = "" if status == 0 else f"status {status}"
        except AssertionError as error:
            wrong = str(error).splitlines()[0]
        finally:
            term.close()
        yield f"boot {i}", wrong, "".join(term.log)


@part
def usertests(_):
    """All usertests pass, with any number of harts, in both modes."""
    for cpus in (1, 2, 4, 8):
        for deterministic in (0, 1):
            result = machine.run("usertests", timeout=1800, CPUS=cpus, DETERMINISTIC=deterministic)
            yield (f"usertests at {cpus} harts{', deterministic' if deterministic else ''}",
                   "" if result.status == 0 else f"status {result.status} {result.why}",
                   result.console)


def soak_words(rng, cpus):
    """The parameters of a soak test (user/soaktest.c) of about a minute."""
    values = {"cpus": cpus, "threads": rng.randint(cpus, 12), "n": rng.randint(50, 150),
              "seed": rng.randrange(10 ** 6), "delay": rng.choice((0, 3)),
              "preempt": rng.choice((0, 50)), "running": rng.choice((0, 1)),
              "setcpu": rng.choice((0, 1)), "timeout": 600000}
    return " ".join(f"{name}={value}" for name, value in values.items())


@part
def soak(runs):
    """No run of random steps, each of them different, loses a count, until the time is over."""
    end = time.monotonic() + runs * 6
    while time.monotonic() < end:
        seed = random.randrange(10 ** 6)
        rng = random.Random(seed)
        cpus = rng.choice((2, 3, 4, 6, 8))
        words = soak_words(rng, cpus)
        result = machine.run(f"sysctl lwkt.untimely_switch=1; soaktest soak {words}", timeout=900,
                             CPUS=cpus, APPEND="ktest=1")
        wrong = result.panic or (f"status {result.status} {result.why}" if result.status else "")
        if not wrong and not re.search(r"what=lost .*\bval=0\b", result.console):
            wrong = "counts were lost"
        yield f"soak {seed} at {cpus} harts, {words}", wrong, result.console


@part
def xv6(_):
    """A real tree's own programs."""
    yield from foreign.try_all()


def builds():
    """The folders of a build with assertions and of one without, which is made now."""
    subprocess.run(["make", "-s", "all", "BUILD=build-bench", "INVARIANTS=0"], cwd=ROOT, check=True,
                   env=machine.environment(), stdout=subprocess.DEVNULL)
    return "build", "build-bench"


@part
def fuzz(runs):
    """Random system calls leave the machine as it was."""
    for build in builds():
        for cpus, (threads, calls) in itertools.product((1, 2, 4, 8), (("single", 10000), ("multi", 500))):
            made, wrong, console = fuzzing.fuzz(random.randrange(10 ** 6), runs * calls, timeout=7200, CPUS=cpus,
                                                KERNEL=f"{build}/kernel", extra=("-accel", f"tcg,thread={threads}"))
            yield f"{made} calls at {cpus} harts, {build}, thread={threads}", wrong, console


@part
def diskfail(_):
    """Each disk request of a workload fails, once and for good; what was confirmed stays."""
    with disks.scratch() as folder:
        for kind, count in disk_failures.requests(folder).items():
            for number, for_good in itertools.product(range(1, count + 1), (False, True)):
                wrong, _, console = disk_failures.fail(folder, kind, number, for_good)
                yield f"{kind} {number} fails {'for good' if for_good else 'once'}", wrong, console


@part
def nomem(_):
    """Each allocation that fails fails no more than the work that needs it."""
    for cpus in (1, 2, 4, 8):
        result = machine.run("nomem", timeout=900, CPUS=cpus, APPEND="ktest=1")
        counted = re.search(r"^nomem: (\d+ allocations) failed", result.console, re.M)
        yield (f"{counted.group(1) if counted else 'allocations'} at {cpus} harts",
               "" if result.status == 0 else f"status {result.status} {result.why}", result.console)


@part
def powercut(runs):
    """Whatever a power cut leaves is in order, and has what was synced."""
    with disks.scratch() as folder:
        for name, wrong in power_cuts.tried(folder, max(1, runs // 5), random.randrange(10 ** 6)):
            yield name, wrong, ""


@part
def images(runs):
    """Whatever is on the disk, nothing panics, hangs or touches memory that is not its own."""
    seed = random.randrange(10 ** 6)
    with disks.scratch() as folder:
        yield from damage.Host(folder).damaged(seed, runs * 30)
    for number, build in itertools.product(range(seed, seed + runs), builds()):
        with disks.scratch() as folder:
            wrong, console = damage.try_machine(folder, number, CPUS=1 + number % 4, KERNEL=f"{build}/kernel")
        yield f"machine, seed {number}, {build}", wrong, console


@part
def fsrace(runs):
    """Processes that change one tree leave nothing that mkfs -c would note."""
    for cpus in (2, 4, 8):
        seed = random.randrange(10 ** 6)
        with disks.scratch() as folder:
            image = disks.fresh(folder)
            status, console = disks.boot(image, f"fsrace {seed} {runs * 20}", timeout=3600, CPUS=cpus)
            damage, notes = disks.check(image)
        wrong = f"status {status}" if status else f"mkfs -c: {notes}" if damage or notes else ""
        yield f"{runs * 160} steps at {cpus} harts, seed {seed}", wrong, console


@part
def fresh(_):
    """The README's first command, and what comes next."""
    yield from fresh_system.try_all()


def run_part(name, runs):
    """Run one part and print its line; return how many runs went wrong."""
    tried, failed, started = 0, 0, time.monotonic()
    for what, wrong, console in PARTS[name](runs):
        tried += 1
        if wrong:
            failed += 1
            kept = KEPT / (what.replace(" ", "-") + ".txt")
            kept.write_text(console, encoding="utf-8")
            print(f"{name}: {what}: {wrong}; see {kept.relative_to(ROOT)}", flush=True)
    print(f"{name}: {tried} tried, {failed} wrong ({time.monotonic() - started:.0f} s)", flush=True)
    return failed


def main():
    """The exit status."""
    usual = [name for name in PARTS if name != "fresh"]
    names, runs = command.words("PART") or usual, command.number("RUNS", 100)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise command.Unusable(f"PART={' '.join(unknown)}: give some of {' '.join(PARTS)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    return 1 if sum(run_part(name, runs) for name in names) else 0


if __name__ == "__main__":
    sys.exit(command.run(main))
