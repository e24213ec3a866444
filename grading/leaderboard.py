# SPDX-License-Identifier: BSD-3-Clause
"""`make leaderboard LAB=2 [NAME=me] [OUT=file]`: make an entry for the leaderboard of a lab.

The entry has the instruction counts that `make bench` measures, and a total: 100 times the geometric mean
of the counts relative to those of the course's own kernel (bench.csv). A kernel that is as fast as
the course's has 100, and less is better. The counts are the same in every run on every host, so the
ranking is fair as long as the compiler is the same. A kernel without full points in the lab gets no
entry. With RECORD=file in the environment the lab is not graded again: the file is the record.
"""

import getpass
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

from grading import bench, machine

class Refused(Exception):
    """There is no entry; the text says why, in one line."""


def figures():
    """lab -> {operation: the count of the course's kernel}."""
    found = {}
    for name, line in bench.figures().items():
        if line["lab"]:
            found.setdefault(line["lab"], {})[name] = line["measured"]
    return found


def graded(lab):
    """The record of this kernel in the lab."""
    given = os.environ.get("RECORD")
    with tempfile.TemporaryDirectory(prefix="leaderboard.") as place:
        path = pathlib.Path(given or pathlib.Path(place, "record.json"))
        if not given:
            words = ["make", "-s", "grade", f"LAB={lab}", "FORMAT=json", f"OUT={path}"]
            subprocess.run(words, cwd=machine.ROOT, env=machine.environment(), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=False)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Refused(f"lab {lab} could not be graded; type: make grade LAB={lab}") from None


def check(record, lab):
    """Refuse a record without full points, or of another lab."""
    if str(record.get("lab")) != lab or record["points"] != record["most"] or not record["most"]:
        raise Refused(f"lab {lab}: {record['points']} of {record['most']} points; an entry needs full points "
                      f"(make grade LAB={lab})")


def total(counts, own):
    """100 times the geometric mean of the counts relative to the course's own."""
    logs = [math.log(max(counts[name], 1) / own[name]) for name in own]
    return round(100 * math.exp(sum(logs) / len(logs)), 2)


def entry(lab, name, measured):
    """The entry. Its `leaderboard` has the form that Gradescope's results.json takes."""
    own = figures()[lab]
    counts = {operation: count for operation, count in measured if operation in own}
    if set(counts) != set(own):
        raise Refused("not measured: " + ", ".join(sorted(set(own) - set(counts))))
    score = total(counts, own)
    lines = [{"name": "total", "value": score, "order": "asc"}]
    lines += [{"name": operation, "value": counts[operation], "order": "asc"} for operation in own]
    return {"version": 1, "lab": lab, "name": name, "total": score, "leaderboard": lines}


def in_words(made):
    """The entry as one line."""
    counts = ", ".join(f"{line['name']} {line['value']:,}" for line in made["leaderboard"][1:])
    return (f"{made['name']}: lab {made['lab']}, {made['total']} (the course's kernel: 100; less is better): "
            f"{counts}")


def user():
    """The name of the user; in a sandbox there may be none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def main(lab, name, out):
    """Grade, measure and write the entry; return the exit status."""
    if lab not in figures():
        print(f"LAB={lab}: give a lab that has a leaderboard: {', '.join(sorted(figures()))}", file=sys.stderr)
        return 2
    try:
        check(graded(lab), lab)
        made = entry(lab, name or user(), bench.table())
    except (Refused, bench.Unmeasured) as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return 1
    print(in_words(made))
    if out:
        pathlib.Path(out).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(os.environ.get(variable, "") for variable in ("LAB", "NAME", "OUT"))))
