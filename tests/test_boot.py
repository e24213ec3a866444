# SPDX-License-Identifier: BSD-3-Clause
"""Booting: any number of harts, both IPI back ends, both firmwares, little and much memory."""

import re
import shlex
import subprocess

import pytest

import devicetree
from devicetree import cells
from grading import machine

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


def command(**options):
    """The words of the command for a machine."""
    env = machine.environment(TIMEOUT=60, **options, **machine.FRESH_DISK)
    return shlex.split(subprocess.run(["tools/qemu", "--print"], env=env, capture_output=True, text=True,
                                      check=True).stdout)


def boot_with_tree(tmp_path, change):
    """The console of a machine whose tree was changed. It prints how much memory the kernel has, and uses it."""
    words = command(RUN="sysctl vm.total_pages; usertests malloc_all", MEM="128M", CPUS=2)
    at = words.index("qemu-system-riscv64")
    dump = list(words)
    dump[dump.index("-machine") + 1] += f",dumpdtb={tmp_path}/tree"
    subprocess.run(dump[at:], check=True, capture_output=True, timeout=60)
    tree = tmp_path / "changed"
    tree.write_bytes(change((tmp_path / "tree").read_bytes()))
    done = subprocess.run([*words, "-dtb", tree], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, errors="replace")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_reserved_memory(tmp_path):
    """Memory that the device tree sets aside, in both of its ways, is not the kernel's."""
    def change(data):
        return devicetree.add(data, {"reserved-memory": {
            "#address-cells": cells(2), "#size-cells": cells(2), "ranges": b"",
            "secret@83000000": {"reg": cells(0, 0x83000000, 0, 0x100000), "no-map": b""},
            "frame@84000800": {"reg": cells(0, 0x84000800, 0, 0x1000)}}}, [(0x85000000, 0x3000)])
    before = value(boot_with_tree(tmp_path, lambda data: data), "vm.total_pages")
    after = value(boot_with_tree(tmp_path, change), "vm.total_pages")
    assert before - after >= 256 + 2 + 3
    assert before - after < 256 + 2 + 3 + 40


def test_two_sockets():
    """A machine whose disk interrupts a second PLIC, to which cpu 0 is not connected, works."""
    version = subprocess.run(["qemu-system-riscv64", "--version"], capture_output=True, text=True, check=True).stdout
    if re.search(r"version 7\.", version):
        pytest.skip("QEMU 7 connects the S-mode interrupts of a second PLIC to nothing")
    words = command(RUN="ls | wc; echo hello", MEM="512M", CPUS=2)
    words[words.index("-smp") + 1] = "2,sockets=2"
    words += ["-object", "memory-backend-ram,id=m0,size=256M", "-object", "memory-backend-ram,id=m1,size=256M",
              "-numa", "node,cpus=0,memdev=m0", "-numa", "node,cpus=1,memdev=m1"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "hello" in done.stdout.splitlines(), done.stdout
