# SPDX-License-Identifier: BSD-3-Clause
"""What can go wrong with a run: the failure that a judge finds, and those of the machine itself.

Every failure has a cause, one of CAUSES; reports group and count failures by it. Where a machine's cpus
were is known from the kernel's own report or, if there is none, from outside (postmortem.py).
"""

import re

from grading import postmortem

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
    "not-run": "not run, because the kernel died in other tests before",
    "forged": "the events are not those of the run: QEMU's own record differs",
    "host-build": "the kernel does not compile for the host, where the explorer plays its races",
    "no-host": "this host cannot play races",
    "needs": "the race passed, but a test in QEMU without which it gives no points did not",
}


class Failure(Exception):
    """What a judge raises: what it expected and what it saw. `events` are shown in the report, and the
    wrong one (`at`) is marked. If events were compared with a list, `wanted` and `came` are the two
    sequences, `index` is where they begin to differ, and `rule` says what the order must be.

    If the machine died, `died` says in which way: the same words for the same way, whatever the test; `up`
    whether it had come up before; and `hangs` that it lived on to report that its scene hangs. `frames`
    and `state` say where the cpus were (where(), state()). Of a race, `drawn` is its timeline, and `usually` the
    words about what it usually comes from."""

    def __init__(self, expected, seen, shown=(), at=None, cause="judged"):
        super().__init__(expected)
        self.expected, self.seen, self.events, self.at = expected, seen, list(shown), at
        self.cause = cause
        self.rule, self.wanted, self.came, self.index, self.bits = "", [], [], None, ""
        self.died, self.up, self.hangs, self.frames, self.state = "", True, False, [], []
        self.drawn, self.usually = [], ""


def show(sequence, mark, around=10):
    """A sequence as text, with the element `mark` in brackets; a long sequence is shortened."""
    first, last = max(0, mark - around), mark + around
    shown = [f"[{w}]" if i == mark else str(w) for i, w in enumerate(sequence)][first:last]
    return ("... " if first else "") + " ".join(shown) + (" ..." if len(sequence) > last else "")


def difference(wanted, came, bits):
    """How the second of two words NAME:flags=N differs from the first: "without QUEUED, with DONE"; "" if they are
    no such words. `bits` names the bits, from the lowest on."""
    one, other = (re.fullmatch(r"(\w+:flags)=(\d+)", str(word)) for word in (wanted, came))
    if not one or not other or one.group(1) != other.group(1):
        return ""
    changed = int(one.group(2)) ^ int(other.group(2))
    return ", ".join(f"{'with' if int(other.group(2)) & 1 << i else 'without'} {name}" for i, name in enumerate(bits)
                     if changed & 1 << i)


def mismatch(rule, seen, expected, index, events, bits=()):
    """The Failure of two sequences that differ from `index` on. `bits` names the bits of words NAME:flags=N."""
    missing = index >= len(seen)
    differs = difference(expected[index], seen[index], bits) if index < min(len(seen), len(expected)) else ""
    failure = Failure(f"{rule}: {show(expected, index)}",
                      show(seen, index) + (f" ({differs})" if differs else "") +
                      (" and nothing after it" if missing else ""), events, None if missing else seen[index])
    failure.rule, failure.wanted, failure.came, failure.index, failure.bits = rule, expected, seen, index, differs
    return failure


def frames_in(console):
    """[(cpu, thread, [functions, the inner ones first])] from the report of a kernel that panicked. If it
    did so because a scene hangs, a tick or cpu_relax() has called the watchdog, which is left out. The cpu is None
    if it panicked again before it had said which."""
    start = max(console.rfind("panic: "), 0)
    report = console[start:]
    head = re.search(r"^cpu (\d+) \(hart \d+\), thread \w+ \((.*?)\)", report, re.M)
    others = re.findall(r"^cpu (\d+) \(hart \d+\) ran ([^:\n]*): (.*)$", report, re.M)
    own = report[head.end():] if head else report.partition("\nbacktrace:")[2]
    names = re.findall(r"^  [0-9a-f]{16} (\w+)[\w.]*\+", re.split(r"^cpu \d+ \(hart", own, flags=re.M)[0], re.M)
    if "the scene hangs" in report and "cpu_relax" in names:
        names = names[names.index("cpu_relax"):]
    mine = [(int(head.group(1)), head.group(2), names)] if head else [(None, "", names)] if names else []
    return mine + \
        [(int(cpu), thread, where.split(" < ")) for cpu, thread, where in others]


def where(result):
    """The same for any machine that died."""
    if result.cpus:
        return [(cpu.number, cpu.thread, cpu.frames) for cpu in result.cpus]
    return frames_in(result.console)


def own_frames(names):
    """The functions of a backtrace up to those that play the scene."""
    end = next((i for i, name in enumerate(names) if i and (name.startswith("kt_") or name == "player")),
               len(names))
    return names[:end]


def stuck_in(result):
    """Where the cpus are that are not idle: the thread, and the functions that it is in."""
    shown = [f"{'a hart' if cpu is None else f'cpu {cpu}'}{f' runs {name}' if name else ' is'}, in "
             f"{postmortem.path(own_frames(names))}"
             for cpu, name, names in where(result) if not name.startswith("idle")]
    return "; ".join(shown) or "all cpus are idle: nothing wakes the threads"


PROGRESS = re.compile(r"^progress cpu=(\d+) ms=(\d+) ticks=(\d+) switches=(\d+) messages=(\d+) "
                      r"halts=(\d+) (?:reqflags=(\w+) runq=(\w+) crit=(-?\d+) )?runs=(.*)$", re.M)
STUCK = re.compile(r"^stuck td=(\S+) cpu=(\d+) (.*)$", re.M)
BUSY = 1       # switches or messages per millisecond; waiting for the scene's end alone causes fewer
LONG = 100     # milliseconds: a cpu that lives takes ten ticks in that time


def busy_cpu(line, waiting):
    """In words, what a cpu does without getting on; or "" of one that is idle, waits, or does no harm."""
    cpu, ms, ticks, switches, messages = map(int, line[:5])
    name = line[-1]
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
    for cpu, name, calls in frames_in(console) if "the scene hangs" in console else []:
        if calls[:1] == ["cpu_relax"] and calls[1:2] != ["hardclock"] and not name.startswith("idle"):
            found[cpu] = f"{name} (cpu {cpu}) spins in {(calls + ['cpu_relax'])[1]}"
    return found


def state(result):
    """Lines about each cpu of a machine that hangs: where it is, and what its flags say."""
    if result.cpus:
        return [line for cpu in result.cpus for line in cpu.lines()]
    report = last_report(result.console)
    at = {cpu: postmortem.path(names) for cpu, _, names in frames_in(report)} if "panic: " in report else {}
    lines = []
    for line in PROGRESS.findall(report):
        cpu = int(line[0])
        lines.append(f"cpu {cpu} runs {line[-1]}" + (f": {at[cpu]}" if cpu in at else ""))
        lines += [f"    {postmortem.flags(int(line[6], 16))}, {line[8]} critical sections, "
                  f"runqmask 0x{line[7]}"] if line[6] else []
    return lines


def last_report(console):
    """The console from the kernel's last report about a scene that does not end."""
    return console[max(console.rfind("the scene's time is over"), console.rfind("panic: the scene hangs"), 0):]


def heartbeats(console):
    """(cause, words) of a scene that does not end, from what the kernel says of its last milliseconds
    (kernel/ktest/progress.c): if some cpu is busy all the while it is a livelock, if all of them are idle
    or wait a deadlock."""
    report = last_report(console)
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


def dead(result, failure, way):
    """The Failure of a machine that died in this way."""
    failure.died, failure.up = way, result.up
    failure.frames = where(result)
    return failure


def never_up(result):
    """The Failure of a machine that ended by itself before its harts were up."""
    return dead(result, Failure("the scene to end", "the machine never came up: it ended with status "
                                f"{result.status}", cause="never-booted"), "never-booted")


def hang(result):
    """The Failure of a scene whose end the kernel's own watchdog has missed."""
    cause, words = heartbeats(result.console)
    failure = Failure("the scene to end", f"it hangs; {stuck_in(result)}; {words}", cause=cause)
    failure.state, failure.hangs = state(result), True
    return dead(result, failure, "hangs")


def silent(result):
    """The Failure of a machine that no longer answers."""
    up, ended = result.up, "\nend key=" in result.console
    how = "all its harts halted for good; " if result.why == "halted" else ""
    words = "played the scene to its end, but does not end itself" if ended else \
        "booted, then fell silent" if up else "never came up"
    where_it_is = f"; {stuck_in(result)}" if result.cpus else ""
    failure = Failure("the machine to end" if ended else "the scene to end", f"the machine {words}; {how}"
                      f"given up after {result.seconds:.0f} s{where_it_is}",
                      cause="timeout" if up else "never-booted")
    failure.state = state(result) if result.cpus else []
    return dead(result, failure, words)


def overtime(result):
    """The Failure of a scene that was given up before the kernel's own watchdog did so."""
    idle = all(thread.startswith("idle") for _, thread, _ in where(result))
    failure = Failure("the scene to end", f"it hangs; {stuck_in(result)}; given up after {result.seconds:.0f} s",
                      cause="deadlock" if idle else "livelock")
    failure.state, failure.hangs = state(result), True
    return dead(result, failure, "hangs")


def machine_failure(result):
    """A Failure if the machine itself failed, so that there is nothing to judge."""
    if "the scene hangs" in result.panic:
        return hang(result)
    if result.panic:
        inner = [name for _, _, names in where(result)[:1] for name in names[:2]]
        way = " ".join([re.sub(r"0x[0-9a-f]+|\d+", "", result.panic), "in", *inner])
        return not_written(result) or dead(result, Failure("no panic", result.panic, cause="panic"), way)
    if result.why == "flood":
        return dead(result, Failure("a console that can be read", "the kernel flooded the console",
                                    cause="flood"), "flood")
    if result.why == "overtime":
        return overtime(result)
    return silent(result) if result.why in ("timeout", "halted") else None
