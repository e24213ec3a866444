"""The mutants and the table of what tests what: neither goes stale. (`make mutants` grades them.)"""

import mutate
from grading import coverage


def test_patches_apply(capsys):
    """Every patch fits this tree and names tests that there are; no number is forgotten."""
    assert mutate.check() == 0, capsys.readouterr().out


def test_coverage_is_current():
    """grading/COVERAGE.md is what `make coverage` would write."""
    assert coverage.FILE.read_text(encoding="utf-8") == coverage.text(), "type: make coverage"
