# SPDX-License-Identifier: BSD-3-Clause
"""Write the page: one HTML file with its data, style and script inside, which loads nothing."""

import html
import json
import pathlib

from tracing import analysis, words
from tracing.events import TICKS_PER_US

HERE = pathlib.Path(__file__).parent


class Strings:
    """Texts that occur often are kept once, and meant by their place in a list."""

    def __init__(self):
        self.places = {}

    def __call__(self, text):
        return self.places.setdefault(text, len(self.places))

    def list(self):
        """All texts, in the order of their places."""
        return list(self.places)


class ThreadNames:
    """Names of threads for people; an id is added where two threads have one name."""

    def __init__(self, totals, names):
        several = [t.name for t in totals.values()]
        self.shown = {td: t.name if several.count(t.name) == 1 else f"{t.name} {td}"
                      for td, t in totals.items()}
        self.of, self.string, self.calls = names.of, names.string, names.calls

    def thread(self, td):
        """What a thread is called."""
        return self.shown.get(td, f"thread {td}")


def totals(picture, names):
    """The table's rows; -1 stands for a latency that no event shows."""
    return [{"td": td, "name": names.thread(td), "time": t.time, "switches": t.switches, "sent": t.sent,
             "received": t.received, "waits": t.waits, "worst": max(t.latencies, default=-1),
             "mean": sum(t.latencies) / len(t.latencies) if t.latencies else -1}
            for td, t in picture.totals.items()]


def run(name, trace, names):
    """One trace, as the page's script reads it."""
    picture = analysis.analyse(trace)
    names.places(trace.events)
    named, strings = ThreadNames(picture.totals, names), Strings()
    number = {id(e): i for i, e in enumerate(trace.events)}
    events = [[e.t, e.cpu, e.td, e.ev, strings(words.say(named, e)), strings(names.place(e)),
               number[id(e.cause)] if e.cause else -1, e.pri] for e in trace.events]
    return {"name": name, "cpus": picture.cpus, "end": picture.end, "events": events,
            "bars": [[b.cpu, b.td, b.start, b.end, b.pri] for b in picture.bars],
            "waits": [[b.cpu, b.td, b.start, b.end] for b in picture.waits], "queue": picture.queue,
            "threads": {td: {"name": named.thread(td), "idle": analysis.is_idle(t.name)}
                        for td, t in picture.totals.items()},
            "totals": totals(picture, named), "strings": strings.list()}


def page(data):
    """The page's text. `data` has title, summary, warning, runs, failure, instructions_per_tick."""
    # "<" is the only character of JSON's that could end the script element.
    text = json.dumps({"ticks_per_us": TICKS_PER_US, **data}, separators=(",", ":")).replace("<", "\\u003c")
    shell = (HERE / "page.html").read_text(encoding="utf-8")
    for mark, part in (("@TITLE@", html.escape(data["title"])),
                       ("@STYLE@", (HERE / "page.css").read_text(encoding="utf-8")),
                       ("@SCRIPT@", (HERE / "page.js").read_text(encoding="utf-8")), ("@DATA@", text)):
        shell = shell.replace(mark, part, 1)
    return shell
