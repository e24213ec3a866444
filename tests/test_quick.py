# SPDX-License-Identifier: BSD-3-Clause
"""How long a person waits, and how much processor time an idle machine uses. These tests run alone."""

import os
import time

import pytest

from conftest import make, Terminal


def cpu_seconds(pid):
    """The processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def qemu_of(pid):
    """The process id of the QEMU that the `timeout` with this id has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        child = children.read().split()
    return int(child[0]) if child else pid


@pytest.mark.quiet
@pytest.mark.parametrize("ipi", ["sbi", "sswi"])
def test_idle_machine_rests(terminal, ipi):
    """A machine of four harts at its prompt uses less than 5 % of one core of the host, including QEMU's
    own timers."""
    term = terminal(CPUS=4, IPI=ipi)
    time.sleep(2)
    pid = qemu_of(term.child.pid)
    before = cpu_seconds(pid)
    time.sleep(10)
    used = cpu_seconds(pid) - before
    assert used < 0.5, f"{used:.2f} s of processor time in 10 s of idling"


@pytest.mark.quiet
def test_boot_is_quick():
    """From `make` in a tree that is built to the prompt it takes less than 2 s, in the best of three runs."""
    best = 99.0
    for _ in range(3):
        started = time.monotonic()
        make("-s")
        term = Terminal(CPUS=4)
        term.prompt()
        best = min(best, time.monotonic() - started)
        term.close()
    assert best < 2.0
