# SPDX-License-Identifier: BSD-3-Clause
"""`make coverage` prints two tables: which tests show which behaviour, and which tests find which mutant.

Everything in them comes from the tests themselves: `covers=` in the graders, "Covers T18." in a docstring
of tests/, and the headers of the mutants' patches.
"""

import re
import sys

from grading import engine, machine

BEHAVIOURS = machine.ROOT / "grading" / "behaviours.txt"
TESTS = machine.ROOT / "tests"

HEAD = """# What tests what

T and M are the numbers of the reference: behaviours that a threading core must show, and bugs that its
tests must find. A grader is named as lab/test (`make grade LAB=lab TEST=test`), one of the project's own
tests as file:test, a mutant by its patch in `tests/mutants/` (`make mutants MUTANT=M07` tries all with
that number).
"""
NOTHING = "nothing yet"


def graders():
    """[(name, text of its `covers`)] of the tests of all labs."""
    return [(f"{lab.name}/{case.name}", case.covers) for lab in engine.load_labs() for case in lab.tests]


def own_tests():
    """[(name, numbers)] of the project's own tests whose docstring says "Covers T18, T19."."""
    found = []
    for path in sorted(TESTS.glob("test_*.py")):
        for name, doc in re.findall(r'^def (test_\w+)\(.*?\):\n\s+"""(.*?)"""',
                                    path.read_text(encoding="utf-8"), re.M | re.S):
            found += [(f"{path.stem}:{name}", covered) for covered in
                      re.findall(r"Covers ((?:T\d+(?:, )?)+)", doc)]
    return found


def behaviours():
    """[(number, text)] of behaviours.txt."""
    return [(int(number), text) for number, text in
            re.findall(r"^T(\d+) (.*)$", BEHAVIOURS.read_text(encoding="ascii"), re.M)]


def behaviour_table():
    """A line for each T; it says so if no test covers it."""
    pairs = [(int(number), name) for name, covers in graders() + own_tests()
             for number in re.findall(r"\bT(\d+)\b", covers)]
    yield "| T | behaviour | shown by |"
    yield "|---|---|---|"
    for number, text in behaviours():
        names = [name for covered, name in pairs if covered == number]
        yield f"| T{number} | {text} | {', '.join(names) or NOTHING} |"


def mutant_table():
    """A line for each patch, and for each number without one; the mutants without a number come last."""
    sys.path.insert(0, str(TESTS))
    import mutate  # pylint: disable=import-outside-toplevel
    mutants, absent = mutate.all_mutants(), mutate.not_applicable()
    yield "| M | mutant | what it breaks | found by |"
    yield "|---|---|---|---|"
    for number in [*mutate.NUMBERS, ""]:
        mine = [mutant for mutant in mutants if mutant.number == number]
        for mutant in mine:
            yield f"| {number} | {mutant.name} | {mutant.title} | {', '.join(mutant.tests)} |"
        if not mine:
            yield f"| {number} | | | {absent.get(number, NOTHING)} |"


def text():
    """Both tables, in Markdown."""
    return "\n".join([HEAD, "## Behaviours", "", *behaviour_table(), "", "## Mutants", "",
                      *mutant_table(), ""])


if __name__ == "__main__":
    print(text(), end="")
