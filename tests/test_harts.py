# SPDX-License-Identifier: BSD-3-Clause
"""Work on several harts: processes that talk to each other stay together, and work that shares nothing does not
meet (user/harts.c). The deterministic mode counts; what it is in time, `make bench` shows."""

import re

import pytest

N = 100  # operations of each worker
WORKS = {"storms": "ssss", "pairs": "pppp", "storms and pairs": "sspp", "pairs and loops": "ppcc"}
# For all of the 4 * N operations. Each worker may move once or twice, and tells its parent when it ends. Two
# processes that are torn apart send two messages for each of their N operations.
MESSAGES, MOVES = 150, 16


def counts(run, cpus, commands):
    """The counts that the program prints for each of the commands, as dictionaries of integers."""
    console = run("; ".join(commands), CPUS=cpus, DETERMINISTIC=1, timeout=120).console
    return [{key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
            for line in re.findall(r"^harts \w+: (.*)$", console, re.M)]


@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_stay_together(run, cpus):
    """Pairs and storms hardly ever send a message, move, or make another hart forget translations, and need as many
    instructions as on one hart. (Harts that wait for their turn or for a lock count, too.)"""
    alone, found = (counts(run, harts, [f"harts {work} {N}" for work in WORKS.values()]) for harts in (1, cpus))
    assert len(alone) == len(found) == len(WORKS)
    for name, one, many in zip(WORKS, alone, found):
        assert many["ipis"] <= MESSAGES and many["migrations"] <= MOVES, (name, many)
        assert many["shootdowns"] == one["shootdowns"] == 0, (name, many)
        assert many["instructions"] <= 1.1 * one["instructions"], (name, one, many)


@pytest.mark.parametrize("cpus", [2, 4])
def test_spread(run, cpus):
    """Processes that compute go to other harts at once: the work of several takes as long as that of one."""
    console = run(f"harts c 300; harts {'c' * cpus} 300", CPUS=cpus, DETERMINISTIC=1, SHIFT=6, timeout=120).console
    one, all_of_them = (int(us) for us in re.findall(r"^harts c+: us=(\d+)", console, re.M))
    # One hart runs at a time here, so the time grows; but none waits for another one's turn to end.
    assert all_of_them < (cpus + 0.5) * one
    moved = int(re.findall(r"migrations=(\d+)", console)[1])
    assert cpus - 1 <= moved <= cpus + 1
