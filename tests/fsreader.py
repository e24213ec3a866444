# SPDX-License-Identifier: BSD-3-Clause
"""A reader of the file system's format that shares nothing with the kernel or with mkfs: it was written from
kernel/fs.h's description. It replays the log in memory, reads the tree, and checks that what it has read fits
together. Tests compare the tree with what a machine has confirmed."""

import struct
from dataclasses import dataclass

BSIZE = 4096
MAGIC, VERSION = 0x706D796E, 1
ROOT = 1
DIRECTORY, FILE, DEVICE = 1, 2, 3  # types of kernel/stat.h
NDIRECT, NINDIRECT = 12, 1024
INODES = BSIZE // 128  # in a block
FNV_BASIS, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


class Damaged(Exception):
    """What is on the disk contradicts itself; the text says where."""


@dataclass
class Inode:
    """An inode as it is on the disk."""
    number: int
    type: int
    device: tuple
    nlink: int
    size: int
    addrs: tuple


def checksum(words):
    """FNV-1a, 64 bits, of 32-bit words."""
    value = FNV_BASIS
    for byte in struct.pack(f"<{len(words)}I", *words):
        value = (value ^ byte) * FNV_PRIME & (1 << 64) - 1
    return value


class Image:
    """A disk's content, after the log has been replayed."""

    def __init__(self, content):
        self.content = bytearray(content)
        (magic, version, self.size, self.ninodes, self.nlog, self.logstart, self.inodestart, self.bmapstart,
         self.datastart) = struct.unpack_from("<9I", self.content, BSIZE)
        if (magic, version) != (MAGIC, VERSION) or self.size * BSIZE > len(self.content):
            raise Damaged("superblock")
        self.replayed = self.replay()
        self.used = set()   # blocks that inodes own
        self.named = {}     # by inode number: how many names it has
        self.paths = {}     # by path: the number of a file's inode
        self.tree = {}      # by path: b"..." of a file, None of a directory, (major, minor) of a device
        self.walk("", ROOT, ROOT)
        self.check()

    def block(self, number):
        """The content of a block."""
        return bytes(self.content[number * BSIZE:(number + 1) * BSIZE])

    def replay(self):
        """Copy the blocks of a whole commit to their places; return how many."""
        header = self.block(self.logstart)
        count, seq, total = struct.unpack_from("<IIQ", header)
        if not 0 < count < self.nlog or count > 1000:
            return 0
        places = struct.unpack_from(f"<{count}I", header, 16)
        if checksum((count, seq, *places)) != total:
            return 0
        for i, place in enumerate(places):
            if not self.logstart + self.nlog <= place < self.size:
                raise Damaged(f"the log names block {place}")
            self.content[place * BSIZE:(place + 1) * BSIZE] = self.block(self.logstart + 1 + i)
        return count

    def inode(self, number):
        """An inode in use."""
        if not 0 < number < self.ninodes:
            raise Damaged(f"inode {number} does not exist")
        at = (self.inodestart + number // INODES) * BSIZE + number % INODES * 128
        kind, major, minor, nlink, size, *addrs = struct.unpack_from("<4hQ14I", self.content, at)
        return Inode(number, kind, (major, minor), nlink, size, tuple(addrs))

    def claim(self, number, block):
        """Note that an inode owns a block."""
        if not self.datastart <= block < self.size:
            raise Damaged(f"inode {number}: block {block} is no data block")
        if block in self.used:
            raise Damaged(f"inode {number}: block {block} is used twice")
        if not self.content[self.bmapstart * BSIZE + block // 8] >> block % 8 & 1:
            raise Damaged(f"inode {number}: block {block} is marked free")
        self.used.add(block)

    def leaves(self, number, block, depth):
        """The numbers of the data blocks under a block, holes as 0."""
        if block == 0:
            return [0] * NINDIRECT ** depth
        self.claim(number, block)
        if depth == 0:
            return [block]
        below = struct.unpack(f"<{NINDIRECT}I", self.block(block))
        return [leaf for entry in below for leaf in self.leaves(number, entry, depth - 1)]

    def data(self, inode):
        """The bytes of a file."""
        blocks = [leaf for entry in inode.addrs[:NDIRECT] for leaf in self.leaves(inode.number, entry, 0)]
        blocks += self.leaves(inode.number, inode.addrs[NDIRECT], 1)
        if inode.addrs[NDIRECT + 1] or inode.size > len(blocks) * BSIZE:
            blocks += self.leaves(inode.number, inode.addrs[NDIRECT + 1], 2)
        if inode.size > len(blocks) * BSIZE:
            raise Damaged(f"inode {inode.number}: {inode.size} bytes")
        needed = blocks[:(inode.size + BSIZE - 1) // BSIZE]
        return b"".join(self.block(b) if b else bytes(BSIZE) for b in needed)[:inode.size]

    def walk(self, path, number, parent):
        """Read what has this path, and all below."""
        inode = self.inode(number)
        self.named[number] = self.named.get(number, 0) + 1
        if inode.type == FILE:
            if self.named[number] > 1:
                self.tree[path] = next(self.tree[p] for p, n in self.paths.items() if n == number)
            else:
                self.tree[path] = self.data(inode)
            self.paths[path] = number
        elif inode.type == DEVICE:
            self.tree[path] = inode.device
        elif inode.type == DIRECTORY:
            if self.named[number] > 1:
                raise Damaged(f"{path}: a second name of directory {number}")
            self.tree[path or "/"] = None
            self.walk_directory(path, inode, parent)
        else:
            raise Damaged(f"{path}: inode {number} is free, or has type {inode.type}")

    def walk_directory(self, path, inode, parent):
        """Read a directory's entries."""
        content = self.data(inode)
        entries = [struct.unpack_from("<H14s", content, at) for at in range(0, len(content) - 15, 16)]
        names = [(number, name.rstrip(b"\0").decode("latin-1")) for number, name in entries if number]
        if len(content) % 16 or names[:2] != [(inode.number, "."), (parent, "..")]:
            raise Damaged(f"directory {inode.number} does not begin with . and ..")
        if len({name for _, name in names}) != len(names):
            raise Damaged(f"{path}/ has a name twice")
        for number, name in names[2:]:
            self.walk(f"{path}/{name}", number, inode.number)

    def check(self):
        """Link counts are right, and every block in use has an owner."""
        for number, names in self.named.items():
            inode = self.inode(number)
            # Each directory is named by its parent (the root by nobody), and links count names only.
            if inode.type != DIRECTORY and inode.nlink != names:
                raise Damaged(f"inode {number}: {inode.nlink} links, {names} names")
        for number in range(1, self.ninodes):
            inode = self.inode(number)
            if inode.type and number not in self.named:
                if inode.nlink:
                    raise Damaged(f"inode {number} has no name, and {inode.nlink} links")
                self.data(inode)  # removed while it was open: the next mount frees it
        for block in range(self.datastart, self.size):
            marked = self.content[self.bmapstart * BSIZE + block // 8] >> block % 8 & 1
            if marked and block not in self.used:
                raise Damaged(f"block {block} is in use, and belongs to nothing")


def read(path):
    """The image in a file."""
    with open(path, "rb") as file:
        return Image(file.read())
