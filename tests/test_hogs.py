# SPDX-License-Identifier: BSD-3-Clause
"""Programs that use something up, and a person at the console who ends them: the keys ^C and ^\\, and the
commands that still work meanwhile. user/hog.c has the kinds."""

import re
import time

import pytest

KINDS = ["memory", "lazy", "forks", "sleepers", "files", "real", "output", "disk"]
SOON = 60  # seconds of the host's time: the machine needs one or two, but the host may be busy
SPREAD = 3  # seconds that hogs get to use up what there is


def press(term, key, shown):
    """Type a key; wait for what it shows and for a prompt after it."""
    term.type(key)
    term.expect(re.escape(shown), SOON)
    return term.prompt(SOON)


def gone(term, pattern):
    """Wait until no line of what ps shows matches. A process that was killed in a system call ends when the call
    does: on a slow disk it may take as long as many commands do."""
    end = time.monotonic() + SOON
    while re.search(pattern, table := term.command("ps", SOON), re.M):
        assert time.monotonic() < end, table


def settled(term):
    """Wait until no hog is left; the shell works."""
    gone(term, r"hog$")
    assert term.command("echo a | cat | cat", SOON).endswith("a\n")


@pytest.mark.parametrize("kind", KINDS)
def test_interrupt(terminal, kind):
    """^C ends hogs in the foreground, and their children."""
    term = terminal(CPUS=2, MEM="64M")
    term.type(f"hog {kind}\n")
    term.expect(f"hog {kind}\r?\n")
    time.sleep(SPREAD)
    press(term, "\x03", "^C")
    settled(term)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "output"])
def test_command_among_hogs(terminal, kind):
    """While hogs in the background have used something up, commands are answered, again and again; ^\\
    ends the hogs, and leaves the shell."""
    term = terminal(CPUS=2, MEM="64M")
    term.command(f"hog {kind} &", SOON)
    time.sleep(SPREAD)
    for i in range(10):
        assert f"answer {i}\n" in term.command(f"echo answer {i}", SOON)
    assert "README" in term.command("ls | grep README", SOON)
    press(term, "\x1c", "^\\")
    settled(term)


def test_kill_among_hogs(terminal):
    """kill is a builtin of the shell: it works when there is no place for a process, and no memory."""
    term = terminal(CPUS=2, MEM="64M")
    term.command("hog memory 1 &", SOON)
    term.command("hog sleepers 1 &", SOON)
    time.sleep(SPREAD)
    victim = re.search(r"^ *(\d+) .* hog$", term.command("ps", SOON), re.M).group(1)
    assert term.command(f"kill {victim}; echo status $?", SOON) == "status 0\n"
    gone(term, rf"^ *{victim} ")
    assert "kill: no process 9999999" in term.command("kill 9999999", SOON)
    assert "usage: kill" in term.command("kill", SOON)
    press(term, "\x1c", "^\\")
    settled(term)


def test_new_shell_among_hogs(terminal):
    """When the shell dies while hogs have all memory and all processes, init starts another."""
    term = terminal(CPUS=2, MEM="64M")
    term.command("hog memory &", SOON)
    term.command("hog sleepers &", SOON)
    time.sleep(SPREAD)
    assert "cannot" not in term.command("exit", SOON)
    assert term.command("echo alive", SOON) == "alive\n"


@pytest.mark.parametrize("cpus", [1, 2, 3])
def test_share_among_real(run, cpus):
    """Real processes on all cpus leave a share of them to the others: each command takes virtual seconds at
    most. The share is small: two of them take longer than they would alone, which is 20 ms. (On several
    harts a share comes every one to three seconds in this mode. One command can come at the beginning of a cpu's
    share, and be done at once; another one may need two, as with SEED=7 in an earlier kernel: 5.7 seconds.)"""
    clock = "sysctl kern.uptime_ms"
    console = run(f"hog real 6 & sleep 10; {clock}; echo a; {clock}; echo b; {clock}", CPUS=cpus,
                  DETERMINISTIC=1, SHIFT=6).console
    times = [int(n) for n in re.findall(r"uptime_ms=(\d+)", console)]
    assert len(times) == 3
    for before, after in zip(times, times[1:]):
        assert after - before < 8000
    assert times[2] - times[0] > 200


def test_interrupt_ends_the_line(terminal):
    """^C ends the command that runs and the rest of its line, but no job in the background."""
    term = terminal()
    term.command("sleep 1000000 &")
    term.type("sleep 1000000 | cat; echo next || echo other\n")
    time.sleep(1)
    assert press(term, "\x03", "^C").strip() == ""
    assert term.command("echo status $?") == "status -2\n"
    assert len(re.findall(r"sleep$", term.command("ps"), re.M)) == 1
    press(term, "\x1c", "^\\")
    gone(term, r"sleep$")


def test_interrupt_of_a_script(terminal):
    """^C ends a script that starts itself anew for ever."""
    term = terminal()
    term.command("echo 'true; sh loop' > loop")
    term.type("sh loop\n")
    time.sleep(1)
    press(term, "\x03", "^C")
    gone(term, r"(true|loop)$")


def test_interrupt_at_the_prompt(terminal):
    """^C discards the line, and the shell, which may be one in another, prompts anew."""
    term = terminal()
    term.type("sh\n")
    term.prompt()
    term.type("echo no")
    assert press(term, "\x03", "^C").strip() == ""
    assert term.command("echo yes") == "yes\n"
    assert len(re.findall(r"sh$", term.command("ps"), re.M)) == 2


def test_interrupt_of_unread_input(terminal):
    """^C gets through while much input waits to be read, and discards it."""
    term = terminal()
    term.type("sleep 1000000\n")
    for _ in range(100):
        term.type("echo unread " + "x" * 88 + "\n")  # 10 kB, ten times a line's length
    press(term, "\x03", "^C")
    assert term.command("echo yes") == "yes\n"
