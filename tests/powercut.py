# SPDX-License-Identifier: BSD-3-Clause
"""Power cuts on the real path to the disk: QEMU's blklogwrites records what a machine writes and when it
flushes. From that come the disks that a power cut may have left: every prefix of the log, and prefixes in
which writes since the last flush are lost, or stored in part. Each must be in order, for the reader in
fsreader.py and for mkfs -c, and must have at least what was synced. Used by test_powercut.py and reliability.py."""

import random
import struct

import disks
import diskfail
import fsreader

SECTOR = 512
MAGIC, FLUSH = 0x6A736677736872, 1


def record(folder):
    """Run the workload: (the disk before, [(offset, data), or None for a flush])."""
    image, log = disks.fresh(folder, diskfail.BLOCKS), folder / "log"
    before = image.read_bytes()
    log.write_bytes(b"")
    status, console = disks.boot(image, diskfail.WORKLOAD, f"driver=raw,file.driver=blklogwrites,"
                                 f"file.file.driver=file,file.file.filename={image},file.log.driver=file,"
                                 f"file.log.filename={log}", CPUS=2)
    assert status == 0 and diskfail.confirmed(console) == len(diskfail.STEPS), console
    return before, parse(log.read_bytes())


def parse(log):
    """The entries of a log."""
    magic, version, count, size = struct.unpack_from("<QQQI", log)
    assert (magic, version, size) == (MAGIC, 1, SECTOR)
    entries, at = [], SECTOR
    for _ in range(count):
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", log, at)
        at += SECTOR
        if sectors:
            entries.append((sector * SECTOR, log[at:at + sectors * SECTOR]))
            at += sectors * SECTOR
        if flags & FLUSH:
            entries.append(None)
    return entries


def level(tree):
    """How many steps of the workload, from the first on, are in the tree."""
    return max(n for n in range(len(diskfail.STEPS) + 1) if not diskfail.lost(tree, n))


def store(disk, offset, data, rng):
    """Store a write, with rng only some of its sectors."""
    for at in range(0, len(data), SECTOR):
        if rng is None or rng.random() < 0.5:
            disk[offset + at:offset + at + SECTOR] = data[at:at + SECTOR]


def cuts(before, entries, variants, seed):
    """(name, the disk, how many steps it must have) for each prefix, and `variants` more of each in which
    writes since the last flush are in another state."""
    durable, pending, synced, rng = bytearray(before), [], 0, random.Random(seed)
    for number, entry in enumerate(entries):
        if entry is None:
            for offset, data in pending:
                store(durable, offset, data, None)
            pending, synced = [], level(fsreader.Image(durable).tree)
        else:
            pending.append(entry)
        for variant in range(variants + 1 if pending else 1):
            disk = bytearray(durable)
            for offset, data in pending if variant == 0 else rng.sample(pending, len(pending)):
                if variant == 0 or rng.random() < 0.6:
                    store(disk, offset, data, rng if variant and rng.random() < 0.3 else None)
            yield f"cut {number} variant {variant}", disk, synced


def judge(folder, disk, synced):
    """What is wrong with a disk, or ""."""
    image = folder / "cut.img"
    image.write_bytes(disk)
    damage, notes = disks.check(image)
    if damage:
        return f"mkfs -c: {notes.splitlines()[0]}"
    try:
        has = level(fsreader.Image(disk).tree)
    except fsreader.Damaged as wrong:
        return f"damaged: {wrong}"
    return "" if has >= synced else f"has {has} of {synced} steps that were synced"


def tried(folder, variants, seed=1):
    """Judge all cuts: (name, what is wrong or ""). The last one has all that the machine confirmed."""
    before, entries = record(folder)
    synced = 0
    for name, disk, synced in cuts(before, [*entries, None], variants, seed):
        yield name, judge(folder, disk, synced)
    yield "the end", "" if synced == len(diskfail.STEPS) else f"{synced} steps are on the disk"
