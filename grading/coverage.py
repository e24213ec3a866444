"""`make coverage`: writes grading/COVERAGE.md, which test shows which behaviour and finds which mutant.

All of it comes from where the tests say it themselves: `covers=` of the graders, a docstring of tests/
that says "Covers T18.", and the headers of the mutants' patches.
"""

import re
import sys

from grading import engine, machine

FILE = machine.ROOT / "grading" / "COVERAGE.md"
BEHAVIOURS = machine.ROOT / "grading" / "behaviours.txt"
TESTS = machine.ROOT / "tests"

HEAD = """# What tests what

Made by `make coverage` from the graders, the tests and the mutants' headers; do not edit. T and M are the
numbers of the reference (DESIGN.md, section 3): behaviours that a threading core must show, and bugs
that its tests must find. A grader is named as lab/test (`make grade LAB=lab TEST=test`), one of the
project's own tests as file:test, a mutant by its patch in `tests/mutants/` (`make mutants MUTANT=M07`).
"""


def graders():
    """[(name, text of covers)] of all labs."""
    return [(f"{lab.name}/{case.name}", case.covers) for lab in engine.load_labs() for case in lab.tests]


def own_tests():
    """[(name, numbers)] of tests whose docstring begins with, or has, "Covers T18, T19."."""
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
    """A line for each T; what no test covers says so."""
    pairs = [(int(number), name) for name, covers in graders() + own_tests()
             for number in re.findall(r"\bT(\d+)\b", covers)]
    yield "| T | behaviour | shown by |"
    yield "|---|---|---|"
    for number, text in behaviours():
        names = [name for covered, name in pairs if covered == number]
        yield f"| T{number} | {text} | {', '.join(names) or 'nothing yet'} |"


def mutant_table():
    """A line for each patch, and one for each number without; then the labs' own mistakes."""
    sys.path.insert(0, str(TESTS))
    import mutate  # pylint: disable=import-outside-toplevel
    mutants, absent = mutate.all_mutants(), mutate.not_applicable()
    yield "| M | mutant | found by |"
    yield "|---|---|---|"
    for number in range(1, mutate.NUMBERS + 1):
        mine = [mutant for mutant in mutants if mutant.number == number]
        for mutant in mine:
            yield f"| {mutant.name} | {mutant.title} | {', '.join(mutant.tests)} |"
        if not mine:
            yield f"| M{number:02} | | {absent.get(number, 'nothing yet')} |"
    for mutant in mutants:
        if mutant.number == 0:
            yield f"| {mutant.name} | {mutant.title} | {', '.join(mutant.tests)} |"


def text():
    """The whole file."""
    return "\n".join([HEAD, "## Behaviours", "", *behaviour_table(), "", "## Mutants", "",
                      *mutant_table(), ""])


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
