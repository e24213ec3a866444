# SPDX-License-Identifier: BSD-3-Clause
"""grading/class: grade all submissions of a class. It can be stopped and resumed at any time.

GNU parallel runs a worker (worker.py) for each submission, and the worker writes its result atomically.
The results that exist show which submissions remain. So nothing is lost if this program, GNU parallel
or a worker ends early, and nothing counts twice.
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
from grading.staff import html_report, results_folder, sandbox, similarity, submission, table
from grading.staff.results_folder import Unusable
from grading.staff.unpack import Refused

TRIES = 3   # how often a submission is tried whose worker is killed or ends without a result


def options(words):
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="grading/class", description=(
        "Grade all submissions in a folder: each entry is a student's folder, zip or tar file. If you stop "
        "it (Ctrl-C), the same command continues where it stopped."))
    parser.add_argument("submissions", type=pathlib.Path)
    parser.add_argument("--lab", required=True, help="number or name, as in make grade LAB=4")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the results")
    parser.add_argument("--jobs", default="50%", help="submissions at a time, or a part of the processors,"
                        " as for GNU parallel's --jobs (default: 50%%)")
    parser.add_argument("--sshloginfile", help="file of machines, as for GNU parallel; on each of them this "
                        "tree, the submissions and the results have the same paths")
    parser.add_argument("--seed", type=int, help="grade with this seed only (default: seeds that are drawn "
                        "at the first run)")
    parser.add_argument("--handout", type=pathlib.Path, help="the tree that was handed out, if it is not "
                        "the one that make handout writes; used to find nearly identical submissions")
    parser.add_argument("--test", default="", help="run only this test, as in make grade TEST=t25")
    return parser.parse_args(words)


def collect(folder):
    """The submissions: all entries of the folder that are not hidden."""
    try:
        entries = sorted(path for path in folder.resolve().iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None
    if not entries:
        raise Unusable(f"{folder}: there are no submissions in it")
    taken = {"table", "index"}
    return [{"name": results_folder.plain_name(submission.name_of(path), taken), "source": str(path),
             "fingerprint": results_folder.fingerprint(path)} for path in entries]


def check(given):
    """Refuse wrong options before anything is done."""
    if not shutil.which("parallel"):
        raise Unusable("missing: parallel; type: make setup test")
    labs = engine.load_labs(given.lab)
    if not labs or not any(engine.choose(lab, given.test) for lab in labs):
        raise Unusable(f"--lab {given.lab} {given.test}: there is no such lab or test")


def build_tree():
    """Build the instructor's tree; the trees of the submissions start with its programs and images."""
    done = subprocess.run(["make", "-s", "all"], cwd=ROOT, env=machine.environment(), check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unusable("the course's own tree does not build; type: make")


# --- the workers -------------------------------------------------------------------------------

def command(given):
    """The command line of GNU parallel. It asks its users to cite it; grading/README.md does."""
    words = ["parallel", "--will-cite", "--jobs", given.jobs, "--retries", str(TRIES)]
    if given.sshloginfile:
        words += ["--sshloginfile", os.path.abspath(given.sshloginfile)]
    worker = ["setpriv", "--pdeathsig", "TERM", "/usr/bin/python3", "-m", "grading.staff.worker",
              str(given.out.resolve())]
    return [*words, f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(worker)} {{}}"]


def clock(seconds):
    """A time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def watch(process, left, done, total):
    """Print a line for each submission that has been graded."""
    started = time.monotonic()
    for number, line in enumerate(process.stdout, 1):
        spent = time.monotonic() - started
        print(f"[{done + number}/{total}] {clock(spent)}, about "
              f"{clock(spent / number * max(left - number, 0))} left: {line.rstrip()}", flush=True)


def run_workers(given, place, todo, total):
    """Grade the submissions with these numbers. On an interrupt, end all workers first."""
    env = {**machine.environment(), "PARALLEL_SHELL": "/bin/sh"}
    # GNU parallel and its workers inherit the lock, so that settle() also waits for a worker that was ended
    # before it took the lock by itself.
    with place.working() as lock:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command(given)], cwd=ROOT, env=env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   errors="replace", start_new_session=True, pass_fds=[lock.fileno()])
    try:
        process.stdin.write("".join(f"{number}\n" for number in todo))
        process.stdin.close()
        watch(process, len(todo), total - len(todo), total)
        process.wait()
    except KeyboardInterrupt:
        for _ in range(2):  # the first one tells it to start no more workers, the second to end them
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        process.wait()
        raise


# --- the tables --------------------------------------------------------------------------------

def handed_out(given):
    """The kernel files that students began with, as text; None for a lab that is not handed out."""
    if given.handout:
        return texts(given.handout)
    tree = {path: (ROOT / path).read_bytes() for path in submission.course_files()}
    marked = handout.marked_files(tree)
    number = engine.load_labs(given.lab)[0].number
    if number not in handout.labs(marked):
        return None
    return {path: data.decode("utf-8") for path, data in handout.student_tree(tree, marked, number).items()
            if not submission.is_trusted(path)}


def texts(source):
    """The files of a submission as text; None if it cannot be read."""
    try:
        taken = submission.take(source)
    except Refused:
        return None
    return {path: data.decode("utf-8", "replace") for path, data in taken.files.items()}


def near_identical(given, jobs, found):
    """(groups of nearly identical submissions, whether there was a handout to compare with)."""
    base = handed_out(given)
    if base is None:
        return [], False
    sources = {job["name"]: texts(job["source"]) for job in jobs
               if job["name"] in found and found[job["name"]]["status"] != "refused"}
    sources = {similarity.SOLUTION: texts(ROOT), **sources}
    readable = {name: files for name, files in sources.items() if files}
    return similarity.groups(similarity.Handout(base), readable), True


def write_all(given, place, jobs, settings):
    """Write the table, the page and the reports; return the number of submissions that are not graded."""
    found = {job["name"]: result for job in jobs if (result := place.result(job))}
    twins, compared = near_identical(given, jobs, found)
    rows = table.rows(jobs, found, twins)
    results_folder.write_atomically(place.place / "table.csv", table.as_csv(rows))
    results_folder.write_atomically(place.place / "index.html",
                                    html_report.render(settings, rows, found, twins, compared))
    for name, result in found.items():
        results_folder.write_atomically(place.place / f"{name}.txt", table.report(result, settings["seeds"]))
    return len(jobs) - len(found)


def main(words):
    """Grade what remains to be graded, then write the tables; return the exit status."""
    given = options(words)
    check(given)
    jobs = collect(given.submissions)
    place = results_folder.ResultsFolder(given.out)
    with place.make():
        sandbox.check_walls(place.work)
        settings = place.agree(given.lab, given.test, given.seed)
        place.set_jobs(jobs)
        place.settle(60)
        shutil.rmtree(place.work / "scratch", ignore_errors=True)  # left by workers that were killed
        todo = [number for number, job in enumerate(jobs) if place.result(job) is None]
        print(f"{len(jobs)} submissions, {len(jobs) - len(todo)} of them graded already", flush=True)
        if todo:
            build_tree()
            try:
                run_workers(given, place, todo, len(jobs))
            finally:
                place.settle(20)
        lost = write_all(given, place, jobs, settings)
        shutil.rmtree(place.work / "scratch", ignore_errors=True)
    print(f"{place.place / 'table.csv'}, {place.place / 'index.html'}")
    if lost:
        print(f"{lost} could not be graded, because their workers ended early. Run the same command again.",
              file=sys.stderr)
    return 1 if lost else 0


def guarded(words):
    """Run main() for a person: an error is one line, and after an interrupt a line says how to resume."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return main(words)
    except (Unusable, sandbox.Missing) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command continues from here", file=sys.stderr)
        return 130
