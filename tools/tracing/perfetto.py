# SPDX-License-Identifier: BSD-3-Clause
"""The trace-event format that Perfetto (ui.perfetto.dev) and chrome://tracing read: a lane for each hart,
flows, and a counter for each run queue."""

from tracing import analysis, words
from tracing.events import TICKS_PER_US
from tracing.page import ThreadNames


def _at(t):
    """A time in the format's unit, microseconds."""
    return t / TICKS_PER_US


def _flow(number, event):
    """An arrow from what caused the event to the event."""
    common = {"pid": 0, "cat": "cause", "name": "cause", "id": number}
    return [{**common, "ph": "s", "tid": event.cause.cpu, "ts": _at(event.cause.t)},
            {**common, "ph": "f", "bp": "e", "tid": event.cpu, "ts": _at(event.t)}]


def convert(trace, names):
    """The whole file, as an object for JSON."""
    picture = analysis.analyse(trace)
    names.places(trace.events)
    named = ThreadNames(picture.totals, names)
    out = [{"ph": "M", "pid": 0, "name": "process_name", "args": {"name": "Nymph"}}]
    for cpu in picture.cpus:
        out.append({"ph": "M", "pid": 0, "tid": cpu, "name": "thread_name", "args": {"name": f"cpu {cpu}"}})
        out += [{"ph": "C", "pid": 0, "name": f"run queue of cpu {cpu}", "ts": _at(t), "args": {"threads": n}}
                for t, n in picture.queue.get(cpu, [])]
    for bar in picture.bars:
        out.append({"ph": "X", "pid": 0, "tid": bar.cpu, "name": named.thread(bar.td), "ts": _at(bar.start),
                    "dur": _at(bar.end) - _at(bar.start), "args": {"thread": bar.td, "priority": bar.pri}})
    for number, event in enumerate(trace.events):
        if event.ev != "switch":
            out.append({"ph": "i", "s": "t", "pid": 0, "tid": event.cpu, "ts": _at(event.t),
                        "name": words.say(named, event),
                        "args": {"kind": event.ev, "thread": named.thread(event.td),
                                 "where": names.place(event)}})
        if event.cause:
            out += _flow(number, event)
    return {"traceEvents": out, "displayTimeUnit": "ns", "otherData": {"dropped": trace.dropped}}
