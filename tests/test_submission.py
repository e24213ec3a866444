# SPDX-License-Identifier: BSD-3-Clause
"""Submissions: which files are found, what is refused, what is always the instructor's, and the limits."""

import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

import pytest

from conftest import ROOT
from grading import handout
from grading.staff import sandbox, similarity, submission, unpack, worker
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


def packed(files, place, name, *words):
    """An archive that a program packs from a folder lab4/ in `place`; {} in its words is the archive."""
    write({f"lab4/{path}": data for path, data in files.items()}, place / "from")
    path = place / name
    subprocess.run([str(path) if word == "{}" else word for word in words], cwd=place / "from", check=True,
                   stdout=subprocess.DEVNULL)
    return path


def test_archives_of_others(files, tmp_path):
    """A tar.zst and a .7z are read by bsdtar; one that is cut off is refused, and so is a link in one."""
    for name, words in (("a.tar.zst", ("bsdtar", "--zstd", "-cf", "{}", "lab4")),
                        ("b.7z", ("bsdtar", "-caf", "{}", "--format=7zip", "lab4"))):
        path = packed(files, tmp_path, name, *words)
        taken = submission.take(path)
        assert taken.files == own(files) and not taken.notes
        path.write_bytes(path.read_bytes()[:20_000])
        assert "accepted are" in refused(path)
    (tmp_path / "from/lab4/kernel/lwkt/passwd.h").symlink_to("/etc/passwd")
    assert "link" in refused(packed({}, tmp_path, "c.7z", "bsdtar", "-caf", "{}", "--format=7zip", "lab4"))


@pytest.mark.parametrize("name, start, says", [
    ("me.rar", b"Rar!\x1a\x07\x01\x00 and so on", "it is a RAR archive"), ("lab4.pdf", b"%PDF-1.7", "a PDF file"),
    ("kernel", b"\x7fELF\2\1\1\0", "a program"), ("me.tar", b"my dog ate it", "no archive that can be read")])
def test_what_is_accepted(name, start, says, tmp_path):
    """A file of another kind is refused by a line that says what is accepted, in a folder too."""
    (tmp_path / name).write_bytes(start)
    line = refused(tmp_path / name)
    assert says in line and line.endswith(".zip, .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst and .7z")
    if name == "me.rar":
        (tmp_path / "README").write_text("x")
        assert refused(tmp_path) == line


def test_archive_in_a_folder(files, tmp_path):
    """A folder without a kernel/ may have an archive in it: just one, and no link to one."""
    archive = as_zip(files, tmp_path / "x.zip")
    write({"answers.md": b"x", "deep/me.zip": archive.read_bytes(), "._me.zip": b"x"}, tmp_path / "folder")
    assert submission.take(tmp_path / "folder").files == own(files)
    shutil.copy(archive, tmp_path / "folder/other.zip")
    assert "several archives in it (me.zip, other.zip)" in refused(tmp_path / "folder")
    (tmp_path / "link").mkdir()
    (tmp_path / "link/me.zip").symlink_to(archive)
    assert refused(tmp_path / "link")


def test_what_other_systems_leave(files, tmp_path):
    """What Finder, Explorer and editors leave beside the sources is not taken for a source, and the line ends
    of Windows change nothing. The report says which copies were not used."""
    path = "kernel/lwkt/ipiq.c"
    other = {"kernel/lwkt/._ipiq.c": b"\0\5", "kernel/.DS_Store": b"x", "__MACOSX/kernel/lwkt/._ipiq.c": b"x",
             "kernel/lwkt/ipiq copy.c": b"int", "kernel/lwkt/ipiq copy 2.c": b"int", "kernel/lwkt/ipiq - Copy.c": b"i",
             "kernel/lwkt/ipiq (1).c": b"int", "kernel/lwkt/Copy of ipiq.c": b"int", "kernel/lwkt/.ipiq.c.swp": b"x",
             "kernel/lwkt/ipiq.c~": b"old", "kernel/lwkt/Thumbs.db": b"x"}
    windows = {name: data.replace(b"\n", b"\r\n") for name, data in files.items()}
    windows[path] = b"\xef\xbb\xbf" + windows[path]
    for source in (write({**windows, **other}, tmp_path / "folder"), as_zip({**windows, **other}, tmp_path / "a.zip"),
                   as_tar({**windows, **other}, tmp_path / "a.tar.gz")):
        taken = submission.take(source, 4)
        assert taken.files == own(files) and not taken.changed
        assert [note.partition(":")[0] for note in taken.notes] == [
            "not used, because they are copies", f"the line ends of Windows in {len(files)} of its files were replaced",
            "the places of lab 4 are exactly the course's"]


def test_tree_of_another_lab(tmp_path):
    """In the tree of another lab, this lab is solved: a note asks about it. A tree of this lab has no such note."""
    write(handed_out(2), tmp_path / "lab2")
    says = "the places of lab 4 are exactly the course's: is it another lab's tree?"
    assert submission.take(tmp_path / "lab2", 4).notes == [says] and not submission.take(tmp_path / "lab2", 2).notes


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
    monkeypatch.setattr(unpack, "COUNT_LIMIT", 100)
    with pytest.raises(unpack.Refused, match="unpacks to more than"):
        unpack.read_here(bomb)
    with pytest.raises(unpack.Refused, match="more than 100 files"):
        unpack.read_here(as_zip(files, tmp_path / "many.zip"))


def long_name(path):
    """Write a tar file with a name of 400 MiB, which is compressed to half a MiB."""
    with gzip.open(path, "wb", 1) as stream:
        header = tarfile.TarInfo("././@LongLink")
        header.type, header.size = tarfile.GNUTYPE_LONGNAME, 400 << 20
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(400):
            stream.write(b"a" * (1 << 20))
        stream.write(tarfile.TarInfo("x").tobuf())
    return path


def many_headers(path):
    """Write a zip file whose directory lists one small source 49,000 times."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(49_000):
            archive.writestr(f"kernel/lwkt/x{number}.c", b"")
    return path


@pytest.mark.parametrize("bomb", [long_name, many_headers])
def test_bombs(bomb, tmp_path):
    """An archive that asks for much time or memory is refused soon, and by another process: this one needs no
    memory for it."""
    path, before = bomb(tmp_path / "bomb"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refused(path)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime < 15
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10   # KiB


COMMENTS = {"without an end": b"/*" * (1 << 19), "in strings": b'"/*" "*/"' * (1 << 16),
            "quotes": b'"' + b'\\"' * (1 << 18), "splices": b"\\ " * (1 << 18)}


@pytest.mark.parametrize("kind", COMMENTS)
def test_sources_that_take_long(kind, files, tmp_path):
    """A source of a MiB takes seconds to compare with the course's, whatever it consists of."""
    path = "kernel/lwkt/ipiq.c"
    source = as_zip({**files, path: COMMENTS[kind][:(1 << 20) - 2]}, tmp_path / "long.zip")
    started = time.process_time()
    taken = submission.take(source, 4)
    similarity.tokens(taken.files[path].decode())
    assert time.process_time() - started < 10
    assert any(path in line for line in taken.changed)


@pytest.mark.parametrize("name", ["kernel/lwkt/a;reboot.c", "kernel/lwkt/$(shell reboot).c",
                                  "kernel/lwkt/two words.c", "kernel/lwkt/-o.c", "kernel/lwkt/a\nb.c"])
def test_names_for_the_shell(name, files, tmp_path):
    """Names are refused that have a special meaning to make or a shell."""
    assert "cannot be used" in refused(as_zip({**files, name: b""}, tmp_path / "x.zip"))


def test_headers_that_hide_others(files, tmp_path):
    """kernel/kernel/types.h is refused: mkfs would be compiled with it instead of kernel/types.h."""
    evil = {**files, "kernel/kernel/types.h": b"#define x"}
    assert "does not have: kernel/kernel/types.h" in refused(write(evil, tmp_path / "evil"))


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


@pytest.mark.parametrize("lab", range(1, 10))
def test_nothing_to_copy_from(lab, tmp_path):
    """The tree in which a submission is built has no line of the lab's solution, no file of the
    instructor's, and nothing that was built from a kernel."""
    tree = submission.assemble(submission.take(write(handed_out(lab), tmp_path / "in")), tmp_path / "tree")
    names = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]
    assert not [name for name in names if handout.is_instructors(name)]
    assert not [name for name in names if re.match(r"build/(kernel|obj/k)|build-bench/", name)]
    course = solved()
    given = {name: (tree / name).read_bytes() for name in names if not name.startswith("build/")}
    assert handout.leaks(handout.marked_files(course), given, lab) == []
    lines = [line.encode() for line in handout.hidden_lines(handout.marked_files(course), lab)
             if len(line) > 40]
    for name in names:
        if name.startswith("build/") and not name.endswith(".img"):
            data = (tree / name).read_bytes()
            assert not [line for line in lines if line in data], name


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


@pytest.fixture
def folder():
    """A folder that other users may enter, with a folder build/ in it."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="nymph."))
    place.chmod(0o755)
    (place / "build").mkdir()
    yield place
    shutil.rmtree(place)


def run(folder, script, seconds=30):
    """Run a shell script within the limits, in a folder of its own."""
    return sandbox.run(["sh", "-c", script], folder, seconds)


@needs_bubblewrap
def test_bubblewrap(folder, tmp_path):
    """Inside bubblewrap only the own build/ can be written, no person's files can be read, and there is no
    network."""
    (tmp_path / "secret").write_text("secret")
    done = run(folder, f"cat {tmp_path}/secret {ROOT}/Makefile /etc/passwd; echo x > {tmp_path}/left; "
               "echo x > /usr/left; ls /home /root; ls /sys/class/net; echo x > left; echo mine > build/mine")
    assert "secret" not in done.output.replace(f"{tmp_path}/secret", "") and "root:" not in done.output
    assert not any((place / "left").exists() for place in (tmp_path, folder, pathlib.Path("/usr")))
    assert (folder / "build" / "mine").read_text() == "mine\n"
    script = "import socket; socket.create_connection(('127.0.0.1', 22), 1)"
    assert run(folder, f'{sys.executable} -c "{script}"').status != 0
    assert "lo:" in run(folder, "cat /proc/net/dev").output
    assert "eth" not in run(folder, "cat /proc/net/dev").output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a command as another user")
def test_another_user(folder, tmp_path, monkeypatch):
    """Where bubblewrap does not work, root runs commands as a user who can write only to build/, and who
    cannot read what is root's. A tree that others can read is an error."""
    monkeypatch.setattr(sandbox, "has_bubblewrap", lambda: False)
    (tmp_path / "kernel" / "boot").mkdir(parents=True)
    (tmp_path / "kernel" / "boot" / "main.c").write_text("secret")
    monkeypatch.setattr(sandbox, "ROOT", tmp_path)
    tmp_path.chmod(0o700)
    done = run(folder, f"id -u; cat {tmp_path}/kernel/boot/main.c; echo x >left; echo mine >build/mine")
    assert done.output.startswith(f"{sandbox.NOBODY}\n") and "secret" not in done.output
    assert not (folder / "left").exists() and (folder / "build" / "mine").read_text() == "mine\n"
    with pytest.raises(sandbox.Missing, match="cannot enter"):
        sandbox.check_walls(tmp_path / "kernel")
    monkeypatch.setattr(sandbox, "ROOT", folder)
    (folder / "kernel" / "boot").mkdir(parents=True)
    (folder / "kernel" / "boot" / "main.c").write_text("secret")
    with pytest.raises(sandbox.Missing, match="chmod go="):
        run(folder, "true")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a command as another user")
def test_apart(folder, monkeypatch):
    """Where bubblewrap does not work, a submission's own code runs as a user without other processes, and
    none is left of it."""
    monkeypatch.setattr(sandbox, "has_bubblewrap", lambda: False)
    monkeypatch.setattr(sandbox, "check_walls", lambda folder: None)    # this tree need not be unreadable
    spin = "for i in 1 2 3 4 5 6 7 8 9; do setsid chrt --idle 0 sh -c 'while :; do :; done' & echo $! >>build/pids; done"
    done = sandbox.run_apart(["sh", "-c", f"id -u; {spin}; sleep 0.2"], folder, 30)
    assert int(done.output) > 1 << 30, done.output
    for left in (folder / "build" / "pids").read_text().split():
        process = pathlib.Path(f"/proc/{left}")
        assert not process.exists() or " Z " in (process / "stat").read_text()


@pytest.mark.parametrize("inside", [pytest.param(True, marks=needs_bubblewrap), False])
def test_limits(inside, folder, monkeypatch):
    """Time, memory, file size and output are limited, inside bubblewrap and outside."""
    monkeypatch.setattr(sandbox, "has_bubblewrap", lambda: inside)
    monkeypatch.setattr(sandbox, "check_walls", lambda folder: None)    # this tree need not be unreadable
    monkeypatch.setitem(sandbox.LIMITS, "cpu", 1)
    assert run(folder, "while :; do :; done").status != 0
    assert run(folder, "sleep 20 & sleep 20", 1).why == "time"
    memory = f"{sys.executable} -c 'x = bytearray(7 << 30)'"
    assert "MemoryError" in run(folder, memory).output
    monkeypatch.setitem(sandbox.LIMITS, "fsize", 1 << 20)
    assert run(folder, "head -c 3000000 /dev/zero > build/file").status != 0
    assert (folder / "build" / "file").stat().st_size <= 1 << 20
    assert len(run(folder, "head -c 900000 /dev/zero").output) == 900000


def test_room_on_the_disk(folder, monkeypatch):
    """What a command writes is limited in all. If the disk is full, a command that fails, or has not ended, says
    nothing about a submission, whose result must not be kept then."""
    monkeypatch.setattr(sandbox, "SPACE", 1 << 20)
    script = "for i in 1 2 3 4; do head -c 300000 /dev/zero >build/$i; done; sleep 20"
    assert run(folder, script).why == "space" and not run(folder, "true").why
    monkeypatch.setattr(sandbox, "FREE", 1 << 62)
    assert run(folder, "true").status == 0
    for script in ("false", "sleep 20"):
        with pytest.raises(sandbox.Missing, match="MiB left"):
            run(folder, script)


def test_build_on_a_full_disk(tmp_path, monkeypatch):
    """A submission whose build fails on a full disk gets no result, and no more does one that cannot be read."""
    source = write({**handed_out(4), "kernel/lwkt/ipiq.c": b"#error No space left on device\n"}, tmp_path / "in")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nymph."))
    scratch.chmod(0o755)
    monkeypatch.setattr(sandbox, "LOOK", 600)
    monkeypatch.setattr(sandbox, "FREE", 1 << 62)
    with pytest.raises(sandbox.Missing, match="MiB left"):
        worker.grade(source, "ann", "4", [1], scratch / "ann")
    assert not list(scratch.iterdir())
    scratch.rmdir()
    with pytest.raises(sandbox.Missing, match="MiB left"):
        monkeypatch.setitem(sandbox.UNPACKING, "fsize", 1000)
        submission.take(source)


def test_qemu_in_its_sandbox():
    """With SANDBOX=1 QEMU cannot start programs or gain privileges, and the machine works as usual."""
    env = {**os.environ, "SANDBOX": "1", "DETERMINISTIC": "1", "RUN": "echo hello", "TIMEOUT": "60"}
    done = subprocess.run(["tools/qemu"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "hello" in done.stdout
    assert "spawn=deny" in subprocess.run(["tools/qemu", "--print"], env=env, capture_output=True, text=True,
                                          check=True).stdout


def test_as_a_command(tmp_path):
    """The command for other autograders prints what was changed and the record in their format, or one line
    if it cannot grade."""
    words = [sys.executable, "-m", "grading.staff.worker"]
    files = {**handed_out(4), "kernel/boot/more.c": b"int more = ;\n"}
    archive = as_tar(files, tmp_path / "handin.tar.gz")
    done = subprocess.run([*words, archive, "4", "autolab"], check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert "kernel/boot/more.c (new, +1 -0)" in lines[0] and "error: expected expression" in done.stdout
    assert json.loads(lines[-1])["scores"] == {"ipi": 0, "races4": 0}
    archive.write_bytes(b"")
    done = subprocess.run([*words, archive, "4", "text"], check=True, capture_output=True, text=True)
    assert "can be read" in done.stdout and "Points: 0 of" in done.stdout
