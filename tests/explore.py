#!/usr/bin/python3
"""The explorer (tests/sim): build it, play scenes with every schedule within a budget, print tables.

    make explore                   all scenes, and the table of orders: minutes on two cores
    python3 tests/explore.py --help

Two programs are built of the same files. `explore` knows interleavings only. `explore-memory` is
instrumented: it also has the race detector, old values for loads, and interrupts at every access; a
tenth as fast.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIM = ROOT / "tests" / "sim"
FLAGS = ["-std=gnu11", "-g", "-O2", "-fno-pie", "-Wall", "-Wextra", "-Werror", "-Wshadow",
         "-DNYMPH_KERNEL", "-DINVARIANTS", "-Itests/sim", "-Ikernel", "-I."]
# What is instrumented: the core, and the scenes that run on it.
CORE = [*sorted(ROOT.glob("kernel/lwkt/*.c")), ROOT / "kernel/lib/bits.c",
        ROOT / "kernel/lib/testpoint.c"]
SCENES = [SIM / f"{name}.c" for name in ("explore_scenes", "litmus")]
HOST = [SIM / f"{name}.c" for name in ("run", "sim", "rest", "arena", "memory", "explore", "report",
                                       "explore_base", "explore_main", "scenes_threads")]
LINE = re.compile(r"(?P<scene>\S+): (?P<cpus>\d) cpus, (?P<p>\d) preemptions, (?P<i>\d) interrupts, "
                  r"(?P<r>\d) stale reads: (?P<executions>\d+) executions, (?P<seconds>[\d.]+) s, "
                  r"(?P<end>complete|not complete), (?P<outcomes>\d+) outcomes (?P<hash>\w+), "
                  r"longest (?P<longest>\d+)")


def run(words, **options):
    """A program in the tree's top folder."""
    return subprocess.run([str(w) for w in words], cwd=ROOT, capture_output=True, text=True,
                          check=False, **options)


def compile_all(commands):
    """Compilers, as many at a time as there are cpus."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(run, commands):
            if done.returncode != 0:
                sys.exit(done.stderr[-4000:])


def build(folder, extra=()):
    """Both programs, in that folder."""
    commands, objects = [], {"explore": [], "explore-memory": []}
    for program, core, host in (("explore", [], []),
                                ("explore-memory", ["-fsanitize=thread"], ["-DDETECT", "-O3"])):
        for source in [*CORE, *SCENES, *HOST, *([SIM / "races.c"] if core else [])]:
            target = folder / program / "obj" / f"{source.stem}.o"
            target.parent.mkdir(parents=True, exist_ok=True)
            flags = core if source in CORE or source in SCENES else host
            commands.append(["gcc", *FLAGS, *extra, *flags, "-c", "-o", target,
                             source.relative_to(ROOT)])
            objects[program].append(target)
    compile_all(commands)
    compile_all([["gcc", *extra, "-no-pie", "-o", folder / program / program, *objects[program],
                  SIM / "switch.S"] for program in objects])
    return folder / "explore" / "explore", folder / "explore-memory" / "explore-memory"


def explore(program, scene, *options, cpus=0, seconds=60):
    """Play one scene; what it printed, and whether all went well (complete or not)."""
    done = run([program, "-s", scene, "-c", cpus, "-t", seconds, *options],
               timeout=10 * seconds + 60)
    return done.returncode in (0, 4), done.stdout + done.stderr


def scenes(program):
    """Names, and the fewest cpus of each."""
    return [line.split() for line in run([program, "-l"]).stdout.splitlines()]


def table(rows):
    """Print what explore() gave for several scenes; true when none failed."""
    print("| scene | cpus | preemptions | interrupts | stale reads | executions | seconds | |")
    print("|---|---|---|---|---|---|---|---|")
    well = True
    for good, text in rows:
        found = LINE.search(text)
        well = well and good
        if found and good:
            print("| {scene} | {cpus} | {p} | {i} | {r} | {executions} | {seconds} | {end} |".format(
                **found.groupdict()), flush=True)
        else:
            print(text, flush=True)
    return well


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "explore",
                        help="where to build")
    parser.add_argument("--seconds", type=float, default=60, help="limit of one row")
    parser.add_argument("scene", nargs="*", help="only these scenes")
    args = parser.parse_args()
    plain, memory = build(args.folder)
    rows = [(program, name, int(cpus), budget)
            for name, cpus in scenes(plain) if not args.scene or name in args.scene
            for program, budget in ((plain, (2, 0, 0)), (plain, (3, 0, 0)), (memory, (2, 1, 0)),
                                    (memory, (1, 0, 2)))]

    def play(row):
        program, name, cpus, budget = row
        options = ["-p", budget[0], "-i", budget[1], "-r", budget[2]]
        return explore(program, name, *options, cpus=cpus, seconds=args.seconds)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return 0 if table(pool.map(play, rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
