# SPDX-License-Identifier: BSD-3-Clause
"""`make bench`: no operation needs more instructions than before without being noticed (grading/bench.csv)."""

import re
import subprocess

import pytest

from conftest import ROOT, make
from grading import bench

PICTURE = ROOT / "docs" / "pictures" / "bench.svg"
COMPILER = "12"  # the release of gcc that made the figures of bench.csv


def test_figures():
    """No count is more than 3 % above the one in bench.csv, and each operation has a line there."""
    version = subprocess.run(["riscv64-unknown-elf-gcc", "-dumpversion"], capture_output=True, text=True,
                             check=True).stdout
    if version.split(".")[0] != COMPILER:
        pytest.skip(f"the figures are those of gcc {COMPILER}; this is {version}")
    make("-s", "all", "BUILD=build-bench", "INVARIANTS=0")
    table = subprocess.run([ROOT / "tools" / "bench"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^(\S.*?)  +([\d,]+) ", table, re.M)
    counts = {name: int(count.replace(",", "")) for name, count in rows}
    known = {name: line for name, line in bench.figures().items()
             if not name.startswith("library_") or (ROOT / "user" / "lwktbench.c").exists()}    # no handout has it
    assert counts.keys() == known.keys()
    grown = [f"{name}: {count}, was {known[name]['measured']}" for name, count in counts.items()
             if count > known[name]["measured"] * 1.03 + 1]
    assert not grown, "look for the reason; if there is a good one: make bench && tools/bench --csv"


def test_picture(tmp_path):
    """The picture in the README shows the figures of bench.csv."""
    drawn = tmp_path / "bench.svg"
    subprocess.run([ROOT / "tools" / "bench", "--picture", drawn], check=True)
    version = re.compile(r"Produced by GNUPLOT (.+)")
    new, old = drawn.read_text(), PICTURE.read_text()
    assert all(name in old for name, line in bench.figures().items() if line["limit"])
    if version.search(new).group() == version.search(old).group():
        assert new == old, "draw it again: tools/bench --picture docs/pictures/bench.svg"
