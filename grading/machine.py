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
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

from grading import postmortem

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT_LIMIT = 16 << 20  # bytes of console output; a kernel that prints more is flooding its console
SCENE_LIMIT = 1 << 20    # the same for a run with a limit on work; no scene prints a fifth of that
LOOK = 0.25              # seconds of the host's time between two looks at a machine
HALTED = 6               # looks: a machine that does nothing for so long has halted for good
# What the kernel prints when it has come up. (A student of lab 1 prints the first line, the course the other.)
UP = re.compile(rb"^(\d+ harts? up|ktest: seed)\b", re.M)
# Milliseconds of the machine's own time, which do not depend on how busy the host is. They are for an
# instruction of 2^USUAL_SHIFT ns; if it takes longer, so does all that a machine must do.
USUAL_SHIFT = 4
BOOT_MS = 3000           # until it has come up; it takes 600 at most with MANY harts
MANY = 8                 # harts: with more, times grow with their square, as those of the firmware do
QUIET_MS = 5000          # without a word on the console, while the kernel's watchdog watches no scene
GRACE_MS = 1500          # for the watchdog's own report
LEAP_MS = 3_600_000      # from one look to the next: no timer is due, and time went on to the last one
END_MS = 1500            # for the machine's end, after the last line of a scene
# Millions of instructions, of all harts together, for each second of work that a run may take. A host does
# 150 in a second of its own; the longest test needs 60 in all.
SPEED = 33
# Seconds of processor time, as the last resort:
STUCK = 4                # in which the machine's time stands still
FRESH_DISK = {"IMAGE": "build/fresh.img", "SNAPSHOT": 1}
OPTIONS = ("CPUS MEM RUN DETERMINISTIC SEED SHIFT BOOT_HART IPI BIOS MACHINE TIMEOUT GDB GDBPORT APPEND BUILD "
           "KERNEL MONITOR IMAGE SNAPSHOT LAB TEST LOG LOG_AT").split()
ROOM = 16 << 20          # bytes; on a disk with less than that, a failure is not the kernel's fault
LOG_LIMIT = 64 << 20     # bytes of QEMU's own record of a run; that of a correct kernel has at most 5 MB


@dataclass
class Result:
    """How a machine ended. `why` is empty if it ended by itself; otherwise it is timeout, halted, flood
    or stopped, or overtime: its scene was still being played. `cpus`: where its cpus were when it was given
    up."""
    console: str
    status: int
    seconds: float
    why: str
    command: str
    cpus: list = field(default_factory=list)

    def tail(self, lines=25):
        """The last lines of the console."""
        return "\n".join(self.console.splitlines()[-lines:])

    @property
    def up(self):
        """Whether the kernel came up."""
        return UP.search(self.console.encode()) is not None

    @property
    def panic(self):
        """The line with the message of the kernel's panic, or ''."""
        found = re.search(r"^.*\bpanic\b.*$", self.console, re.M)
        return found.group(0).strip() if found else ""


class NoRoom(Exception):
    """The disk is full, so the grading cannot take place; the text says so in a line."""


def check_room(folder):
    """Raise NoRoom if the disk of this folder is full."""
    if shutil.disk_usage(folder).free < ROOM:
        raise NoRoom(f"the grading could not take place, because the disk of {folder} is full; make room, and grade again")


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
    """Decides whether a machine in the deterministic mode is still worth waiting for. It is never idle
    there: it works, or it has ended, or it has halted for good. What counts is the machine's own time,
    which the monitor tells; a machine whose time stands still is given up after so much work."""

    def __init__(self, process, monitor, kernel, work, shift, harts=MANY):
        large = max(1, harts * harts // (MANY * MANY))
        self.process, self.monitor, self.kernel, self.work = process, monitor, kernel, work
        self.slow, self.most = large << max(0, shift - USUAL_SHIFT), work * SPEED * large << shift
        self.now, self.spoke, self.used, self.moved, self.quiet = 0, 0, 0.0, 0.0, 0
        self.until = 0  # the time at which the kernel's own watchdog ends the scene, or 0

    def limit(self, console):
        """The time up to which the machine may be silent."""
        if not UP.search(console):
            return min(self.most, BOOT_MS * self.slow)
        if b"\nend key=" in console:
            return self.spoke + END_MS * self.slow
        self.until = self.monitor.watched_until(self.kernel)
        quiet, grace = QUIET_MS * self.slow, GRACE_MS * self.slow
        return min(self.most, max(self.spoke + quiet, self.until + grace if self.until else 0))

    def look(self, console, spoke):
        """Why waiting is useless, or "". spoke: whether the machine has printed since the last look."""
        used, now = used_time(self.process), self.monitor.time()
        moves = now is not None and now != self.now
        leapt = moves and now - self.now > LEAP_MS
        if moves:
            self.now, self.moved = now, used
        self.quiet = 0 if moves or used != self.used or not asleep(self.process) else self.quiet + 1
        self.used = used
        if spoke:
            self.spoke = self.now
        if leapt or self.quiet >= HALTED:
            return "halted"
        late = moves and self.now > self.limit(console)
        if late and self.until > self.now:
            return "overtime"
        return "timeout" if late or used > self.work or used - self.moved > STUCK else ""


def read_all(process, timeout, most, watch, stop):
    """Read the output of the process until it ends or reaches a limit: (chunks, "" or Result.why). most: so
    many bytes are too many. With a watch, the timeout counts only while the process does nothing."""
    chunks, size, told, used = [], 0, 0, 0.0
    deadline, next_look = time.monotonic() + timeout, time.monotonic() + LOOK
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            if now >= deadline:
                before, used = used, used_time(process)
                if not watch or used - before < timeout / 500:
                    return chunks, "timeout"
                deadline = now + timeout
            if stop and stop():
                return chunks, "stopped"
            if watch and now >= next_look:
                if why := watch.look(b"".join(chunks), size > told):
                    return chunks, why
                told, next_look = size, time.monotonic() + LOOK
            if selector.select(max(0.0, (min(deadline, next_look) if watch else deadline) - now)):
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    return chunks, ""
                chunks.append(data)
                size += len(data)
                if size > most:
                    return chunks, "flood"


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


def start(root, work, options, monitor):
    """Start the machine. The kernel's limit on processor time only comes after the Watch's own."""
    limit = ["prlimit", f"--cpu={work + 10}"] if work else []
    if work and options.get("LOG"):
        limit.append(f"--fsize={LOG_LIMIT}")
    fds = (monitor.theirs.fileno(),) if monitor else ()
    process = subprocess.Popen([*limit, "tools/qemu"], cwd=root, stdin=subprocess.DEVNULL, pass_fds=fds,
                               env=environment(**options, **{"MONITOR": fd for fd in fds}),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    if monitor:
        monitor.theirs.close()
    _running.add(process)
    return process


def run(commands, *, timeout=60, work=None, root=ROOT, stop=None, log=None, **options):
    """Boot a fresh machine with a fresh disk, let its shell run `commands`, and return the Result.

    work: the seconds of processor time that QEMU may use, in the deterministic mode. QEMU is never idle
    there, so this limits the run however busy the host is; a machine that hangs is ended sooner (Watch).
    timeout: a limit in seconds of the host's time; with `work`, it limits only how long the machine may do
    nothing. stop: a function; the run ends soon after it has become true. options: those of tools/qemu.
    log: more of them, which the command in the Result does not show (emulator_log.options)."""
    options = {"RUN": commands, **options}
    disk = {} if options.get("DETERMINISTIC") else FRESH_DISK
    started, cpus = time.monotonic(), []
    monitor = postmortem.Monitor() if work and options.get("DETERMINISTIC") else None
    kernel = pathlib.Path(root, "build", "kernel")
    process = start(root, work, {**disk, **options, **(log or {})}, monitor)
    try:
        shift = int(options.get("SHIFT") or USUAL_SHIFT)
        harts = int(options.get("CPUS") or MANY)
        watch = Watch(process, monitor, kernel, work, shift, harts) if monitor else None
        chunks, why = read_all(process, timeout, SCENE_LIMIT if work else OUTPUT_LIMIT, watch, stop)
        if monitor and why in ("timeout", "halted", "overtime"):
            cpus = postmortem.look(monitor, kernel)
        # The console is closed, so the process is about to end; a busy host may delay that.
        status = -1 if why else process.wait(timeout=60)
        if status in (-signal.SIGXCPU, -signal.SIGXFSZ, -signal.SIGKILL):
            why = "timeout"
    finally:
        _running.discard(process)
        end(process)
        if monitor:
            monitor.close()
    text = b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")
    return Result(text, status, time.monotonic() - started, why, make_command(**options), cpus)
