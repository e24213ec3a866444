# SPDX-License-Identifier: BSD-3-Clause
"""The sessions in the pages of the labs: read them, play them in lab 0's tree, and compare.

A session begins with an indented line `$ make ...` (which a backslash continues) and has every block of indented
lines that follows and begins with one of SHOWN, up to the next such line. With `make qemu-gdb` it is a session of gdb: lines
`(gdb) command`, and below each the lines of its output that the page shows. Otherwise it is lines of the
console. A page may leave lines out, and shortens one by "...". A line is found when one of the output is the
same but for addresses, times and the numbers of lines of a source, which change with every change of the kernel.

    python3 tests/sessions.py FOLDER    renew these numbers in the pages; FOLDER is the tree of lab 0
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import pexpect

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE = 60       # seconds
LOOSE = re.compile(r"0x[0-9a-f]{6,}|(?<=\bt=)\d+|(?<=\bseq=)\d+|(?<=\.[chS]:)\d+|(?<=\bline )\d+|\b\d{8,}\b|"
                   r"^\d+(?=\t)|(?<=^#)\d+")
TIME = re.compile(r"\bt=(\d{7})\b")
HEX = "0x[0-9a-f]+"
PROMPT = "(gdb) "
SHOWN = (PROMPT, "ktr ", "ev ", "$ make")   # how a block begins that belongs to a session


@dataclass
class Step:
    """What is typed to gdb ("" for the console of a run), and the lines that the page shows."""
    typed: str
    shown: list = field(default_factory=list)   # (number of the line in the page, text)


@dataclass
class Session:
    """A command and what it shows."""
    page: pathlib.Path
    line: int
    command: str
    steps: list


def pages():
    """The pages that have sessions."""
    return [ROOT / "README.md", ROOT / "LAB.md", *sorted((ROOT / "docs" / "labs").glob("lab*.md"))]


def read(page):
    """The Sessions of a page."""
    found, continued, prose, blank = [], False, False, False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        text = line[4:]
        if not line.startswith("    "):
            prose, blank = prose or line != "", True
            continue
        console = not found or not found[-1] or "qemu-gdb" not in found[-1].command
        if (prose or blank and console) and not text.startswith(SHOWN):
            found.append(None)
        prose = blank = False
        if text.startswith("$ make"):
            found.append(Session(page, number, text[2:].rstrip("\\"), [Step("")]))
            continued = text.endswith("\\")
        elif continued:
            found[-1].command += text.strip().rstrip("\\")
            continued = text.endswith("\\")
        elif found and found[-1] and text.startswith(PROMPT):
            found[-1].steps.append(Step(text[len(PROMPT):].strip()))
        elif found and found[-1] and text.strip():
            found[-1].steps[-1].shown.append((number, text))
    sessions = [session for session in found if session]
    for session in sessions:
        session.command = re.sub(r"\s+\(and `make gdb`.*\)$", "", session.command)
    return sessions


def pattern(text, known):
    """A regular expression for a line of a page. known: address in the page -> address in the output."""
    pieces = []
    for piece in re.split(r"(\.\.\.)", text.strip()):
        if piece == "...":
            pieces.append(".*")
            continue
        at = 0
        for loose in LOOSE.finditer(piece):
            pieces.append(re.sub(r"(\\?\s)+", r"\\s+", re.escape(piece[at:loose.start()])))
            pieces.append("(" + known.get(loose.group(0), HEX if loose.group(0).startswith("0x") else r"\d+") + ")")
            at = loose.end()
        pieces.append(re.sub(r"(\\?\s)+", r"\\s+", re.escape(piece[at:])))
    return "".join(pieces)


def renewed(text, match):
    """The line of the page with the numbers that the output has."""
    values, indent = iter(match.groups()), len(text) - len(text.lstrip())
    return " " * indent + "...".join(LOOSE.sub(lambda old: next(values), piece)
                                     for piece in text.strip().split("..."))


def compare(shown, output):
    """([(number, text as it should be)], [what is missing]): the lines of a page, in their order, in the
    output. Those of a scene (`ev`) are looked for by themselves: the page sorts them in by their time."""
    good, missing, known = [], [], {}
    for wanted in ([s for s in shown if s[1].startswith("ev ")], [s for s in shown if not s[1].startswith("ev ")]):
        at = 0
        for number, text in wanted:
            match = re.compile(pattern(text, known)).search(output, at)
            if match:
                at = match.end()
                known.update((old, new) for old, new in zip(LOOSE.findall(text.strip()), match.groups())
                             if old.startswith("0x"))
                good.append((number, renewed(text, match)))
            else:
                missing.append(f"line {number}: {text}")
    return good, missing


def options(folder):
    """How pexpect starts a command in the folder."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return {"cwd": str(folder), "env": {**env, "TERM": "dumb", "TIMEOUT": "300"}, "encoding": "utf-8",
            "codec_errors": "replace", "timeout": PATIENCE, "dimensions": (100, 250)}


def clean(text):
    """Without the terminal's own characters."""
    return re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "", text)


def talk(gdb, steps):
    """Type the steps; yield the output of each."""
    for step, after in zip(steps, [*steps[1:], None]):
        gdb.sendline(step.typed)
        gdb.expect_exact(step.typed)
        if after and after.typed == "" and any("^C" in text for _, text in step.shown):
            step.shown += after.shown
        if any("^C" in text for _, text in step.shown):
            gdb.expect(pexpect.TIMEOUT, timeout=8)      # until the machine has nothing more to say
            gdb.sendintr()
        gdb.expect_exact(PROMPT)
        yield step, clean(gdb.before)


def play(session, folder):
    """([(number, line as it should be)], [what is missing]) of a session that is played in the folder."""
    if "qemu-gdb" not in session.command:
        done = subprocess.run(["sh", "-c", session.command], cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False, timeout=300,
                              env=options(folder)["env"])
        return compare(session.steps[0].shown, done.stdout)
    good, missing, socket = [], [], pathlib.Path(folder, "build", "gdb.sock")
    socket.unlink(missing_ok=True)
    with subprocess.Popen(["sh", "-c", "exec " + session.command], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=options(folder)["env"],
                          start_new_session=True) as machine:
        try:
            while not socket.exists() and machine.poll() is None:
                time.sleep(0.1)
            gdb = pexpect.spawn("make", ["-s", "gdb"], **options(folder))
            gdb.expect_exact(PROMPT)
            for setting in ("set pagination off", "set confirm off", "set style enabled off", "set width 0"):
                gdb.sendline(setting)
                gdb.expect_exact(PROMPT)
            for step, output in talk(gdb, [s for s in session.steps if s.typed]):
                found, lost = compare([s for s in step.shown if "^C" not in s[1]], output)
                good += found
                missing += [f"after `{step.typed}`, {line}\n--- the output:\n{output}" for line in lost]
            gdb.sendline("kill")
            gdb.close(force=True)
        finally:
            os.killpg(machine.pid, signal.SIGKILL)
    return good, missing


def main(folder):
    """Renew the numbers in all pages, also those times that a page's text speaks of; say what is missing."""
    for page in pages():
        lines, times = page.read_text(encoding="utf-8").splitlines(), {}
        for session in read(page):
            if not any(step.shown for step in session.steps):
                continue    # a command to try
            good, missing = play(session, folder)
            for number, text in good:
                times.update(zip(TIME.findall(lines[number - 1]), TIME.findall(text)))
                lines[number - 1] = "    " + text
            for text in missing:
                print(f"{page.name}:{session.line}: {text}")
        lines = [line if line.startswith("    ") else re.sub(r"\b\d{7}\b", lambda t: times.get(t[0], t[0]), line)
                 for line in lines]
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
