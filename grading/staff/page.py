"""A class's results as one page to look at: no script, nothing loaded from elsewhere."""

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
    """A table's cell."""
    return f"<td{f' class={kind}' if kind else ''}>{html.escape(str(value))}</td>"


def checks_of(rows):
    """The columns of checks, in order."""
    fixed = ("student", "points", "most", "status", "cause", "notes")
    return list(dict.fromkeys(name for row in rows for name in row if name not in fixed))


def row_of(row, checks):
    """A submission's row."""
    name = html.escape(row["student"])
    link = name if row["status"] == "not graded" else f'<a href="{name}.txt">{name}</a>'
    points = "".join(cell(row.get(check, ""), "n" if row.get(check) else "none") for check in checks)
    state = "" if row["status"] == "graded" else " bad"
    return (f"<tr><td>{link}</td>{cell(row['points'], 'n')}{cell(row['most'], 'n')}"
            f"<td class='{state.strip()}'>{html.escape(row['status'])}</td>{points}"
            f"{cell(row['cause'])}{cell(row['notes'])}</tr>")


def points_table(rows):
    """All submissions."""
    checks = checks_of(rows)
    heads = ["student", "points", "of", "status", *checks, "cause", "notes"]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(row_of(row, checks) for row in rows) + "</table>"


def group_table(groups):
    """Failures grouped by what they say."""
    if not groups:
        return "<p>No check failed.</p>"
    head = "".join(f"<th>{name}</th>" for name in ("how many", "checks", "cause", "expected", "seen", "who"))
    lines = [f"<tr>{cell(len(names), 'n')}{cell(test)}{cell(cause)}{cell(expected)}{cell(seen)}"
             f"{cell(', '.join(names))}</tr>" for test, cause, expected, seen, names in groups]
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def alike_list(alike, compared):
    """Groups of nearly identical submissions."""
    if not compared:
        return "<p>Not compared: there is no handed-out tree to compare with.</p>"
    if not alike:
        return "<p>None.</p>"
    return "<ul>" + "".join(f"<li>{html.escape(', '.join(names))}</li>" for names in alike) + "</ul>"


def page(settings, rows, results, alike, compared):
    """The page's text."""
    seeds = " ".join(map(str, settings["seeds"]))
    graded = sum(row["status"] == "graded" for row in rows)
    full = sum(row["points"] == row["most"] for row in rows if row["points"] != "")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Lab {html.escape(settings['lab'])}</title>
<style>{STYLE}</style></head><body>
<h1>Lab {html.escape(settings['lab'])}</h1>
<p>{len(rows)} submissions, {graded} graded, {full} with full points. Seeds: {seeds}.</p>
<h2>Points</h2>
{points_table(rows)}
<h2>Failures by what they say</h2>
{group_table(table.groups(results))}
<h2>Nearly identical</h2>
<p>By the text of what each has beyond the handed-out tree. Look at the sources before you conclude.</p>
{alike_list(alike, compared)}
</body></html>
"""
