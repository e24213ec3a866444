# SPDX-License-Identifier: BSD-3-Clause
"""A real xv6-riscv tree's own programs on this kernel: as source, built by this tree, and as the binaries that its
own Makefile makes. Nothing of that tree is kept. tests/reliability.py calls try_all for PART=xv6."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from conftest import ROOT, copy_tree
from grading import machine

UTILITIES = ("forktest", "stressfs", "zombie")      # those that need no arguments, and end
LISTS = {"quick": r"quicktests\[\] = \{(.*?)\n\};", "slow": r"slowtests\[\] = \{(.*?)\n\};"}
UTILITY_LINE = ("@mkdir d; @cat README | @grep xv6 | @wc; @ls; @ln README d/r; @echo hi > d/f; @cat d/f; "
                "@rm d/r d/f d")
SECONDS = 900           # for one machine
BLOCKS = 4096           # of the disk. Tests that fill it give their files names of one letter more each time


def tests_of(tree):
    """The names of its usertests, the slow ones last; an older tree has one list."""
    text = (tree / "user/usertests.c").read_text(encoding="utf-8")
    found = [re.search(pattern, text, re.S) for pattern in LISTS.values()]
    lists = [match.group(1) for match in found if match] or [text]
    return [name for part in lists for name in re.findall(r"^\s*\{\s*\w+\s*,\s*\"(\w+)\"\s*\}", part, re.M)]


def build_sources(tree, copy):
    """Our tree with its programs in user/, and an x before their names; the programs that were built."""
    copy_tree(copy)
    for source in sorted((tree / "user").glob("*.c")):
        if source.stem not in ("ulib", "printf", "umalloc"):
            shutil.copy(source, copy / "user" / f"x{source.name}")
    done = subprocess.run(["make", "-s", "-j2", "all"], cwd=copy, env=machine.environment(), check=False,
                          capture_output=True, text=True)
    return done.stderr[-2000:] if done.returncode else ""


def build_binaries(tree, copy):
    """Its own Makefile, in a copy; what it said if it failed."""
    shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".git"))
    programs = [f"user/_{p.stem}" for p in sorted((copy / "user").glob("*.c"))
                if p.stem not in ("ulib", "printf", "umalloc")]
    done = subprocess.run(["make", "-s", "TOOLPREFIX=riscv64-unknown-elf-", "CC=riscv64-unknown-elf-gcc -w",
                           *programs], cwd=copy,
                          env=machine.environment(), check=False, capture_output=True, text=True)
    return done.stderr[-2000:] if done.returncode else ""


def image(ours, theirs, place):
    """A disk with our programs, those that were built of its sources (x...), and its binaries (b...)."""
    content = [f"README={ROOT / 'README.md'}"]
    content += [f"{p.name}={p}" for p in sorted((ours / "build/user").iterdir())]
    content += [f"b{p.name[1:]}={p}" for p in sorted((theirs / "user").glob("_*"))]
    path = place / "xv6.img"
    subprocess.run([ours / "build/mkfs", path, "-s", str(BLOCKS), *content], check=True, capture_output=True)
    return path


def play(ours, disk, commands, cpus):
    """(what went wrong or "", the console) of these commands."""
    result = machine.run(commands, timeout=SECONDS, CPUS=cpus, BUILD=ours / "build", IMAGE=disk, SNAPSHOT=1)
    failed = re.findall(r"^.*\bFAILED\b.*$|^.*lost some free pages.*$", result.console, re.M)
    wrong = failed[0] if failed else result.panic or ("" if result.status == 0 else f"status {result.status}")
    return wrong, result.console


def try_all():
    """(what was tried, what went wrong or "", a console) of each test and utility, as source and as binary."""
    if not os.environ.get("XV6"):
        print("xv6: skipped; XV6=folder names an xv6-riscv tree")
        return
    tree = pathlib.Path(os.environ["XV6"]).resolve()
    with tempfile.TemporaryDirectory(prefix="nymph.") as scratch:
        place = pathlib.Path(scratch)
        (place / "ours").mkdir()
        for what, errors in (("its sources", build_sources(tree, place / "ours")),
                             ("its Makefile", build_binaries(tree, place / "theirs"))):
            yield f"building {what}", errors and "does not build", errors
            if errors:
                return
        disk = image(place / "ours", place / "theirs", place)
        for kind in "xb":
            yield (f"{kind}usertests, all of them", *play(place / "ours", disk, f"{kind}usertests", 3))
            for name in tests_of(tree):
                yield (f"{kind}usertests {name}", *play(place / "ours", disk, f"{kind}usertests {name}", 2))
            for name in UTILITIES:
                if (tree / "user" / f"{name}.c").exists():
                    yield (f"{kind}{name}", *play(place / "ours", disk, f"{kind}{name}", 2))
            yield (f"{kind}: cat, grep, wc, ls, ln, rm, mkdir",
                   *play(place / "ours", disk, UTILITY_LINE.replace("@", kind), 2))
