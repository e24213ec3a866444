#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The explorer (tests/sim): build it, play scenes with every schedule within a budget, print tables.

    make explore                   all scenes, and the table of orders: minutes on two cores
    python3 tests/explore.py --help

Two programs are built of the same files. `explore` knows interleavings only. `explore-memory` is
instrumented: it also has the race detector, old values for loads, and interrupts at every access; a
tenth as fast.
"""

import argparse
import concurrent.futures
import itertools
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIM = ROOT / "tests" / "sim"
SWITCH = ROOT / "liblwkt/linux/switch.S"
FLAGS = ["-std=gnu11", "-g", "-O2", "-fno-pie", "-Wall", "-Wextra", "-Werror", "-Wshadow",
         "-DNYMPH_KERNEL", "-DINVARIANTS", "-Itests/sim", "-Ikernel", "-I."]
# What is instrumented: the core, and the scenes that run on it.
CORE = [*sorted(ROOT.glob("kernel/lwkt/*.c")), ROOT / "kernel/lib/bits.c",
        ROOT / "kernel/lib/testpoint.c"]
# What builds on the core.
UPPER = [ROOT / "kernel" / f"{name}.c" for name in (
    "sync/tsleep", "sync/mutex", "sync/lockorder", "sync/ithread", "fs/pipe", "proc/proc", "proc/kill",
    "proc/usertrap", "proc/usched", "proc/usched_queue",
    "proc/usched_credit", "proc/usched_pass")]
SCENES = [*sorted(SIM.glob("x_*.c")), SIM / "litmus.c", SIM / "explore_pairs.c"]
# The simulation, and what the host has in the kernel's place.
HOST = [SIM / f"{name}.c" for name in ("run", "sim", "spawn", "rest", "arena", "snapshot", "memory", "explore",
                                       "turns", "schedule", "report", "explore_base", "lines", "loops",
                                       "explore_main", "host_memory", "host_proc")]
INSTRUMENTED = [*CORE, *UPPER, *SCENES, *HOST, SIM / "races.c", SIM / "views.c", SIM / "builtins.c"]
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
                sys.exit(done.stderr)


def compilation(program, source, target, extra=(), compiler="gcc"):
    """The command that compiles one source for a program; the core and what builds on it with those options
    as well."""
    flags = [] if program == "explore" else \
        ["-fsanitize=thread"] if source in CORE + UPPER + SCENES else ["-DDETECT", "-O3"]
    if source in UPPER:
        flags = [*flags, "-include", "kernel/riscv.h"]      # PGSIZE
    if source in CORE + UPPER:
        flags = [*flags, *extra]
    return [compiler, *FLAGS, *flags, "-c", "-o", target, source.relative_to(ROOT)]


def linkage(objects, target, extra=(), compiler="gcc"):
    """The command that makes a program of its objects."""
    return [compiler, *extra, "-no-pie", "-Wl,--wrap=printf,--wrap=vprintf", "-o", target, *objects, SWITCH]


def build_foreign(folder, compiler):
    """explore-memory for another host, without shared libraries, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = {source: folder / f"{source.stem}.o" for source in INSTRUMENTED}
    compile_all([compilation("explore-memory", s, o, compiler=compiler) for s, o in objects.items()])
    compile_all([linkage(objects.values(), folder / "explore-memory", ["-static"], compiler)])
    return folder / "explore-memory"


def build(folder, extra=()):
    """Both programs, in that folder; the core with those options as well."""
    commands, links = [], []
    for program in ("explore", "explore-memory"):
        place = folder / program / "obj"
        place.mkdir(parents=True, exist_ok=True)
        sources = [*CORE, *UPPER, *SCENES, *HOST] if program == "explore" else INSTRUMENTED
        commands += [compilation(program, source, place / f"{source.stem}.o", extra) for source in sources]
        links.append(linkage([place / f"{source.stem}.o" for source in sources], folder / program / program, extra))
    compile_all(commands)
    compile_all(links)
    return folder / "explore" / "explore", folder / "explore-memory" / "explore-memory"


def build_graded(folder):
    """explore-memory of a kernel that is graded: warnings are not errors, and the kernel's objects have a
    folder of their own, so that a file of the kernel takes no other's place."""
    commands, objects = [], []
    for source in INSTRUMENTED:
        place = folder / ("kernel" if source in CORE + UPPER else "sim")
        place.mkdir(parents=True, exist_ok=True)
        objects.append(place / f"{source.stem}.o")
        words = compilation("explore-memory", source, objects[-1])
        commands.append([word for word in words if word != "-Werror"])
    compile_all(commands)
    compile_all([linkage(objects, folder / "explore-memory")])


def build_changed(folder, tree, source):
    """Both programs of `folder`, with one source of another tree: `tree`/explore, `tree`/explore-memory. What
    that tree lacks is this one's."""
    made = []
    for program in ("explore", "explore-memory"):
        own = tree / f"{program}.o"
        subprocess.run([*compilation(program, source, own), f"-I{ROOT}"], cwd=tree, check=True)
        others = [o for o in (folder / program / "obj").glob("*.o") if o.stem != source.stem]
        subprocess.run(linkage([own, *others], tree / program), cwd=ROOT, check=True)
        made.append(tree / program)
    return made


def explore(program, scene, *options, cpus=0, seconds=60):
    """Play one scene; what it printed, and whether all went well (complete or not)."""
    done = run([program, "-s", scene, "-c", cpus, "-t", seconds, *options],
               timeout=60 * seconds + 600)
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


def in_parallel(function, rows):
    """As many at a time as there are cpus, in the order of rows."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(function, rows)


# --- which order is needed ---

NAMES = {0: "none", 1: "acquire", 2: "release", 3: "acqrel", 7: "full"}
WEAKER = {7: (3,), 3: (1, 2), 2: (0,), 1: (0,)}
BUDGETS = ((1, 0, 0), (1, 0, 1), (2, 0, 1), (1, 1, 1))
# Beside the scenes of one mechanism each.
MORE = ("pair:migrate:acquire:on:free:0", "pair:acquire:hold:on:free:0", "pair:block:migrate:on:free:0",
        "pair:exit:hold:on:free:0", "pair:tokens:migrate:on:free:0")


def sites(program):
    """(number, order, file, what) of each ordered primitive of the kernel's; file without the line."""
    for line in run([program, "-L"]).stdout.splitlines():
        number, order, place, what = line.split(maxsplit=3)
        if int(order) != 0:
            yield int(number), int(order), place, what


def sites_used(program, name):
    """How many schedules a scene has with one preemption, and the numbers of the sites that it plays."""
    text = explore(program, name, "-u", "-q", "-p", 1, seconds=5)[1]
    used = {int(n) for line in text.splitlines() if line.startswith("sites:") for n in line.split()[1:]}
    return int(LINE.search(text)["executions"]), used


def judge(program, number, weaker, names, seconds):
    """The first scene that fails when that site is so weak: its name, budgets and schedule."""
    for budget, name in itertools.product(BUDGETS, names):
        good, text = explore(program, name, "-q", "-p", budget[0], "-i", budget[1], "-r", budget[2],
                             "-w", f"{number}:{weaker}", seconds=seconds)
        if not good:
            return name, text
    return None, ""


def orders(program, seconds, only=()):
    """Print the table of orders; how many nothing shows to be needed. Small scenes come first."""
    names = [name for name, _ in scenes(program) if name.startswith("x_") or name in MORE]
    used = dict(zip(names, in_parallel(lambda name: sites_used(program, name), names)))
    names.sort(key=lambda name: used[name][0])
    rows = [(n, order, weaker, place, what) for n, order, place, what in sites(program)
            for weaker in WEAKER[order] if not only or any(o in f"{place} {what}" for o in only)]
    print("| site | order | weakened to | fails | with | deviations |")
    print("|---|---|---|---|---|---|")

    def one(row):
        return row, judge(program, row[0], row[2], [n for n in names if row[0] in used[n][1]], seconds)

    spared = 0
    for (_, order, weaker, place, what), (name, text) in in_parallel(one, rows):
        site = f"{place.removeprefix('kernel/lwkt/')} `{what.strip()}`"
        if name is None:
            spared += 1
            print(f"| {site} | {NAMES[order]} | {NAMES[weaker]} | **nothing** | | |", flush=True)
            continue
        length = len(re.search(r"-x '(.*)'", text).group(1).split())
        print(f"| {site} | {NAMES[order]} | {NAMES[weaker]} | {name} | {reason(text)} | {length} |",
              flush=True)
    return spared


def reason(text):
    """What went wrong, in few words."""
    why = re.search(r"executions, [\d.]+ s: (.*)", text).group(1)
    if re.match(r"\S+\.[ch]:\d+: ", why):
        return "the scene's check" if "tests/sim/x_" in why else "an assertion"
    return re.sub(r" at 0x\w+.*|: cpus wait.*", "", why)[:60]


# --- which lines no scene reaches ---

def coverage(folder, seconds):
    """Print the lines of the core that no scene reaches and for which no reason is given, those that have one
    and are reached, and how many branches are not taken; true when each line has its reason."""
    plain, _ = build(folder, ["--coverage", "-fprofile-abs-path"])
    counters = folder / "counters"
    symbols = (line.split() for line in run(["nm", "-S", plain]).stdout.splitlines())
    counters.write_text("".join(f"{s[0]} {s[1]}\n" for s in symbols
                                if len(s) == 4 and s[3].startswith("__gcov0.")))
    for name, _ in scenes(plain):
        if not name.startswith("pair:") or name.endswith(("on:free:0", "sleep:locked:0")):
            explore(plain, name, "-q", "-g", counters, "-p", 1, "-i", 1, seconds=seconds)
    reached, branches = {}, 0
    for source in [*CORE, *UPPER]:
        target = folder / "explore" / "obj" / f"{source.stem}.o"
        place = None
        for line in run(["gcov", "-b", "-t", "-o", target, source]).stdout.splitlines():
            if found := re.match(r" *-: +0:Source:.*(kernel/.*)", line):
                place = found.group(1)
            elif re.match(r" *-: +0:Source:", line):
                place = None
            elif place and (found := re.match(r" *(#####|\d+\*?): *(\d+):(.*)", line)):
                key = place, int(found.group(2)), found.group(3).strip()
                reached[key] = reached.get(key, False) or found.group(1) != "#####"
            elif place and place.endswith(".c"):
                branches += bool(re.match(r"branch +\d+ (never executed|taken 0%)", line))
    left = {(place, code): number for (place, number, code), seen in reached.items() if not seen}
    known = reasons()
    for (place, code), number in sorted(left.items()):
        if (place, code) not in known:
            print(f"{place}:{number}: {code}    no reason is given")
    for place, code in sorted(known - left.keys()):
        print(f"{place}: {code}    is reached, or is gone")
    print(f"{len(left)} of {len(reached)} lines are not reached, {len(left.keys() - known)} of them without a "
          f"reason; {branches} branches")
    return left.keys() <= known


def reasons():
    """(file, code) of the lines that no scene reaches, as tests/sim/unreached.txt says. A handout does not
    have this file, which has lines of the solution."""
    path = SIM / "unreached.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {tuple(line.split(": ", 1)) for line in lines if line and not line.startswith("#")}


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "explore",
                        help="where to build")
    parser.add_argument("--seconds", type=float, default=20, help="limit of one row")
    parser.add_argument("--part", choices=("scenes", "pairs", "orders", "coverage"),
                        action="append", help="what to do; all but the last by default")
    parser.add_argument("only", nargs="*", help="only these scenes, or sites that contain this")
    parser.add_argument("--graded", type=pathlib.Path, metavar="FOLDER",
                        help="only build explore-memory there, for the graders")
    args = parser.parse_args()
    if args.graded:
        build_graded(args.graded)
        return 0
    parts = args.part or ("scenes", "pairs", "orders")
    if "coverage" in parts:
        return 0 if coverage(args.folder / "coverage", args.seconds) else 1
    plain, memory = build(args.folder)

    def play(row):
        program, name, cpus, budget = row
        options = ["-q", "-p", budget[0], "-i", budget[1], "-r", budget[2]]
        return explore(program, name, *options, cpus=cpus, seconds=args.seconds)

    def rows(names, budgets):
        return [(program, name, int(cpus), budget) for name, cpus in scenes(plain)
                if name.startswith(names) and (not args.only or name in args.only)
                for program, budget in budgets]

    well = True
    if "scenes" in parts:
        well = table(in_parallel(play, rows("x_", (
            (plain, (2, 0, 0)), (plain, (3, 0, 0)), (plain, (2, 1, 0)), (memory, (1, 1, 0)),
            (memory, (2, 0, 1)), (memory, (1, 0, 2)))))) and well
    if "pairs" in parts:
        well = table(in_parallel(play, rows("pair:", ((plain, (2, 0, 0)), (plain, (1, 1, 0)))))) and well
    if "orders" in parts:
        print(orders(memory, args.seconds, args.only), "orders are not shown to be needed")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
