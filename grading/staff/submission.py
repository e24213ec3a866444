"""A student's submission: taking it in, and laying it into the instructor's tree.

A submission is a folder, a zip or a tar file with a kernel/ somewhere in it. Nothing of it is unpacked as
it comes: the sources of kernel/ are read into memory, each name judged first, and all else is passed
over. What is graded is the instructor's tree (Makefile, tools, graders, programs) with these sources as
its kernel/. Files of kernel/ that make the lines that count, or that are compiled for this machine or
read by its linker, are the instructor's too (is_trusted).

The instructor's other kernel sources are *not* there to fill gaps, as they are the solution.
"""

import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from grading.machine import ROOT
from grading.staff.unpack import Refused, printable, read_any

LEAST = 0.5                 # a kernel/ with fewer of the course's files than this was not meant to be one
PARTS = ("Makefile", "README.md", "user", "mkfs", "tools", "grading", "build", "build-bench")
SOURCE = re.compile(r"(?:[a-z0-9_]+/)?[A-Za-z0-9_][A-Za-z0-9_-]*\.[chS]")


@dataclass
class Submission:
    """What was taken: path -> bytes, such as kernel/lwkt/ipiq.c; notes are lines for the report."""
    name: str
    files: dict
    notes: list = field(default_factory=list)


def is_trusted(path):
    """Files below kernel/ that are never the student's: the test code, whose lines count (ktest); the
    headers of system calls, which user programs and mkfs are compiled with, the latter to run on this
    machine; the linker script, which can name any file."""
    inside = path.removeprefix("kernel/")
    return inside.startswith("ktest/") or inside.endswith(".ld") or (
        "/" not in inside and inside.endswith(".h"))


def course_files(root=ROOT):
    """The paths of the instructor's kernel/, sources and linker script."""
    return sorted(str(path.relative_to(root)) for path in (root / "kernel").rglob("*")
                  if path.suffix in (".c", ".h", ".S", ".ld"))


def check_names(paths, folders):
    """Names become words of make's and the shell's, and headers are found by them: only those of the
    usual characters, in folders that the course's kernel/ has."""
    for path in paths:
        inside = path.removeprefix("kernel/")
        if not SOURCE.fullmatch(inside) and not path.endswith(".ld"):
            raise Refused(f"a file's name that cannot be used: {printable(path)}")
        if str(pathlib.PurePath(path).parent) not in folders:
            raise Refused(f"a folder that the course's kernel/ does not have: {printable(path)}")


# --- what the sources may not do ---------------------------------------------------------------

def check_reads(path, data):
    """The compiler must read no file but the tree's: a quoted include without .. or a leading /, one of
    the compiler's own headers, and no data taken in. (The walls of sandbox.py hold without this, too;
    where there are none, this is what there is.)"""
    text = data.decode("latin-1").replace("\\\r\n", "").replace("\\\n", "")
    if "??/" in text:
        raise Refused(f"{path}: a trigraph")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    for found in re.finditer(r"^[ \t\f\v]*(?:#|%:)[ \t\f\v]*(include\w*|import|embed)\b(.*)$", text, re.M):
        name = re.match(r'\s*(?:"([\w./-]+)"|<(std\w+\.h|limits\.h)>)\s*(?://.*)?$', found.group(2))
        if found.group(1) != "include" or not name or re.search(r"^/|\.\.",
                                                               name.group(1) or ""):
            raise Refused(f"{path}: an include that may not be: {printable(found.group(0).strip())}")
    joined = re.sub(r'"\s*"', "", text)
    if re.search(r"\.\s*(incbin|include)\b", joined, re.I):
        raise Refused(f"{path}: assembler that reads a file (.incbin, .include)")


def notes_on(files, root):
    """Lines on what was not used or is not there."""
    notes = []
    differing = [path for path, data in files.items() if is_trusted(path) and
                 (not (root / path).is_file() or (root / path).read_bytes() != data)]
    if differing:
        notes.append("not used, for these files are the course's: " + ", ".join(sorted(differing)[:8]))
    missing = [path for path in course_files(root) if not is_trusted(path) and path not in files]
    if missing:
        notes.append("not there: " + ", ".join(missing[:8]) + (" and others" if missing[8:] else ""))
    return notes, missing


def name_of(source):
    """The student's name: the folder's or file's, without what kind of archive it is."""
    return re.sub(r"\.(zip|tar|tgz|tbz2?|txz|tar\.\w+)$", "", pathlib.Path(source).name, flags=re.I)


def take(source, root=ROOT):
    """The Submission of a folder or archive; Refused with one line."""
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
    """Make the folder `tree`: the instructor's tree, with what is built of it, and the submission's
    kernel. Files that are the same keep their times, so that make builds only what differs."""
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
    """python3 -m grading.staff.submission SUBMISSION FOLDER: make the tree that is graded, for other
    autograders than this tree's own. The exit status."""
    if len(words) != 2 or pathlib.Path(words[1]).exists():
        print("give a submission, and a folder that is not there yet", file=sys.stderr)
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
