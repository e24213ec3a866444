# SPDX-License-Identifier: BSD-3-Clause
"""Run the system call fuzzer (user/fuzz) and judge the run: the machine ends by itself, nothing is missing
afterwards, and the file system is in order. Used by test_fuzz.py and reliability.py."""

import re

import disks


def fuzz(seed, calls, processes=16, timeout=600, **options):
    """One run: (calls made, what went wrong or "", console)."""
    with disks.scratch() as folder:
        image = disks.fresh(folder)
        status, console = disks.boot(image, f"fuzz {seed} {calls} {processes}", timeout=timeout, **options)
        damage, notes = disks.check(image)
    made = re.search(r"^fuzz: seed \d+: (\d+) calls", console, re.M)
    # A write of a bad address may leave a block past a file's end, which mkfs -c may say.
    odd = [line for line in notes.splitlines() if "past the end" not in line]
    panic = re.search(r"^.*\bpanic\b.*$", console, re.M)
    wrong = panic.group(0) if panic else f"status {status}" if status or not made else \
        f"mkfs -c: {odd[0]}" if damage or odd else ""
    return int(made.group(1)) if made else 0, wrong, console + notes
