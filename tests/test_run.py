# SPDX-License-Identifier: BSD-3-Clause
"""Commands in the option RUN: they run as written, and the machine ends with their status."""

import subprocess

import pytest

from conftest import make
from grading import machine


@pytest.mark.parametrize("deterministic", [0, 1])
@pytest.mark.parametrize("commands, status", [
    ("echo fine", 0),
    ("cat /no-such-file", 1),
    ("cat /no-such-file; echo fine", 0),
    ("echo fine; cat /no-such-file", 1),
    ("halt 42", 42),
    ("no-such-command", None),
])
def test_status(run, commands, status, deterministic):
    """The machine's status is that of the last command."""
    result = run(commands, status=status, DETERMINISTIC=deterministic)
    assert result.status != 0 or status == 0
    assert not result.why


def test_status_every_time(run):
    """The status is never lost. (QEMU 8 and newer go on for a moment after the kernel has given it.)"""
    for _ in range(12):
        run("halt 42", status=42, CPUS=2)



def test_any_character(run):
    """Characters that are special to sh, make or QEMU reach Nymph's shell unchanged."""
    text = 'a,b,,c  %d $HOME `x` !y \\z ~ * ? # =1 & "q" ; |'
    assert text in run(f"echo '{text}'").console.splitlines()


def test_append(run):
    """>> goes to a file's end, and reads nothing: it works with the console, too."""
    console = run("echo one > f; echo two >> f; cat f >> f2; cat f2; echo three >> console",
                  timeout=30).console
    assert "one\ntwo\nthree" in console.replace("\r", "")


@pytest.mark.parametrize("begin, end", [
    ("", " | cat" * 31),
    ("(" * 20, ")" * 20),
    ("(" * 20, " | cat" * 21 + ")" * 20),
    ("(" * 20, " > f)" * 20 + "; cat f"),
    ("(" * 20, " | cat" * 10 + ")&" * 20 + " sleep 5"),
], ids=["pipeline", "nested", "nested pipeline", "redirections", "background"])
def test_limits_of_the_parser(run, begin, end):
    """The longest and deepest commands that the shell's parser accepts work."""
    console = run(f"{begin}echo the end{end}", timeout=60).console
    assert console.splitlines()[-1] == "the end" and "exception" not in console


def test_beyond_the_limits_of_the_parser(run):
    """Commands that are longer or deeper are refused with a message."""
    assert "too many commands" in run("echo a" + " | cat" * 32, status=2).console
    assert "too deeply" in run("(" * 21 + "echo a" + ")" * 21, status=2).console


def test_redirected_errors(run):
    """2> and 2>> redirect error output; a redirection that the shell lacks is refused with a message."""
    console = run("cat nofile 2> err; cat nofile2 2>>err; echo 2>err2 3; echo begin; wc 0<err 1>out;"
                  " cat out err", timeout=30).console
    before, _, after = console.partition("begin")
    assert "nofile" not in before and before.splitlines()[-1] == "3"
    assert after.split()[0] == "2" and "nofile" in after and "nofile2" in after
    assert "not supported" in run("cat nofile > f 2>&1", status=2).console
    assert "descriptors" in run("cat nofile 3> f", status=2).console


def test_any_character_through_make():
    """The same through make, where a dollar is not special either."""
    text = 'a,b %d $HOME $(x) `x` \\z # "q" ; |'
    assert text in make("-s", "qemu", f"RUN=echo '{text}'").stdout.replace("\r", "").splitlines()


@pytest.mark.parametrize("deterministic", [0, 1])
def test_panic_ends_the_machine(run, deterministic):
    """A panic shows where it was, and ends the run at once, with a failure."""
    result = run("sysctl debug.panic=1", status=None, timeout=30, APPEND="ktest=1",
                 DETERMINISTIC=deterministic)
    assert not result.why, "the machine hung"
    assert result.status not in (0, None)
    assert "panic" in result.console
    assert "sysctl" in result.panic or "debug" in result.console
    assert "backtrace" in result.console.lower()


def test_make_shows_the_status():
    """make ends with 2 when the machine's status is not 0, and the exact one is printed in a line."""
    done = make("-s", "qemu", "RUN=echo fine")
    assert done.returncode == 0 and "exit status" not in done.stdout
    done = make("-s", "qemu", "RUN=halt 42", check=False)
    assert done.returncode == 2
    assert "exit status 42" in done.stdout.splitlines()


def test_tools_qemu_has_the_status():
    """The exit status of tools/qemu is that of the machine."""
    done = subprocess.run(["tools/qemu"], check=False, stdin=subprocess.DEVNULL, capture_output=True,
                          env=machine.environment(RUN="halt 42", **machine.FRESH_DISK), timeout=60)
    assert done.returncode == 42
