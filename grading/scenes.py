# SPDX-License-Identifier: BSD-3-Clause
"""What happens in a scene, in a sentence: the comment above the function that builds it (user/*.c)."""

import functools
import re
import shlex
from dataclasses import dataclass

from grading import machine

HIDDEN = ("RUN", "APPEND", "DETERMINISTIC")


@dataclass(frozen=True)
class Where:
    """The sentence of a scene, and where the function that builds it is."""
    text: str
    file: str
    line: int


def sentence(comment):
    """The text of a comment, as one line."""
    return " ".join(re.sub(r"^\s*\*? ?", "", line) for line in comment.strip().splitlines()).strip()


def of_explorer(name):
    """The Where of a scene of the explorer; its text is empty, because the test's title says what it is."""
    for path in sorted((machine.ROOT / "tests" / "sim").glob("x_*.c")):
        text = path.read_text(encoding="utf-8")
        if found := re.search(rf"^void play_{name}\(void\)$", text, re.M):
            return Where("", f"tests/sim/{path.name}", text.count("\n", 0, found.start()) + 1)
    return Where("", "tests/sim/explore_pairs.c", 1)


@functools.lru_cache(maxsize=None)
def find(program):
    """The Where of a test's program, such as "swtest t1"; its text is empty if the scene is not found."""
    name, _, test = program.partition(" ")
    if name == "explore":
        return of_explorer(test)
    path = machine.ROOT / "user" / f"{name}.c"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Where("", "", 0)
    entry = re.search(rf'\{{"{re.escape(test)}",\s*(\w+)\}}', text)
    built = entry and re.search(rf"(?:/\*((?:(?!\*/).)*)\*/\n)?static void {entry.group(1)} ?\(void\)\n\{{",
                                text, re.S)
    if not built:
        return Where("", f"user/{name}.c", 1)
    line = text.count("\n", 0, built.end())
    return Where(sentence(built.group(1) or ""), f"user/{name}.c", line)


def setting(command):
    """name -> value: the parameters of the scene, then the options of the machine, from the command that
    runs it."""
    words = dict(word.partition("=")[::2] for word in shlex.split(command) if "=" in word)
    scene = words.get("RUN", "").rpartition("; ")[2].split()[2:]
    values = dict(word.partition("=")[::2] for word in scene if not word.startswith("key="))
    return {**values, **{name: words[name] for name in words if name not in HIDDEN}}


@functools.lru_cache(maxsize=None)
def defaults(program):
    """name -> value: the parameters that all tests of a program have in common if none are given."""
    try:
        text = (machine.ROOT / "user" / f"{program.partition(' ')[0]}.c").read_text(errors="replace")
    except OSError:
        return {}
    pairs = set(re.findall(r'\bparam\("(\w+)", ([^)]+)\)', text))
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1 and value.isdecimal()}


def with_values(text, program, values):
    """The sentence with the values of a run filled in: "cpu to=" becomes "cpu to=2". If a value is not
    known, only the name is left."""
    values = {**defaults(program), **values}
    return re.sub(r"\b(\w+)=(?!\w)", lambda found: found.group(1) + (
        f"={values[found.group(1)]}" if found.group(1) in values else ""), text)
