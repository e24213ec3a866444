# SPDX-License-Identifier: BSD-3-Clause
"""usertests: the success and failure paths of every system call, with several numbers of harts, in both
modes."""

import subprocess

import pytest

from conftest import ROOT


@pytest.mark.parametrize("deterministic", [0, 1])
@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_usertests(run, cpus, deterministic):
    """All pass. (A line of one that failed may be far from the console's end.)"""
    result = run("usertests", status=None, CPUS=cpus, DETERMINISTIC=deterministic, timeout=900)
    assert [line for line in result.console.splitlines() if "FAILED" in line] == []
    assert (result.status, result.why) == (0, ""), result.tail(40)


def test_untimely_switches(run):
    """They pass also if critical sections in which something was deferred end with a switch."""
    console = run("sysctl lwkt.untimely_switch=1; usertests", CPUS=2, DETERMINISTIC=1, timeout=900).console
    assert "FAILED" not in console and "lwkt.untimely_switch: 0 -> 1" in console


# It is a matter of chance in which cpu's slab an object is, and many processes at a time may leave the page
# table of a stack.
KEPT_PAGES = 8


def test_nothing_leaks(run):
    """After a second run there are as many threads and as much memory as after the first. Cached blocks do
    not count as a leak.

    If a fork, an exec or an open leaked, usertests, which does hundreds of them, would lose far more than
    KEPT_PAGES. usertests itself checks that each of its tests loses nothing.
    """
    names = "vm.free_pages", "vfs.cache_pages", "kern.threads"
    once = "; ".join(["usertests", "sysctl vfs.drop_caches=1", *(f"sysctl {name}" for name in names)])
    console = run(f"{once}; {once}", timeout=900).console
    free, cached, threads = ([int(line.split("=")[1]) for line in console.splitlines()
                              if line.startswith(f"{name}=")] for name in names)
    assert len(free) == len(cached) == len(threads) == 2
    assert threads[0] == threads[1]
    assert free[0] + cached[0] - (free[1] + cached[1]) <= KEPT_PAGES
    assert free[1] > 0


def test_kill_ends_a_console_write(run):
    """Of the 4 MiB that a process writes in one call when it is killed, only some come."""
    console = run("usertests kill_console_writer", timeout=300, CPUS=2, DETERMINISTIC=1).console
    assert "kill_console_writer: ok" in console.replace("\0", "")
    assert 0 < console.count("\0") < 4 << 20


def test_kill_by_interrupt_thread(run):
    """A process that is killed by the interrupt thread that preempts it ends, though nothing else happens on
    its cpu. (Without ktest=1 and the deterministic mode, the test makes an ordinary kill.)"""
    run("usertests kill_preempted", timeout=60, CPUS=2, DETERMINISTIC=1, APPEND="ktest=1")


def test_after_a_killed_run(run):
    """A run removes the folder that a killed one has left, and passes."""
    console = run("mkdir /ut.tmp; mkdir /ut.tmp/d; echo x > /ut.tmp/d/f; usertests pids", timeout=60).console
    assert "/ut.tmp was left by a run that was killed" in console


def test_null_pointer_is_named(run):
    """A process that uses a null pointer is told so."""
    console = run("usertests null_pointer", timeout=60).console
    assert console.count(": null pointer, pc 0x") == 6


def test_program_linked_at_zero(run, tmp_path):
    """A program that was linked at address 0, as xv6's are, runs."""
    script = (ROOT / "user/user.ld").read_text(encoding="utf-8")
    assert ". = 0x1000;" in script
    (tmp_path / "zero.ld").write_text(script.replace(". = 0x1000;", ". = 0;"), encoding="utf-8")
    subprocess.run(["riscv64-unknown-elf-ld", "-nostdlib", "--no-relax", "-z", "max-page-size=4096",
                    "--no-warn-rwx-segments", "-T", tmp_path / "zero.ld", "-o", tmp_path / "zero",
                    "build/obj/user/echo.c.o", "build/obj/user/libuser.a"], check=True)
    files = ["init", "sh", "halt"]
    image = tmp_path / "fs.img"
    subprocess.run(["build/mkfs", image, *(f"{name}=build/user/{name}" for name in files),
                    f"zero={tmp_path}/zero"], check=True)
    assert "at zero" in run("zero at zero", IMAGE=image, SNAPSHOT=1).console.splitlines()


def test_stack_overflow_is_named(run):
    """A process whose stack has overflowed is told so, in these words."""
    console = run("usertests stack_overflow", timeout=60).console
    assert ": stack overflow (more than 4 pages), pc 0x" in console
    assert "unexpected exception" not in console
