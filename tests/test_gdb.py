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
        for part in ("kernel", "fresh.img", "ram.img", "user"):
            (folder / part).symlink_to(ROOT / "build" / part)
        image = folder / ("ram.img" if options.get("DETERMINISTIC") else "fresh.img")
        env = machine.environment(GDB=1, BUILD=folder, IMAGE=image, SNAPSHOT=1, TIMEOUT=120, **options)
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
    assert "system_call" in text, "the backtrace shows who called"
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
    assert "system_call" in text


# A breakpoint at the sret by which a system call ends.
TO_SRET = ("python gdb.execute('tbreak *%#x' % next(i['addr'] for i in gdb.selected_frame().architecture()"
           ".disassemble(int(gdb.parse_and_eval('(unsigned long)&system_call')), count=80)"
           " if i['asm'].startswith('sret')))")


def test_step_over_the_borders(stopped):
    """stepi at an ecall enters the kernel, and at an sret goes to the program: neither runs past the call."""
    text = gdb(stopped(RUN="echo hello", CPUS=1), "user echo", "break echo.c:main", "continue",
               "break write", "continue", "stepi", "x/i $pc", "stepi", "print $priv", "info symbol $pc",
               TO_SRET, "continue", "x/i $pc", "stepi",
               "print $priv", "info symbol $pc")
    assert re.search(r"=> \S+ <write\+\d+>:\s+ecall", text)
    assert "$1 = 1" in text and re.search(r"^(trap_entry|trap_vector)\S* in section", text, re.M)
    assert re.search(r"=> .*:\s+sret", text)
    assert "$2 = 0" in text and re.search(r"^write \+ \d+ in section", text, re.M)


def test_commands_about_waiting(stopped):
    """tokens, sleepers, timers, ports, ktr and why say what threads wait for, in names."""
    text = gdb(stopped(RUN="ktrdump -on all; sleep 1; ls | wc", CPUS=2), "user wc", "break wc.c:main",
               "continue", "tokens", "sleepers", "timers", "ports", "ktr 5", "why init", "why wc", "why nobody",
               "why", "lbt nobody")
    assert "Error" not in text and "Exception" not in text
    for pattern in (r"^the MP lock is free", r"^cpu \d init +in tsleep on 0x\w+ \(wait\)",
                    r"^cpu 0 at \d+ +hardclock at kernel/proc/clock.c:\d+", r"^vdisk \(cpu 0\) waits at its port: 0 messages",
                    r"^ +\d+ \S+ +\w+ +\S+ \S+$", r"^It sleeps: in tsleep", r"^It runs, on cpu \d",
                    r"^No thread has the pid, name or address nobody", r"^Give one thread: why PID"):
        assert re.search(pattern, text, re.M), (pattern, text)


def backtraces(text):
    """The backtraces in gdb's output: the names of their functions."""
    return [re.findall(r"^#\d+ +(?:0x\w+ in )?(\w+|<signal handler called>)", block, re.M)
            for block in re.findall(r"(?:^#\d.*\n)+", text, re.M)]


def test_backtraces(stopped):
    """A backtrace goes on through cpu_call_keeping_all, a switch, an interrupt, a bug in the kernel and the end of
    a stack, and ends in order: at user mode, at a thread's first frame, or where the hart began."""
    said = []

    def at(*steps):
        """The last backtrace after these: a place to stop at, or a command."""
        words = [word for step in steps for word in ([step] if " = " in step else
                                                     ["delete", f"hbreak {step}", "continue"])]
        said.append(gdb(stopped(f"run{len(said)}", RUN="ktrdump -on all; ls | wc", CPUS=1, DETERMINISTIC=1),
                        *words, "backtrace 30"))
        return backtraces(said[-1])[-1]

    trap, ends = "<signal handler called>", {"system_call", "whole_call", "start", "cpu_thread_first"}
    call = at("cpu_call_keeping_all")
    assert call[:3] == ["cpu_call_keeping_all", "lwkt_reltoken", "set_mask"] and call[-1] in ends
    assert at("ktr_record_at")[:2] == ["ktr_record_at", "cpu_call_keeping_all"]
    interrupt = at("kernel_interrupt")
    assert interrupt[:2] == ["kernel_interrupt", trap] and len(interrupt) > 3 and interrupt[-1] in ends
    assert at("lwkt_thread_start") == ["lwkt_thread_start", "cpu_thread_first"]
    assert at("lwkt_switch_return") == ["lwkt_switch_return", "thread_begins"]
    switch = at("sys_pipe", *["lwkt_switch_return"] * 3)
    assert len(switch) > 3 and switch[-1] in ends
    fault = at("sys_pipe", "proc_syscall", "set $a0 = 8", "kernel_trap")
    assert fault[:3] == ["kernel_trap", trap, "proc_syscall"] and fault[-1] in ends and len(fault) == 4
    assert "proc_syscall (tf=0x8)" in said[-1]
    assert at("sys_pipe", "set $sp = ((struct thread *)$tp)->td_mach.md_stack_base + 16", "stack_overflow") == [
        "stack_overflow", trap, *at("sys_pipe")]
    assert "Backtrace stopped" not in "".join(said)


def test_why_a_thread_waits_for_a_token(stopped):
    """`why` says that a thread waits for a token, which cpu owns the token, and which thread holds it."""
    text = gdb(stopped(RUN="tokentest t37 from=0 to=1 depth=2 first=0 pause=100 key=k1", CPUS=2,
                       APPEND="ktest=1", DETERMINISTIC=1, SEED=3), "break reqtoken_remote", "continue",
               "tokens", "why B")
    assert re.search(r"^tokens\S*: cpu 0's$", text, re.M), text
    assert re.search(r"^  A \(cpu 0, \S+\) has a reference$", text, re.M), text
    assert re.search(r"It lacks the token tokens\S*, which is cpu 0's \(A\)\.$", text, re.M), text


def test_one_gdb_a_machine(stopped):
    """A second gdb is refused in a line that says why."""
    folder = stopped(RUN="ls", CPUS=1)
    inner = f"shell BUILD={folder} tools/debug -batch -ex 'info threads' 2>&1"
    assert "another gdb is connected" in gdb(folder, inner)


def test_backwards(tmp_path):
    """A run that was recorded can be gone through backwards: to the last call, and to the last write."""
    for part in ("kernel", "ram.img", "user"):
        (tmp_path / part).symlink_to(ROOT / "build" / part)
    env = machine.environment(BUILD=tmp_path, RUN="ls", TIMEOUT=120)
    done = subprocess.run(["tools/record"], env=env, check=True, capture_output=True, text=True, cwd=ROOT)
    assert "make replay" in done.stdout and "README.md" in done.stdout
    with subprocess.Popen(["tools/record", "--replay"], env=machine.environment(BUILD=tmp_path, TIMEOUT=120),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True) as replayed:
        try:
            for _ in range(200):
                if (tmp_path / "gdb.sock").exists():
                    break
                time.sleep(0.1)
            text = gdb(tmp_path, "break sys_open", "continue", "continue", "print arg", "continue", "delete",
                       "break sys_open", "reverse-continue", "print arg", "reverse-stepi", "info symbol $pc",
                       "delete", "watch mounted", "reverse-continue", "kill")
        finally:
            machine.end(replayed)
    assert re.search(r"^proc_syscall \+ \d+ in section", text, re.M), text
