# SPDX-License-Identifier: BSD-3-Clause
"""Programs that use something up, and a person at the console who ends them: the keys ^C and ^\\, and the
commands that still work meanwhile."""

import threading

import pytest

KINDS = ["memory", "lazy", "forks", "sleepers", "files", "real", "output", "disk"]
SOON = 20  # seconds of the host's time: the machine needs a fraction of one, but the host may be busy


def settled(term):
    """Wait until no hog is left; the shell works."""
    for _ in range(50):
        if "hog" not in term.command("ps", SOON):
            break
    else:
        raise AssertionError("hogs are left")
    assert term.command("echo a | cat | cat", SOON).endswith("a\n")


@pytest.mark.parametrize("kind", KINDS)
def test_interrupt(terminal, kind):
    """^C ends hogs in the foreground."""
    term = terminal(CPUS=2, MEM="64M")
    term.type(f"hog {kind}\n")
    term.expect(kind)
    term.expect("\n")
    threading.Event().wait(4)
    term.type("\x03")
    term.expect(r"\^C", SOON)
    term.prompt(SOON)
    settled(term)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "output"])
def test_command_among_hogs(terminal, kind):
    """While hogs in the background have used something up, commands are answered, every time; ^\\ ends the
    hogs, and leaves the shell."""
    term = terminal(CPUS=2, MEM="64M")
    term.command(f"hog {kind} &", SOON)
    threading.Event().wait(4)
    for i in range(10):
        assert f"answer {i}\n" in term.command(f"echo answer {i}", SOON)
    assert "hog" in term.command("ps", SOON)
    assert "README" in term.command("ls | cat", SOON)
    term.type("\x1c")
    term.expect(r"\^\\", SOON)
    term.prompt(SOON)
    settled(term)
