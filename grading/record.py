# SPDX-License-Identifier: BSD-3-Clause
"""The record of a grading: everything that is known about it, as strings, numbers and lists. FORMAT=json
writes it to a file; the report and all other formats are made from it.

    {"version": 1, "lab": "4" or "" for all, "seed": the given one or null, "points", "most", "seconds",
     "build": null or the compiler's first errors,
     "left_out": [programs of user/ that do not build, and that no test needs],
     "tests": [{"lab": 4, "part": "ipi", "part_title", "number": "4.3", "name", "title", "scene", "setting",
        "file", "line": where the source of the scene is, "points", "most", "status": "ok" or "fail",
        "seeds": [..], "seed": the smallest that failed, or null, "seconds",
        "expected", "seen", "cause": see failure.CAUSES, "hint",
        "shown": [lines], "timeline": [lines], "console": [its last lines],
        "state": [lines: where each cpu is, and its flags, if the machine does not go on],
        "replay": "make grade ...", "by_hand": "make qemu ...", "gdb": [what to type]}],
     "remarks": lines about the submission, if there are any, "page": the file with the failures' pictures, if there is one}

In memory a test also has a "picture" (picture.py), which goes into that page and into no other format.

For a test that passed, the fields that only a failure needs are empty or null. The status of a test that
was not run, because the kernel is dead (runs.py), is "fail" too; its cause is "not-run". "hint" is what a
failure usually comes from (diagnosis.py). A race (races.py) has no seeds; its by_hand is a program of the host.
"""

import re

from grading import diagnosis, engine, runs, scenes, timeline
from grading.failure import Failure

TAIL = 12   # lines that are kept of the console, the last ones
PANIC = 24  # the same of a panic, the first ones


def printable(line, width=300):
    """A line of the console without characters that would control a terminal; a very long line is cut."""
    return "".join(c if c.isprintable() else "?" for c in line[:width]) + \
        (" ..." if len(line) > width else "")


def of_test(outcome):
    """The fields that every test has."""
    lab, case = outcome.lab, outcome.test
    scene = scenes.find(case.program)
    good = outcome.failure is None and not outcome.dead and not outcome.lacking
    return {
        "lab": lab.number, "part": lab.name, "part_title": lab.title, "number": case.number,
        "name": case.name,
        "title": case.title, "scene": scene.text or case.title, "setting": "", "file": scene.file,
        "line": scene.line, "points": case.points if good else 0, "most": case.points,
        "status": "ok" if good else "fail", "seeds": [] if case.race else outcome.seeds, "seed": None,
        "seconds": round(outcome.seconds, 2), "expected": "", "seen": "", "cause": None,
        "hint": "", "shown": [], "timeline": [], "console": [], "state": [], "replay": "", "by_hand": "",
        "gdb": [], "picture": None}


def console(result):
    """The last lines of what the kernel has printed; if it panicked, the first lines of the panic, without
    the registers. The firmware's own lines are left out."""
    lines = result.console.splitlines()
    firmware = max((i for i, line in enumerate(lines) if line.startswith("Boot HART ")), default=-1)
    lines = lines[firmware + 1:]
    first = next((i for i, line in enumerate(lines) if line.startswith("panic: ")), None)
    if first is not None:
        lines = [line for line in lines[first:] if not re.match(r" +\w\w\w? [0-9a-f]{16}", line)][:PANIC]
    return [printable(line) for line in lines if line.strip()][-TAIL if first is None else None:] or \
        ["(the kernel has printed nothing)"]


def replay(outcome):
    """The command that runs this test with this seed again."""
    return (f"make grade LAB={outcome.lab.name} TEST={outcome.test.name} SEED={outcome.seed}"
            + (" UNTIMELY=1" if engine.UNTIMELY else ""))


def of_failure(outcome):
    """The fields that a failed run fills in."""
    failure, result = outcome.failure, outcome.result
    values = scenes.setting(result.command)
    return {
        "seed": outcome.seed, "setting": " ".join(f"{name}={value}" for name, value in values.items()),
        "scene": scenes.with_values(scenes.find(outcome.test.program).text or outcome.test.title,
                                    outcome.test.program, values),
        "expected": printable(failure.expected, 2000), "seen": printable(failure.seen, 2000),
        "cause": failure.cause, "shown": [printable(line) for line in timeline.shown(failure)],
        "timeline": [printable(line) for line in timeline.draw(failure)],
        "console": console(result), "state": [printable(line, 600) for line in failure.state],
        "picture": outcome.picture, "hint": diagnosis.usual(outcome.lab.number, outcome.test, failure),
        "replay": replay(outcome), "by_hand": result.command,
        "gdb": [printable(line, 2000) for line in timeline.in_gdb(failure, result.command, outcome.lab.name)]}


def of_race(outcome):
    """The same of a race: the schedule that fails, and how to play it again on this host."""
    failure, result, race = outcome.failure, outcome.result, outcome.test.race
    built = failure.cause not in ("host-build", "no-host")
    return {
        "setting": f"up to {race.limits()}", "expected": printable(failure.expected, 2000),
        "seen": printable(failure.seen, 2000), "cause": failure.cause,
        "timeline": [printable(line) for line in failure.drawn],
        "console": [] if built else [printable(line) for line in result.console.splitlines()],
        "state": [printable(line, 600) for line in failure.state],
        "hint": diagnosis.usual(outcome.lab.number, outcome.test, failure),
        "replay": f"make grade LAB={outcome.lab.name} TEST={outcome.test.name}",
        "by_hand": printable(result.command, 20000),
        "gdb": [printable(f"gdb --args {result.command}", 20000), "break panic", "run", "backtrace"] if built
        else []}


def of_lacking(outcome):
    """The fields of a race that passed, if a test in QEMU that it needs did not."""
    return {"cause": "needs", "expected": f"{' and '.join(outcome.lacking)} to pass, too",
            "seen": f"passed, but gives no points without {' and '.join(outcome.lacking)}",
            "replay": f"make grade LAB={outcome.lab.name} TEST={outcome.test.name}"}


def of_dead(outcome):
    """The fields of a test that was not run."""
    names = [dead.test.name for dead in outcome.dead]
    which = " and ".join([", ".join(names[:-1])] * (len(names) > 1) + names[-1:])
    return {"cause": "not-run", "expected": "a kernel that lives", "seen": f"not run; fix {which} first",
            "replay": f"make grade LAB={outcome.lab.name} TEST={outcome.test.name}"}


def test(outcome):
    """The record of one test."""
    return {**of_test(outcome), **(of_dead(outcome) if outcome.dead else
                                   of_lacking(outcome) if outcome.lacking else
                                   {} if not outcome.failure else
                                   of_race(outcome) if outcome.test.race else of_failure(outcome))}


def not_built(lab, case, errors):
    """The record of one test if the tree does not build."""
    failure = Failure("a kernel that builds", errors.splitlines()[0], cause="build")
    return {**of_test(runs.Outcome(lab, case, [], failure=failure)), "expected": failure.expected,
            "seen": printable(failure.seen, 2000), "cause": "build"}


def whole(lab, seed, seconds, errors, tests, left_out=()):
    """The record of a whole grading."""
    if errors:
        errors = "\n".join(printable(line) for line in errors.split("\n"))
    return {"version": 1, "lab": lab, "seed": int(seed) if seed and str(seed).isdecimal() else None,
            "points": sum(t["points"] for t in tests), "most": sum(t["most"] for t in tests),
            "seconds": round(seconds, 2), "build": errors, "left_out": list(left_out), "tests": tests}
