# SPDX-License-Identifier: BSD-3-Clause
"""`make handout LAB=4 OUT=dir`: write the tree that students get for a lab, as a git repository.

Marks in the kernel's sources say which code a lab leaves to the student, and so is removed; grading/marks.py
lists them.

In place of the removed code, the function panics and says that it is not implemented. All other labs are
solved. `make solution LAB=4 OUT=dir` puts the removed code back into such a tree.

Of the pages in docs/labs, a handout has that of its own lab and those of the labs before it.

LAB=0 is the tree for getting started, and for the sessions in the pages of all labs. There the code of every lab
is removed, line by line, so that the numbers of all other lines stay; and kernels/ has kernels that are built
already: the whole one, and each broken one that a page names (a mutant; grading/kernels.py).

No other part of a handout may give the solution away: see leaks().
"""

import fnmatch
import os
import pathlib
import re
import stat
import subprocess
import sys

from grading import handed, kernels, machine
from grading.marks import Refused, is_code, pieces

# Patterns of the instructor's files, which no handout has. (The switch of the core as a library of Nymph's
# programs is the answer of lab 2, and those programs do not build with a half-written core.)
INSTRUCTORS = """
.ci/* .github/*
grading/README.md grading/answers/* grading/behaviours.txt grading/class*
grading/coverage.py grading/handout.py grading/instructor.mk grading/kernels.py grading/staff/*
liblwkt/nymph/* user/lwktest/* user/lwktbench.c user/lwkthello.c tests/test_lwktest.py
tests/cheats/* tests/mutants/* tests/sim/unreached.txt tests/swaps/* tests/variants/*
tests/command.py tests/draw.py tests/explore_swaps.py tests/foreign.py tests/fresh.py tests/handing_in.py
tests/mutate.py tests/patches.py tests/reliability.py tests/services.py tests/vary.py
tests/test_clauses.py tests/test_diagnosis.py tests/test_emulator_log.py tests/test_explore.py tests/test_lint.py
tests/test_carry.py tests/test_cheats.py tests/test_class.py tests/test_exports.py tests/test_gradescope.py
tests/test_grading.py tests/test_handin.py tests/test_handout.py tests/test_picture.py
tests/test_leaderboard.py tests/test_labs.py tests/test_mutants.py tests/test_submission.py
tests/test_pages.py tests/test_races.py tests/test_sessions.py tests/test_variants.py tests/sessions.py
""".split()

PAGE = re.compile(r"docs/labs/lab(\d)\.md")
LINK = re.compile(r"\[([^\]]+)\]\(([^)#:\s]+)(?:#[\w-]*)?\)")
SHORT = 12      # characters; a shorter line gives nothing away
RUN = 4         # lines of a solution; so many in a row are a copy


def handout_text(parts, lab):
    """The text of a file in the handout of a lab."""
    return "".join(part.given(lab) for part in parts)


def solved_text(parts, lab, text, path):
    """The text of a file in a handout, with the removed code put back."""
    place, whole = 0, ""
    for part in parts:
        given = part.given(lab)
        if not text.startswith(given, place):
            raise Refused(f"{path}: was changed since it was handed out, near line "
                          f"{text[:place].count(chr(10)) + 1}")
        place += len(given)
        whole += part.text
    return whole


# --- the tree ---

def is_instructors(path):
    """Whether a file is one of the instructor's, which no handout has."""
    return any(fnmatch.fnmatch(path, pattern) for pattern in INSTRUCTORS)


def full_tree(root=machine.ROOT):
    """path -> content of all files that git tracks."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused("git cannot list this tree's files: " + done.stderr.decode().strip().split("\n")[0])
    paths = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}


def marked_files(tree):
    """path -> Pieces, for the files that have marks."""
    parts = {path: pieces(path, data.decode("utf-8")) for path, data in tree.items()
             if path.startswith("kernel/") and is_code(path)}
    return {path: found for path, found in parts.items() if len(found) > 1}


def labs(marked):
    """The numbers of the labs that have marks, and so can be handed out."""
    return sorted({part.lab for found in marked.values() for part in found if part.lab})


def is_later(path, lab):
    """Whether a file is the page of a lab that comes after this one."""
    found = PAGE.fullmatch(path)
    return bool(found) and int(found.group(1)) > lab


def has(paths, path):
    """Whether a file or folder is among the paths."""
    return path in paths or any(name.startswith(path + "/") for name in paths)


def without_dead_links(path, text, paths):
    """The text of the page at `path`. A link to what is not among the paths is reduced to its words."""
    def words_or_link(link):
        place = os.path.normpath(os.path.join(os.path.dirname(path), link.group(2)))
        return link.group(0 if has(paths, place) else 1)
    return LINK.sub(words_or_link, text)


def student_tree(tree, marked, lab):
    """path -> content of the files in the handout of a lab."""
    given = {path: data for path, data in tree.items() if not is_instructors(path) and not is_later(path, lab)}
    for path, data in given.items():
        if path.endswith(".md"):
            given[path] = without_dead_links(path, data.decode("utf-8"), given).encode("utf-8")
    for path, found in marked.items():
        given[path] = handout_text(found, lab).encode("utf-8")
    return given


# --- leaks ---

def squeezed(text):
    """The text with each run of white space replaced by one blank."""
    return " ".join(text.split())


def without_comments(text):
    """C or assembly with its comments replaced by blanks."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def only_comments(text):
    """C or assembly with everything but its comments replaced by blanks."""
    ends = [0] + [m.start() if i else m.end() for m in re.finditer(r"/\*.*?\*/|//[^\n]*", text, re.S)
                  for i in (1, 0)] + [len(text)]
    return "".join(text[start:end] if n % 2 else re.sub(r"[^\n]", " ", text[start:end])
                   for n, (start, end) in enumerate(zip(ends, ends[1:])))


def code_lines(text, line=1):
    """[(number, code)] of the lines that are not SHORT, without comments."""
    return [(number, squeezed(code)) for number, code in
            enumerate(without_comments(text).splitlines(), line) if len("".join(code.split())) >= SHORT]


def find(secrets, text):
    """(line number, secret) of the first secret in a text, or None. A line end counts as a blank."""
    joined = squeezed(text)
    places = [(joined.find(secret), secret) for secret in secrets if secret in joined]
    if not places:
        return None
    place, secret = min(places)
    before = len(joined[:place].split())    # words
    for number, line in enumerate(text.splitlines(), 1):
        before -= len(line.split())
        if before < 0:
            break
    return number, secret


def hidden_lines(marked, lab):
    """The lines of the solution of a lab that are not SHORT, in order."""
    return [code for _, found in sorted(marked.items()) for part in found if part.is_out(lab)
            for _, code in code_lines(part.text)]


def leaks(marked, given, lab):
    """[(path, line number, the solution's line)]: the first line of the solution in each file of a handout.

    A line of the solution that is also a line of code elsewhere in the handout, such as crit_enter();,
    gives nothing away. But RUN of such lines in a row do: they are a copy."""
    hidden = hidden_lines(marked, lab)
    kept = {path: code_lines(data.decode("utf-8")) for path, data in given.items() if is_code(path)}
    usual = {code for lines in kept.values() for _, code in lines}
    secrets = sorted(set(hidden) - usual)
    runs = {tuple(hidden[at:at + RUN]) for at in range(len(hidden) - RUN + 1)}
    found = []
    for path, data in sorted(given.items()):
        text = data.decode("utf-8", "replace")
        hit = find(secrets, only_comments(text) if is_code(path) else text)
        if hit:
            found.append((path, *hit))
        lines = kept.get(path, [])
        found += [(path, lines[at][0], lines[at][1]) for at in range(len(lines) - RUN + 1)
                  if tuple(code for _, code in lines[at:at + RUN]) in runs][:1]
    return found


# --- the commands ---

def number_of(text, marked):
    """The number of the lab that LAB asks for."""
    numbers = [str(lab) for lab in (0, *labs(marked))]
    if text not in numbers:
        raise Refused(f"LAB={text}: give the number of a lab: {', '.join(numbers)}")
    return int(text)


def write_tree(given, out, source=machine.ROOT):
    """Write the files. Each is executable if its source is, and has the same time if it is the same, so
    that make need not build it again."""
    for path, data in given.items():
        place = out / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        if (source / path).stat().st_mode & stat.S_IXUSR:
            place.chmod(0o755)
        if (source / path).read_bytes() == data:
            os.utime(place, ns=((source / path).stat().st_mtime_ns,) * 2)


def git(out, *words):
    """Run git in a handout, as an anonymous user and independent of the instructor's own settings."""
    settings = ["user.name=Nymph", "user.email=nymph@localhost", "commit.gpgsign=false",
                "core.hooksPath=/dev/null", "core.autocrlf=false", "init.defaultBranch=main"]
    subprocess.run(["git", *(word for s in settings for word in ("-c", s)), *words], cwd=out, check=True,
                   stdout=subprocess.DEVNULL, env={k: v for k, v in os.environ.items()
                                                   if not k.startswith("GIT_")})


def empty_folder(text):
    """The folder that OUT asks for."""
    if not text:
        raise Refused("OUT=: give a folder for the student's tree, as in OUT=../lab4")
    out = pathlib.Path(text)
    if out.exists() and not out.is_dir():
        raise Refused(f"OUT={text}: this is a file; give a folder")
    if out.is_dir() and any(out.iterdir()):
        raise Refused(f"OUT={text}: this folder is not empty; give an empty one")
    return out


def make_handout(lab, out):
    """Check the handout of a lab, and write it as a repository with one commit."""
    tree = full_tree()
    marked = marked_files(tree)
    lab, out = number_of(lab, marked), empty_folder(out)
    given = student_tree(tree, marked, lab)
    found = leaks(marked, given, lab)
    if found:
        raise Refused("\n".join(f"{path}:{line}: a line of the solution: {code}"
                                for path, line, code in found))
    write_tree(given, out)
    built = kernels.build(tree, out) if lab == 0 else []
    git(out, "init", "-q", "--template=")
    git(out, "add", "-A", "-f")
    git(out, "commit", "-q", "-m", handed.SUBJECT.format(lab))
    removed = sum(part.is_out(lab) for found in marked.values() for part in found)
    print(f"{out}: the tree for lab {lab}; {len(given)} files, {removed} places where code was removed"
          + (f", {len(built)} kernels" if built else ""))


def put_solution(lab, out):
    """Put the removed code back into the tree of a handout."""
    marked = marked_files(full_tree())
    lab, out = number_of(lab, marked), pathlib.Path(out or ".")
    touched = {path: found for path, found in marked.items() if any(part.is_out(lab) for part in found)}
    if not all((out / path).is_file() for path in touched):
        raise Refused(f"OUT={out}: give a folder that `make handout` made")
    whole = {path: solved_text(found, lab, (out / path).read_text(encoding="utf-8"), path)
             for path, found in touched.items()}
    for path, text in whole.items():
        (out / path).write_text(text, encoding="utf-8")
    print(f"{out}: lab {lab} is solved")


def main(what):
    """Call what(LAB, OUT), with the options from the environment; return the exit status."""
    try:
        what(os.environ.get("LAB", ""), os.environ.get("OUT", ""))
        return 0
    except (Refused, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(put_solution if sys.argv[1:] == ["--solution"] else make_handout))
