"""Run the benchmarks with instructions as the clock.

user/bench prints lines `bench NAME COUNT`: instructions for one operation. One instruction is one
nanosecond of virtual time (shift=0), one hart runs, and the counts repeat to the digit. What needs
a second hart (IPIs) is run again with two, once for each back end.
"""

import os
import re

from grading import machine

LINE = re.compile(r"^bench (\S+) (\d+)\s*$", re.M)


class Unmeasured(Exception):
    """A machine that did not come to the end of its benchmarks."""


def measure(commands, **options):
    """(name, count) of each line that the machine prints."""
    result = machine.run(commands, DETERMINISTIC=1, SHIFT=0, SEED=0, timeout=300, APPEND="ktest=1",
                         BUILD=os.environ.get("BUILD", "build-bench"), **options)
    if result.status != 0 or result.why:
        raise Unmeasured(f"the machine ended with status {result.status} {result.why}\n{result.tail()}")
    return [(name, int(count)) for name, count in LINE.findall(result.console)]


def table():
    """All figures: [(operation, instructions)]."""
    found = measure("bench", CPUS=1)
    for ipi in ("sbi", "sswi"):
        found += [(f"{name} ({ipi})", count) for name, count in measure("bench ipi", CPUS=2, IPI=ipi)]
    if not found:
        raise Unmeasured("nothing was measured")
    return found
