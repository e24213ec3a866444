"""The graders: full points on this tree, and none for lines that are not the run's own."""

import os
import subprocess

import pytest

from conftest import make
from grading import engine, events


def full_points(**options):
    """Grade everything; the solved tree must get all points."""
    done = make("-s", "grade", *(f"{name}={value}" for name, value in options.items()), check=False,
                timeout=900)
    assert done.returncode == 0, done.stdout
    got, _, most = done.stdout.splitlines()[-1].removeprefix("Points: ").partition(" of ")
    assert got == most and int(most) > 0


@pytest.mark.parametrize("loaded", [False, True])
def test_full_points(loaded):
    """The solved tree gets all points, on a busy host too."""
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
            for _ in range(os.cpu_count() if loaded else 0)]
    try:
        full_points()
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def test_untimely_switches():
    """All scenes but the few about what a switch ends, with every critical section's end a switch:
    Covers T64."""
    full_points(UNTIMELY=1)


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


RECORD = """scene key={k} test=t1 result=ended
ev key={k} what=log td=A cpu=0 n=2 val=1 t=100
ev key={k} what=end td=A cpu=0 n=1 val=0 t=200
audit key={k} threads=5 allq=5 runnable=0 undelivered=0 ipimask=0 crit=0 refs=0
end key={k} test=t1 events=2
"""


def test_record():
    """Runs of values are taken apart again; another run's lines, and verdicts, are not looked at."""
    record = events.parse("PASS\n" + RECORD.format(k="old") + RECORD.format(k="new"), "new")
    assert [str(event) for event in record.events] == ["A:1", "A:2", "A:end=0"]
    assert record.result == "ended" and record.audit["allq"] == 5


@pytest.mark.parametrize("lost", range(5))
def test_missing_line_shows(lost):
    """Any line that is lost, or there twice, is noticed."""
    lines = RECORD.format(k="k").splitlines()
    for changed in (lines[:lost] + lines[lost + 1:], lines[:lost] + [lines[lost]] + lines[lost:]):
        with pytest.raises(events.BadEvents):
            events.parse("\n".join(changed), "k")


def test_order_marks_the_first_difference():
    """A judge's text shows where the sequences part, and which event was wrong."""
    scene = engine.Scene(events.parse(RECORD.format(k="k"), "k"), {}, {})
    with pytest.raises(engine.Failure) as caught:
        scene.order(scene.events, ["A:1", "B:1"], "turns")
    assert caught.value.expected == "turns: A:1 [B:1]"
    assert caught.value.seen == "A:1 [A:2] A:end=0"
    assert caught.value.at.val == 2


BROKEN = [  # what is changed, in which file, into what; the lab and a test that must see it
    ("first->td_runprev->td_runnext = td;", "kernel/lwkt/runq.h",
     "gd->gd_tdrunq[td->td_pri] = td; first->td_runprev->td_runnext = td;", "switch", "t1"),
    ("bit_highest32(gd->gd_runqmask)", "kernel/lwkt/switch.c",
     "bit_highest32(gd->gd_runqmask & -gd->gd_runqmask)", "switch", "t2"),
]


@pytest.mark.parametrize("old, path, new, lab, seen_by", BROKEN)
def test_broken_kernel_loses_points(tree, old, path, new, lab, seen_by):
    """A kernel with a student's bug: the test of that mechanism says so, with all that helps."""
    text = (tree / path).read_text()
    assert old in text
    (tree / path).write_text(text.replace(old, new))
    done = make("-s", "-j2", "grade", f"LAB={lab}", f"TEST={seen_by}", cwd=tree, check=False)
    assert done.returncode != 0
    assert f"FAIL  {seen_by}" in done.stdout and "Traceback" not in done.stdout + done.stderr
    for word in ("expected", "seen", "again", "by hand"):
        assert word in done.stdout


def test_hanging_machine():
    """One that does not end in time is ended, and said to be so."""
    result = engine.machine.run("sleep 10000", timeout=5, DETERMINISTIC=1)
    assert result.seconds < 15 and "silent" in engine.broken(result).seen


HANGS = """
panic: the scene hangs: 1 threads do not end
cpu 0 (hart 0), thread 0xffffffc08fe0b430 (A), in 1 critical sections
backtrace:
  ffffffc0802082bc kt_watch+0x4c
  ffffffc08021890e cpu_relax+0x52
  ffffffc08020c93a enqueue_message+0xc2
cpu 1 (hart 1) ran idle1: lwkt_idle_loop < start_secondary < _start_secondary
cpu 2 (hart 2) ran B: lwkt_wait_ipiq < kt_play
"""


def test_hang_says_where():
    """The kernel's report of a scene that hangs becomes one line; idle cpus say nothing."""
    result = engine.machine.Result(HANGS, 101, 1.0, "", "")
    assert engine.broken(result).seen == (
        "it hangs; cpu 0 runs A, in cpu_relax < enqueue_message; "
        "cpu 2 runs B, in lwkt_wait_ipiq < kt_play")


def test_panic_is_said_at_once():
    """A panic doesn't wait for a time limit, and is quoted."""
    result = engine.machine.run("sysctl debug.panic=1", timeout=30, DETERMINISTIC=1,
                                APPEND="ktest=1")
    assert result.seconds < 20 and "debug.panic=1" in engine.broken(result).seen
