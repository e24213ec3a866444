# SPDX-License-Identifier: BSD-3-Clause
"""Fail each disk request of a workload in turn, by QEMU's blkdebug: a read, a write or a flush, once or from
there on for good. Whatever fails, the machine ends by itself, what it confirmed is on the disk, and the file
system is in order, before and after the next mount. Used by test_disk_errors.py and reliability.py."""

import re

import disks
import fsreader

BLOCKS = 2600  # of the image: quick to copy
KINDS = {"read": "read_aio", "write": "write_aio", "flush": "flush_to_disk"}

# What the machine does. `done N` is printed when all commands of a step have succeeded, and a sync after them.
# After a step that fails the next ones are left out, as a later one removes what an earlier one has made. What
# follows reads and writes even so.
STEPS = ["echo one > f1 && mkdir d", "echo two > d/f2 && ln f1 d/f1 && cat README.md > d/big",
         "rm f1 && echo 3 > d/f3", "cat d/big d/big d/big > d/huge && echo more >> d/f2"]
WORKLOAD = " && ".join(f"{step} && sync && echo done {i}" for i, step in enumerate(STEPS, 1)) + \
    "; echo late > late; sync; cat d/f2 README.md; halt"
README = (disks.ROOT / "README.md").read_bytes()

# The files that exist after each step; a later step may have been lost, or be there in part.
KEPT = [{}, {"/f1": b"one\n", "/d": None}, {"/d/f2": b"two\n", "/d/f1": b"one\n", "/d/big": README},
        {"/d/f3": b"3\n"}, {"/d/huge": 3 * README, "/d/f2": b"two\nmore\n"}]


def confirmed(console):
    """The number of steps, from the first on, that the machine has confirmed."""
    done = set(re.findall(r"^done (\d)\r?$", console, re.M))
    return next(n for n in range(len(STEPS) + 1) if str(n + 1) not in done)


def lost(tree, last):
    """What is missing of the steps up to `last`, or ""."""
    expected = {}
    for files in KEPT[:last + 1]:
        expected.update(files)
    for path, content in expected.items():
        if path == "/f1" and last >= 2:
            continue  # step 3 removes it
        seen = tree.get(path, "nothing")
        if seen != content and not (path == "/d/f2" and seen == b"two\nmore\n"):
            return f"step {last} was confirmed, but {path} is {seen!r:.40}"
    return ""


def rules(kind, number, for_good):
    """Rules of blkdebug by which request `number` of that kind fails, and with for_good all requests after."""
    event = KINDS[kind]
    count = "".join(f'[set-state]\nevent = "{event}"\nstate = "{i}"\nnew_state = "{i + 1}"\n'
                    for i in range(1, number))
    return count + (f'[inject-error]\nevent = "{event}"\nstate = "{number}"\nonce = "{"off" if for_good else "on"}"\n'
                    f'errno = "5"\n')


def boot(folder, image, config):
    """Run the workload with these rules: (status, console, how many reads and writes there were)."""
    (folder / "rules").write_text(config, encoding="ascii")
    log = folder / "trace"
    status, console = disks.boot(image, WORKLOAD, f"file=blkdebug:{folder}/rules:{image},format=raw", CPUS=2,
                                 extra=["-d", "trace:blk_co_preadv,trace:blk_co_pwritev", "-D", str(log)])
    events = log.read_text(encoding="ascii")
    return status, console, {"read": events.count("blk_co_preadv"), "write": events.count("blk_co_pwritev")}


def judge(image, status, console):
    """What is wrong with this end of the machine and of its disk, or ""."""
    if status == 124 or re.search("^panic:", console, re.M):
        return "the machine does not end" if status == 124 else "panic"
    try:
        tree = fsreader.read(image).tree
    except fsreader.Damaged as damage:
        return f"damaged: {damage}"
    if wrong := lost(tree, confirmed(console)):
        return wrong
    for when in ("", " after the next mount"):
        damage, notes = disks.check(image)
        if damage:
            return f"mkfs -c{when}: {notes.splitlines()[0]}"
        if not when and disks.boot(image, "true", CPUS=2)[0] != 0:
            return "the next mount failed"
    return lost(fsreader.read(image).tree, confirmed(console))


def requests(folder):
    """How many requests of each kind the workload makes when none fails. A commit flushes four times (docs/
    durability.md), and the commits that the log's thread adds are few; one flush too many fails nothing."""
    image = disks.fresh(folder, BLOCKS)
    status, console, counts = boot(folder, image, "")
    assert status == 0 and confirmed(console) == len(STEPS), console
    return {**counts, "flush": 4 * (len(STEPS) + 1)}


def fail(folder, kind, number, for_good):
    """Fail one request: (what is wrong or "", whether the machine has noticed, console)."""
    image = disks.fresh(folder, BLOCKS)
    status, console, _ = boot(folder, image, rules(kind, number, for_good))
    return judge(image, status, console), status != 0 or confirmed(console) < len(STEPS), console
