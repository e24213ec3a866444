# SPDX-License-Identifier: BSD-3-Clause
"""The report that a person reads, made from the record of a grading (record.py): a line for each test,
and for each failure what helps to find its cause. A test that fails for the same reason as an earlier one
is reported in short."""

import os
import re
import sys
import textwrap

WIDTH = 100
INDENT = 8
LABEL = 10
# Causes that are not a scene's own; they show up in many tests, and only the first is reported in full.
MACHINE = ("panic", "flood", "never-booted", "timeout", "forged", "host-build")
SILENT = ("never-booted", "timeout")
BOLD, GREEN, RED = 1, 32, 31


def colourful(stream=None):
    """Whether the stream is a terminal that shows colours."""
    stream = stream or sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def commands(label, lines):
    """Lines after a label. They are not wrapped, so that a person can copy them."""
    return [" " * INDENT + (label if i == 0 else "").ljust(LABEL) + line for i, line in enumerate(lines)]


def labelled(label, text):
    """A text after a label, wrapped."""
    return commands(label, textwrap.wrap(text, WIDTH - INDENT - LABEL, break_on_hyphens=False) or [""])


def block(lines):
    """Lines as they are, after an empty one."""
    return [""] + [" " * INDENT + line for line in lines] if lines else []


class Report:
    """Makes the lines of a report, test by test. It remembers which failures it has reported already:
    `reported` maps a cause to the first test that failed by it, and `missing` a function that is not
    written yet to the tests that need it. `unrun`: the tests that were not run."""

    def __init__(self, colour=False):
        self.colour, self.part, self.reported, self.missing, self.unrun = colour, None, {}, {}, []

    def paint(self, text, code):
        """The text in a colour, if colours are shown."""
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def verdict(self, test):
        """The line of a test: passed or failed, points and title."""
        good = test["status"] == "ok"
        word = self.paint("ok", GREEN) + "  " if good else self.paint("FAIL", RED)
        line = f"  {word}  {test['name']:17} {test['points']:2}/{test['most']:<2}  {test['title']}"
        if good and not test["seeds"]:
            return f"{line}  (every schedule, {test['seconds']:.1f} s)"
        if good:
            seeds = "1 seed" if len(test["seeds"]) == 1 else f"{len(test['seeds'])} seeds"
            return f"{line}  ({seeds}, {test['seconds']:.1f} s)"
        if test["cause"] == "not-run":
            return line + ": not run"
        return line + (f": {test['seen']}" if test["cause"] in ("not-written", "needs", "no-host") else "")

    def details(self, test):
        """What happened instead of what was expected: in words, side by side, and over time."""
        lines = labelled("scene", test["scene"])
        lines += labelled("with", test["setting"]) if test["setting"] else []
        lines += labelled("expected", test["expected"]) + labelled("seen", test["seen"])
        lines += block(test["shown"]) + block(test["timeline"])
        if test["state"]:
            lines += block(["where each cpu is, the inner functions first:"] + test["state"])
        if test["console"] and not test["shown"] and (not test["state"] or test["cause"] in SILENT):
            lines += block(["the compiler:" if test["cause"] == "host-build" else "the console:"]
                           + [f"| {line}" for line in test["console"]])
        return lines + ([""] if test["shown"] or test["timeline"] or test["state"] or test["console"] else [])

    def commands(self, test):
        """What to type to see the failure again."""
        start, *typed = test["gdb"] or [""]
        again = commands("again", [test["replay"]]) + commands("by hand", [test["by_hand"]])
        if test["cause"] == "host-build":
            return again
        if not test["seeds"]:
            return again + commands("in gdb", [start] + [f"(gdb) {line}" for line in typed])
        connect, *typed = typed
        return again + commands("in gdb", [start, f"and in another terminal: {connect}"]
                                + [f"(gdb) {line}" for line in typed])

    def failure(self, test):
        """The lines of a failure."""
        if test["cause"] == "not-written":
            self.missing.setdefault(test["seen"].split()[0], []).append(test["name"])
            return []
        if test["cause"] == "not-run":
            self.unrun.append(test)
        if test["cause"] in ("build", "not-run", "needs", "no-host"):
            return []
        why = (test["cause"], re.sub(r"\d+", "", test["seen"].partition("; given up")[0]))
        if why in self.reported:
            return labelled("seen", f"{test['seen']} (as in {self.reported[why]})") + \
                commands("again", [test["replay"]])
        if test["cause"] in MACHINE:
            self.reported[why] = test["name"]
        lines = self.details(test)
        lines += labelled("usually", test["hint"]) if test["hint"] else []
        return lines + self.commands(test)

    def test(self, test):
        """All lines of a test. The heading of a lab's part comes before its first test."""
        lines = []
        if test["part"] != self.part:
            self.part = test["part"]
            lines.append(self.paint(f"Lab {test['lab']}, {test['part_title'].lower()}", BOLD))
        lines.append(self.verdict(test))
        return lines + (self.failure(test) if test["status"] != "ok" else [])

    def end(self, record):
        """The last lines of the report: build errors, missing functions, what to fix first, points."""
        lines = []
        if record["build"]:
            lines += [self.paint("The kernel does not build:", RED)]
            lines += ["  " + line for line in record["build"].splitlines()]
        lines += [f"Left out, because it does not build: user/{name}" for name in record["left_out"]]
        for function, tests in self.missing.items():
            lines.append(f"Not written yet: {function} ({len(tests)} "
                         f"{'test' if len(tests) == 1 else 'tests'})")
        for lab in sorted({test["lab"] for test in self.unrun}):
            unrun = [test for test in self.unrun if test["lab"] == lab]
            first = re.sub(r"^not run; fix | first$", "", unrun[0]["seen"])
            rest = "1 test" if len(unrun) == 1 else f"{len(unrun)} tests"
            lines += textwrap.wrap(
                self.paint("Fix this first", BOLD) + f": in lab {lab} the kernel dies in {first}, as reported "
                f"above. So the {rest} after that did not run, and give 0 points. To run one of them alone: "
                + unrun[0]["replay"], WIDTH, break_on_hyphens=False)
        if record.get("page"):
            lines.append(f"Pictures of the failures: {record['page']} (open it with a browser)")
        return lines + [f"Points: {record['points']} of {record['most']}"]


def text(record):
    """The whole report, without colours."""
    report, lines = Report(), []
    if not record["build"]:
        for test in record["tests"]:
            lines += report.test(test)
    return "\n".join(lines + report.end(record)) + "\n"
