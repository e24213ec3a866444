# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's own record of a run, and whether the events that the kernel printed agree with it.

The kernel prints the events itself, so a kernel that knows what a judge wants could print just that. QEMU
writes another record of the same run, to which a kernel has no access: each interrupt and trap of each
hart (-d int), and each time that a hart begins to execute one of three functions (-d exec with -dfilter):
kt_log, by which the course's test code writes down an event, kt_play, by which it plays a scene, and
cpu_switch. The lines look like this:

    riscv_cpu_do_interrupt: hart:1, async:1, cause:0000000000000001, epc:0x..., tval:0x..., desc=...
    Trace 1: 0x7f5544303f40 [0000000000000000/ffffffc08020ac52/00209001/ff020000]
    Stopped execution of TB chain before 0x7f5544303f40 [ffffffc08020ac52]

The last one takes the one before it back: the function will be entered once more. Calls are always in the
record, because the three functions share a page with none of their callers (kernel/riscv/kernel.ld): QEMU
looks up a jump to another page each time. (It links jumps within a page, and does not record them.)

What check() demands holds for every kernel that plays the scene, whatever its order of events: each of the
rules compares numbers of one hart.
"""

import functools
import pathlib
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field

from grading.failure import Failure

NM = "riscv64-unknown-elf-nm"
WATCHED = ("kt_log", "kt_play", "cpu_switch")
STORED = 2048       # KT_EVENTS_MAX: with as many lines of events, others may have been dropped
SOFTWARE, TIMER, EXTERNAL = 1, 5, 9
FIRMWARE = 3        # the firmware's own, by which it gets what another hart asks for: an IPI, if IPI=sbi
CAUSES = {SOFTWARE: "software", TIMER: "timer", EXTERNAL: "external"}   # of interrupts in supervisor mode
OWN = ("log", "end")        # events by which threads say where they are; others may be about another thread
SYMBOL = re.compile(r"([0-9a-f]{16}) ([A-Za-z?]) ([\w.$]+)", re.A)
LINE = re.compile(rb"riscv_cpu_do_interrupt: hart:(\d+), async:(\d), cause:([0-9a-f]+),"
                  rb"|Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/"
                  rb"|Stopped execution of TB chain before \S+ \[([0-9a-f]+)\]")

# Tests whose scene cannot be played without an interrupt of a cause, on the cpu of a thread or a body, or of one
# of several, between its first step and its last event. (cpu_relax takes a software interrupt that comes
# meanwhile without a trap. So a cpu that waits for room may see none of many; but then others of the scene do, or
# the firmware on that cpu. The work of a tick takes messages, too: a tick will do, also one that is under way when
# the scene begins.)
NEEDS = {
    (SOFTWARE, "A"): "t16_two_sources",
    (SOFTWARE, "B"): "b2_numbers b3_boot_hart b6_absent t22_idle_race t23_idle_token t21_wake t21_harts "
                     "t50_race",
    (SOFTWARE, "A B C D E F G H"): "t28_full t28_forward t28_no_memory t28_crowd",
    (SOFTWARE, "C"): "t55_storm",
    (SOFTWARE, "S"): "t62_move",
    (SOFTWARE, "ipi"): "t27_order t27_wrap t29_nowait t31_late",   # not t32_wait, where both cpus may wait
    (TIMER, "A"): "b5_ticks t16_storm t65_registers t66_sum t35_count t48_timeout share busy",
    (TIMER, "W"): "t49_one",
    (TIMER, "ipi"): "t30_passive",
    (TIMER, "tm0"): "order delete periodic foreign",
    (EXTERNAL, "A"): "t17_held_off t20_splz t63_again",
    (EXTERNAL, "intr"): "t9_device",
}

# The test whose kernel must panic before it plays a scene.
BEFORE_THE_SCENE = "b8_lost"


@functools.lru_cache(maxsize=8)
def _symbols(kernel, _changed):
    """name -> address of the watched functions of a kernel."""
    done = subprocess.run([NM, "--defined-only", kernel], capture_output=True, text=True, check=False,
                          errors="replace")
    found = {name: [] for name in WATCHED}
    for line in done.stdout.splitlines():
        symbol = SYMBOL.fullmatch(line)
        if not symbol:
            return {}
        if symbol.group(2) == "T" and symbol.group(3) in found:
            found[symbol.group(3)].append(int(symbol.group(1), 16))
    return {name: places[0] for name, places in found.items() if len(places) == 1}


def symbols(kernel):
    """name -> address of those of the watched functions that a kernel has exactly once. None, if a symbol's
    name is not plain: QEMU writes names into its log, so a name with a line end could forge a line."""
    kernel = pathlib.Path(kernel)
    return _symbols(str(kernel), kernel.stat().st_mtime_ns) if kernel.exists() else {}


def options(kernel, log):
    """The options of tools/qemu for a record of a run in the file `log`."""
    places = symbols(kernel).values()
    return {"LOG": str(log), "LOG_AT": ",".join(f"{place:#x}+2" for place in places)}


@dataclass
class Record:
    """What the log says. entries: name of a function -> the harts that entered it, in order. scene, after:
    what happened from the first step of the scene to its last event, and after it, as pairs (name of a
    function, or cause of an interrupt; hart). under_way: the harts whose interrupt may not be over when the
    scene begins, with its cause."""
    entries: dict = field(default_factory=lambda: {name: [] for name in WATCHED})
    scene: list = field(default_factory=list)
    after: list = field(default_factory=list)
    under_way: list = field(default_factory=list)


def read(log, places):
    """The Record in a log. places: name -> address, from symbols()."""
    names, record = {place: name for name, place in places.items()}, Record()
    items = []
    for found in LINE.finditer(log):
        hart, asynchronous, cause, on, at, stopped = found.groups()
        if asynchronous == b"1":
            items.append((int(cause, 16), int(hart)))
        elif on and (name := names.get(int(at, 16))):
            record.entries[name].append(int(on))
            items.append((name, int(on)))
        elif stopped and items and items[-1][0] == names.get(int(stopped, 16)):
            record.entries[items.pop()[0]].pop()
    played = [i for i, (what, _) in enumerate(items) if what in ("kt_play", "kt_log")] or [0]
    last = max((i for i in played if items[i][0] == "kt_log"), default=0) if items else 0
    record.scene, record.after = items[played[0]:last + 1], items[last + 1:]
    lasts = {hart: (what, hart) for what, hart in items[:played[0]]}
    record.under_way = [item for item in lasts.values() if item[0] in CAUSES]
    return record


# --- what must agree ---------------------------------------------------------------------------

def disagree(expected, seen):
    """The Failure of events that the record does not confirm."""
    return Failure(f"events that QEMU's own record of the run confirms: {expected}", seen, cause="forged")


def harts_of(events, record):
    """cpu -> the hart on which its events were written down: one with as many of them, if there is one, and
    of these the one that is usual at the same places of both orders."""
    entered = record.entries["kt_log"]
    counts, calls = Counter(e.cpu for e in events), Counter(entered)
    together = Counter(zip((e.cpu for e in events), entered))
    pairs = sorted(((cpu, hart) for cpu in counts for hart in calls), key=lambda pair: (
        counts[pair[0]] != calls[pair[1]], -together[pair], pair))
    found = {}
    for cpu, hart in pairs:
        if cpu not in found and hart not in found.values():
            found[cpu] = hart
    return found


def check_events(events, record):
    """Each event was written down by the course's test code, on its hart: cpu -> hart."""
    entered, lines = record.entries["kt_log"], len({e.line for e in events})
    if len(entered) < len(events) or len(entered) > len(events) and lines < STORED:
        raise disagree(f"{len(events)} events, as the kernel printed them",
                       f"{len(entered)} calls of kt_log, which writes events down")
    harts, counts = harts_of(events, record), Counter(entered)
    for cpu, number in sorted(Counter(e.cpu for e in events).items()):
        if number > counts[harts.get(cpu)]:
            raise disagree(f"{number} events on cpu {cpu}", f"{counts[harts.get(cpu)]} calls of kt_log "
                           f"on its hart")
    return harts


def check_switches(events, harts, record):
    """A cpu whose events change from thread to thread has switched as often, at least. Names without an event
    "end" are those of messages, timers and handlers."""
    threads = {e.td for e in events if e.what == "end"}
    for cpu, hart in sorted(harts.items()):
        names = [e.td for e in events if e.cpu == cpu and e.what in OWN and e.td in threads]
        changes = sum(one != other for one, other in zip(names, names[1:]))
        switches = (record.scene + record.after).count(("cpu_switch", hart))
        if switches < changes:
            raise disagree(f"at least {changes} switches on cpu {cpu}, from thread to thread",
                           f"cpu_switch was executed {switches} times there")


def check_interrupts(test, events, harts, record):
    """A scene that needs an interrupt has had it."""
    for (cause, threads), tests in NEEDS.items():
        cpus = {e.cpu for e in events if e.td in threads.split()}   # none, if the scene has fewer this time
        same = (cause, FIRMWARE, TIMER) if cause == SOFTWARE else (cause,)
        if test in tests.split() and cpus and not any((what, harts[cpu]) in record.under_way + record.scene
                                                      for what in same for cpu in cpus):
            raise disagree(f"{CAUSES[cause]} interrupts on the cpu of {threads.replace(' ', ' or ')} during the scene",
                           "none")


def check(test, kernel, log, found):
    """Raise Failure if the events of a run do not agree with its log. test: the test's name. found: the
    events.Record of the run, or None for a scene that ends in a panic."""
    places = symbols(kernel)
    missing = [name for name in WATCHED if name not in places]
    if missing:
        raise disagree(f"a kernel with one function {missing[0]}, and plain names", "none, or several, or a "
                       "name with other characters than letters, digits and _ . $")
    record = read(pathlib.Path(log).read_bytes(), places)
    if found is None:
        if not record.entries["kt_play"] and test != BEFORE_THE_SCENE:
            raise disagree("the scene was played", "kt_play, which plays it, was never called")
        return
    harts = check_events(found.events, record)
    check_switches(found.events, harts, record)
    check_interrupts(test, found.events, harts, record)
