# SPDX-License-Identifier: BSD-3-Clause
"""The zip of `make gradescope`, unpacked in a clean folder, grades a submission as Gradescope would."""

import json
import os
import subprocess
import tarfile
import zipfile

import jsonschema
import pytest

from conftest import ROOT, make
from grading import handout, machine
from handing_in import as_tar, as_zip, handed_out, solved, write

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


def environment(place, **more):
    """The environment of the scripts: little more than where their folders are."""
    return {"PATH": os.environ["PATH"], "HOME": "/root", "AUTOGRADER": str(place), **more}


def grade(place, files, **more):
    """Grade a submission; return its results.json, which must be valid by its schema."""
    subprocess.run(["rm", "-rf", place / "submission"], check=True)
    (place / "submission").mkdir()
    files(place / "submission")
    done = subprocess.run([place / "source" / "run_autograder"], cwd="/", env=environment(place, **more),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stderr
    results = json.loads((place / "results" / "results.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "tests/schemas/gradescope.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, schema)
    return results


def test_solved_and_handed_out(autograder):
    """The solved kernel gets full points, and the handout at most a tenth. In most images bubblewrap does
    not work; then root builds and grades as another user."""
    results = grade(autograder, lambda place: write(solved(), place / "lab3"), NO_BUBBLEWRAP="1")
    assert results["score"] == sum(test["max_score"] for test in results["tests"]) > 0, results["output"]
    results = grade(autograder, lambda place: as_zip(handed_out(int(LAB)), place / "mine.zip"))
    assert results["score"] <= sum(test["max_score"] for test in results["tests"]) / 10


def test_nothing_to_copy_from(autograder):
    """The zip has no line of the lab's solution, only root can read what it was unpacked to, and a submission
    that includes a source from there gets no points."""
    source = autograder / "source" / "nymph"
    names = [str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()]
    given = {name: (source / name).read_bytes() for name in names if not name.startswith("build/")}
    assert handout.leaks(handout.marked_files(solved()), given, int(LAB)) == []
    assert not [name for name in names if (source / name).stat().st_mode & 0o77]
    path = "kernel/lwkt/crit.c"
    files = {**solved(), path: f'#include "{source / path}"\n'.encode()}
    results = grade(autograder, lambda place: write(files, place), NO_BUBBLEWRAP="1")
    assert results["score"] == 0 and "not_implemented" not in results["output"]


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


def test_autolab(tmp_path):
    """Autolab's tar has no images and no line of the solution; by its Makefile a submission is graded, and the last
    line is Autolab's."""
    make("-s", "autolab", f"LAB={LAB}", f"OUT={tmp_path}")
    with tarfile.open(tmp_path / "autograde.tar") as tar:
        names = tar.getnames()
        given = {name.removeprefix("nymph/"): tar.extractfile(name).read() for name in names if "/build/" not in name}
    assert (tmp_path / "autograde.tar").stat().st_size < 30 << 20 and not [n for n in names if n.endswith(".img")]
    assert handout.leaks(handout.marked_files(solved()), given, int(LAB)) == []
    path = "kernel/lwkt/crit.c"
    as_tar({**solved(), path: solved()[path] + b"\nint x = ;\n"}, tmp_path / "handin.tar.gz")
    done = subprocess.run(["make", "-s", "-f", "autograde-Makefile"], cwd=tmp_path, env=machine.environment(),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "error: expected expression" in done.stdout, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["scores"] == {"crit": 0, "races3": 0}
    built = (tmp_path / "nymph/images.txt").read_text()
    assert "mkfs  build/ram.img" in built and "cc " not in built, "the programs are not built again"
