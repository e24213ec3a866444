# SPDX-License-Identifier: BSD-3-Clause
"""user/locks: calls that share nothing scale with the harts, and calls under the giant lock do not."""

import re

from grading import machine

LINE = re.compile(r"^locks harts=(\d+) lock=(\w+) us=(\d+) calls_per_s=\d+\s*$", re.M)


def test_locks():
    """The figures are the same in each run. With tokens of their own, harts work at the same time; with one
    token or the giant lock, they take turns."""
    runs = [machine.run("locks 20 100", DETERMINISTIC=1, SEED=1, CPUS=2, APPEND="ktest=1", timeout=100)
            for _ in range(2)]
    assert runs[0].status == 0, runs[0].tail()
    figures = [LINE.findall(run.console) for run in runs]
    assert figures[0] == figures[1]
    took = {(int(harts), lock): int(us) for harts, lock, us in figures[0]}
    assert len(took) == 8, runs[0].tail()
    for lock in ("own", "quarter", "one", "giant"):
        assert took[1, lock] >= 20 * 100, "one hart works as long as it was asked to"
    assert took[2, "own"] < 1.2 * took[1, "own"], "two harts work at the same time"
    assert took[2, "own"] < took[2, "quarter"] < 1.7 * took[1, "quarter"], "they take turns in a part of it"
    for lock in ("one", "giant"):
        assert took[2, lock] > 1.8 * took[1, lock], f"{lock}: they take turns"
