# SPDX-License-Identifier: BSD-3-Clause
"""The record of a grading in the formats of other programs. Each format is a function that takes the
record (record.py) and returns text; FORMATS lists them, with the file that each is written to when
several are wanted.

    json         the record itself
    text         the report that a terminal shows
    html         a page with a picture of each failure (picture.py); it loads nothing
    gradescope   results.json, as gradescope-autograders.readthedocs.io/en/latest/specs describes it
    github       GitHub Classroom: lines for $GITHUB_ENV with one runner for each test, as the action
                 classroom-resources/autograding-grading-reporter reads them (grading/classroom.yml)
    autolab      the report, and the autoresult as its last line (docs.autolabproject.com/lab); each
                 part of a lab is a problem
    junit        JUnit's XML, as Jenkins and GitLab read it
    prairielearn    results.json of an external grader (docs.prairielearn.com, "External grading")
    nbgrader     a line with the columns of `nbgrader export`, for whoever keeps the grades there
    ktap         the kernel's Test Anything Protocol, version 1 (docs.kernel.org/dev-tools/ktap.html)

A record may have a "leaderboard": a list of {"name", "value", "order"}, where the order "asc" means that
less is better. It goes into the formats that have a place for it. It may have "remarks", lines about the
submission itself, which come first where there is a place for words.
"""

import base64
import csv
import io
import json
import re
from xml.etree import ElementTree

from grading import picture, report

# Characters that XML 1.0 cannot represent at all; no other format needs them.
ILLEGAL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 20_000        # characters of a text
# One environment variable can hold 128 KiB and all of them together 2 MiB, and there are 100 tests.
LONGEST_MESSAGE = 4_000
TIMEOUTS = ("timeout", "never-booted", "deadlock", "livelock")
ERRORS = ("build", "panic", "flood", "not-written", "not-run", "host-build", "no-host")


def clean(text, longest=LONGEST):
    """The text without characters that a format cannot represent; a very long text loses its middle."""
    text = ILLEGAL.sub("?", str(text).replace("\r\n", "\n"))
    half = longest // 2
    return text if len(text) <= longest else text[:half] + "\n[...]\n" + text[-half:]


def one_line(text):
    """The text as one line."""
    return " ".join(clean(text).split())


def details(test):
    """The lines of a failure as a terminal shows them, without their indentation."""
    lines = [line[report.INDENT:] for line in report.Report().failure(test)]
    return clean("\n".join(lines) or test["seen"])


def parts(record):
    """part of a lab -> its tests."""
    found = {}
    for test in record["tests"]:
        found.setdefault(test["part"], []).append(test)
    return found


def as_json(record):
    """The record itself, without the pictures."""
    tests = [{name: value for name, value in test.items() if name != "picture"} for test in record["tests"]]
    return json.dumps({**record, "tests": tests}, indent=1) + "\n"


def as_text(record):
    """The report, without colours."""
    return "".join(clean(line) + "\n" for line in [*record.get("remarks", []), *report.text(record).splitlines()])


def gradescope_test(test):
    """A test case of results.json."""
    good = test["status"] == "ok"
    return {"name": f"{test['name']}: {one_line(test['title'])}", "number": test["number"],
            "score": test["points"], "max_score": test["most"],
            "status": "passed" if good else "failed", "visibility": "visible",
            "output": f"{len(test['seeds'])} seeds" if good else details(test),
            "tags": [f"lab{test['lab']}", test["part"]] + ([] if good else [test["cause"]])}


def gradescope(record):
    """results.json. Students do not see the autograder's standard output."""
    output = "The kernel does not build:\n" + record["build"] if record["build"] else \
        f"Points: {record['points']} of {record['most']}"
    results = {"score": record["points"], "execution_time": round(record["seconds"]),
               "output": clean("\n".join([*record.get("remarks", []), output])), "visibility": "visible", "stdout_visibility": "hidden",
               "tests": [gradescope_test(test) for test in record["tests"]]}
    if record.get("leaderboard"):
        results["leaderboard"] = record["leaderboard"]
    return json.dumps(results, indent=1) + "\n"


def github_test(test):
    """What the runner of one test reports to GitHub Classroom."""
    good = test["status"] == "ok"
    status = "pass" if good else "error" if test["cause"] == "build" else "fail"
    return {"version": 1, "status": status, "max_score": test["most"], "tests": [{
        "name": f"{test['number']} {test['name']}: {one_line(test['title'])}", "status": status,
        "score": test["points"], "message": "" if good else clean(details(test), LONGEST_MESSAGE),
        "test_code": clean(test["replay"] or f"make grade LAB={test['part']} TEST={test['name']}"),
        "filename": test["file"], "line_no": test["line"], "duration": test["seconds"]}]}


def github(record):
    """A line NAME_RESULTS=base64 for each test, and NYMPH_RUNNERS, the list of the names. (To find a
    runner's variable, the reporter converts the runner's name to upper case.)"""
    lines, names = [], []
    for test in record["tests"]:
        names.append(f"{test['part']}_{test['name']}")
        encoded = base64.b64encode(json.dumps(github_test(test)).encode("ascii")).decode("ascii")
        lines.append(f"{names[-1].upper()}_RESULTS={encoded}")
    return "\n".join(lines + ["NYMPH_RUNNERS=" + ",".join(names)]) + "\n"


def autolab(record):
    """The report; then the autoresult: the points of each part, and the columns of the scoreboard, which
    are the points of the lab and the values of the leaderboard."""
    scores = {part: sum(test["points"] for test in tests) for part, tests in parts(record).items()}
    board = [record["points"]] + [entry["value"] for entry in record.get("leaderboard") or []]
    return as_text(record) + json.dumps({"scores": scores, "scoreboard": board}) + "\n"


def junit_case(suite, test):
    """Add a <testcase> to a <testsuite>."""
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
    """A result line. A description cannot contain #."""
    line = f"{'ok' if good else 'not ok'} {number} {one_line(name).replace('#', '')}"
    if test is None or good:
        return line
    word = "TIMEOUT " if test["cause"] in TIMEOUTS else "ERROR " if test["cause"] in ERRORS else ""
    return f"{line} # {word}{one_line(test['seen'])}"


def ktap_part(tests):
    """The results of one part: the diagnostic lines of a test come before its result."""
    lines = ["KTAP version 1", f"1..{len(tests)}"]
    for i, test in enumerate(tests, 1):
        good = test["status"] == "ok"
        if not good:
            lines += [f"# {line}".rstrip() for line in details(test).splitlines()]
        lines.append(ktap_result(good, i, f"{test['name']}: {test['title']}", test))
    return lines


def ktap(record):
    """Each part of a lab is a test, and its tests are subtests."""
    found = parts(record)
    lines = ["KTAP version 1", f"1..{len(found)}"]
    for i, (part, tests) in enumerate(found.items(), 1):
        lines += [f"  {line}" for line in ktap_part(tests)]
        lines.append(ktap_result(all(test["status"] == "ok" for test in tests), i, part))
    return "\n".join(lines) + "\n"


def prairielearn_test(test):
    """A test of an external grader's results."""
    good = test["status"] == "ok"
    return {"name": f"{test['number']} {test['name']}", "description": one_line(test["title"]),
            "points": test["points"], "max_points": test["most"], "message": "" if good else one_line(test["seen"]),
            "output": "" if good else clean(details(test), LONGEST_MESSAGE)}


def prairielearn(record):
    """results.json of an external grader, which may have 1 MB. A submission that is refused, or does not build, is
    "not gradable": it costs no attempt."""
    remarks = record.get("remarks", [])
    unbuilt = all(test["cause"] == "build" for test in record["tests"])
    results = {"gradable": not unbuilt, "score": record["points"] / record["most"],
               "message": f"Points: {record['points']} of {record['most']}", "output": clean("\n".join(remarks)),
               "tests": [prairielearn_test(test) for test in record["tests"]]}
    if unbuilt:
        results["format_errors"] = [clean("The kernel does not build:\n" + record["build"] if record["build"]
                                          else record["tests"][0]["seen"])]
    return json.dumps(results, indent=1) + "\n"


def as_csv(columns, rows):
    """A table as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


NBGRADER = ("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
            "late_submission_penalty", "score", "max_score")


def nbgrader(record):
    """The line of one submission; who handed it in, a record does not say."""
    return as_csv(NBGRADER, [{"assignment": f"lab{record['lab']}", "raw_score": record["points"],
                              "late_submission_penalty": 0, "score": record["points"], "max_score": record["most"]}])


FORMATS = {
    "json": ("grade.json", as_json),
    "text": ("grade.txt", as_text),
    "html": ("grade.html", picture.html),
    "gradescope": ("results.json", gradescope),
    "github": ("github.env", github),
    "autolab": ("autolab.txt", autolab),
    "junit": ("junit.xml", junit),
    "prairielearn": ("prairielearn.json", prairielearn),
    "nbgrader": ("nbgrader.csv", nbgrader),
    "ktap": ("grade.ktap", ktap),
}
