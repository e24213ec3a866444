# SPDX-License-Identifier: BSD-3-Clause
"""Names in the documents under docs/: which file, and what in it, a text speaks of.

A document writes a name of the source as `name` in `path`, with the path from the top of the tree:
`tsleep` in `kernel/proc/tsleep.c`. In a line that begins a step of a story, the path comes first:
`kernel/proc/tsleep.c`: `tsleep`. A path that stands alone only has to exist.
"""

import re

from conftest import ROOT

PATH = r"`((?:kernel|user|mkfs|tests|tools|grading|docs)/[\w./-]+|Makefile|README\.md|LAB\.md)`"
NAME = r"`(\w+)(?:\(\))?`"
NAMES = rf"{NAME}(?:(?:,| and|, and) {NAME})*"
NAME_IN_PATH = re.compile(rf"((?:{NAMES}))\s+in\s+{PATH}")
PATH_THEN_NAMES = re.compile(rf"{PATH}:\s+((?:{NAMES}))")


def paths(text):
    """The paths that a document speaks of."""
    return sorted(set(re.findall(PATH, text)))


def names(text):
    """(path, name) of each name that a document says is in a file."""
    text = re.sub(r"\s+", " ", text)
    found = set()
    for match in NAME_IN_PATH.finditer(text):
        path = re.search(PATH, match.group(0)[len(match.group(1)):]).group(1)
        found |= {(path, name) for name in re.findall(NAME, match.group(1))}
    for match in PATH_THEN_NAMES.finditer(text):
        found |= {(match.group(1), name) for name in re.findall(NAME, match.group(2))}
    return sorted(found)


def defines(path, name):
    """True when the file defines that name: a function, an assembly label, a macro, a struct or an
    enum's constant. A use alone does not count: a function that has moved away is found out."""
    text = (ROOT / path).read_text()
    if path.endswith((".md", ".py", "Makefile")) or "." not in path.rpartition("/")[2]:
        return re.search(rf"\b{name}\b", text) is not None
    word = re.escape(name)
    body = rf"^(?!\s|#|/\*| \*)[^;{{}}=()]*\b{word}\s*\([^;{{}}]*\)[^;{{}}()]*(?:/\*[^*]*\*/\s*)?\{{"
    patterns = [
        body,
        rf"^{word}:", rf"\.macro\s+{word}\b",                                    # assembly
        rf"^#define\s+{word}\b",
        rf"\b(?:struct|enum)\s+{word}\s*\{{",
        rf"\(\*{word}\)\(",                                                     # a function pointer
        rf"^\s*{word}\s*(?:=[^,;]*)?,",                                          # an enum's constant
        rf"^[\w\s*]*\b{word}(?:\[[^;]*\])?\s*(?:=[^;]*|__attribute__[^;]*)?;",   # a variable, a field
    ]
    return any(re.search(p, text, re.M) for p in patterns)


def in_this_tree(path):
    """False for a path that a handout leaves out: it has only a part of tests/ and grading/, and no program that
    uses the core's library."""
    handout = not (ROOT / "grading" / "handout.py").exists()
    return not handout or not path.startswith(("tests/", "grading/", "liblwkt/nymph/", "user/lwkt"))


def missing(document):
    """What a document names that is not there, a line each."""
    text = document.read_text()
    lines = [f"{document.name}: there is no {path}" for path in paths(text)
             if in_this_tree(path) and not (ROOT / path).exists()]
    return lines + [f"{document.name}: {path} does not define {name}" for path, name in names(text)
                    if (ROOT / path).is_file() and not defines(path, name)]
