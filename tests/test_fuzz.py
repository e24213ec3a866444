# SPDX-License-Identifier: BSD-3-Clause
"""Random system calls (user/fuzz): some seconds of them. `make reliability PART=fuzz` makes a million."""

import pytest

import fuzzing
from grading import machine


@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_fuzz(cpus):
    """The machine survives, and nothing is missing when all processes have ended."""
    made, wrong, console = fuzzing.fuzz(100 + cpus, 20000, CPUS=cpus)
    assert wrong == "" and made >= 20000, console[-3000:]


def test_seed():
    """In the deterministic mode the seed determines the run, to the byte."""
    first, second, other = (machine.run(f"fuzz {seed} 1500 4", CPUS=2, DETERMINISTIC=1, SHIFT=6, timeout=200).console
                            for seed in (5, 5, 6))
    assert first == second and first.count("calls: ok") == 1 and other.count("calls: ok") == 1
