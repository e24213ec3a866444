"""Run a command that works on a submission, within limits.

What runs is the instructor's (make, compilers, the graders, QEMU); what it reads is a stranger's. So it
gets bubblewrap's walls where the host allows them: no network, no file but the system's programs (read
only) and its own folder, no process of others in sight. With or without walls: limits on processor time,
memory, files' size and wall-clock time (LIMITS), and QEMU in its own seccomp sandbox (tools/qemu,
SANDBOX=1). grading/README.md, "What is run, and within what limits", says what that leaves open.
"""

import functools
import os
import pathlib
import shutil
import signal
import subprocess
from dataclasses import dataclass

LIMITS = {"cpu": 300,           # seconds of processor time of one process
          "as": 6 << 30,        # bytes of address space of one process
          "fsize": 256 << 20,   # bytes of one file; the disk image has 128 MiB, with holes
          "nofile": 1024,       # open files of one process
          "core": 0}
PROCESSES = 256                 # all that run inside walls
OUTPUT = 1 << 20                # bytes of output that are looked at
PATH = "/usr/local/bin:/usr/bin:/bin"


class Missing(Exception):
    """A program without which nothing can be limited; the text says what to type."""


@dataclass
class Ended:
    """A command's end. why: "" or "time"."""
    status: int
    output: str
    why: str = ""


def system_folders():
    """bubblewrap's options for the system's programs and libraries, and for nothing else of it."""
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


def walls(folder):
    """The words before a command that may see the system's programs, and write to `folder` only."""
    return ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", *system_folders(),
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
            "--bind", str(folder), str(folder), "--chdir", str(folder),
            "prlimit", f"--nproc={PROCESSES}"]


@functools.cache
def has_walls():
    """Whether bubblewrap is there and this host lets it work: many containers don't."""
    if os.environ.get("NO_WALLS") == "1" or not shutil.which("bwrap"):
        return False
    done = subprocess.run([*walls("/usr"), "true"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    return done.returncode == 0


def limited(words, folder):
    """The whole command for `words`, to be run in `folder`."""
    if not shutil.which("prlimit"):
        raise Missing("missing: prlimit (Debian package util-linux)")
    limits = ["prlimit", *(f"--{name}={value}" for name, value in LIMITS.items())]
    inside = walls(folder) if has_walls() else []
    return [*limits, *inside, *words]


def end(process):
    """End the command and all of its group. (Inside walls, the rest dies with bubblewrap.)"""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(words, folder, seconds, **variables):
    """Run a command in `folder` for at most so many seconds; Ended with what it printed."""
    env = {"PATH": PATH, "LANG": "C.UTF-8", "TMPDIR": "/tmp", "HOME": "/tmp",
           "SANDBOX": os.environ.get("SANDBOX", "1"),
           **{name: str(value) for name, value in variables.items()}}
    folder = pathlib.Path(folder).resolve()
    log = folder.with_name(folder.name + ".log")
    why = ""
    with open(log, "wb") as output:
        process = subprocess.Popen(limited(words, folder), cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            why = "time"
        finally:
            end(process)
    with open(log, "rb") as printed:
        text = printed.read(OUTPUT).decode("utf-8", "replace")
    log.unlink()
    return Ended(process.returncode, text, why)
