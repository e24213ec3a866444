# SPDX-License-Identifier: BSD-3-Clause
"""The page with a picture of each failure: what is drawn of made-up failures, and what a browser shows of it."""

import json
import re
import subprocess

import pytest
from selenium.webdriver.common.by import By

import browser
from conftest import ROOT
from grading import engine, events as scenes, failure, machine, picture, record, runs
from test_trace import line


def event(td, cpu, val, time):
    """An event of a scene."""
    return scenes.Event("log", td, cpu, val, time, f"ev what=log td={td} cpu={cpu} n=1 val={val} t={time}")


def wrong_order():
    """B came where A was expected."""
    came = [event("A", 0, 1, 100), event("B", 1, 1, 250), event("B", 1, 2, 300), event("A", 0, 2, 900_000)]
    return failure.mismatch("in order", came, ["A:1", "A:2", "B:1", "B:2"], 1, came)


def deadlock():
    """A scene that does not end."""
    wrong = failure.Failure("two signals", "1 (the scene does not end; deadlock: all cpus are idle; W0 (cpu 3) waits)",
                            [event("S", 2, 1, 50), event("W0", 3, 0, 70)], cause="deadlock")
    wrong.state = ["cpu 0 runs idle0"]
    return wrong


TRACE = [line(90, 0, "switch", td=1, comm="A"), line(95, 0, "ipi_send", td=1, comm="A", a=1, b=7),
         line(200, 1, "ipi_recv", td=9, comm="idle1", a=0, b=7), line(210, 1, "switch", td=2, comm="B", a=9)]


def outcomes(traced=()):
    """The Outcome of each failure, with its picture; the first one has a trace."""
    [lab] = engine.load_labs("switch")
    for case, wrong, lines in zip(lab.tests, (wrong_order(), deadlock(), failure.Failure("no panic", "panic: x",
                                                                                         cause="panic")),
                                  (traced, (), ())):
        result = machine.Result("panic: x", 1, 1.0, "", machine.make_command(
            RUN="swtest t1 key=k1", DETERMINISTIC=1, SEED=7, APPEND="ktest=1 stop=0000000"))
        made = runs.Outcome(lab, case, [7], 1.0, 7, wrong, result)
        made.picture = picture.draw(wrong, picture.events.read(lines), picture.known_names())
        yield made


@pytest.fixture(scope="module", name="made")
def fixture_made(tmp_path_factory):
    """The page of three failures, of which two can be drawn."""
    tests = [record.test(outcome) for outcome in outcomes(TRACE)]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(picture.html(record.whole("2", "7", 3.0, None, tests)), encoding="utf-8")
    return path


@pytest.fixture(scope="module", name="window")
def fixture_window():
    """A browser for all tests of this file."""
    with browser.chromium() as driver:
        yield driver


def data(path):
    """What is drawn, as the page's script gets it."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S).group(1))


def test_what_is_drawn(made):
    """The scene's events belong to the threads of the trace; without a trace only they are drawn, and no thread is
    said to have run between its own events and another's."""
    first, second = data(made)["runs"]
    assert [e[3] for e in first["events"]] == ["switch", "ipi_send", "scene", "ipi_recv", "switch", "scene", "scene",
                                               "scene"]
    assert [e[2] for e in first["events"] if e[3] == "scene"] == [1, 2, 2, 1]
    assert [first["strings"][e[4]] for e in first["events"] if e[8]] == ["B:1 (not what was expected)"]
    assert first["rows"] == [["A:1", "A:1 on cpu 0", False], ["A:2", "B:1 on cpu 1", True],
                             ["B:1", "B:2 on cpu 1", False], ["B:2", "A:2 on cpu 0", False]]
    assert [bar[:4] for bar in second["bars"]] == [[2, -1, 50, 50], [3, -2, 70, 70]] and second["cpus"] == [2, 3]
    assert [f["picture"] for f in data(made)["failures"]] == [0, 1, None]


def test_last_command(made):
    """A failure's recipe ends with the gdb command that shows the fault."""
    last = [dict(f["commands"])["in gdb"][-1] for f in data(made)["failures"]]
    assert last == ["(gdb) why A", "(gdb) why W0", "(gdb) backtrace"]


@pytest.mark.parametrize("width", (400, 1600))
def test_in_a_browser(made, window, width):
    """At both widths the page loads without an error and fits; each failure has its texts, and its picture if there
    is one. The view begins at the wrong event, which is chosen."""
    browser.opened(window, made, width)
    assert window.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    sections = window.find_elements(By.CSS_SELECTOR, "section.failure")
    assert [len(one.find_elements(By.CSS_SELECTOR, "canvas.lanes")) for one in sections] == [1, 1, 0]
    [wrong] = sections[0].find_elements(By.CSS_SELECTOR, "tr.wrong")
    assert wrong.text.startswith("A:2 B:1 on cpu 1") and "why W0" in sections[1].text
    assert "not what was expected" in window.find_element(By.ID, "details").text
    assert window.execute_script("return runs[0].to < 1000 && runs[0].from < 250 && 250 < runs[0].to")
    links = window.find_elements(By.CSS_SELECTOR, "#contents a")
    assert [link.get_attribute("href").partition("#")[2] for link in links] == [
        one.get_attribute("id") for one in sections]


def test_no_failure(tmp_path, window):
    """A page without failures says so."""
    [lab] = engine.load_labs("switch")
    tests = [record.test(runs.Outcome(lab, lab.tests[0], [7]))]
    (tmp_path / "page.html").write_text(picture.html(record.whole("2", "7", 3.0, None, tests)), encoding="utf-8")
    browser.opened(window, tmp_path / "page.html", 800)
    assert "No check failed" in window.find_element(By.ID, "summary").text
    assert not window.find_element(By.CLASS_NAME, "controls").is_displayed()


def test_played_again(monkeypatch):
    """If the run with tracing on fails in the same way, its trace is drawn; if not, only the scene's events are."""
    [made, *_] = outcomes()
    result = machine.Result("\n".join(TRACE), 0, 1.0, "", "")
    for again, kinds in ((wrong_order(), {"switch", "ipi_send", "ipi_recv", "scene"}), (None, {"scene"}),
                         (deadlock(), {"scene"})):
        monkeypatch.setattr(engine, "traced", lambda case, seed, again=again: (again, result))
        assert {e[3] for e in picture.take(made)["events"]} == kinds


def test_by_make(tmp_path):
    """HTML= names the page, which is written even if nothing failed."""
    done = subprocess.run(["make", "-s", "grade", "LAB=switch", "TEST=t1_turns", "SEED=7", f"HTML={tmp_path / 'x.html'}"],
                          cwd=ROOT, env=machine.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0 and f"Pictures of the failures: {tmp_path / 'x.html'}" in done.stdout
    assert data(tmp_path / "x.html")["failures"] == []
