# SPDX-License-Identifier: BSD-3-Clause
"""docs/lwkt.md against the sources: the table is complete, and every name in it exists."""

import re

import pytest

from conftest import ROOT

DOC = ROOT / "docs" / "lwkt.md"
FILES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "kernel").rglob("*"))
         if path.suffix in (".c", ".h", ".S")}
LWKT = ROOT / "kernel" / "lwkt"
DIFFERENT = "Differences from DragonFly"


def code_of(text):
    """The text with comments and attributes blanked; strings stay, since sysctls are named there."""
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)
    return re.sub(r"__attribute__\(\(.*?\)\)\s", "", text)


CODE = {path: code_of(text) for path, text in FILES.items()}
FUNCTION = re.compile(r"^(?![#\s])[^;{}#]*?\b(\w+)\([^;{}]*\)\s*\n\{(.*?)^\}", re.M | re.S)
BODIES = {path: {m.group(1): m.group(2) for m in FUNCTION.finditer(code)}
          for path, code in CODE.items()}


def gaps(ranges, last):
    """What is wrong with a list of (first, last) that should cover 1 to `last`, each line once."""
    wrong, next_line = [], 1
    for first, end in ranges:
        if first != next_line:
            wrong.append(f"{first} follows {next_line - 1}")
        if end < first:
            wrong.append(f"{first}-{end} is empty")
        next_line = end + 1
    if next_line != last + 1:
        wrong.append(f"ends at {next_line - 1} of {last}")
    return wrong


def doc_lines():
    """The document's lines outside of figures."""
    fenced, found = False, []
    for line in DOC.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            found.append(line)
    return found


def cells(line):
    """The cells of a line of a table."""
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []


def rows():
    """[(first line, last line, what stands there, here)] of the table of DragonFly's lines."""
    found = []
    for line in doc_lines():
        row = cells(line)
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", row[0]) if len(row) == 3 else None
        if match:
            found.append((int(match.group(1)), int(match.group(2) or match.group(1)), row[1], row[2]))
    return found


def file_named(name):
    """The file of kernel/lwkt of that name, or else the only one in kernel/."""
    if LWKT / name in FILES:
        return LWKT / name
    found = [path for path in FILES if str(path).endswith("/" + name)]
    assert len(found) == 1, f"{name}: {len(found)} files"
    return found[0]


def names(text):
    """The names in typewriter: (name, whether a function), or (file, None)."""
    for word in re.findall(r"`([^`]+)`", text):
        if re.fullmatch(r"[\w/]+\.[chS]", word):
            yield word, None
        elif match := re.fullmatch(r"(\w+)(\(\))?", word):
            yield match.group(1), match.group(2) is not None


def is_in(path, name, is_function):
    """Whether a file defines that function, or mentions that name outside of its comments."""
    if is_function:
        return name in BODIES[path] or re.search(rf"^#define {name}\(|^{name}:", CODE[path], re.M)
    return re.search(rf"\b{name}\b", CODE[path])


def missing(text, anywhere):
    """Names that are not in the file before them (anywhere: in any file)."""
    path = None
    for name, is_function in names(text):
        if is_function is None:
            path = file_named(name)
            continue
        places = FILES if anywhere or not path else [path]
        if not any(is_in(place, name, is_function) for place in places):
            where = path.relative_to(ROOT) if len(places) == 1 else "kernel/"
            yield f"{where}: {name}{'()' * is_function}"


def test_checks_can_fail():
    """The checks below see a gap, an overlap, a file and a name that are not there."""
    assert gaps([(1, 3), (4, 9)], 9) == []
    for wrong in ([(1, 3), (5, 9)], [(1, 4), (4, 9)], [(1, 8)], [(2, 9)], [(1, 3), (4, 2), (3, 9)]):
        assert gaps(wrong, 9), wrong
    assert list(missing("`sched.c`: `lwkt_switch()`, `lwkt_switch`, `TDF_NONE`", False)) == [
        "kernel/lwkt/sched.c: lwkt_switch()", "kernel/lwkt/sched.c: TDF_NONE"]
    assert list(missing("`lwkt_switch()` and `lwkt_swatch()`", True)) == ["kernel/: lwkt_swatch()"]
    with pytest.raises(AssertionError):
        file_named("nosuch.c")


def test_table_covers_the_file():
    """Each line of DragonFly's file is in exactly one row."""
    last = re.search(r"The file has (\d+) lines", DOC.read_text(encoding="utf-8"))
    assert last and len(rows()) > 150
    assert gaps([row[:2] for row in rows()], int(last.group(1))) == []


def test_table_leads_somewhere():
    """Each row names a file and something in it, or says that there is nothing here, and why."""
    wrong = []
    for first, last, there, here in rows():
        absent, found = here.startswith("Not here"), list(names(here))
        if not there:
            wrong.append(f"{first}-{last} does not say what stands there")
        if absent and not re.match(r"Not here: .{10}", here):
            wrong.append(f"{first}-{last} does not say why")
        if not absent and (len(found) < 2 or found[0][1] is not None):
            wrong.append(f"{first}-{last} names no file, or nothing in it")
        wrong += [f"{first}-{last}: {name}" for name in missing(here, absent)]
    assert not wrong, "\n".join(wrong)


def test_every_name_exists():
    """Every name in typewriter is one of the kernel's; those after "Where:" are in the file named."""
    text = "\n".join(doc_lines())
    wrong = list(missing(text, True))
    assert not wrong, "\n".join(wrong)
    where = re.findall(r"^\*\*Where:\*\*(.*?)(?=\n\n)", text, re.M | re.S)
    assert len(where) > 10
    wrong = [lost for paragraph in where for lost in missing(paragraph, False)]
    assert not wrong, "\n".join(wrong)


def test_names_used_elsewhere():
    """The index of names that DragonFly's file uses: each leads somewhere, at lines that exist."""
    text = DOC.read_text(encoding="utf-8").split("## Names that the file uses", 1)[1]
    index = [cells(line) for line in text.split("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert len(index) > 30
    wrong = []
    for name, used, here in index:
        absent = here.startswith("Not here: ")
        if not all(1 <= int(n) <= rows()[-1][1] for n in re.findall(r"\d+", used)):
            wrong.append(f"{name}: lines {used}")
        if not absent and list(names(here))[0][1] is not None:
            wrong.append(f"{name}: no file")
        wrong += [f"{name}: {lost}" for lost in missing(here, absent)]
    assert not wrong, "\n".join(wrong)


def test_every_ordering_is_listed():
    """Each function of kernel/lwkt that publishes or consumes is in the table of pairs."""
    text = DOC.read_text(encoding="utf-8").split("## Who publishes and who consumes")[1]
    listed = {name for name, is_function in names(text.split("\n# ")[0]) if is_function}
    wrong = [f"{path.name}: {name}" for path, functions in BODIES.items() if path.parent == LWKT
             for name, body in functions.items()
             if re.search(r"\b(publish|consume)\(", body) and name not in listed]
    assert not wrong, "not in docs/lwkt.md's table of pairs:\n" + "\n".join(wrong)


def test_files_say_how_they_differ():
    """The list of files is complete, and says the same as the head comment of each."""
    text = DOC.read_text(encoding="utf-8").split("## The files of kernel/lwkt")[1].split("\n## ")[0]
    said = {row[0].strip("`"): row[1] for row in map(cells, text.splitlines())
            if len(row) == 3 and row[0].startswith("`")}
    assert sorted(said) == sorted(path.name for path in FILES if path.parent == LWKT)
    assert set(said.values()) == {"differs", "same", "ours"}
    wrong = [f"{name}: the list says '{word}', its head comment does not" for name, word in said.items()
             if (DIFFERENT in FILES[LWKT / name].partition("*/")[0]) != (word == "differs")]
    assert not wrong, "\n".join(wrong)
