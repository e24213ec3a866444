# SPDX-License-Identifier: BSD-3-Clause
"""What all tests share: a built tree, machines with a keyboard, and a quiet host for tests that need it."""

import contextlib
import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import threading

import pexpect
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grading import machine  # noqa: E402  (needs the path above)

SOURCES = ("Makefile", "README.md", "kernel", "user", "mkfs", "tools", "grading", "liblwkt")


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    """Tests run in the top folder of the tree, without the options of the make that started them."""
    monkeypatch.chdir(ROOT)
    for name in list(os.environ):
        if name in machine.OPTIONS or name.startswith("MAKE") or name == "MFLAGS":
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def host_lock(request, tmp_path_factory):
    """Tests marked `quiet` measure time, so they run while no other test does."""
    path = pathlib.Path(ROOT, "build", "test.lock")
    with open(path, "w", encoding="ascii") as lock:
        quiet = request.node.get_closest_marker("quiet")
        fcntl.flock(lock, fcntl.LOCK_EX if quiet else fcntl.LOCK_SH)
        yield


def pytest_configure(config):
    """Declare markers, and build the tree once if pytest was not started by make. A shell makes its
    background jobs ignore SIGINT; restore its default, because tests interrupt processes that inherit it."""
    # xdist may run a worker's tests in another thread than the first, which alone may do this; the worker
    # has then got it from the process that started it.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "quiet: measures time; runs alone")
    if not hasattr(config, "workerinput"):
        subprocess.run(["make", "-s"], cwd=ROOT, check=True, env=machine.environment())


def pytest_collection_modifyitems(items):
    """Run quiet tests last. They wait for all others, and so would delay any test after them."""
    items.sort(key=lambda item: item.get_closest_marker("quiet") is not None)


class Terminal:
    """A machine with somebody at its keyboard, started from the folder cwd: by tools/qemu with its options, or
    by the words of another command."""

    def __init__(self, timeout=60, cwd=ROOT, words=("tools/qemu",), **options):
        options = {**machine.FRESH_DISK, **options}
        env = machine.environment(TIMEOUT=600, **options)
        self.child = pexpect.spawn(words[0], list(words[1:]), cwd=str(cwd), env=env, timeout=timeout,
                                   encoding="utf-8", codec_errors="replace", echo=False)
        self.log = []

    def expect(self, pattern, timeout=-1):
        """Wait for a regular expression; return the text before it."""
        try:
            self.child.expect(pattern, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            seen = "".join(self.log) + (self.child.before or "")
            end = "\n".join(seen.splitlines()[-30:])
            raise AssertionError(
                f"{type(error).__name__} while waiting for {pattern!r}; the console ended:\n{end}"
            ) from None
        after = self.child.after if isinstance(self.child.after, str) else ""
        self.log.append(self.child.before + after)
        return self.child.before.replace("\r\n", "\n")

    def prompt(self, timeout=-1):
        """Wait for the shell's prompt; return the text before it."""
        return self.expect(r"\$ ", timeout)

    def type(self, text):
        """Type the text, without an end of line."""
        self.child.send(text)

    def command(self, line, timeout=-1):
        """Type a command; return its output without the echo of the line."""
        self.child.send(line + "\n")
        return self.prompt(timeout).partition("\n")[2]

    def end(self, timeout=20):
        """Wait for the machine's end; return its exit status."""
        self.expect(pexpect.EOF, timeout)
        self.child.close()
        return self.child.exitstatus

    def close(self):
        """Kill the machine, as when the plug is pulled."""
        self.child.close(force=True)


@pytest.fixture
def terminal():
    """terminal(**options) boots a machine and waits for its prompt, or for what `ready` says."""
    started = []

    def start(boot_timeout=60, ready=r"\$ ", **options):
        term = Terminal(**options)
        started.append(term)
        term.expect(ready, boot_timeout)
        return term

    yield start
    for term in started:
        term.close()


@pytest.fixture
def run():
    """run(commands, **options) runs a machine and returns its Result. The status must be 0, or the one given
    as status=...; with status=None it may be any."""

    def start(commands, *, status=0, timeout=120, **options):
        result = machine.run(commands, timeout=timeout, **options)
        if status is not None and (result.status != status or result.why):
            pytest.fail(f"{result.command}\nended with status {result.status} {result.why}, "
                        f"not {status}; the console ended:\n{result.tail(40)}", pytrace=False)
        return result

    return start


def copy_tree(copy, *more):
    """Make a copy of the source tree, of what `make all` and the graders need and of `more`; its folder."""
    copy.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", "--sparse=always", *(ROOT / name for name in (*SOURCES, *more)), copy], check=True)
    return copy


@pytest.fixture
def tree(tmp_path):
    """A copy of the source tree, in which a test may change and build things."""
    return copy_tree(tmp_path / "tree")


@contextlib.contextmanager
def busy_host(busy=True):
    """Keep all processors of the host busy while the block runs."""
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
            for _ in range((os.cpu_count() or 1) if busy else 0)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def make(*words, cwd=ROOT, timeout=600, check=True):
    """Run make as a person would; return the finished process with its output. Only one make runs in a
    folder at a time, because `make qemu` needs the folder's disk for itself."""
    with open(pathlib.Path(cwd) / "Makefile", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", *words], cwd=cwd, env=machine.environment(), timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        pytest.fail(f"make {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}",
                    pytrace=False)
    return done
