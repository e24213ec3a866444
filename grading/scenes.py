"""What a scene is, in a sentence: the comment above the function that builds it (user/*.c)."""

import functools
import re
import shlex
from dataclasses import dataclass

from grading import machine

HIDDEN = ("RUN", "APPEND", "DETERMINISTIC")


@dataclass(frozen=True)
class Where:
    """A scene's sentence, and where it is built."""
    text: str
    file: str
    line: int


def sentence(comment):
    """A comment's words, in one line."""
    return " ".join(re.sub(r"^\s*\*? ?", "", line) for line in comment.strip().splitlines()).strip()


@functools.lru_cache(maxsize=None)
def find(program):
    """The scene of a test's program, as in "swtest t1"; without words if it cannot be found."""
    name, _, test = program.partition(" ")
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
    """name -> value of the scene's own parameters, then of the machine, from the command that runs it."""
    words = dict(word.partition("=")[::2] for word in shlex.split(command) if "=" in word)
    scene = words.get("RUN", "").rpartition("; ")[2].split()[2:]
    values = dict(word.partition("=")[::2] for word in scene if not word.startswith("key="))
    return {**values, **{name: words[name] for name in words if name not in HIDDEN}}


def told(text, values):
    """The sentence with the run's values: "cpu to=" becomes "cpu to=2"."""
    return re.sub(r"\b(\w+)=(?!\w)", lambda found: found.group(0) + values.get(found.group(1), ""), text)
