# SPDX-License-Identifier: BSD-3-Clause
"""The grades of a class, after what lateness costs, and the files that learning systems import:

    grades-moodle.csv     the assignment's grading worksheet ("Upload grading worksheet"): Identifier, Grade and
                          Last modified (grade) are what Moodle looks for; comments go into Feedback comments
    grades-canvas.csv     the gradebook's import: Student, ID, SIS User ID, SIS Login ID, Section, and the
                          assignment
    grades-nbgrader.csv   the columns of `nbgrader export`
    feedback.zip          each student's report, under a name by which Moodle ("Upload multiple feedback files in
                          a zip") or Canvas ("Upload submissions") finds the student
"""

import io
import zipfile
from dataclasses import dataclass

from grading.formats import NBGRADER, as_csv
from grading.staff import roster as rosters

LINES = 8       # failed checks that a comment names
MOODLE = ("Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)", "Feedback comments")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@dataclass
class Grade:
    """The grade of one student. person: that of the roster, or what the export says. late: hours, or None if
    they are not known."""
    job: dict
    person: dict
    points: float
    most: float
    late: float | None
    deducted: float
    comment: str

    @property
    def final(self):
        """The points after the deduction."""
        return self.points - self.deducted


def number(value):
    """A number as people write it: 90, 87.5."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def comment(result, grade, late_unknown):
    """What a student should read first, as a few lines."""
    record = result["record"]
    lines = [f"Lab {result['lab']}: {number(grade.final)} of {record['most']} points."]
    if grade.deducted:
        lines.append(f"{number(grade.points)} points, less {number(grade.deducted)} because it was "
                     f"{number(grade.late)} hours late.")
    if late_unknown:
        lines.append("It was late.")
    if result["status"] == "refused":
        lines.append(f"It could not be graded: {result['cause']}")
    elif result["status"] == "build":
        lines.append(f"The kernel does not build: {result['cause']}")
    else:
        failed = [case for case in record["tests"] if case["status"] != "ok"]
        lines += [f"{case['name']} ({case['points']}/{case['most']}): {case['seen'][:200]}" for case in failed[:LINES]]
        lines += [f"... and {len(failed) - LINES} more, see the report."] if len(failed) > LINES else []
    return "\n".join(lines)


def of(jobs, found, roster, due, rule):
    """A Grade for each student with a submission that is graded; several for a group."""
    grades = []
    for job in jobs:
        result = found.get(job["name"])
        for one in (job["people"] or [{"name": job["who"], "id": "", "email": ""}]) if result else []:
            known = roster and roster.find(one["id"], one["email"], one["name"], job["who"])
            late = rosters.hours_late(job, known, due)
            points, most = result["record"]["points"], result["record"]["most"]
            deducted = rule.deducted(points, most, late) if rule and late else 0
            grade = Grade(job, known or {**one, "name": one["name"] or job["who"], "row": None}, points, most, late,
                          deducted, "")
            grade.comment = comment(result, grade, late is None and job["late"])
            grades.append(grade)
    return grades


def missing(grades, roster):
    """The students of the roster without a submission."""
    there = {id(grade.person) for grade in grades}
    return [person for person in roster.people if id(person) not in there] if roster else []


def by_row(grades):
    """id of a roster's line -> its Grade."""
    return {id(grade.person["row"]): grade for grade in grades if grade.person.get("row")}


def moodle(grades, roster, _lab, _column):
    """Moodle's grading worksheet: the one that is the roster, filled in, or one of our own."""
    if roster and roster.kind() == "moodle":
        filled, rows = by_row(grades), []
        for row in roster.rows:
            grade = filled.get(id(row))
            rows.append({**row, "Grade": number(grade.final), "Feedback comments": grade.comment} if grade else row)
        return as_csv(list(dict.fromkeys([*roster.columns, "Feedback comments"])), rows)
    return as_csv(MOODLE, [{
        "Identifier": f"Participant {grade.job['people'][0]['id'] if grade.job['people'] else ''}",
        "Full name": grade.person["name"], "Grade": number(grade.final), "Maximum grade": number(grade.most),
        "Last modified (grade)": "-", "Feedback comments": grade.comment} for grade in grades])


def canvas(grades, roster, lab, column):
    """Canvas' gradebook with one column of grades. Canvas knows students by ID or by SIS Login ID."""
    column = column or f"Lab {lab}"
    rows = [{"Student": "    Points Possible", column: number(max((grade.most for grade in grades), default=0))}]
    for grade in grades:
        own = grade.person["row"] or {"Student": grade.person["name"], "ID": grade.person["id"]}
        kept = {name: own.get(name) or "" for name in CANVAS}
        kept["Student"] = kept["Student"] or grade.person["name"]
        kept["ID"] = kept["ID"] or (grade.job["people"][0]["id"] if grade.job["people"] else "")
        rows.append({**kept, column: number(grade.final)})
    return as_csv([*CANVAS, column], rows)


def nbgrader(grades, _roster, lab, _column):
    """The columns of `nbgrader export`."""
    return as_csv(NBGRADER, [{
        "assignment": f"lab{lab}", "timestamp": grade.job.get("submitted") or "",
        "student_id": grade.person["id"] or grade.job["name"], "last_name": grade.person["name"].rpartition(" ")[2],
        "first_name": grade.person["name"].rpartition(" ")[0], "email": grade.person["email"],
        "raw_score": number(grade.points), "late_submission_penalty": number(grade.deducted),
        "score": number(grade.final), "max_score": number(grade.most)} for grade in grades])


SYSTEMS = {"moodle": moodle, "canvas": canvas, "nbgrader": nbgrader}


def feedback_name(kind, job):
    """Where a system looks for a student's file in a zip; "" if it takes none."""
    if not job["handle"]:
        return ""
    return f"{job['handle']}/report.txt" if kind == "moodle" else f"{job['handle']}report.txt"


def feedback(kind, jobs, reports):
    """The zip of all reports, as bytes; None for a system that takes none. reports: name -> text."""
    names = {job["name"]: place for job in jobs if (place := feedback_name(kind, job)) and job["name"] in reports}
    if not names:
        return None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, place in names.items():
            archive.writestr(zipfile.ZipInfo(place), reports[name])
    return out.getvalue()
