"""grading/class: grade all submissions of a class, spread by GNU parallel; stopped and gone on at will.

Each submission is graded by a worker of its own (one.py), which leaves its result in one piece. Which
are left to do is seen from the results that are there, so nothing is lost when this, parallel or a
worker ends early, and nothing counts twice.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

from grading import engine, handout, machine
from grading.machine import ROOT
from grading.staff import alike, page, results, submission, table
from grading.staff.results import Unusable
from grading.staff.unpack import Refused

TRIES = 3   # of a worker that is killed, or ends without a result


def options(words):
    """The command line."""
    parser = argparse.ArgumentParser(prog="grading/class", description=(
        "Grade all submissions in a folder: each entry is a student's folder, zip or tar file. Stopped "
        "(Ctrl-C), the same command goes on where it was."))
    parser.add_argument("submissions", type=pathlib.Path)
    parser.add_argument("--lab", required=True, help="number or name, as in make grade LAB=4")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder of the results")
    parser.add_argument("--jobs", default="50%", help="submissions at a time, or a part of the processors,"
                        " as GNU parallel's --jobs (50%%)")
    parser.add_argument("--sshloginfile", help="machines, as GNU parallel's; each has this tree, the "
                        "submissions and the results under the same names")
    parser.add_argument("--seed", type=int, help="grade with this seed only; else some are drawn, once")
    parser.add_argument("--handout", type=pathlib.Path, help="the tree that was handed out, if it is not "
                        "what make handout makes; for finding near-identical submissions")
    parser.add_argument("--test", default="", help="only this test, as in make grade TEST=t25")
    return parser.parse_args(words)


def collect(folder):
    """The submissions: every entry of the folder that is not hidden."""
    try:
        entries = sorted(path for path in folder.resolve().iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None
    if not entries:
        raise Unusable(f"{folder}: there are no submissions in it")
    taken = {"table", "index"}
    return [{"name": results.plain_name(submission.name_of(path), taken), "source": str(path),
             "fingerprint": results.fingerprint(path)} for path in entries]


def check(given):
    """Refuse what cannot be, before anything is done."""
    if not shutil.which("parallel"):
        raise Unusable("missing: parallel; type: make setup test")
    labs = engine.load_labs(given.lab)
    if not labs or not any(engine.choose(lab, given.test) for lab in labs):
        raise Unusable(f"--lab {given.lab} {given.test}: there is no such lab or test")


def build_tree():
    """The instructor's tree, whose objects the submissions' trees begin with."""
    done = subprocess.run(["make", "-s", "all"], cwd=ROOT, env=machine.environment(), check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unusable("the course's own tree does not build; type: make")


# --- the workers -------------------------------------------------------------------------------

def command(given):
    """GNU parallel's words. What it asks of those who use it in research, grading/README.md does."""
    words = ["parallel", "--will-cite", "--jobs", given.jobs, "--retries", str(TRIES)]
    if given.sshloginfile:
        words += ["--sshloginfile", os.path.abspath(given.sshloginfile)]
    worker = ["setpriv", "--pdeathsig", "TERM", "/usr/bin/python3", "-m", "grading.staff.one",
              str(given.out.resolve())]
    return [*words, f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(worker)} {{}}"]


def clock(seconds):
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def watch(process, left, done, total):
    """Show each submission as it is graded."""
    started = time.monotonic()
    for number, line in enumerate(process.stdout, 1):
        spent = time.monotonic() - started
        print(f"[{done + number}/{total}] {clock(spent)}, about "
              f"{clock(spent / number * max(left - number, 0))} left: {line.rstrip()}", flush=True)


def run_workers(given, todo, total):
    """Have the submissions of these numbers graded. Interrupted, all workers are ended first."""
    env = {**machine.environment(), "PARALLEL_SHELL": "/bin/sh"}
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command(given)], cwd=ROOT, env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               errors="replace", start_new_session=True)
    try:
        process.stdin.write("".join(f"{number}\n" for number in todo))
        process.stdin.close()
        watch(process, len(todo), total - len(todo), total)
        process.wait()
    except KeyboardInterrupt:
        for _ in range(2):  # the first means: start no more
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        process.wait()
        raise


# --- what is made of the results ---------------------------------------------------------------

def handed_out(given):
    """The files of the kernel that was handed out, as text; None for a lab that is not handed out."""
    if given.handout:
        return texts(given.handout)
    tree = {path: (ROOT / path).read_bytes() for path in submission.course_files()}
    marked = handout.taken_apart(tree)
    number = engine.load_labs(given.lab)[0].number
    if number not in handout.labs(marked):
        return None
    files = {path: data.decode("utf-8") for path, data in tree.items()}
    files |= {path: handout.handed_out(pieces, number) for path, pieces in marked.items()}
    return {path: text for path, text in files.items() if not submission.is_trusted(path)}


def texts(source):
    """A submission's files as text; None for one that cannot be read."""
    try:
        taken = submission.take(source)
    except Refused:
        return None
    return {path: data.decode("utf-8", "replace") for path, data in taken.files.items()}


def near(given, jobs, found):
    """(groups of near-identical submissions, whether any were looked for)."""
    base = handed_out(given)
    if base is None:
        return [], False
    sources = {job["name"]: texts(job["source"]) for job in jobs
               if job["name"] in found and found[job["name"]]["status"] != "refused"}
    sources = {alike.SOLUTION: texts(ROOT), **sources}
    return alike.groups(alike.Handout(base), {n: files for n, files in sources.items() if files}), True


def write_all(given, place, jobs, settings):
    """The table, the page and the reports; how many submissions are not graded."""
    found = {job["name"]: result for job in jobs if (result := place.result(job))}
    twins, compared = near(given, jobs, found)
    rows = table.rows(jobs, found, twins)
    results.write_whole(place.place / "table.csv", table.as_csv(rows))
    results.write_whole(place.place / "index.html", page.page(settings, rows, found, twins, compared))
    for name, result in found.items():
        results.write_whole(place.place / f"{name}.txt", table.report(result, settings["seeds"]))
    return len(jobs) - len(found)


def main(words):
    """Grade what is left to grade, then write the tables; the exit status."""
    given = options(words)
    check(given)
    jobs = collect(given.submissions)
    place = results.Results(given.out)
    with place.make():
        settings = place.agree(given.lab, given.test, given.seed)
        place.set_jobs(jobs)
        place.settle(60)
        shutil.rmtree(place.work / "scratch", ignore_errors=True)  # of workers that were killed
        todo = [number for number, job in enumerate(jobs) if place.result(job) is None]
        print(f"{len(jobs)} submissions, {len(jobs) - len(todo)} of them graded already", flush=True)
        if todo:
            build_tree()
            try:
                run_workers(given, todo, len(jobs))
            finally:
                place.settle(20)
        lost = write_all(given, place, jobs, settings)
        shutil.rmtree(place.work / "scratch", ignore_errors=True)
    print(f"{place.place / 'table.csv'}, {place.place / 'index.html'}")
    if lost:
        print(f"{lost} could not be graded: their workers ended early. Give the same command again.",
              file=sys.stderr)
    return 1 if lost else 0


def guarded(words):
    """main() for a terminal: errors are a line; interrupted, it says how to go on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return main(words)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
