"""A class's results as a table (CSV), as reports for the students, and as groups of failures."""

import csv
import io
import re
from collections import defaultdict

from grading import formats


def column(case):
    """A check's name in the table."""
    return f"{case['number']} {case['part']}/{case['name']}"


def notes(result, alike):
    """What an instructor should know of a submission, in a cell."""
    words = list(result["notes"]) if result else []
    twins = [name for group in alike for name in group if result and result["student"] in group
             and name != result["student"]]
    if twins:
        words.append("nearly identical to " + ", ".join(twins))
    return "; ".join(words)


def safe(text):
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def rows(jobs, results, alike):
    """The table: a list of dicts, one for each submission, with or without a result."""
    table = []
    for job in jobs:
        result = results.get(job["name"])
        row = {"student": safe(job["name"]), "points": "", "most": "", "status": "not graded",
               "cause": "its worker ended before its time; give the same command again", "notes": ""}
        if result:
            record = result["record"]
            row |= {"points": record["points"], "most": record["most"], "status": result["status"],
                    "cause": safe(result["cause"]), "notes": safe(notes(result, alike))}
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


def normal(text):
    """A failure's text without what differs from run to run: numbers, addresses, long lists, and, of a
    scene that hangs, what each thread of it waits for."""
    text = re.sub(r"; (deadlock|livelock): .*", "", text)
    text = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{16}\b", "ADDRESS", text)
    text = re.sub(r"(?<![\w.])-?\d[\d,.]*(?!\w)", "N", text)
    return re.sub(r"(?<!\S)(\S+)(?: \1(?!\S))+", r"\1 ..", " ".join(text.split()))[:160]


def by_check(results):
    """(check, cause, expected, seen) -> students, in the order of the checks."""
    found = defaultdict(list)
    for name, result in sorted(results.items()):
        if result["status"] != "graded":
            found["no check", result["status"], "", normal(result["cause"])].append(name)
            continue
        for case in result["record"]["tests"]:
            if case["status"] != "ok":
                key = column(case), case["cause"], normal(case["expected"]), normal(case["seen"])
                found[key].append(name)
    return found


def groups(results):
    """Failures by what they say: [(checks, cause, expected, seen, students)], the most frequent first.
    Checks that say the same of the same students are one line."""
    merged = defaultdict(list)
    for (check, *text), names in by_check(results).items():
        merged[(*text, tuple(names))].append(check)
    lines = [(", ".join(checks), cause, expected, seen, list(names))
             for (cause, expected, seen, names), checks in merged.items()]
    return sorted(lines, key=lambda line: -len(line[4]))


def report(result, seeds):
    """What a student gets back."""
    record = result["record"]
    lines = [f"{result['student']}: lab {result['lab']}, {record['points']} of {record['most']} points",
             *(f"note: {note}" for note in result["notes"]), ""]
    if result["status"] == "refused":
        return "\n".join([*lines, f"It could not be graded: {result['cause']}", ""])
    if result["status"] == "build":
        return "\n".join([*lines, "It does not build:", record["build"] or result["cause"], ""])
    lines.append("Graded with " + ", ".join(f"SEED={seed}" for seed in seeds))
    return "\n".join(lines) + "\n" + formats.FORMATS["text"][1](record)
