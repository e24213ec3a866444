# SPDX-License-Identifier: BSD-3-Clause
"""What failures usually come from: for each lab, what was seen, and the functions of that lab behind it.

WRITES has the functions that a lab's student writes, whole or in part (the marks in the sources; a test
compares them). RULES has a list for each lab, of which the first rule that fits gives the words:

    (tests, kinds, pattern, words)

`tests` and `pattern` are regular expressions. The first must match the beginning of the test's name. The
second is searched for in what was expected, what was seen, the shape of the difference (diagnosis.py), and
where the cpus were. `kinds` are the kinds of failures: `up` (the machine never came up), `end` (it does not
end after the scene), `panic`, `hang`, `audit` (something is left over after the scene); "" stands for a
scene that was played and whose events are wrong. For a race, only rules count whose `tests` begin with x: else
the line names the function in which the schedule departs (races.py). If no rule fits, the grader says that it
does not know.
"""

from grading.causes import lab1, lab2, lab3, lab4, lab5, lab6, lab7, lab8, lab9
from grading.causes.patterns import FAULT

LABS = {1: lab1, 2: lab2, 3: lab3, 4: lab4, 5: lab5, 6: lab6, 7: lab7, 8: lab8, 9: lab9}
WRITES = {number: lab.WRITES for number, lab in LABS.items()}
RULES = {number: lab.RULES for number, lab in LABS.items()}
__all__ = ["FAULT", "RULES", "WRITES"]
