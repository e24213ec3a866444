# SPDX-License-Identifier: BSD-3-Clause
"""`make leaderboard` makes an entry from the benchmarks of a kernel that has full points."""

import json
import re

import pytest

from conftest import make
from grading import engine, leaderboard

FULL = {"version": 1, "lab": "2", "points": 10, "most": 10}


def test_total():
    """The course's kernel has a total of 100, and the mean is geometric."""
    own = {"a": 100, "b": 10}
    assert leaderboard.total({"a": 100, "b": 10}, own) == 100
    assert leaderboard.total({"a": 50, "b": 20}, own) == 100
    assert leaderboard.total({"a": 50, "b": 10}, own) == pytest.approx(70.71)


def test_entry():
    """An entry has the total first and then all operations of the lab; none may be missing."""
    measured = [(name, count * 2) for name, count in leaderboard.figures()["4"].items()]
    made = leaderboard.entry("4", "ann", measured + [("other", 1)])
    assert made["leaderboard"][0] == {"name": "total", "value": 200.0, "order": "asc"}
    assert {line["name"] for line in made["leaderboard"][1:]} == set(leaderboard.figures()["4"])
    assert "ann: lab 4, 200.0" in leaderboard.in_words(made)
    with pytest.raises(leaderboard.Refused, match="not measured"):
        leaderboard.entry("4", "ann", measured[1:])


@pytest.mark.parametrize("change", [{"points": 9}, {"lab": "4"}, {"points": 0, "most": 0}])
def test_only_with_full_points(change):
    """A record without full points in this lab is refused."""
    leaderboard.check(FULL, "2")
    with pytest.raises(leaderboard.Refused):
        leaderboard.check({**FULL, **change}, "2")


def test_labs():
    """The labs with a leaderboard are 2, 4 and 6, and each of them has tests."""
    assert set(leaderboard.figures()) == {"2", "4", "6"}
    assert all(engine.load_labs(lab) for lab in leaderboard.figures())


def test_no_such_board(capsys):
    """For another lab a line names those that have one, in their order."""
    assert leaderboard.main("3", "me", "") == 2
    assert capsys.readouterr().err == "LAB=3: give a lab that has a leaderboard: 2, 4, 6\n"


def test_board(tmp_path):
    """Entries are merged: the best of each name counts, equal totals share a rank, and the course's kernel stands
    among them without one; files that are no entries are left out."""
    own = list(leaderboard.figures()["4"].items())
    for number, (name, factor) in enumerate((("ann", 2), ("ann", 1.5), ("<bob>", 0.5), ("carol", 0.5))):
        made = leaderboard.entry("4", name, [(one, int(count * factor)) for one, count in own])
        (tmp_path / f"{number}.json").write_text(json.dumps(made))
    (tmp_path / "other.json").write_text("[]")
    done = make("-s", "board", f"ENTRIES={tmp_path}", f"OUT={tmp_path / 'board.html'}")
    assert "4 entries of 3 names" in done.stdout
    text = (tmp_path / "board.html").read_text(encoding="utf-8")
    rows = re.findall(r'<tr><td class="n">(\d*)</td><td class="words">(.*?)</td><td class="n">([\d.]+)</td>', text)
    assert [row[:2] for row in rows] == [("1", "&lt;bob&gt;"), ("1", "carol"), ("", "the course&#x27;s kernel"),
                                         ("3", "ann")]
    assert 40 < float(rows[0][2]) < 60 and rows[2][2] == "100.00" and 140 < float(rows[3][2]) < 160
    assert make("-s", "board", "ENTRIES=no-such-folder", check=False).returncode == 2


def test_this_tree(tmp_path, monkeypatch):
    """The course's own kernel is about as fast as bench.csv says. A kernel with fewer points is
    refused."""
    monkeypatch.setenv("RECORD", str(tmp_path / "record.json"))
    (tmp_path / "record.json").write_text(json.dumps(FULL))
    make("-s", "leaderboard", "LAB=2", "NAME=ann's", f"OUT={tmp_path / 'entry.json'}")
    made = json.loads((tmp_path / "entry.json").read_text())
    assert made["name"] == "ann's" and 90 < made["total"] < 110
    (tmp_path / "record.json").write_text(json.dumps({**FULL, "points": 9}))
    done = make("-s", "leaderboard", "LAB=2", check=False)
    assert done.returncode != 0 and "9 of 10 points" in done.stderr
