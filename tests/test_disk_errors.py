# SPDX-License-Identifier: BSD-3-Clause
"""A disk that fails under a running machine: QEMU's blkdebug reports errors for chosen requests."""

import re
import shlex
import shutil
import socket
import struct
import subprocess
import time

import pytest

import diskfail
import disks
from conftest import ROOT
from grading import machine

DISK_ERROR = 74  # HALT_DISK_ERROR of kernel/syscall.h


def boot(image, commands, rules, tmp_path):
    """Run commands on a disk with these rules of blkdebug: (status, console)."""
    return disks.boot(image, commands, disks.failing(image, rules, tmp_path))


@pytest.mark.parametrize("errno", [5, 28])
@pytest.mark.parametrize("place", ["log", "header", "inodes", "bitmap", "flush"])
def test_write_error(tmp_path, place, errno):
    """The log stops, and says so; the machine ends, with a status that says so; nothing is damaged, and
    what was synced before is there."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    status, console = boot(image, "echo one > confirmed; sync", [], tmp_path)
    assert status == 0, console
    sb = disks.superblock(image)
    block = {"log": sb["logstart"] + 1, "header": sb["logstart"], "inodes": sb["inodestart"],
             "bitmap": sb["bmapstart"], "flush": 0}[place]
    rule = {"event": "none", "iotype": "flush"} if place == "flush" else \
        {"event": "write_aio", "sector": block * disks.SECTORS}
    status, console = boot(image, "echo two > other; sync; mkdir d; cat confirmed other; halt 3",
                           [{**rule, "errno": errno}], tmp_path)
    assert status == DISK_ERROR, console
    assert "fs: I/O error in a commit: the file system is read-only now" in console
    assert "sync: disk error" in console and "mkdir:" in console
    assert "one\r\ntwo" in console or "one\ntwo" in console
    checked = subprocess.run(["build/mkfs", "-c", image], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    status, console = boot(image, "cat confirmed; mkdir d", [], tmp_path)
    assert status == 0 and "one" in console


def test_damaged_bitmap(tmp_path):
    """A block in use that is marked free: said at boot, and nothing is written, so it gets no worse."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    assert boot(image, "echo one", [], tmp_path)[0] == 0  # makes the device of the console
    sb = disks.superblock(image)
    block = sb["datastart"]
    with open(image, "r+b") as file:
        at = sb["bmapstart"] * 4096 + block // 8
        file.seek(at)
        bits = file.read(1)[0]
        file.seek(at)
        file.write(bytes([bits & ~(1 << block % 8)]))
    before = image.read_bytes()
    status, console = boot(image, "mkdir d; cat README.md; echo hi", [], tmp_path)
    assert status == DISK_ERROR, console
    assert re.search(rf"^fs: damaged: inode \d+: block {block} is marked free: the file system is read-only",
                     console, re.M)
    assert "mkdir:" in console and "hi" in console
    assert image.read_bytes() == before


@pytest.mark.parametrize("field, value, line", [
    (0, 7, "no file system on"), (1, 9, "version 9"), (2, 1 << 30, "blocks on a disk of"), (3, 0, "0 inodes"),
    (4, 5000, "overlap"), (6, 3, "overlap"),
])
def test_superblock(tmp_path, field, value, line):
    """A superblock that makes no sense: the machine says so and ends, without a panic."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    with open(image, "r+b") as file:
        file.seek(4096 + 4 * field)
        file.write(struct.pack("<I", value))
    status, console = boot(image, "echo hi", [], tmp_path)
    assert status == DISK_ERROR, console
    assert line in console and "nothing to mount" in console and "panic" not in console


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("kind", diskfail.KINDS)
def test_requests_in_turn(tmp_path, kind, for_good):
    """Some of a workload's requests fail, one in each run, and what was confirmed stays. (`make reliability
    PART=diskfail` fails each of them.)"""
    count = diskfail.requests(tmp_path)[kind]
    noticed = 0
    for number in range(1, count + 1, count // 6):
        wrong, seen, console = diskfail.fail(tmp_path, kind, number, for_good)
        assert wrong == "", f"{kind} {number}: {wrong}\n{console[-3000:]}"
        noticed += seen
    assert noticed >= 2


def test_no_answer(tmp_path):
    """A disk that never finishes a write: after a time limit it is given up; what was synced stays."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    assert boot(image, "echo one > confirmed; sync", [], tmp_path)[0] == 0
    env = machine.environment(RUN="echo two > other; sync; mkdir d; cat confirmed", IMAGE=image, TIMEOUT=60, CPUS=2,
                              APPEND="disk_wait=3")
    words = shlex.split(subprocess.run(["tools/qemu", "--print"], env=env, capture_output=True, text=True,
                                       check=True).stdout)
    # A byte each second: the first write is let through, and the next ones come after hours.
    words = [word + ",throttling.bps-write=1" if word.startswith(f"file={image},") else word for word in words]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == DISK_ERROR, done.stdout
    assert "disk: the device does not answer: it is not used any more" in done.stdout
    assert "fs: I/O error in a commit: the file system is read-only now" in done.stdout
    assert "sync: disk error" in done.stdout
    assert subprocess.run(["build/mkfs", "-c", image], capture_output=True, check=False).returncode == 0
    status, console = boot(image, "cat confirmed; mkdir d", [], tmp_path)
    assert status == 0 and "one" in console


def test_needs_reset(tmp_path):
    """A device that meets an error of the driver's says that it needs a reset: it is given up at once. The
    debugger makes the error: more requests in the ring than it has."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = machine.environment(RUN="echo two > other; sync; halt 3", IMAGE=image, TIMEOUT=60, CPUS=1, GDB=1,
                              GDBPORT=port)
    with subprocess.Popen(["tools/qemu"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as process:
        commands = [f"target remote 127.0.0.1:{port}", "break fs_sync", "continue", "break notify_device",
                    "continue", "set var avail.idx = avail.idx + 500", "delete", "detach"]
        words = ["timeout", "50", "gdb-multiarch", "-nx", "-batch", "build/kernel"]
        time.sleep(1)  # until QEMU listens
        for command in commands:
            words += ["-ex", command]
        gdb = subprocess.run(words, capture_output=True, text=True, check=False)
        console = process.communicate()[0]
    assert "disk: the device says that it needs a reset: it is not used any more" in console, gdb.stdout + gdb.stderr
    assert process.returncode == DISK_ERROR
