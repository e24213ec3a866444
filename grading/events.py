"""Event lines: what a test program prints, and how a judge reads it.

A line is `ev run=KEY seq=N cpu=C td=NAME what=WORD ...`, words of `key=value`. KEY is drawn by the
grader for each run, so that a line recorded elsewhere counts for nothing; seq numbers the lines from
0 without a gap, so that a lost line shows.
"""

import re
from dataclasses import dataclass, field

WORD = re.compile(r"(\w+)=(\S*)")


@dataclass
class Event:
    """One event line; numbers are ints."""
    seq: int
    line: str
    fields: dict = field(default_factory=dict)

    def __getattr__(self, name):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def get(self, name, default=None):
        """A field that may be missing."""
        return self.fields.get(name, default)


def number(text):
    """The int that a value is, or the text."""
    try:
        return int(text, 0)
    except ValueError:
        return text


class BadEvents(Exception):
    """The lines themselves are not in order: (what was expected, what was seen)."""


def parse(console, key):
    """The events of run `key`, in the order of their sequence numbers, of which none is missing."""
    events = []
    for line in console.splitlines():
        if line.startswith("ev "):
            fields = {name: number(value) for name, value in WORD.findall(line)}
            if str(fields.get("run")) == str(key) and isinstance(fields.get("seq"), int):
                events.append(Event(fields["seq"], line.strip(), fields))
    events.sort(key=lambda event: event.seq)
    for expected, event in enumerate(events):
        if event.seq != expected:
            raise BadEvents(f"event lines numbered without a gap, here seq={expected}", event.line)
    return events
