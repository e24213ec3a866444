# SPDX-License-Identifier: BSD-3-Clause
"""The marks in the kernel's sources that say which code a lab leaves to the student:

    { /* lab 4 */              on the line of a function's opening brace: the function's body
    { /* lab 4: helper */      the whole function, with its comment
    /* lab 4: from here */     inside a function: the lines after this one, up to the line with
    /* lab 4: to here */       or, without one, up to the end of the function

handout.py removes that code, and carry.py takes what a student wrote there into another tree.
"""

import re
from dataclasses import dataclass

BODY = re.compile(r"\{ /\* lab (\d): ?(helper)? \*/|\{ /\* lab (\d) \*/")
FROM = re.compile(r"( +)/\* lab (\d): from here \*/")


class Refused(Exception):
    """The options or files are wrong; the text says what, in one line."""


def is_code(path):
    """Whether a file is C or assembly."""
    return path.endswith((".c", ".h", ".S"))


@dataclass
class Piece:
    """A part of a source file. In the handout of `lab`, `instead` stands in its place; 0 means no lab."""
    text: str
    lab: int = 0
    instead: str = ""
    line: int = 1

    def given(self, lab):
        """What the handout of a lab has in this place."""
        if not self.is_out(lab):
            return self.text
        kept = self.text.count("\n") - self.instead.count("\n") if lab == 0 else 0
        return self.instead + "\n" * kept

    def is_out(self, lab):
        """Whether the handout of a lab lacks this code."""
        return self.lab > 0 and lab in (0, self.lab)


def lab_of(line):
    """The lab to which a line leaves the code after it; 0: to none."""
    body, part = BODY.match(line), FROM.match(line)
    return int((body and (body.group(1) or body.group(3))) or (part and part.group(2)) or 0)


def end_of(lines, start, lab, path):
    """The line, from `start` on, at which the removed code ends: "to here", or the function's closing
    brace."""
    for at in range(start, len(lines)):
        if f"/* lab {lab}: to here */" in lines[at] or lines[at].rstrip() == "}":
            return at
    raise Refused(f"{path}:{start}: the code that is marked for lab {lab} has no end")


def start_of_function(lines, at):
    """The first line of the function whose opening brace is on line `at`; its comment counts as part of
    it."""
    while at > 0 and lines[at - 1].strip() and not lines[at - 1].startswith(("}", "#")):
        at -= 1
    return at


def stub(path, lines, at, lab, indent):
    """What stands in place of the removed code, in C or in assembly."""
    if path.endswith(".S"):
        name = next(found.group(1) for line in reversed(lines[:at])
                    if (found := re.match(r"(\w+):", line)))
        return (f"{indent}la      a0, 9f\n{indent}call    panic\n"
                f'9:      .string "not implemented: {name} (lab {lab})"\n{indent}.balign 4\n')
    return f"{indent}not_implemented({lab});\n"


def pieces(path, text):
    """The Pieces of a source file, split at its marks."""
    lines, found, done, at = text.splitlines(keepends=True), [], 0, 0

    def cut(start, end, lab, instead):
        found.append(Piece("".join(lines[done:start]), line=done + 1))
        found.append(Piece("".join(lines[start:end]), lab, instead, start + 1))

    while at < len(lines):
        body, part = BODY.match(lines[at]), FROM.match(lines[at])
        if body and body.group(2):
            lab, start = lab_of(lines[at]), start_of_function(lines, at)
            end = end_of(lines, at, lab, path) + 1
            end += end < len(lines) and not lines[end].strip()
            cut(start, end, lab, "")
            done = at = end
        elif body or part:
            lab = lab_of(lines[at])
            end = end_of(lines, at + 1, lab, path)
            cut(at + 1, end, lab, stub(path, lines, at, lab, part.group(1) if part else "    "))
            done = at = end
        else:
            at += 1
    found.append(Piece("".join(lines[done:]), line=done + 1))
    return found
