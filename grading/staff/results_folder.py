# SPDX-License-Identifier: BSD-3-Clause
"""The results folder of a class.

    table.csv, index.html       for the instructor (table.py, html_report.py)
    grades-*.csv, feedback.zip  for the system from which the submissions come (grades.py)
    NAME.txt, NAME.html         the report to hand back to a student, and its page with pictures
    .work/settings.json         the lab and the seeds, which are drawn once
    .work/jobs.json             the submissions
    .work/records/NAME.json     the result of a submission; it exists as soon as the submission is graded,
                                and is written atomically
"""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import time

from grading import runs


class Unusable(Exception):
    """Options or folders are wrong; the text says what, in one line."""


def write_atomically(path, content):
    """Write a file, with text or bytes, so that no other process ever sees a part of it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(new, "wb") as stream:
        stream.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path)


def read_json(path):
    """The value in a file; None if there is no such file, or no JSON in it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def progress_line(result):
    """What the progress says about a result."""
    record = result["record"]
    if result["status"] == "graded":
        flags = [line[:100] for line in result.get("changed", []) if line.startswith("CHANGED")]
        return "; ".join([f"{result['student']}: {record['points']} of {record['most']}", *flags])
    return f"{result['student']}: {result['status']}: {result['cause'][:80]}"


def fingerprint(source):
    """A string that changes when a submission is handed in again: a hash of the content of a file, or of
    the names, sizes and times of the files in a folder."""
    digest = hashlib.sha256()
    if source.is_dir():
        for place, folders, files in os.walk(source):
            folders.sort()
            for name in sorted(files):
                path = os.path.join(place, name)
                info = os.lstat(path)
                digest.update(f"{path} {info.st_size} {info.st_mtime_ns}\n".encode("utf-8", "replace"))
    else:
        with open(source, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class ResultsFolder:
    """The results folder of one class."""

    def __init__(self, place):
        self.place = pathlib.Path(place).resolve()
        self.work = self.place / ".work"

    def make(self):
        """Make the folder and lock it; return the lock. Only one class is graded in it at a time."""
        try:
            (self.work / "records").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unusable(f"--out {self.place}: {error.strerror}") from None
        return self.hold("lock", fcntl.LOCK_EX, 0, f"another grading/class is running in {self.place}")

    def hold(self, name, how, seconds, otherwise):
        """A locked file; Unusable with the text `otherwise` if locking takes longer than `seconds`."""
        lock, end = open(self.work / name, "w", encoding="ascii"), time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(lock, how | fcntl.LOCK_NB)
                return lock
            except OSError:
                if time.monotonic() >= end:
                    raise Unusable(otherwise) from None
                time.sleep(0.1)

    def working(self):
        """The lock that a worker holds while it works."""
        return self.hold("workers", fcntl.LOCK_SH, 60, "no worker may start")

    def settle(self, seconds):
        """Wait until all workers that an earlier run has left running have ended."""
        self.hold("workers", fcntl.LOCK_EX, seconds, f"workers of an earlier run are still busy in "
                  f"{self.place}; wait until they have ended").close()

    def settings(self):
        """The settings: lab, test and seeds."""
        return read_json(self.work / "settings.json")

    def agree(self, lab, test, seed):
        """The settings of the folder. The first run makes them; later runs must agree with them."""
        old = self.settings()
        given = [seed] if seed is not None else None
        if old is None:
            old = {"lab": lab, "test": test, "seeds": given or runs.draw_seeds("")}
            write_atomically(self.work / "settings.json", json.dumps(old) + "\n")
        if (old["lab"], old["test"]) != (lab, test) or given not in (None, old["seeds"]):
            raise Unusable(f"{self.place} has results of lab {old['lab']} with seeds "
                           f"{' '.join(map(str, old['seeds']))}: give another --out")
        return old

    def jobs(self):
        """All submissions: dicts with name, source and fingerprint."""
        return read_json(self.work / "jobs.json") or []

    def set_jobs(self, jobs):
        """Write the list of submissions for the workers."""
        write_atomically(self.work / "jobs.json", json.dumps(jobs, indent=1) + "\n")

    def record_path(self, name):
        """The path of the result of a submission."""
        return self.work / "records" / f"{name}.json"

    def keep(self, result):
        """Write the result of a submission. The page with its pictures becomes a file of its own."""
        page = result.pop("page")
        if page:
            write_atomically(self.place / f"{result['student']}.html", page)
            result["record"]["page"] = f"{result['student']}.html"
        write_atomically(self.record_path(result["student"]), json.dumps(result, indent=1) + "\n")

    def result(self, job):
        """The result of a submission; None if it is not graded yet, or was handed in again since."""
        found = read_json(self.record_path(job["name"]))
        return found if found and found.get("fingerprint") == job["fingerprint"] else None


def plain_name(name, taken):
    """A form of the name that can be a file name and differs from all that are taken."""
    plain = re.sub(r"[^\w.-]+", "_", name).lstrip(".-")[:80] or "student"
    number, free = 2, plain
    while free.lower() in taken:
        free, number = f"{plain}_{number}", number + 1
    taken.add(free.lower())
    return free
