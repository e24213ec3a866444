# SPDX-License-Identifier: BSD-3-Clause
"""When this tree was handed out, and for which lab: the commit that `make handout` made says so."""

import re
import subprocess
import time
from dataclasses import dataclass

SUBJECT = "Lab {}, as handed out"
UNITS = (("week", 7 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


@dataclass
class Handed:
    """The commit as which a tree was handed out."""
    lab: int
    commit: str
    when: int   # seconds since 1970


def read(root):
    """The Handed of a tree, or None if it is not a handout, or if there is no git."""
    try:
        done = subprocess.run(["git", "log", "--reverse", "-E", "--grep=^" + SUBJECT.format("[0-9]") + "$",
                               "--format=%H %ct %s"], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.match(r"(\w+) (\d+) " + SUBJECT.format(r"(\d)") + r"$", done.stdout, re.M)
    return Handed(int(found.group(3)), found.group(1), int(found.group(2))) if found else None


def ago(seconds):
    """A time in words, in its largest unit: "3 days"."""
    for unit, length in UNITS:
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"


def age(root):
    """A line about the tree's age, or "" if it is not a handout."""
    handed = read(root)
    return f"This tree was handed out {ago(max(0, int(time.time()) - handed.when))} ago." if handed else ""
