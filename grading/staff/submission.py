# SPDX-License-Identifier: BSD-3-Clause
"""Take in a student's submission, and put it into the instructor's tree.

A submission is a folder or an archive with a kernel/ somewhere in it. It is never unpacked to the
disk: unpack.py reads the sources of kernel/ into memory, checking each name first, and skips everything
else. What is graded is the instructor's tree (Makefile, tools, graders, programs) with these sources as
its kernel/. Some files of kernel/ are taken from the instructor, too (is_trusted): those that print the
lines that count, those that are compiled for the host, and the linker script.

The tree holds nothing that students must not see, because the sources of a submission can read it when they
are compiled: none of the instructor's files, and no other kernel source, because that is the solution; and
nothing that was built from one.
"""

import pathlib
import subprocess
from dataclasses import dataclass, field

from grading import handout, sources
from grading.handin import SOURCE
from grading.machine import ROOT
from grading.staff import changes, sandbox
from grading.staff.unpack import ARCHIVE, Refused, printable

LEAST = 0.5                 # a kernel/ with a smaller part of the course's files is refused
PARTS = ("Makefile", "README.md", "LICENSE", "user", "mkfs", "tools", "grading")
# What is built without the kernel; the tree that is graded starts with it.
BUILT = ("user", "mkfs", "boothart", "fresh.img", "fs.img", "ram.img", "obj/user", "obj/user.flags",
         "obj/user.list", "obj/image.list", "obj/boothart", "obj/boothart.o")


@dataclass
class Submission:
    """What was taken in. files: path, such as kernel/lwkt/ipiq.c -> bytes. notes: lines for the report.
    changed: what differs outside of the places of the lab (changes.py)."""
    name: str
    files: dict
    notes: list = field(default_factory=list)
    changed: list = field(default_factory=list)


def is_trusted(path):
    """Whether a file of kernel/ is always the instructor's: the test code (ktest), because its lines
    count; the headers of system calls, because mkfs, which runs on the host, is compiled with them; the
    linker script, because it can name any file."""
    inside = path.removeprefix("kernel/")
    return inside.startswith("ktest/") or inside.endswith(".ld") or (
        "/" not in inside and inside.endswith(".h"))


def course_files(root=ROOT):
    """The paths of the instructor's kernel/: the sources and the linker script."""
    return sorted(str(path.relative_to(root)) for path in (root / "kernel").rglob("*")
                  if path.suffix in (".c", ".h", ".S", ".ld"))


def check_names(paths, folders):
    """Refuse names with unusual characters, because make and the shell read them; and refuse folders that
    the course's kernel/ does not have, because the compiler could find headers in them."""
    for path in paths:
        inside = path.removeprefix("kernel/")
        if not SOURCE.fullmatch(inside) and not path.endswith(".ld"):
            raise Refused(f"a file has a name that cannot be used: {printable(path)}")
        if str(pathlib.PurePath(path).parent) not in folders:
            raise Refused(f"a file is in a folder that the course's kernel/ does not have: {printable(path)}")


def check_texts(files):
    """Refuse sources that the compiler might read in another way than those who compare them."""
    for path, data in sorted(files.items()):
        if why := sources.ambiguous(data.decode("utf-8", "replace")):
            raise Refused(f"{path} has {printable(why)}, which no kernel needs: write it in another way")


# --- what was handed in ------------------------------------------------------------------------

def notes_on(files, root):
    """(lines that say which files were not used and which are missing, the missing ones)."""
    notes = []
    differing = [path for path, data in files.items() if is_trusted(path) and
                 (not (root / path).is_file() or (root / path).read_bytes() != data)]
    if differing:
        notes.append("not used, because these files are the course's: " + ", ".join(sorted(differing)[:8]))
    missing = [path for path in course_files(root) if not is_trusted(path) and path not in files]
    if missing:
        notes.append("missing: " + ", ".join(missing[:8]) + (" and others" if missing[8:] else ""))
    return notes, missing


def name_of(source):
    """The name of the student: that of the folder or file, without the suffix of an archive."""
    return ARCHIVE.sub("", pathlib.Path(source).name)


def compare(own, lab, root):
    """(what a submission changes outside of the places of the lab, and of earlier ones, lines about these places)."""
    course = {path: (root / path).read_text(encoding="utf-8") for path in course_files(root)
              if not is_trusted(path)}
    files = {path: data.decode("utf-8", "replace") for path, data in own.items()}
    notes = [f"the places of lab {lab} are exactly the course's: is it another lab's tree?"] \
        if changes.has_course_places(files, course, lab) else []
    return changes.of(files, course, lab), notes


def take(source, lab=None, root=ROOT):
    """The Submission in a folder or an archive; Refused, with one line, if it cannot be graded. lab: the
    number of its lab, if what is changed is of interest."""
    source = pathlib.Path(source)
    files, remarks = sandbox.read_submission(source)
    course = course_files(root)
    check_names(files, {str(pathlib.PurePath(path).parent) for path in course})
    notes, missing = notes_on(files, root)
    own = {path: data for path, data in files.items() if not is_trusted(path)}
    expected = sum(not is_trusted(path) for path in course)
    if len(missing) > expected * (1 - LEAST):
        raise Refused(f"its kernel/ has only {expected - len(missing)} of the course's {expected} files: "
                      "hand in the whole folder kernel/")
    check_texts(own)
    changed, places = compare(own, lab, root) if lab is not None else ([], [])
    return Submission(name_of(source), own, remarks + notes + places, changed)


# --- the tree that is graded -------------------------------------------------------------------

def given_files(root=ROOT):
    """The paths of the instructor's files in the tree that is graded."""
    found = [path for path in course_files(root) if is_trusted(path)]
    for part in PARTS:
        for path in [root / part, *(root / part).rglob("*")]:
            name = str(path.relative_to(root))
            if path.is_file() and not handout.is_instructors(name) and "__pycache__" not in path.parts:
                found.append(name)
    return found


def assemble(submission, tree, root=ROOT):
    """Make the folder `tree` from the instructor's tree, with the programs that were built there, and the
    kernel of the submission. Files keep their times, so that make does not build the programs again."""
    tree = pathlib.Path(tree)
    tree.mkdir(parents=True)
    built = [f"build/{name}" for name in BUILT if (root / "build" / name).exists()]
    subprocess.run(["cp", "-a", "--sparse=always", "--parents", *given_files(root), *built, tree.resolve()],
                   cwd=root, check=True)
    for path, data in submission.files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
    for name in sandbox.WRITABLE:
        (tree / name).mkdir(exist_ok=True)
    subprocess.run(["chmod", "-R", "go+rX", tree], check=True)  # another user may build it
    return tree
