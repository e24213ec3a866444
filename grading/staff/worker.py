# SPDX-License-Identifier: BSD-3-Clause
"""Grade one submission: take it in, build it, run the lab's tests with each seed, merge the records.

    python3 -m grading.staff.worker RESULTS NUMBER     a worker of grading/class: grade the submission
                                                       with that number in RESULTS/.work/jobs.json
    python3 -m grading.staff.worker SUBMISSION LAB FORMAT      for other autograders: grade one submission,
                                                       print its record, with remarks, in a format

A worker may be killed at any time, because it writes its result atomically.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from grading import engine, formats, races
from grading import record as records
from grading import runs
from grading.build import first_errors
from grading.machine import ROOT
from grading.staff import macros, opened, results_folder, sandbox, submission
from grading.staff.unpack import Refused

BUILD_SECONDS = 300         # of the host's time: how long a build may take
GRADE_SECONDS = 3600        # how long the tests of a lab may take with one seed
RECORD_LIMIT = 64 << 20     # bytes of a record
PAGE_LIMIT = 16 << 20       # bytes of the page with the pictures


class Failed(Exception):
    """The grading itself failed; the text says how, in one line."""


def no_tests_run(lab, test, seen, errors=None):
    """The record of a submission if none of its tests could be run."""
    tests = [records.not_built(one, case, seen) for one in engine.load_labs(lab)
             for case in engine.choose(one, test)]
    return records.whole(lab, None, 0, errors, tests)


def build(tree):
    """Build the tree: (options that make needs from then on, the compiler's errors or ""). Refused if the
    build has read what it must not. Warnings are errors, as in the student's own build; but if nothing else
    is wrong, they are ignored, because another compiler may warn about more."""
    for options in ([], ["WERROR=0"]):
        done = sandbox.run(["make", "-s", "-j2", opened.DEPS, *options, "all"], tree, BUILD_SECONDS)
        if done.why:
            return options, (f"the build did not finish within {BUILD_SECONDS} seconds" if done.why == "time" else
                             f"the build writes more than {sandbox.SPACE >> 20} MiB")
        output = done.output.replace(f"{pathlib.Path(tree).resolve()}/", "")    # the linker writes whole paths
        opened.check(tree, output)
        if done.status == 0:
            macros.check(tree)
            macros.check_symbols(tree)
            return options, ""
        if "[-Werror" not in output:
            break
    return options, first_errors("\n".join(line for line in output.splitlines()
                                           if not re.match(r"  (cc|ld|mkfs) ", line)))


def play_races(tree, cases, passed):
    """The records of the races among `cases`, of which only a failure is believed. The student's code runs on
    this host for them, so it does so in the sandbox, in a copy of the tree in which nothing else is done, and
    that is removed. passed: the tests in QEMU, as lab/test, that have passed."""
    if lacking := races.missing():
        raise sandbox.Missing(lacking)
    tree = pathlib.Path(tree)
    place = tree.with_name(tree.name + ".races")
    (place / "build").mkdir(parents=True)
    try:
        shutil.copytree(tree / "kernel", place / "kernel")
        races.copy_course(place)
        (place / races.FOLDER).mkdir()
        subprocess.run(["chmod", "-R", "go+rX", place], check=True)    # another user may build it

        def runner(words, seconds):
            done = sandbox.run_apart(words, place, seconds)
            return None if done.why else done.status, done.output

        for lab, case in cases:
            failure, result = races.run(case, place, runner)
            outcome = runs.Outcome(lab, case, [0], result.seconds, 0, failure, result)
            if not failure:
                outcome.lacking = [name for name in case.race.needs if name not in passed]
            yield records.test(outcome)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def play(tree, options, lab, test, seeds):
    """The record of a tree that builds."""
    cases = [(one, case) for one in engine.load_labs(lab) for case in engine.choose(one, test)]
    own = [(one, case) for one, case in cases if case.race]
    record = records.whole(lab, None, 0, None, [])
    if len(own) < len(cases):
        record = play_machines(tree, options, lab, test, seeds)
    if own and not record["build"]:
        passed = {f"{one['part']}/{one['name']}" for one in record["tests"] if one["status"] == "ok"}
        tests = record["tests"] + list(play_races(tree, own, passed))
        order = [(one.name, case.name) for one, case in cases]
        tests.sort(key=lambda one: order.index((one["part"], one["name"])))
        record |= {"tests": tests, "points": sum(one["points"] for one in tests),
                   "most": sum(one["most"] for one in tests)}
    return record


def play_machines(tree, options, lab, test, seeds):
    """The record of the tests in QEMU of a tree that builds."""
    out = pathlib.Path(tree, "build", "record.json")
    words = ["make", "-s", *options, "grade", f"LAB={lab}", "SEEDS=" + ",".join(map(str, seeds)),
             "FORMAT=json", f"OUT={out.relative_to(tree)}"]
    done = sandbox.run(words + ([f"TEST={test}"] if test else []), tree, GRADE_SECONDS, RACES=0)
    if done.why:
        raise Failed(f"the tests did not finish within {GRADE_SECONDS} seconds")
    try:
        if out.stat().st_size > RECORD_LIMIT:
            raise Failed("the graders' record is too large")
        record = json.loads(out.read_text(encoding="utf-8"))
        out.unlink()
    except (OSError, ValueError):
        last = (done.output.strip().splitlines() or ["no message"])[-1]
        raise Failed(f"the graders ended with status {done.status}: {last[:200]}") from None
    return record


def page_of(tree, record):
    """The page with the pictures of the failures, or ""."""
    page = pathlib.Path(tree, record.pop("page", None) or "build/report.html")
    if page.is_symlink() or not page.is_file() or page.stat().st_size > PAGE_LIMIT:
        return ""
    return page.read_text(encoding="utf-8", errors="replace")


def cause_of(errors):
    """The line of the compiler's output that says what is wrong."""
    lines = errors.splitlines()
    return next((line for line in lines if re.search("error:|undefined reference|multiple definition", line)), lines[0])


def grade_tree(tree, lab, test, seeds, also):
    """(status, record) of an assembled tree."""
    options, errors = build(tree)
    if errors:
        return "build", no_tests_run(lab, test, cause_of(errors), errors)
    record = play(tree, options, lab, test, sorted(seeds))
    if record["build"]:
        return "build", record
    also(tree, options, record)
    return "graded", record


def grade(source, name, lab, seeds, scratch, test="", also=lambda tree, options, record: None, refused=""):
    """The result of a submission: a dict for results_folder.py; its "page" has the pictures, as text. scratch: a folder for this submission
    alone; it is made here and removed in the end. also: called with a tree that was graded, before it is
    removed. refused: why there is no source, if there is none."""
    started = time.monotonic()
    scratch = pathlib.Path(scratch)
    shutil.rmtree(scratch, ignore_errors=True)  # left by a worker that was killed
    result = {"student": name, "lab": lab, "cause": "", "notes": [], "changed": [], "page": ""}
    try:
        if refused:
            raise Refused(refused)
        taken = submission.take(source, engine.load_labs(lab)[0].number)
        result |= {"notes": taken.notes, "changed": taken.changed}
        status, record = grade_tree(submission.assemble(taken, scratch / "tree"), lab, test, seeds, also)
        result["page"] = page_of(scratch / "tree", record)
    except Refused as error:
        status, record = "refused", no_tests_run(lab, test, str(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if status != "graded":
        result["cause"] = record["tests"][0]["seen"]
    return {**result, "status": status, "record": record, "seconds": time.monotonic() - started}


def grade_alone(source, lab, also=lambda tree, options, record: None):
    """The result of a submission that belongs to no class; its record has remarks."""
    with tempfile.TemporaryDirectory(prefix="nymph.") as scratch:
        os.chmod(scratch, 0o711)    # the user that builds may enter
        result = grade(source, "submission", lab, runs.draw_seeds(""), pathlib.Path(scratch, "one"), also=also)
    why = [f"The submission could not be graded: {result['cause']}"] if result["status"] == "refused" else []
    result["record"]["remarks"] = [*result["changed"], *result["notes"], *why]
    return result


def print_one(source, lab, name):
    """Grade a submission, and print its record in the format with this name; return the exit status."""
    result = grade_alone(source, lab)
    print(formats.FORMATS[name][1](result["record"]), end="")
    return 0


def worker(place, number):
    """Grade a submission of the class; return the exit status."""
    place = results_folder.ResultsFolder(place)
    with place.working():
        job, settings = place.jobs()[int(number)], place.settings()
        result = grade(job["source"], job["name"], settings["lab"], settings["seeds"],
                       place.work / "scratch" / f"{job['name']}.{os.getpid()}", settings["test"],
                       refused=job["refused"])
        place.keep({**result, "fingerprint": job["fingerprint"]})
    print(results_folder.progress_line(result), flush=True)
    return 0


def main(words):
    """Run the worker; an error is one line."""
    words = [os.path.abspath(words[0]), *words[1:]]
    os.chdir(ROOT)
    try:
        return print_one(*words) if len(words) == 3 else worker(*words)
    except (Failed, sandbox.Missing, results_folder.Unusable, OSError, subprocess.CalledProcessError) as error:
        print(f"{' '.join(words[1:])}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
