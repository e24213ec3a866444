"""The results folder of a class.

    table.csv, index.html       what an instructor looks at (table.py, page.py)
    NAME.txt                    each student's report, to hand back
    .work/settings.json         lab and seeds, drawn once
    .work/jobs.json             the submissions
    .work/records/NAME.json     a submission's result: there when it is graded, whole or not at all
"""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import secrets
import time

SEEDS = 3


class Unusable(Exception):
    """Options or folders that will not do, in one line."""


def write_whole(path, text):
    """Write a file so that nobody ever sees a part of it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(new, "w", encoding="utf-8", errors="replace") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path)


def read_json(path):
    """A file's value; None without one that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def draw_seeds():
    """Seeds that nobody knows."""
    return sorted(secrets.randbelow(10 ** 6) for _ in range(SEEDS))


def one_line(result):
    """A result for a line of progress."""
    record = result["record"]
    if result["status"] == "graded":
        return f"{result['student']}: {record['points']} of {record['most']}"
    return f"{result['student']}: {result['status']}: {result['cause'][:80]}"


def fingerprint(source):
    """What tells that a submission was handed in anew: a file's content; of a folder, its files' names,
    sizes and times."""
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


class Results:
    """A results folder."""

    def __init__(self, place):
        self.place = pathlib.Path(place).resolve()
        self.work = self.place / ".work"

    def make(self):
        """Make the folder, and hold it: one class is graded in it at a time."""
        try:
            (self.work / "records").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unusable(f"--out {self.place}: {error.strerror}") from None
        return self.hold("lock", fcntl.LOCK_EX, 0, f"another grading/class works in {self.place}")

    def hold(self, name, how, seconds, otherwise):
        """A file, locked; Unusable with this text if that takes more than so many seconds."""
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
        """What a worker holds while it works."""
        return self.hold("workers", fcntl.LOCK_SH, 60, "no worker may start")

    def settle(self, seconds):
        """Wait for the end of all workers that an earlier run has left behind."""
        self.hold("workers", fcntl.LOCK_EX, seconds,
                  f"workers of an earlier run are still busy in {self.place}; wait for their end").close()

    def settings(self):
        """lab, test and seeds."""
        return read_json(self.work / "settings.json")

    def agree(self, lab, test, seed):
        """The folder's settings: made at the first run, the same ever after."""
        old = self.settings()
        given = [seed] if seed is not None else None
        if old is None:
            old = {"lab": lab, "test": test, "seeds": given or draw_seeds()}
            write_whole(self.work / "settings.json", json.dumps(old) + "\n")
        if (old["lab"], old["test"]) != (lab, test) or given not in (None, old["seeds"]):
            raise Unusable(f"{self.place} has results of lab {old['lab']} with seeds "
                           f"{' '.join(map(str, old['seeds']))}: give another --out")
        return old

    def jobs(self):
        """All submissions: dicts of name, source, fingerprint."""
        return read_json(self.work / "jobs.json") or []

    def set_jobs(self, jobs):
        """Write them down for the workers."""
        write_whole(self.work / "jobs.json", json.dumps(jobs, indent=1) + "\n")

    def record_path(self, name):
        """Where a submission's result is kept."""
        return self.work / "records" / f"{name}.json"

    def keep(self, result):
        """Keep a submission's result."""
        write_whole(self.record_path(result["student"]), json.dumps(result, indent=1) + "\n")

    def result(self, job):
        """A submission's result, None if it is not graded yet, or was handed in anew since."""
        found = read_json(self.record_path(job["name"]))
        return found if found and found.get("fingerprint") == job["fingerprint"] else None


def plain_name(name, taken):
    """A name that can be a file's, unlike all that are taken."""
    plain = re.sub(r"[^\w.-]+", "_", name).lstrip(".-")[:80] or "student"
    number, free = 2, plain
    while free.lower() in taken:
        free, number = f"{plain}_{number}", number + 1
    taken.add(free.lower())
    return free
