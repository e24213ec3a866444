# SPDX-License-Identifier: BSD-3-Clause
"""The picture of a failure, for a page of tools/tracing: who ran when on which hart, the messages between
harts, and the scene's own events, of which the first wrong one is marked.

The run that failed has recorded no more than the scene's events. So it is played again with tracing on
(engine.traced). That adds some instructions, so the run is not quite the same: its trace is only drawn if the
judge finds the same in it. Otherwise the scene's events are drawn alone.
"""

import functools
import pathlib
import sys

from grading import engine, machine

sys.path.insert(0, str(machine.ROOT / "tools"))

from tracing import analysis, events, names, page, words  # noqa: E402  (needs the path above)

DRAWN = ("judged", "deadlock", "livelock", "panic")     # causes of failures of which there is something to see
MOST = 400          # events of a scene that are drawn, around the wrong one
TRACED = 8          # failures of a grading that are played again


@functools.lru_cache
def names_of(kernel, _changed):
    """The Names of a kernel."""
    return names.Names(pathlib.Path(kernel), machine.ROOT)


def known_names():
    """The Names of the kernel that is graded."""
    kernel = machine.ROOT / "build" / "kernel"
    return names_of(str(kernel), kernel.stat().st_mtime_ns if kernel.exists() else 0)


def around(failure):
    """The scene's events that are drawn: one for each line of the console, MOST around the wrong one."""
    kept = []
    for event in failure.events:
        if not kept or event is failure.at or kept[-1].line != event.line:
            kept.append(event)
    at = next((i for i, event in enumerate(kept) if event is failure.at), len(kept) - 1)
    start = max(0, min(at - MOST // 2, len(kept) - MOST))
    return kept[start:start + MOST]


def of_scene(failure, trace):
    """The scene's events as those of a trace: each belongs to the thread of its name."""
    threads = {event.comm: event.td for event in trace.events}
    for event in failure.events:
        threads.setdefault(event.td, -1 - len(threads))
    return [events.Event(event.time, event.cpu, i, threads[event.td], event.td, "scene", 0, 0, said=str(event),
                         wrong=event is failure.at) for i, event in enumerate(around(failure))]


def rows(failure):
    """What was expected beside what came, around the first wrong event."""
    wanted, came, wrong = failure.wanted, failure.came, failure.index
    if wrong is None:
        return []
    return [[str(wanted[i]) if i < len(wanted) else "nothing", f"{came[i]} on cpu {came[i].cpu}" if i < len(came)
             else "nothing", i == wrong] for i in range(max(0, wrong - 7), min(wrong + 4, max(len(wanted), len(came))))]


def same(one, other):
    """Whether two failures are the same one."""
    return other is not None and (one.cause, one.rule or one.expected) == (other.cause, other.rule or other.expected)


def draw(failure, trace, known):
    """The picture, as page.js reads it."""
    scene = of_scene(failure, trace)
    if not trace.events and not scene:
        return None
    return {**page.run("", trace, known, scene), "rows": rows(failure)}


def take(outcome, again=True):
    """The picture of a failed test, or None. again: the run may be played again."""
    failure = outcome.failure
    played = outcome.result and outcome.result.command.startswith("make qemu ")     # and not on this host
    if failure.cause not in DRAWN or not played or not (failure.events or again):
        return None
    if again:
        traced, result = engine.traced(outcome.test, outcome.seed)
        trace = events.read(result.console.splitlines())
        if trace.events and same(failure, traced):
            return draw(traced, trace, known_names())
    return draw(failure, events.Trace([]), known_names())


def of_test(test):
    """What the page shows of a failed test, beside its picture."""
    typed = test["gdb"]
    if typed[1:2] == ["make gdb"]:
        typed = [typed[0], "in another terminal: make gdb", *(f"(gdb) {line}" for line in typed[2:])]
    return {"name": f"{test['name']}: {test['title']}", "points": f"{test['points']}/{test['most']}",
            "texts": [[label, test[name]] for label, name in (
                ("Scene", "scene"), ("With", "setting"), ("Expected", "expected"), ("Came", "seen"),
                ("Usually", "hint")) if test[name]],
            "state": test["state"], "console": [] if test["shown"] or test["state"] else test["console"],
            "commands": [["again", [test["replay"]]]] + ([["in gdb", typed]] if typed else [])}


def html(record):
    """The page of a record: each failure with its picture."""
    failed = [test for test in record["tests"] if test["status"] != "ok" and test["cause"] not in ("not-run", "build")]
    pictures = {number: test["picture"] for number, test in enumerate(failed) if test.get("picture")}
    lab = f"lab {record['lab']}: " if record["lab"] else ""
    return page.page({
        "title": f"Nymph, {lab}{record['points']} of {record['most']} points", "warning": "",
        "summary": record["build"] or ("No check failed." if not failed else "One check failed." if len(failed) == 1
                                       else f"{len(failed)} checks failed."),
        "instructions_per_tick": 100 / 2 ** machine.USUAL_SHIFT,
        "failures": [{**of_test(test), "picture": number if number in pictures else None}
                     for number, test in enumerate(failed)],
        "runs": [{**picture, "name": failed[number]["name"], "number": number} for number, picture in pictures.items()]})
