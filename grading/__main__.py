"""`make grade [LAB=ipi] [TEST=t25] [SEED=17] [UNTIMELY=1]`: options come by the environment. Status 0: full points."""

import os
import sys

from grading import engine, report


def main(lab_name, test_name, seed):
    """Grade and report; the exit status."""
    labs = engine.load_labs(lab_name)
    if not labs:
        print(f"LAB={lab_name}: there is no such lab", file=sys.stderr)
        return 2
    if seed and not (seed.isascii() and seed.isdecimal()):
        print(f"SEED={seed}: give a number", file=sys.stderr)
        return 2
    jobs = [(lab, case) for lab in labs for case in engine.choose(lab, test_name)]
    if not jobs:
        names = ", ".join(case.name for lab in labs for case in lab.tests)
        print(f"TEST={test_name}: give one of {names}", file=sys.stderr)
        return 2
    points, shown = 0, None
    for lab, outcome in engine.grade(jobs, seed):
        if lab is not shown:
            report.heading(lab)
            shown = lab
        report.outcome(lab, outcome)
        sys.stdout.flush()
        points += outcome.test.points if outcome.failure is None else 0
    most = sum(case.points for _, case in jobs)
    print(f"Points: {points} of {most}")
    return 0 if points == most else 1


def guarded():
    """main() for a terminal: interrupted or with nobody reading any more, it ends without a word."""
    sys.stdout.reconfigure(errors="replace")  # whatever a console printed can be shown
    try:
        return main(*(os.environ.get(name, "") for name in ("LAB", "TEST", "SEED")))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="ascii")  # what is flushed at the end goes there
        return 1


if __name__ == "__main__":
    sys.exit(guarded())
