# SPDX-License-Identifier: BSD-3-Clause
"""Allocations that fail in the kernel (user/nomem.c, debug.fail_alloc): every one that a workload reaches."""

import re

import pytest

import disks


@pytest.mark.parametrize("cpus", [1, 4])
def test_allocations_in_turn(tmp_path, cpus):
    """Nothing panics, and nothing is missing; the file system is in order."""
    image = disks.fresh(tmp_path)
    status, console = disks.boot(image, "nomem", f"file={image},format=raw,cache=unsafe", timeout=150, CPUS=cpus,
                                 APPEND="ktest=1")
    assert status == 0, console[-3000:]
    assert int(re.search(r"^nomem: (\d+) allocations failed: ok", console, re.M).group(1)) > 150
    assert disks.check(image) == (0, "")
