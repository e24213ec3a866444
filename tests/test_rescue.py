# SPDX-License-Identifier: BSD-3-Clause
"""A name that the system needs is something else: the machine says so, and can be mended from its console."""

import shutil

import pytest

from conftest import ROOT


@pytest.fixture
def disk(tmp_path):
    """Options for a disk of its own, which keeps what is written."""
    image = tmp_path / "fs.img"
    shutil.copy(ROOT / "build/fresh.img", image)
    return {"IMAGE": image, "SNAPSHOT": 0, "CPUS": 2}


def end(term):
    """Halt by hand."""
    term.type("halt\n")
    assert term.end() == 0


@pytest.mark.parametrize("spoil", ["mkdir console", "echo x > console"])
def test_console(terminal, run, disk, spoil):
    """Something else is called console: init says so, the shell works, and the next boot is as usual."""
    run(f"rm console; {spoil}; sync", **disk)
    term = terminal(**disk)
    assert "init: /console is not the console" in "".join(term.log)
    assert term.command("echo hello") == "hello\n"
    term.command("rm console")
    end(term)
    term = terminal(**disk)
    assert "init:" not in "".join(term.log)
    assert term.command("echo hello > console") == "hello\n"


@pytest.mark.parametrize("spoil", ["mkdir sh", "echo > sh", "true"])
def test_shell(terminal, run, disk, spoil):
    """sh is a directory, an empty file or not there: init says so, and runs programs, with which the user
    mends it."""
    run(f"ln sh kept; rm sh; {spoil}; sync", **disk)
    term = terminal(ready="init> ", **disk)
    assert "init: cannot run sh" in "".join(term.log)
    term.type("no-program\n")
    term.expect("cannot run no-program")
    term.expect("init> ")
    term.type("rm sh\n")
    term.expect("init> ")
    term.type("ln kept sh\n")
    term.expect("init> ")
    term.type("\n")
    term.prompt()
    assert term.command("echo hello") == "hello\n"
    end(term)


@pytest.mark.parametrize("spoil", ["mkdir init", "echo > init", "true"])
def test_init(terminal, run, disk, spoil):
    """init is something else: the kernel says so, and the shell takes its place."""
    run(f"ln init kept; rm init; {spoil}; sync", **disk)
    term = terminal(**disk)
    assert "/init is missing, or is not a program" in "".join(term.log)
    term.command("rm init")
    term.command("ln kept init")
    end(term)
    term = terminal(**disk)
    assert "/init" not in "".join(term.log)


def test_nothing(run, disk):
    """Neither init nor a shell: the last line says what to do. The same with commands to run."""
    run("rm init; echo > sh; sync", **disk)
    console = run("echo hello", status=74, **disk).console
    assert "no program to start with: make the disk anew" in console


def test_read_only_first_boot(terminal, disk):
    """A disk that is damaged before its first boot gets a shell, though nothing can be written."""
    image = disk["IMAGE"]
    with open(image, "r+b") as file:
        file.seek(4096)
        superblock = [int.from_bytes(file.read(4), "little") for _ in range(9)]
        file.seek(superblock[7] * 4096)
        file.write(b"\0")
    term = terminal(**disk)
    assert "the file system is read-only" in "".join(term.log)
    assert "init: /console cannot be made" in "".join(term.log)
    assert term.command("echo hello") == "hello\n"
