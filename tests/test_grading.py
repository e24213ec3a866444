"""The graders: full points on this tree, and none for lines that are not the run's own."""

import os
import subprocess

import pytest

from conftest import make
from grading import engine, events


@pytest.mark.parametrize("loaded", [False, True])
def test_full_points(loaded):
    """The solved tree gets all points, on a busy host too."""
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
            for _ in range(os.cpu_count() if loaded else 0)]
    try:
        done = make("-s", "grade", check=False, timeout=900)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert done.returncode == 0, done.stdout
    got, _, most = done.stdout.splitlines()[-1].removeprefix("Points: ").partition(" of ")
    assert got == most and int(most) > 0


def test_choice():
    """One lab by name and by number, one test, one seed; what there is when the name is wrong."""
    by_name = make("-s", "grade", "LAB=switch", "TEST=t1", "SEED=5").stdout
    assert "(1 seeds" in by_name
    assert by_name.splitlines()[0] == make("-s", "grade", "LAB=2", "TEST=t1",
                                           "SEED=5").stdout.splitlines()[0]
    done = make("-s", "grade", "LAB=switch", "TEST=nonsense", check=False)
    assert done.returncode != 0 and "give one of t1" in done.stderr


def test_every_lab_has_tests():
    """Names are unique, points are positive, the same test is found again by its number."""
    for lab in engine.load_labs():
        names = [case.name for case in lab.tests]
        assert names and len(names) == len(set(names))
        assert all(case.points > 0 and case.covers for case in lab.tests)


def test_foreign_lines_do_not_count():
    """Lines with another run's key, or none, are not events."""
    console = "ev run=aa seq=0 what=x\nev run=bb seq=0 what=y val=0x10\nev seq=1 what=x\nPASS\n"
    found = events.parse(console, "bb")
    assert [(event.what, event.val) for event in found] == [("y", 16)]


def test_missing_line_shows():
    """Sequence numbers leave no gap."""
    with pytest.raises(events.BadEvents):
        events.parse("ev run=a seq=0 what=x\nev run=a seq=2 what=x\n", "a")


def test_order_marks_the_first_difference():
    """A judge's text shows where the sequences part."""
    scene = object.__new__(engine.Scene)
    with pytest.raises(engine.Failure) as caught:
        scene.order("ABAC", "ABCA", "turns")
    assert caught.value.seen == "A B [A] C"
    assert caught.value.expected == "turns: A B [C] A"
