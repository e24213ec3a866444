"""What a person sees of a grading: a line for each test, and for each failure what helps to find it."""

import sys


def colour(text, code):
    """Coloured on a terminal, plain elsewhere."""
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def printable(line):
    """A console's line without what would change the terminal; a very long one cut."""
    return "".join(c if c.isprintable() else "?" for c in line[:300])


def heading(lab):
    """A lab's first line."""
    print(colour(f"Lab {lab.number}, {lab.title.lower()}", 1))


def around(failure, before=8, after=3):
    """The lines of events near the wrong one, which is marked; else the last ones."""
    lines, marked = [], None
    for event in failure.events:
        if not lines or lines[-1] != event.line:
            lines.append(event.line)
        if event is failure.at:
            marked = len(lines) - 1
    last = len(lines) if marked is None else marked + after
    return [("--> " if i == marked else "    ") + line
            for i, line in enumerate(lines)][max(0, last - before - after):last]


def one_line(case, outcome):
    """A test's verdict."""
    if outcome.failure is None:
        print(f"  {colour('ok', 32)}    {case.name:17} {case.points:2}/{case.points:<2}  {case.title}"
              f"  ({len(outcome.seeds)} seeds, {outcome.seconds:.1f} s)")
    else:
        print(f"  {colour('FAIL', 31)}  {case.name:17}  0/{case.points:<2}  {case.title}")


def outcome(lab, done):
    """A test's line, and for a failure all that a student needs."""
    case, failure = done.test, done.failure
    one_line(case, done)
    if failure is None:
        return
    print(f"        expected  {failure.expected}")
    print(f"        seen      {printable(failure.seen)}")
    for line in around(failure):
        print(f"        {printable(line)}")
    if not failure.events and done.result:
        print("        the console's end:")
        for line in done.result.tail(10).splitlines():
            print(f"        | {printable(line)}")
    if case.hint:
        print(f"        usually   {case.hint}")
    print(f"        again     make grade LAB={lab.name} TEST={case.name} SEED={done.seed}")
    print(f"        by hand   {done.result.command}")
    print("        in gdb    the same with qemu-gdb instead of qemu, and make gdb in another terminal")
