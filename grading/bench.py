# SPDX-License-Identifier: BSD-3-Clause
"""Run the benchmarks with instructions as the clock.

The programs bench, growth and lwktbench print lines `bench NAME COUNT`, where COUNT is the number of
instructions that one operation takes (or, for pages_in_use, of pages). One instruction is one nanosecond of
virtual time (shift=0) and one hart runs, so the counts are the same in every run. The benchmarks of IPIs need
a second hart; they run on two harts, once for each IPI back end.

bench.csv has a line for each operation: what this tree needs (`measured`, with gcc 12), what it may need
at most (`limit`), what a minimal loop needs (`floor`), and what other kernels need for the same.
"""

import csv
import os
import re

from grading import machine

FIGURES = machine.ROOT / "grading" / "bench.csv"
PEERS = ("ThreadX", "FreeRTOS", "LK", "xv6")
LINE = re.compile(r"^bench (\S+) (\d+)\s*$", re.M)


class Unmeasured(Exception):
    """The machine did not get to the end of its benchmarks."""


def figures():
    """operation -> its line of bench.csv, in the file's order; numbers are int, or None where there is none."""
    with open(FIGURES, encoding="ascii", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        for column in ("measured", "limit", "floor", *PEERS):
            line[column] = int(line[column]) if line[column] else None
    return {line["operation"]: line for line in lines}


def measure(commands, **options):
    """[(name, count)] of the lines that the machine prints."""
    result = machine.run(commands, DETERMINISTIC=1, SHIFT=0, SEED=0, timeout=300, APPEND="ktest=1",
                         BUILD=os.environ.get("BUILD", "build-bench"), **options)
    if result.status != 0 or result.why:
        raise Unmeasured(f"the machine ended with status {result.status} {result.why}\n{result.tail()}")
    return [(name, int(count)) for name, count in LINE.findall(result.console)]


def table():
    """All figures: [(operation, instructions)]."""
    library = (machine.ROOT / "user" / "lwktbench.c").exists()  # no handout has it
    found = measure("bench; lwktbench" if library else "bench", CPUS=1) + measure("growth", CPUS=1)
    runs = [("4 harts", "bench pages", {"CPUS": 4})]
    runs += [(ipi, "bench ipi; lwktbench message" if library else "bench ipi", {"CPUS": 2, "IPI": ipi})
             for ipi in ("sbi", "sswi")]
    for kind, commands, options in runs:
        found += [(f"{name} ({kind})", count) for name, count in measure(commands, **options)]
    if not found:
        raise Unmeasured("nothing was measured")
    return found
