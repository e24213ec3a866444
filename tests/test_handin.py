# SPDX-License-Identifier: BSD-3-Clause
"""`make handin` in a handout: what it says about changes, and that grading/class takes what it packs."""

import re
import subprocess
import tarfile

import pytest

from conftest import ROOT, make
from grading import handin, handout
from grading.staff import submission

LAB = 4
IPIQ = "kernel/lwkt/ipiq.c"


@pytest.fixture(scope="module", name="handed")
def fixture_handed(tmp_path_factory):
    """A handout of lab 4, with this tree's objects."""
    out = tmp_path_factory.mktemp("handin") / "lab4"
    make("-s", "handout", f"LAB={LAB}", f"OUT={out}")
    subprocess.run(["cp", "-a", "--sparse=always", ROOT / "build", out / "build"], check=True)
    return out


def edit(folder, path, old, new):
    """Change a file of a handout."""
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_handin(handed):
    """The command says which lab this is, what was changed where, and what is not written yet; grading/class reads
    the archive, and finds the same changes."""
    said = make("-s", "handin", cwd=handed).stdout
    assert re.search(r"^Lab 4\nHanded out [a-z0-9 ]+ ago; changed since then: nothing\nNot written yet: ", said)
    assert "It builds." in said
    edit(handed, IPIQ, "    not_implemented(4);\n", "    return 0;\n")
    edit(handed, IPIQ, "#include", "int more;\n#include")
    edit(handed, "kernel/boot/main.c", "    plic_init();", "    plic_init(); plic_init();")
    (handed / "user/mine.c").write_text("int main(void) { return 0; }\n")
    (handed / "answers.md").write_text("1. Because.\n")
    said = make("-s", "handin", "OUT=me.tar.gz", cwd=handed).stdout
    for line in ("  in the places of the lab: kernel/lwkt/ipiq.c",
                 "  beside these places, which your instructor will see: kernel/lwkt/ipiq.c (+1 -0)",
                 "  where the lab has no place, which your instructor will ask about: kernel/boot/main.c (+1 -1)",
                 "  outside of kernel/, which is not handed in: user/mine.c"):
        assert line in said.splitlines()
    assert "answers.md;" not in said
    with tarfile.open(handed / "me.tar.gz") as tar:
        assert "answers.md" in tar.getnames() and "user/mine.c" not in tar.getnames()
    taken = submission.take(handed / "me.tar.gz", LAB)
    assert not taken.notes and taken.changed == [
        "CHANGED, though the lab has no place in it: kernel/boot/main.c (+1 -1)",
        "changed beside the places of the lab: kernel/lwkt/ipiq.c"]


def test_another_labs_number(handed):
    """In the tree of lab 4, no archive for another lab is made."""
    done = make("-s", "handin", "LAB=2", cwd=handed, check=False)
    assert done.returncode == 2 and "LAB=2: this is the tree of lab 4" in done.stderr and not done.stdout
    assert not list(handed.glob("handin-lab2*"))


def test_what_will_be_refused():
    """What grading/class refuses to read is named, with the reason; line ends of Windows are none of that."""
    files = {IPIQ: b"int a;\r\n/* *\\\0\n/ */\r\n", "kernel/lwkt/crit.c": b"int a;\r\n", "answers.md": b"\0"}
    assert handin.refused(files) == [
        "This will be refused, so write it in another way: kernel/lwkt/ipiq.c has the control character 0x00 in line 2"]


def test_it_does_not_build(handed):
    """A kernel that does not build is packed all the same; the errors are shown, and the status is not 0."""
    edit(handed, "kernel/lwkt/crit.c", "#include", "int x = ;\n#include")
    done = make("-s", "handin", cwd=handed, check=False)
    assert done.returncode != 0 and "error: expected expression" in done.stdout
    assert done.stdout.endswith(" files)\n") and (handed / "handin-lab4.tar.gz").exists()


@pytest.mark.parametrize("lab", handout.labs(handout.marked_files(handout.full_tree())))
def test_solution_is_in_its_places(lab):
    """The solution of each lab differs from its handout only in the places of the lab, and beside them by whole
    functions that the handout does not have; the handout's unwritten functions have names."""
    tree = handout.full_tree()
    marked = handout.marked_files(tree)
    given = handout.student_tree(tree, marked, lab)
    found = handin.changes(given, {path: tree[path] for path in given}, lab)
    assert found["written"] and not found["elsewhere"]
    assert all(line.endswith(" -0)") for line in found["beside"])
    names = handin.unwritten({path: data for path, data in given.items() if path.startswith("kernel/")}, lab)
    assert names and all(name.isidentifier() and not name.startswith("__") for name in names)


def test_no_handout(tmp_path):
    """A tree that does not say which lab it is needs LAB."""
    for name in ("Makefile", "grading", "tools"):
        subprocess.run(["cp", "-a", ROOT / name, tmp_path], check=True)
    done = make("-s", "handin", cwd=tmp_path, check=False)
    assert done.returncode == 2 and "make handin LAB=4" in done.stderr and done.stderr.count("\n") == 2
