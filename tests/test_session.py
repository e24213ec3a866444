"""Sessions of a person at the keyboard."""


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


def test_typing_ahead(terminal):
    """Lines that are typed while a command runs are kept, in order."""
    term = terminal()
    term.type("".join(f"echo line{i}\n" for i in range(12)))
    text = "".join(term.prompt() for _ in range(12))
    seen = [line for line in text.splitlines() if line.startswith("line")]
    assert seen == [f"line{i}" for i in range(12)]


def test_background(terminal):
    """While a job runs in the background, the shell accepts commands."""
    term = terminal()
    term.command("sleep 5 &")
    assert term.command("echo free") == "free\n"


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
