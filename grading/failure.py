"""What can go wrong with a run: what a judge says, and what the machine itself shows.

Every failure has a cause, one of CAUSES, by which failures are counted and grouped.
"""

import re

CAUSES = {
    "judged": "the scene was played, and went another way than it must",
    "not-written": "a function that the lab asks for is not written yet",
    "panic": "the kernel panicked",
    "deadlock": "the scene does not end: everybody waits",
    "livelock": "the scene does not end: cpus are busy without getting on",
    "flood": "the kernel flooded its console",
    "never-booted": "the machine never came up",
    "timeout": "the machine came up, then fell silent",
    "build": "the kernel does not build",
}


class Failure(Exception):
    """What a judge raises: expected and seen; `events` are shown, the wrong one (`at`) marked. Where
    events were compared with a list, `wanted` and `came` are both, and they part at `index`."""

    def __init__(self, expected, seen, shown=(), at=None, cause="judged"):
        super().__init__(expected)
        self.expected, self.seen, self.events, self.at = expected, seen, list(shown), at
        self.cause = cause
        self.wanted, self.came, self.index = [], [], None


def show(sequence, mark, around=10):
    """A sequence in words, the element `mark` in brackets, long ones shortened."""
    first, last = max(0, mark - around), mark + around
    shown = [f"[{w}]" if i == mark else str(w) for i, w in enumerate(sequence)][first:last]
    return ("... " if first else "") + " ".join(shown) + (" ..." if len(sequence) > last else "")


def parted(rule, seen, expected, index, events):
    """The Failure of two sequences that part at `index`."""
    missing = index >= len(seen)
    failure = Failure(f"{rule}: {show(expected, index)}",
                      show(seen, index) + (" and nothing after it" if missing else ""), events,
                      None if missing else seen[index])
    failure.wanted, failure.came, failure.index = expected, seen, index
    return failure


def stuck_in(console):
    """What a report of a scene that hangs (kernel/ktest/ktest.c) says of the cpus that are not idle:
    each one's thread, and the functions that it is in, innermost first."""
    report = console[console.rindex("the scene hangs"):]
    frames = re.findall(r"^  [0-9a-f]{16} (\w+)\+", report, re.M)
    frames = frames[frames.index("cpu_relax"):] if "cpu_relax" in frames else frames
    threads = [(found[0], found[1], " < ".join(frames)) for found in
               re.findall(r"^cpu (\d+) \(hart \d+\), thread \w+ \((.*?)\)", report, re.M)[:1]]
    threads += re.findall(r"^cpu (\d+) \(hart \d+\) ran ([^:\n]*): (.*)$", report, re.M)
    return "; ".join(f"cpu {cpu} runs {name}, in {where}" for cpu, name, where in threads
                     if not name.startswith("idle")) or "all cpus idle: nobody wakes the threads"


def not_written(result):
    """A Failure if a function of the lab was called that the student has not written yet."""
    found = re.search(r"^panic: not implemented: (\w+)", result.console, re.M)
    return Failure("a kernel with all of the lab's functions", f"{found.group(1)} is not written yet",
                   cause="not-written") if found else None


def broken(result):
    """A Failure if the machine itself went wrong, before anything is judged."""
    if "the scene hangs" in result.panic:
        return Failure("the scene to end", "it hangs; " + stuck_in(result.console), cause="deadlock")
    if result.panic:
        return not_written(result) or Failure("no panic", result.panic, cause="panic")
    if result.why == "flood":
        return Failure("a console that can be read", "the kernel flooded the console", cause="flood")
    if result.why == "timeout":
        up = "harts up" in result.console
        state = "booted, then fell silent" if up else "never came up"
        return Failure("the scene to end", f"the machine {state}; given up after {result.seconds:.0f} s",
                       cause="timeout" if up else "never-booted")
    return None
