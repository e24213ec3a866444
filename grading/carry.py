# SPDX-License-Identifier: BSD-3-Clause
"""`make carry FROM=../lab4`: take what you wrote in one lab's tree into this one, so that your kernel grows.

Each file of kernel/ is merged from three versions: as FROM was handed out, as it is there now, and as it is here.
In the version from here, the course's code is first taken out of each marked place that you have solved in FROM
(grading/marks.py), so your code takes its place. A place that you have not solved keeps the course's code. Your new
files in kernel/ and user/ are copied. A file in which your lines and this tree's do not fit together stays as it is
here; the merged text, with both versions, is written to build/carry/ for you to look at.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from grading import handed, machine, marks
from grading.marks import Refused

FUNCTION = re.compile(r"^(?![\s#/}*])[^;=]*?\b(\w+)\([^;{]*$|^(\w+):$", re.M)
LEFT = pathlib.Path("build") / "carry"


def git(root, *words):
    """What git prints; Refused if it fails."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused(f"{root}: git {words[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def paths(root, *words):
    """The paths that a command of git lists, ended by NUL."""
    return [os.fsdecode(name) for name in git(root, *words, "-z").split(b"\0") if name]


def places(path, text, lab):
    """[(function, Piece)] for the marked places of a lab in a file."""
    found, before = [], ""
    for piece in marks.pieces(path, text):
        if piece.lab == lab:
            # A helper is out as a whole; its name is in the piece itself.
            names = FUNCTION.findall(before if piece.instead else piece.text)
            name = names[-1 if piece.instead else 0] if names else ("", "")
            found.append((name[0] or name[1], piece))
        before = piece.text if piece.lab == 0 else before
    return found


def unsolved(path, text, lab):
    """The functions that still have the stub in a student's file."""
    try:
        return {name for name, piece in places(path, text, lab)
                if f"not_implemented({lab})" in piece.text or f"not implemented: {name} (lab" in piece.text}
    except Refused:     # a mark without an end; the merge will tell what does not fit
        return set()


def emptied(path, here, there, lab):
    """(this tree's text, without the course's code in the places that are solved there; the functions that
    were solved; those that were not)."""
    still, whole, solved = unsolved(path, there, lab), "", []
    names = iter(name for name, _ in places(path, here, lab))
    for piece in marks.pieces(path, here):
        name = next(names) if piece.lab == lab else ""
        helper = piece.lab == lab and not piece.instead
        if not name or (name in still) or helper and not re.search(rf"^[^\s#*].*\b{name}\(", there, re.M):
            whole += piece.text
            continue
        whole += piece.given(lab)
        if not helper:
            solved.append(name)
    return whole, solved, sorted(still)


def merge(ours, base, theirs):
    """(the merged text, the number of places that do not fit)."""
    with tempfile.TemporaryDirectory() as folder:
        names = [pathlib.Path(folder, name) for name in ("this tree", "as handed out", "yours")]
        for name, text in zip(names, (ours, base, theirs)):
            name.write_text(text, encoding="utf-8")
        done = subprocess.run(["git", "merge-file", "-p", *(x for n in names for x in ("-L", n.name)), *names],
                              capture_output=True, check=False)
    if not 0 <= done.returncode <= 127:
        raise Refused("git merge-file: " + done.stderr.decode().strip())
    return done.stdout.decode("utf-8"), done.returncode


class Carry:
    """What was carried, and what was not."""

    def __init__(self, source, here):
        self.source, self.here = source, here
        self.handed = handed.read(source)
        if self.handed is None:
            raise Refused(f"FROM={source}: give the folder of a lab's tree, with its history in git: its first commit "
                          "says 'Lab 4, as handed out'")
        self.solved, self.files, self.said = 0, 0, []

    def base(self, path):
        """A file as it was handed out."""
        return git(self.source, "show", f"{self.handed.commit}:{path}").decode("utf-8")

    def one(self, path):
        """Merge one file."""
        there = (self.source / path).read_text(encoding="utf-8")
        if not (self.here / path).is_file():
            self.said.append(f"{path}: this tree has no such file; yours is not carried")
            return
        ours, solved, still = emptied(path, (self.here / path).read_text(encoding="utf-8"), there, self.handed.lab)
        self.said += [f"{path}: {name} is not written there; the course's code stays" for name in still]
        text, conflicts = merge(ours, self.base(path), there)
        if conflicts:
            place = self.here / LEFT / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            names = {(names[-1][0] or names[-1][1]) for start in re.finditer(r"^<<<<<<< ", text, re.M)
                     for names in [FUNCTION.findall(text[:start.start()])] if names}
            self.said.append(f"{path}: does not fit, in {', '.join(sorted(names)) or 'its first lines'}; the file stays "
                             f"as it is here, and both versions are in {LEFT / path}")
            return
        (self.here / path).write_text(text, encoding="utf-8")
        self.files += 1
        self.solved += len(solved)

    def new(self, path):
        """Copy a file that the student has added."""
        data = (self.source / path).read_bytes()
        place = self.here / path
        if place.exists() and place.read_bytes() != data:
            self.said.append(f"{path}: this tree has another file of that name; yours is not carried")
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        self.files += 1

    def run(self):
        """Carry everything."""
        changed = paths(self.source, "diff", "--name-only", "--no-renames", "--diff-filter=M", self.handed.commit)
        added = paths(self.source, "diff", "--name-only", "--no-renames", "--diff-filter=A", self.handed.commit)
        added += paths(self.source, "ls-files", "--others", "--exclude-standard")
        for path in changed:
            if path.startswith("kernel/") and marks.is_code(path):
                self.one(path)
            else:
                self.said.append(f"{path}: only kernel/ is merged; your changes there are not carried")
        for path in sorted(set(added)):
            if path.startswith(("kernel/", "user/")):
                self.new(path)


def main(source, here=machine.ROOT):
    """Carry, and say what was done; return the exit status."""
    try:
        if not source:
            raise Refused("FROM=: give the tree of a lab that you have done, as in FROM=../lab4")
        if not pathlib.Path(source).is_dir():
            raise Refused(f"FROM={source}: there is no such folder")
        if git(here, "status", "--porcelain", "--untracked-files=no").strip():
            raise Refused("this tree has changes that are not committed; commit them first, so that you can go back")
        carry = Carry(pathlib.Path(source), here)
        carry.run()
    except Refused as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(carry.said + [f"carried from {source}: {carry.files} files, with {carry.solved} functions of "
                                  f"lab {carry.handed.lab}"]))
    print(f"now look at `git diff`, and type: make grade LAB={carry.handed.lab}")
    return 1 if any("does not fit" in line for line in carry.said) else 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("FROM", "")))
