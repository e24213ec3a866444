# SPDX-License-Identifier: BSD-3-Clause
"""Submissions: which files are found, what is refused, what is always the instructor's, and the limits."""

import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

from conftest import ROOT
from grading.staff import sandbox, submission, unpack
from handing_in import as_tar, as_zip, handed_out, solved, write


@pytest.fixture(scope="module")
def files():
    """The course's own kernel/, as a student hands it in who has solved everything."""
    return solved()


def own(files):
    """Those of the files that are taken from a submission."""
    return {path: data for path, data in files.items() if not submission.is_trusted(path)}


def test_kinds_and_places(files, tmp_path):
    """A submission may be a folder, a zip or a tar file, with kernel/ at the top or deeper. The files of a Mac
    and of a build beside it are ignored."""
    other = {"__MACOSX/kernel/._main.c": b"", ".DS_Store": b"", "build/obj/kernel/boot/main.c.d": b"x",
             "notes.txt": b"", "lab4/build/kernel": b"\x7fELF"}
    for number, source in enumerate((
            write({**files, **other}, tmp_path / "folder"),
            write({f"os/lab4/{p}": d for p, d in files.items()}, tmp_path / "deep"),
            as_zip({**files, **other}, tmp_path / "top.zip"),
            as_zip(files, tmp_path / "deep.zip", "ann smith/lab 4/"),
            as_tar(files, tmp_path / "plain.tar"), as_tar(files, tmp_path / "a.tar.gz", "./os/"),
            as_tar(files, tmp_path / "b.tar.xz", "os/"), as_tar(files, tmp_path / "c.tar.bz2"))):
        taken = submission.take(source)
        assert taken.files == own(files) and not taken.notes, number
    assert submission.name_of(tmp_path / "a.tar.gz") == "a"


def test_windows_zip(files, tmp_path):
    """The names in a zip file may have backslashes."""
    path = as_zip({"lab4\\" + name.replace("/", "\\"): data for name, data in files.items()},
                  tmp_path / "win.zip")
    assert submission.take(path).files == own(files)


def refused(source):
    """The line by which a submission is refused."""
    with pytest.raises(unpack.Refused) as caught:
        submission.take(source)
    text = str(caught.value)
    assert text and "\n" not in text and len(text) < 300
    return text


def test_no_kernel(files, tmp_path):
    """A submission is refused if it has no kernel/, a part of one, or several, or cannot be read."""
    assert "no kernel/ in it" in refused(write({"README": b"x"}, tmp_path / "empty"))
    some = {path: files[path] for path in ("kernel/lwkt/ipiq.c", "kernel/boot/main.c")}
    assert "hand in the whole folder" in refused(write(some, tmp_path / "some"))
    twice = {**{f"a/{p}": d for p, d in files.items()}, **{f"b/{p}": d for p, d in files.items()}}
    assert "several kernel/" in refused(as_zip(twice, tmp_path / "twice.zip"))
    whole = as_zip(files, tmp_path / "whole.zip").read_bytes()
    for name, data in (("half.zip", whole[:len(whole) // 2]), ("zero.zip", b""), ("text.tar.gz", b"hello"),
                       ("bits.zip", whole[:2000] + b"\xff" * 3000 + whole[5000:]),
                       ("cut.tar.gz", as_tar(files, tmp_path / "t.tar.gz").read_bytes()[:50000])):
        path = tmp_path / name
        path.write_bytes(data)
        assert "can be read" in refused(path), name


def test_missing_files_stay_missing(files, tmp_path):
    """A file that was not handed in is not taken from the solution."""
    less = {path: data for path, data in files.items() if path != "kernel/lwkt/ipiq.c"}
    taken = submission.take(write(less, tmp_path / "less"))
    assert "missing: kernel/lwkt/ipiq.c" in taken.notes
    tree = submission.assemble(taken, tmp_path / "tree")
    assert (tree / "kernel/lwkt/crit.c").exists()
    assert not (tree / "kernel/lwkt/ipiq.c").exists()


@pytest.mark.parametrize("name", ["../kernel/boot/main.c", "/kernel/boot/main.c", "C:\\kernel\\main.c",
                                  "a/../../kernel/boot/main.c", "kernel/lwkt/../../../x.c"])
def test_names_that_lead_out(name, tmp_path):
    """Names that lead out of a zip or tar file are refused."""
    path = tmp_path / "out.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    assert "outside of itself" in refused(path)
    with tarfile.open(tmp_path / "out.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    assert "outside of itself" in refused(tmp_path / "out.tar")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(kind, files, tmp_path):
    """A source in a tar file that is a link, or not a regular file, is refused."""
    path = as_tar(files, tmp_path / "link.tar")
    with tarfile.open(path, "a") as archive:
        member = tarfile.TarInfo("kernel/lwkt/passwd.h")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert "link" in refused(path)


def test_links_in_folders_and_zips(files, tmp_path):
    """A symbolic link in the place of a source, or of kernel/ itself, is refused."""
    folder = write(files, tmp_path / "folder")
    (folder / "kernel/lwkt/passwd.h").symlink_to("/etc/passwd")
    assert "link" in refused(folder)
    folder = write({}, tmp_path / "other")
    folder.mkdir()
    (folder / "kernel").symlink_to(ROOT / "kernel")
    assert "no kernel/" in refused(folder)
    path = as_zip(files, tmp_path / "link.zip")
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("kernel/lwkt/passwd.h")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "link" in refused(path)


def test_too_much(files, tmp_path, monkeypatch):
    """A submission is refused if it has too many files or too large ones, or unpacks to too much."""
    assert "larger than 1 MiB" in refused(as_zip({**files, "kernel/lwkt/big.c": b" " * (2 << 20)},
                                                 tmp_path / "big.zip"))
    assert "larger than 1 MiB" in refused(write({**files, "kernel/lwkt/big.c": b" " * (2 << 20)},
                                                tmp_path / "big"))
    bomb = as_tar({"big": b"\0" * (4 << 20), **files}, tmp_path / "bomb.tar.gz")
    monkeypatch.setattr(unpack, "ARCHIVE_LIMIT", 3 << 20)
    assert "unpacks to more than" in refused(bomb)
    monkeypatch.setattr(unpack, "COUNT_LIMIT", 100)
    assert "more than 100 files" in refused(as_zip(files, tmp_path / "many.zip"))


@pytest.mark.parametrize("name", ["kernel/lwkt/a;reboot.c", "kernel/lwkt/$(shell reboot).c",
                                  "kernel/lwkt/two words.c", "kernel/lwkt/-o.c", "kernel/lwkt/a\nb.c"])
def test_names_for_the_shell(name, files, tmp_path):
    """Names are refused that have a special meaning to make or a shell."""
    assert "cannot be used" in refused(as_zip({**files, name: b""}, tmp_path / "x.zip"))


def test_headers_that_hide_others(files, tmp_path):
    """kernel/kernel/types.h is refused: mkfs would be compiled with it instead of kernel/types.h."""
    evil = {**files, "kernel/kernel/types.h": b"#define x"}
    assert "does not have: kernel/kernel/types.h" in refused(write(evil, tmp_path / "evil"))


READS = ['#include "/etc/passwd"', '#include "../../etc/passwd"', "#include </etc/passwd>", "# include FILE",
         '  #  include "../x.h"', '#incl\\\nude "/etc/passwd"', '%:include "/etc/passwd"',
         '#include/**/"/etc/passwd"', '#include_next <stdio.h>', '#import "/etc/passwd"',
         'asm(".incbin \\"/etc/passwd\\"");', 'asm(".inc" "bin \\"/etc/passwd\\"");',
         'asm(".include \\"/etc/passwd\\"");', "#embed </etc/passwd>"]


@pytest.mark.parametrize("line", READS)
def test_sources_that_read_files(line, files, tmp_path):
    """Includes that leave the tree, and assembler code that reads files, are refused."""
    evil = {**files, "kernel/lwkt/ipiq.c": files["kernel/lwkt/ipiq.c"] + b"\n" + line.encode() + b"\n"}
    assert refused(as_zip(evil, tmp_path / "x.zip")).startswith("kernel/lwkt/ipiq.c: ")


def contents(tree):
    """path -> bytes of a tree, without what was built in it."""
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*")
            if path.is_file() and path.relative_to(tree).parts[0] != "build"}


FORGED = {"Makefile": b"grade:\n\t@echo Points: 100 of 100\n",
          "grading/__main__.py": b"print('Points: 100 of 100')",
          "grading/labs/ipi.py": b"def declare(): pass", "tools/qemu": b"#!/bin/sh\necho PASS\n",
          "user/ipitest.c": b"int main(void) { return 0; }", "tests/test_grading.py": b"", "mkfs/mkfs.c": b"",
          "kernel/ktest/events.c": b"#error mine", "kernel/ktest/more.c": b"int more;",
          "kernel/ktest.h": b"#error mine",
          "kernel/types.h": b"#error mine", "kernel/riscv/kernel.ld": b"INCLUDE /etc/passwd",
          "kernel/more.h": b"int more;"}


def test_changes_elsewhere_change_nothing(tmp_path):
    """The tree that is graded has the instructor's tests, graders, tools, programs and trusted files of
    kernel/, whatever the submission has in their places."""
    files = handed_out(4)
    honest = submission.take(write(files, tmp_path / "honest"))
    forged = submission.take(write({**files, **FORGED}, tmp_path / "forged"))
    assert contents(submission.assemble(honest, tmp_path / "a")) == contents(
        submission.assemble(forged, tmp_path / "b"))
    assert any("kernel/ktest/events.c" in note for note in forged.notes)


# --- the limits --------------------------------------------------------------------------------

needs_bubblewrap = pytest.mark.skipif(not sandbox.has_bubblewrap(), reason="bubblewrap does not work here")


def run(tmp_path, script, seconds=30):
    """Run a shell script within the limits, in a folder of its own."""
    folder = tmp_path / "inside"
    folder.mkdir(exist_ok=True)
    return sandbox.run(["sh", "-c", script], folder, seconds)


@needs_bubblewrap
def test_bubblewrap(tmp_path):
    """Inside bubblewrap only the own folder can be written, no person's files can be read, and there is no
    network."""
    (tmp_path / "secret").write_text("secret")
    done = run(tmp_path, f"cat {tmp_path}/secret {ROOT}/Makefile /etc/passwd; echo x > {tmp_path}/left; "
               "echo x > /usr/left; ls /home /root; ls /sys/class/net; echo mine > mine")
    assert "secret" not in done.output.replace(f"{tmp_path}/secret", "") and "root:" not in done.output
    assert not (tmp_path / "left").exists() and not pathlib.Path("/usr/left").exists()
    assert (tmp_path / "inside" / "mine").read_text() == "mine\n"
    script = "import socket; socket.create_connection(('127.0.0.1', 22), 1)"
    assert run(tmp_path, f'{sys.executable} -c "{script}"').status != 0
    assert "lo:" in run(tmp_path, "cat /proc/net/dev").output
    assert "eth" not in run(tmp_path, "cat /proc/net/dev").output


@pytest.mark.parametrize("inside", [pytest.param(True, marks=needs_bubblewrap), False])
def test_limits(inside, tmp_path, monkeypatch):
    """Time, memory, file size and output are limited, inside bubblewrap and outside."""
    monkeypatch.setattr(sandbox, "has_bubblewrap", lambda: inside)
    monkeypatch.setitem(sandbox.LIMITS, "cpu", 1)
    assert run(tmp_path, "while :; do :; done").status != 0
    assert run(tmp_path, "sleep 20 & sleep 20", 1).why == "time"
    memory = f"{sys.executable} -c 'x = bytearray(7 << 30)'"
    assert "MemoryError" in run(tmp_path, memory).output
    monkeypatch.setitem(sandbox.LIMITS, "fsize", 1 << 20)
    assert run(tmp_path, "head -c 3000000 /dev/zero > file").status != 0
    assert (tmp_path / "inside" / "file").stat().st_size <= 1 << 20
    assert len(run(tmp_path, "head -c 900000 /dev/zero").output) == 900000


def test_qemu_in_its_sandbox():
    """With SANDBOX=1 QEMU cannot start programs or gain privileges, and the machine works as usual."""
    env = {**os.environ, "SANDBOX": "1", "DETERMINISTIC": "1", "RUN": "echo hello", "TIMEOUT": "60"}
    done = subprocess.run(["tools/qemu"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "hello" in done.stdout
    assert "spawn=deny" in subprocess.run(["tools/qemu", "--print"], env=env, capture_output=True, text=True,
                                          check=True).stdout


def test_as_a_command(files, tmp_path):
    """The command for other autograders makes the tree that is graded, or prints one line."""
    words = [sys.executable, "-m", "grading.staff.submission"]
    archive = as_tar(files, tmp_path / "handin.tar.gz")
    subprocess.run([*words, archive, tmp_path / "graded"], check=True)
    assert (tmp_path / "graded/kernel/lwkt/ipiq.c").read_bytes() == files["kernel/lwkt/ipiq.c"]
    done = subprocess.run([*words, archive, tmp_path / "graded"], check=False, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    archive.write_bytes(b"")
    done = subprocess.run([*words, archive, tmp_path / "other"], check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "can be read" in done.stderr
