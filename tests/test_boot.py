# SPDX-License-Identifier: BSD-3-Clause
"""Booting: any number of harts, both IPI back ends, both firmwares, little and much memory."""

import re

import pytest

FW_DYNAMIC = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"


def value(console, name):
    """The number that `sysctl NAME` printed."""
    for line in console.splitlines():
        if line.startswith(name):
            return int(line[len(name):].strip(" =:"))
    raise AssertionError(f"no {name} in:\n{console}")


@pytest.mark.parametrize("ipi", ["sbi", "sswi"])
@pytest.mark.parametrize("cpus", [1, 2, 3, 4, 8, 16])
def test_harts(run, cpus, ipi):
    """All harts start, and work together."""
    console = run("echo a | cat | cat | wc; echo hello", CPUS=cpus, IPI=ipi).console
    assert "hello" in console.splitlines()
    assert f"{cpus} hart{'s' if cpus > 1 else ''} up" in console


def test_64_harts(run):
    """As many harts as kernel/param.h allows start."""
    console = run("ps", CPUS=64, MEM="512M", timeout=180).console
    assert "64 harts up" in console


def test_firmware_file(run):
    """The machine boots with Debian's fw_dynamic, given by name."""
    run("echo hello", BIOS=FW_DYNAMIC)


@pytest.mark.parametrize("mem", ["64M", "1G"])
def test_memory(run, mem):
    """The kernel finds all of the memory: most of it is free."""
    console = run("sysctl vm.free_pages", MEM=mem).console
    megabytes = {"64M": 64, "1G": 1024}[mem]
    assert value(console, "vm.free_pages") > megabytes * 256 * 6 // 10


def test_boot_hart(run):
    """In the deterministic mode any hart can be made the boot hart. It becomes cpu 0, in every run."""
    first, second = (run("echo hello", CPUS=4, BOOT_HART=2, DETERMINISTIC=1).console for _ in range(2))
    assert "4 harts up, boot hart 2 is cpu 0" in first
    assert first == second


def test_absent_hart(run):
    """A hart that the firmware does not have is reported, and the others work."""
    console = run("echo a | wc", CPUS=3, APPEND="ktest=1 absent_hart=77 absent_place=1").console
    assert "hart 77 cannot be started (error -3): left out" in console and "3 harts up" in console


@pytest.mark.parametrize("part", range(5))
def test_fifty_boots(terminal, part):
    """Each of 50 boots, in five parts, reaches the prompt, and `halt` ends it with status 0."""
    for _ in range(10):
        term = terminal(CPUS=4)
        term.type("halt\n")
        assert term.end() == 0, part


def test_verbose(run):
    """Threads of lwkt_create say that they exit, if sysctl lwkt.verbose is 1."""
    scene = "mptest t45 from=0 to=0 depth=1 key=k1"
    result = run(f"{scene}; sysctl lwkt.verbose=1; {scene}", APPEND="ktest=1", CPUS=1)
    before, _, after = result.console.partition("lwkt.verbose")
    assert "has exited" not in before
    assert sorted(re.findall(r"kthread 0x[0-9a-f]+ ([AB]) has exited", after)) == ["A", "B"]
