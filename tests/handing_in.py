# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of submissions share: kernels, and folders and archives like those that students hand in."""

import os
import pathlib
import subprocess
import tarfile
import zipfile

from conftest import ROOT
from grading import handout
from grading.staff import submission

CHEATS = ROOT / "tests" / "cheats"
MUTANTS = ROOT / "tests" / "mutants"


def solved():
    """path -> bytes of the course's own kernel/."""
    return {path: (ROOT / path).read_bytes() for path in submission.course_files()}


def handed_out(lab):
    """path -> bytes of the kernel/ that a student of the lab begins with."""
    tree = solved()
    return handout.student_tree(tree, handout.marked_files(tree), lab)


def write(files, folder):
    """Write files (path -> bytes) into a folder; return the folder."""
    for path, data in files.items():
        place = pathlib.Path(folder, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return pathlib.Path(folder)


def patched(files, patch, place):
    """The files with a patch applied; `place` is a folder to do that in."""
    folder = write(files, place)
    subprocess.run(["patch", "-p1", "-s", "--no-backup-if-mismatch", "--fuzz=0", "-i", patch], cwd=folder,
                   check=True, capture_output=True)
    return {os.path.relpath(path, folder): path.read_bytes() for path in folder.rglob("*")
            if path.is_file()}


def as_zip(files, path, top=""):
    """Write a zip file; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return path


def as_tar(files, path, top=""):
    """Write a tar file, compressed as its name says; return its path."""
    folder = write(files, path.with_suffix(".folder"))
    with tarfile.open(path, "w:" + {".gz": "gz", ".xz": "xz", ".bz2": "bz2"}.get(path.suffix, "")) as archive:
        for name in files:
            archive.add(folder / name, top + name)
    subprocess.run(["rm", "-rf", folder], check=True)
    return path
