# SPDX-License-Identifier: BSD-3-Clause
"""kernel/fs runs on the host (tests/fs): against a model, with threads, without memory, and with crashes."""

import pathlib
import subprocess

import pytest

import damage

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def fstest(tmp_path_factory):
    """fstest(mode, blocks, seed, n) runs it on a new image, then checks the image. Returns mkfs's notes."""
    folder = tmp_path_factory.mktemp("fs")
    program = folder / "fstest"
    damage.build_kernel(program, "-DINVARIANTS")

    def run(mode, blocks, seed, n):
        image = folder / f"{mode}{seed}.img"
        subprocess.run(["build/mkfs", image, "-s", str(blocks)], cwd=ROOT, check=True)
        done = subprocess.run([program, mode, image, str(seed), str(n), "build/mkfs"], cwd=ROOT,
                              capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0 and done.stdout.endswith("ok\n"), done.stdout + done.stderr
        checked = subprocess.run(["build/mkfs", "-c", image], cwd=ROOT, capture_output=True,
                                 text=True, check=False)
        assert checked.returncode == 0, checked.stdout
        image.unlink()
        return checked.stdout

    return run


def test_units(fstest):
    """Full disks, no memory, I/O errors, bad addresses and a large file lose nothing."""
    fstest("units", 18500, 1, 0)


@pytest.mark.parametrize("seed", range(4))
def test_random(fstest, seed):
    """Every call has the same result as in the model, and so has the whole tree."""
    fstest("random", 2500, seed, 4000)


@pytest.mark.parametrize("seed", range(4))
def test_tight(fstest, seed):
    """With the smallest log, every operation, and the end of several removed directories, stays within its
    reservation: one block more would be a panic."""
    fstest("tight", 2500, seed, 3000)


@pytest.mark.parametrize("seed", range(4))
def test_threads(fstest, seed):
    """Four threads on a slow disk do not change each other's files, and leave an image that is in order and
    empty."""
    assert fstest("stress", 2500, seed, 5000) == ""


def test_errors(fstest):
    """Each request of a commit fails in turn, and the next mount finds the tree of one of two commits."""
    fstest("errors", 2500, 1, 0)


@pytest.mark.parametrize("seed", range(3))
def test_crash(fstest, seed):
    """After a power failure, the tree is as it was after some call since the last sync."""
    fstest("crash", 2500, seed, 2000)
