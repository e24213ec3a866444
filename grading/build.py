# SPDX-License-Identifier: BSD-3-Clause
"""Build the tree that is graded; if it does not build, say why in a few lines.

A program of the student's own that is not finished does not stop the grading: it is left out.
"""

import os
import re
import signal
import subprocess

from grading import machine

LIMIT = 600  # seconds of the host's time; a build takes 20
SHOWN = 15   # lines of the compiler's
OPTIONS = {"INVARIANTS": ("1", "0"), "TOOLCHAIN": ("gcc", "clang"), "WERROR": ("1", "0")}


def first_errors(text):
    """What the compiler or the linker printed from the first error on; without an error, the last lines."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("make")]
    for i, line in enumerate(lines):
        if re.search(r"\berror\b|undefined reference|multiple definition|undefined symbol", line):
            start = i - 1 if i and ": In function" in lines[i - 1] else i
            return "\n".join(lines[start:start + SHOWN])
    return "\n".join(lines[-SHOWN:]) or "make failed without a message"


def given():
    """The options for make that are in the environment: {name: value}."""
    return {name: os.environ[name] for name in OPTIONS if os.environ.get(name)}


def unfinished(text, needed):
    """The user programs that make (with -k) could not build, if nothing else failed and none of them is
    needed; otherwise []."""
    failed = re.findall(r"\*\*\* \[\S+ (\S+?)\] Error", text)
    program = r"build/(?:obj/)?user/(\w[\w+-]*?)(?:(?:_\w+)?\.[cS]\.o|/\S+)?"
    found = [re.fullmatch(program, path) for path in failed]
    names = {match.group(1) for match in found if match}
    return sorted(names) if failed and all(found) and not names & {"lib", "sh", "init", "sysctl", *needed} \
        else []


def make(words, seen, root):
    """Run make: (its status, its output without the lines about what is built). seen(line) gets those."""
    process = subprocess.Popen(
        ["timeout", str(LIMIT), "make", "-s", f"-j{machine.processors()}", "--output-sync", *words, "all"],
        cwd=root, env=machine.environment(LC_ALL="C"), stdin=subprocess.DEVNULL, text=True,
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    lines = []
    try:
        for line in process.stdout:
            if re.match(r"  (cc|ld|mkfs) ", line):
                if seen:
                    seen(line.strip())
            else:
                lines.append(line)
        return process.wait(), "".join(lines)
    finally:
        if process.poll() is None:  # interrupted
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def build(seen=None, root=machine.ROOT, needed=()):
    """Build with the options that `make grade` was given: (None or the first errors, the programs that were
    left out because they do not build). seen(line) is told what is being built; `needed` are the programs
    of the tests."""
    options = [f"{name}={value}" for name, value in given().items()]
    status, text = make(options, seen, root)
    left_out = []
    if status not in (0, 124):
        left_out = unfinished(make(["-k", *options], seen, root)[1], needed)
        if left_out:
            status, text = make([*options, "WITHOUT=" + " ".join(left_out)], seen, root)
    if status == 124:
        return f"the build did not finish within {LIMIT} s", []
    return first_errors(text) if status else None, left_out
