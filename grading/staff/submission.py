# SPDX-License-Identifier: BSD-3-Clause
"""Take in a student's submission, and put it into the instructor's tree.

A submission is a folder, a zip or a tar file with a kernel/ somewhere in it. It is never unpacked to the
disk: unpack.py reads the sources of kernel/ into memory, checking each name first, and skips everything
else. What is graded is the instructor's tree (Makefile, tools, graders, programs) with these sources as
its kernel/. Some files of kernel/ are taken from the instructor, too (is_trusted): those that print the
lines that count, those that are compiled for the host, and the linker script.

The instructor's other kernel sources do *not* fill gaps in a submission, because they are the solution.
"""

import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from grading.machine import ROOT
from grading.staff.unpack import Refused, printable, read_any

LEAST = 0.5                 # a kernel/ with a smaller part of the course's files is refused
PARTS = ("Makefile", "README.md", "user", "mkfs", "tools", "grading", "build", "build-bench")
SOURCE = re.compile(r"(?:[a-z0-9_]+/)?[A-Za-z0-9_][A-Za-z0-9_-]*\.[chS]")


@dataclass
class Submission:
    """What was taken in. files: path, such as kernel/lwkt/ipiq.c -> bytes. notes: lines for the report."""
    name: str
    files: dict
    notes: list = field(default_factory=list)


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


# --- what the sources must not do --------------------------------------------------------------

def check_reads(path, data):
    """Refuse a source that makes the compiler read files outside of the tree. It may include the tree's
    files, in quotes, without .. and without a leading /, and the compiler's own headers; the assembler
    must not read data. (Bubblewrap prevents such reads anyway; on a host without it, this check is all
    there is.)"""
    text = data.decode("latin-1").replace("\\\r\n", "").replace("\\\n", "")
    if "??/" in text:
        raise Refused(f"{path}: it has a trigraph, which is not allowed")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    for found in re.finditer(r"^[ \t\f\v]*(?:#|%:)[ \t\f\v]*(include\w*|import|embed)\b(.*)$", text, re.M):
        name = re.match(r'\s*(?:"([\w./-]+)"|<(std\w+\.h|limits\.h)>)\s*(?://.*)?$', found.group(2))
        if found.group(1) != "include" or not name or re.search(r"^/|\.\.",
                                                               name.group(1) or ""):
            raise Refused(f"{path}: this include is not allowed: {printable(found.group(0).strip())}")
    joined = re.sub(r'"\s*"', "", text)
    if re.search(r"\.\s*(incbin|include)\b", joined, re.I):
        raise Refused(f"{path}: its assembler code reads a file (.incbin, .include), which is not allowed")


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
    return re.sub(r"\.(zip|tar|tgz|tbz2?|txz|tar\.\w+)$", "", pathlib.Path(source).name, flags=re.I)


def take(source, root=ROOT):
    """The Submission in a folder or an archive; Refused, with one line, if it cannot be graded."""
    source = pathlib.Path(source)
    files = read_any(source)
    course = course_files(root)
    check_names(files, {str(pathlib.PurePath(path).parent) for path in course})
    notes, missing = notes_on(files, root)
    own = {path: data for path, data in files.items() if not is_trusted(path)}
    expected = sum(not is_trusted(path) for path in course)
    if len(missing) > expected * (1 - LEAST):
        raise Refused(f"its kernel/ has only {expected - len(missing)} of the course's {expected} files: "
                      "hand in the whole folder kernel/")
    for path, data in own.items():
        check_reads(path, data)
    return Submission(name_of(source), own, notes)


# --- the tree that is graded -------------------------------------------------------------------

def assemble(submission, tree, root=ROOT):
    """Make the folder `tree` from the instructor's tree, including what was built there, and the kernel
    of the submission. Files that are the same keep their times, so that make builds only what differs."""
    tree = pathlib.Path(tree)
    tree.mkdir(parents=True)
    parts = [name for name in PARTS if (root / name).exists()]
    subprocess.run(["cp", "-a", *(root / name for name in parts), tree], check=True)
    for path in course_files(root):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        if is_trusted(path) or submission.files.get(path) == (root / path).read_bytes():
            shutil.copy2(root / path, tree / path)
    for path, data in submission.files.items():
        if not (tree / path).exists():
            (tree / path).write_bytes(data)
    return tree


def main(words):
    """python3 -m grading.staff.submission SUBMISSION FOLDER: make the tree that is graded, for autograders
    other than this tree's own. Return the exit status."""
    if len(words) != 2 or pathlib.Path(words[1]).exists():
        print("give a submission, and a folder that does not exist yet", file=sys.stderr)
        return 2
    try:
        taken = take(words[0])
        assemble(taken, words[1])
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(taken.notes), end="\n" if taken.notes else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
