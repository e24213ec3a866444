"""usertests: every system call's success and failure paths, at several numbers of harts, both modes."""

import pytest

from test_boot import value


@pytest.mark.parametrize("deterministic", [0, 1])
@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_usertests(run, cpus, deterministic):
    """All pass."""
    run("usertests", CPUS=cpus, DETERMINISTIC=deterministic, timeout=900)


def test_nothing_leaks(run):
    """Free memory and threads are the same before and after (the first ls warms the caches up)."""
    look = "sysctl vm.free_pages; sysctl kern.threads"
    console = run(f"usertests; {look}; usertests; {look}", timeout=900).console
    lines = [line for line in console.splitlines() if line.startswith(("vm.free", "kern.threads"))]
    assert len(lines) == 4
    assert lines[:2] == lines[2:]
    assert value(console, "vm.free_pages") > 0
