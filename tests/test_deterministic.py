# SPDX-License-Identifier: BSD-3-Clause
"""The deterministic mode: the output is a function of the inputs, byte for byte."""

import pytest

from conftest import busy_host

# The output depends on which process ran where and in which order: processes on several harts, pipes, sleeps.
BUSY = ("(cat README.md | wc; echo a1; echo a2; echo a3; echo a4; echo a5) & "
        "(cat README.md | wc; echo b1; echo b2; echo b3; echo b4; echo b5) & "
        "(echo c1; cat README.md | wc; echo c2; echo c3; echo c4) & sleep 3; ps; sysctl -a")


@pytest.fixture(params=["idle host", "loaded host"])
def load(request):
    """Each test runs on an idle host, and on one whose processors are all busy."""
    with busy_host(request.param == "loaded host"):
        yield


@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_same_seed_same_bytes(run, cpus, load):
    """Several runs with one seed print the same bytes."""
    first, *others = (run(BUSY, DETERMINISTIC=1, SEED=7, CPUS=cpus).console for _ in range(4))
    for other in others:
        assert other == first


def test_other_seed_other_schedule(run):
    """Among a few seeds, at least two give different schedules."""
    consoles = {run(BUSY, DETERMINISTIC=1, SEED=s, CPUS=2).console for s in (1, 2, 3, 4)}
    assert len(consoles) > 1


def test_both_back_ends(run):
    """Runs repeat with both IPI back ends, the firmware and the device."""
    for ipi in ("sbi", "sswi"):
        one, two = (run(BUSY, DETERMINISTIC=1, IPI=ipi, CPUS=4).console for _ in range(2))
        assert one == two, ipi


def test_image_is_an_input_only(run):
    """A run does not change the disk image: the next one finds it as it was."""
    run("echo left > trace", DETERMINISTIC=1)
    assert "cannot" in run("cat trace", DETERMINISTIC=1, status=None).console


def test_little_memory(run):
    """The smallest machine has room for the image in memory, the device tree and programs."""
    assert "hello" in run("usertests -q; echo hello", DETERMINISTIC=1, MEM="64M", CPUS=2, timeout=600).console
