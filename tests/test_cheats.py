# SPDX-License-Identifier: BSD-3-Clause
"""A kernel that cheats gets no points that it would not get without the cheat.

tests/cheats/ has three cheats for the kernel that a student of lab 4 begins with: one prints verdicts, one
replays the recorded console of a good run, and one knows a seed that was used before.
"""

import re
import secrets

import pytest

from grading import engine, events
from grading.staff import worker
from handing_in import CHEATS, handed_out, patched, write

LAB, TEST, SEED = 4, "t21_wake", 5      # what the cheats have recorded


def case():
    """The test that was recorded."""
    return next(found for lab in engine.load_labs(str(LAB)) for found in lab.tests if found.name == TEST)


def in_c(text):
    """The text as a string literal of C."""
    return '"' + "".join(c if c.isalnum() or c in " .,:;=()_-" else f"\\{ord(c):03o}" for c in text) + '"'


@pytest.fixture(scope="module")
def recorded():
    """The text of kernel/lib/recorded.h: the console of a good run of this tree, split at its key."""
    failure, result = engine.run_seed(case(), SEED)
    assert failure is None
    key = re.search(r"^scene key=(\S+)", result.console, re.M).group(1)
    assert events.parse(result.console, key).events
    pieces = ",\n".join(in_c(piece) for piece in result.console.split(key))
    return (f'#define RECORDED_SEED {SEED}\n#define RECORDED_KEY "{key}"\n'
            f"#define RECORDED_PIECES {result.console.count(key) + 1}\n"
            f"static const char *const recorded[] = {{{pieces}}};\n").encode()


def grade(files, place, seed, test=""):
    """The record of a kernel in the lab. It is taken in and graded like the submissions of a class."""
    result = worker.grade(write(files, place / "handed-in"), "student", str(LAB), [seed], place / "scratch",
                       test)
    assert result["status"] == "graded", result["cause"]
    return result["record"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """(a seed, the record of the kernel to which the cheats are applied)."""
    seed = 10 + secrets.randbelow(10 ** 5)
    return seed, grade(handed_out(LAB), tmp_path_factory.mktemp("honest"), seed)


@pytest.mark.parametrize("name", ["verdicts", "replay", "seed"])
def test_cheat_gains_nothing(name, recorded, honest, tmp_path):
    """No check gives more points than it gives the kernel without the cheat, which has few."""
    seed, record = honest
    assert record["points"] <= record["most"] / 10
    files = patched({**handed_out(LAB), "kernel/lib/recorded.h": recorded}, CHEATS / f"{name}.patch",
                    tmp_path / "cheat")
    cheat = grade(files, tmp_path, seed)
    for cheated, fair in zip(cheat["tests"], record["tests"]):
        assert cheated["points"] <= fair["points"], cheated["name"]
    if name == "seed":  # the cheat works if the seed is known; but nobody knows it beforehand
        assert grade(files, tmp_path, SEED, TEST)["points"] > 0
