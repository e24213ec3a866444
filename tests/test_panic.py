# SPDX-License-Identifier: BSD-3-Clause
"""Panics: whatever state the kernel is in, it says what is wrong and where, and ends the machine.

kernel/ktest/crash.c crashes the kernel; sysctl debug.panic=N chooses the N-th way.
"""

import re
import shutil
import subprocess

import pytest

from conftest import ROOT

PANIC_STATUS = 101

# N: the message, and functions that the backtrace names in this order.
MISTAKES = {
    1: ("sysctl debug.panic=1", ["kt_crash", "sys_sysctl", "system_call"]),
    2: ("load page fault in the kernel, address 0x0", ["load_from_nowhere", "kt_crash", "sys_sysctl"]),
    3: ("instruction page fault in the kernel, address 0x0", ["sys_sysctl", "system_call"]),
    4: ("kernel stack overflow in thread sysctl", ["deep", "kt_crash", "sys_sysctl"]),
    5: ("load page fault in the kernel, address 0x10", ["printf", "sys_sysctl"]),
    6: ("in a message from another cpu", ["panic_here", "lwkt_process_ipiq", "trap_entry"]),
    7: ("an IPI message is sent with a spin lock held", ["kt_crash", "sys_sysctl"]),
    8: ("left after right here; middle after left in mutex_lock < lock_both", ["lock_both", "kt_crash"]),
    9: ("with a sleep", ["kt_crash", "sys_sysctl"]),
    10: ("with messages", ["kt_crash", "sys_sysctl"]),
}


def report(run, number, **options):
    """Make a mistake; the lines of the panic's report."""
    result = run(f"sysctl debug.panic={number}", status=PANIC_STATUS, timeout=60, APPEND="ktest=1",
                 **options)
    return result.console.partition("panic: ")[2].splitlines()


@pytest.mark.parametrize("deterministic", [0, 1])
@pytest.mark.parametrize("number", MISTAKES)
def test_mistake(run, number, deterministic):
    """The report has the message, the cpu and thread, the backtrace, and what each other hart was doing."""
    message, functions = MISTAKES[number]
    if number == 6 and not deterministic:
        functions = functions[:-1]  # the other cpu may take the message at a critical section's end: no trap
    lines = report(run, number, DETERMINISTIC=deterministic, CPUS=3)
    assert message in lines[0]
    who = re.match(r"cpu (\d) \(hart \d\), thread 0x\w+ \(([^)]+)\)", lines[1])
    assert who, lines
    assert who[2] == "sysctl" or number == 6

    start = lines.index("backtrace:") + 1
    trace = [line.split()[1].partition("+")[0] for line in lines[start:]
             if re.match(r"  \w{16} \w", line)]
    places = [trace.index(name) for name in functions]
    assert places == sorted(places), trace

    others = [line for line in lines if re.match(r"cpu \d \(hart \d\) ran [^:]+: \w", line)]
    assert len(others) == 2, lines
    assert {line[4] for line in others} | {who[1]} == {"0", "1", "2"}


@pytest.mark.parametrize("options", [{"CPUS": 1}, {"CPUS": 8, "IPI": "sswi"}, {"CPUS": 16}])
def test_other_machines(run, options):
    """The report has all harts: with one hart, with many, and with the other IPI back end."""
    lines = report(run, 2, **options)
    assert sum(" ran " in line for line in lines) == options["CPUS"] - 1
    assert not any("does not stop" in line for line in lines)


def test_sleep_in_panic(run):
    """A tsleep in a panic returns at once, and the report goes on."""
    console = run("sysctl debug.panic=9", status=PANIC_STATUS, timeout=60, APPEND="ktest=1", CPUS=2).console
    assert "tsleep returned 0\n" in console.replace("\r", "")
    assert "panic inside the panic" not in console


def test_messages_in_panic(run):
    """A part of the panic that sends more messages than a ring holds, and waits for their end, waits for no
    cpu that has stopped."""
    console = run("sysctl debug.panic=10", status=PANIC_STATUS, timeout=60, APPEND="ktest=1", CPUS=2).console
    assert "sent 100 messages" in console
    assert "panic inside the panic" not in console


def test_disk_after_panic(run, tmp_path):
    """A panic writes nothing, and the disk is whole all the same: it has what was synced."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    run("echo one > synced; sync; echo two > other; mkdir d; sysctl debug.panic=1", status=PANIC_STATUS, timeout=60,
        APPEND="ktest=1", CPUS=2, IMAGE=image, SNAPSHOT=0)
    checked = subprocess.run(["build/mkfs", "-c", image], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert "one" in run("cat synced", timeout=60, IMAGE=image, SNAPSHOT=0).console


def test_recursion_takes_one_line(run):
    """A deep recursion takes few lines of the backtrace, so that what led to it is shown."""
    lines = report(run, 4, CPUS=1)
    assert any("times more" in line for line in lines)
    assert sum("deep" in line for line in lines) <= 3


def test_without_panic_exit(terminal):
    """If a person works at the prompt, the machine stops after a panic and says how to leave."""
    term = terminal(APPEND="ktest=1", CPUS=2)
    term.type("sysctl debug.panic=1\n")
    term.expect("panic: sysctl debug.panic=1")
    term.expect("Ctrl-A X leaves QEMU")
    term.type("\x01x")
    assert term.end() == 0
