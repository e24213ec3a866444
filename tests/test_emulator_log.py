# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's own record of a run: how it is read, and that events which it does not confirm are no success."""

import re
import subprocess

import pytest

from conftest import ROOT
from grading import emulator_log, engine, events, machine
from grading.failure import Failure

PLACES = {"kt_log": 0xffffffc08020ac52, "kt_play": 0xffffffc080209000, "cpu_switch": 0xffffffc080220bc2}


def test_calls_come_from_other_pages():
    """The watched functions have the first page of the text to themselves and the entry, which calls none."""
    places = emulator_log.symbols(ROOT / "build/kernel")
    assert set(places) == set(emulator_log.WATCHED) and {place >> 12 for place in places.values()} == {0xffffffc080200}
    lines = subprocess.run(["riscv64-unknown-elf-nm", "-n", ROOT / "build/kernel"], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    first_page = [line.split()[2] for line in lines if line.startswith("ffffffc080200")]
    assert set(first_page) - set(places) == {
        "__kernel_start", "_start", "start", "_start_secondary", "park", "misplaced"}


def trace(name, hart):
    """A line that says that a hart entered a function."""
    return f"Trace {hart}: 0x7f55 [0000000000000000/{PLACES[name]:016x}/00209001/ff020000] \n"


def interrupt(hart, cause, asynchronous=1):
    """A line that says that a hart was interrupted, or trapped."""
    return (f"riscv_cpu_do_interrupt: hart:{hart}, async:{asynchronous}, cause:{cause:016x}, "
            "epc:0x0000000080007f08, tval:0x0000000000000000, desc=x\n")


def stopped(name):
    """A line that takes a trace back."""
    return f"Stopped execution of TB chain before 0x7f55 [{PLACES[name]:016x}] \n"


def record(*lines):
    """The Record of a log."""
    return emulator_log.read("".join(lines).encode(), PLACES)


def event(td, cpu, what="log"):
    """An event."""
    return events.Event(what, td, cpu, 1, 0, f"ev td={td} cpu={cpu} what={what}")


def test_reading():
    """Entries that were stopped do not count; the scene begins with its first step and ends with its last
    event."""
    seen = record(interrupt(0, 1), "Linking TBs 0x7f index 1 -> 0x7f\n", trace("kt_play", 0),
                  interrupt(1, 1), interrupt(1, 9, 0), trace("kt_log", 1), stopped("kt_log"),
                  trace("kt_log", 1), trace("cpu_switch", 1), trace("kt_log", 0), interrupt(0, 5))
    assert seen.entries == {"kt_play": [0], "kt_log": [1, 0], "cpu_switch": [1]}
    assert seen.scene == [("kt_play", 0), (1, 1), ("kt_log", 1), ("cpu_switch", 1), ("kt_log", 0)]
    assert seen.after == [(5, 0)]
    assert record().entries["kt_log"] == [] and record().scene == []


GOOD = [event("A", 0), event("B", 1), event("A", 0, "end"), event("C", 0, "end")]
LOG = [trace("kt_play", 2), trace("kt_log", 2), interrupt(1, 1), trace("kt_log", 1), trace("kt_log", 2),
       trace("cpu_switch", 2), trace("kt_log", 2)]


def confirm(test, found, lines):
    """Judge events by a log."""
    seen = record(*lines)
    harts = emulator_log.check_events(found, seen)
    emulator_log.check_switches(found, harts, seen)
    emulator_log.check_interrupts(test, found, harts, seen)
    return harts


def test_events_that_agree():
    """Events that the record confirms pass, and give the harts of the cpus."""
    assert confirm("t21_wake", GOOD, LOG) == {0: 2, 1: 1}
    swapped = LOG[:1] + [LOG[3], interrupt(1, 1)] + LOG[1:2] + LOG[4:]  # two harts at nearly the same time
    assert confirm("none", GOOD, swapped) == {0: 2, 1: 1}
    firmware = [line if line != LOG[2] else interrupt(1, 3) for line in LOG]    # cpu_relax has taken it after that
    assert confirm("t21_wake", GOOD, firmware) == {0: 2, 1: 1}
    ticks = [interrupt(1, 5)], [interrupt(1, 9)], [interrupt(1, 5), trace("cpu_switch", 1)]
    without = [line for line in LOG if line != LOG[2]]
    assert confirm("t21_wake", GOOD, LOG[:2] + ticks[0] + LOG[3:]) == {0: 2, 1: 1}  # the tick takes it
    assert confirm("t21_wake", GOOD, ticks[0] + without) == {0: 2, 1: 1}
    for over in ticks[1:]:
        with pytest.raises(Failure):
            confirm("t21_wake", GOOD, over + without)
    elsewhere = [line if line != LOG[2] else interrupt(2, 1) for line in LOG]
    assert confirm("t28_full", GOOD, elsewhere) == {0: 2, 1: 1}
    with pytest.raises(Failure):
        confirm("t21_wake", GOOD, elsewhere)
    with pytest.raises(Failure):
        confirm("t28_full", GOOD, [line for line in LOG if line != LOG[2]])


@pytest.mark.parametrize("found, lines, says", [
    (GOOD, [], "calls of kt_log"), (GOOD, LOG[:-1], "calls of kt_log"), (GOOD, [*LOG, LOG[1]], "calls of kt_log"),
    ([event("A", 0)] * 2 + [event("B", 1)] * 2, LOG, "calls of kt_log on its hart"),
    (GOOD, [line for line in LOG if line != LOG[5]], "cpu_switch was executed 0 times"),
    (GOOD, [line for line in LOG if line != LOG[2]], "none"),
    (GOOD, [line if line != LOG[2] else interrupt(0, 1) for line in LOG], "none")])
def test_events_that_do_not(found, lines, says):
    """Printed events that nothing wrote down, that were written down on other harts, threads that nothing
    switched to, and a message without an interrupt are no success."""
    with pytest.raises(Failure) as caught:
        confirm("t21_wake", found, lines)
    assert caught.value.cause == "forged" and says in caught.value.seen


def test_names():
    """The tests that need interrupts exist, and so do the functions that are watched."""
    names = {case.name for lab in engine.load_labs() for case in lab.tests}
    assert {name for tests in emulator_log.NEEDS.values() for name in tests.split()} <= names
    assert emulator_log.BEFORE_THE_SCENE in names
    assert set(emulator_log.symbols(ROOT / "build/kernel")) == set(emulator_log.WATCHED)
    assert f"#define KT_EVENTS_MAX {emulator_log.STORED}" in (ROOT / "kernel/ktest.h").read_text()


@pytest.mark.parametrize("name, plain", [("other", True), ("x\\nTrace 1: 0x7f [0/ffffffc08020ac52/0]", False),
                                         ("x y", False)])
def test_names_that_could_forge_lines(name, plain, tmp_path):
    """QEMU writes names of functions into its log. A kernel with a name that could forge a line has none."""
    (tmp_path / "x.c").write_text(
        "void kt_log(void) {}\nvoid kt_play(void) {}\nvoid cpu_switch(void) {}\n"
        f'asm(".globl \\"{name}\\"\\n.type \\"{name}\\", @function\\n\\"{name}\\": nop");\n')
    subprocess.run(["riscv64-unknown-elf-gcc", "-c", "x.c", "-o", "x.o"], cwd=tmp_path, check=True)
    assert set(emulator_log.symbols(tmp_path / "x.o")) == (set(emulator_log.WATCHED) if plain else set())


def test_a_run(tmp_path):
    """The record of a real run confirms its events; with one event more, or without its interrupts, it does
    not."""
    case = next(case for lab in engine.load_labs("4") for case in lab.tests if case.name == "t21_wake")
    params, options = case.draw(engine.Draws(case, 3))
    kernel, log = ROOT / "build/kernel", tmp_path / "log"
    words = " ".join(f"{name}={value}" for name, value in {**params, "key": "k"}.items())
    result = machine.run(f"{case.program} {words}", work=20, log=emulator_log.options(kernel, log),
                         **{"DETERMINISTIC": 1, "APPEND": "ktest=1", **options})
    found = events.parse(result.console, "k")
    emulator_log.check(case.name, kernel, log, found)
    assert "LOG" not in result.command
    found.events.append(found.events[-1])
    with pytest.raises(Failure):
        emulator_log.check(case.name, kernel, log, found)
    found.events.pop()
    log.write_text("".join(line for line in log.read_text().splitlines(True)
                           if not re.search("async:1, cause:000000000000000[135]", line)))
    with pytest.raises(Failure):
        emulator_log.check(case.name, kernel, log, found)
