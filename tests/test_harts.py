# SPDX-License-Identifier: BSD-3-Clause
"""Work on several harts: processes that talk to each other stay together, and work that shares nothing does not
meet (user/harts.c). The deterministic mode counts; what it is in time, `make bench` shows."""

import itertools
import re
import shutil
import statistics
import subprocess

import pytest

from conftest import ROOT, copy_tree, make

N = 100  # operations of each worker
FIRMWARE = 0x80000000  # the code of programs lies below
WORKS = {"storms": "ssss", "pairs": "pppp", "storms and pairs": "sspp", "pairs and loops": "ppcc"}
# For all of the 4 * N operations. Each worker may move once or twice, and tells its parent when it ends. Two
# processes that are torn apart send two messages for each of their N operations.
MESSAGES, MOVES = 80, 16


def counts(run, cpus, commands, seed=1):
    """The counts that the program prints for each of the commands, as dictionaries of integers."""
    console = run("; ".join(commands), CPUS=cpus, DETERMINISTIC=1, SEED=seed, timeout=120).console
    return [{key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
            for line in re.findall(r"^harts \w+: (.*)$", console, re.M)]


@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_stay_together(run, cpus):
    """Pairs and storms hardly ever send a message, move, or make another hart forget translations, and need as many
    instructions as on one hart; pairs hardly ever take a lock that another hart has had. (Harts that wait for
    their turn or for a lock count, too.) The medians of five seeds are judged: in a few runs of a hundred a
    pair is apart from the beginning to the end."""
    commands = [f"harts {work} {N}" for work in WORKS.values()]
    alone, found = ([counts(run, harts, commands, seed) for seed in range(1, 6)] for harts in (1, cpus))
    assert all(len(one) == len(WORKS) for one in (*alone, *found))
    for name, several, single in zip(WORKS, zip(*found), zip(*alone)):
        many, one = ({key: statistics.median(each[key] for each in runs) for key in runs[0]} for runs in (several, single))
        assert many["ipis"] <= MESSAGES and many["migrations"] <= MOVES, (name, several)
        assert not any(each["shootdowns"] for each in (*several, *single)), (name, several)
        if "storms" not in name:  # fork, exit and wait take the lock of the process table
            assert many["shared_locks"] <= MESSAGES, (name, several)
        assert many["instructions"] <= 1.1 * one["instructions"], (name, one, several)


@pytest.mark.parametrize("cpus", [2, 4])
def test_spread(run, cpus):
    """Processes that compute go to other harts at once: the work of several takes as long as that of one."""
    console = run(f"harts c 300; harts {'c' * cpus} 300", CPUS=cpus, DETERMINISTIC=1, SHIFT=6, timeout=120).console
    one, all_of_them = (int(us) for us in re.findall(r"^harts c+: us=(\d+)", console, re.M))
    # One hart runs at a time here, so the time grows; but none waits for another one's turn to end.
    assert all_of_them < (cpus + 0.5) * one
    moved = int(re.findall(r"migrations=(\d+)", console)[1])
    assert cpus - 1 <= moved <= cpus + 1


def test_code_is_fetched_anew(run, tmp_path):
    """A hart executes fence.i between the arrival of a process and the first code of a program. QEMU never executes
    stale code, so a missing one shows only in its record, where fence.i ends a block and another one begins."""
    code = subprocess.run(["riscv64-unknown-elf-objdump", "-d", "build/kernel"], cwd=ROOT, check=True, text=True,
                          capture_output=True).stdout
    arrival = int(re.search(r"^(\w+) <lwkt_setcpu_remote>:$", code, re.M).group(1), 16)
    fences = {int(place, 16) + 4 for place in re.findall(r"^(\w+):.*\tfence\.i$", code, re.M)}
    log = tmp_path / "log"
    console = run("usertests affinity affinity_of_children wake_across", CPUS=2, DETERMINISTIC=1, LOG=log,
                  LOG_AT=",".join(f"{place:#x}+2" for place in (arrival, *fences))).console
    assert "3 passed, 0 failed" in console
    arrived, stale = [0, 0], set()
    for hart, epc, other, place in re.findall(r"_do_interrupt: hart:(\d), .* epc:0x(\w+),|"
                                              r"^Trace (\d): \S+ \[\w+/(\w+)/", log.read_text(errors="replace"), re.M):
        hart, place = int(hart or other), int(epc or place, 16)
        if place == arrival:
            stale.add(hart)
            arrived[hart] += 1
        elif place in fences:
            stale.discard(hart)
        assert not (hart in stale and epc and place < FIRMWARE), f"hart {hart} has executed stale code at {place:#x}"
    assert min(arrived) >= 5, arrived


def test_orphans_are_reaped(run, tree):
    """init keeps up with one who makes orphans on another hart, so that they do not fill the process table. (When it
    waited for room to give their memory back to the hart where they began, there were 415 to 943.)"""
    shutil.copy(ROOT / "tests/lib/orphans.c", tree / "user")
    make("-s", "all", cwd=tree)
    for cpus, seed in itertools.product((2, 4), (1, 2)):
        console = run("orphans 800", CPUS=cpus, SEED=seed, DETERMINISTIC=1, BUILD=tree / "build", timeout=120).console
        assert int(re.search(r"^orphans: at most (\d+) processes$", console, re.M)[1]) <= 340, console


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    """The build folder of a tree with the programs of tests/lib that fork."""
    tree = copy_tree(tmp_path_factory.mktemp("forks") / "tree")
    for name in ("forkmany", "embryos"):
        shutil.copy(ROOT / f"tests/lib/{name}.c", tree / "user")
    make("-s", "all", cwd=tree)
    return tree / "build"


@pytest.mark.xdist_group("forks")
@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_forks_that_move(run, forks, cpus):
    """A fork of a large heap passes its turn, and may go on on another hart than that where the child's thread
    is. (It panicked when it set that thread's priority.)"""
    console = run("forkmany 5 4 60; forkmany 3 16 20", CPUS=cpus, DETERMINISTIC=1, BUILD=forks, timeout=120).console
    assert re.findall(r"^forkmany: (\d+) failed$", console, re.M) == ["0", "0"]


@pytest.mark.xdist_group("forks")
@pytest.mark.parametrize("seed", [1, 2])
def test_embryos_are_not_killed(run, forks, seed):
    """Nobody can kill what fork discards, because memory has run out. (A kill freed its thread a second time.)"""
    console = run("embryos 3 6000", CPUS=4, MEM="64M", DETERMINISTIC=1, SEED=seed, APPEND="ktest=1", BUILD=forks,
                  timeout=300).console
    assert int(re.search(r"^embryos: (\d+) forks failed$", console, re.M)[1]) > 1000
