# SPDX-License-Identifier: BSD-3-Clause
"""Damaged disk images: what a fault of the disk, a bug or somebody with an editor may leave. `damages` draws
changes of an image: fields of the superblock, of inodes, directories, tables of block numbers, the bitmap and the
log (with a right checksum, too), and bits anywhere. Each image is read by mkfs, mounted and used by kernel/fs on the
host, and some of them by a machine. Used by test_damage.py and reliability.py."""

import contextlib
import itertools
import os
import random
import re
import shutil
import struct
import subprocess
import zlib

import disks
import fsreader
from conftest import ROOT

BSIZE, INODE, DIRENT, INODES = fsreader.BSIZE, 128, 16, fsreader.INODES
FIELDS = "magic version size ninodes nlog logstart inodestart bmapstart datastart".split()
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
ENVIRONMENT = {"ASAN_OPTIONS": "exitcode=99:detect_leaks=0", "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1"}
FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra"]
KERNEL_FLAGS = ["-fno-builtin", "-Wno-builtin-declaration-mismatch", "-Itests/fs/host", "-I.", "-Ikernel"]
BLOCKS = 2500          # of the image on the host, quick to copy,
MACHINE_BLOCKS = 2600  # and of one with all programs
CHUNK = 200            # images that one process tries, each in a child of its own
LIMIT = 200            # seconds for a machine; a second or two on a quiet host


# --- building what reads them ---

def build_mkfs(out):
    """mkfs under the address and undefined behaviour sanitizers."""
    sources = sorted(str(p) for p in (ROOT / "mkfs").glob("*.c"))
    subprocess.run(["cc", *FLAGS, *SANITIZE, "-I.", "-o", out, *sources], cwd=ROOT, check=True)


def build_kernel(out, *flags):
    """kernel/fs on the host (tests/fs), with these flags."""
    sources = sorted(str(p) for d in ("kernel/fs", "tests/fs") for p in (ROOT / d).glob("*.c"))
    sources += ["kernel/dev/devsw.c", "kernel/sync/lockorder.c", "kernel/lib/bits.c"]
    subprocess.run(["cc", *FLAGS, *KERNEL_FLAGS, *flags, "-o", out, *sources, "-lpthread"], cwd=ROOT, check=True)


# --- the image that is damaged ---

def make_base(folder):
    """An image with files of each kind of size, deep directories, and many names."""
    files = {"large": bytes(range(256)) * 16 * 1100, "table": b"t" * BSIZE * 20, "small": b"s" * 5000, "empty": b""}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    words = [f"{place}={folder / name}" for name in files for place in (name, f"dir/{name}", f"dir/a/b/c/{name}")
             if name != "large" or place == name]
    words += [f"many/{i}={folder / 'empty'}" for i in range(200)]
    image = folder / "base.img"
    subprocess.run([ROOT / "build/mkfs", image, "-s", str(BLOCKS), *words], check=True)
    return image


class Parts:
    """Where the parts of a whole image are, and what may stand in place of a number in them."""

    def __init__(self, content):
        self.content = content
        (self.magic, self.version, self.size, self.ninodes, self.nlog, self.logstart, self.inodestart,
         self.bmapstart, self.datastart) = struct.unpack_from("<9I", content, BSIZE)
        image = fsreader.Image(content)
        self.inodes = [image.inode(n) for n in range(1, self.ninodes) if image.inode(n).type]
        self.directories = [i for i in self.inodes if i.type == fsreader.DIRECTORY]
        self.used = sorted(image.used)
        self.tables = [i.addrs[fsreader.NDIRECT + k] for i in self.inodes for k in (0, 1)]
        self.tables = [block for block in self.tables if block]
        self.entries = [block * BSIZE + at for i in self.directories for block in i.addrs[:fsreader.NDIRECT] if block
                        for at in range(0, min(BSIZE, i.size), DIRENT)]

    def block(self, rng):
        """A block number, good or bad."""
        return rng.choice([0, 1, self.logstart, self.inodestart, self.bmapstart, self.datastart - 1, self.datastart,
                           self.size - 1, self.size, self.size + 1, 2 ** 31, 2 ** 32 - 1, rng.choice(self.used),
                           rng.choice(self.used), rng.randrange(self.datastart, self.size), rng.choice(self.tables)])

    def inum(self, rng):
        """An inode number, good or bad, more often a directory's."""
        return rng.choice([0, fsreader.ROOT, rng.choice(self.directories).number, rng.choice(self.directories).number,
                           rng.choice(self.inodes).number, rng.randrange(self.ninodes), self.ninodes, 65535])


# --- damage: each function returns [(offset, bytes)] ---

def put(at, layout, *values):
    """A change of one field; a value that does not fit is cut."""
    sizes = {"B": 8, "H": 16, "I": 32, "Q": 64}
    return [(at, struct.pack("<" + layout, *(value % 2 ** sizes[c] if c in sizes else value
                                             for c, value in zip(layout, values))))]


def number(rng, old, bits):
    """Another value for a field that holds `old`."""
    return rng.choice([0, 1, 2, old - 1, old + 1, old * 2, old // 2, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2 ** bits - 1,
                       rng.randrange(2 ** bits), rng.randrange(4096)])


def in_superblock(parts, rng):
    """A field of the superblock."""
    field = rng.randrange(len(FIELDS))
    return put(BSIZE + 4 * field, "I", number(rng, getattr(parts, FIELDS[field]), 32))


def inode_at(parts, rng):
    """An inode, mostly one in use, and where its first byte is."""
    inode = rng.choice(parts.inodes if rng.random() < 0.5 else parts.directories)
    inum = inode.number if rng.random() < 0.9 else rng.randrange(parts.ninodes)
    return inode, parts.inodestart * BSIZE + inum * INODE


def in_inode(parts, rng):
    """Type, device, links or size of an inode."""
    inode, at = inode_at(parts, rng)
    what = rng.randrange(4)
    if what == 0:
        return put(at, "H", rng.choice([0, 1, 2, 3, 4, 65535]))
    if what == 1:
        return put(at, "HHH", fsreader.DEVICE, number(rng, 5, 16), number(rng, 1, 16))
    if what == 2:
        return put(at + 6, "H", rng.choice([0, 0, 1, 2, 3, 32766, 32767, 32768, 65535]))
    return put(at + 8, "Q", rng.choice([number(rng, inode.size, 64), number(rng, inode.size, 16), 65536 * BSIZE,
                                        65536 * BSIZE + 1, inode.size + BSIZE, inode.size + 16]))


def in_addresses(parts, rng):
    """A block number in an inode."""
    _, at = inode_at(parts, rng)
    return put(at + 16 + 4 * rng.randrange(fsreader.NDIRECT + 2), "I", parts.block(rng))


def in_table(parts, rng):
    """A block number in a table."""
    at = rng.choice(parts.tables) * BSIZE + 4 * rng.choice([rng.randrange(8), rng.randrange(fsreader.NINDIRECT)])
    return put(at, "I", parts.block(rng))


def in_directory(parts, rng):
    """An entry: its inode, its name, or both, often that of "." or ".."."""
    first = rng.choice(parts.directories).addrs[0] * BSIZE
    at = rng.choice([first, first + DIRENT, first + 2 * DIRENT, rng.choice(parts.entries)])
    names = [b"", b".", b"..", b"/", b"a/b", b"a\0b", b"\n", b"x" * 14, b"\xff" * 14, b"dir", b"a", b"large", b"0"]
    changes = put(at, "H", parts.inum(rng)) if rng.random() < 0.7 else []
    return changes + (put(at + 2, "14s", rng.choice(names)) if not changes or rng.random() < 0.2 else [])


def in_bitmap(parts, rng):
    """Bits of blocks in use, or others."""
    block = rng.choice([rng.choice(parts.used), rng.randrange(parts.size), rng.randrange(parts.datastart)])
    at = parts.bmapstart * BSIZE + block // 8
    size = rng.choice([1, 1, 1, 64, BSIZE - block // 8])
    return [(at, bytes([rng.choice([0, 255, rng.randrange(256)])]) * size)]


def in_log(parts, rng):
    """A commit in the log, with the right checksum or not, of blocks that are damaged themselves, or not at all."""
    count = rng.choice([1, 1, 3, 20, parts.nlog - 1, parts.nlog, 1000, 1001, rng.randrange(2 ** 32)])
    homes = [rng.choice([parts.inodestart, parts.bmapstart, rng.choice(parts.used), rng.choice(parts.used),
                         parts.block(rng) if rng.random() < 0.3 else parts.inodestart])
             for _ in range(min(count, 1000))]
    words = [count % 2 ** 32, rng.choice([7, 2 ** 32 - 1, 0]), *homes]
    total = fsreader.checksum(words) if rng.random() < 0.8 else rng.randrange(2 ** 64)
    changes = [(parts.logstart * BSIZE, struct.pack(f"<IIQ{len(homes)}I", *words[:2], total, *homes))]
    for i, home in enumerate(homes[:min(30, parts.nlog - 1)], 1):
        content = bytearray(parts.content[home * BSIZE:(home + 1) * BSIZE] or bytes(BSIZE))
        if rng.random() < 0.3:
            content[rng.randrange(BSIZE)] = rng.randrange(256)
        changes.append(((parts.logstart + i) * BSIZE, bytes(content)))
    return changes


def moved(parts, rng):
    """A block of the metadata at another block's place."""
    places = [parts.inodestart, parts.bmapstart, parts.logstart, 1, *parts.tables,
              *(i.addrs[0] for i in parts.directories)]
    source = rng.choice([*places, rng.choice(parts.used), rng.randrange(parts.size)])
    return [(rng.choice(places) * BSIZE, bytes(parts.content[source * BSIZE:(source + 1) * BSIZE]))]


def bits(parts, rng):
    """Single bits, mostly where metadata is."""
    places = [1, parts.logstart, parts.inodestart, parts.bmapstart, *parts.tables,
              *(i.addrs[0] for i in parts.directories)]
    changes = []
    for _ in range(rng.choice([1, 2, 8, 64])):
        block = rng.choice(places) if rng.random() < 0.9 else rng.randrange(parts.size)
        at = block * BSIZE + rng.choice([rng.randrange(64), rng.randrange(512), rng.randrange(BSIZE)])
        changes.append((at, bytes([parts.content[at] ^ 1 << rng.randrange(8)])))
    return changes


KINDS = [in_superblock, in_inode, in_addresses, in_table, in_directory, in_bitmap, in_log, moved, bits]
UNNOTICED = [in_inode, in_directory, in_directory]  # what a mount may let pass


def damages(content, seed):
    """Draw changes of the image for ever: each a list of (offset, bytes) that lie inside it."""
    parts, rng = Parts(content), random.Random(seed)
    while True:
        changes, kinds = [], rng.choice([KINDS, UNNOTICED])
        for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
            changes += rng.choice(kinds)(parts, rng)
        yield [(at, data) for at, data in changes if at + len(data) <= len(content)]


# --- trying them ---

@contextlib.contextmanager
def applied(image, content, changes):
    """The file has these changes meanwhile."""
    with open(image, "r+b", buffering=0) as file:
        for at, data in changes:
            os.pwrite(file.fileno(), data, at)
        yield
        for at, data in changes:
            os.pwrite(file.fileno(), content[at:at + len(data)], at)


def by_mkfs(mkfs, image, folder):
    """mkfs checks, lists and extracts the image: (whether it is clean, what went wrong or "")."""
    clean, out = False, folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.unlink(missing_ok=True)  # a root that is a file
    for words in (["-c", image], ["-l", image], ["-x", image, "/", out]):
        done = subprocess.run([mkfs, *words], capture_output=True, timeout=120, check=False, env=ENVIRONMENT)
        clean |= words[0] == "-c" and done.returncode == 0
        if done.returncode not in (0, 1):
            return clean, f"mkfs {words[0]}: status {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}"
    return clean, ""


def by_kernel(program, mkfs, image, lines):
    """kernel/fs uses the images that the lines describe: ([(index, what went wrong)], all that it said)."""
    done = subprocess.run([program, "damaged", image, "1", "0", mkfs], input="".join(lines), text=True, check=False,
                          capture_output=True, errors="replace", env={**os.environ, **ENVIRONMENT})
    said = done.stdout + done.stderr
    wrong = [(int(index), what) for index, what in re.findall(r"^image (\d+): (.*)$", done.stdout, re.M)]
    if not done.stdout.endswith("ok\n"):
        wrong.append((-1, f"it ended with status {done.returncode}"))
    return wrong, said


def line(changes, clean):
    """An image as tests/fs/damaged.c reads it."""
    return ("clean " if clean else "damaged ") + " ".join(f"{at}:{data.hex()}" for at, data in changes) + "\n"


class Host:
    """What reads images on the host, built with sanitizers in this folder: mkfs, and kernel/fs with assertions and
    without."""

    def __init__(self, folder):
        self.folder, self.mkfs = folder, folder / "mkfs"
        self.kernels = {"with assertions": folder / "fstest", "without assertions": folder / "fstest0"}
        build_mkfs(self.mkfs)
        for name, program in self.kernels.items():
            build_kernel(program, *SANITIZE, *["-DINVARIANTS"] * (name == "with assertions"))
        self.base = make_base(folder)
        self.content = self.base.read_bytes()

    def damaged(self, seed, count):
        """(name, what is wrong or "", all that was said) for each of `count` images."""
        drawn = damages(self.content, seed)
        for first in range(0, count, CHUNK):
            yield from self.chunk(list(itertools.islice(drawn, min(CHUNK, count - first))))

    def chunk(self, images):
        """The same of these images."""
        lines, failures = [], {}
        for i, changes in enumerate(images):
            with applied(self.base, self.content, changes):
                clean, wrong = by_mkfs(self.mkfs, self.base, self.folder)
            lines.append(line(changes, clean))
            if wrong:
                failures[i] = (wrong.splitlines()[0], wrong)
        for name, program in self.kernels.items():
            wrong, said = by_kernel(program, self.mkfs, self.base, lines)
            failures.update({i: (f"kernel/fs {name}: {what}", said) for i, what in wrong})
        for i, described in enumerate(lines):
            what, said = failures.pop(i, ("", ""))
            yield f"image {zlib.crc32(described.encode()):08x}", what, said and f"{described}\n{said}"
        for what, said in failures.values():
            yield "images", what, said


def try_machine(folder, seed, **options):
    """A machine on an image with all programs, damaged with this seed: (what is wrong or "", console)."""
    image = disks.fresh(folder, MACHINE_BLOCKS)
    changes = next(damages(image.read_bytes(), seed))
    with open(image, "r+b") as file:
        for at, data in changes:
            file.seek(at)
            file.write(data)
    status, console = disks.boot(image, f"useall {seed}; useall {seed + 1}", f"file={image},format=raw,cache=unsafe",
                                 timeout=LIMIT, **options)
    panic = re.search(r"^.*\bpanic\b.*$", console, re.M)
    wrong = panic.group(0) if panic else f"it did not end within {LIMIT} s" if status in (124, 137) else ""
    return wrong, console + line(changes, False)
