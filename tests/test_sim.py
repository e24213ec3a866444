# SPDX-License-Identifier: BSD-3-Clause
"""The threading core on the host: the same files, on simulated cpus, through many interleavings."""

import platform
import re
import shutil
import subprocess

import pytest

import explore
from conftest import ROOT

SIM = ROOT / "tests" / "sim"
FLAGS = ["-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-DNYMPH_KERNEL",
         "-DINVARIANTS", "-Itests/sim", "-Ikernel", "-I."]
CORE = [*sorted(ROOT.glob("kernel/lwkt/*.c")), ROOT / "kernel/lib/bits.c",
        ROOT / "kernel/lib/testpoint.c"]
SCENES = sorted(SIM.glob("scenes_*.c"))
MACHINE = [SIM / f"{name}.c" for name in ("run", "sim", "spawn", "rest", "arena", "snapshot", "memory", "explore",
                                          "turns", "schedule", "report", "lines",
                                          "loops")]
MAIN = SIM / "main.c"
SWITCH = ROOT / "liblwkt/linux/switch.S"

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"),
                                reason="switch.S knows two kinds of hosts")


def compile_program(*words):
    """Run a compiler in the top folder of the tree; a failure shows its output."""
    done = subprocess.run([str(w) for w in words], cwd=ROOT, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def play(program, seeds):
    """Run all scenes with so many seeds; a failure shows how to repeat it."""
    done = subprocess.run([program, "-n", str(seeds)], cwd=ROOT, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, (done.stderr + done.stdout[-1000:])[:4000]
    scenes = re.findall(r"SCENE\(\w+, \d", (SIM / "main.c").read_text(encoding="utf-8"))
    assert len(done.stdout.splitlines()) == len(scenes)


def test_core_sanitized(tmp_path):
    """Clang's sanitizers find no bad memory access and no undefined behaviour. The simulated cpus take turns
    at the core's own primitives."""
    program = tmp_path / "sim"
    compile_program("clang", *FLAGS, "-O1", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-o", program, *CORE, *SCENES, *MACHINE, MAIN, SWITCH)
    play(program, 100)


def test_core_races(tmp_path):
    """There are no data races. The simulated cpus take turns, and interrupts come, at every memory access."""
    dense = [*FLAGS, "-O2", "-fno-pie", "-DPOINT_DENSITY=8"]
    for source in [*CORE, *SCENES]:
        compile_program("gcc", *dense, "-fsanitize=thread", "-c", "-o",
                        tmp_path / f"{source.stem}.o", source)
    program = tmp_path / "sim"
    compile_program("gcc", *dense, "-DDETECT", "-no-pie", "-o", program,
                    *sorted(tmp_path.glob("*.o")), *MACHINE, MAIN, SIM / "races.c",
                    SIM / "views.c", SWITCH)
    play(program, 30)


def test_one_seed(tmp_path):
    """What a failure says how to repeat it with: one seed, with a trace."""
    program = tmp_path / "sim"
    compile_program("gcc", *FLAGS, "-O1", "-o", program, *CORE, *SCENES, *MACHINE, MAIN, SWITCH)
    done = subprocess.run([program, "-s", "tokens", "-c", "2", "-r", "3"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.startswith("tokens: 1 runs"), done.stderr


def test_core_is_its_own():
    """The core includes its own headers, lib/, the ABI's and machine.h."""
    for source in ROOT.glob("kernel/lwkt/*.[ch]"):
        for name in re.findall(r'#include ["<](.+)[">]', source.read_text(encoding="utf-8")):
            assert re.fullmatch(r"lwkt/\w+\.h|lib/\w+\.h|kernel/\w+\.h|machine\.h|std\w+\.h", name), (
                f"{source.name} includes {name}")
            assert name != "kernel/riscv.h", f"{source.name} includes {name}"


# --- lines of memory that cpus share ---

APART = ("x_apart", "x_apart_procs")  # each cpu's work has nothing to do with the others'

# What makes cpus share a line, and what the report says of it: a file, a text there and what takes its place.
SHARED = {
    "counter": ("lwkt/switch.c", "void lwkt_switch(void)\n{",
                "static uint64 planted;\nvoid lwkt_switch(void)\n{ amo_add(&planted, 1);",
                "a variable of all cpus is written: planted,"),
    "counters in one line": ("lwkt/switch.c", "void lwkt_switch(void)\n{",
                             "static uint64 planted[NCPU] __attribute__((aligned(CACHE_LINE)));\n"
                             "void lwkt_switch(void)\n{ planted[mycpuid]++;", "written by one cpu, then read: planted,"),
    "table in the middle of a line": ("sync/tsleep.c", " __attribute__((aligned(CACHE_LINE)));", ";",
                                      "a table that does not begin a line is written: bucket_cpus,"),
    "look at another cpu": ("fs/pipe.c", "fence(); /* pairs with the one in pipe_sleep */",
                            "(void)peek(&globaldata_of[0]->gd_reqflags); fence();",
                            "written by one cpu, then read: struct globaldata,"),
    "counter of processes": ("proc/usched_pass.c", "void usched_block(thread_t td)\n{",
                             "static uint64 planted;\nvoid usched_block(thread_t td)\n{ amo_add(&planted, 1);",
                             "a variable of all cpus is written: planted,"),
}


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    """The folder of the explorer's programs."""
    folder = tmp_path_factory.mktemp("explorer")
    explore.build(folder)
    return folder


@pytest.mark.parametrize("cpus", [2, 3, 4])
@pytest.mark.parametrize("scene", APART)
def test_no_line_is_shared(explorer, scene, cpus):
    """While each cpu works for itself, no cpu writes a line of memory that another one uses, in any schedule with one
    preemption or interrupt, as far as the time reaches."""
    program = explorer / "explore-memory" / "explore-memory"
    good, text = explore.explore(program, scene, "-q", "-p", 1, "-i", 1, cpus=cpus, seconds=3)
    assert good, text


@pytest.mark.parametrize("what", SHARED)
def test_shared_line_is_found(explorer, tmp_path, what):
    """What cpus share by a line is reported by name, with both accesses. The first schedule shows it."""
    source, place, planted, report = SHARED[what]
    for part in ("kernel", "tests/sim"):
        shutil.copytree(ROOT / part, tmp_path / part)
    changed = tmp_path / "kernel" / source
    text = changed.read_text(encoding="utf-8")
    assert text.count(place) == 1
    changed.write_text(text.replace(place, planted), encoding="utf-8")
    memory = explore.build_changed(explorer, tmp_path, ROOT / "kernel" / source)[1]
    found = [explore.explore(memory, scene, "-q", "-p", 0, cpus=2, seconds=5)[1] for scene in APART]
    assert any(report in text and len(re.findall(rf"^access: cpu \d in .*/{changed.name}:\d+\)", text, re.M)) >= 1
               and len(re.findall(r"^access: cpu \d in \w+ \(\S+:\d+\)", text, re.M)) == 2 for text in found), found
