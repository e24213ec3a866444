#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Apply each bug of tests/mutants/ to a copy of the tree, and see whether the graders find it.

    make mutants [MUTANT='ipi-* M07'] [JOBS=2]   build, grade and judge all mutants, or those named
    python3 tests/mutate.py --check              only see that every patch still applies; a second or so

A mutant is a small patch that is called by what it breaks, tests/mutants/ipi-windex-early.patch. Lines of
its header, before the first file:

    # M31: what is broken, in one line     the number of the bug in the reference's list; "mutant" for a
                                           bug that the list does not have
    # clause: 4.07                         optional: what it breaks, by its id in grading/clauses/labN.txt
    # tests: ipi/t27_order crit/t8         the tests, as lab/name, that are expected to see it
    # says: resched                        optional: what the failing check must mention (a regex)
    # make: INVARIANTS=0                   optional: options of the build

A mutant belongs to the lab of its first test. The tests that the header names run first, and then, if none
of them fails, all others of that lab. The seeds are fixed, so that a mutant that was killed once is always
killed. A mutant is *killed* if a test fails. It is *named* if the failing check speaks of the mechanism:
the check must match `says` or, if there is no such line, it must be more than a machine that hung or never
came up. The line "usually" of the report is recorded, too: it names a function of the test's lab, perhaps
the very one that is broken, or says that the grader does not know.

tests/mutants/NONE lists the bugs that no run can show, with the reasons.
"""

import os
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass

import command
import patches
from command import Unusable
from grading import diagnosis, engine, timeline
from patches import ROOT

MUTANTS = ROOT / "tests" / "mutants"
NUMBERS = [f"M{number:02}" for number in range(1, 63)]      # reference, section 5.2
SEEDS = (1, 2, 3)
EACH = 4        # seconds for a mutant, on a processor of its own
LIMIT = 60      # seconds; after that, no test is started that the header does not name, and none after a failure


@dataclass
class Verdict:
    """What became of a mutant."""
    mutant: patches.Patch
    lab: engine.Lab             # the lab that the mutant belongs to
    state: str                  # killed, survived or error
    by: str = ""                # the test that failed, with its seed
    check: str = ""             # what the failure said
    named: bool = False
    own_lab: bool = False       # whether the test belongs to the mutant's lab
    usually: str = ""           # what the report says that it usually comes from
    seconds: float = 0.0


def all_mutants():
    """Every patch, in the order of their names."""
    return patches.read_all(MUTANTS, "mutant")


def not_applicable():
    """number -> reason, from the lines `M24: why no run can show it` of tests/mutants/NONE."""
    return dict(re.findall(r"^(M\d\d): (.*)$", (MUTANTS / "NONE").read_text(encoding="utf-8"), re.M))


def without_mutant(mutants):
    """The numbers of the reference's bugs that have neither a patch nor a line in tests/mutants/NONE."""
    return [number for number in NUMBERS
            if number not in not_applicable() and all(m.number != number for m in mutants)]


def names_mechanism(mutant, fault):
    """Whether a failure speaks of the broken mechanism, and not only of a machine that is dead."""
    text = " ".join((fault.case.title, str(fault.failure.expected), str(fault.failure.seen)))
    if mutant.says:
        return re.search(mutant.says, text) is not None
    return "given up after" not in fault.failure.seen


def first_fault(mutant, labs, tree, stop):
    """The Fault to report, or None. Among the tests that the header names, prefer the first failure that
    names the mechanism to the first failure of any kind, because a bug may keep a machine from booting
    with some seeds. If none of these tests fails, take the first failure of the rest of the lab."""
    named = patches.find_tests(mutant, labs)
    rest = [(lab, case) for lab in labs if lab.number == named[0][0].number for case in lab.tests
            if (lab, case) not in named]
    deadline = time.monotonic() + LIMIT
    first = None
    for pair in named:
        if first and time.monotonic() > deadline:
            break
        for fault in patches.faults([pair], SEEDS, tree, stop):
            if names_mechanism(mutant, fault):
                return fault
            first = first or fault
    for pair in rest:
        if first or time.monotonic() > deadline:
            break
        first = next(patches.faults([pair], SEEDS, tree, stop), None)
    return first


def grade(mutant, labs, place, stop):
    """Build a mutant, run its tests and return the Verdict."""
    home = patches.find_tests(mutant, labs)[0][0]
    try:
        with patches.machine_of(mutant, place) as tree:
            fault = first_fault(mutant, labs, tree, stop)
    except Unusable as error:
        return Verdict(mutant, home, "error", check=str(error))
    if fault is None:
        return Verdict(mutant, home, "survived", check=f"not found by {' '.join(mutant.tests)}, nor by "
                       f"the rest of lab {home.number}")
    timeline.shown(fault.failure)       # a report that cannot be drawn is an error here, and not in a class
    return Verdict(mutant, home, "killed", f"{fault.lab.name}/{fault.case.name} seed {fault.seed}",
                   str(fault), names_mechanism(mutant, fault), fault.lab.number == home.number,
                   diagnosis.usual(fault.lab.number, fault.case, fault.failure))


def helps(verdict):
    """What the line "usually" does: "culprit" (it names a function that the mutant breaks), "lab" (another
    one of the lab), "unknown" (it says that the grader does not know), or "nothing"."""
    if any(re.search(rf"\b{name}\b", verdict.usually) for name in patches.functions(verdict.mutant)):
        return "culprit"
    return "unknown" if diagnosis.UNKNOWN in verdict.usually else \
        "lab" if diagnosis.names_one(verdict.lab.number, verdict.usually) else "nothing"


def minutes(seconds):
    """A time as people say it."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def report(verdict, left):
    """Print the lines about a mutant. left: the seconds that the others may take."""
    mutant = verdict.mutant
    slow = f"; longer than {LIMIT} s" if verdict.seconds > LIMIT else ""
    print(f"{verdict.state:9} {mutant.name}: {mutant.title}  ({verdict.seconds:.0f} s{slow})")
    if verdict.by:
        print(f"          by {verdict.by}{'' if verdict.named else ', which does not name the mechanism'}")
    for line in verdict.check.splitlines():
        print(f"          {line}")
    if verdict.usually:
        print(f"          usually: {patches.one_line(verdict.usually, 200)} [{helps(verdict)}]")
    if left:
        print(f"          (about {minutes(left)} more)")
    sys.stdout.flush()


def share(part, whole):
    """'13 of 13 (100 %)'."""
    return f"{part} of {whole} ({100 * part // whole} %)"


def lab_lines(verdicts, labs):
    """A line for each lab that has mutants: how many of them its own graders kill, and how many of these
    they name."""
    for number in sorted({verdict.lab.number for verdict in verdicts}):
        mine = [v for v in verdicts if v.lab.number == number]
        parts = ", ".join(lab.name for lab in labs if lab.number == number)
        killed = [v for v in mine if v.state == "killed" and v.own_lab]
        elsewhere = sum(v.state == "killed" and not v.own_lab for v in mine)
        yield (f"lab {number} ({parts}): {share(len(killed), len(mine))} killed, "
               f"{sum(v.named for v in killed)} by a check that names the mechanism"
               + (f"; {elsewhere} more by the tests of other labs" if elsewhere else ""))


def summary(verdicts, labs):
    """Print the last lines; return whether every mutant was killed by a check that names the mechanism."""
    killed = [v for v in verdicts if v.state == "killed"]
    lacking = {"survived": [v for v in verdicts if v.state == "survived"],
               "could not be tried": [v for v in verdicts if v.state == "error"],
               "killed, but by a check that does not name the mechanism":
                   [v for v in killed if not v.named],
               "the line \"usually\" neither names a function of the lab nor says that it does not know":
                   [v for v in killed if helps(v) == "nothing"]}
    print("\n".join(lab_lines(verdicts, labs)))
    for what, some in lacking.items():
        if some:
            print(f"{what}: {' '.join(v.mutant.name for v in some)}")
    count = Counter(map(helps, killed))
    print(f"the line \"usually\" names a function that is broken: {share(count['culprit'], len(killed) or 1)}; "
          f"another one of the lab: {count['lab']}; does not know: {count['unknown']}")
    print(f"mutation score: {share(len(killed), len(verdicts))} killed, "
          f"{sum(v.named for v in killed)} named")
    return not any(lacking.values())


def check():
    """Check that every patch applies, at one place only, and names existing tests, and that no number is
    missing; return the exit status."""
    labs, wrong = engine.load_labs(), []
    mutants = []
    for path in sorted(MUTANTS.glob("*.patch")):
        try:
            mutants.append(patches.read(path, "mutant"))
            patches.find_tests(mutants[-1], labs)
            patches.apply(mutants[-1], ROOT, "-s", "--dry-run")
            wrong += [f"{path.name}: a hunk fits at two places of {name}; give it more context"
                      for name in patches.ambiguous(mutants[-1])]
        except Unusable as error:
            wrong.append(str(error))
    wrong += [f"{number}: neither a patch nor a line in tests/mutants/NONE"
              for number in without_mutant(mutants)]
    print("\n".join(wrong) if wrong else f"{len(mutants)} mutants apply, {len(not_applicable())} not "
          "applicable")
    return 1 if wrong else 0


def run(wanted, jobs):
    """Try the mutants that are wanted; return the exit status."""
    return try_these(patches.choose(all_mutants(), wanted, "MUTANT"), jobs)


def try_these(mutants, jobs):
    """Try the mutants; return the exit status, which is 0 if all were killed by a check that names the
    mechanism."""
    labs, verdicts = engine.load_labs(), []
    for mutant in mutants:
        patches.find_tests(mutant, labs)
    print(f"mutants: {len(mutants)}, {jobs} at a time: about {minutes(EACH * len(mutants) / jobs)}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants.") as place:
        for verdict, seconds in patches.try_all(lambda m, stop: grade(m, labs, place, stop), mutants,
                                                jobs):
            verdict.seconds = seconds
            verdicts.append(verdict)
            each = (time.monotonic() - started) / len(verdicts)
            report(verdict, each * (len(mutants) - len(verdicts)))
    return 0 if summary(verdicts, labs) else 1


def main(arguments):
    """Check or try the mutants; return the exit status."""
    if arguments == ["--check"]:
        return check()
    return run(command.words("MUTANT") or arguments, command.number("JOBS", os.cpu_count()))


if __name__ == "__main__":
    sys.exit(command.run(lambda: main(sys.argv[1:])))
