# SPDX-License-Identifier: BSD-3-Clause
"""The formats of a record: whatever a kernel printed, each is valid by a schema that was written from its
specification, and says the same as the record."""

import base64
import copy
import csv
import io
import json
import pathlib
import re
import subprocess
from xml.etree import ElementTree

import jsonschema
import pytest

from grading import engine, events, failure, formats, machine, record, runs

SCHEMAS = pathlib.Path(__file__).parent / "schemas"
NASTY = 'quotes " \' ` $(x) <b>&amp;]]> # 1..2 ok 1 \\ \x1b[31m \x00\x07 \ud800 \u2028 \x85 naïve 你好 😀'


def schema(name, document):
    """Check that the document is valid by the schema."""
    jsonschema.validate(document, json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def event(what, td, cpu, val, time):
    """An event, with its line on the console."""
    return events.Event(what, td, cpu, val, time, f"ev what={what} td={td} cpu={cpu} n=1 val={val} t={time}")


def console(text, status=101):
    """A run that printed this."""
    return machine.Result(text, status, 1.5, "", machine.make_command(
        RUN="ipitest t27 count=3 key=k1", DETERMINISTIC=1, SEED=7, CPUS=2))


def judged():
    """The Failure of events in the wrong order."""
    came = [event("log", "A", 0, 1, 100), event("log", NASTY, 1, 2, 250), event("log", "A", 0, 3, 900)]
    return failure.mismatch("in order", came, ["A:1", "A:2", "A:3"], 1, came)


FAILURES = {
    "judged": judged,
    "not-written": lambda: failure.Failure("all functions", "lwkt_send_ipiq is not written yet"),
    "panic": lambda: failure.Failure("no panic", f"panic: {NASTY}"),
    "deadlock": lambda: failure.Failure("the scene to end", "all cpus idle"),
    "forged": lambda: failure.Failure("events that QEMU confirms", "no calls of kt_log"),
    "livelock": lambda: failure.Failure("the scene to end", "cpu 1 switched 12000 times"),
    "flood": lambda: failure.Failure("a console that can be read", "a flood"),
    "never-booted": lambda: failure.Failure("the scene to end", "the machine never came up"),
    "timeout": lambda: failure.Failure("the scene to end", "silence"),
}


def outcomes():
    """A test that passed, and one that failed for each cause, with a long and nasty console."""
    labs = engine.load_labs()
    cases = [(lab, case) for lab in labs for case in lab.tests]
    text = "\n".join([NASTY] * 3 + ["x" * 200_000, "# not ok 1"])
    yield runs.Outcome(*cases[0], [1, 2, 3], 2.5)
    for (lab, case), (cause, make) in zip(cases[9:], FAILURES.items()):
        wrong = make()
        wrong.cause = cause
        yield runs.Outcome(lab, case, [4, 5], 1.25, 4, wrong, console(text))
    lab, case = cases[9 + len(FAILURES)]
    yield runs.Outcome(lab, case, [], dead=[runs.Outcome(*cases[9], [4])])
    first, second, third, fourth = [(lab, case) for lab, case in cases if case.race][:4]
    lost = failure.Failure("every schedule to end well", "all cpus wait", cause="deadlock")
    lost.drawn = ["cpu 0  LLS", "   0  cpu 0  take   poke x = 1    kernel/lwkt/token.c:1"]
    yield runs.Outcome(*first, [0], 0.5, 0, lost, console("again: build/races/explore-memory -x 'c1:1'"))
    yield runs.Outcome(*second, [0], 0.5, 0, failure.Failure("it compiles", NASTY, cause="host-build"), console(text))
    yield runs.Outcome(*third, [0], 0.5, lacking=["switch/t1_turns"])
    yield runs.Outcome(*fourth, [0], 0, 0, failure.Failure("a host", "missing: gcc", cause="no-host"), console(text))


def nasty(tests):
    """The tests, as if the record had not cleaned its texts."""
    for test in tests:
        if test["status"] == "fail":
            test["console"] = test["console"] + [NASTY, "y" * 100_000]
            test["seen"] += NASTY
            test["hint"] += NASTY
    return tests


def failed_record(spoilt=False):
    """A record with failures of all causes."""
    tests = [record.test(outcome) for outcome in outcomes()]
    return record.whole("", "", 12.3, None, nasty(tests) if spoilt else tests)


def unbuilt_record():
    """The record of a tree that does not build."""
    errors = f"kernel/lwkt/ipiq.c:3:5: error: {NASTY}\n    3 | x\n      | ^"
    labs = engine.load_labs("4")
    return record.whole("4", "", 3.0, errors, [record.not_built(lab, case, errors)
                                               for lab in labs for case in lab.tests])


def full_record():
    """A record with full points, and a leaderboard."""
    tests = [record.test(runs.Outcome(lab, case, [17], 0.5))
             for lab in engine.load_labs("4") for case in lab.tests]
    return {**record.whole("4", "17", 6.0, None, tests),
            "leaderboard": [{"name": "instructions", "value": 1234, "order": "asc"}]}


RECORDS = {"full": full_record(), "failed": failed_record(), "nasty": failed_record(True),
           "unbuilt": unbuilt_record()}


@pytest.fixture(params=RECORDS)
def whole(request):
    """A record of each kind."""
    return copy.deepcopy(RECORDS[request.param])


def test_record(whole):
    """The record is valid by its schema, and the records of this test have every cause."""
    if whole != RECORDS["nasty"]:
        schema("record.json", json.loads(formats.as_json(whole)))
    causes = {t["cause"] for r in RECORDS.values() for t in r["tests"] if t["cause"]}
    assert causes == set(failure.CAUSES)
    assert whole["points"] == sum(t["points"] for t in whole["tests"])


def test_gradescope(whole):
    """results.json is valid, and has the points of the record."""
    results = json.loads(formats.gradescope(whole))
    schema("gradescope.json", results)
    assert results["score"] == sum(t["score"] for t in results["tests"]) == whole["points"]
    assert sum(t["max_score"] for t in results["tests"]) == whole["most"]
    assert [t["number"] for t in results["tests"]] == [t["number"] for t in whole["tests"]]
    assert results.get("leaderboard") == whole.get("leaderboard")
    for shown, test in zip(results["tests"], whole["tests"]):
        assert (shown["status"] == "passed") == (test["status"] == "ok")
        assert len(shown["output"]) <= formats.LONGEST + 10 and "\x1b" not in shown["output"]
    assert ("error:" in results["output"]) == bool(whole["build"])


def test_github(whole):
    """Each test has a variable, which the reporter finds by the name of the runner."""
    lines = dict(line.partition("=")[::2] for line in formats.github(whole).splitlines())
    names = lines["NYMPH_RUNNERS"].split(",")
    assert len(names) == len(set(names)) == len(whole["tests"]) == len(lines) - 1
    points = most = 0
    for name in names:
        variable = f"{name.upper()}_RESULTS"
        assert re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable) and len(lines[variable]) < 100_000
        result = json.loads(base64.b64decode(lines[variable], validate=True).decode("utf-8"))
        schema("github.json", result)
        points += sum(t["score"] for t in result["tests"])
        most += result["max_score"]
        assert {t["status"] for t in result["tests"]} == {result["status"]}
    assert (points, most) == (whole["points"], whole["most"])


def test_autolab(whole):
    """The output is the report, followed by one line of JSON."""
    *shown, last = formats.autolab(whole).splitlines()
    result = json.loads(last)
    schema("autolab.json", result)
    assert sum(result["scores"].values()) == whole["points"] == result["scoreboard"][0]
    assert len(result["scoreboard"]) == 1 + len(whole.get("leaderboard", []))
    assert shown[-1] == f"Points: {whole['points']} of {whole['most']}"


def test_prairielearn(whole):
    """The results are valid, fit into a megabyte, and have the record's share of the points; a kernel that does not
    build costs no attempt, and remarks come first."""
    text = formats.FORMATS["prairielearn"][1]({**whole, "remarks": ["CHANGED"]})
    results = json.loads(text)
    schema("prairielearn.json", results)
    assert len(text.encode()) < 1_000_000 and results["output"] == "CHANGED"
    assert results["score"] == pytest.approx(whole["points"] / whole["most"])
    assert sum(test["points"] for test in results["tests"]) == whole["points"]
    assert results["gradable"] == (whole["build"] is None) == ("format_errors" not in results)


def test_nbgrader(whole):
    """The line has the columns that nbgrader exports, and the record's points."""
    [line] = csv.DictReader(io.StringIO(formats.FORMATS["nbgrader"][1](whole)))
    assert list(line) == list(formats.NBGRADER)
    assert (line["score"], line["max_score"]) == (str(whole["points"]), str(whole["most"]))


def test_junit(whole, tmp_path):
    """The XML is valid by the XSD, and its numbers are right."""
    path = tmp_path / "junit.xml"
    path.write_text(formats.junit(whole), encoding="utf-8")
    done = subprocess.run(["xmllint", "--noout", "--schema", SCHEMAS / "junit.xsd", path], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    root = ElementTree.parse(path).getroot()
    assert len(root.findall(".//testcase")) == len(whole["tests"])
    bad = [t for t in whole["tests"] if t["status"] == "fail"]
    count = sum(int(s.get("failures")) + int(s.get("errors")) for s in root.findall("testsuite"))
    assert count == len(bad) == len(root.findall(".//failure")) + len(root.findall(".//error"))


RESULT = re.compile(r"(ok|not ok) ([0-9]+)( [^#\n]*[^#\s])?( # (?:(?:SKIP|TIMEOUT|ERROR|XFAIL) ?)?[^\n]*)?")


def ktap_tests(lines, level=0):
    """Parse KTAP: version, plan, then for each test its subtests, diagnostic lines and its result, with two
    spaces for each level. Return the results: [(good, description, subtests)]."""
    space, found = "  " * level, []
    assert lines.pop(0) == f"{space}KTAP version 1"
    plan = re.fullmatch(rf"{space}1\.\.([1-9][0-9]*)", lines.pop(0))
    inside = []
    while len(found) < int(plan.group(1)):
        line = lines[0]
        if line.startswith(f"{space}  KTAP"):
            inside = ktap_tests(lines, level + 1)
        elif re.fullmatch(rf"{space}#( .*)?", line):
            lines.pop(0)
        else:
            result = RESULT.fullmatch(line.removeprefix(space))
            assert line.startswith(space) and result, line
            assert int(result.group(2)) == len(found) + 1
            found.append((result.group(1) == "ok", (result.group(3) or "").strip(), inside))
            inside = []
            lines.pop(0)
    return found


def test_ktap(whole):
    """The output follows the grammar, and a test fails if one of its subtests does."""
    lines = formats.ktap(whole).split("\n")
    assert lines.pop() == ""
    results = ktap_tests(lines)
    assert not lines
    inner = [good for _, _, tests in results for good, _, _ in tests]
    assert inner == [t["status"] == "ok" for t in whole["tests"]]
    assert all(good == all(g for g, _, _ in tests) for good, _, tests in results)


def test_text(whole):
    """The text has no escape sequences; if it comes from a normal record, all of it is printable."""
    text = formats.as_text(whole)
    assert text.endswith(f"Points: {whole['points']} of {whole['most']}\n")
    if whole != RECORDS["nasty"]:
        assert all(c == "\n" or c.isprintable() for c in text)
    if whole == RECORDS["failed"]:
        assert "> A:2" in text and "cpu 1" in text and "break kt_stop" in text


def test_files(tmp_path, whole):
    """Every format can be written to its file, and all files have different names."""
    names = [name for name, _ in formats.FORMATS.values()]
    assert len(names) == len(set(names))
    for name, function in formats.FORMATS.values():
        (tmp_path / name).write_text(function(whole), encoding="utf-8")
        assert (tmp_path / name).stat().st_size > 0
