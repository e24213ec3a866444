# SPDX-License-Identifier: BSD-3-Clause
"""liblwkt: the threading core as a program of this host, with pthreads as cpus and signals as interrupts."""

import os
import platform
import re
import shutil
import subprocess

import pytest

from conftest import ROOT
from grading import machine

# ThreadSanitizer cannot have its memory laid out at random.
SETARCH = ["setarch", "-R"] if shutil.which("setarch") else []

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"),
                                reason="liblwkt runs on two kinds of hosts")


def built(name, folder, *options):
    """A program of liblwkt/demo, built into the folder."""
    subprocess.run(["make", "-s", f"BUILD={folder}", f"{folder}/lwkt/{name}", *options], cwd=ROOT, check=True,
                   capture_output=True, env=machine.environment())
    return folder / "lwkt" / name


def run(*command, status=0, **environment):
    """The output of a program that ends with this status."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300,
                          check=False, env={**os.environ, **environment})
    assert done.returncode == status, (done.stdout + done.stderr)[-4000:]
    return done.stdout


@pytest.fixture(scope="module", name="play")
def fixture_play(tmp_path_factory):
    """The demonstration."""
    return built("play", tmp_path_factory.mktemp("liblwkt"))


def judge(text, cpus):
    """The demonstration's own counts are right: messages, the token's counter, interrupts."""
    assert f"counted to {cpus * 40} ({cpus * 40} is right)" in text
    assert len(re.findall(r"consumer [AB] on cpu \d+: 80 parcels, their numbers add up to 1560", text)) == 2
    assert int(re.search(r"device: (\d+) interrupts", text).group(1)) > 0


@pytest.mark.parametrize("cpus", (1, 2, 3, 4, 8, 16))
def test_demonstration(play, cpus):
    """All messages are answered, the token excludes, interrupts come, at any number of cpus, time after time."""
    for _ in range(5):
        judge(run(play, cpus), cpus)


@pytest.mark.parametrize("cpus", (0, 17, -1))
def test_bad_count(play, cpus):
    """A number of cpus that there can't be is refused in a line."""
    assert run(play, cpus, status=2) == f"liblwkt: {cpus} cpus; give 1 to 16\n"


def test_example(tmp_path):
    """The smallest program, which docs/liblwkt.md shows, says what that page says; and the page shows it."""
    out = run(built("hello", tmp_path))
    page = (ROOT / "docs/liblwkt.md").read_text(encoding="utf-8")
    for line in out.splitlines():
        assert f"    {line}\n" in page
    source = (ROOT / "liblwkt/demo/hello.c").read_text(encoding="ascii").partition('#include "lwkt.h"')
    for line in (source[1] + source[2]).splitlines():
        assert not line or f"    {line}\n" in page


def test_addresses(tmp_path):
    """AddressSanitizer and UndefinedBehaviorSanitizer find nothing."""
    program = built("play", tmp_path, "SANITIZE=-fsanitize=address,undefined -fno-sanitize-recover=all")
    for cpus in (1, 4):
        judge(run(program, cpus), cpus)


def test_races(tmp_path):
    """ThreadSanitizer, which sees real cpus at work and knows the orders of lib/atomic.h only, finds no race."""
    program = built("play", tmp_path, "SANITIZE=-fsanitize=thread")
    for cpus in (2, 4):
        judge(run(*SETARCH, program, cpus), cpus)


def test_races_would_be_seen(tmp_path):
    """It does see one: a counter that two cpus change without the token."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build*", ".git", "__pycache__"))
    demo = tree / "liblwkt/demo/play.c"
    text = demo.read_text(encoding="ascii")
    for call in ("lwkt_gettoken(&ref, &token);", "lwkt_reltoken(&ref);"):
        assert call in text
        text = text.replace(call, "(void)ref;")
    demo.write_text(text, encoding="ascii")
    subprocess.run(["make", "-s", "SANITIZE=-fsanitize=thread", "build/lwkt/play"], cwd=tree, check=True,
                   capture_output=True, env=machine.environment())
    done = subprocess.run([*SETARCH, tree / "build/lwkt/play", "4"], capture_output=True, text=True, timeout=300,
                          check=False)
    assert "data race" in done.stderr and "pass_token" in done.stderr


def test_picture(tmp_path):
    """make play writes the page that make trace writes, with names of this program."""
    done = subprocess.run(["make", "-s", "play", f"BUILD={tmp_path}"], cwd=ROOT, check=True, capture_output=True,
                          text=True, env=machine.environment())
    assert f"{tmp_path}/play.html: open it with a browser" in done.stdout
    page = (tmp_path / "play.html").read_text(encoding="utf-8")
    for words in ("has token token", "schedules producer", "runs message reqtoken_remote", "kernel/lwkt/token.c:"):
        assert words in page, words


def test_gdb(play):
    """gdb's commands work in the program as in the kernel."""
    done = subprocess.run(["gdb", "-q", "-batch", "-x", "tools/gdb/host", "-ex", "threads", "-ex",
                           "break consume_parcels", "-ex", "run", "-ex", "threads", "-ex", "runq", "-ex", "timers",
                           "-ex", "lbt first", "-ex", "why idle0", play], cwd=ROOT, capture_output=True, text=True,
                          timeout=100, check=False)
    text = done.stdout + done.stderr
    assert "Error" not in text and "Exception" not in text, text
    for pattern in (r"^No machine:", r"^ +[23] 0x\w+ +0 +12 +\d+ consumer [AB] +runs", r"^ +0 0x\w+ +0 +0 +\d idle0",
                    r"^cpu [23]: runs consumer [AB]", r"^cpu \d at \d+ +tick at liblwkt/run.c",
                    r"^first \(0x\w+\), cpu 0, ", r"^It (runs, on cpu|is on no run queue)"):
        assert re.search(pattern, text, re.M), (pattern, text)


def test_other_architecture(tmp_path):
    """The same on aarch64, emulated."""
    program = built("play", tmp_path, "HOSTCC=aarch64-linux-gnu-gcc -static")
    for cpus in (1, 4):
        judge(run("qemu-aarch64", program, cpus), cpus)


def test_core_is_unchanged():
    """kernel/lwkt has no line for the library."""
    for path in (ROOT / "kernel/lwkt").glob("*.[ch]"):
        text = path.read_text(encoding="ascii")
        assert not re.search(r"liblwkt|__linux__|NYMPH_KERNEL", text), path
