# SPDX-License-Identifier: BSD-3-Clause
"""Run a command on a submission, within limits.

The commands are the instructor's (make, compilers, the graders, QEMU), but the files that they read come
from a stranger. So they run inside bubblewrap where the host allows that: without a network, with no files
but the system's programs (read-only) and their own folder, and without access to other processes. In any
case there are limits on processor time, memory, file size and time (LIMITS), and QEMU runs in its own
seccomp sandbox (tools/qemu, SANDBOX=1). The section "What is run, and within what limits" of
grading/README.md says what remains possible.
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
          "fsize": 256 << 20,   # bytes of one file; the disk image has 128 MiB and is sparse
          "nofile": 1024,       # open files of one process
          "core": 0}
PROCESSES = 256                 # inside bubblewrap, all together
OUTPUT = 1 << 20                # bytes of output that are kept
PATH = "/usr/local/bin:/usr/bin:/bin"


class Missing(Exception):
    """A program that sets the limits is missing; the text says which."""


@dataclass
class Ended:
    """How a command ended. why: "time" if it took too long, otherwise ""."""
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
    """The words to put before a command that may see the system's programs, and write only to `folder`."""
    return ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", *system_folders(),
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
            "--bind", str(folder), str(folder), "--chdir", str(folder),
            "prlimit", f"--nproc={PROCESSES}"]


@functools.cache
def has_bubblewrap():
    """Whether bubblewrap is installed and works on this host; in many containers it does not."""
    if os.environ.get("NO_BUBBLEWRAP") == "1" or not shutil.which("bwrap"):
        return False
    done = subprocess.run([*bubblewrap("/usr"), "true"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    return done.returncode == 0


def limited(words, folder):
    """The complete command that runs `words` in `folder` within the limits."""
    if not shutil.which("prlimit"):
        raise Missing("missing: prlimit (Debian package util-linux)")
    limits = ["prlimit", *(f"--{name}={value}" for name, value in LIMITS.items())]
    inside = bubblewrap(folder) if has_bubblewrap() else []
    return [*limits, *inside, *words]


def end(process):
    """End the command and its process group. (Inside bubblewrap, all other processes end with it.)"""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(words, folder, seconds, **variables):
    """Run a command in `folder` for at most `seconds`; return Ended, with what it printed."""
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
