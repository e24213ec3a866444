# SPDX-License-Identifier: BSD-3-Clause
"""The kernels of lab 0's tree: the whole one, and each broken one on which a page's session runs.

A page names a broken kernel as KERNEL=kernels/NAME; NAME is a mutant (tests/mutants/NAME.patch). They are built
in a copy of the instructor's tree, one after the other, so that make compiles only what a patch changes. The
debugging information in them has paths from the top of the tree, so gdb shows the sources of the tree in which it
is started.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from grading.marks import Refused

MAKE = ("make", "-s", "UNUSED=-Wno-unused -fdebug-prefix-map=$$PWD=.")


def named(tree):
    """The mutants that the pages of the labs name, in alphabetical order."""
    return sorted({name for path, data in tree.items() if re.fullmatch(r"docs/labs/lab\d\.md", path)
                   for name in re.findall(r"KERNEL=kernels/([a-z0-9-]+)", data.decode("utf-8"))} - {"whole"})


def run(words, cwd):
    """Run a command; Refused, with what it said, if it fails."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False,
                          env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")})
    if done.returncode != 0:
        raise Refused(f"{' '.join(words)}: {(done.stdout + done.stderr).strip()[-1500:]}")


def apply(patch, work, *options):
    """Apply a patch, or with -R take it back."""
    run(["patch", "-p1", "-s", "--fuzz=0", "--no-backup-if-mismatch", *options, "-i", patch], work)


def build(tree, out):
    """Build the kernels into out/kernels; return their names. `tree`: path -> content of the whole tree."""
    place = out / "kernels"
    place.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for path, data in tree.items():
            if path.startswith(("kernel/", "tools/", "tests/mutants/")) or path == "Makefile":
                (work / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).write_bytes(data)
                (work / path).chmod(0o755)
        names = ["whole", *named(tree)]
        for name in names:
            patch = str(work / "tests" / "mutants" / f"{name}.patch")
            if name != "whole":
                apply(patch, work)
            run([*MAKE, f"-j{os.cpu_count()}", "build/kernel"], work)
            shutil.copy(work / "build" / "kernel", place / name)
            if name != "whole":
                apply(patch, work, "-R")
    return names
