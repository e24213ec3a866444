"""`make leaderboard LAB=2 [NAME=me] [OUT=file]`: an entry for the leaderboard of a lab, from `make bench`.

The entry's total is 100 times the geometric mean of the figures against the course's own
(leaderboard.txt): 100 is as fast as the course's kernel, less is better. Counts of instructions repeat
to the digit, so a ranking is fair on any host, with the same compiler. A kernel without full points in
the lab gets no entry. RECORD=file in the environment: the lab was graded already, this is the record.
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

FIGURES = machine.ROOT / "grading" / "leaderboard.txt"


class Refused(Exception):
    """Why there is no entry, in one line."""


def figures():
    """lab -> {operation: the course's count}."""
    found = {}
    for line in FIGURES.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            lab, count, name = line.split(None, 2)
            found.setdefault(lab, {})[name] = int(count)
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
    """Full points, and of that lab."""
    if str(record.get("lab")) != lab or record["points"] != record["most"] or not record["most"]:
        raise Refused(f"lab {lab}: {record['points']} of {record['most']} points; an entry needs all of them "
                      f"(make grade LAB={lab})")


def total(counts, own):
    """100 times the geometric mean of the counts against the course's."""
    logs = [math.log(max(counts[name], 1) / own[name]) for name in own]
    return round(100 * math.exp(sum(logs) / len(logs)), 2)


def entry(lab, name, measured):
    """The entry: `leaderboard` is what Gradescope's results.json takes."""
    own = figures()[lab]
    counts = {operation: count for operation, count in measured if operation in own}
    if set(counts) != set(own):
        raise Refused("not measured: " + ", ".join(sorted(set(own) - set(counts))))
    score = total(counts, own)
    lines = [{"name": "total", "value": score, "order": "asc"}]
    lines += [{"name": operation, "value": counts[operation], "order": "asc"} for operation in own]
    return {"version": 1, "lab": lab, "name": name, "total": score, "leaderboard": lines}


def in_words(made):
    """The entry as a line."""
    counts = ", ".join(f"{line['name']} {line['value']:,}" for line in made["leaderboard"][1:])
    return (f"{made['name']}: lab {made['lab']}, {made['total']} (the course's kernel: 100; less is better): "
            f"{counts}")


def user():
    """The name of whoever runs this; in a sandbox there may be none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def main(lab, name, out):
    """Grade, measure, write; the exit status."""
    if lab not in figures():
        print(f"LAB={lab}: give a lab that has a leaderboard: {', '.join(figures())}", file=sys.stderr)
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
