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


def spans(scene):
    """[cpu, thread, start, end, priority]: from the first to the last of a thread's events in a row on one cpu. Of
    what happened between two threads' events nothing is known."""
    found, last = [], {}
    for e in scene:
        bar = last.get(e.cpu)
        if bar is None or bar[1] != e.td:
            bar = last[e.cpu] = [e.cpu, e.td, e.t, e.t, -1]
            found.append(bar)
        bar[3] = e.t
    return found


def run(name, trace, names, scene=()):
    """One trace, as the page's script reads it. scene: events of a grader's scene, by time, which are drawn
    together with it; if the trace is empty, they are all that is known."""
    picture = analysis.analyse(trace)
    names.places(trace.events)
    named, strings = ThreadNames(picture.totals, names), Strings()
    named.shown.update({e.td: e.comm for e in scene if e.td not in named.shown})
    shown = sorted([*trace.events, *scene], key=lambda e: (e.t, e.cpu))
    number = {id(e): i for i, e in enumerate(shown)}
    events = [[e.t, e.cpu, e.td, e.ev, strings(words.say(named, e)), strings(names.place(e)),
               number[id(e.cause)] if e.cause else -1, e.pri, int(e.wrong)] for e in shown]
    return {"name": name, "cpus": sorted({e.cpu for e in shown}), "end": max([picture.end, *(e.t for e in scene)]),
            "events": events, "dropped": trace.dropped,
            "bars": [[b.cpu, b.td, b.start, b.end, b.pri] for b in picture.bars] or spans(scene),
            "waits": [[b.cpu, b.td, b.start, b.end] for b in picture.waits], "queue": picture.queue,
            "threads": {td: {"name": shown_as, "idle": analysis.is_idle(shown_as)}
                        for td, shown_as in named.shown.items()},
            "totals": totals(picture, named), "strings": strings.list()}


def page(data):
    """The page's text. `data` has title, summary, warning, runs, instructions_per_tick, and of a grading the
    failures (grading/picture.py)."""
    # "<" is the only character of JSON's that could end the script element.
    text = json.dumps({"ticks_per_us": TICKS_PER_US, **data}, separators=(",", ":")).replace("<", "\\u003c")
    shell = (HERE / "page.html").read_text(encoding="utf-8")
    for mark, part in (("@TITLE@", html.escape(data["title"])),
                       ("@STYLE@", (HERE / "page.css").read_text(encoding="utf-8")),
                       ("@SCRIPT@", (HERE / "page.js").read_text(encoding="utf-8")), ("@DATA@", text)):
        shell = shell.replace(mark, part, 1)
    return shell
