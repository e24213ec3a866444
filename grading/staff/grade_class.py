# SPDX-License-Identifier: BSD-3-Clause
"""grading/class: grade all submissions of a class. It can be stopped and resumed at any time.

A worker (worker.py) grades each submission, and writes its result atomically; engines.py starts the workers. The
results that exist show which submissions remain. So nothing is lost if this program, GNU parallel, Slurm or a
worker ends early, and nothing counts twice.
"""

import argparse
import functools
import multiprocessing
import pathlib
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from grading import engine, handout, machine
from grading.machine import ROOT
from grading.staff import (engines, exports, grades, html_report, results_folder, roster, sandbox, similarity,
                           submission, table)
from grading.staff.results_folder import Unusable
from grading.staff.unpack import Refused

FROM = {"moodle": " of Moodle", "canvas": " of Canvas", "gradescope": " of Gradescope",
        "github": " of GitHub Classroom"}


def options(words):
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="grading/class", description=(
        "Grade all submissions in a folder: each entry is a student's folder or archive, or the folder is what "
        "Moodle, Canvas, Gradescope or GitHub Classroom gives out. If you stop it (Ctrl-C), the same command "
        "continues where it stopped."))
    parser.add_argument("submissions", type=pathlib.Path)
    parser.add_argument("--lab", required=True, help="number or name, as in make grade LAB=4")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the results")
    parser.add_argument("--jobs", default="50%", help="submissions at a time, or a part of the processors,"
                        " as for GNU parallel's --jobs (default: 50%%)")
    parser.add_argument("--sshloginfile", help="file of machines, as for GNU parallel; on each of them this "
                        "tree, the submissions and the results have the same paths")
    parser.add_argument("--slurm", nargs="?", const="", help="grade by array jobs of Slurm, with these options for "
                        "sbatch, as in --slurm='--partition=short --mem=4G'; paths as with --sshloginfile")
    parser.add_argument("--seed", type=int, help="grade with this seed only (default: seeds that are drawn "
                        "at the first run)")
    parser.add_argument("--handout", type=pathlib.Path, help="the tree that was handed out, if it is not "
                        "the one that make handout writes; used to find nearly identical submissions")
    parser.add_argument("--test", default="", help="run only this test, as in make grade TEST=t25")
    parser.add_argument("--from", dest="kind", choices=exports.KINDS, default="", help="the system that the "
                        "folder comes from (default: the names in it tell)")
    parser.add_argument("--roster", help="CSV file of the students: a list of your own, Canvas' gradebook, Moodle's "
                        "grading worksheet or GitHub Classroom's roster")
    parser.add_argument("--due", default="", help="when it was due, as in 2026-11-20T23:59")
    parser.add_argument("--late", default="", metavar="RULE", help='what lateness costs, as in "10%% per 24h until '
                        '72h after 0.25h": a part of the possible points for each 24 hours begun, nothing left '
                        'after 72 hours, nothing lost in the first quarter of an hour')
    parser.add_argument("--grades", default="", help="files to write: some of moodle,canvas,nbgrader (default: the "
                        "one for the system that the folder or the roster comes from)")
    parser.add_argument("--column", default="", help="Canvas' name of the assignment, as in 'Lab 4 (12345)'")
    return parser.parse_args(words)


def collect(entries):
    """The submissions as dicts, with a name for each that can be a file name."""
    taken = {"table", "index", "feedback", *(f"grades-{name}" for name in grades.SYSTEMS)}
    return [{"name": results_folder.plain_name(entry.name, taken), "who": entry.name, "people": entry.people,
             "source": str(entry.source or ""), "refused": entry.refused, "handle": entry.handle, "late": entry.late,
             "submitted": str(entry.submitted or ""), "notes": entry.notes,
             "fingerprint": results_folder.fingerprint(entry.source) if entry.source else entry.refused}
            for entry in entries]


def check(given):
    """Refuse wrong options before anything is done."""
    engines.check(given)
    labs = engine.load_labs(given.lab)
    if not labs or not any(engine.choose(lab, given.test) for lab in labs):
        raise Unusable(f"--lab {given.lab} {given.test}: there is no such lab or test")
    for name in given.grades.split(",") if given.grades else []:
        if name not in grades.SYSTEMS:
            raise Unusable(f"--grades {name}: give some of {','.join(grades.SYSTEMS)}")


def build_tree():
    """Build the instructor's tree; the trees of the submissions start with its programs and images."""
    done = subprocess.run(["make", "-s", "all"], cwd=ROOT, env=machine.environment(), check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unusable("the course's own tree does not build; type: make")


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


def added(base, source):
    """What a submission adds to the handout; None if it cannot be read."""
    files = texts(source)
    return base.own(files) if files else None


def near_identical(given, jobs, found):
    """(groups of nearly identical submissions, whether there was a handout to compare with)."""
    files = handed_out(given)
    if files is None:
        return [], False
    base = similarity.Handout(files)
    sources = {similarity.SOLUTION: ROOT, **{job["name"]: job["source"] for job in jobs if job["name"] in found
                                             and found[job["name"]]["status"] != "refused"}}
    # Processes that are forked have this one's hashes of strings, of which the sets consist.
    with ProcessPoolExecutor(machine.processors(), multiprocessing.get_context("fork")) as pool:
        own = dict(zip(sources, pool.map(functools.partial(added, base), sources.values(), chunksize=8)))
    return similarity.groups({name: what for name, what in own.items() if what is not None}), True


@dataclass
class Class:
    """The class: where its submissions come from (an export of `kind`), who is in it, and what lateness costs."""
    kind: str
    jobs: list
    students: roster.Roster | None
    due: datetime | None
    rule: roster.LateRule | None

    @classmethod
    def of(cls, given):
        """The class that the options describe."""
        students = roster.Roster(given.roster) if given.roster else None
        due, rule = roster.due_time(given.due), roster.late_rule(given.late)
        kind, entries = exports.read(given.submissions, given.kind, students)
        return cls(kind, collect(entries), students, due, rule)

    def wanted(self, given):
        """The systems for which grades are written."""
        if given.grades:
            return given.grades.split(",")
        return [name for name in grades.SYSTEMS if name in (self.kind, self.students.kind() if self.students else "")]


def write_all(given, place, whole, settings, compare=True):
    """Write the tables, the page, the grades and the reports; return the number of submissions that are not
    graded. compare: look for nearly identical submissions, which takes a while."""
    found = {job["name"]: result for job in whole.jobs if (result := place.result(job))}
    twins, compared = near_identical(given, whole.jobs, found) if compare else ([], False)
    given_grades = grades.of(whole.jobs, found, whole.students, whole.due, whole.rule)
    rows = table.rows(whole.jobs, found, twins, given_grades, grades.missing(given_grades, whole.students))
    results_folder.write_atomically(place.place / "table.csv", table.as_csv(rows))
    results_folder.write_atomically(place.place / "index.html",
                                    html_report.render(settings, rows, found, twins, compared))
    reports = {name: table.report(result, settings["seeds"]) for name, result in found.items()}
    for name, text in reports.items():
        results_folder.write_atomically(place.place / f"{name}.txt", text)
    for system in whole.wanted(given):
        results_folder.write_atomically(place.place / f"grades-{system}.csv", grades.SYSTEMS[system](
            given_grades, whole.students, given.lab, given.column))
    packed = grades.feedback(whole.kind, whole.jobs, reports)
    if packed:
        results_folder.write_atomically(place.place / "feedback.zip", packed)
    return len(whole.jobs) - len(found)


def main(words):
    """Grade what remains to be graded, then write the tables; return the exit status."""
    given = options(words)
    check(given)
    whole = Class.of(given)
    place, jobs = results_folder.ResultsFolder(given.out), whole.jobs
    with place.make():
        sandbox.check_walls(place.work)
        settings = place.agree(given.lab, given.test, given.seed)
        place.set_jobs(jobs)
        place.settle(60)
        shutil.rmtree(place.work / "scratch", ignore_errors=True)  # left by workers that were killed
        todo = [number for number, job in enumerate(jobs) if place.result(job) is None]
        print(f"{len(jobs)} submissions{FROM.get(whole.kind, '')}, {len(jobs) - len(todo)} of them graded already",
              flush=True)
        if todo:
            build_tree()
            try:
                engines.run(given, place, jobs, todo, len(jobs))
            except KeyboardInterrupt:
                place.settle(20)
                write_all(given, place, whole, settings, compare=False)
                print(f"{place.place / 'index.html'} has what was graded until now", file=sys.stderr)
                raise
            finally:
                place.settle(20)
        lost = write_all(given, place, whole, settings)
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
