# SPDX-License-Identifier: BSD-3-Clause
"""What runs the workers of a class (worker.py), a worker for each submission that remains:

    GNU parallel    on this machine, and by ssh on others (--sshloginfile)
    Slurm           as tasks of array jobs on a cluster (--slurm); sbatch waits for their end

Both only start workers. That a submission is graded is known from its result, which the worker writes in one
piece: so a worker, a machine or this program may end at any time. GNU parallel repeats a worker that ended early;
of Slurm's tasks, those without a result are submitted again.
"""

import os
import shlex
import shutil
import signal
import subprocess
import time

from grading import machine
from grading.machine import ROOT
from grading.staff import results_folder
from grading.staff.results_folder import Unusable

TRIES = 3       # how often a submission is tried whose worker is killed or ends without a result
ARRAY = 1000    # tasks of an array job; Slurm's MaxArraySize is 1001 unless the cluster says otherwise
LOOK = 1        # seconds between two looks for results, where nobody reports them
TASK = """#!/bin/sh
# A task of an array job: grade the submission whose number is on a line of the list.
number=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" {list}) && cd {root} && exec {worker} "$number"
"""


def check(given):
    """Refuse to start without the programs that are needed."""
    name, package = ("sbatch", "slurm-client") if given.slurm is not None else ("parallel", "parallel")
    if not shutil.which(name):
        raise Unusable(f"missing: {name} (Debian package {package}); type: make setup test")


def worker(given):
    """The words of a worker, without the number of its submission."""
    return ["/usr/bin/python3", "-m", "grading.staff.worker", str(given.out.resolve())]


# --- the progress ------------------------------------------------------------------------------

def clock(seconds):
    """A time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Progress:
    """Prints a line for each submission that has been graded."""

    def __init__(self, left, done, total):
        self.started, self.left, self.done, self.total, self.number = time.monotonic(), left, done, total, 0

    def line(self, text):
        """The next one is graded."""
        self.number += 1
        spent = time.monotonic() - self.started
        print(f"[{self.done + self.number}/{self.total}] {clock(spent)}, about "
              f"{clock(spent / self.number * max(self.left - self.number, 0))} left: {text.rstrip()}", flush=True)


# --- GNU parallel ------------------------------------------------------------------------------

def command(given):
    """The command line of GNU parallel. It asks its users to cite it; grading/README.md does."""
    words = ["parallel", "--will-cite", "--jobs", given.jobs, "--retries", str(TRIES)]
    if given.sshloginfile:
        words += ["--sshloginfile", os.path.abspath(given.sshloginfile)]
    mortal = ["setpriv", "--pdeathsig", "TERM", *worker(given)]
    return [*words, f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(mortal)} {{}}"]


def with_parallel(given, place, todo, total):
    """Grade the submissions with these numbers. On an interrupt, end all workers first."""
    env = {**machine.environment(), "PARALLEL_SHELL": "/bin/sh"}
    # GNU parallel and its workers inherit the lock, so that settle() also waits for a worker that was ended
    # before it took the lock by itself.
    with place.working() as lock:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command(given)], cwd=ROOT, env=env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   errors="replace", start_new_session=True, pass_fds=[lock.fileno()])
    progress = Progress(len(todo), total - len(todo), total)
    try:
        process.stdin.write("".join(f"{number}\n" for number in todo))
        process.stdin.close()
        for line in process.stdout:
            progress.line(line)
        process.wait()
    except KeyboardInterrupt:
        for _ in range(2):  # the first one tells it to start no more workers, the second to end them
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        process.wait()
        raise


# --- Slurm -------------------------------------------------------------------------------------

def submit(given, place, part):
    """Submit an array job for the submissions with these numbers, and wait in a process, which is returned with
    the job's id."""
    numbers, script = place.work / "numbers", place.work / "task.sh"
    results_folder.write_atomically(numbers, "".join(f"{number}\n" for number in part))
    results_folder.write_atomically(script, TASK.format(
        list=shlex.quote(str(numbers)), root=shlex.quote(str(ROOT)), worker=shlex.join(worker(given))))
    limit = f"%{given.jobs}" if given.jobs.isdecimal() else ""
    words = ["sbatch", "--parsable", "--wait", "--job-name=nymph", "--cpus-per-task=2",
             f"--array=0-{len(part) - 1}{limit}", f"--output={place.work / 'slurm.log'}", "--open-mode=append",
             *shlex.split(given.slurm), str(script)]
    process = subprocess.Popen(words, cwd=ROOT, env=machine.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, start_new_session=True)
    number = process.stdout.readline().strip().partition(";")[0]
    if not number:
        process.wait()
        raise Unusable("sbatch has not taken the job; see above")
    return process, number


def follow(process, place, jobs, left, progress):
    """Print a line for each result that appears, until the array job has ended; take it from `left`."""
    ended = False
    while not ended:
        ended = process.poll() is not None      # so that results are looked for once more after the end
        for number in list(left):
            result = place.result(jobs[number])
            if result is not None:
                left.remove(number)
                progress.line(results_folder.progress_line(result))
        if not ended:
            time.sleep(LOOK)


def with_slurm(given, place, jobs, todo, total):
    """Grade the submissions with these numbers, in array jobs of ARRAY tasks, and those without a result again, up
    to TRIES times. On an interrupt, cancel the job first."""
    left, progress = list(todo), Progress(len(todo), total - len(todo), total)
    for _ in range(TRIES):
        for start in range(0, len(left), ARRAY):
            part = left[start:start + ARRAY]
            process, number = submit(given, place, part)
            rest = list(part)
            try:
                follow(process, place, jobs, rest, progress)
            except KeyboardInterrupt:
                subprocess.run(["scancel", number], check=False)
                process.wait()
                raise
        left = [number for number in left if place.result(jobs[number]) is None]
        if not left:
            return


def run(given, place, jobs, todo, total):
    """Grade the submissions with these numbers."""
    if given.slurm is not None:
        with_slurm(given, place, jobs, todo, total)
    else:
        with_parallel(given, place, todo, total)
