# SPDX-License-Identifier: BSD-3-Clause
"""Parse the lines that a test program prints (user/lib/scene.c) into the events that a judge reads.

A line consists of words `name=value`. Each line has the key that the grader drew for this run, so that a
line that was recorded in another run does not count:

    scene key=K test=t1 result=ended       the scene was played; or result=timeout
    ev key=K what=log td=A cpu=0 n=2 val=1 t=2041924     n events in a row with values val, val + 1, ..
    audit key=K threads=5 allq=5 ...       the kernel's state after the scene
    end key=K test=t1 events=12            the number of ev lines, which shows that none was lost
"""

import re
from dataclasses import dataclass

EVENTS = 1_000_000          # the most events that are accepted; no scene has so many
WORD = re.compile(r"(\w+)=(\S*)")


class BadEvents(Exception):
    """The lines are malformed or incomplete: (what was expected, what was seen)."""


@dataclass(frozen=True)
class Event:
    """One event; `line` is the console's line that it comes from."""
    what: str
    td: str
    cpu: int
    val: int
    time: int
    line: str

    def __str__(self):
        return f"{self.td}:{self.val}" if self.what == "log" else f"{self.td}:{self.what}={self.val}"


@dataclass
class Record:
    """All lines of one run."""
    result: str
    events: list
    audit: dict


def words(line):
    """name -> value of a line; numbers are ints."""
    return {name: int(value) if re.fullmatch(r"-?\d{1,20}", value) else value
            for name, value in WORD.findall(line)}


def expand(line, fields):
    """The events that an ev line stands for."""
    for name in ("cpu", "n", "val", "t"):
        if not isinstance(fields[name], int):
            raise BadEvents(f"event lines whose {name} is a number", line)
    count = fields["n"]
    if not 1 <= count <= EVENTS:
        raise BadEvents("a count of events in a row", line)
    return [Event(fields["what"], str(fields["td"]), fields["cpu"], fields["val"] + i, fields["t"], line)
            for i in range(count)]


def parse(console, key):
    """The Record of the run with this key; BadEvents if a line is missing, or there twice, or malformed."""
    found = {"scene": [], "ev": [], "audit": [], "end": []}
    for line in console.splitlines():
        kind, _, rest = line.partition(" ")
        if kind in found:
            fields = words(rest)
            if str(fields.get("key")) == key:
                found[kind].append((line.strip(), fields))
    for kind in ("scene", "audit", "end"):
        if len(found[kind]) != 1:
            raise BadEvents(f"one line '{kind}' of this run", f"{len(found[kind])} of them")
    promised = found["end"][0][1].get("events")
    if promised != len(found["ev"]):
        raise BadEvents(f"{promised} event lines", f"{len(found['ev'])}")
    events = []
    for line, fields in found["ev"]:
        try:
            events += expand(line, fields)
        except KeyError as error:
            raise BadEvents("event lines with all of their words", f"one without {error}") from None
        if len(events) > EVENTS:
            raise BadEvents(f"at most {EVENTS} events", "more")
    return Record(found["scene"][0][1].get("result"), events, found["audit"][0][1])
