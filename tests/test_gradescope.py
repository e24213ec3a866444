# SPDX-License-Identifier: BSD-3-Clause
"""The zip of `make gradescope`, unpacked in a clean folder, grades a submission as Gradescope would."""

import json
import os
import subprocess
import zipfile

import jsonschema
import pytest

from conftest import ROOT, make
from handing_in import as_zip, handed_out, solved, write

LAB = "3"       # the lab that is graded fastest


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """A folder like Gradescope's /autograder after setup.sh."""
    place = tmp_path_factory.mktemp("autograder")
    make("-s", "gradescope", f"LAB={LAB}", f"OUT={place / 'autograder.zip'}")
    source = place / "source"
    with zipfile.ZipFile(place / "autograder.zip") as archive:
        for info in archive.infolist():
            path = archive.extract(info, source)
            os.chmod(path, info.external_attr >> 16)
    assert not list(source.rglob("answers")) and not list(source.rglob("*.pyc"))
    for name in ("results", "submission"):
        (place / name).mkdir()
    done = subprocess.run(["./setup.sh"], cwd=source, env=environment(place), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and done.stdout.endswith("all is well\n"), done.stdout + done.stderr
    return place


def environment(place):
    """The environment of the scripts: little more than where their folders are."""
    return {"PATH": os.environ["PATH"], "HOME": "/root", "AUTOGRADER": str(place)}


def grade(place, files):
    """Grade a submission; return its results.json, which must be valid by its schema."""
    subprocess.run(["rm", "-rf", place / "submission"], check=True)
    (place / "submission").mkdir()
    files(place / "submission")
    done = subprocess.run([place / "source" / "run_autograder"], cwd="/", env=environment(place),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stderr
    results = json.loads((place / "results" / "results.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "tests/schemas/gradescope.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, schema)
    return results


def test_solved_and_handed_out(autograder):
    """The solved kernel gets full points, and the handout at most a tenth."""
    results = grade(autograder, lambda place: write(solved(), place / "lab3"))
    assert results["score"] == sum(test["max_score"] for test in results["tests"]) > 0
    results = grade(autograder, lambda place: as_zip(handed_out(int(LAB)), place / "mine.zip"))
    assert results["score"] <= sum(test["max_score"] for test in results["tests"]) / 10


def test_broken(autograder):
    """A submission that cannot be graded, or does not build, gets no points and a line that says why."""
    results = grade(autograder, lambda place: write({"README": b""}, place))
    assert results["score"] == 0 and "no kernel/" in results["output"] and results["tests"]
    path = "kernel/lwkt/crit.c"
    wrong = {**solved(), path: solved()[path] + b"\nint x = ;\n"}
    results = grade(autograder, lambda place: write(wrong, place))
    assert results["score"] == 0 and "error: expected expression" in results["output"]


def test_unpackable_image(autograder, tmp_path):
    """If the QEMU of an image is too old, setup.sh says so when the image is made."""
    (tmp_path / "qemu-system-riscv64").write_text("#!/bin/sh\necho QEMU emulator version 6.2.0\n")
    (tmp_path / "qemu-system-riscv64").chmod(0o755)
    env = environment(autograder)
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    done = subprocess.run(["./setup.sh"], cwd=autograder / "source", capture_output=True, text=True,
                          check=False, env=env)
    assert done.returncode == 1 and "Ubuntu 24.04" in done.stdout and "too old" in done.stdout


def test_no_such_lab():
    """A lab that does not exist is reported in a line, and the status is 2."""
    done = make("-s", "gradescope", "LAB=77", check=False)
    assert done.returncode == 2 and "LAB=77" in done.stderr
