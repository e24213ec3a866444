# SPDX-License-Identifier: BSD-3-Clause
"""Long loops in the kernel let better processes run (kernel/mm/turn.h). The deterministic mode counts: 62,500
instructions are a millisecond of its time."""

import re
import shutil

from conftest import ROOT, make

# By how many us a sleep may be too long beside each kind of work (tests/lib/late.c). A loop passes its turn after
# some 40,000 instructions without assertions: with them, 440 to 1,210 us were measured.
MOST = {"loop": 200, "sbrk": 3000, "fork": 3000, "exit": 3000, "read": 3000, "two": 3000, "write": 3000, "cut": 3000,
        "append": 3000, "share": 3000, "names": 3000, "exec": 3000}


def test_lateness(run, tree):
    """A real process wakes in time on a hart where others keep the kernel busy, be it the only one or one of two."""
    for name in ("late.c", "large.c"):
        shutil.copy(ROOT / "tests/lib" / name, tree / "user")
    make("-s", "all", cwd=tree)
    for cpus in (1, 2):
        console = run(f"late 40 {' '.join(MOST)}", CPUS=cpus, DETERMINISTIC=1, MEM="512M", BUILD=tree / "build",
                      timeout=300).console
        late = {kind: int(us) for kind, us in re.findall(r"^late (\w+): (\d+) us$", console, re.M)}
        assert late.keys() == MOST.keys(), console
        assert all(late[kind] <= MOST[kind] for kind in MOST), late
