"""A grading's record in the formats of others. Each is a function of the record (record.py) that
returns text; FORMATS names them, with the file that each goes to when several are wanted.

    json         the record itself
    text         the report that a terminal shows
    gradescope   results.json, by gradescope-autograders.readthedocs.io/en/latest/specs
    github       GitHub Classroom: lines for $GITHUB_ENV, one runner a test, as the action
                 classroom-resources/autograding-grading-reporter reads them (grading/classroom.yml)
    autolab      the report, and the autoresult as its last line (docs.autolabproject.com/lab); a part
                 of a lab is a problem
    junit        JUnit's XML, as Jenkins and GitLab read it
    ktap         the kernel's Test Anything Protocol, version 1 (docs.kernel.org/dev-tools/ktap.html)

A record may hold "leaderboard": a list of {"name", "value", "order": "asc" if less is better}; it goes
to those formats that have such a thing.
"""

import base64
import json
import re
from xml.etree import ElementTree

from grading import report

# What XML 1.0 cannot hold in any spelling; no other format has a use for it.
ILLEGAL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 20_000        # characters of a text
# A variable of the environment holds 128 KiB, all of them together 2 MiB, for 100 tests.
LONGEST_MESSAGE = 4_000
TIMEOUTS = ("timeout", "never-booted", "deadlock", "livelock")
ERRORS = ("build", "panic", "flood", "not-written")


def clean(text, longest=LONGEST):
    """Text without what a format cannot hold, the middle of a very long one left out."""
    text = ILLEGAL.sub("?", str(text).replace("\r\n", "\n"))
    half = longest // 2
    return text if len(text) <= longest else text[:half] + "\n[...]\n" + text[-half:]


def one_line(text):
    """Text in one line."""
    return " ".join(clean(text).split())


def details(test):
    """A failure's lines as a terminal shows them, without their indentation."""
    lines = [line[report.INDENT:] for line in report.Report().failure(test)]
    return clean("\n".join(lines) or test["seen"])


def parts(record):
    """part -> its tests."""
    found = {}
    for test in record["tests"]:
        found.setdefault(test["part"], []).append(test)
    return found


def as_json(record):
    """The record itself."""
    return json.dumps(record, indent=1) + "\n"


def as_text(record):
    """The report, plain."""
    return "".join(clean(line) + "\n" for line in report.text(record).splitlines())


def gradescope_test(test):
    """A test case of results.json."""
    good = test["status"] == "ok"
    return {"name": f"{test['name']}: {one_line(test['title'])}", "number": test["number"],
            "score": test["points"], "max_score": test["most"],
            "status": "passed" if good else "failed", "visibility": "visible",
            "output": f"{len(test['seeds'])} seeds" if good else details(test),
            "tags": [f"lab{test['lab']}", test["part"]] + ([] if good else [test["cause"]])}


def gradescope(record):
    """results.json. What goes to standard output is for the instructor."""
    output = "The kernel does not build:\n" + record["build"] if record["build"] else \
        f"Points: {record['points']} of {record['most']}"
    results = {"score": record["points"], "execution_time": round(record["seconds"]),
               "output": clean(output), "visibility": "visible", "stdout_visibility": "hidden",
               "tests": [gradescope_test(test) for test in record["tests"]]}
    if record.get("leaderboard"):
        results["leaderboard"] = record["leaderboard"]
    return json.dumps(results, indent=1) + "\n"


def github_test(test):
    """What a runner of GitHub Classroom's says, of one test."""
    good = test["status"] == "ok"
    status = "pass" if good else "error" if test["cause"] == "build" else "fail"
    return {"version": 1, "status": status, "max_score": test["most"], "tests": [{
        "name": f"{test['number']} {test['name']}: {one_line(test['title'])}", "status": status,
        "score": test["points"], "message": "" if good else clean(details(test), LONGEST_MESSAGE),
        "test_code": clean(test["replay"] or f"make grade LAB={test['part']} TEST={test['name']}"),
        "filename": test["file"], "line_no": test["line"], "duration": test["seconds"]}]}


def github(record):
    """NAME_RESULTS=base64 for each test, and NYMPH_RUNNERS, the list of the names. (The reporter makes
    a runner's name upper case to find its variable.)"""
    lines, names = [], []
    for test in record["tests"]:
        names.append(f"{test['part']}_{test['name']}")
        encoded = base64.b64encode(json.dumps(github_test(test)).encode("ascii")).decode("ascii")
        lines.append(f"{names[-1].upper()}_RESULTS={encoded}")
    return "\n".join(lines + ["NYMPH_RUNNERS=" + ",".join(names)]) + "\n"


def autolab(record):
    """The report; then the autoresult, the points of each part, and the columns of a scoreboard: all
    points, then what the leaderboard has."""
    scores = {part: sum(test["points"] for test in tests) for part, tests in parts(record).items()}
    board = [record["points"]] + [entry["value"] for entry in record.get("leaderboard") or []]
    return as_text(record) + json.dumps({"scores": scores, "scoreboard": board}) + "\n"


def junit_case(suite, test):
    """A <testcase>."""
    case = ElementTree.SubElement(suite, "testcase", name=test["name"], time=f"{test['seconds']:.2f}",
                                  classname=f"lab{test['lab']}.{test['part']}")
    if test["status"] != "ok":
        kind = "error" if test["cause"] == "build" else "failure"
        ElementTree.SubElement(case, kind, type=test["cause"],
                               message=one_line(test["seen"])).text = details(test)


def junit(record):
    """A <testsuite> for each part of a lab."""
    root = ElementTree.Element("testsuites")
    for part, tests in parts(record).items():
        bad = [test for test in tests if test["status"] != "ok"]
        errors = sum(test["cause"] == "build" for test in bad)
        suite = ElementTree.SubElement(
            root, "testsuite", name=f"lab{tests[0]['lab']}.{part}", tests=str(len(tests)),
            failures=str(len(bad) - errors), errors=str(errors), skipped="0",
            time=f"{sum(test['seconds'] for test in tests):.2f}")
        for test in tests:
            junit_case(suite, test)
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, "unicode") + "\n"


def ktap_result(good, number, name, test=None):
    """A result line; what a description cannot have is #."""
    line = f"{'ok' if good else 'not ok'} {number} {one_line(name).replace('#', '')}"
    if test is None or good:
        return line
    word = "TIMEOUT " if test["cause"] in TIMEOUTS else "ERROR " if test["cause"] in ERRORS else ""
    return f"{line} # {word}{one_line(test['seen'])}"


def ktap_part(tests):
    """A part's own results: a test's diagnostic lines come before its result."""
    lines = ["KTAP version 1", f"1..{len(tests)}"]
    for i, test in enumerate(tests, 1):
        good = test["status"] == "ok"
        if not good:
            lines += [f"# {line}".rstrip() for line in details(test).splitlines()]
        lines.append(ktap_result(good, i, f"{test['name']}: {test['title']}", test))
    return lines


def ktap(record):
    """Each part of a lab is a test, with its tests inside."""
    found = parts(record)
    lines = ["KTAP version 1", f"1..{len(found)}"]
    for i, (part, tests) in enumerate(found.items(), 1):
        lines += [f"  {line}" for line in ktap_part(tests)]
        lines.append(ktap_result(all(test["status"] == "ok" for test in tests), i, part))
    return "\n".join(lines) + "\n"


FORMATS = {
    "json": ("grade.json", as_json),
    "text": ("grade.txt", as_text),
    "gradescope": ("results.json", gradescope),
    "github": ("github.env", github),
    "autolab": ("autolab.txt", autolab),
    "junit": ("junit.xml", junit),
    "ktap": ("grade.ktap", ktap),
}
