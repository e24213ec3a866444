# SPDX-License-Identifier: BSD-3-Clause
"""The mutants apply, and nothing is left untested. (`make mutants` grades the mutants.)"""

import threading

import mutate
import patches
import pytest
from conftest import make
from grading import coverage, engine

QUICK = """boot-last-hart-left-out runq-mask-bit-stays crit-exit-looks-early ipi-full-serves-no-ipis
    preempt-lock-flag-stays token-first-release-frees wait-signal-keeps-generation
    migrate-stays-on-old-list cpusync-counts-early""".split()


def test_patches_apply(capsys):
    """Every patch applies to this tree and names existing tests; no number of the reference is missing."""
    assert mutate.check() == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", QUICK)
def test_quick(name, tmp_path):
    """A mutant of each lab is killed by a check that names the mechanism, and the line "usually" names a
    function that it breaks. (`make mutants` tries all.)"""
    [mutant] = patches.choose(mutate.all_mutants(), [name], "MUTANT")
    verdict = mutate.grade(mutant, engine.load_labs(), tmp_path, threading.Event())
    assert (verdict.state, verdict.named, verdict.own_lab) == ("killed", True, True), verdict.check
    assert mutate.helps(verdict) == "culprit", f"{verdict.check}: {verdict.usually}"


def test_coverage():
    """`make coverage` shows a test for every behaviour, and a mutant or a reason for every bug."""
    text = make("-s", "coverage").stdout
    assert text == coverage.text()
    assert [line for line in text.splitlines() if coverage.NOTHING in line] == []
    for number in [f"T{n}" for n, _ in coverage.behaviours()] + mutate.NUMBERS:
        assert f"\n| {number} | " in text


@pytest.mark.parametrize("goal, option", [
    ("mutants", "MUTANT=M07b"), ("mutants", "JOBS=0"), ("variants", "VARIANT=x"), ("variants", "RUNS=x"),
    ("reliability", "PART=x"), ("reliability", "RUNS=-1")])
def test_bad_option(goal, option):
    """A wrong option of a long-running command is reported in a line that names it, and the status is 2."""
    done = make("-s", goal, option, check=False)
    assert done.returncode == 2
    line, end = done.stderr.strip().splitlines()
    assert line.startswith(option + ": ") and end.startswith("make:")
