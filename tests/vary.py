#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Grade kernels that are correct but work differently from this tree's: no grader may reject one.

    make variants [VARIANT=longer-rings] [JOBS=2] [RUNS=3]   all graders, with fresh seeds, and usertests
    tests/test_variants.py                                   the labs that each variant is about, quickly

A variant is a patch, tests/variants/longer-rings.patch. Lines of its header, before the first file:

    # variant: what is different, in one line
    # tests: token switch/t23_idle_token   the labs and tests that it concerns: test_variants.py runs them
    # make: INVARIANTS=0                   optional: options of the build

A variant keeps to what the lab's page (docs/labs) and the headers promise. If a grader rejects a variant, look
there to see which of them is wrong; usually it is the grader.
"""

import os
import secrets
import sys
import tempfile

import command
import patches
from command import Unusable
from grading import engine, machine
from grading.runs import SEEDS, draw_seeds
from patches import ROOT

VARIANTS = ROOT / "tests" / "variants"
SIZES = ((1, 0), (2, 0), (4, 0), (4, 1))    # runs of usertests: (harts, deterministic)
LIMIT = 1800                                # seconds of the host's time for usertests


def all_variants():
    """Every patch, in the order of their names."""
    return patches.read_all(VARIANTS, "variant")


def usertests(tree):
    """Run usertests -q; yield a text for each run that fails."""
    for cpus, deterministic in SIZES:
        result = machine.run("usertests -q", timeout=LIMIT, root=tree, CPUS=cpus,
                             DETERMINISTIC=deterministic, SEED=secrets.randbelow(10 ** 6))
        if result.status != 0 or result.why:
            yield f"{result.command}: status {result.status} {result.why}\n{result.tail(10)}"


def rejections(cases, seeds, tree, stop=None):
    """A text for each test that fails on the machine of a tree."""
    return [f"{fault.lab.name}/{fault.case.name} seed {fault.seed}: {fault}"
            for fault in patches.faults(cases, seeds, tree, stop)]


def grade(variant, labs, place, runs, stop):
    """Run all graders, with `runs` fresh seeds each, and usertests; return a list of what went wrong."""
    cases = [(lab, case) for lab in labs for case in lab.tests]
    with patches.machine_of(variant, place, strict=True) as tree:
        return rejections(cases, draw_seeds("", runs), tree, stop) + list(usertests(tree))


def report(variant, wrong, seconds):
    """Print the lines about a variant; return whether it was accepted."""
    wrong = [str(wrong)] if isinstance(wrong, Unusable) else wrong
    print(f"{variant.name}  {'REJECTED' if wrong else 'accepted'}  {variant.title}  ({seconds:.0f} s)")
    for text in wrong:
        print("     " + text.replace("\n", "\n     "))
    sys.stdout.flush()
    return not wrong


def run(wanted, jobs, runs):
    """Grade the variants; return the exit status, which is 0 if none was rejected."""
    variants, labs = patches.choose(all_variants(), wanted, "VARIANT"), engine.load_labs()
    with tempfile.TemporaryDirectory(prefix="variants.") as place:
        accepted = [report(variant, *result) for variant, result in zip(variants, patches.try_all(
            lambda v, stop: grade(v, labs, place, runs, stop), variants, jobs))]
    print(f"{sum(accepted)} of {len(accepted)} variants not rejected")
    return 0 if all(accepted) else 1


def main(arguments):
    """Grade the variants that were asked for; return the exit status."""
    return run(command.words("VARIANT") or arguments, command.number("JOBS", os.cpu_count()),
               command.number("RUNS", SEEDS))


if __name__ == "__main__":
    sys.exit(command.run(lambda: main(sys.argv[1:])))
