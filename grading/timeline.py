# SPDX-License-Identifier: BSD-3-Clause
"""Show the events of a failure: beside the expected ones, or along a time axis.

      expected          came                                    us      0   4  31
      A:1               A:1               cpu 0          0 us   cpu 0   A..A
      B:1               B:1               cpu 1          4 us   cpu 1   .BB.B
    > A:2               B:2               cpu 1         31 us             ^
"""

import re
import textwrap

TICKS = 10       # ticks of the time CSR in a microsecond, on QEMU's virt machine
COLUMNS = 80     # the most events in a timeline
BEFORE = 7       # events shown before the wrong one
AFTER = 3        # events shown after the wrong one
WIDTH = 92       # characters of a line of the legend
STOP_DIGITS = 7  # digits of an event's number in the boot argument `stop`


def microseconds(event, first):
    """The time from the event `first` to this one."""
    return (event.time - first.time) // TICKS


def in_words(event, first, more=0):
    """An event as text; `more` events that count up follow right after it."""
    return (f"{str(event):<17} cpu {event.cpu}  {microseconds(event, first):>9} us"
            + (f", and {more} more, counting up" if more else ""))


def aligned(failure):
    """The expected events and those that were seen, side by side, around the first wrong one."""
    wanted, came, wrong = failure.wanted, failure.came, failure.index
    start, stop = max(0, wrong - BEFORE), wrong + AFTER + 1
    width = max([16] + [len(word) for word in wanted[start:stop]]) + 2
    lines = ["  " + "expected".ljust(width) + "came"]
    for i in range(start, min(stop, max(len(wanted), len(came)))):
        word = wanted[i] if i < len(wanted) else "nothing"
        seen = "nothing"
        if i < len(came):
            seen = in_words(came[i], came[0])
        lines.append(("> " if i == wrong else "  ") + word.ljust(width) + seen)
    return lines


def around(failure):
    """The events around the wrong one, which is marked; without a wrong one, the last events. Events of
    one line of the console, which count up, are shown as one."""
    rows, marked = [], None
    for event in failure.events:
        if not rows or rows[-1][0].line != event.line:
            rows.append([event, 0])
        else:
            rows[-1][1] += 1
        if event is failure.at:
            marked = len(rows) - 1
    last = len(rows) if marked is None else marked + AFTER + 1
    return [("> " if i == marked else "  ") + in_words(event, rows[0][0], more)
            for i, (event, more) in enumerate(rows)][max(0, last - AFTER - BEFORE - 1):last]


def shown(failure):
    """The events of a failure, as lines."""
    return aligned(failure) if failure.index is not None and (failure.came or failure.wanted) \
        else around(failure)


def columns(failure):
    """(the events that get a column, the index of the wrong one or None). One event of each line of the
    console gets a column, as many as fit around the wrong one."""
    kept, at = [], None
    for event in failure.events:
        if not kept or event is failure.at or kept[-1].line != event.line:
            kept.append(event)
        if event is failure.at:
            at = len(kept) - 1
    start = 0 if len(kept) <= COLUMNS else max(0, min((len(kept) if at is None else at) - COLUMNS * 3 // 4,
                                                      len(kept) - COLUMNS))
    return kept[start:start + COLUMNS], None if at is None else at - start


def letters(names):
    """name -> letter, a different one for each thread: the last digit or the first letter of its name, if
    that is free."""
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"]
    chosen = {}
    for name in names:
        if name not in chosen:
            own = (name[-1:] if name[-1:].isdigit() else name[:1], name[:1].upper(), name[:1].lower())
            like = [c for c in own if c in free]
            chosen[name] = like[0] if like else free[0] if free else "?"
            if chosen[name] in free:
                free.remove(chosen[name])
    return chosen


def ruler(events):
    """The times in microseconds above their columns, as many as there is room for."""
    text = ""
    for i, event in enumerate(events):
        mark = str(microseconds(event, events[0]))
        if i == 0 or (i >= len(text) + 2 and i + len(mark) <= COLUMNS + 8):
            text = text.ljust(i) + mark
    return text


def draw(failure):
    """The timeline, as lines: a row for each cpu, a column for each event (columns()), a letter for each
    thread."""
    events, wrong = columns(failure)
    if not events:
        return []
    letter = letters(event.td for event in events)
    lines = ["us      " + ruler(events)]
    for cpu in sorted({event.cpu for event in events}):
        row = "".join(letter[event.td] if event.cpu == cpu else "." for event in events)
        lines.append(f"cpu {cpu:<3} {row}")
    if wrong is not None:
        lines.append(" " * (8 + wrong) + "^")
    renamed = [f"{c}: {name}" for name, c in letter.items() if c != name]
    legend = ["each column is an event, or several in a row that count up; each letter is a thread"]
    legend += [", ".join(renamed)] if renamed else []
    legend += ["^ marks the wrong event"] if wrong is not None else []
    return lines + textwrap.wrap("; ".join(legend), WIDTH)


# The gdb command (tools/gdb) that shows what a part of a lab is about.
SHOWS = {"boot": "info threads", "ipi": "ipiq", "sync": "ipiq", "token": "tokens", "mp": "tokens",
         "sleep": "sleepers", "wait": "sleepers", "timer": "timers", "port": "ports", "sched": "runq",
         "switch": "runq", "preempt": "runq"}


def last_command(failure, part):
    """The gdb command that shows the fault: why the thread does not run whose turn it is, or that never ends; or
    else the state that this part of the lab is about."""
    if failure.index is not None and failure.index < len(failure.wanted):
        came = failure.came[failure.index].td if failure.index < len(failure.came) else ""
        turn = str(failure.wanted[failure.index]).partition(":")[0]
        if turn != came:
            return f"why {turn}"
    stuck = re.search(r"; (\w+) \(cpu \d+\)", failure.seen) if failure.cause in ("deadlock", "livelock") else None
    return f"why {stuck.group(1)}" if stuck else SHOWS.get(part, "threads")


def in_gdb(failure, command, part=""):
    """What to type to stop at the wrong event: the command that starts the machine, the one that starts
    gdb, then gdb's own commands; the last one shows the fault. The kernel calls kt_stop for the event whose number is in the boot
    argument `stop` (kernel/ktest/events.c). Nothing stops the machine before that, so the run is the
    same up to there."""
    event = failure.at or (failure.events[-1] if failure.events and failure.cause == "judged" else None)
    number = next((i for i, e in enumerate(failure.events, 1) if e is event), 0)
    if number:
        command = re.sub(r"\bstop=0+\b", f"stop={number:0{STOP_DIGITS}}", command)
        typed = ["break kt_stop", "continue", last_command(failure, part)]
    elif failure.cause in ("deadlock", "livelock"):
        typed = ["break kt_progress", "continue", last_command(failure, part)]
    elif failure.cause in ("never-booted", "timeout", "flood"):
        typed = ["continue", "# Ctrl-C after a while", "thread apply all backtrace"]
    else:
        typed = ["break vpanic", "continue", "backtrace"]
    return [command.replace("make qemu ", "make qemu-gdb ", 1), "make gdb"] + typed
