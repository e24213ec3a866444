# SPDX-License-Identifier: BSD-3-Clause
"""What a submission changes outside of the places that its lab, or an earlier one, leaves to the student.

A lab is solved in the marked places of the sources (grading/handout.py). Nobody is kept from changing more:
an own field in a header or a function beside the marked ones is good work. But a kernel that cheats its
graders must do so outside of the lab's functions, or in a very long one. So the instructor gets a list.

Tokens are compared, so comments and layout do not count. All of this is linear in the size of the sources,
whatever they contain.
"""

import re
from collections import Counter

from grading import handout
from grading.staff import similarity


def tokens(text):
    """The tokens of a source, with a line end before and after each one."""
    return "".join(f"\n{token}\n" for token in similarity.tokens(text))


def lines(text):
    """The lines of a source that have tokens, as often as they occur."""
    return Counter(filter(None, ("".join(line.split()) for line in
                                 similarity.without_comments(text).splitlines())))


def fits(text, fixed):
    """Whether a text consists of the pieces `fixed`, in this order, with anything between two of them, but
    nothing before the first and after the last."""
    pieces, text = [tokens(piece) for piece in fixed], tokens(text)
    if len(pieces) == 1:
        return text == pieces[0]
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return False
    place, end = len(pieces[0]), len(text) - len(pieces[-1])
    for piece in pieces[1:-1]:
        place = text.find(piece, place, max(end, place))
        if place < 0:
            return False
        place += len(piece)
    return place <= end


def fixed_pieces(path, text, lab):
    """The pieces of a source of the course between the places of this lab and of earlier ones."""
    found, last = [""], 0
    for part in handout.pieces(path, text):
        if 0 < part.lab <= lab:
            found.append("")
        else:
            found[-1] += part.text
        last = part.lab
    assert last == 0
    return found


def difference(old, new):
    """How many lines come and go, as in "+109 -2"."""
    return f"+{(lines(new) - lines(old)).total()} -{(lines(old) - lines(new)).total()}"


def headers_first(path):
    """The order of the list: sources that run, then headers."""
    return path.endswith(".h"), path


def of(files, course, lab):
    """The lines of the list for a submission: files in which the lab has no place come first. files,
    course: path -> text of the submission's and the course's own files. lab: its number."""
    elsewhere, beside = [], []
    for path in sorted({*files, *course}, key=headers_first):
        if path not in files:
            elsewhere.append(f"{path} (missing)")
        elif path not in course:
            elsewhere.append(f"{path} (new, {difference('', files[path])})")
        else:
            fixed = fixed_pieces(path, course[path], lab)
            if not fits(files[path], fixed):
                (beside if len(fixed) > 1 else elsewhere).append(
                    path if len(fixed) > 1 else f"{path} ({difference(course[path], files[path])})")
    return ([f"CHANGED, though the lab has no place in it: {', '.join(elsewhere)}"] if elsewhere else []) + (
        [f"changed beside the places of the lab: {', '.join(beside)}"] if beside else [])
