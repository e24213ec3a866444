# SPDX-License-Identifier: BSD-3-Clause
"""The results of a class as one HTML page, which loads nothing. Without its script it is the same page, except
that its tables cannot be sorted or filtered. page() makes other pages that look the same."""

import html
import pathlib

from grading.staff import table

HERE = pathlib.Path(__file__).parent
PARTS = 10      # bars of the histogram
FIXED = ("student", "name", "id", "points", "most", "late", "final", "cause", "status", "changed", "notes")
HEADS = {"most": "of", "late": "hours late", "final": "after deduction"}
# How a column's cells are shown (page.html): as a number, as words that wrap, or only if there is room.
KINDS = {"points": "n", "most": "n", "late": "n", "final": "n", "cause": "words", "changed": "words",
         "notes": "words", "name": "side", "id": "side"}


def escaped(value):
    """A value as text of a page."""
    return html.escape(str(value))


def checks_of(rows):
    """The names of the columns that are checks, in order."""
    return list(dict.fromkeys(name for row in rows for name in row if name not in FIXED))


def columns_of(rows):
    """The names of all columns, in order: those that say most come first, and the checks before the notes."""
    there = [name for name in FIXED if any(name in row for row in rows)]
    return there[:-2] + checks_of(rows) + there[-2:]


def anchor(row, column):
    """The place of a check's failure on a student's page."""
    return f"{row['student']}.html#{column.partition('/')[2]}"


def cell(row, column, pages):
    """A cell of the table. pages: the students who have a page with pictures."""
    value, text = row.get(column, ""), escaped(row.get(column, ""))
    drawn = row["student"] in pages
    if column == "student":
        links = text if row["status"] in ("not graded", "missing") else f'<a href="{text}.txt">{text}</a>'
        pictures = f' <a href="{text}.html" class="more">pictures</a>' if drawn else ""
        return f'<th scope="row">{links}{pictures}</th>'
    if column in FIXED:
        bad = column == "changed" or (column == "status" and value != "graded")
        return f'<td class="{KINDS.get(column, "")}{" bad" if bad else ""}">{text}</td>'
    if value == 0:
        text = f'<a href="{escaped(anchor(row, column))}">0</a>' if drawn else "0"
    return f'<td class="check n{" bad" if value == 0 else ""}">{text}</td>'


def points_table(rows, pages):
    """The table of all submissions."""
    columns = columns_of(rows)
    heads = "".join(f'<th scope="col" class="{KINDS.get(name, "" if name in FIXED else "check")}">'
                    f'{escaped(HEADS.get(name, name)).replace("/", "/<wbr>")}</th>' for name in columns)
    lines = [f'<tr data-status="{escaped(row["status"])}">' + "".join(cell(row, name, pages) for name in columns)
             + "</tr>" for row in rows]
    return (f'<div class="scroll" tabindex="0" role="region" aria-labelledby="points"><table id="students">'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>" + "\n".join(lines) + "</tbody></table></div>")


def plain_table(heads, rows, words=None):
    """A table; words: the columns with texts (all but the first), the others have numbers."""
    words = heads[1:] if words is None else words
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    lines = ["<tr>" + "".join(f'<td class="{"words" if name in words else "n"}">{escaped(value)}</td>'
                                for name, value in zip(heads, row))
             + "</tr>" for row in rows]
    return (f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>\n<tbody>' + "\n".join(lines)
            + "</tbody></table></div>")


def group_table(groups):
    """The table of failures, grouped by their texts."""
    if not groups:
        return "<p>No check failed.</p>"
    return plain_table(("students", "checks", "cause", "expected", "seen", "names"), [
        (len(names), test, cause, expected, seen, ", ".join(names)) for test, cause, expected, seen, names in groups])


def shares(rows):
    """How many submissions have 0 to 10, 10 to 20, ... percent of the points; full points are the last part."""
    counts = [0] * (PARTS + 1)
    for row in rows:
        if row.get("points", "") != "" and row["most"]:
            counts[row["points"] * PARTS // row["most"]] += 1
    return counts


def histogram(rows):
    """A drawing of shares(), which also says it in words."""
    counts = shares(rows)
    names = [f"{100 * i // PARTS}-{100 * (i + 1) // PARTS}" for i in range(PARTS)] + ["100"]
    most, bars = max(counts + [1]), []
    for i, (count, name) in enumerate(zip(counts, names)):
        height, x = 90 * count / most, 10 + 44 * i
        bars.append(f'<rect x="{x}" y="{110 - height:.1f}" width="36" height="{height:.1f}"/>'
                    f'<text x="{x + 18}" y="{104 - height:.1f}">{count or ""}</text>'
                    f'<text x="{x + 18}" y="126">{name}</text>')
    said = ", ".join(f"{name} percent: {count}" for name, count in zip(names, counts) if count)
    return (f'<figure><svg viewBox="0 0 500 132" role="img" aria-label="Submissions by points: {said or "none"}">'
            + "".join(bars) + "</svg><figcaption>Submissions by percent of the points</figcaption></figure>")


def similar_list(similar, compared):
    """The list of groups of nearly identical submissions."""
    if not compared:
        return "<p>Not compared: there is no handout to compare with, or not all is graded yet.</p>"
    if not similar:
        return "<p>None.</p>"
    return "<ul>" + "".join(f"<li>{escaped(', '.join(names))}</li>" for names in similar) + "</ul>"


def page(title, intro, main):
    """A page; intro and main are its parts below the title."""
    text = (HERE / "page.html").read_text(encoding="utf-8")
    for name, value in (("TITLE", escaped(title)), ("INTRO", intro), ("MAIN", main)):
        text = text.replace(f"@{name}@", value)
    return text


def section(name, title, *parts):
    """A section of a page, with its title."""
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n' + "\n".join(parts) + "\n</section>\n"


def controls(rows):
    """What filters the table of students; the page's script shows it."""
    states = "".join(f"<option>{escaped(state)}</option>" for state in dict.fromkeys(row["status"] for row in rows))
    return ('<div class="controls" id="controls" role="search" hidden>\n<label>Filter <input id="filter" type="search" '
            'size="20" placeholder="a name, a cause ..."></label>\n<label>Status <select id="status"><option value="">'
            f'all</option>{states}</select></label>\n<span id="count" role="status"></span>\n</div>')


def render(settings, rows, results, similar, compared):
    """The text of the page."""
    graded = sum(row["status"] == "graded" for row in rows)
    full = sum(row["points"] == row["most"] for row in rows if row["points"] != "")
    pages = {name for name, result in results.items() if result["record"].get("page")}
    intro = (f"<p>{len(rows)} students, {graded} graded, {full} with full points. Seeds: "
             f"{' '.join(map(str, settings['seeds']))}.</p>\n<nav aria-label=\"Sections\"><a href=\"#points\">Points</a>"
             '<a href="#failures">Failures</a><a href="#similar">Nearly identical</a></nav>')
    return page(f"Lab {settings['lab']}", intro, section(
        "points", "Points", histogram(rows), "<p><em>Changed</em> is what differs outside of the places that this lab, "
        "or an earlier one, leaves to students. Read it if there are points: a kernel that deceives its graders has it "
        "there.</p>", controls(rows), points_table(rows, pages)) + section(
            "failures", "Failures, grouped by their texts", group_table(table.groups(results))) + section(
                "similar", "Nearly identical", "<p>This compares the text that each submission adds to the handout. Look "
                "at the sources before you draw conclusions.</p>", similar_list(similar, compared)))
