# SPDX-License-Identifier: BSD-3-Clause
"""Build the tree that is graded; if it does not build, say why in a few lines."""

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


def build(seen=None, root=machine.ROOT):
    """Build with the options that `make grade` was given; None, or the first errors. seen(line) is
    told what is being built."""
    options = [f"{name}={value}" for name, value in given().items()]
    process = subprocess.Popen(
        ["timeout", str(LIMIT), "make", "-s", f"-j{machine.processors()}", "--output-sync", *options, "all"],
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
        status = process.wait()
    finally:
        if process.poll() is None:  # interrupted
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if status == 124:
        return f"the build did not finish within {LIMIT} s"
    return first_errors("".join(lines)) if status else None
