# SPDX-License-Identifier: BSD-3-Clause
"""`make grade [LAB=4] [TEST=t25] [SEED=17] [UNTIMELY=1] [FORMAT=json OUT=file] [HTML=file]`, by way of tools/grade:
options come in the environment; SEEDS=17,18 gives several seeds, SEED=random draws new ones. Status 0: full
points, 1: fewer, 2: the options will not do.

FORMAT is one of formats.FORMATS. With OUT, that format is written to the file and the report is shown as
usual; without OUT, standard output gets the format and nothing else. With RACES=0, the races are left out.
FORMAT may name several formats, as
in FORMAT=json,junit: OUT is then a folder, and formats.py has the names of the files in it.

If a failure has a picture, a page with all failures is written to build/report.html. HTML=file writes it there,
with or without pictures; HTML=no leaves it out.
"""

import os
import pathlib
import re
import sys
import time
import traceback

from grading import build, engine, formats, handed, machine, picture, progress, record, report, runs


class BadOption(Exception):
    """An option has a wrong value; the text says what to give instead."""


def choose(lab_name, test_name, seed):
    """The (lab, test) pairs that the options ask for."""
    labs = engine.load_labs(lab_name)
    if not labs:
        raise BadOption(f"LAB={lab_name}: there is no such lab")
    if seed and not re.fullmatch(rf"{runs.RANDOM}|[0-9]+(,[0-9]+)*", seed):
        raise BadOption(f"SEED={seed}: give a number, or {runs.RANDOM}")
    for name, value in build.given().items():
        if value not in build.OPTIONS[name]:
            raise BadOption(f"{name}={value}: give {' or '.join(build.OPTIONS[name])}")
    jobs = [(lab, case) for lab in labs for case in engine.choose(lab, test_name)
            if not (case.race and os.environ.get("RACES") == "0")]
    if not jobs:
        names = ", ".join(case.name for lab in labs for case in lab.tests)
        raise BadOption(f"TEST={test_name}: give one of {names}")
    return jobs


def outputs(names, out):
    """[(a format's function, its file or None)] for FORMAT and OUT."""
    names = names.split(",") if names else ["text"] if out else []
    for name in names:
        if name not in formats.FORMATS:
            raise BadOption(f"FORMAT={name}: give some of {','.join(formats.FORMATS)}")
    if len(names) > 1 and not out:
        raise BadOption(f"FORMAT={','.join(names)}: give OUT=folder too")
    folder = pathlib.Path(out) if len(names) > 1 else pathlib.Path(out).parent
    try:
        if out:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOption(f"OUT={out}: {error.strerror}") from None
    if out and (not os.access(folder, os.W_OK) or len(names) == 1 and pathlib.Path(out).is_dir()):
        raise BadOption(f"OUT={out}: give a file that can be written")
    return [(formats.FORMATS[name][1], folder / formats.FORMATS[name][0] if len(names) > 1 else
             pathlib.Path(out) if out else None) for name in names]


def write(wanted, whole):
    """Write the record in each format that was asked for."""
    for function, path in wanted:
        try:
            if path:
                path.write_text(function(whole), encoding="utf-8", errors="replace")
            else:
                sys.stdout.write(function(whole))
        except OSError as error:
            raise BadOption(f"OUT={path}: {error.strerror}") from None


def play(jobs, seed, line, show, pictures):
    """Build the kernel and run the tests; call show(record) for each test as soon as it is over. pictures:
    whether failures are drawn. Return
    (the compiler's errors or None, the programs that were left out, the records of the tests)."""
    line.say("building")
    errors, left_out = build.build(lambda what: line.say(f"building: {what}"),
                                   needed=[case.program.partition(" ")[0] for _, case in jobs])
    line.say("")
    if errors:
        machine.check_room(machine.ROOT)
        if full := re.search("^.*(No space left on device|Disk quota exceeded).*$", errors, re.M):
            raise machine.NoRoom(f"the grading could not take place: {full.group()}")
        return errors, left_out, [record.not_built(lab, case, errors) for lab, case in jobs]
    tests = []
    again = picture.TRACED if pictures else 0
    for outcome in runs.grade(jobs, line, seed):
        if outcome.failure and pictures:
            outcome.picture = picture.take(outcome, again > 0)
            again -= outcome.picture is not None
        tests.append(record.test(outcome))
        show(tests[-1])
    return None, left_out, tests


def page_of(html, wanted, tests):
    """The file to which the page with the failures is written, or None."""
    if html == "no" or any(function is picture.html for function, _ in wanted):
        return None
    drawn = any(test.get("picture") for test in tests)
    return pathlib.Path(html or "build/report.html") if html or drawn else None


def main(lab_name, test_name, seed, format_names="", out="", html=""):
    """Grade and report; return the exit status."""
    jobs, wanted = choose(lab_name, test_name, seed), outputs(format_names, out)
    quiet = any(path is None for _, path in wanted)
    started = time.monotonic()
    line = progress.Progress(sum(1 if case.race else len(runs.draw_seeds(seed)) for _, case in jobs))
    shown = report.Report(report.colourful())
    try:
        errors, left_out, tests = play(jobs, seed, line,
                                       lambda test: None if quiet else line.print(shown.test(test)),
                                       html != "no")
    finally:
        line.close()
    whole = record.whole(lab_name, seed, time.monotonic() - started, errors, tests, left_out)
    if place := page_of(html, wanted, tests):
        place.parent.mkdir(parents=True, exist_ok=True)
        whole["page"] = str(place)
        wanted = [*wanted, (picture.html, place)]
    if not quiet:
        print("\n".join([*shown.end(whole), *filter(None, [handed.age(machine.ROOT)])]))
    write(wanted, whole)
    return 0 if whole["points"] == whole["most"] else 1


def guarded():
    """Run main() for a person: an error is one line, and nothing is printed if the person interrupts it
    or closes the pipe that reads its output."""
    sys.stdout.reconfigure(errors="replace")  # a console may print bytes that the terminal cannot show
    try:
        given = {name: os.environ.get(name, "") for name in ("LAB", "TEST", "SEED", "SEEDS", "FORMAT", "OUT", "HTML")}
        return main(given["LAB"], given["TEST"], given["SEED"] or given["SEEDS"], given["FORMAT"],
                    given["OUT"], given["HTML"])
    except (BadOption, machine.NoRoom) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="ascii")  # for what Python flushes when it exits
        return 1
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(f"the grader itself failed, which is not the kernel's fault: {type(error).__name__}: "
              f"{error} ({os.path.basename(last.filename)}, line {last.lineno})", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(guarded())
