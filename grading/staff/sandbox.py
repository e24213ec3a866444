# SPDX-License-Identifier: BSD-3-Clause
"""Run a command on a submission, within limits.

The commands are the instructor's (make, compilers, the graders, QEMU), but the files that they read come
from a stranger. So they run inside bubblewrap where the host allows that: without a network, with no files
but the system's programs (read-only) and their own folder, and without access to other processes. Where it
does not, root runs them as the user NOBODY, who must not be able to read this tree (check_walls). In both
cases they can write only to the folders in WRITABLE.

In any case there are limits on processor time, memory, file size, time and room on the disk (LIMITS, SPACE), and
QEMU runs in its own seccomp sandbox (tools/qemu, SANDBOX=1). Programs that are made of a submission's own code, its
races, run by run_apart(). The section "What is run, and within what limits" of
grading/README.md says what remains possible.
"""

import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from grading.machine import ROOT
from grading.staff import unpack

LIMITS = {"cpu": 300,           # seconds of processor time of one process
          "as": 6 << 30,        # bytes of address space of one process
          "fsize": 256 << 20,   # bytes of one file; the disk image has 128 MiB and is sparse
          "nofile": 1024,       # open files of one process
          "core": 0}
UNPACKING = {"cpu": 30, "as": 512 << 20, "fsize": 64 << 20, "core": 0}     # for unpack.py
PROCESSES = 256                 # inside bubblewrap, all together
OUTPUT = 1 << 20                # bytes of output that are kept
SPACE = 1 << 30                 # bytes of all that a command writes to the disk; a build writes 60 MB
FREE = 256 << 20                # bytes; on a disk with less than that, a failure is not the submission's fault
LOOK = 1                        # seconds from one look at these two to the next
PATH = "/usr/local/bin:/usr/bin:/bin"
WRITABLE = ("build", "build-bench")     # of a tree
NOBODY = 65534                          # user and group
APART = 0x70000000                      # and those of programs that are a submission's own (run_apart)


class Missing(Exception):
    """The limits cannot be set, or the disk is full; the text says so."""


@dataclass
class Ended:
    """How a command ended. why: "time" if it took too long, "space" if it wrote too much, otherwise ""."""
    status: int
    output: str
    why: str = ""


def system_folders():
    """The options of bubblewrap that show the system's programs and libraries, and no other files."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = pathlib.Path("/", name)
        if path.is_symlink():
            words += ["--symlink", f"usr/{name}", str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"):
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return words


def bubblewrap(folder):
    """The words to put before a command that may see the system's programs and `folder`, and write only to
    what is WRITABLE in it."""
    writable = [word for name in WRITABLE if (pathlib.Path(folder) / name).is_dir()
                for word in ("--bind", f"{folder}/{name}", f"{folder}/{name}")]
    return ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", *system_folders(),
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
            "--ro-bind", str(folder), str(folder), *writable, "--chdir", str(folder),
            "prlimit", f"--nproc={PROCESSES}"]


def others_may(path, bit):
    """Whether users other than the owner and the group have this right (4: read, 1: enter) to a file or
    folder, and may enter all folders above it."""
    path = pathlib.Path(path).resolve()
    return bool(path.stat().st_mode & bit) and all(up.stat().st_mode & 1 for up in path.parents)


def runs_as_nobody():
    """Whether commands run as the user NOBODY, because there is no bubblewrap."""
    return os.geteuid() == 0 and not has_bubblewrap()


def check_walls(folder):
    """Raise Missing if commands run as the user NOBODY, and that user could read this tree or could not enter
    `folder`."""
    if not runs_as_nobody():
        return
    if others_may(ROOT / "kernel" / "boot" / "main.c", 4):
        raise Missing(f"bubblewrap does not work here, and other users can read {ROOT}, which has the "
                      f"solution; type: chmod go= {ROOT}")
    if not others_may(folder, 1):
        raise Missing(f"bubblewrap does not work here, and other users cannot enter {folder}; give a folder "
                      "that they can enter, as in --out /var/tmp/results")


def as_user(user):
    """The words to put before a command that runs as a user without rights."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all",
            "--no-new-privs"]


def as_nobody(folder, user=NOBODY):
    """The words to put before a command that runs as NOBODY, or as another user. What is WRITABLE in `folder`
    becomes that user's."""
    check_walls(folder)
    for name in WRITABLE:
        place = pathlib.Path(folder, name)
        for path in [place, *place.rglob("*")] if place.is_dir() else []:
            os.chown(path, user, user, follow_symlinks=False)
    return as_user(user)


@functools.cache
def has_bubblewrap():
    """Whether bubblewrap is installed and works on this host; in many containers it does not."""
    if os.environ.get("NO_BUBBLEWRAP") == "1" or not shutil.which("bwrap"):
        return False
    done = subprocess.run([*bubblewrap("/usr"), "true"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    return done.returncode == 0


def prlimit(limits):
    """The words to put before a command that has these limits."""
    if not shutil.which("prlimit"):
        raise Missing("missing: prlimit (Debian package util-linux)")
    return ["prlimit", *(f"--{name}={value}" for name, value in limits.items())]


def limited(words, folder, user=NOBODY):
    """The complete command that runs `words` in `folder` within the limits."""
    inside = bubblewrap(folder) if has_bubblewrap() else as_nobody(folder, user) if runs_as_nobody() else []
    return [*prlimit(LIMITS), *inside, *words]


def end(process):
    """End the command and its process group. (Inside bubblewrap, all other processes end with it.)"""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def processes_of(user):
    """The ids of a user's processes. One that has ended and that its parent has not waited for is none."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user and (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError):     # it has ended since
            pass
    return found


def end_all(user, seconds=30):
    """End all processes of a user that this program made up, and wait until they have ended: kill(2) only marks
    them, and each ends when a processor next runs it. kill(-1) marks all at once, so none can fork meanwhile."""
    subprocess.run([*as_user(user), sys.executable, "-c", "import os; os.kill(-1, 9)"], check=False)
    until = time.monotonic() + seconds
    while left := processes_of(user):
        if time.monotonic() > until:
            raise Missing(f"the processes {left} of a submission do not end; look at them with ps, and grade again")
        time.sleep(0.01)


def run_apart(words, folder, seconds):
    """As run(), for programs that are made of a submission's own code. Without bubblewrap they run as a user
    that no other process has, and that has no process afterwards. Missing if neither is possible."""
    if not has_bubblewrap() and not runs_as_nobody():
        raise Missing("missing: bubblewrap, or root's rights; without them a submission's own code would run here "
                      "as this user, when its races are played (grading/README.md)")
    user = APART + os.getpid()
    try:
        return run(words, folder, seconds, user)
    finally:
        if runs_as_nobody():
            end_all(user)


def written(folder, log):
    """How many bytes a command in `folder` has on the disk."""
    total = 0
    for path in [log, *(path for name in WRITABLE for path in (folder / name).rglob("*"))]:
        try:
            total += path.lstat().st_blocks * 512
        except FileNotFoundError:   # it has gone meanwhile
            pass
    return total


def check_room(folder):
    """Raise Missing if the disk of this folder is nearly full: then nothing that failed says anything about a
    submission."""
    left = shutil.disk_usage(folder).free
    if left < FREE:
        raise Missing(f"the disk of {folder} has only {left >> 20} MiB left, and {FREE >> 20} are needed; make room, and "
                      "grade again")


def watch(process, folder, log, seconds):
    """Wait until the command has ended, or for what it must be ended: Ended.why. Missing if the disk is full."""
    until = time.monotonic() + seconds
    while True:
        try:
            process.wait(timeout=max(0.0, min(LOOK, until - time.monotonic())))
            if process.returncode != 0:
                check_room(folder)
            return ""
        except subprocess.TimeoutExpired:
            check_room(folder)
            if written(folder, log) > SPACE:
                return "space"
            if time.monotonic() >= until:
                return "time"


def run(words, folder, seconds, user=NOBODY, **variables):
    """Run a command in `folder` for at most `seconds`; return Ended, with what it printed."""
    env = {"PATH": PATH, "LANG": "C.UTF-8", "TMPDIR": "/tmp", "HOME": "/tmp",
           "SANDBOX": os.environ.get("SANDBOX", "1"),
           **{name: str(value) for name, value in variables.items()}}
    folder = pathlib.Path(folder).resolve()
    log = folder.with_name(folder.name + ".log")
    command = limited(words, folder, user)
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            why = watch(process, folder, log, seconds)
        finally:
            end(process)
    with open(log, "rb") as printed:
        text = printed.read(OUTPUT).decode("utf-8", "replace")
    log.unlink()
    return Ended(process.returncode, text, why)


def read_submission(source, seconds=120):
    """(path -> bytes of the sources in a submission, lines about it): unpack.py as a program of its own, within
    limits. It is the instructor's code, so it runs as this user, who can read what was handed in. Only bsdtar,
    which is written in C, runs where it sees nothing but the system's programs."""
    inside = bubblewrap("/usr") if has_bubblewrap() else as_user(NOBODY) if os.geteuid() == 0 else []
    with tempfile.TemporaryFile() as output:
        try:
            status = subprocess.run([*prlimit(UNPACKING), sys.executable, "-I", unpack.__file__,
                                     str(source), *inside], stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.DEVNULL, timeout=seconds, check=False).returncode
        except subprocess.TimeoutExpired:
            status = -1
        if status != 0:
            check_room(tempfile.gettempdir())
        output.seek(0)
        found = json.load(output) if status == 0 else {"refused": "reading it takes too much time or memory"}
    if "refused" in found:
        raise unpack.Refused(found["refused"])
    if "missing" in found:
        raise Missing(found["missing"])
    return {path: text.encode("latin-1") for path, text in found["files"].items()}, found["notes"]
