# SPDX-License-Identifier: BSD-3-Clause
"""gdb attaches, stops in kernel and user code, and shows harts as threads. Two machines can run at once."""

import re
import subprocess
import time

import pytest

from conftest import ROOT, make
from grading import machine


@pytest.fixture
def stopped(tmp_path):
    """stopped(folder, **options) starts a machine that waits for gdb; its socket is in that folder."""
    running = []

    def start(name="a", **options):
        folder = tmp_path / name
        folder.mkdir()
        for part in ("kernel", "fresh.img", "user"):
            (folder / part).symlink_to(ROOT / "build" / part)
        env = machine.environment(GDB=1, BUILD=folder, IMAGE=folder / "fresh.img", SNAPSHOT=1,
                                  TIMEOUT=120, **options)
        process = subprocess.Popen(["tools/qemu"], env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        running.append(process)
        for _ in range(100):
            if (folder / "gdb.sock").exists():
                break
            time.sleep(0.1)
        return folder

    yield start
    for process in running:
        machine.end(process)


def gdb(folder, *commands, **options):
    """Run gdb commands in batch mode, through tools/debug; return the output."""
    words = [w for c in commands for w in ("-ex", c)]
    done = subprocess.run(["tools/debug", "-batch", *words], capture_output=True, text=True,
                          env=machine.environment(BUILD=folder, **options), timeout=100, check=False)
    return done.stdout + done.stderr


def test_kernel_breakpoint(stopped):
    """The kernel stops at a breakpoint. gdb shows a backtrace with names, and the current thread."""
    text = gdb(stopped(RUN="ls"), "hbreak sys_open", "continue", "backtrace", "info threads",
               "print ((struct thread *)$tp)->td_comm")
    assert "sys_open" in text
    assert "syscall" in text, "the backtrace shows who called"
    assert text.count("hart") >= 4 or text.count("Thread 1.") >= 4, "each hart is a thread"
    assert '"' in text.rpartition("$1")[2], text


def test_user_breakpoint(stopped):
    """A program stops at a breakpoint that was set by name, after its symbols were loaded."""
    folder = stopped(RUN="echo hello", CPUS=2)
    text = gdb(folder, f"add-symbol-file {folder}/user/echo", f"break {'echo.c'}:main", "continue",
               "backtrace", "print argc", "info line")
    assert "echo.c" in text
    assert "main" in text
    assert "= 2" in text


def test_two_machines(stopped):
    """Two machines run at once, and each gdb reaches its own."""
    one, two = stopped("one", RUN="ls", CPUS=1), stopped("two", RUN="ls", CPUS=3)
    assert gdb(one, "info threads").count("Thread 1.") == 1
    assert gdb(two, "info threads").count("Thread 1.") == 3


def test_port(stopped):
    """A debugger that cannot use Unix sockets can use a TCP port."""
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = stopped(RUN="ls", CPUS=1, GDBPORT=port)
    assert "Thread 1." in gdb(folder, "info threads", GDBPORT=port)


def test_no_machine(tmp_path):
    """If no machine waits, gdb reports that in one line."""
    done = make("gdb", f"BUILD={tmp_path}", check=False)
    assert done.returncode != 0 and "make qemu-gdb" in done.stderr


def test_commands_of_its_own(stopped):
    """threads, procs, lbt, runq, ipiq: before the kernel runs, and with processes (init asleep by then: in
    tsleep_until, of which a copy is in proc_wait)."""
    text = gdb(stopped(RUN="sleep 1; cat README.md | grep xv6", CPUS=2), "threads", "user grep",
               "break grep.c:main", "continue", "threads", "procs", "lbt 1", "runq", "ipiq", "nymph",
               "lbt nobody")
    after = text.partition("Breakpoint 1, main")[2]
    assert "The kernel has not started yet" in after, "gdb's errors come behind its output here"
    assert "grep.c" in after, "a breakpoint in grep stops in grep, though init has the same address"
    assert "Error" not in after and "Exception" not in after
    for pattern in (r"idle1 +(runs|waits)", r"init +sleeps: wait +\S*SINTR",
                    r"2 +1 alive +0x\w+ +\d sh", r"#\d .* proc_wait at kernel/(proc/exit.c|sync/sleep.h):\d+",
                    r"cpu 0: runs \S.*, mask 0x", r"0 -> 1: written \d+, taken \d+"):
        assert re.search(pattern, after), pattern


def test_commands_in_user_mode(stopped):
    """The commands work while the only hart is in user mode and cannot access the kernel's memory, and the
    program continues."""
    text = gdb(stopped(RUN="echo hello", CPUS=1), "user echo", "break echo.c:main", "continue",
               "threads", "print argc", "backtrace", "break sys_exit", "continue", "backtrace")
    assert re.search(r"echo +runs", text)
    assert "$1 = 2" in text
    assert "proc_syscall" in text
