# SPDX-License-Identifier: BSD-3-Clause
"""`make board ENTRIES=folder [OUT=board.html]`: merge entries of the leaderboard into a page.

An entry is a file that `make leaderboard OUT=` has written, in any subfolder. Of several entries of one name in one
lab the best counts. The page has a table for each lab, with the course's own kernel among its rows.
"""

import json
import pathlib
import re
import sys

from grading import leaderboard
from grading.staff import html_report
from grading.staff.results_folder import write_atomically

OWN = "the course's kernel"


def read(path):
    """The entry in a file, or None: not every file in a folder is one."""
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        counts = {line["name"]: line["value"] for line in made["leaderboard"]}
        if made["version"] == 1 and all(isinstance(value, (int, float)) for value in counts.values()):
            return {"lab": str(made["lab"]), "name": str(made["name"]), "total": float(made["total"]), "counts": counts}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def merged(entries):
    """lab -> its entries, the best of each name, the best first."""
    best = {}
    for entry in entries:
        key = entry["lab"], entry["name"]
        if key not in best or entry["total"] < best[key]["total"]:
            best[key] = entry
    labs = {}
    for (lab, _), entry in sorted(best.items(), key=lambda item: (item[1]["total"], item[0])):
        labs.setdefault(lab, []).append(entry)
    return dict(sorted(labs.items()))


def ranks(entries):
    """[(rank, entry)]: entries with the same total share a rank; the course's kernel has none."""
    found, rank = [], 0
    for number, entry in enumerate((one for one in entries if one["name"] != OWN), 1):
        if not found or entry["total"] != found[-1][1]["total"]:
            rank = number
        found.append((rank, entry))
    return found + [("", entry) for entry in entries if entry["name"] == OWN]


def table(lab, entries):
    """The table of a lab."""
    own = leaderboard.figures().get(lab, {})
    if own:
        entries = [*entries, {"lab": lab, "name": OWN, "total": 100.0, "counts": own}]
    names = [name for name in dict.fromkeys(name for entry in entries for name in entry["counts"]) if name != "total"]
    rows = sorted(ranks(entries), key=lambda row: (row[1]["total"], row[1]["name"]))
    return html_report.plain_table(("rank", "name", "total", *names), [
        (rank, entry["name"], f"{entry['total']:.2f}", *(entry["counts"].get(name, "") for name in names))
        for rank, entry in rows], words=("name",))


def render(labs):
    """The page."""
    parts = "".join(html_report.section(f"lab{lab}", f"Lab {lab}", table(lab, entries)) for lab, entries in labs.items())
    intro = ("<p>Instructions that each operation takes, without assertions; less is better. The total is 100 times "
             "the geometric mean relative to the course's kernel. Choose a column's head to sort by it.</p>")
    return html_report.page("Leaderboard", intro, parts or "<p>No entries.</p>")


def main(words):
    """Merge; return the exit status."""
    folder, out = words
    place = pathlib.Path(folder)
    if not folder or not place.is_dir():
        print(f"ENTRIES={folder}: give a folder with the files that make leaderboard OUT= writes", file=sys.stderr)
        return 2
    entries = [entry for path in sorted(place.rglob("*.json")) if (entry := read(path))]
    labs = {lab: found for lab, found in merged(entries).items() if re.fullmatch(r"\d+", lab)}
    out = pathlib.Path(out or "board.html")
    write_atomically(out, render(labs))
    print(f"{out}: {len(entries)} entries of {sum(map(len, labs.values()))} names; open it with a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
