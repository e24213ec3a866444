# SPDX-License-Identifier: BSD-3-Clause
"""The clauses of the labs' contracts (grading/clauses/labN.txt): what a function promises, one assertion a line.

    2.07 | lwkt_yield | what the function promises, one assertion | switch/t3, switch/t4 | mutant's name

In place of tests, `explorer: SCENE` names a race of the lab (grading/races.txt), and `reader` says that nothing
shows the clause: then the mutant is `-`, and its row of the lab's page says that a reader will look at it.
"""

import functools
from dataclasses import dataclass

from grading import machine

FOLDER = machine.ROOT / "grading" / "clauses"


@dataclass
class Clause:
    """A line of a lab's file."""
    id: str
    function: str
    text: str
    tests: list     # lab/test; empty if a reader looks at the clause
    reader: bool
    mutant: str     # "" if there is none


@functools.cache
def read(number):
    """The Clauses of a lab, in the order of its file; none if there is no file."""
    path = FOLDER / f"lab{number}.txt"
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if not line or line.startswith("#"):
            continue
        fields = line.split(" | ")
        assert len(fields) == 5, line
        name, function, text, tests, mutant = fields
        if tests.startswith("explorer: "):
            tests = f"races{number}/{tests.removeprefix('explorer: ')}"
        found.append(Clause(name, function, text, [] if tests == "reader" else tests.split(", "),
                            tests == "reader", "" if mutant == "-" else mutant))
    return found


def looked_at(number, test):
    """The Clauses that a test looks at, by the test's name without its lab's."""
    return [clause for clause in read(number) if test in (name.partition("/")[2] for name in clause.tests)]
