# SPDX-License-Identifier: BSD-3-Clause
"""mkfs by itself makes, checks, lists and extracts images, and handles damaged ones."""

import pathlib
import random
import re
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BSIZE = 4096
INODE = 128
SIZE = 1800                                    # blocks of the image in most tests
DIRECT = 12                                    # block numbers in an inode before the indirect one
SANITIZE = "-fsanitize=address,undefined"
FLAGS = ["-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-I", str(ROOT)]


def compile_mkfs(out, *flags):
    """Build mkfs as the Makefile does, with additional flags."""
    sources = sorted(str(p) for p in (ROOT / "mkfs").glob("*.c"))
    return subprocess.run(["gcc", *FLAGS, *flags, "-o", str(out), *sources], check=False,
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def tool(tmp_path_factory):
    """A build of mkfs with sanitizers, which turn a hidden bug into a failure (status 99)."""
    out = tmp_path_factory.mktemp("tool") / "mkfs"
    done = compile_mkfs(out, "-O1", SANITIZE, "-fno-sanitize-recover=all")
    if "cannot find" in done.stderr:           # no sanitizer library on this host
        done = compile_mkfs(out, "-O2")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def mkfs(tool, tmp_path):
    """mkfs(*arguments) runs mkfs in a folder of its own, and requires that it ends with `status`."""

    def run(*arguments, status=0):
        done = subprocess.run(
            [tool, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, check=False,
            timeout=60, env={"ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99"})
        assert done.returncode == status, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done

    return run


@pytest.fixture
def image(mkfs, tmp_path):
    """A small image with a tree of files in it."""
    (tmp_path / "_cat").write_bytes(b"\x7fELF" + bytes(range(256)) * 40)
    (tmp_path / "notes").write_text("hello\n")
    # Larger than what the direct blocks and the first indirect block can hold.
    (tmp_path / "large").write_bytes(random.Random(1).randbytes(1100 * BSIZE + 77))
    (tmp_path / "empty").write_bytes(b"")
    mkfs("img", "-s", SIZE, "_cat", "notes", "large", "empty", "doc/a/notes=notes", "doc/b=notes")
    return Image(tmp_path / "img")


class Image:
    """An image, and where its parts are."""

    def __init__(self, path):
        self.path = path
        self.data = bytearray(path.read_bytes())
        (self.magic, self.version, self.size, self.ninodes, self.nlog, self.logstart,
         self.inodestart, self.bmapstart, self.datastart) = struct.unpack_from("<9I", self.data,
                                                                               BSIZE)

    def save(self):
        """Write the image back to its file."""
        self.path.write_bytes(self.data)

    def inode(self, inum):
        """The offset of an inode."""
        return self.inodestart * BSIZE + inum * INODE

    def put(self, offset, layout, *values):
        """Overwrite a field, and save."""
        struct.pack_into("<" + layout, self.data, offset, *values)
        self.save()

    def block(self, inum, i):
        """The i-th direct block number of an inode."""
        return struct.unpack_from("<I", self.data, self.inode(inum) + 16 + 4 * i)[0]

    def entry(self, inum, i):
        """The offset of entry i in the first block of a directory."""
        return self.block(inum, 0) * BSIZE + 16 * i

    def log(self, blocks, seq=7, good=True):
        """Write a commit into the log. blocks: block number -> content."""
        words = [len(blocks), seq, *blocks]
        hashed = 0xcbf29ce484222325
        for byte in struct.pack(f"<{len(words)}I", *words):
            hashed = (hashed ^ byte) * 0x100000001b3 % 2**64
        start = self.logstart * BSIZE
        struct.pack_into(f"<IIQ{len(blocks)}I", self.data, start, len(blocks), seq,
                         hashed if good else hashed ^ 1, *blocks)
        for i, content in enumerate(blocks.values(), 1):
            self.data[start + i * BSIZE:start + (i + 1) * BSIZE] = content
        self.save()


def listed(mkfs, *arguments):
    """path -> (type, inode, nlink, size), as mkfs -l lists them."""
    found = {}
    for line in mkfs("-l", *arguments).stdout.splitlines():
        kind, inum, nlink, size, path = line.split(None, 4)
        found[path] = (kind, int(inum), int(nlink), int(size))
    return found


def test_no_warnings(tmp_path):
    """mkfs builds with the warning flags of the kernel's own code."""
    done = compile_mkfs(tmp_path / "mkfs", "-O2")
    assert done.returncode == 0, done.stderr


def test_make_and_check(mkfs, image):
    """A fresh image is clean, and its layout agrees with the superblock."""
    assert mkfs("-c", "img").stdout == ""
    assert len(image.data) == SIZE * BSIZE and image.size == SIZE
    assert 2 <= image.logstart < image.inodestart < image.bmapstart < image.datastart


def test_list(mkfs, image):
    """mkfs -l shows types, sizes and names, without the underscore of user programs."""
    found = listed(mkfs, "img")
    assert found["/"][:3] == ("dir", 1, 2)
    assert found["cat"][0] == "file" and found["cat"][3] == 4 + 256 * 40
    assert found["large"][3] == 1100 * BSIZE + 77 and found["empty"][3] == 0
    assert found["doc"][2] == 2 and found["doc/a/notes"][3] == 6
    assert set(listed(mkfs, "img", "/doc")) == {"doc", "doc/a", "doc/a/notes", "doc/b"}
    assert set(listed(mkfs, "img", "notes")) == {"notes"}
    assert "no such file" in mkfs("-l", "img", "doc/none", status=1).stderr


def test_extract(mkfs, image, tmp_path):
    """mkfs -x extracts a file, a file under another name, and a tree."""
    mkfs("-x", "img", "/large", "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "large").read_bytes()
    mkfs("-x", "img", "doc/b")
    assert (tmp_path / "b").read_text() == "hello\n"
    mkfs("-x", "img", "/", "tree")
    assert (tmp_path / "tree/doc/a/notes").read_text() == "hello\n"
    assert (tmp_path / "tree/cat").read_bytes() == (tmp_path / "_cat").read_bytes()
    assert sum(p.is_file() for p in (tmp_path / "tree").rglob("*")) == 6
    assert "exists" in mkfs("-x", "img", "/", "tree", status=1).stderr
    assert "no such file" in mkfs("-x", "img", "none", status=1).stderr
    assert not list(tmp_path.glob("*.tmp"))


def test_deterministic(mkfs, image, tmp_path):
    """The same files give the same bytes, whatever their times and the name of the image are."""
    (tmp_path / "notes").touch()
    mkfs("other", "-s", SIZE, "_cat", "notes", "large", "empty", "doc/a/notes=notes",
         "doc/b=notes")
    assert (tmp_path / "other").read_bytes() == image.data


def test_sparse(mkfs, tmp_path):
    """Blocks of zeros take no space, neither in the image nor on the host, and are read as zeros."""
    with open(tmp_path / "holes", "wb") as out:
        out.truncate(40 << 20)
        out.seek(20 << 20)
        out.write(b"island")
    mkfs("img", "-s", 1000, "holes")
    assert mkfs("-c", "img").stdout == ""
    mkfs("-x", "img", "holes", "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "holes").read_bytes()
    assert (tmp_path / "back").stat().st_blocks < 2048 > (tmp_path / "img").stat().st_blocks


def test_default_size(mkfs, tmp_path):
    """Without -s, an image has FSSIZE blocks."""
    mkfs("img")
    text = (ROOT / "kernel/param.h").read_text()
    blocks = int(re.search(r"#define FSSIZE (\d+)", text).group(1))
    assert (tmp_path / "img").stat().st_size == blocks * BSIZE
    assert mkfs("-c", "img").stdout == ""


@pytest.mark.parametrize("arguments, reason", [
    (["none"], "No such file"),
    (["folder"], "not a regular file"),
    (["huge"], "too large"),
    (["a-name-too-long"], "longer than 14"),
    (["a-name-too-long=small"], "longer than 14"),
    (["=small"], "empty name"),
    (["dir/=small"], "empty name"),
    (["a//b=small"], "empty name"),
    (["x\ny=small"], "control character"),
    (["small", "small"], "already"),
    (["_small", "small"], "already"),
    (["..=small"], "already"),
    (["small", "small/b=small"], "a file already"),
    (["-s", "540", "middling"], "no space left"),
    (["-s", "100", "small"], "no room"),
    (["-s", "0"], "no room"),
    (["-s", "many"], "not a number"),
    (["-s", "-5"], "not a number"),
    (["-s", "99999999999999999999"], "more than"),
    (["-s", "600", *(f"{i}=nothing" for i in range(300))], "no inodes left"),
    (["small", "/".join(["d"] * 70) + "=small"], "longer than 127"),
])
def test_refused(mkfs, tmp_path, arguments, reason):
    """Bad input is reported in one line, and leaves no image, not even a part of one."""
    (tmp_path / "folder").mkdir()
    for name in ("small", "_small", "a-name-too-long"):
        (tmp_path / name).write_text("x")
    (tmp_path / "nothing").touch()
    (tmp_path / "middling").write_bytes(b"x" * 40 * BSIZE)
    with open(tmp_path / "huge", "wb") as out:
        out.truncate((256 << 20) + 1)
    before = sorted(tmp_path.iterdir())
    done = mkfs("img", *arguments, status=1)
    assert reason in done.stderr and done.stderr.count("\n") <= 2
    assert done.stderr.startswith("mkfs: ")
    assert sorted(tmp_path.iterdir()) == before


def test_old_image_survives(mkfs, image, tmp_path):
    """A run that is refused does not change the existing image."""
    mkfs("img", "none", status=1)
    assert (tmp_path / "img").read_bytes() == image.data


@pytest.mark.parametrize("arguments", [[], ["-c"], ["-z", "img"], ["img", "-q"], ["img", "-s"],
                                       ["-x", "img"], ["-l"], ["-s", "1000"]])
def test_usage(mkfs, arguments):
    """A wrong command line prints the usage and ends with status 2."""
    assert "usage:" in mkfs(*arguments, status=2).stderr


@pytest.mark.parametrize("content, reason", [
    (b"", "too short"),
    (b"x" * 5000, "too short"),
    (b"x" * 3 * BSIZE, "not a Nymph file system"),
])
def test_not_an_image(mkfs, tmp_path, content, reason):
    """Every command refuses a file that is not an image."""
    (tmp_path / "img").write_bytes(content)
    for arguments in (["-c", "img"], ["-l", "img"], ["-x", "img", "/", "out"]):
        assert reason in mkfs(*arguments, status=1).stderr
    assert not (tmp_path / "out").exists()


def test_truncated(mkfs, image):
    """An image that is shorter than its superblock says is reported."""
    image.path.write_bytes(image.data[:(SIZE - 1) * BSIZE + 100])
    assert "truncated" in mkfs("-c", "img", status=1).stderr


@pytest.mark.parametrize("field, value, reason", [
    (1, 9, "version"), (3, 0, "number of inodes"), (3, 70000, "number of inodes"),
    (4, 0, "log"), (4, 5000, "log"), (5, 0, "log"), (6, 3, "overlap"), (6, 0xfffffff0, "overlap"),
    (7, 516, "overlap"), (8, 520, "overlap"), (8, SIZE, "no room"),
])
def test_superblock(mkfs, image, field, value, reason):
    """Each field of the superblock is checked against the others."""
    image.put(BSIZE + 4 * field, "I", value)
    assert reason in mkfs("-c", "img", status=1).stderr


# name: (how to damage the image, what the check must report). Inodes are numbered in the order in which
# they were made: 1 /, 2 cat, 3 notes, 4 large, 5 empty, 6 doc, 7 doc/a, 8 doc/a/notes, 9 doc/b.
DAMAGE = {
    "type": (lambda i: i.put(i.inode(3), "h", 7), "inode 3: unknown type 7"),
    "size": (lambda i: i.put(i.inode(3) + 8, "Q", 1 << 40), "inode 3: size"),
    "nlink": (lambda i: i.put(i.inode(3) + 6, "h", 5), "inode 3: nlink is 5, but 1"),
    "dir nlink": (lambda i: i.put(i.inode(6) + 6, "h", 1), "inode 6: nlink is 1, but 2"),
    "range": (lambda i: i.put(i.inode(3) + 16, "I", 1), "inode 3: block 1 is not a data block"),
    "range 2": (lambda i: i.put(i.inode(3) + 16, "I", SIZE), f"block {SIZE} is not a data block"),
    "indirect": (lambda i: i.put(i.inode(4) + 16 + 4 * DIRECT, "I", 99999),
                 "inode 4: indirect block 99999"),
    "double": (lambda i: i.put(i.inode(3) + 16, "I", i.block(2, 0)), "also used by inode 2"),
    "marked free": (lambda i: i.put(i.bmapstart * BSIZE + i.block(3, 0) // 8, "B", 0),
                    "belongs to inode 3, but is marked free"),
    "fs free": (lambda i: i.put(i.bmapstart * BSIZE, "B", 0), "belongs to the file system itself"),
    "leak": (lambda i: i.put(i.bmapstart * BSIZE + SIZE // 8 - 1, "B", 0xff), "no inode uses it"),
    "past": (lambda i: i.put(i.bmapstart * BSIZE + SIZE // 8, "B", 1), "ends before it"),
    "unreachable": (lambda i: i.put(i.entry(1, 3), "H", 0), "inode 3: in use, but no directory"),
    "free inode": (lambda i: i.put(i.entry(1, 3), "H", 200), "inode 200 is not in use"),
    "inode range": (lambda i: i.put(i.entry(1, 3), "H", 60000), "inode 60000 is out of range"),
    "dot": (lambda i: i.put(i.entry(6, 0), "H", 1), 'directory 6: "." is inode 1, not 6'),
    "dotdot": (lambda i: i.put(i.entry(7, 1), "H", 1), 'directory 7: ".." is inode 1, not 6'),
    "no dot": (lambda i: i.put(i.entry(6, 0), "H", 0), 'directory 6: "." is missing'),
    "late dot": (lambda i: i.put(i.entry(1, 3) + 2, "14s", b".."), 'is a second ".."'),
    "no name": (lambda i: i.put(i.entry(1, 3) + 2, "14s", b""), "entry 3: empty name"),
    "slash": (lambda i: i.put(i.entry(1, 3) + 2, "14s", b"../up"), "entry 3: name with a slash"),
    "garbage": (lambda i: i.put(i.entry(1, 3) + 2, "14s", b"a\0b"), "garbage after the name"),
    "twice": (lambda i: i.put(i.entry(1, 3) + 2, "14s", b"cat"), "two entries have the same name"),
    "loop": (lambda i: i.put(i.entry(7, 2), "H", 6), "directory 6 has a second place here"),
    "odd size": (lambda i: i.put(i.inode(6) + 8, "Q", 50), "size 50 is not a multiple"),
    "root": (lambda i: i.put(i.inode(1), "h", 2), "the root is not a directory"),
    "inode 0": (lambda i: i.put(i.inode(0), "h", 2), "inode 0: in use"),
    "device": (lambda i: i.put(i.inode(5), "hh", 3, 99), "no device has major number 99"),
    "log": (lambda i: i.log({1: bytes(BSIZE)}), "log: block 1 is not one that can be in the log"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage(mkfs, image, name):
    """Each kind of damage is found and reported in a line."""
    harm, finding = DAMAGE[name]
    harm(image)
    assert finding in mkfs("-c", "img", status=1).stdout


def test_extract_stays_inside(mkfs, image, tmp_path):
    """Names in an image cannot lead out of the folder, and no part of a damaged tree is left there."""
    image.put(image.entry(1, 3) + 2, "14s", b"../up")
    before = sorted(tmp_path.iterdir())
    assert "slash" in mkfs("-x", "img", "/", "tree", status=1).stderr
    image.put(image.inode(4) + 16 + 4, "I", 77)
    assert "out of range" in mkfs("-x", "img", "large", "copy", status=1).stderr
    assert sorted(tmp_path.iterdir()) == before


def test_log_replayed(mkfs, image):
    """A commit in the log that was not carried out is replayed in memory. (Here it renames a file.)"""
    home = image.block(1, 0)
    content = bytearray(image.data[home * BSIZE:(home + 1) * BSIZE])
    content[3 * 16 + 2:4 * 16] = b"renamed".ljust(14, b"\0")
    image.log({home: content})
    assert "commit 7 replayed in memory, 1 blocks" in mkfs("-c", "img").stdout
    assert "renamed" in listed(mkfs, "img") and "notes" not in listed(mkfs, "img")
    assert image.path.read_bytes() == image.data

    image.log({home: content}, good=False)
    assert "the commit was not finished" in mkfs("-c", "img").stdout
    assert "notes" in listed(mkfs, "img")


def test_notes_are_no_findings(mkfs, image):
    """What a crash may leave, and the kernel repairs, is reported as a note and is not an error."""
    image.put(image.entry(1, 3), "H", 0)
    image.put(image.inode(3) + 6, "h", 0)
    assert "note: inode 3: deleted while it was open" in mkfs("-c", "img").stdout


def test_random_damage(tool, image, tmp_path):
    """Whatever is in the image, mkfs ends in time with status 0 or 1, and without a bad access."""
    rng = random.Random(20)
    fresh = bytes(image.data)
    areas = [(image.inodestart, image.inodestart + 1), (image.datastart, image.datastart + 30),
             (1, 3), (image.bmapstart, image.datastart)]
    for turn in range(30):
        image.data[:] = fresh
        for _ in range(rng.choice([1, 4, 60])):
            first, end = rng.choice(areas)
            offset = rng.randrange(first * BSIZE, end * BSIZE)
            if first <= 2:
                offset = rng.choice([BSIZE, 2 * BSIZE]) + rng.randrange(36)
            image.data[offset] = rng.choice([0, 1, 255, rng.randrange(256)])
        image.save()
        for arguments in (["-c", "img"], ["-l", "img"], ["-x", "img", "/", f"out{turn}"]):
            done = subprocess.run([tool, *arguments], cwd=tmp_path, capture_output=True, timeout=60,
                                  check=False, env={"ASAN_OPTIONS": "exitcode=99"})
            assert done.returncode in (0, 1), (turn, arguments, done.stderr[-3000:])
    assert not list(tmp_path.glob("*.tmp"))
