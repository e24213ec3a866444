"""Gradescope's autograder: packing it, and what it does there.

    make gradescope LAB=4 [OUT=autograder.zip]      pack it: this tree, setup.sh, run_autograder
    python3 -m grading.staff.gradescope run LAB     there: grade submission/, write results/results.json

Gradescope's folders are below /autograder, or where the environment's AUTOGRADER says.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import zipfile

from grading import engine, formats
from grading.machine import ROOT
from grading.staff import one, results, sandbox

TREE = ("Makefile", "README.md", "LICENSE", "kernel", "user", "mkfs", "tools", "grading")
LEFT_OUT = ("__pycache__", "answers")
BENCHED = ("2", "4", "6")       # labs with a leaderboard
BENCH_SECONDS = 600

SETUP = """#!/bin/sh
# Run once, as root, when Gradescope makes the image: packages, and this tree built.
cd "${AUTOGRADER:-/autograder}/source/nymph" || exit 1
command -v make >/dev/null || { apt-get -q -q update; apt-get -q -q -y install make; }
tools/setup || { echo "setup: packages are missing, see above"; exit 1; }
tools/doctor >doctor.txt || {
    grep PROBLEM doctor.txt
    echo "setup: this image cannot run the graders. Ubuntu 22.04's QEMU is too old: choose a base image"
    echo "with Ubuntu 24.04 or newer, or Debian 12 or newer."
    exit 1
}
make -s all >build.txt 2>&1 || { cat build.txt; exit 1; }
echo "setup: all is well"
"""

RUN = """#!/bin/sh
# Run for each submission: grades submission/ and writes results/results.json.
export AUTOGRADER="${AUTOGRADER:-/autograder}"
cd "$AUTOGRADER/source/nymph" && exec /usr/bin/python3 -m grading.staff.gradescope run %s
"""


# --- packing -----------------------------------------------------------------------------------

def files():
    """The tree's files, relative to its top."""
    found = []
    for name in TREE:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_file() and not any(part in LEFT_OUT or part.startswith(".") for part in inside.parts):
                found.append(inside)
    return found


def add(archive, name, data, executable):
    """A file of the archive; the same bytes each time."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (0o755 if executable else 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def pack(lab, out):
    """Write the zip."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w") as archive:
        add(archive, "setup.sh", SETUP, True)
        add(archive, "run_autograder", RUN % lab, True)
        for path in files():
            add(archive, f"nymph/{path}", (ROOT / path).read_bytes(), os.access(ROOT / path, os.X_OK))
    print(f"{out}: lab {lab}; upload it as the autograder of a programming assignment")


# --- there -------------------------------------------------------------------------------------

def handed_in(folder):
    """The submission: what Gradescope unpacked, or the one archive that a student sent."""
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if len(entries) == 1 and re.search(r"\.(zip|tar|t?gz|tar\.\w+|tbz2?|txz)$", entries[0].name, re.I):
        return entries[0]
    return folder


def leaderboard(tree, options, lab, record):
    """Lines for Gradescope's leaderboard; none without full points, or for a lab that has none."""
    if lab not in BENCHED or record["points"] < record["most"]:
        return []
    (tree / "graded.json").write_text(json.dumps(record), encoding="utf-8")
    done = sandbox.run(["make", "-s", *options, "leaderboard", f"LAB={lab}", "OUT=entry.json"], tree,
                       BENCH_SECONDS, RECORD="graded.json")
    if done.status != 0:
        print(f"no leaderboard: {done.output[-500:]}")
        return []
    return json.loads((tree / "entry.json").read_text(encoding="utf-8"))["leaderboard"]


def graded(source, lab, scratch):
    """The record of a submission, with its lines for the leaderboard."""
    boards = []
    result = one.grade(source, "submission", lab, results.draw_seeds(), scratch,
                       also=lambda tree, options, record: boards.extend(
                           leaderboard(tree, options, lab, record)))
    record = result["record"]
    if boards:
        record["leaderboard"] = boards
    return result, record


def run(lab, place):
    """Grade the submission; the text of results.json."""
    with tempfile.TemporaryDirectory(prefix="nymph.") as scratch:
        result, record = graded(handed_in(place / "submission"), lab, pathlib.Path(scratch, "one"))
    text = json.loads(formats.FORMATS["gradescope"][1](record))
    if result["status"] == "refused":
        text["output"] = f"It could not be graded: {result['cause']}"
    if result["notes"]:
        text["output"] += "\n" + "\n".join(result["notes"])
    return json.dumps(text, indent=1) + "\n"


def main(words):
    """The exit status."""
    what, lab = words
    if not engine.load_labs(lab):
        print(f"LAB={lab}: give the number of a lab", file=sys.stderr)
        return 2
    if what == "pack":
        pack(lab, pathlib.Path(os.environ.get("OUT") or ROOT / "build" / "autograder.zip"))
        return 0
    place = pathlib.Path(os.environ.get("AUTOGRADER", "/autograder"))
    try:
        text = run(lab, place)
    except (one.Failed, sandbox.Missing, OSError) as error:
        text = json.dumps({"score": 0, "output": f"The grader itself failed, tell your instructor: {error}",
                           "execution_time": 0, "stdout_visibility": "hidden", "tests": []})
    results.write_whole(place / "results" / "results.json", text)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
