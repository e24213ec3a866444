"""The mutants and the table of what tests what: neither goes stale. (`make mutants` grades them.)"""

import mutate
import pytest
from conftest import make
from grading import coverage


def test_patches_apply(capsys):
    """Every patch fits this tree and names tests that there are; no number is forgotten."""
    assert mutate.check() == 0, capsys.readouterr().out


def test_coverage_is_current():
    """grading/COVERAGE.md is what `make coverage` would write."""
    assert coverage.FILE.read_text(encoding="utf-8") == coverage.text(), "type: make coverage"


@pytest.mark.parametrize("goal, option", [
    ("mutants", "MUTANT=M99"), ("mutants", "JOBS=0"), ("variants", "VARIANT=x"), ("variants", "RUNS=x"),
    ("reliability", "PART=x"), ("reliability", "RUNS=-1")])
def test_bad_option(goal, option):
    """The commands that test for long: a line that names the option and what there is, and status 2."""
    done = make("-s", goal, option, check=False)
    assert done.returncode == 2
    line, end = done.stderr.strip().splitlines()
    assert line.startswith(option + ": ") and end.startswith("make:")
