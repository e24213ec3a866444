# SPDX-License-Identifier: BSD-3-Clause
"""Read ktrdump's lines (user/ktrdump.c), or those that a panic prints, from a console's log."""

import re
from dataclasses import dataclass, field

TICKS_PER_US = 10       # ticks of the time CSR in a microsecond, on QEMU's virt machine
LINE = re.compile(r"\bktr (t=\d+ cpu=\d+ seq=.*)$")
DROPPED = re.compile(r"\bktr dropped=(\d+)")


@dataclass
class Event:
    """One entry of a cpu's ring, see kernel/ktr_entry.h."""
    t: int
    cpu: int
    seq: int
    td: int
    comm: str
    ev: str
    a: int
    b: int
    pri: int = -1           # -1: the line does not say, as those of older kernels
    pc: int = 0
    wmesg: int = 0
    extra: list = field(default_factory=list)   # a system call's second and third argument
    cause: "Event | None" = None
    said: str = ""          # of an event of a grader's scene (ev "scene"): what it says
    wrong: bool = False     # it is the first that the grader's judge did not expect


@dataclass
class Trace:
    """What was recorded: the events of all cpus by time, and how many were overwritten before."""
    events: list
    dropped: int = 0


def parse(text):
    """An Event from the words of a line, or None: a line that was cut off or mixed up with another."""
    words = dict(word.partition("=")[::2] for word in text.split())
    try:
        numbers = {name: int(words[name], 0) for name in ("t", "cpu", "seq", "td", "a", "b")}
        more = {name: int(words[name], 0) for name in ("pri", "pc", "wmesg") if name in words}
        return Event(comm=words["comm"], ev=words["ev"], **numbers, **more)
    except (KeyError, ValueError):
        return None


def read(lines):
    """The Trace in a console's lines."""
    trace = Trace([])
    for line in lines:
        found, dropped = LINE.search(line.rstrip()), DROPPED.search(line)
        event = parse(found.group(1)) if found else None
        if event and event.ev == "args":
            before = next((e for e in reversed(trace.events) if e.cpu == event.cpu), None)
            if before is not None and before.ev == "syscall" and before.td == event.td:
                before.extra = [event.a, event.b]
        elif event:
            trace.events.append(event)
        elif dropped:
            trace.dropped = int(dropped.group(1))
    trace.events.sort(key=lambda e: (e.t, e.cpu, e.seq))
    return trace
