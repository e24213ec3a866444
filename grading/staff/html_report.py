# SPDX-License-Identifier: BSD-3-Clause
"""The results of a class as one HTML page, without scripts and without anything loaded from elsewhere."""

import html

from grading.staff import table

STYLE = """
body { font: 15px/1.4 sans-serif; margin: 2em; max-width: 110em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 }
th, td { border-bottom: 1px solid #ccc; padding: .25em .6em; text-align: left; vertical-align: top }
th { background: #f4f4f4 } td.n { text-align: right } td.none { color: #b00; text-align: right }
code, pre { font-size: 13px } .bad { color: #b00 }
"""


def cell(value, kind=""):
    """A cell of a table."""
    return f"<td{f' class={kind}' if kind else ''}>{html.escape(str(value))}</td>"


def checks_of(rows):
    """The names of the columns that are checks, in order."""
    fixed = ("student", "name", "id", "points", "most", "late", "final", "cause", "status", "changed", "notes")
    return list(dict.fromkeys(name for row in rows for name in row if name not in fixed))


def row_of(row, checks):
    """The row of a submission."""
    name = html.escape(row["student"])
    link = name if row["status"] == "not graded" else f'<a href="{name}.txt">{name}</a>'
    points = "".join(cell(row.get(check, ""), "n" if row.get(check) else "none") for check in checks)
    state = "" if row["status"] == "graded" else " bad"
    return (f"<tr><td>{link}</td>{cell(row['points'], 'n')}{cell(row['most'], 'n')}"
            f"<td class='{state.strip()}'>{html.escape(row['status'])}</td>"
            f"{cell(row['changed'], 'bad')}{points}"
            f"{cell(row['cause'])}{cell(row['notes'])}</tr>")


def points_table(rows):
    """The table of all submissions."""
    checks = checks_of(rows)
    heads = ["student", "points", "of", "status", "changed", *checks, "cause", "notes"]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(row_of(row, checks) for row in rows) + "</table>"


def group_table(groups):
    """The table of failures, grouped by their texts."""
    if not groups:
        return "<p>No check failed.</p>"
    heads = ("students", "checks", "cause", "expected", "seen", "names")
    head = "".join(f"<th>{name}</th>" for name in heads)
    lines = [f"<tr>{cell(len(names), 'n')}{cell(test)}{cell(cause)}{cell(expected)}{cell(seen)}"
             f"{cell(', '.join(names))}</tr>" for test, cause, expected, seen, names in groups]
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def similar_list(similar, compared):
    """The list of groups of nearly identical submissions."""
    if not compared:
        return "<p>Not compared: there is no handout to compare with.</p>"
    if not similar:
        return "<p>None.</p>"
    return "<ul>" + "".join(f"<li>{html.escape(', '.join(names))}</li>" for names in similar) + "</ul>"


def render(settings, rows, results, similar, compared):
    """The text of the page."""
    seeds = " ".join(map(str, settings["seeds"]))
    graded = sum(row["status"] == "graded" for row in rows)
    full = sum(row["points"] == row["most"] for row in rows if row["points"] != "")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Lab {html.escape(settings['lab'])}</title>
<style>{STYLE}</style></head><body>
<h1>Lab {html.escape(settings['lab'])}</h1>
<p>{len(rows)} submissions, {graded} graded, {full} with full points. Seeds: {seeds}.</p>
<h2>Points</h2>
<p><em>Changed</em> is what differs outside of the places that this lab, or an earlier one, leaves to students.
Read it if there are points: a kernel that deceives its graders has it there.</p>
{points_table(rows)}
<h2>Failures, grouped by their texts</h2>
{group_table(table.groups(results))}
<h2>Nearly identical</h2>
<p>This compares the text that each submission adds to the handout. Look at the sources before you draw
conclusions.</p>
{similar_list(similar, compared)}
</body></html>
"""
