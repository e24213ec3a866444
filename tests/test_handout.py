# SPDX-License-Identifier: BSD-3-Clause
"""Handouts: the tree of each lab builds, says what is missing, and does not give the solution away."""

import ast
import os
import re
import subprocess

import pytest

from conftest import ROOT, make
from grading import engine, handout, machine

TREE = handout.full_tree()
MARKED = handout.marked_files(TREE)
LABS = handout.labs(MARKED)
BOOT = {5, 6, 9}    # labs whose functions are not needed to boot to the shell and run `echo`


@pytest.fixture(scope="module", params=[
    pytest.param(lab, marks=pytest.mark.xdist_group(f"handout{lab}")) for lab in LABS])
def handed(request, tmp_path_factory):
    """(lab, folder) of each handout, with this tree's object files where the sources are the same."""
    out = tmp_path_factory.mktemp("handout") / f"lab{request.param}"
    make("-s", "handout", f"LAB={request.param}", f"OUT={out}")
    subprocess.run(["cp", "-a", "--sparse=always", ROOT / "build", out / "build"], check=True)
    return request.param, out


def points(lab, folder):
    """Grade a handout with one seed: (points, most, lines of tests)."""
    done = make("-s", "grade", f"LAB={lab}", "SEED=7", cwd=folder, check=False)
    got, most = re.search(r"^Points: (\d+) of (\d+)", done.stdout, re.M).groups()
    return int(got), int(most), re.findall(r"^  (ok|FAIL) +(\w+)", done.stdout, re.M)


def test_handout(handed):
    """The handout builds without a warning, and its machine boots or says what is not implemented. It gets
    at most a tenth of the lab's points, and the same in each grading. With the solution put back it is
    this tree, byte for byte (but for links to pages that it lacks), and gets full points."""
    lab, out = handed
    done = make("-s", "-j2", "WERROR=1", cwd=out)
    assert "warning" not in done.stdout + done.stderr
    result = machine.run("echo alive", root=out, timeout=60, DETERMINISTIC=1)
    if lab in BOOT:
        assert "alive" in result.console
    else:
        found = re.search(r"^panic: not implemented: (\w+) \(lab (\d)\)$", result.console, re.M)
        assert found and int(found.group(2)) == lab, result.tail()
    graded = bool(engine.load_labs(str(lab)))
    if graded:
        got, most, tests = points(lab, out)
        assert 10 * got <= most, tests
        assert points(lab, out) == (got, most, tests)
    make("-s", "solution", f"LAB={lab}", f"OUT={out}")
    for path in subprocess.run(["git", "ls-files"], cwd=out, capture_output=True, text=True,
                               check=True).stdout.splitlines():
        assert path.endswith(".md") or (out / path).read_bytes() == (ROOT / path).read_bytes(), path
    if graded:
        got, most, tests = points(lab, out)
        assert got == most, tests


def test_repository(handed):
    """A handout is a repository with one commit. It has none of the instructor's files, and no file that
    needs them."""
    _, out = handed
    assert subprocess.run(["git", "log", "--format=%s"], cwd=out, capture_output=True, text=True,
                          check=True).stdout.count("\n") == 1
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert not any(handout.is_instructors(path) for path in files)
    for path in files:
        if path.endswith(".py"):
            for name in imported((out / path).read_text(encoding="utf-8")):
                missing = ROOT / f"{name}.py", ROOT / f"tests/{name}.py"
                assert not any(place.exists() and not (out / place.relative_to(ROOT)).exists()
                               for place in missing), f"{path} needs {name}"
    assert "handout" not in make("help", cwd=out).stdout


@pytest.mark.parametrize("lab", LABS)
def test_pages(lab):
    """A handout has the pages of its lab and of those before it, and no link to a page that it lacks."""
    given = handout.student_tree(TREE, MARKED, lab)
    assert [path for path in sorted(given) if handout.PAGE.fullmatch(path)] == [
        f"docs/labs/lab{n}.md" for n in range(1, lab + 1)]
    for path, data in given.items():
        for target in re.findall(rb"\]\(([^)#:]+)[^):]*\)", data) if path.endswith(".md") else []:
            place = os.path.normpath(os.path.join(os.path.dirname(path), target.decode()))
            assert handout.has(given, place), f"{path}: {place}"
    assert b"| 1 | [Harts and boot](docs/labs/lab1.md) |" in given["LAB.md"]
    assert (b"| 9 | [Messages](docs/labs/lab9.md) |" in given["LAB.md"]) == (lab == 9)


def imported(text):
    """The modules that a Python file imports, as paths."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name.replace(".", "/") for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.replace(".", "/")
            yield from (f"{node.module.replace('.', '/')}/{name.name}" for name in node.names)


@pytest.mark.parametrize("lab", LABS)
def test_leaks(lab):
    """A handout does not give the solution away. A line of the solution is found in a text, in a test and in
    a comment of the kernel, and so is a copy of a function."""
    given, places = handout.student_tree(TREE, MARKED, lab), {}
    assert handout.leaks(MARKED, given, lab) == []
    lines = handout.hidden_lines(MARKED, lab)
    code = " ".join(handout.squeezed(data.decode()) for path, data in given.items() if handout.is_code(path))
    line = next(line for line in lines[6:] if line not in code and line not in lines[:6])
    for path, text in {"LAB.md": f"as in `{line.replace(' ', '  ', 1)}`", "tests/test_boot.py": f"# {line}",
                       "kernel/boot/main.c": f"/* {line} */", "user/ls.c": "\n".join(lines[:6])}.items():
        places[path] = given[path].count(b"\n") + 2
        given[path] += f"\n{text}\n".encode()
    assert {path: number for path, number, _ in handout.leaks(MARKED, given, lab)} == places


BAD = [("LAB=", "", "LAB=:"), ("LAB=ipi", "", "LAB=ipi:"), ("LAB=12", "", "LAB=12:"),
       ("LAB=4", "OUT=", "OUT=:"), ("LAB=4", "OUT=README.md", "is a file"),
       ("LAB=4", "OUT=kernel", "not empty")]


@pytest.mark.parametrize("lab, out, says", BAD)
def test_bad_options(lab, out, says):
    """A wrong option is reported in one line that says what to give, and nothing is written."""
    done = make("-s", "handout", lab, out or "OUT=no-such-folder", check=False)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert done.returncode == 2 and len(lines) == 1 and says in lines[0] and done.stdout == ""
    assert not (ROOT / "no-such-folder").exists()


SOURCE = """/* A file. */
#include "x.h"

/* Helps. */
static int help(void)
{ /* lab 3: helper */
    return 1;
}

int f(int a)
{ /* lab 4 */
    return a;
}

int g(int a)
{
    knob();
    /* lab 4: from here */
    a++;
    /* lab 4: to here */
    return a;
}
"""


def test_marks():
    """Each kind of mark removes the right code, and the code can be put back."""
    parts = handout.pieces("kernel/x.c", SOURCE)
    four, three = handout.handout_text(parts, 4), handout.handout_text(parts, 3)
    assert four == SOURCE.replace("{ /* lab 4 */\n    return a;", "{ /* lab 4 */\n    not_implemented(4);"
                                  ).replace("    a++;", "    not_implemented(4);")
    assert three == SOURCE[:SOURCE.index("/* Helps")] + SOURCE[SOURCE.index("int f"):]
    for lab, text in ((3, three), (4, four), (5, SOURCE)):
        assert handout.solved_text(parts, lab, text, "x.c") == SOURCE
    with pytest.raises(handout.Refused):
        handout.solved_text(parts, 4, four.replace("knob", "other"), "x.c")
    with pytest.raises(handout.Refused):
        handout.pieces("kernel/x.c", SOURCE[:SOURCE.index("    return a;\n}\n\nint g")])
