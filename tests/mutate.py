#!/usr/bin/python3
"""Plant each bug of tests/mutants/ into a copy of the tree and see the graders find it.

    make mutants [MUTANT=M07] [JOBS=2]     build, grade and judge all mutants, or those named
    tests/mutate.py --check                only see that every patch still applies; a second or so

A mutant is a small patch, tests/mutants/M07.patch, or M07b.patch for a second way to make the same
mistake; L1a.patch is a mistake of lab 1 that the reference does not number. Lines of its header, before
the first file:

    # M07: what is broken, in one line
    # tests: switch/t3_no_preempt crit/t8    the tests, as lab/name, that are expected to see it
    # says: resched                          optional: what the failing check must mention (a regex)
    # make: INVARIANTS=0                     optional: options of the build

The graders are this tree's; only the machine is the mutant's. Seeds are fixed, so that a mutant that
was killed once is killed always. A mutant is killed when one of its tests fails, and *named* when the
first check that fails speaks of the mechanism: it matches `says`, or, without one, it is a judge's
check, the audit's or an assertion, and not just a machine that hung or never came up.

Bugs that no run can show are listed, with the reason, in tests/mutants/NONE.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grading import engine, machine  # noqa: E402  (needs the path above)

MUTANTS = ROOT / "tests" / "mutants"
NUMBERS = 62                    # M1 to M62: reference, section 5.2
SEEDS = (1, 2, 3)
WORK = 20                       # seconds of processor time for a run of a mutant
SOURCES = ("Makefile", "README.md", "kernel", "user", "mkfs", "tools", "build")


class Unusable(Exception):
    """A patch that cannot be tried: its header, its place in the tree or its build is wrong."""


@dataclass
class Mutant:
    """A patch with its header."""
    name: str
    path: pathlib.Path
    title: str
    tests: list
    says: str = ""
    make: list = field(default_factory=list)

    @property
    def number(self):
        """7 for M07b; 0 for a lab's own mistake."""
        return int(self.name[1:3]) if self.name[0] == "M" else 0


@dataclass
class Verdict:
    """What became of a mutant."""
    mutant: Mutant
    state: str                  # killed, survived or error
    by: str = ""                # the test that failed, with its seed
    check: str = ""             # what it said
    named: bool = False
    seconds: float = 0.0


def header(path):
    """Name -> text of the lines `# name: text` before the patch proper."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("diff ", "--- ")):
            break
        match = re.match(r"#\s*(\w+):\s*(.*\S)", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def read_mutant(path):
    """The mutant of a patch file; Unusable if its header is incomplete."""
    name = path.stem
    if not re.fullmatch(r"M\d\d[a-z]?|L\d[a-z]", name):
        raise Unusable(f"{path.name}: a name like M07.patch, M07b.patch or L1a.patch")
    words = header(path)
    title = words.get(name) or words.get(name[:3])
    if not title or not words.get("tests"):
        raise Unusable(f"{path.name}: begin with the lines '# {name}: what is broken' and '# tests: ...'")
    return Mutant(name, path, title, words["tests"].split(), words.get("says", ""),
                  words.get("make", "").split())


def all_mutants():
    """Every patch, in order."""
    return [read_mutant(path) for path in sorted(MUTANTS.glob("*.patch"))]


def not_applicable():
    """Number -> reason, of tests/mutants/NONE: lines `M24: why no run can show it`."""
    lines = (MUTANTS / "NONE").read_text(encoding="utf-8").splitlines()
    matches = [re.match(r"M(\d+): (.*)", line) for line in lines]
    return {int(m.group(1)): m.group(2) for m in matches if m}


def find_tests(mutant, labs):
    """[(lab, test)] of a mutant's `tests:` line; Unusable for a name that no lab has."""
    found = []
    for name in mutant.tests:
        lab_name, _, test_name = name.partition("/")
        cases = [(lab, case) for lab in labs if lab.name == lab_name
                 for case in engine.choose(lab, test_name)] if test_name else []
        if not cases:
            raise Unusable(f"{mutant.path.name}: there is no test {name}")
        found += cases
    return found


def patch(mutant, tree, *options):
    """Apply the patch to a tree; Unusable with what patch said if it does not fit."""
    done = subprocess.run(["patch", "-p1", "--no-backup-if-mismatch", "--fuzz=2", "--forward", "-i", mutant.path,
                           *options], cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{mutant.path.name} does not apply: "
                       + " ".join((done.stdout + done.stderr).split()))


def copy_tree(place):
    """A copy of the sources with what is built from them, so that make builds only what changes."""
    place.mkdir()
    for name in SOURCES:
        subprocess.run(["cp", "-a", "--sparse=always", ROOT / name, place / name], check=True)
    return place


def build(mutant, tree):
    """Build the mutant; Unusable with the compiler's words."""
    # Warnings are no errors: a variable that a mutant no longer uses is its own business.
    done = subprocess.run(["make", "-s", "WERROR=0", *mutant.make, "all"], cwd=tree, check=False,
                          env=machine.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise Unusable(f"{mutant.path.name} does not build:\n{done.stderr[-1500:]}")


def names_mechanism(mutant, case, failure):
    """Whether a failure speaks of what is broken, and not only of a machine that is dead."""
    text = " ".join((case.title, str(failure.expected), str(failure.seen)))
    if mutant.says:
        return re.search(mutant.says, text) is not None
    return "given up after" not in failure.seen


def one_line(text, width=110):
    """Text in one line, shortened."""
    text = " ".join(str(text).split())
    return text if len(text) <= width else text[:width - 3] + "..."


def grade(mutant, tree, cases, stop):
    """Run the tests, seed by seed, until one fails; the Verdict."""
    for _, case in cases:
        for seed in SEEDS:
            if stop.is_set():
                raise Unusable("interrupted")
            failure, _ = engine.run_seed(case, seed, root=tree, work=WORK)
            if failure:
                check = f"expected {one_line(failure.expected)}; seen {one_line(failure.seen)}"
                return Verdict(mutant, "killed", f"{case.name} seed {seed}", check,
                               names_mechanism(mutant, case, failure))
    return Verdict(mutant, "survived", check="not seen by " + ", ".join(mutant.tests))


def try_mutant(mutant, labs, place, stop):
    """Copy, patch, build, grade, clean up."""
    started = time.monotonic()
    tree = place / mutant.name
    try:
        cases = find_tests(mutant, labs)
        copy_tree(tree)
        patch(mutant, tree, "-s")
        build(mutant, tree)
        verdict = grade(mutant, tree, cases, stop)
    except Unusable as error:
        verdict = Verdict(mutant, "error", check=str(error))
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    verdict.seconds = time.monotonic() - started
    return verdict


def report(verdict):
    """A mutant's lines."""
    mutant = verdict.mutant
    print(f"{mutant.name:5} {verdict.state:9} {mutant.title}  ({verdict.seconds:.0f} s)")
    if verdict.by:
        print(f"      by {verdict.by}{'' if verdict.named else ', which does not name the mechanism'}")
    for line in verdict.check.splitlines():
        print(f"      {line}")
    sys.stdout.flush()


def choose(wanted):
    """The mutants asked for: M7, M07, m07b or a list of them; all without one."""
    mutants = all_mutants()
    chosen = [m for m in mutants for w in wanted
              if w == m.name or m.number and re.fullmatch(rf"[Mm]?0*{m.number}(?:{m.name[3:]})?", w)
              ] if wanted else mutants
    if not chosen:
        raise Unusable(f"MUTANT={' '.join(wanted)}: there are {' '.join(m.name for m in mutants)}")
    return chosen


def check():
    """See that every patch applies, names tests that there are, and that no number is missing."""
    labs, wrong = engine.load_labs(), []
    mutants = []
    for path in sorted(MUTANTS.glob("*.patch")):
        try:
            mutants.append(read_mutant(path))
            find_tests(mutants[-1], labs)
            patch(mutants[-1], ROOT, "-s", "--dry-run")
        except Unusable as error:
            wrong.append(str(error))
    absent = set(range(1, NUMBERS + 1)) - {m.number for m in mutants} - set(not_applicable())
    wrong += [f"M{number}: neither a patch nor a line in tests/mutants/NONE" for number in sorted(absent)]
    print("\n".join(wrong) if wrong else f"{len(mutants)} mutants apply, {len(not_applicable())} not "
          "applicable")
    return 1 if wrong else 0


def run(wanted, jobs):
    """Try the mutants; the exit status: 0 when all were killed by a check that names the mechanism."""
    mutants, labs, verdicts = choose(wanted), engine.load_labs(), []
    stop = threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: clean up
    with tempfile.TemporaryDirectory(prefix="mutants.") as place, ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(try_mutant, m, labs, pathlib.Path(place), stop) for m in mutants]
        try:
            for future in futures:
                verdicts.append(future.result())
                report(verdicts[-1])
        except KeyboardInterrupt:
            stop.set()
            machine.end_all()
            pool.shutdown(cancel_futures=True)
            return 130
    counts = {s: sum(v.state == s for v in verdicts) for s in ("killed", "survived", "error")}
    unnamed = [v.mutant.name for v in verdicts if v.state == "killed" and not v.named]
    if unnamed:
        print(f"killed, but by a check that does not name the mechanism: {' '.join(unnamed)}")
    if counts["error"]:
        print(f"{counts['error']} could not be tried")
    print(f"{counts['killed']} killed, {counts['survived']} survived, "
          f"{0 if wanted else len(not_applicable())} not applicable")
    return 1 if counts["survived"] or counts["error"] or unnamed else 0


def main(arguments):
    """Options come from the environment, as make gives them."""
    try:
        if arguments == ["--check"]:
            return check()
        return run(os.environ.get("MUTANT", "").split() or arguments,
                   int(os.environ.get("JOBS") or os.cpu_count()))
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
