"""What a person sees of a grading, made from its record (record.py): a line for each test, and for
each failure what helps to find it. All that fails for the same reason as a test above is told in short."""

import os
import re
import sys
import textwrap

WIDTH = 100
INDENT = 8
LABEL = 10
# What is wrong with the machine and not with the scene is the same in many tests.
MACHINE = ("panic", "flood", "never-booted", "timeout")
BOLD, GREEN, RED = 1, 32, 31


def colourful(stream=None):
    """Whether it is a terminal that wants colour."""
    stream = stream or sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def labelled(label, text):
    """A label and a text, wrapped."""
    lines = textwrap.wrap(text, WIDTH - INDENT - LABEL, break_on_hyphens=False) or [""]
    return [" " * INDENT + (label if i == 0 else "").ljust(LABEL) + line for i, line in enumerate(lines)]


def commands(label, lines):
    """A label and commands, which are not wrapped: they are there to be copied."""
    return [" " * INDENT + (label if i == 0 else "").ljust(LABEL) + line for i, line in enumerate(lines)]


def block(lines):
    """Lines as they are, set off by an empty one."""
    return [""] + [" " * INDENT + line for line in lines] if lines else []


class Report:
    """The lines of a grading, test by test; it remembers what has been told."""

    def __init__(self, colour=False):
        self.colour, self.part, self.told, self.missing = colour, None, {}, {}

    def paint(self, text, code):
        """Coloured, or plain."""
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def one_line(self, test):
        """A test's verdict."""
        good = test["status"] == "ok"
        word = self.paint("ok", GREEN) + "  " if good else self.paint("FAIL", RED)
        line = f"  {word}  {test['name']:17} {test['points']:2}/{test['most']:<2}  {test['title']}"
        if good:
            seeds = "1 seed" if len(test["seeds"]) == 1 else f"{len(test['seeds'])} seeds"
            return f"{line}  ({seeds}, {test['seconds']:.1f} s)"
        return line + (f": {test['seen']}" if test["cause"] == "not-written" else "")

    def details(self, test):
        """What came instead of what was expected, in words, side by side and over time."""
        lines = labelled("scene", test["scene"])
        lines += labelled("with", test["setting"]) if test["setting"] else []
        lines += labelled("expected", test["expected"]) + labelled("seen", test["seen"])
        lines += block(test["shown"]) + block(test["timeline"])
        if test["console"] and not test["shown"]:
            lines += block(["the console:"] + [f"| {line}" for line in test["console"]])
        return lines + ([""] if test["shown"] or test["console"] else [])

    def commands(self, test):
        """What to type."""
        start, connect, *typed = test["gdb"]
        return (commands("again", [test["replay"]]) + commands("by hand", [test["by_hand"]])
                + commands("in gdb", [start, f"and in another terminal: {connect}"]
                           + [f"(gdb) {line}" for line in typed]))

    def failure(self, test):
        """The lines of a failure."""
        if test["cause"] == "not-written":
            self.missing.setdefault(test["seen"].split()[0], []).append(test["name"])
            return []
        if test["cause"] == "build":
            return []
        why = (test["cause"], re.sub(r"\d+", "", test["seen"]))
        if why in self.told:
            return labelled("seen", f"{test['seen']} (as in {self.told[why]})") + \
                commands("again", [test["replay"]])
        if test["cause"] in MACHINE:
            self.told[why] = test["name"]
        lines = self.details(test)
        if test["hint"] and test["cause"] not in MACHINE:
            lines += labelled("usually", test["hint"])
        return lines + self.commands(test)

    def test(self, test):
        """All lines of a test, a lab's heading before its first."""
        lines = []
        if test["part"] != self.part:
            self.part = test["part"]
            lines.append(self.paint(f"Lab {test['lab']}, {test['part_title'].lower()}", BOLD))
        lines.append(self.one_line(test))
        return lines + (self.failure(test) if test["status"] != "ok" else [])

    def end(self, record):
        """The last lines."""
        lines = []
        if record["build"]:
            lines += [self.paint("The kernel does not build:", RED)]
            lines += ["  " + line for line in record["build"].splitlines()]
        for function, tests in self.missing.items():
            lines.append(f"Not written yet: {function} ({len(tests)} "
                         f"{'test' if len(tests) == 1 else 'tests'})")
        return lines + [f"Points: {record['points']} of {record['most']}"]


def text(record):
    """The whole report, plain."""
    report, lines = Report(), []
    if not record["build"]:
        for test in record["tests"]:
            lines += report.test(test)
    return "\n".join(lines + report.end(record)) + "\n"
