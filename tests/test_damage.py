# SPDX-License-Identifier: BSD-3-Clause
"""Damaged disk images (damage.py): some seconds of them. `make reliability PART=images` tries thousands."""

import struct
import subprocess

import pytest

import damage
from conftest import ROOT

# Where entries of /dir/a/b/c lead to: ".", "..", "table", "small", "empty" are numbers 0 to 4. The check of names
# at mount must find each. (The first of them is a circle, in which two processes could wait for each other's lock
# for ever.)
NAMES = {
    "a circle": ({2: "/dir/a/b"}, "names of inode"),
    "a circle of one": ({2: "/dir/a/b/c"}, "names of inode"),
    "a second root": ({2: "/"}, "names of inode 1"),
    "a free inode": ({2: 250}, "names of inode 250"),
    "no such inode": ({2: 60000}, "entries of directory"),
    "a second name": ({2: "/small"}, "names of inode"),
    "another parent": ({1: "/many"}, "names of inode"),
    "another self": ({0: "/many"}, "entries of directory"),
    "no self": ({0: 0}, "entries of directory"),
    "no parent": ({1: 0}, "entries of directory"),
    "two cut off": ({2: 0, 3: 0}, ""),
}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """What reads images on the host."""
    return damage.Host(tmp_path_factory.mktemp("damage"))


def test_host(host):
    """mkfs and kernel/fs, under sanitizers, bear what they read; the kernel speaks no ill of a clean image."""
    tried = list(host.damaged(7, 40))
    assert len(tried) == 40
    assert [(name, wrong) for name, wrong, _ in tried if wrong] == []


def listed(image):
    """path -> inode number."""
    lines = subprocess.run([ROOT / "build/mkfs", "-l", image], capture_output=True, text=True, check=True).stdout
    return {"/" + path.lstrip("/"): int(number) for _, number, _, _, path in map(str.split, lines.splitlines())}


@pytest.mark.parametrize("name", NAMES)
def test_names(host, name):
    """Directories that are no tree, and names that are not counted, make the disk read-only."""
    entries, said = NAMES[name]
    numbers, parts = listed(host.base), damage.Parts(host.content)
    first = next(i.addrs[0] for i in parts.directories if i.number == numbers["/dir/a/b/c"])
    changes = [(first * damage.BSIZE + index * damage.DIRENT, struct.pack("<H", numbers.get(target, target)))
               for index, target in entries.items()]
    wrong, printed = damage.by_kernel(host.kernels["with assertions"], host.mkfs, host.base,
                                      [damage.line(changes, False)] * 2)
    assert not wrong
    assert printed.count(f"fs: damaged: {said}") == 2 if said else "damaged" not in printed


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5016])
def test_machine(tmp_path, seed):
    """A machine bears it, and ends. (5016: the root claims 16 million entries.)"""
    wrong, console = damage.try_machine(tmp_path, seed, CPUS=2)
    assert wrong == "", console[-3000:]
