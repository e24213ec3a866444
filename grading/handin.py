# SPDX-License-Identifier: BSD-3-Clause
"""`make handin [LAB=4] [OUT=file]`: check what a student hands in, and write it as one archive.

The archive has kernel/, and answers.md if there is one. That is all that is graded, so what else was changed is
named, and so is what differs outside of the places that the lab leaves to students: the instructor sees that, too
(grading/class). Nothing of this keeps a student from handing in, because a deadline may be minutes away; but the
status is 1 if the kernel does not build, and 2 if there is nothing to hand in.

What was handed out is the commit "Lab 4, as handed out" of this tree's repository (grading/handed.py).
"""

import difflib
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time

from grading import build, handed, sources
from grading.machine import ROOT
from grading.marks import lab_of

SOURCE = re.compile(r"(?:[a-z0-9_]+/)?[A-Za-z0-9_][A-Za-z0-9_-]*\.[chS]")    # what grading/class takes from kernel/
ANSWERS = "answers.md"
LIMIT = 1 << 20     # bytes of a source that grading/class takes
SHOWN = 8           # files that a line names


class Refused(Exception):
    """There is nothing to hand in; the text says why, in one line."""


# --- what was handed out -----------------------------------------------------------------------

def git(*words):
    """What git prints, as bytes; b"" if it fails, as where there is no repository."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout
    except OSError:
        return b""


def at(commit):
    """path -> bytes of the files of a commit."""
    archive = git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isreg()}


def here():
    """path -> bytes of the files that git tracks, or would track, in this tree."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
    paths = {os.fsdecode(name) for name in names if name} or {
        str(path.relative_to(ROOT)) for path in (ROOT / "kernel").rglob("*")}
    return {path: (ROOT / path).read_bytes() for path in sorted(paths) if (ROOT / path).is_file()}


# --- what differs ------------------------------------------------------------------------------

def parts(text, lab):
    """(the lines of a source outside of the places of this lab and of earlier ones, those inside), without white
    space and comments."""
    text = re.sub(r"/\*(?! lab \d).*?\*/|//[^\n]*", "", text, flags=re.S)
    found, inside = ([], []), 0
    for line in text.splitlines():
        if inside and (f"/* lab {inside}: to here */" in line or line.rstrip() == "}"):
            inside = 0
        if squeezed := "".join(line.split()):
            found[bool(inside)].append(squeezed)
        if 0 < lab_of(line) <= lab:
            inside = lab_of(line)
    return found


def has_place(text, lab):
    """Whether a source has a place of this lab or of an earlier one."""
    return any(int(mark) <= lab for mark in re.findall(r"/\* lab (\d)\b", text))


def changes(old, new, lab):
    """What differs in kernel/: {"written": [files], "beside": [files], "elsewhere": [files]}, the last two with
    the numbers of lines. old, new: path -> bytes."""
    found = {"written": [], "beside": [], "elsewhere": []}
    for path in sorted({*old, *new}):
        if not path.startswith("kernel/") or old.get(path) == new.get(path):
            continue
        before, after = (files.get(path, b"").decode("utf-8", "replace") for files in (old, new))
        (was, was_inside), (now, now_inside) = parts(before, lab), parts(after, lab)
        lines = [line[0] for line in difflib.unified_diff(was, now, n=0, lineterm="")
                 if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        count = f"{path} (+{lines.count('+')} -{lines.count('-')})"
        if path not in new:
            found["elsewhere"].append(f"{path} (missing)")
        elif not has_place(before, lab):
            found["elsewhere"] += [count] if lines else []
        else:
            found["written"] += [path] if was_inside != now_inside else []
            found["beside"] += [count] if lines else []
    return found


def unwritten(files, lab):
    """The functions of the lab that are not written yet."""
    names = []
    for data in files.values():
        lines = data.decode("utf-8", "replace").splitlines()
        for i, line in enumerate(lines):
            if re.search(rf"\bnot_implemented\({lab}\)", line):
                heads = (re.match(r"\w[^;={]*?\b(?!__attribute__)(\w+)\(", above) for above in reversed(lines[:i]))
                names.append(next((head.group(1) for head in heads if head), "?"))
            names += re.findall(rf'"not implemented: (\w+) \(lab {lab}\)"', line)
    return list(dict.fromkeys(names))


# --- the archive -------------------------------------------------------------------------------

def unusable(files):
    """The sources that grading/class would refuse, or not see."""
    return [path for path, data in files.items() if path.startswith("kernel/") and (
        not SOURCE.fullmatch(path.removeprefix("kernel/")) and not path.endswith(".ld") or len(data) > LIMIT)]


def refused(files):
    """Lines about the sources because of which grading/class would refuse all (grading/sources.py)."""
    found = {path: sources.ambiguous(data.decode("utf-8", "replace").replace("\r\n", "\n"))
             for path, data in files.items() if path.startswith("kernel/")}
    return [f"This will be refused, so write it in another way: {path} has {ascii(why)[1:-1]}"
            for path, why in found.items() if why]


def pack(files, out):
    """Write the archive: the same files always give the same tar file."""
    with tarfile.open(out, "w:gz") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def listed(paths):
    """Names as words of a line."""
    return ", ".join(paths[:SHOWN]) + (f" and {len(paths) - SHOWN} others" if paths[SHOWN:] else "")


def report(given, lab, now):
    """Lines about what differs from what was handed out. given: a Handed or None."""
    if given is None:
        return ["No commit here says what was handed out, so what you have changed cannot be told."]
    old = at(given.commit)
    found = changes(old, now, lab)
    other = [path for path in sorted({*old, *now}) if not path.startswith("kernel/") and path != ANSWERS
             and old.get(path) != now.get(path)]
    lines = [f"  {words}: {listed(paths)}" for words, paths in (
        ("in the places of the lab", found["written"]),
        ("beside these places, which your instructor will see", found["beside"]),
        ("where the lab has no place, which your instructor will ask about", found["elsewhere"]),
        ("outside of kernel/, which is not handed in", other)) if paths]
    return [f"Handed out {handed.ago(int(time.time()) - given.when)} ago; changed since then:"
            f"{'' if lines else ' nothing'}", *lines]


def main(lab, out):
    """Check, report and pack; return the exit status."""
    given = handed.read(ROOT)
    lab = lab or (str(given.lab) if given else "")
    if not re.fullmatch(r"\d+", lab):
        raise Refused("LAB=: this tree does not say which lab it is; give its number, as in make handin LAB=4")
    if given and int(lab) != given.lab:
        raise Refused(f"LAB={lab}: this is the tree of lab {given.lab}; go to that of lab {lab}, or leave LAB out")
    now = here()
    kernel = {path: data for path, data in now.items() if path.startswith("kernel/")}
    if not kernel:
        raise Refused("there is no kernel/ here to hand in")
    print(f"Lab {lab}")
    print("\n".join(report(given, int(lab), now)))
    missing, odd = unwritten(kernel, lab), unusable(kernel)
    if missing:
        print(f"Not written yet: {listed(missing)}")
    print("".join(f"{line}\n" for line in refused(kernel)), end="")
    if odd:
        print(f"Left out, because their names or sizes will not do: {listed(odd)}")
    errors, _ = build.build()
    print(f"It does not build:\n{errors}" if errors else "It builds. How many points it has, make grade "
          f"LAB={lab} says.")
    packed = {path: data for path, data in kernel.items() if path not in odd}
    if ANSWERS in now:
        packed[ANSWERS] = now[ANSWERS]
    else:
        print(f"There is no {ANSWERS}; if your instructor asks for answers, write them into that file.")
    out = pathlib.Path(out or f"handin-lab{lab}.tar.gz")
    out.parent.mkdir(parents=True, exist_ok=True)
    pack(packed, out)
    print(f"{out}: hand this in ({len(packed)} files)")
    return 1 if errors else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main(os.environ.get("LAB", ""), os.environ.get("OUT", "")))
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
