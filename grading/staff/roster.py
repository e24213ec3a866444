# SPDX-License-Identifier: BSD-3-Clause
"""Who is in the class, and what it costs to be late.

A roster is a CSV file with a line for each student and with the names of its columns in the first line. That
can be a list of one's own, Canvas' gradebook, the grading worksheet of Moodle's assignment, or the roster of
GitHub Classroom. Columns are found by their names (IDS, NAMES, ...); all others are kept for grades.py.
"""

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from grading.staff.results_folder import Unusable

IDS = ("id", "identifier", "student id", "sid", "sis user id", "sis login id", "id number", "email",
       "email address", "github_username", "github_id", "username", "login")
NAMES = ("name", "student", "full name")
NUMBER = ("id", "identifier", "student id", "sid", "github_username", "id number", "username", "email address",
          "email")
EMAILS = ("email", "email address")
TIMES = ("submitted", "last modified (submission)")
HOURS = ("late_hours", "late hours")
# How systems write times; the last two are Moodle's.
FORMS = ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M", "%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")
RULE = re.compile(r"(?P<percent>[\d.]+)\s*%?\s*per\s+(?P<hours>[\d.]+)\s*h?"
                  r"(?:\s+until\s+(?P<until>[\d.]+)\s*h?)?(?:\s+after\s+(?P<grace>[\d.]+)\s*h?)?")


def squeezed(text):
    """A name or an id such that different spellings are the same: "Smith, Ann" and "smithann"."""
    return re.sub(r"[\W_]+", "", text).lower()


def time_of(text):
    """A time that a person or a system has written; None if it is none. Without a zone it is this machine's."""
    if isinstance(text, datetime):
        found = text
    else:
        found = None
        for form in (None, *FORMS):
            try:
                found = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)
                break
            except (ValueError, TypeError):
                continue
    return found.astimezone(timezone.utc) if found else None


class Roster:
    """The students: `people` are dicts with name, id, email, late_hours, submitted and the line itself (row)."""

    def __init__(self, path):
        try:
            with open(path, encoding="utf-8-sig", newline="") as stream:
                first = stream.readline()
                stream.seek(0)
                # In some countries spreadsheets write semicolons.
                reader = csv.DictReader(stream, delimiter=max(",;\t", key=first.count))
                rows = list(reader)
        except (OSError, UnicodeError, csv.Error) as error:
            raise Unusable(f"--roster {path}: {getattr(error, 'strerror', None) or error}") from None
        self.columns = [name for name in reader.fieldnames or [] if name]
        named = {name.strip().lower(): name for name in self.columns}
        if not set(named) & set(IDS + NAMES):
            raise Unusable(f"--roster {path}: its first line names no column such as id, name or email")
        self.rows, self.people, self.known = rows, [], {}
        for row in rows:
            self.add(row, {name: (row[column] or "").strip() for name, column in named.items()})

    def add(self, row, values):
        """A line of the file."""
        def first(names):
            return next((values[name] for name in names if values.get(name)), "")

        person = {"name": first(NAMES), "id": re.sub(r"^Participant (?=\d+$)", "", first(NUMBER)),
                  "email": first(EMAILS), "late_hours": first(HOURS), "submitted": time_of(first(TIMES)), "row": row}
        keys = {squeezed(values[name]) for name in IDS + NAMES if values.get(name)}
        keys |= {squeezed(person["id"]), squeezed(" ".join(reversed(person["name"].split(" ", 1))))}
        if person["name"] == "Points Possible" or not any(keys):     # Canvas' second line
            return
        self.people.append(person)
        for key in keys - {""}:
            self.known[key] = None if key in self.known else person    # two of that name: neither is meant

    def find(self, *names):
        """The student who has one of these ids or names; None if nobody has, or several."""
        return next((found for name in names if name and (found := self.known.get(squeezed(name)))), None)

    def kind(self):
        """The system whose file this is; "" for a list of one's own."""
        return "moodle" if "Identifier" in self.columns and "Grade" in self.columns else \
            "canvas" if {"Student", "ID", "SIS User ID"} <= set(self.columns) else ""


@dataclass
class LateRule:
    """`percent` of the possible points for each `hours` begun, from `grace` hours on; no points after `until`
    hours."""
    percent: float
    hours: float
    until: float
    grace: float

    def deducted(self, points, most, late):
        """What is taken from the points of a submission that is so many hours late."""
        if late <= self.grace:
            return 0
        if late > self.until:
            return points
        steps = -(-late // self.hours)
        return min(points, round(steps * self.percent / 100 * most, 2))


def late_rule(text):
    """The LateRule of an option such as "10% per 24h until 72h after 0.25h"."""
    if not text:
        return None
    found = RULE.fullmatch(text.strip())
    try:
        rule = LateRule(float(found["percent"]), float(found["hours"]), float(found["until"] or "inf"),
                        float(found["grace"] or 0)) if found else None
    except ValueError:
        rule = None
    if not rule or rule.hours <= 0:
        raise Unusable(f'--late {text}: give a rule such as "10% per 24h until 72h after 0.25h"')
    return rule


def due_time(text):
    """The time of the option --due."""
    found = time_of(text) if text else None
    if text and not found:
        raise Unusable(f"--due {text}: give a time such as 2026-11-20T23:59 or 2026-11-20T23:59+01:00")
    return found


def hours_late(job, person, due):
    """How many hours late a submission came, by the roster or by the system's own time; None if that is not
    known."""
    try:
        if person and person["late_hours"]:
            return max(0.0, float(person["late_hours"]))
    except ValueError:
        pass
    came = person and person["submitted"] or time_of(job.get("submitted"))
    if came and due:
        return max(0.0, round((came - due).total_seconds() / 3600, 2))
    return None if job.get("late") or due else 0.0
