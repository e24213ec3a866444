# SPDX-License-Identifier: BSD-3-Clause
"""The results of a class as a table (CSV), as reports for the students, and as groups of failures."""

import csv
import io
import re
from collections import defaultdict

from grading import formats
from grading.staff.grades import number

NOT_YET = "not graded yet, or its worker ended early; run the same command again"


def column(case):
    """The name of a check's column in the table."""
    return f"{case['number']} {case['part']}/{case['name']}"


def notes(result, similar):
    """What an instructor should know about a submission, as one cell."""
    words = list(result["notes"])
    twins = [name for group in similar for name in group if result["student"] in group
             and name != result["student"]]
    if twins:
        words.append("nearly identical to " + ", ".join(twins))
    return "; ".join(words)


def safe(text):
    """The text of a cell, without characters that control a terminal or the direction of writing, and such that no
    spreadsheet takes it for a formula."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def worst(result):
    """Why a submission has no more points, in a line: why it was not graded, or its most expensive failure."""
    if result["status"] != "graded":
        return result["cause"]
    failed = [case for case in result["record"]["tests"] if case["status"] != "ok"]
    if not failed:
        return ""
    first = max(failed, key=lambda case: case["most"])
    more = f" (and {len(failed) - 1} more)" if failed[1:] else ""
    return f"{first['name']}: {normalized(first['seen'])}{more}"


def lateness(grades):
    """The columns about lateness, of the Grades of one submission."""
    unknown = any(grade.late is None and grade.job["late"] for grade in grades)
    hours = max((grade.late for grade in grades if grade.late), default=0)
    return {"late": "?" if unknown else number(hours) if hours else "",
            "final": " ".join(dict.fromkeys(number(grade.final) for grade in grades))}


def same_line(grades):
    """name of a submission -> notes about others that are for the same line of the roster."""
    by_line = defaultdict(list)
    for grade in grades:
        if grade.person.get("row") is not None:
            by_line[id(grade.person["row"])].append(grade)
    return {one.job["name"]: [f"the same line of the roster, {one.person['name'] or one.person['id']}, as "
                              + ", ".join(other.job["name"] for other in own if other is not one)]
            for own in by_line.values() if len(own) > 1 for one in own}


def without_empty(table):
    """The table without the columns that say nothing: of names, of ids and of lateness."""
    empty = set()
    if all(row["name"] in ("", row["student"]) for row in table):
        empty.add("name")
    if not any(row["id"] for row in table):
        empty.add("id")
    if not any(row["late"] for row in table):
        empty |= {"late", "final"}
    return [{name: value for name, value in row.items() if name not in empty} for row in table]


def rows(jobs, results, similar, grades=(), missing=()):
    """The table: a list of dicts, one for each submission, with or without a result, and one for each student
    without a submission. The columns for names, ids and lateness are only there if something is in them."""
    table, twice = [], same_line(grades)
    for job in jobs:
        result, own = results.get(job["name"]), [grade for grade in grades if grade.job is job]
        row = {"student": safe(job["name"]),
               "name": safe(" and ".join(grade.person["name"] for grade in own)),
               "id": safe(" ".join(grade.person["id"] for grade in own)),
               "points": "", "most": "", "late": "", "final": "", "cause": NOT_YET, "status": "not graded",
               "changed": "", "notes": ""}
        if result:
            record = result["record"]
            said = [*job["notes"], *twice.get(job["name"], []), notes(result, similar)]
            row |= {"points": record["points"], "most": record["most"], "status": result["status"],
                    "changed": safe("; ".join(result.get("changed", []))), "cause": safe(worst(result)),
                    "notes": safe("; ".join(filter(None, said))), **lateness(own)}
            row |= {column(case): case["points"] for case in record["tests"]}
        table.append(row)
    table += [{"student": safe(person["name"] or person["id"]), "name": safe(person["name"]), "id": safe(person["id"]),
               "points": "", "most": "", "late": "", "final": "", "cause": "nothing was handed in",
               "status": "missing", "changed": "", "notes": ""} for person in missing]
    return without_empty(table)


def as_csv(table):
    """The table as text."""
    columns = list(dict.fromkeys(name for row in table for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def normalized(text):
    """The text of a failure without what differs from run to run: numbers, addresses, repetitions, and
    what each thread waits for in a scene that hangs."""
    text = re.sub(r"; (deadlock: |livelock: |given up after ).*", "", text)
    text = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{16}\b", "ADDRESS", text)
    text = re.sub(r"(?<![\w.])-?\d[\d,.]*(?!\w)", "N", text)
    return re.sub(r"(?<!\S)(\S+)(?: \1(?!\S))+", r"\1 ..", " ".join(text.split()))[:160]


def by_check(results):
    """(check, cause, expected, seen) -> the students whose submissions failed like that."""
    found = defaultdict(list)
    for name, result in sorted(results.items()):
        if result["status"] != "graded":
            found["no check", result["status"], "", normalized(result["cause"])].append(name)
            continue
        for case in result["record"]["tests"]:
            if case["status"] != "ok" and case["cause"] != "not-run":
                key = column(case), case["cause"], normalized(case["expected"]), normalized(case["seen"])
                found[key].append(name)
    return found


def groups(results):
    """Failures grouped by their texts: [(checks, cause, expected, seen, students)], the most frequent
    first. Checks with the same texts for the same students are one group."""
    merged = defaultdict(list)
    for (check, *text), names in by_check(results).items():
        merged[(*text, tuple(names))].append(check)
    lines = [(", ".join(checks), cause, expected, seen, list(names))
             for (cause, expected, seen, names), checks in merged.items()]
    return sorted(lines, key=lambda line: -len(line[4]))


def report(result, seeds):
    """The report that a student gets back."""
    record = result["record"]
    lines = [*result.get("changed", []),
             f"{result['student']}: lab {result['lab']}, {record['points']} of {record['most']} points",
             *(f"note: {note}" for note in result["notes"]), ""]
    if result["status"] == "refused":
        return "\n".join([*lines, f"The submission could not be graded: {result['cause']}", ""])
    if result["status"] == "build":
        return "\n".join([*lines, "The kernel does not build:", record["build"] or result["cause"], ""])
    lines.append("Graded with " + ", ".join(f"SEED={seed}" for seed in seeds))
    return "\n".join(lines) + "\n" + formats.FORMATS["text"][1](record)
