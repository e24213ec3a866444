# SPDX-License-Identifier: BSD-3-Clause
"""Run many tests with several seeds each, on as many machines at a time as there are processors."""

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grading import engine, machine
from grading.failure import Failure

SEEDS = engine.TURNS  # drawn for each test, unless one is given


@dataclass
class Outcome:
    """The result of a test with all of its seeds. `failure` is None, or that of the smallest seed that
    failed; `seed` and `result` belong to it."""
    lab: engine.Lab
    test: engine.Test
    seeds: list
    seconds: float = 0.0
    seed: int = 0
    failure: Failure | None = None
    result: machine.Result | None = None


@dataclass
class Job:
    """A test whose seeds are being run. `failed` is the smallest seed that has failed so far."""
    lab: engine.Lab
    test: engine.Test
    seeds: list
    failed: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)



def draw_seeds(given, count=SEEDS):
    """The seed that was given, or else new ones, the smallest first. Each TURNS of them have all the
    remainders that engine.Draws makes its classes from."""
    return [int(given)] if given else sorted(
        engine.TURNS * secrets.randbelow(333_333) + i % engine.TURNS for i in range(count))


def play(job, seed, progress):
    """One run: (failure, result, seconds), or None if a smaller seed has failed already. The report is
    about the smallest seed that fails, so larger ones need not be run after it."""
    if job.failed is not None and job.failed < seed:
        progress.ended(job.test, seed)
        return None
    progress.started(job.test, seed)
    started = time.monotonic()
    failure, result = engine.run_seed(job.test, seed)
    if failure:
        with job.lock:
            job.failed = seed if job.failed is None else min(seed, job.failed)
    progress.ended(job.test, seed)
    return failure, result, time.monotonic() - started


def collect(job, futures):
    """The Outcome of a job. A run is missing only if a smaller seed has failed."""
    outcome = Outcome(job.lab, job.test, job.seeds)
    for seed, future in zip(job.seeds, futures):
        played = future.result()
        if played:
            outcome.seconds += played[2]
            if played[0]:
                outcome.seed, outcome.failure, outcome.result = seed, played[0], played[1]
                break
    return outcome


def grade(jobs, progress, seed="", workers=None):
    """Run (lab, test) pairs; yield an Outcome for each, in their order. progress: a progress.Progress."""
    jobs = [Job(lab, case, draw_seeds(seed)) for lab, case in jobs]
    with ThreadPoolExecutor(workers or machine.processors()) as pool:
        futures = [[pool.submit(play, job, number, progress) for number in job.seeds] for job in jobs]
        try:
            for job, played in zip(jobs, futures):
                yield collect(job, played)
        finally:  # if interrupted, start no more machines and end those that run
            pool.shutdown(wait=False, cancel_futures=True)
            machine.end_all()
