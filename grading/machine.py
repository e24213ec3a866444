# SPDX-License-Identifier: BSD-3-Clause
"""Run a machine to its end and keep what it printed.

Every grader and every test that needs no keyboard starts QEMU by run(). tools/qemu makes the command
line; the limits on time and output are enforced here; no process outlives the call. end_all() ends the
machines that other threads have started.
"""

import os
import pathlib
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT_LIMIT = 16 << 20  # bytes of console output; a kernel that prints more is flooding its console
SCENE_LIMIT = 1 << 20    # the same for a run with a limit on work; no scene prints a fifth of that
LOOK = 0.5               # seconds of the host's time between two checks of a silent machine
HALTED = 3               # seconds: a machine that does nothing for so long has halted for good
BOOT = 4                 # seconds of processor time until "harts up" is printed; a boot takes 0.3
FRESH_DISK = {"IMAGE": "build/fresh.img", "SNAPSHOT": 1}
OPTIONS = ("CPUS MEM RUN DETERMINISTIC SEED SHIFT BOOT_HART IPI BIOS TIMEOUT GDB GDBPORT APPEND BUILD KERNEL "
           "IMAGE SNAPSHOT LAB TEST LOG LOG_AT").split()
LOG_LIMIT = 64 << 20     # bytes of QEMU's own record of a run; that of a correct kernel has at most 5 MB


@dataclass
class Result:
    """How a machine ended. `why` is empty if it ended by itself; otherwise it is timeout, halted or
    flood."""
    console: str
    status: int
    seconds: float
    why: str
    command: str

    def tail(self, lines=25):
        """The last lines of the console."""
        return "\n".join(self.console.splitlines()[-lines:])

    @property
    def panic(self):
        """The line with the message of the kernel's panic, or ''."""
        found = re.search(r"^.*\bpanic\b.*$", self.console, re.M)
        return found.group(0).strip() if found else ""


def processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def environment(**options):
    """The environment of this process without the options that a calling make left in it, plus
    `options`."""
    env = {k: v for k, v in os.environ.items() if k not in OPTIONS and not k.startswith("MAKE")}
    env.update({k: str(v) for k, v in options.items() if v is not None})
    return env


def make_command(**options):
    """The command by which a person runs the same machine."""
    words = []
    for key, value in options.items():
        if value is not None:
            text = str(value)
            if not re.fullmatch(r"[\w./:-]+", text):
                text = "'" + text.replace("'", "'\\''") + "'"
            words.append(f"{key}={text}")
    return "make qemu " + " ".join(words)


def used_time(process):
    """The seconds of processor time that a process has used; 0 after its end."""
    try:
        stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asleep(process):
    """Whether QEMU waits: none of its threads runs, or is ready to run on a busy host."""
    states = []
    for path in pathlib.Path(f"/proc/{process.pid}/task").glob("*/stat"):
        try:
            name, _, rest = path.read_text(encoding="ascii", errors="replace").rpartition(")")
        except OSError:
            return False
        states.append(rest.split()[0] if "(qemu" in name or states else "still the shell")
    return bool(states) and set(states) == {"S"}


class Watch:
    """Decides whether a silent machine is still worth waiting for. In the deterministic mode a machine is
    never idle: it works, or it has ended, or it has halted for good."""

    def __init__(self, process):
        self.process, self.used, self.quiet = process, -1.0, 0

    def gone(self, booted):
        """Why waiting is useless, or ""."""
        used = used_time(self.process)
        self.quiet = self.quiet + 1 if used == self.used and asleep(self.process) else 0
        self.used = used
        if self.quiet >= HALTED / LOOK:
            return "halted"
        return "timeout" if not booted and used > BOOT else ""


def read_all(process, timeout, working):
    """Read the output of the process until it ends or reaches a limit: (chunks, "", "timeout", "halted"
    or "flood"). With `working`, a process that has used the processor within the timeout gets another
    timeout."""
    chunks, size, used, watch = [], 0, 0.0, Watch(process)
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                before, used = used, used_time(process)
                if not working or used - before < timeout / 500:
                    return chunks, "timeout"
                deadline = time.monotonic() + timeout
            elif selector.select(min(left, LOOK) if working else left):
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    return chunks, ""
                chunks.append(data)
                size += len(data)
                if size > (SCENE_LIMIT if working else OUTPUT_LIMIT):
                    return chunks, "flood"
            elif working and (why := watch.gone(b"harts up" in b"".join(chunks))):
                return chunks, why


_running: set[subprocess.Popen] = set()


def end(process):
    """Make sure that nothing of the process is left. It takes SIGKILL, because with -icount QEMU may not
    react to SIGTERM."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    process.stdout.close()


def end_all():
    """End all machines, whichever thread has started them; their run() then returns."""
    for process in list(_running):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def run(commands, *, timeout=60, work=None, root=ROOT, log=None, **options):
    """Boot a fresh machine with a fresh disk, let its shell run `commands`, and return the Result.

    work: the seconds of processor time that QEMU may use. In the deterministic mode QEMU is never idle,
    so this limits the run however busy the host is. timeout: a limit in seconds of the host's time; with
    `work`, it limits only how long the machine may do nothing. options: those of tools/qemu. log: more
    of them, which the command in the Result does not show (emulator_log.options)."""
    options = {"RUN": commands, **options}
    disk = {} if options.get("DETERMINISTIC") else FRESH_DISK
    started = time.monotonic()
    limit = ["prlimit", f"--cpu={work}", *([f"--fsize={LOG_LIMIT}"] if log else [])] if work else []
    process = subprocess.Popen([*limit, "tools/qemu"], cwd=root,
                               env=environment(**{**disk, **options, **(log or {})}),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    _running.add(process)
    try:
        chunks, why = read_all(process, timeout, work is not None)
        # The console is closed, so the process is about to end; a busy host may delay that.
        status = -1 if why else process.wait(timeout=60)
        if status in (-signal.SIGXCPU, -signal.SIGXFSZ, -signal.SIGKILL):
            why = "timeout"
    finally:
        _running.discard(process)
        end(process)
    text = b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")
    return Result(text, status, time.monotonic() - started, why, make_command(**options))
