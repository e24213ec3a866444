"""What a failure's events looked like: beside the expected ones, and over time.

      expected          came                                    us      0   4  31
      A:1               A:1               cpu 0          0 us   cpu 0   A..A
      B:1               B:1               cpu 1          4 us   cpu 1   .BB.B
    > A:2               B:2               cpu 1         31 us             ^
"""

import re
import textwrap

TICKS = 10       # of the time CSR in a microsecond, on QEMU's virt machine
COLUMNS = 80     # events of a timeline, at most
BEFORE = 7       # events shown before the wrong one
AFTER = 3        # and after it
WIDTH = 92       # of the legend
STOP_DIGITS = 7  # of an event's number in the boot argument stop


def microseconds(event, first):
    """When it happened, counted from another one."""
    return (event.time - first.time) // TICKS


def told(event, first, more=0):
    """An event in words; `more` came right after it, counting up."""
    return (f"{str(event):<18}cpu {event.cpu}  {microseconds(event, first):>9} us"
            + (f", and {more} more, counting up" if more else ""))


def aligned(failure):
    """Expected and seen events side by side, around the first that is wrong."""
    wanted, came, wrong = failure.wanted, failure.came, failure.index
    start, stop = max(0, wrong - BEFORE), wrong + AFTER + 1
    width = max([16] + [len(word) for word in wanted[start:stop]]) + 2
    lines = ["  " + "expected".ljust(width) + "came"]
    for i in range(start, min(stop, max(len(wanted), len(came)))):
        word = wanted[i] if i < len(wanted) else "nothing"
        seen = "nothing"
        if i < len(came):
            seen = told(came[i], came[0])
        lines.append(("> " if i == wrong else "  ") + word.ljust(width) + seen)
    return lines


def around(failure):
    """The events near the wrong one, which is marked; else the last ones. Those of one line of the
    record, which count up, are one."""
    rows, marked = [], None
    for event in failure.events:
        if not rows or rows[-1][0].line != event.line:
            rows.append([event, 0])
        else:
            rows[-1][1] += 1
        if event is failure.at:
            marked = len(rows) - 1
    last = len(rows) if marked is None else marked + AFTER + 1
    return [("> " if i == marked else "  ") + told(event, rows[0][0], more)
            for i, (event, more) in enumerate(rows)][max(0, last - AFTER - BEFORE - 1):last]


def shown(failure):
    """A failure's events, as lines."""
    return aligned(failure) if failure.index is not None and (failure.came or failure.wanted) \
        else around(failure)


def columns(failure):
    """The events that get a column: one of each line, around the wrong one, in order; and its place."""
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
    """A letter for each thread: of its own its digit or the first one, if that is free."""
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
    """Times in microseconds above their columns, as many as have room."""
    text = ""
    for i, event in enumerate(events):
        mark = str(microseconds(event, events[0]))
        if i == 0 or (i >= len(text) + 2 and i + len(mark) <= COLUMNS + 8):
            text = text.ljust(i) + mark
    return text


def draw(failure):
    """The timeline: a row a cpu, a column an event, each thread a letter."""
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
    legend = "a column an event, a letter its thread" + ("; " + ", ".join(renamed) if renamed else "") \
        + ("; ^ is the wrong one" if wrong is not None else "")
    return lines + textwrap.wrap(legend, WIDTH)


def in_gdb(failure, command):
    """What to type to stop where it goes wrong: the machine's command, then gdb's. The kernel calls
    kt_stop with the event whose number it is given (kernel/ktest/events.c). It is gdb's first stop, so
    all is as it was."""
    event = failure.at or (failure.events[-1] if failure.events and failure.cause == "judged" else None)
    number = next((i for i, e in enumerate(failure.events, 1) if e is event), 0)
    if number:
        command = re.sub(r"\bstop=0+\b", f"stop={number:0{STOP_DIGITS}}", command)
        typed = ["break kt_stop", "continue", "backtrace"]
    elif failure.cause in ("deadlock", "livelock"):
        typed = ["break kt_progress", "continue", "threads"]
    elif failure.cause in ("never-booted", "timeout", "flood"):
        typed = ["continue", "# Ctrl-C after a while", "thread apply all backtrace"]
    else:
        typed = ["break vpanic", "continue", "backtrace"]
    return [command.replace("make qemu ", "make qemu-gdb ", 1), "make gdb"] + typed
