# SPDX-License-Identifier: BSD-3-Clause
"""The mutants apply, and nothing is left untested. (`make mutants` grades the mutants.)"""

import re
import shutil
import threading

import draw
import mutate
import patches
import pytest
from conftest import ROOT, make
from grading import coverage, engine

QUICK = """boot-last-hart-left-out runq-mask-bit-stays crit-exit-looks-early ipi-full-serves-no-ipis
    preempt-lock-flag-stays token-first-release-frees wait-signal-keeps-generation
    migrate-stays-on-old-list cpusync-counts-early""".split()


def test_patches_apply(capsys):
    """Every patch applies to this tree and names existing tests; no number of the reference is missing."""
    assert mutate.check() == 0, capsys.readouterr().out


def test_patches_compile(tmp_path):
    """The kernel compiles with every patch: one that names what is gone is tried by nobody."""
    make("-s", "compile_commands.json")
    wrong = []
    for mutant in mutate.all_mutants():
        tree = tmp_path / mutant.name
        touched = re.findall(r"^--- a/(\S+)", mutant.path.read_text(encoding="utf-8"), re.M)
        for path in touched:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tree / path)
        patches.apply(mutant, tree, "-s")
        wrong += [f"{mutant.name}: {name}" for path in touched for name in draw.compiled_from(path)[:1]
                  if not draw.compiles(name, tree)]
        shutil.rmtree(tree)
    assert not wrong


@pytest.mark.parametrize("name", QUICK)
def test_quick(name, tmp_path):
    """A mutant of each lab is killed by a check that names the mechanism, and the line "usually" names a
    function that it breaks. (`make mutants` tries all.)"""
    [mutant] = patches.choose(mutate.all_mutants(), [name], "MUTANT")
    verdict = mutate.grade(mutant, engine.load_labs(), tmp_path, threading.Event())
    assert (verdict.state, verdict.named, verdict.own_lab) == ("killed", True, True), verdict.check
    assert mutate.helps(verdict) == "culprit", f"{verdict.check}: {verdict.usually}"


def test_drawn(tmp_path):
    """`make mutants DRAWN=n` draws n different bugs for a lab, the same ones for the same seed; each applies, and
    those of a lab can be tried. (Whether all are found depends on what is drawn.)"""
    make("-s", "compile_commands.json")
    drawn = {seed: [patch.path.read_text() for patch in draw.draw_all(5, seed, "", tmp_path / str(seed))]
             for seed in (1, 2)}
    again = [patch.path.read_text() for patch in draw.draw_all(5, 1, "", tmp_path / "again")]
    assert drawn[1] == again != drawn[2]
    assert len(set(drawn[1])) == 45
    assert any("+++ b/kernel/lwkt/runq.h" in text for text in drawn[1] + drawn[2]), "headers are changed, too"
    done = make("-s", "mutants", "DRAWN=2", "LAB=3", f"OUT={tmp_path / 'tried'}", check=False)
    assert re.search(r"^mutation score: \d of 2 ", done.stdout, re.M), done.stdout + done.stderr
    assert "could not be tried" not in done.stdout


def test_coverage():
    """`make coverage` shows a test for every behaviour, and a mutant or a reason for every bug."""
    text = make("-s", "coverage").stdout
    assert text == coverage.text()
    assert [line for line in text.splitlines() if coverage.NOTHING in line] == []
    for number in [f"T{n}" for n, _ in coverage.behaviours()] + mutate.NUMBERS:
        assert f"\n| {number} | " in text


@pytest.mark.parametrize("goal, option", [
    ("mutants", "MUTANT=M07b"), ("mutants", "JOBS=0"), ("mutants", "DRAWN=x"),
    ("mutants", "MUTANT=M07 DRAWN=2"), ("variants", "VARIANT=x"),
    ("variants", "RUNS=x"), ("reliability", "PART=x"), ("reliability", "RUNS=-1")])
def test_bad_option(goal, option):
    """A wrong option of a long-running command is reported in a line that names it, and the status is 2."""
    done = make("-s", goal, *option.split(), check=False)
    assert done.returncode == 2
    line, end = done.stderr.strip().splitlines()
    assert line.startswith(option.split()[0] + ": ") and end.startswith("make:")
