# SPDX-License-Identifier: BSD-3-Clause
"""Machines on a disk of their own: a fresh image that a run changes, which can fail or be logged by QEMU's
block drivers, and which mkfs -c checks afterwards."""

import contextlib
import os
import pathlib
import shlex
import shutil
import struct
import subprocess
import tempfile

from conftest import ROOT
from grading import machine

BSIZE = 4096
SECTORS = 8  # of a block


def superblock(image):
    """Its numbers by name (kernel/fs.h)."""
    names = "magic version size ninodes nlog logstart inodestart bmapstart datastart".split()
    with open(image, "rb") as file:
        file.seek(BSIZE)
        return dict(zip(names, struct.unpack("<9I", file.read(36))))


@contextlib.contextmanager
def scratch():
    """A folder for images, removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)


def fresh(folder, blocks=None):
    """A new image with all programs; with `blocks`, one of that size, which is quick to copy."""
    image = folder / "fs.img"
    if blocks is None:
        shutil.copy(ROOT / "build/fresh.img", image)
        return image
    programs = sorted(path for path in (ROOT / "build/user").iterdir() if os.access(path, os.X_OK))
    words = [f"README.md={ROOT}/README.md", *(f"{path.name}={path}" for path in programs)]
    subprocess.run([ROOT / "build/mkfs", image, "-s", str(blocks), *words], check=True)
    return image


def boot(image, commands, drive=None, timeout=60, extra=(), **options):
    """Run commands on this disk, which is reached by QEMU's file name or driver `drive` if that is given, with
    these `extra` words of QEMU's: (status, console)."""
    env = machine.environment(RUN=commands, IMAGE=image, TIMEOUT=timeout, **options)
    words = shlex.split(subprocess.run(["tools/qemu", "--print"], env=env, cwd=ROOT, capture_output=True,
                                       text=True, check=True).stdout)
    if drive is not None:
        words = [word.replace(f"file={image},if=none,format=raw,", f"{drive},if=none,") for word in words]
    done = subprocess.run([*words, *extra], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          errors="replace", cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def failing(image, rules, folder):
    """`drive` for boot(): the image with these rules of blkdebug, which reports errors."""
    config = folder / "blkdebug.conf"
    lines = ["\n".join(["[inject-error]", *(f'{key} = "{value}"' for key, value in rule.items()), ""])
             for rule in rules]
    config.write_text("".join(lines), encoding="ascii")
    return f"file=blkdebug:{config}:{image},format=raw"


def check(image):
    """What `mkfs -c` says: (status, text)."""
    done = subprocess.run([ROOT / "build/mkfs", "-c", image], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
