# SPDX-License-Identifier: BSD-3-Clause
"""docs/labs/labN.md and the tree agree: the names in a lab's page exist, and the page names all parts of the
lab.

A page has all of PARTS. The answers to its questions are in grading/answers/labN.md, with the same numbers.
"""

import functools
import re

import pytest

from conftest import ROOT
from grading import engine, handout

LABS = range(1, 10)
PARTS = ["Reading", "The protocol", "The task", "How it is graded", "How to see your bug", "Hints",
         "Questions", "Design note", "Challenge"]
TREES = ("kernel", "user", "grading", "tools", "mkfs", "tests")
SUFFIXES = (".c", ".h", ".S", ".py", ".md", ".ld")
# Words in backticks that need not exist in this tree: registers, instructions, words of shells and gdb.
ELSEWHERE = re.compile(r"\$?[a-z]{1,5}\d*|[A-Z0-9]+|-?\d+|0x[0-9a-f]+|sstatus|mhartid|stimecmp|[a-z]+\.[A-Z]+")


@functools.cache
def page(number):
    """The text of a lab's page."""
    return (ROOT / "docs" / "labs" / f"lab{number}.md").read_text(encoding="utf-8")


def parts(number):
    """heading -> text, for the parts of a page; '' is the heading of the text before the first part."""
    pieces = re.split(r"^## (.*)$", page(number), flags=re.M)
    return dict(zip(["", *pieces[1::2]], pieces[::2]))


def rows(text):
    """The cells of each row of the tables in a text, without the head rows."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for i, row in enumerate(cells) if not set("".join(row)) <= set("-: ") and
            not (i + 1 < len(cells) and set("".join(cells[i + 1])) <= set("-: "))]


def in_backticks(text):
    """The words in `backticks`, but not those in blocks of examples."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(r"^    .*$", "", text, flags=re.M)
    return re.findall(r"`([^`\n]+)`", text)


@functools.cache
def sources():
    """path -> text, for the files that a lab can name."""
    found = [path for tree in TREES for path in (ROOT / tree).rglob("*") if path.is_file()]
    found += [ROOT / name for name in ("Makefile", "README.md")]
    return {path: path.read_text(encoding="utf-8", errors="replace") for path in found
            if path.suffix != ".pyc" and path.name != "test_labs.py"}


@functools.cache
def words():
    """All words in the sources."""
    return {word for text in sources().values() for word in re.findall(r"\w+", text)}


def has_file(name):
    """Whether a file exists that is named like `kernel/lwkt/switch.c`, `lwkt/switch.c` or just `switch.c`, or
    a folder whose name ends with a slash."""
    if name.endswith("/"):
        return (ROOT / name).is_dir() or (ROOT / "kernel" / name).is_dir()
    return any(str(path.relative_to(ROOT)) == name or str(path).endswith("/" + name)
               for path in sources())


def names(text):
    """(files, identifiers) that a text names in backticks."""
    files, identifiers = set(), set()
    for word in in_backticks(text):
        name = re.sub(r"\(.*\)$", "", word)
        if re.fullmatch(r"[\w./-]+", name) and (name.endswith(SUFFIXES) or name.endswith("/")):
            files.add(name)
        elif re.fullmatch(r"\w+", name) and not ELSEWHERE.fullmatch(name):
            identifiers.add(name)
    return files, identifiers


def function_above(lines, at):
    """The function that line `at` belongs to: the nearest name before it that begins in column 0."""
    for line in reversed(lines[:at + 1]):
        # A declaration's continuation is indented; macros and comments do not count.
        line = re.sub(r"__attribute__\(\(\w+\)\) ", "", line)
        found = re.match(r"(?:[\w*][\w\s*]*?\b)?(\w+)\(", line) or re.match(r"(\w+):", line)
        if found and not line.startswith((" ", "#", "/", "}")):
            return found.group(1)
    return None


def functions_in(lines):
    """The functions, or labels of assembly, that begin among these lines."""
    return {found.group(1) for line in lines if not line.startswith((" ", "#", "/", "}"))
            for found in [re.match(r"(?:[\w*][\w\s*]*?\b)?(\w+)\([^;]*$", line) or
                          re.match(r"([a-z_]\w+):", line)] if found}


def marked(number):
    """(functions to write, all functions with code to write), according to the marks in the sources."""
    wanted, allowed = set(), set()
    for path, text in sources().items():
        if path.suffix not in (".c", ".h", ".S") or f"lab {number}" not in text:
            continue
        lines, start = text.splitlines(), None
        for at, line in enumerate(lines):
            if re.search(rf"\{{ /\* lab {number} \*/", line):
                wanted.add(function_above(lines, at))
            elif f"{{ /* lab {number}: helper */" in line:
                allowed.add(function_above(lines, at))
            elif f"lab {number}: from here" in line:
                start = at
                if path.suffix != ".S":  # without a "to here", the rest of the function is out
                    allowed.add(function_above(lines, at))
            elif f"lab {number}: to here" in line:
                allowed |= functions_in(lines[start:at]) | {function_above(lines, start)}
                wanted |= functions_in(lines[start:at]) if path.suffix == ".S" else set()
    return wanted, wanted | allowed


def tasks(number):
    """The functions in the first column of the table in The task."""
    return {re.sub(r"\(.*", "", name) for row in rows(parts(number)["The task"])
            for name in re.findall(r"`([^`]+)`", row[0])}


def graded(number):
    """test -> points, according to the tables of the page."""
    return {row[0].strip("`"): row[1] for row in rows(parts(number)["How it is graded"])
            if re.fullmatch(r"`\w+`", row[0])}


def numbered(text):
    """The numbers of the items of a list."""
    return [int(number) for number in re.findall(r"^(\d+)\. ", text, re.M)]


every_lab = pytest.mark.parametrize("number", LABS)


@every_lab
def test_parts(number):
    """A page has a first line with the time and what comes before it, then what the student will see when it
    is done, and will understand, then all parts in order."""
    head = parts(number)[""]
    assert re.search(r"^\*Takes [^*]+\. Before it: [^*]+\.\*$", head, re.M), head[:300]
    assert "**You will see**" in head and "**You will understand**" in head
    assert list(parts(number))[1:] == PARTS
    assert re.search(r"^(    |```)", parts(number)["The protocol"], re.M), "no figure"
    assert "(gdb)" in parts(number)["How to see your bug"], "no gdb session"
    assert "ktrdump" in parts(number)["How to see your bug"], "no trace"


@every_lab
def test_names(number):
    """Every file, function, field and flag that the page names exists."""
    files, identifiers = names(page(number))
    assert files, "no file is named"
    assert [name for name in sorted(files) if not has_file(name)] == []
    assert sorted(identifiers - words()) == []


@every_lab
def test_graders(number):
    """The tables list all tests of the lab, with their points."""
    cases = {case.name: str(case.points) for lab in engine.load_labs() if lab.number == number
             for case in lab.tests}
    assert cases, "the lab has no graders"
    assert graded(number) == cases


@every_lab
def test_task(number):
    """The table in The task has the functions that are marked for this lab, and no others."""
    wanted, allowed = marked(number)
    assert sorted(wanted - tasks(number)) == [], "marked, but not in the table"
    assert sorted(tasks(number) - allowed) == [], "in the table, but not marked"


@every_lab
def test_answers(number):
    """There is an answer for each question, and there are notes for the instructor, on the design note, too."""
    text = (ROOT / "grading" / "answers" / f"lab{number}.md").read_text(encoding="utf-8")
    answers, _, notes = text.partition("## Notes")
    questions = numbered(parts(number)["Questions"])
    assert questions and questions == list(range(1, len(questions) + 1))
    assert numbered(answers) == questions
    assert len(notes.split()) > 40, "notes for the instructor"
    assert "What a good design note has in it:" in notes


def test_table_of_labs():
    """The table in LAB.md lists every lab, with the title of its page and a link to it. No other
    file is in docs/labs."""
    text = (ROOT / "LAB.md").read_text(encoding="utf-8")
    for number in LABS:
        title = re.match(r"# Lab \d: (.*)", page(number)).group(1)
        row = f"| {number} | [{title}](docs/labs/lab{number}.md) |"
        assert any(line.startswith(row) for line in text.splitlines()), row
    assert sorted((ROOT / "docs" / "labs").iterdir()) == [ROOT / "docs" / "labs" / f"lab{n}.md" for n in LABS]


@every_lab
def test_hours(number):
    """The hours in LAB.md are within two fifths of what its rule gives."""
    reading = in_backticks(parts(number)["Reading"])
    source = sum(sources()[ROOT / name].count("\n") for name in set(reading) if ROOT / name in sources())
    files = {str(path.relative_to(ROOT)): text.encode() for path, text in sources().items()}
    lines = sum(len(handout.code_lines(piece.text)) for found in handout.marked_files(files).values() for piece in found
                if piece.lab == number)
    rule = source / 400 + lines * (10 if number in (4, 6) else 5) / 60
    row = re.search(rf"^\| {number} \|[^|]*\| (\d+) \|", (ROOT / "LAB.md").read_text(encoding="utf-8"), re.M)
    assert abs(int(row.group(1)) - rule) <= rule * 2 / 5, rule


def test_reader_of_marks():
    """The functions here find the names of marked functions."""
    lines = ["static inline int take(struct x *x,", "                       int y)", "{ /* lab 2 */"]
    assert function_above(lines, 2) == "take"
    assert functions_in(["        .globl  one", "one:", "        ret"]) == {"one"}
    assert functions_in(["void two(void)", "{", "    three(1);", "}"]) == {"two"}
