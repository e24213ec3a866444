# SPDX-License-Identifier: BSD-3-Clause
"""Sessions of a person at the keyboard."""

import threading


def test_by_hand(terminal):
    """The commands of the first five minutes work."""
    term = terminal()
    assert "README.md" in term.command("ls")
    assert term.command("echo hello there") == "hello there\n"
    assert "Nymph" in term.command("cat README.md | grep Nymph")
    term.command("mkdir d; echo one > d/f; echo two >> d/f")
    assert term.command("cat d/f").split() == ["one", "two"]
    assert term.command("wc < d/f").split()[:3] == ["2", "2", "8"]
    term.command("ln d/f g; rm d/f")
    assert term.command("cat g").split() == ["one", "two"]
    assert "cannot" in term.command("cat d/f")
    assert "init" in term.command("ps")
    assert "both" in term.command("(echo both; echo ways) | grep both")
    assert "no-such-command" in term.command("no-such-command")
    assert term.command("echo still here") == "still here\n"
    term.type("halt\n")
    assert term.end() == 0


def test_line_editing(terminal):
    """The keys for backspace, kill line, end of file and process list work."""
    term = terminal()
    term.type("echo wrongg\b\b\b\b\b\bright\n")
    assert "right\n" in term.prompt().partition("\n")[2]
    term.type("this is no command\x15")
    assert term.command("echo clean") == "clean\n"
    term.type("wc\n")
    term.expect("wc")
    term.type("a b\nc\n\x04")
    assert "2 3 6" in " ".join(term.prompt().split())
    term.type("\x10")
    shown = set()
    for _ in range(4):  # the cpus list their own threads, in any order
        term.expect(r"cpu (\d) [^\n]*idle\1")
        shown.add(term.child.match.group(1))
    assert shown == set("0123")
    term.command("")
    assert term.command("echo after") == "after\n"


def test_editing_other_alphabets(terminal):
    """Backspace deletes a whole character, however many bytes it has, and one column."""
    term = terminal()
    term.type("echo caf\u00e9\b\u20ac\b\b\U0001f600\b\bx\u00e4\n")
    text = term.prompt()
    assert text.partition("\n")[2] == "cax\u00e4\n"
    assert text.partition("\n")[0].count("\b \b") == 5
    term.type("\u00e4\u00f6\u00fc\x15")
    assert term.command("echo clean") == "clean\n"


def test_typing_ahead(terminal):
    """Lines that are typed while a command runs are kept, in order."""
    term = terminal()
    words = [f"line{i}" for i in range(12)]
    # Into a file: on the screen, a command's output may come in the middle of the next line's echo.
    term.type("".join(f"echo {word} >> log\n" for word in words))
    for _ in words:
        term.prompt()
    assert term.command("cat log").split() == words


def paste(term, text):
    """Type a text that may be longer than all buffers on its way: the caller reads meanwhile."""
    threading.Thread(target=term.type, args=(text,), daemon=True).start()


def lines_run(term, before, words, after=""):
    """The words that arrive in a file when a text is pasted that has one command for each of them."""
    commands = "".join(f"echo {word} >> log\n" for word in words)
    paste(term, before + commands + after + "echo the' end'\n")
    term.expect("the end", timeout=240)
    term.prompt()
    return term.command("cat log").split()


def test_typing_ahead_of_the_buffer(terminal):
    """What is typed while the console's buffer is full is kept until there is room."""
    term = terminal()
    words = [f"line{i:03}" + "x" * 50 for i in range(50)]
    assert lines_run(term, "sleep 50\n", words) == words


def test_paste(terminal):
    """Nothing of some hundred lines that are pasted is lost, and the keys work as before."""
    term = terminal(CPUS=2)
    words = [f"line{i}" for i in range(300)]
    typed = [word + "x\b" for word in words]
    assert lines_run(term, "", typed, after="no command\x15") == words
    term.type("\x10")
    term.expect(r"cpu \d [^\n]*idle")


def test_line_longer_than_the_buffer(terminal):
    """A line that fills the console's buffer alone reaches its reader in parts, and completely."""
    term = terminal()
    term.type("wc\n")
    term.expect("wc")
    paste(term, "x" * 300000 + "\nlast\n\x04")
    assert "2 2 300006" in " ".join(term.prompt(240).split())


def test_background(terminal):
    """While a job runs in the background, the shell accepts commands."""
    term = terminal()
    term.command("sleep 5 &")
    assert term.command("echo free") == "free\n"


def test_background_input(terminal):
    """A job in the background reads nothing of what is typed, but what its input is redirected to."""
    term = terminal()
    term.command("wc > empty &")
    term.command("(wc; wc) > empty2 &")
    assert term.command("echo typed") == "typed\n"
    term.command("echo one two > f")
    term.command("wc < f > counted &")
    term.command("cat f | wc > piped &")
    for _ in range(100):
        results = term.command("sleep 1; cat empty empty2 counted piped").split()
        if len(results) == 15:
            break
    assert results == ["0", "0", "0"] * 3 + ["1", "2", "8"] * 2


def jobs_left(term):
    """What ps shows in the background: a shell that waits for a command reaps other children, too."""
    term.type("(sleep 1; ps; echo the' end') &\n")
    return "true" in term.expect("the end")


def test_background_jobs_are_reaped(terminal):
    """Jobs are gone when they have ended, so more of them can be started than there are processes."""
    term = terminal()
    for _ in range(28):  # 1120 jobs; ps shows up to 64 processes
        term.type("true &\n" * 40)
        for _ in range(40):
            assert "cannot" not in term.prompt()
        assert any(not jobs_left(term) for _ in range(100))
        term.command("")


def test_monitor_key(terminal):
    """Ctrl-A X leaves QEMU."""
    term = terminal()
    term.type("\x01x")
    assert term.end() == 0


def test_many_lines_from_all_harts(terminal):
    """Lines that processes on different harts print are not mixed."""
    term = terminal(CPUS=4)
    word = "abcdefghijklmnopqrstuvwxyz"
    one = "; ".join(f"echo {c}{word}{c}" for c in "123456")
    text = term.command(f"({one}) & ({one}) & ({one})")
    term.command("sleep 5")
    allowed = {f"{c}{word}{c}" for c in "123456"}
    for line in text.replace("$ ", "").splitlines():
        assert line in allowed or not line.strip(), f"a mixed line: {line!r}"
