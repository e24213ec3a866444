# SPDX-License-Identifier: BSD-3-Clause
"""Races in the file system (user/fsrace.c): some seconds of them. `make reliability PART=fsrace` has more."""

import re

import pytest

import disks


@pytest.mark.parametrize("cpus", [2, 8])
def test_race(tmp_path, cpus):
    """Nothing is missing afterwards, and mkfs -c has nothing to note."""
    image = disks.fresh(tmp_path)
    status, console = disks.boot(image, f"fsrace {cpus} 200", f"file={image},format=raw,cache=unsafe", timeout=150,
                                 CPUS=cpus)
    assert status == 0 and re.search(r"steps: ok", console), console[-3000:]
    assert disks.check(image) == (0, "")
