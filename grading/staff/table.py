# SPDX-License-Identifier: BSD-3-Clause
"""The results of a class as a table (CSV), as reports for the students, and as groups of failures."""

import csv
import io
import re
from collections import defaultdict

from grading import formats


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
    """The text of a cell, such that no spreadsheet takes it for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def rows(jobs, results, similar):
    """The table: a list of dicts, one for each submission, with or without a result."""
    table = []
    for job in jobs:
        result = results.get(job["name"])
        row = {"student": safe(job["name"]), "points": "", "most": "", "status": "not graded", "changed": "",
               "cause": "its worker ended early; run the same command again", "notes": ""}
        if result:
            record = result["record"]
            row |= {"points": record["points"], "most": record["most"], "status": result["status"],
                    "changed": "; ".join(result.get("changed", [])), "cause": safe(result["cause"]), "notes": safe(notes(result, similar))}
            row |= {column(case): case["points"] for case in record["tests"]}
        table.append(row)
    return table


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
