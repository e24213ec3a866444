#!/usr/bin/python3
"""Plant each bug of tests/mutants/ into a copy of the tree and see the graders find it.

    make mutants [MUTANT=M07] [JOBS=2]     build, grade and judge all mutants, or those named
    python3 tests/mutate.py --check        only see that every patch still applies; a second or so

A mutant is a small patch, tests/mutants/M07.patch, or M07b.patch for a second way to make the same
mistake; L1a.patch is a mistake of lab 1 that the reference does not number, and token-mp-waiter.patch
takes the mending of a fault back that this kernel had. Lines of its header, before
the first file:

    # M07: what is broken, in one line
    # tests: switch/t3_no_preempt crit/t8    the tests, as lab/name, that are expected to see it
    # says: resched                          optional: what the failing check must mention (a regex)
    # make: INVARIANTS=0                     optional: options of the build

A mutant belongs to the lab of its first test. The tests that are named run first, then, if none of them
saw it, the whole lab. Seeds are fixed, so that a mutant that was killed once is killed always. A
mutant is killed when a test fails, and *named* when that check speaks of the mechanism: it matches
`says`, or, without one, it is a judge's check, the audit's or an assertion, and not just a machine
that hung or never came up.

Bugs that no run can show are listed, with the reason, in tests/mutants/NONE.
"""

import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass

import command
import patches
from command import Unusable
from grading import engine
from patches import ROOT

MUTANTS = ROOT / "tests" / "mutants"
NUMBERS = 62                    # M1 to M62: reference, section 5.2
NAMES = (r"M\d\d[a-z]?|L\d[a-z]|[a-z]+(-[a-z]+)+",
         "M07.patch, M07b.patch, L1a.patch or what-it-breaks.patch")
SEEDS = (1, 2, 3)
LIMIT = 60                      # seconds after which no test is begun that the header does not name


@dataclass
class Verdict:
    """What became of a mutant."""
    mutant: patches.Patch
    lab: engine.Lab             # that it belongs to
    state: str                  # killed, survived or error
    by: str = ""                # the test that failed, with its seed
    check: str = ""             # what it said
    named: bool = False
    at_home: bool = False       # the test is one of its lab
    seconds: float = 0.0


def all_mutants():
    """Every patch, in order."""
    return [patches.read(path, NAMES) for path in sorted(MUTANTS.glob("*.patch"))]


def not_applicable():
    """Number -> reason, of tests/mutants/NONE: lines `M24: why no run can show it`."""
    lines = (MUTANTS / "NONE").read_text(encoding="utf-8").splitlines()
    matches = [re.match(r"M(\d+): (.*)", line) for line in lines]
    return {int(m.group(1)): m.group(2) for m in matches if m}


def names_mechanism(mutant, fault):
    """Whether a failure speaks of what is broken, and not only of a machine that is dead."""
    text = " ".join((fault.case.title, str(fault.failure.expected), str(fault.failure.seen)))
    if mutant.says:
        return re.search(mutant.says, text) is not None
    return "given up after" not in fault.failure.seen


def first_fault(mutant, labs, tree, stop):
    """The first test to fail by a check that names the mechanism, or else the first to fail, of those
    that the header names; then of all of the lab. (A bug that may keep a machine from booting does so
    with some seeds.)"""
    named = patches.find_tests(mutant, labs)
    rest = [(lab, case) for lab in labs if lab.number == named[0][0].number for case in lab.tests
            if (lab, case) not in named]
    deadline = time.monotonic() + LIMIT
    first = None
    for fault in patches.faults(named, SEEDS, tree, stop):
        if names_mechanism(mutant, fault):
            return fault
        first = first or fault
    if first:
        return first
    for pair in rest:
        if time.monotonic() > deadline:
            break
        for fault in patches.faults([pair], SEEDS, tree, stop):
            return fault
    return None


def grade(mutant, labs, place, stop):
    """Build, run, judge: the Verdict."""
    home = patches.find_tests(mutant, labs)[0][0]
    try:
        with patches.machine_of(mutant, place) as tree:
            fault = first_fault(mutant, labs, tree, stop)
    except Unusable as error:
        return Verdict(mutant, home, "error", check=str(error))
    if fault is None:
        return Verdict(mutant, home, "survived", check=f"not seen by {' '.join(mutant.tests)}, nor by "
                       f"the rest of lab {home.number}")
    return Verdict(mutant, home, "killed", f"{fault.lab.name}/{fault.case.name} seed {fault.seed}",
                   str(fault), names_mechanism(mutant, fault), fault.lab.number == home.number)


def report(verdict):
    """A mutant's lines."""
    mutant = verdict.mutant
    slow = f"; longer than {LIMIT} s" if verdict.seconds > LIMIT else ""
    print(f"{mutant.name:5} {verdict.state:9} {mutant.title}  ({verdict.seconds:.0f} s{slow})")
    if verdict.by:
        print(f"      by {verdict.by}{'' if verdict.named else ', which does not name the mechanism'}")
    for line in verdict.check.splitlines():
        print(f"      {line}")
    sys.stdout.flush()


def share(part, whole):
    """'13 of 13 (100 %)'."""
    return f"{part} of {whole} ({100 * part // whole} %)"


def lab_lines(verdicts, labs):
    """A line for each lab that has mutants: how many its own graders kill, and how many of these they
    name."""
    for number in sorted({verdict.lab.number for verdict in verdicts}):
        mine = [v for v in verdicts if v.lab.number == number]
        parts = ", ".join(lab.name for lab in labs if lab.number == number)
        killed = [v for v in mine if v.state == "killed" and v.at_home]
        away = sum(v.state == "killed" and not v.at_home for v in mine)
        yield (f"lab {number} ({parts}): {share(len(killed), len(mine))} killed, "
               f"{sum(v.named for v in killed)} by a check that names the mechanism"
               + (f"; {away} more by another lab's" if away else ""))


def summary(verdicts, labs):
    """The last lines, and whether all is well."""
    killed = [v for v in verdicts if v.state == "killed"]
    lacking = {"survived": [v for v in verdicts if v.state == "survived"],
               "could not be tried": [v for v in verdicts if v.state == "error"],
               "killed, but by a check that does not name the mechanism":
                   [v for v in killed if not v.named]}
    print("\n".join(lab_lines(verdicts, labs)))
    for what, some in lacking.items():
        if some:
            print(f"{what}: {' '.join(v.mutant.name for v in some)}")
    print(f"mutation score: {share(len(killed), len(verdicts))} killed, "
          f"{sum(v.named for v in killed)} named")
    return not any(lacking.values())


def check():
    """See that every patch applies, names tests that there are, and that no number is missing."""
    labs, wrong = engine.load_labs(), []
    mutants = []
    for path in sorted(MUTANTS.glob("*.patch")):
        try:
            mutants.append(patches.read(path, NAMES))
            patches.find_tests(mutants[-1], labs)
            patches.apply(mutants[-1], ROOT, "-s", "--dry-run")
        except Unusable as error:
            wrong.append(str(error))
    absent = set(range(1, NUMBERS + 1)) - {m.number for m in mutants} - set(not_applicable())
    wrong += [f"M{number}: neither a patch nor a line in tests/mutants/NONE" for number in sorted(absent)]
    print("\n".join(wrong) if wrong else f"{len(mutants)} mutants apply, {len(not_applicable())} not "
          "applicable")
    return 1 if wrong else 0


def run(wanted, jobs):
    """Try the mutants; the exit status: 0 when all were killed by a check that names the mechanism."""
    mutants, labs, verdicts = patches.choose(all_mutants(), wanted, "MUTANT"), engine.load_labs(), []
    for mutant in mutants:
        patches.find_tests(mutant, labs)
    with tempfile.TemporaryDirectory(prefix="mutants.") as place:
        for verdict, seconds in patches.try_all(lambda m, stop: grade(m, labs, place, stop), mutants,
                                                jobs):
            verdict.seconds = seconds
            verdicts.append(verdict)
            report(verdict)
    return 0 if summary(verdicts, labs) else 1


def main(arguments):
    """The exit status."""
    if arguments == ["--check"]:
        return check()
    return run(command.words("MUTANT") or arguments, command.number("JOBS", os.cpu_count()))


if __name__ == "__main__":
    sys.exit(command.run(lambda: main(sys.argv[1:])))
