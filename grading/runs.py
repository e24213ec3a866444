# SPDX-License-Identifier: BSD-3-Clause
"""Run many tests with several seeds each, on as many machines at a time as there are processors.

A kernel that is dead is not run again and again: the grading of a lab ends if the kernel does not even come
up in the first run of the lab's first test, or with the last of so many tests in which it dies (DEATHS). The
tests after that one are not run and give no points. A kernel that lives, and reports that a scene hangs, has
failed in that test only; but it, too, is graded only up to so many of them (HANGS).

The same kernel gets the same points. The seeds of a test follow from the kernel's image, unless they are
given or drawn (SEED=random). Other seeds make little difference: tests are counted, and not the ways in which
the kernel dies or does not come up, which depend on what the seeds draw. The order of the tests decides, and
not which run ends first; and the seeds of a test have its classes (engine.Draws.cycle) in one order, so that
the class in which a kernel fails first is the same in every grading.
"""

import hashlib
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grading import engine, machine
from grading.failure import Failure

SEEDS = engine.TURNS  # for each test, unless they are given
RANDOM = "random"     # instead of numbers: seeds that are drawn
DEATHS, HANGS = 3, 8


@dataclass
class Outcome:
    """The result of a test with all of its seeds. `failure` is None, or that of the smallest seed that
    failed; `seed` and `result` belong to it. `dead`: the test was not run, because of these Outcomes. `picture`:
    of the failure (picture.py). `lacking`: the race passed, but not these tests in QEMU that it needs (races.py)."""
    lab: engine.Lab
    test: engine.Test
    seeds: list
    seconds: float = 0.0
    seed: int = 0
    failure: Failure | None = None
    result: machine.Result | None = None
    dead: list = field(default_factory=list)
    picture: dict | None = None
    lacking: list = field(default_factory=list)


@dataclass
class Job:
    """A test whose seeds are being run. `failed` is the smallest seed that has failed so far; `dropped`
    says that the test is no longer wanted."""
    lab: engine.Lab
    test: engine.Test
    seeds: list
    failed: int | None = None
    dropped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def useless(self, seed):
        """Whether a run need not be made, or finished. The report is about the smallest seed that fails, so
        larger ones need not be run after it."""
        return self.dropped or self.failed is not None and self.failed < seed


class Deaths:
    """The tests of one lab in which the kernel has died so far."""

    def __init__(self):
        self.outcomes, self.tests, self.over = [], 0, False

    def note(self, outcome):
        """Look at the next test of the lab; then `over` says whether the grading ends here."""
        self.tests += 1
        if outcome.failure is None or not outcome.failure.died:
            return
        self.outcomes.append(outcome)
        hangs = sum(other.failure.hangs for other in self.outcomes)
        never_up = not outcome.failure.up and self.tests == 1 and outcome.seed == outcome.seeds[0]
        self.over = never_up or hangs >= HANGS or len(self.outcomes) - hangs >= DEATHS


def draw_seeds(given, count=SEEDS, source=""):
    """The seeds that were given (as in "17" or "17,18"), the smallest first, or else some that follow one another
    from one that engine.Draws makes the first class of: always the same ones for the same `source`, and new ones
    without it, or if RANDOM was given."""
    if given not in ("", RANDOM):
        return sorted(map(int, given.split(",")))
    below = random.Random(source).randrange if source and given != RANDOM else secrets.randbelow
    first = engine.TURNS * below(300_000)
    return list(range(first, first + count))


def built_kernel():
    """A text that follows from the kernel's image, and is "" if there is none. (The image has the numbers of the
    lines with assertions, so a line more above one of them makes it another kernel.)"""
    try:
        return hashlib.sha256((machine.ROOT / "build" / "Image").read_bytes()).hexdigest()
    except OSError:
        return ""


def play(job, seed, progress):
    """One run: (failure, result, seconds), or None if it is useless."""
    if job.useless(seed):
        progress.ended(job.test, seed)
        return None
    progress.started(job.test, seed)
    started = time.monotonic()
    failure, result = engine.run_seed(job.test, seed, stop=lambda: job.useless(seed))
    if job.useless(seed):
        failure = None
    if failure:
        with job.lock:
            job.failed = seed if job.failed is None else min(seed, job.failed)
    progress.ended(job.test, seed)
    return failure, result, time.monotonic() - started


def collect(job, futures):
    """The Outcome of a job. A run is missing only if a smaller seed has failed."""
    outcome = Outcome(job.lab, job.test, job.seeds)
    for seed in job.seeds:
        played = futures[seed].result()
        if played:
            outcome.seconds += played[2]
            if played[0]:
                outcome.seed, outcome.failure, outcome.result = seed, played[0], played[1]
                break
    return outcome


def follow(jobs, futures):
    """Yield the Outcome of each job, in their order; drop the rest of a lab whose grading is over."""
    labs, failed = {job.lab.number: Deaths() for job in jobs}, set()
    for job, played in zip(jobs, futures):
        deaths = labs[job.lab.number]
        if deaths.over:
            yield Outcome(job.lab, job.test, [], dead=deaths.outcomes)
            continue
        outcome = collect(job, played)
        deaths.note(outcome)
        if outcome.failure:
            failed.add(f"{job.lab.name}/{job.test.name}")
        elif job.test.race:
            outcome.lacking = [name for name in job.test.race.needs if name in failed]
        if deaths.over:
            for other in jobs:
                other.dropped = other.dropped or other.lab.number == job.lab.number
        yield outcome


def grade(jobs, progress, seed="", workers=None):
    """Run (lab, test) pairs; yield an Outcome for each, in their order. progress: a progress.Progress."""
    kernel = built_kernel()
    jobs = [Job(lab, case, [0] if case.race else draw_seeds(seed, source=kernel and f"{kernel} {case.name}"))
            for lab, case in jobs]
    workers = workers or machine.processors()
    with ThreadPoolExecutor(workers) as pool:
        futures = [{} for _ in jobs]
        # The first seeds of several tests run at the same time, and not the seeds of one test: if a test
        # fails with its first seed, the others are not needed.
        for _, i, number in sorted((i + k * workers, i, number) for i, job in enumerate(jobs)
                                   for k, number in enumerate(job.seeds)):
            futures[i][number] = pool.submit(play, jobs[i], number, progress)
        try:
            yield from follow(jobs, futures)
        finally:  # if interrupted, start no more machines and end those that run
            pool.shutdown(wait=False, cancel_futures=True)
            machine.end_all()
