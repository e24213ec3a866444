# SPDX-License-Identifier: BSD-3-Clause
"""The file system survives reboots, and a plug that is pulled in the middle of a write."""

import random
import shutil
import subprocess
import time

import pytest


@pytest.fixture
def image(tmp_path):
    """A disk image for one test."""
    path = tmp_path / "disk, with a comma.img"
    shutil.copy("build/fresh.img", path)
    return path


def check(image):
    """Check the image with mkfs -c."""
    done = subprocess.run(["build/mkfs", "-c", image], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def extract(image, name):
    """The content of a file, read by mkfs."""
    out = image.parent / "out"
    out.unlink(missing_ok=True)
    subprocess.run(["build/mkfs", "-x", image, name, out], check=True, capture_output=True)
    return out.read_bytes()


def test_fresh_image(image):
    """A new image is clean, and contains the files that were put into it."""
    check(image)
    with open("README.md", "rb") as readme:
        assert extract(image, "README.md") == readme.read()


def test_reboot(run, image):
    """After a reboot, the kernel and mkfs find what was written."""
    disk = {"IMAGE": image, "SNAPSHOT": 0}
    run("mkdir a; mkdir a/b; echo deep > a/b/c; cat README.md > copy; ln copy copy2; rm copy",
        **disk)
    check(image)
    console = run("cat a/b/c; ls a", **disk).console
    assert "deep" in console
    assert extract(image, "copy2") == extract(image, "README.md")
    run("rm copy2; rm a/b/c; rm a/b; rm a", **disk)
    check(image)


@pytest.mark.parametrize("seed", range(6))
def test_pulled_plug(terminal, run, image, seed):
    """QEMU gets SIGKILL while several processes create, write and remove files. The log restores the image
    to a consistent state, and files that were synced before are whole."""
    disk = {"IMAGE": image, "SNAPSHOT": 0}
    term = terminal(**disk)
    term.command("cat README.md > kept; sync")
    churn = "; ".join(f"cat README.md > f{i}; mkdir d{i}; ln f{i} d{i}/l; rm f{i}" for i in range(8))
    term.type(f"({churn}) & ({churn.replace('f', 'g').replace('d', 'e')})\n")
    time.sleep(random.Random(seed).uniform(0.01, 0.6))
    term.close()
    console = run("cat kept | wc; ls", **disk).console
    check(image)
    assert extract(image, "kept") == extract(image, "README.md"), console
