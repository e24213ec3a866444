# SPDX-License-Identifier: BSD-3-Clause
"""`make carry` takes a student's code from one lab's tree into another; a handout knows its age."""

import subprocess

import pytest

from conftest import ROOT, make
from grading import carry, handed, handout

TREE = handout.full_tree()
MARKED = handout.marked_files(TREE)


def git(folder, *words):
    """Run git as a student."""
    return subprocess.run(["git", "-c", "user.name=S", "-c", "user.email=s@localhost", *words], cwd=folder,
                          capture_output=True, text=True, check=True).stdout


def tree_of(lab, out):
    """A lab's tree, as `make handout` writes it."""
    handout.make_handout(str(lab), str(out))
    return out


def edit(folder, path, *pairs):
    """Replace texts in a file, each of which is there once."""
    text = (folder / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, (path, old, text.count(old))
        text = text.replace(old, new)
    (folder / path).write_text(text, encoding="utf-8")


@pytest.fixture
def trees(tmp_path):
    """Lab 4's tree, solved but for one function and with changes of the student's own, and lab 5's."""
    four, five = tree_of(4, tmp_path / "lab4"), tree_of(5, tmp_path / "lab5")
    handout.put_solution("4", str(four))
    edit(four, "kernel/lwkt/ipiq.c",
         ("    return ip->ip_windex - consume", "    /* mine */\n    return ip->ip_windex - consume"),
         ("static inline uint32 ring_depth(", "static int own_helper(int a)\n{\n    return a + 1;\n}\n\n"
          "static inline uint32 ring_depth("))
    text = (four / "kernel/lwkt/ipiq.c").read_text(encoding="utf-8")
    start = text.index("{ /* lab 4 */", text.index("int lwkt_send_ipiq_mask(")) + len("{ /* lab 4 */\n")
    text = text[:start] + "    not_implemented(4);\n" + text[text.index("\n}\n", start) + 1:]
    (four / "kernel/lwkt/ipiq.c").write_text(text, encoding="utf-8")
    (four / "user/mine.c").write_text("int main(void)\n{\n    return 0;\n}\n", encoding="ascii")
    (four / "README.md").write_text("mine\n", encoding="ascii")
    return four, five


def test_carry(trees, capsys):
    """The student's functions and helper come along, the next lab's places stay open, what was not written keeps
    the course's code, new programs are copied, and what is not carried is said. A second time changes nothing."""
    four, five = trees
    for again in range(2):
        assert carry.main(four, five) == 0
        said = capsys.readouterr().out
        assert "lwkt_send_ipiq_mask is not written there" in said and "README.md: only kernel/ is merged" in said
        assert "functions of lab 4" in said and "make grade LAB=4" in said
        text = (five / "kernel/lwkt/ipiq.c").read_text(encoding="utf-8")
        assert text.count("/* mine */") == 1 and text.count("static int own_helper(") == 1
        assert "not_implemented(4)" not in text and text.count("int lwkt_send_ipiq_mask(") == 1
        assert "not_implemented(5)" in (five / "kernel/lwkt/preempt.c").read_text(encoding="utf-8")
        assert (five / "user/mine.c").exists() and (five / "README.md").read_text(encoding="utf-8") != "mine\n"
        if not again:
            assert "kernel/lwkt/ipiq.c" in git(five, "diff", "--name-only")
            git(five, "add", "-A")
            git(five, "commit", "-qm", "carried")
    assert git(five, "diff", "--name-only") == ""


def test_it_builds(trees):
    """A tree with code that was carried builds."""
    four, five = trees
    make("-s", "carry", f"FROM={four}", cwd=five)
    make("-s", "-j2", "build/kernel", cwd=five)


def test_two_labs_on(trees, tmp_path):
    """What was carried into lab 5's tree comes along from there to lab 6's."""
    four, five = trees
    six = tree_of(6, tmp_path / "lab6")
    assert carry.main(four, five) == 0
    git(five, "add", "-A")
    git(five, "commit", "-qm", "carried")
    assert carry.main(five, six) == 0
    text = (six / "kernel/lwkt/ipiq.c").read_text(encoding="utf-8")
    assert text.count("/* mine */") == 1 and text.count("static int own_helper(") == 1
    assert "not_implemented(6)" in (six / "kernel/lwkt/token.c").read_text(encoding="utf-8")


def test_what_does_not_fit(trees, capsys):
    """Where both trees have changed the same lines, the file stays, and the functions are named."""
    four, five = trees
    for folder, number in ((four, 6), (five, 3)):
        edit(folder, "kernel/lwkt/ipiq.c", ("#define NESTING_MAX 4 ", f"#define NESTING_MAX {number} "))
    git(five, "commit", "-qam", "changed")
    before = (five / "kernel/lwkt/ipiq.c").read_text(encoding="utf-8")
    assert carry.main(four, five) == 1
    assert "kernel/lwkt/ipiq.c: does not fit, in its first lines" in capsys.readouterr().out
    assert (five / "kernel/lwkt/ipiq.c").read_text(encoding="utf-8") == before
    left = (five / "build/carry/kernel/lwkt/ipiq.c").read_text(encoding="utf-8")
    assert "<<<<<<< this tree" in left and "/* mine */" in left


def test_refused(trees, tmp_path):
    """A wrong FROM, and a tree with changes that are not committed, are refused in a line; nothing is changed."""
    _, five = trees
    for words, says in ((["FROM="], "FROM=:"), (["FROM=/no/such"], "no such folder"),
                        ([f"FROM={tmp_path}"], "")):
        done = make("-s", "carry", *words, cwd=five, check=False)
        assert done.returncode == 2 and says in done.stderr and git(five, "status", "--porcelain") == ""
    edit(five, "kernel/lwkt/crit.c", ("SPDX", "SPDX "))
    done = make("-s", "carry", f"FROM={trees[0]}", cwd=five, check=False)
    assert "not committed" in done.stderr


def test_age(trees):
    """A handout knows its lab and its age; another tree has none."""
    found = handed.read(trees[0])
    assert found.lab == 4 and handed.age(trees[0]) == "This tree was handed out less than a minute ago."
    assert [handed.ago(n) for n in (59, 61, 7200, 86400 * 3, 86400 * 15)] == [
        "less than a minute", "1 minute", "2 hours", "3 days", "2 weeks"]
    assert handed.age(ROOT) == ""
