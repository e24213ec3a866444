"""`make grade [LAB=4] [TEST=t25] [SEED=17] [UNTIMELY=1] [FORMAT=json OUT=file]`, by way of tools/grade:
options come in the environment. Status 0: full points, 1: fewer, 2: the options will not do.

FORMAT is one of formats.FORMATS. With OUT it is written to that file, beside the report that is shown;
without, it is all that standard output gets. Of several, as in FORMAT=json,junit, OUT is the folder,
and their names are in formats.py.
"""

import os
import pathlib
import sys
import time
import traceback

from grading import build, engine, formats, progress, record, report, runs


class BadOption(Exception):
    """An option that will not do, in words."""


def choose(lab_name, test_name, seed):
    """The (lab, test) pairs that are asked for."""
    labs = engine.load_labs(lab_name)
    if not labs:
        raise BadOption(f"LAB={lab_name}: there is no such lab")
    if seed and not (seed.isascii() and seed.isdecimal()):
        raise BadOption(f"SEED={seed}: give a number")
    for name, value in build.given().items():
        if value not in build.OPTIONS[name]:
            raise BadOption(f"{name}={value}: give {' or '.join(build.OPTIONS[name])}")
    jobs = [(lab, case) for lab in labs for case in engine.choose(lab, test_name)]
    if not jobs:
        names = ", ".join(case.name for lab in labs for case in lab.tests)
        raise BadOption(f"TEST={test_name}: give one of {names}")
    return jobs


def outputs(names, out):
    """[(format's function, file or None)] for FORMAT and OUT."""
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
    """The record in the formats that are wanted."""
    for function, path in wanted:
        try:
            if path:
                path.write_text(function(whole), encoding="utf-8", errors="replace")
            else:
                sys.stdout.write(function(whole))
        except OSError as error:
            raise BadOption(f"OUT={path}: {error.strerror}") from None


def play(jobs, seed, line, told):
    """Build and grade; told(lines) shows them. (the compiler's errors or None, the tests' records)."""
    line.say("building")
    errors = build.build(lambda what: line.say(f"building: {what}"))
    line.say("")
    if errors:
        return errors, [record.not_built(lab, case, errors) for lab, case in jobs]
    tests, shown = [], report.Report(report.colourful())
    for outcome in runs.grade(jobs, seed, progress=line):
        tests.append(record.test(outcome))
        told(shown.test(tests[-1]))
    return None, tests


def main(lab_name, test_name, seed, format_names="", out=""):
    """Grade and report; the exit status."""
    jobs, wanted = choose(lab_name, test_name, seed), outputs(format_names, out)
    quiet = any(path is None for _, path in wanted)
    started = time.monotonic()
    line = progress.Progress(len(jobs) * len(runs.draw_seeds(seed)))
    try:
        errors, tests = play(jobs, seed, line, (lambda lines: None) if quiet else line.print)
    finally:
        line.close()
    whole = record.whole(lab_name, seed, time.monotonic() - started, errors, tests)
    if not quiet:
        shown = report.Report(report.colourful())
        for test in tests:
            shown.test(test)
        print("\n".join(shown.end(whole)))
    write(wanted, whole)
    return 0 if whole["points"] == whole["most"] else 1


def guarded():
    """main() for a terminal: interrupted or with nobody reading any more, it ends without a word."""
    sys.stdout.reconfigure(errors="replace")  # whatever a console printed can be shown
    try:
        return main(*(os.environ.get(name, "") for name in ("LAB", "TEST", "SEED", "FORMAT", "OUT")))
    except BadOption as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="ascii")  # what is flushed at the end goes there
        return 1
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(f"the grader itself went wrong, which is no fault of the kernel's: {type(error).__name__}: "
              f"{error} ({os.path.basename(last.filename)}, line {last.lineno})", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(guarded())
