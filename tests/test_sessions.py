# SPDX-License-Identifier: BSD-3-Clause
"""Lab 0's tree, and the sessions of gdb and the traces in the labs' pages, which run in it."""

import re
import subprocess

import pytest

import sessions
from conftest import ROOT, make
from grading import handout, kernels, machine

pytestmark = pytest.mark.xdist_group("lab0")
ALL = [session for page in sessions.pages() for session in sessions.read(page)
       if any(step.shown for step in session.steps)]    # the others are commands to try


@pytest.fixture(scope="module")
def lab0(tmp_path_factory):
    """The tree of lab 0, with its programs built."""
    out = tmp_path_factory.mktemp("lab0") / "tree"
    make("-s", "handout", "LAB=0", f"OUT={out}")
    make("-s", cwd=out)
    return out


def test_tree(lab0):
    """It runs the whole kernel without building one, has no line of any solution, and the lines of its sources
    have the numbers that the kernels were built with."""
    assert not (lab0 / "build" / "kernel").exists()
    result = machine.run("echo alive", root=lab0, timeout=60, DETERMINISTIC=1, KERNEL="kernels/whole")
    assert "alive" in result.console
    assert "alive" in make("-s", "qemu", "RUN=echo alive", "DETERMINISTIC=1", "TIMEOUT=60", cwd=lab0).stdout
    refused = make("-s", "grade", "LAB=2", cwd=lab0, check=False)
    assert refused.returncode == 2 and "this is the tree of lab 0" in refused.stderr
    tree = handout.full_tree()
    marked = handout.marked_files(tree)
    given = handout.student_tree(tree, marked, 0)
    assert handout.leaks(marked, given, 0) == []
    for path in marked:
        assert given[path].count(b"\n") == tree[path].count(b"\n"), path
        assert len(given[path]) > len(tree[path]) / 4, path
    assert sorted(path.name for path in (lab0 / "kernels").iterdir()) == sorted(["whole", *kernels.named(tree)])


def test_paths(lab0):
    """The kernels' debugging information does not say where they were built."""
    listing = subprocess.run(["riscv64-unknown-elf-readelf", "--debug-dump=info", "--dwarf-depth=1",
                              lab0 / "kernels" / "whole"], capture_output=True, text=True, check=True).stdout
    folders = set(re.findall(r"DW_AT_comp_dir.*: (\S+)$", listing, re.M))
    assert folders == {"."}


@pytest.mark.parametrize("session", ALL, ids=lambda session: f"{session.page.stem}-{session.line}")
def test_session(lab0, session):
    """Each line that the page shows is in the output, in this order."""
    good, missing = sessions.play(session, lab0)
    assert not missing, "\n".join(missing)
    assert good


@pytest.mark.parametrize("page", sessions.pages(), ids=lambda page: page.stem)
def test_times_in_the_text(page):
    """A time that the text speaks of is in a trace of the page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    traces = {n for line in lines if line.startswith("    ") for n in re.findall(r"\bt=(\d+)", line)}
    assert {n for line in lines if not line.startswith("    ") for n in re.findall(r"\b\d{7}\b", line)} <= traces


def figures(text):
    """{lock: [calls a second with 1, 2, ... harts]} from what `locks` prints."""
    found = {}
    for lock, calls in re.findall(r"^locks harts=\d lock=(\w+) .*calls_per_s=(\d+)", text, re.M):
        found.setdefault(lock, []).append(int(calls))
    return found


def test_locks(lab0):
    """The table of lab 6 is what `locks` counts, to a tenth."""
    page = (ROOT / "docs" / "labs" / "lab6.md").read_text(encoding="utf-8")
    shown = [(name, [int(n.replace(",", "")) for n in numbers.split()]) for name, numbers in
             re.findall(r"^    (own|quarter|one|giant) +([\d, ]+)$", page, re.M)]
    assert len(shown) == 8
    for rows, ipi in ((shown[:4], "sbi"), (shown[4:], "sswi")):
        counted = figures(machine.run("locks", root=lab0, timeout=200, KERNEL="kernels/whole", DETERMINISTIC=1,
                                      SEED=1, APPEND="ktest=1", IPI=ipi).console)
        for name, numbers in rows:
            for said, now in zip(numbers, counted[name][-len(numbers):]):
                assert abs(said - now) < said / 10, (ipi, name, said, now)


def test_a_stale_page_is_found(tmp_path):
    """The comparison sees a line that is not there, lines in another order, and another address for one that
    the page names twice."""
    page = tmp_path / "page.md"
    page.write_text("text\n\n    $ make qemu RUN='a' \\\n          CPUS=1\n\n    ktr t=11 a=0x1234567 b=0x3\n"
                    "    ktr t=12 a=0x1234567 b=0x4\n\n    a table\n", encoding="utf-8")
    (session,) = sessions.read(page)
    assert session.command == "make qemu RUN='a' CPUS=1" and len(session.steps[0].shown) == 2
    shown = session.steps[0].shown
    assert sessions.compare(shown, "ktr t=5 a=0xabcdef1 b=0x3\nktr t=6 a=0xabcdef1 b=0x4") == (
        [(6, "ktr t=5 a=0xabcdef1 b=0x3"), (7, "ktr t=6 a=0xabcdef1 b=0x4")], [])
    for output in ("ktr t=5 a=0xabcdef1 b=0x4", "ktr t=6 a=0xabcdef1 b=0x4\nktr t=5 a=0xabcdef1 b=0x3",
                   "ktr t=5 a=0xabcdef1 b=0x3\nktr t=6 a=0xabcdef2 b=0x4", ""):
        assert sessions.compare(shown, output)[1], output
