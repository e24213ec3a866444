# SPDX-License-Identifier: BSD-3-Clause
"""Drawn figures from small text sources, docs/figures/*.steps, as SVG.

A figure has columns for lanes (cpus or threads) and for words of memory, and a row for each step:

    title: The ring of messages from cpu 0 to cpu 1
    lane: cpu 0, the source
    lane: cpu 1, the target
    memory 0: ip_windex                 the lane that writes it; without a number, more than one does
    step: writes the slot | | 0         what each lane does, and then what each word of memory is
    arrow: 0 1 interrupt                after a step: from a lane to a lane, with a word
    note: under a step, a line over the whole width

A word of memory can be a row of boxes, [m0 m1 . .], or a stack of them, {top / below}; a dot is an empty box. An
empty cell of memory means that the word is as it was; a word that has changed is drawn stronger.
"""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

SIZE = 12                       # of the letters
LINE = 16                       # from one line of text to the next
WIDTH = 6.4                     # of a letter, about
PAD = 7
LANE, MEMORY, NUMBER = 190, 112, 24
COLOURS = ("#1d5fa8", "#a8481d", "#2c7a3f", "#6b3fa0")
SHARED = "#555555"


@dataclass
class Step:
    """A row: what the lanes do, what the memory is afterwards, and the arrows and the note below it."""
    lanes: list
    memory: list
    changed: list
    arrows: list = field(default_factory=list)
    note: str = ""


@dataclass
class Figure:
    """A figure as its source has it."""
    title: str = ""
    lanes: list = field(default_factory=list)
    memory: list = field(default_factory=list)      # (lane that writes it or None, name)
    steps: list = field(default_factory=list)


class Wrong(Exception):
    """A source has a line that means nothing; the text says which."""


def step_of(figure, text):
    """A Step from the cells of its line."""
    cells = [cell.strip() for cell in text.split("|")]
    cells += [""] * (len(figure.lanes) + len(figure.memory) - len(cells))
    lanes, memory = cells[:len(figure.lanes)], cells[len(figure.lanes):]
    if len(memory) > len(figure.memory):
        raise Wrong(f"too many cells: {text}")
    before = figure.steps[-1].memory if figure.steps else [""] * len(memory)
    return Step(lanes, [new or old for new, old in zip(memory, before)],
                [bool(new and old) and new != old for new, old in zip(memory, before)])


def read(text):
    """The Figure of a source."""
    figure = Figure()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, _, rest = line.partition(":")
        rest = rest.strip()
        if key == "title":
            figure.title = rest
        elif key == "lane":
            figure.lanes.append(rest)
        elif key.startswith("memory"):
            lane = key[len("memory"):].strip()
            figure.memory.append((int(lane) if lane else None, rest))
        elif key == "step":
            figure.steps.append(step_of(figure, rest))
        elif key == "arrow" and figure.steps and re.match(r"\d \d", rest):
            figure.steps[-1].arrows.append((int(rest[0]), int(rest[2]), rest[3:].strip()))
        elif key == "note" and figure.steps:
            figure.steps[-1].note = rest
        else:
            raise Wrong(line)
    if not figure.title or not figure.lanes or not figure.steps:
        raise Wrong("a figure needs a title, a lane and a step")
    return figure


def wrapped(text, width):
    """The lines of a text in a column of so many pixels."""
    most, lines = max(int((width - 2 * PAD) / WIDTH), 4), [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def label(x, y, text, colour="#111111", weight="", anchor="start"):
    """A line of text."""
    bold = ' font-weight="bold"' if weight else ""
    return (f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{SIZE}" text-anchor="{anchor}"{bold}>'
            f"{escape(text)}</text>")


def box(x, y, width, height, fill, stroke="#888888"):
    """A rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}"/>'


def parts_of(value):
    """(the boxes of a word of memory, whether they are a stack), or None if it is a plain text."""
    if value.startswith("["):
        return value.strip("[]").split(), False
    if value.startswith("{"):
        return [part.strip() for part in value.strip("{}").split("/")], True
    return None


def cell_height(value, width):
    """How high a word of memory is drawn."""
    boxes = parts_of(value)
    if boxes is None:
        return LINE * len(wrapped(value, width))
    return (LINE + 4) * (len(boxes[0]) if boxes[1] else 1)


def memory_cell(x, y, value, width, colour, changed):
    """A word of memory, as text or as boxes."""
    weight, ink = ("bold", colour) if changed else ("", "#555555")
    boxes = parts_of(value)
    if boxes is None:
        return [label(x + PAD, y + LINE * (i + 1) - 4, line, ink, weight)
                for i, line in enumerate(wrapped(value, width))]
    drawn, (words, stack) = [], boxes
    wide = width - 2 * PAD if stack else (width - 2 * PAD) / len(words)
    for i, word in enumerate(words):
        left, top = (x + PAD, y + i * (LINE + 4)) if stack else (x + PAD + i * wide, y)
        drawn.append(box(left, top, wide, LINE + 4, "#ffffff" if word == "." else "#eef3fa", colour))
        if word != ".":
            drawn.append(label(left + wide / 2, top + LINE - 1, word, ink, weight, "middle"))
    return drawn


class Drawing:
    """Draws a figure from top to bottom."""

    def __init__(self, figure):
        self.figure = figure
        need = [max([max(len(word) for word in name.split()) * (WIDTH + 1.4)] + [self.need(step.memory[i]) for step in figure.steps]) + 2 * PAD
                for i, (_, name) in enumerate(figure.memory)]
        self.widths = [LANE] * len(figure.lanes) + [max(MEMORY, wide) for wide in need]
        self.lefts = [NUMBER + sum(self.widths[:i]) for i in range(len(self.widths))]
        self.width = NUMBER + sum(self.widths)
        self.y = 0.0

    @staticmethod
    def need(value):
        """How wide a word of memory must be at least."""
        boxes = parts_of(value)
        if boxes is None:
            return min(len(value), 16) * WIDTH
        longest = max(len(word) for word in boxes[0]) * (WIDTH + 0.4) + 8
        return longest if boxes[1] else longest * len(boxes[0])

    def colour(self, column):
        """The colour of a lane, or of the lane that writes a word of memory."""
        lane = column if column < len(self.figure.lanes) else self.figure.memory[column - len(self.figure.lanes)][0]
        return SHARED if lane is None else COLOURS[lane % len(COLOURS)]

    def head(self):
        """The names of the columns."""
        names = self.figure.lanes + [name for _, name in self.figure.memory]
        lines = [wrapped(name, wide) for name, wide in zip(names, self.widths)]
        height = LINE * max(len(text) for text in lines) + 2 * PAD
        drawn = []
        for column, (text, left, wide) in enumerate(zip(lines, self.lefts, self.widths)):
            lane = column < len(self.figure.lanes)
            drawn.append(box(left, 0, wide, height, self.colour(column) if lane else "#f2f2f2", "#ffffff"))
            drawn += [label(left + PAD, PAD + LINE * (i + 1) - 4, line, "#ffffff" if lane else self.colour(column), "b")
                      for i, line in enumerate(text)]
        self.y = height
        return drawn

    def arrow(self, start, end, text):
        """An arrow from one lane to another."""
        middle = [self.lefts[lane] + self.widths[lane] / 2 for lane in (start, end)]
        way, y, ink = (1 if end > start else -1), self.y + LINE + 2, self.colour(start)
        tip = middle[1] - way * 2
        drawn = [f'<path d="M{middle[0]:g} {y:g} L{tip - way * 8:g} {y:g}" stroke="{ink}" stroke-width="2"/>',
                 f'<path d="M{tip:g} {y:g} l{-way * 9:g} -5 l0 10 z" fill="{ink}"/>',
                 label(sum(middle) / 2, y - 5, text, ink, "", "middle")]
        self.y += LINE + 10
        return drawn

    def step(self, number, step):
        """A row."""
        self.y += 4
        texts = [wrapped(text, wide) if text else [] for text, wide in zip(step.lanes, self.widths)]
        wide = self.widths[len(texts):]
        height = max([LINE * len(text) for text in texts]
                     + [cell_height(value, w) for value, w in zip(step.memory, wide)]) + 6
        top, drawn = self.y, []
        for column, text in enumerate(texts):
            left = self.lefts[column]
            if text:
                drawn.append(box(left + 3, top, self.widths[column] - 6, LINE * len(text) + 6, "#fbfbfb",
                                 self.colour(column)))
            drawn += [label(left + PAD + 2, top + LINE * (i + 1) - 2, line) for i, line in enumerate(text)]
        for i, value in enumerate(step.memory):
            column = len(texts) + i
            drawn += memory_cell(self.lefts[column], top + 2, value, self.widths[column], self.colour(column),
                                 step.changed[i])
        drawn.insert(0, label(NUMBER - 6, top + LINE - 2, str(number), "#777777", "", "end"))
        self.y += height + 2
        for arrow in step.arrows:
            drawn += self.arrow(*arrow)
        if step.note:
            for line in wrapped(step.note, self.width - NUMBER):
                drawn.append(label(NUMBER + PAD, self.y + LINE - 3, line, "#444444"))
                self.y += LINE
        words = "; ".join(f"{lane.split(',')[0]}: {text}" for lane, text in zip(self.figure.lanes, step.lanes) if text)
        words += "".join(f"; {text}" for text in [step.note] if text)
        return [f'<g class="step" data-step="{number}" data-says="{escape(words, {chr(34): "&quot;"})}">',
                f'<rect class="row" x="0" y="{top - 2:g}" width="{self.width:g}" height="{self.y - top + 2:g}" '
                'fill="none"/>', *drawn, "</g>"]

    def svg(self):
        """The whole figure."""
        drawn = self.head()
        for number, step in enumerate(self.figure.steps, 1):
            drawn += self.step(number, step)
        size = f"0 0 {self.width:g} {self.y + 6:g}"
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" width="{self.width:g}" role="img" '
                          'font-family="DejaVu Sans, Verdana, sans-serif">',
                          f"<title>{escape(self.figure.title)}</title>",
                          f'<rect x="0" y="0" width="{self.width:g}" height="{self.y + 6:g}" fill="#ffffff"/>',
                          *drawn, "</svg>", ""])


def svg(source):
    """The SVG of a source's text."""
    return Drawing(read(source)).svg()
