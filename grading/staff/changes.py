# SPDX-License-Identifier: BSD-3-Clause
"""What a submission changes outside of the places that its lab, or an earlier one, leaves to the student.

A lab is solved in the marked places of the sources (grading/handout.py). Nobody is kept from changing more:
an own field in a header or a function beside the marked ones is good work. But a kernel that cheats its
graders must do so outside of the lab's functions, or in a very long one. So the instructor gets a list.

Tokens are compared, so comments and layout do not count. The text in a place may be anything, but it must not
change what the course's code around it means: its braces match, the course's lines do not become a part of its
directives, and directives, asm and attributes in it are listed (BEYOND). All of this is linear in the size of the
sources, whatever they contain.
"""

import re
from collections import Counter

from grading import handout, sources
from grading.staff import similarity


END = "(end of line)"
# What changes more than the place that it is in: directives, and these words. In assembly, what begins with a dot.
BEYOND = re.compile(r"""^[ \t\f]*(\#[ \t\f]*(?!include[ \t]*["<][\w./-]+\.h[">])\w*)
                    |\b(?:__)?(asm)(?:__)?\b|\b(__attribute)(?:__)?\b|\b(_Pragma)\b|(\[\s*\[)""", re.M | re.X)
DOTTED = re.compile(r"(?<![\w.])\.[a-z_]\w*")


def tokens(path, text):
    """The tokens of a source, with a line end before and after each one. Where lines matter, their ends are tokens,
    too: in directives, whose tokens are marked as such, and in assembly."""
    found = []
    for line in sources.without_comments(text).split("\n"):
        words = similarity.TOKEN.findall(line)
        if words[:1] == ["#"]:
            words = [f"# {word}" for word in words]
        found += words + [END] if words and (words[0][0] == "#" or path.endswith(".S")) else words
    return "".join(f"\n{token}\n" for token in found)


def lines(text):
    """The lines of a source that have tokens, as often as they occur."""
    return Counter(filter(None, ("".join(line.split()) for line in
                                 sources.without_comments(text).splitlines())))


def depth_of(text, start, end):
    """How many braces more are opened than closed by the tokens of this part."""
    return text.count("\n{\n", start, end) - text.count("\n}\n", start, end)


def after_place(text, start, end, piece):
    """Where a piece is in a text, after a place that begins at `start` and whose braces match; -1 if it is not."""
    place, depth = start, 0
    while (found := text.find(piece, place, end)) >= 0:
        depth += depth_of(text, place, found)
        if depth == 0:
            return found
        step = max(1, text.find("\n\n", found, end) + 1 - found)      # to the next token
        depth += depth_of(text, found, found + step)
        place = found + step
    return -1


def fits(path, text, fixed):
    """Whether a text consists of the pieces `fixed`, in this order, with anything between two of them whose braces
    match, but nothing before the first and after the last."""
    pieces, text = [tokens(path, piece) for piece in fixed], tokens(path, text)
    if len(pieces) == 1:
        return text == pieces[0]
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return False
    place, end = len(pieces[0]), len(text) - len(pieces[-1])
    for piece in pieces[1:-1]:
        found = after_place(text, place, max(end, place), piece)
        if found < 0:
            return False
        place = found + len(piece)
    return place <= end and depth_of(text, place, end) == 0


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


def beyond(path, text):
    """What a source has that changes more than its place, as often as it occurs."""
    text = sources.without_comments(text)
    found = ["".join(next(filter(None, match)).split()) for match in BEYOND.findall(text)]
    return Counter(found + (DOTTED.findall(text) if path.endswith(".S") else []))


def added_beyond(path, old, new):
    """What a submission's source has of that, and neither the course's nor its handout."""
    stubs = "\n".join(part.instead for part in handout.pieces(path, old))
    return sorted(beyond(path, new) - (beyond(path, old) | beyond(path, stubs)))


def has_course_places(files, course, lab):
    """Whether all that the course has in this lab's places, of which there is one at least, is in the files."""
    own = {path: tokens(path, files.get(path, "")) for path, text in course.items() if f"/* lab {lab}" in text}
    places = [tokens(path, part.text) in own[path] for path in own for part in handout.pieces(path, course[path])
              if part.lab == lab]
    return bool(places) and all(places)


def difference(old, new):
    """How many lines come and go, as in "+109 -2"."""
    return f"+{(lines(new) - lines(old)).total()} -{(lines(old) - lines(new)).total()}"


def headers_first(path):
    """The order of the list: sources that run, then headers."""
    return path.endswith(".h"), path


def of(files, course, lab):
    """The lines of the list for a submission: files in which the lab has no place come first. files,
    course: path -> text of the submission's and the course's own files. lab: its number."""
    elsewhere, beside, reaching = [], [], []
    for path in sorted({*files, *course}, key=headers_first):
        if path not in files:
            elsewhere.append(f"{path} (missing)")
        elif path not in course:
            elsewhere.append(f"{path} (new, {difference('', files[path])})")
        elif files[path] != course[path]:
            fixed = fixed_pieces(path, course[path], lab)
            if len(fixed) > 1 and (words := added_beyond(path, course[path], files[path])):
                reaching.append(f"{path} ({', '.join(words)})")
            if not fits(path, files[path], fixed):
                (beside if len(fixed) > 1 else elsewhere).append(
                    path if len(fixed) > 1 else f"{path} ({difference(course[path], files[path])})")
    return [f"{said}: {', '.join(found)}" for said, found in (
        ("CHANGED, though the lab has no place in it", elsewhere),
        ("CHANGED, by what reaches beyond the places of the lab", reaching),
        ("changed beside the places of the lab", beside)) if found]
