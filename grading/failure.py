# SPDX-License-Identifier: BSD-3-Clause
"""What can go wrong with a run: the failure that a judge finds, and those of the machine itself.

Every failure has a cause, one of CAUSES; reports group and count failures by it.
"""

import re

CAUSES = {
    "judged": "the scene was played, and the judge found something wrong",
    "not-written": "a function that the lab asks for is not written yet",
    "panic": "the kernel panicked",
    "deadlock": "the scene does not end: every thread waits",
    "livelock": "the scene does not end: cpus are busy without progress",
    "flood": "the kernel flooded its console",
    "never-booted": "the machine never came up",
    "timeout": "the machine came up, then fell silent",
    "build": "the kernel does not build",
    "forged": "the events are not those of the run: QEMU's own record differs",
}


class Failure(Exception):
    """What a judge raises: what it expected and what it saw. `events` are shown in the report, and the
    wrong one (`at`) is marked. If events were compared with a list, `wanted` and `came` are the two
    sequences, and `index` is where they begin to differ."""

    def __init__(self, expected, seen, shown=(), at=None, cause="judged"):
        super().__init__(expected)
        self.expected, self.seen, self.events, self.at = expected, seen, list(shown), at
        self.cause = cause
        self.wanted, self.came, self.index = [], [], None


def show(sequence, mark, around=10):
    """A sequence as text, with the element `mark` in brackets; a long sequence is shortened."""
    first, last = max(0, mark - around), mark + around
    shown = [f"[{w}]" if i == mark else str(w) for i, w in enumerate(sequence)][first:last]
    return ("... " if first else "") + " ".join(shown) + (" ..." if len(sequence) > last else "")


def mismatch(rule, seen, expected, index, events):
    """The Failure of two sequences that differ from `index` on."""
    missing = index >= len(seen)
    failure = Failure(f"{rule}: {show(expected, index)}",
                      show(seen, index) + (" and nothing after it" if missing else ""), events,
                      None if missing else seen[index])
    failure.wanted, failure.came, failure.index = expected, seen, index
    return failure


def frames_in(console):
    """[(cpu, thread, "inner < outer < ...")]: the functions that each cpu is in, from the report that the
    kernel prints of a scene that hangs."""
    report = console[console.rindex("the scene hangs"):]
    frames = re.findall(r"^  [0-9a-f]{16} (\w+)\+", report, re.M)
    frames = frames[frames.index("cpu_relax"):] if "cpu_relax" in frames else frames
    threads = [(found[0], found[1], " < ".join(frames)) for found in
               re.findall(r"^cpu (\d+) \(hart \d+\), thread \w+ \((.*?)\)", report, re.M)[:1]]
    return threads + re.findall(r"^cpu (\d+) \(hart \d+\) ran ([^:\n]*): (.*)$", report, re.M)


def stuck_in(console):
    """What such a report says of the cpus that are not idle: the thread, and the functions that it is in,
    up to those that play the scene."""
    shown = []
    for cpu, name, where in frames_in(console):
        own = re.split(r" < (?:kt_|player\b)", where)[0]
        if not name.startswith("idle"):
            shown.append(f"cpu {cpu} runs {name}, in {own}")
    return "; ".join(shown) or "all cpus are idle: nothing wakes the threads"


PROGRESS = re.compile(r"^progress cpu=(\d+) ms=(\d+) ticks=(\d+) switches=(\d+) messages=(\d+) "
                      r"halts=(\d+) runs=(.*)$", re.M)
STUCK = re.compile(r"^stuck td=(\S+) cpu=(\d+) (.*)$", re.M)
BUSY = 1       # switches or messages per millisecond; waiting for the scene's end alone causes fewer
LONG = 100     # milliseconds: a cpu that lives takes ten ticks in that time


def busy_cpu(line, waiting):
    """In words, what a cpu does without getting on; or "" of one that is idle, waits, or does no harm."""
    *numbers, name = line
    cpu, ms, ticks, switches, messages, _ = map(int, numbers)
    did = [f"{count} {what}" for count, what in ((switches, "switches"), (messages, "messages"))
           if count > BUSY * ms]
    if did:
        return f"cpu {cpu} made {' and '.join(did)} in {ms} ms"
    if cpu in waiting:
        return ""
    if ms >= LONG and ticks == 0:
        return f"cpu {cpu} took no tick in {ms} ms: it stays in a critical section, or interrupts are off"
    if ms >= LONG and switches == 0 and not name.startswith("idle"):
        return f"cpu {cpu} runs {name} without a switch for {ms} ms"
    return ""


def spinning(console):
    """cpu -> where it spins, from the report of a scene that hangs. A cpu spins if its innermost function
    is cpu_relax and a tick (hardclock) did not call that."""
    found = {}
    for cpu, name, where in frames_in(console) if "the scene hangs" in console else []:
        calls = where.split(" < ")
        if calls[0] == "cpu_relax" and calls[1:2] != ["hardclock"] and not name.startswith("idle"):
            found[int(cpu)] = f"{name} (cpu {cpu}) spins in {(calls + ['cpu_relax'])[1]}"
    return found


def heartbeats(console):
    """(cause, words) of a scene that does not end, from what the kernel says of its last milliseconds
    (kernel/ktest/progress.c): if some cpu is busy all the while it is a livelock, if all of them are idle
    or wait a deadlock."""
    report = console[max(console.rfind("the scene's time is over"), console.rfind("the scene hangs"), 0):]
    lines = PROGRESS.findall(report)
    if not lines:
        return "timeout", "the kernel does not say why"
    spins = spinning(console)
    busy = [words for words in (busy_cpu(line, spins) for line in lines) if words]
    waiting = list(spins.values()) + [f"{name} (cpu {cpu}) {state}" for name, cpu, state
                                      in STUCK.findall(report) if not state.startswith("runs")]
    if busy:
        return "livelock", "livelock: " + "; ".join(busy)
    return "deadlock", f"deadlock: all cpus {'wait' if spins else 'are idle'}" + \
        "".join(f"; {words}" for words in waiting)


def not_written(result):
    """A Failure if the kernel called a function of the lab that the student has not written yet."""
    found = re.search(r"^panic: not implemented: (\w+)", result.console, re.M)
    return Failure("a kernel with all of the lab's functions", f"{found.group(1)} is not written yet",
                   cause="not-written") if found else None


def never_up(result):
    """The Failure of a machine that ended by itself before its harts were up."""
    return Failure("the scene to end", f"the machine never came up: it ended with status {result.status}",
                   cause="never-booted")


def machine_failure(result):
    """A Failure if the machine itself failed, so that there is nothing to judge."""
    if "the scene hangs" in result.panic:
        cause, words = heartbeats(result.console)
        return Failure("the scene to end", f"it hangs; {stuck_in(result.console)}; {words}", cause=cause)
    if result.panic:
        return not_written(result) or Failure("no panic", result.panic, cause="panic")
    if result.why == "flood":
        return Failure("a console that can be read", "the kernel flooded the console", cause="flood")
    if result.why in ("timeout", "halted"):
        up = "harts up" in result.console
        state = "booted, then fell silent" if up else "never came up"
        how = "all its harts halted for good; " if result.why == "halted" else ""
        return Failure("the scene to end",
                       f"the machine {state}; {how}given up after {result.seconds:.0f} s",
                       cause="timeout" if up else "never-booted")
    return None
