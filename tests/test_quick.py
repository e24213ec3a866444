"""What costs a person time or a host electricity. These run alone."""

import os
import time

import pytest

from conftest import make, Terminal


def cpu_seconds(pid):
    """Processor time of a process and all that it started."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def qemu_of(pid):
    """The QEMU that `timeout` under this pid started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        child = children.read().split()
    return int(child[0]) if child else pid


@pytest.mark.quiet
@pytest.mark.parametrize("ipi", ["sbi", "sswi"])
def test_idle_machine_rests(terminal, ipi):
    """At a prompt, four harts: under 5 % of one host core (QEMU's own timers included)."""
    term = terminal(CPUS=4, IPI=ipi)
    time.sleep(2)
    pid = qemu_of(term.child.pid)
    before = cpu_seconds(pid)
    time.sleep(10)
    used = cpu_seconds(pid) - before
    assert used < 0.5, f"{used:.2f} s of processor time in 10 s of idling"


@pytest.mark.quiet
def test_boot_is_quick():
    """A warm build to the prompt: under 2 s at the best of three."""
    best = 99.0
    for _ in range(3):
        started = time.monotonic()
        make("-s")
        term = Terminal(CPUS=4)
        term.prompt()
        best = min(best, time.monotonic() - started)
        term.close()
    assert best < 2.0
