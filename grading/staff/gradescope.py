# SPDX-License-Identifier: BSD-3-Clause
"""Gradescope's autograder: pack it, and run it on Gradescope.

    make gradescope LAB=4 [OUT=autograder.zip]      pack the lab's handout, the staff's part of the graders,
                                                    setup.sh and run_autograder
    python3 -m grading.staff.gradescope run LAB     on Gradescope: grade submission/, write
                                                    results/results.json

The zip has no line of the lab's solution, and what it has is unpacked where only root can read it: most of
Gradescope's images do not allow bubblewrap, so submissions are built as another user (sandbox.py).

Gradescope's folders are in /autograder, or in the folder that AUTOGRADER in the environment names.
"""

import json
import os
import pathlib
import sys
import zipfile

from grading import engine, formats, handout, leaderboard, races
from grading.machine import ROOT
from grading.staff import results_folder, sandbox, submission, worker

# What a handout does not have, but grading needs.
STAFF = ("grading/handout.py", "grading/kernels.py", "grading/staff")
BENCH_SECONDS = 600             # of the host's time: how long the benchmarks may take

SETUP = """#!/bin/sh
# Gradescope runs this once, as root, when it makes the image: install packages, build this tree.
cd "${AUTOGRADER:-/autograder}/source/nymph" || exit 1
command -v make >/dev/null || { apt-get -q -q update; apt-get -q -q -y install make; }
tools/setup || { echo "setup: packages are missing, see above"; exit 1; }
command -v bsdtar >/dev/null || apt-get -q -q -y --no-install-recommends install libarchive-tools
tools/doctor >doctor.txt || {
    grep PROBLEM doctor.txt
    echo "setup: this image cannot run the graders. The QEMU of Ubuntu 22.04 is too old: choose a base image"
    echo "with Ubuntu 24.04 or newer, or Debian 12 or newer."
    exit 1
}
make -s all >build.txt 2>&1 || { cat build.txt; exit 1; }
chmod -R go= .
echo "setup: all is well"
"""

RUN = """#!/bin/sh
# Gradescope runs this for each submission: grade submission/, write results/results.json.
export AUTOGRADER="${AUTOGRADER:-/autograder}"
cd "$AUTOGRADER/source/nymph" && exec /usr/bin/python3 -m grading.staff.gradescope run %s
"""


# --- packing -----------------------------------------------------------------------------------

def files(lab):
    """path -> content of what is packed: the lab's handout, and what grades it."""
    number = engine.load_labs(lab)[0].number
    paths = [*submission.given_files(), *submission.course_files()]
    for name in STAFF:
        paths += [str(path.relative_to(ROOT)) for path in [ROOT / name, *(ROOT / name).glob("*.py")]
                  if path.is_file()]
    for name in races.COURSE:
        paths += [str(path.relative_to(ROOT)) for path in [ROOT / name, *(ROOT / name).rglob("*")]
                  if path.is_file() and not handout.is_instructors(str(path.relative_to(ROOT)))]
    tree = {path: (ROOT / path).read_bytes() for path in sorted(set(paths))}
    marked = handout.marked_files(tree)
    given = {**tree, **{path: handout.handout_text(parts, number).encode() for path, parts in marked.items()}}
    found = handout.leaks(marked, given, number)
    if found:
        raise handout.Refused(f"{found[0][0]}:{found[0][1]}: a line of the solution: {found[0][2]}")
    return given


def add(archive, name, data, executable):
    """Add a file to the archive; the same tree always gives the same bytes."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (0o755 if executable else 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def pack(lab, out):
    """Write the zip file."""
    packed = files(lab)
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w") as archive:
        add(archive, "setup.sh", SETUP, True)
        add(archive, "run_autograder", RUN % lab, True)
        for path, data in packed.items():
            add(archive, f"nymph/{path}", data, os.access(ROOT / path, os.X_OK))
    print(f"{out}: lab {lab}; upload it as the autograder of a programming assignment")


# --- on Gradescope -----------------------------------------------------------------------------

def leaderboard_lines(tree, options, lab, record):
    """Lines for Gradescope's leaderboard. There are none without full points, or for a lab without a
    leaderboard."""
    if lab not in leaderboard.figures() or record["points"] < record["most"]:
        return []
    (tree / "build" / "graded.json").write_text(json.dumps(record), encoding="utf-8")
    done = sandbox.run(["make", "-s", *options, "leaderboard", f"LAB={lab}", "OUT=build/entry.json"],
                       tree, BENCH_SECONDS, RECORD="build/graded.json")
    if done.status != 0:
        print(f"no leaderboard: {done.output[-500:]}")
        return []
    return json.loads((tree / "build" / "entry.json").read_text(encoding="utf-8"))["leaderboard"]


def run(lab, place):
    """Grade the submission; return the text of results.json."""
    result = worker.grade_alone(place / "submission", lab,
                                lambda tree, options, record: record.update(
                                    leaderboard=leaderboard_lines(tree, options, lab, record)))
    return formats.FORMATS["gradescope"][1](result["record"])


def main(words):
    """Pack or run; return the exit status."""
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
    except (worker.Failed, sandbox.Missing, OSError) as error:
        text = json.dumps({"score": 0, "output": f"The grader itself failed; tell your instructor: {error}",
                           "execution_time": 0, "stdout_visibility": "hidden", "tests": []})
    results_folder.write_atomically(place / "results" / "results.json", text)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
