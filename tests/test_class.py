# SPDX-License-Identifier: BSD-3-Clause
"""grading/class: forty submissions, two at a time; a worker is killed, and the run is stopped and resumed."""

import csv
import itertools
import os
import pathlib
import random
import re
import signal
import subprocess
import time
from collections import Counter

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import browser
import services
from conftest import ROOT
from grading import engine, machine
from grading.staff import html_report, similarity
from grading.staff import table as table_of
from handing_in import MUTANTS, as_tar, as_zip, handed_out, patched, solved, write

LAB, TEST = "4", "t25_create"       # only one test of the lab, which takes less time than building
# Mutants of other mechanisms, in one C file each, which the test does not find; and one that it finds.
UNSEEN = ["preempt-lock-flag-stays", "acquire-serves-no-ipis", "token-kept-over-sleep",
          "wait-signal-keeps-generation"]
SEEN = "create-on-wrong-list"

OWN = """
    uint32 {0} = 0;
    for (int {1} = 0; {1} < 64; {1}++) {{
        if ((({1} * 7) ^ (int){0}) > 12 && {1} % 5 != 3)
            {0} = {0} * 31 + (uint32){1};
        else if ({0} > 1000000)
            {0} -= ({0} >> 3) + (uint32){1} * 2;
    }}
    while ({0} != 0)
        {0} = {0} / 2 - ({0} % 2 == 0 ? 0 : {0} / 9);
    {2}
    not_implemented(4);
"""
OTHER = """
    uint64 bits = 5, seen = 1;
    do {
        bits = (bits << 2) | (seen & 3);
        seen ^= bits + (seen << 1);
        if (seen == bits || (seen & 64) != 0)
            break;
        bits &= ~(1ul << (seen % 7));
    } while (bits < 100000 && seen != 0);
    if (bits > seen + 12345)
        bits = seen = 0;
    not_implemented(4);
"""


def edited(files, body):
    """The handout with code of the student's own in lwkt_send_ipiq."""
    path = "kernel/lwkt/ipiq.c"
    text = files[path].decode()
    start = text.index("    not_implemented(4);", text.index("int lwkt_send_ipiq("))
    return {**files, path: (text[:start] + body.lstrip("\n") + text[start:].partition("\n")[2]).encode()}


def broken_build(files, number):
    """The solved kernel with a syntax error."""
    path = ("kernel/lwkt/ipiq.c", "kernel/riscv/ipi.c")[number % 2]
    return {**files, path: files[path] + b"\nint x%d = ;\n" % number}


def gradable(place, scratch):
    """Make the submissions that can be graded: name -> points."""
    good, given = solved(), handed_out(int(LAB))
    full = {}
    for number in range(3):
        write({f"lab/{p}": d for p, d in good.items()} if number else good, place / f"solved{number}")
        as_zip(good, place / f"solved_zip{number}.zip", ("", "me/", "a b/c/")[number])
        as_tar(good, place / f"solved_tar{number}.tar{('', '.gz', '.xz')[number]}")
        full |= {f"solved{number}": 10, f"solved_zip{number}": 10, f"solved_tar{number}": 10}
    for name in UNSEEN:
        as_zip(patched(good, MUTANTS / f"{name}.patch", scratch / name), place / f"mutant_{name}.zip")
        full[f"mutant_{name}"] = 10
    wrong = patched(good, MUTANTS / f"{SEEN}.patch", scratch / SEEN)
    write(wrong, place / "wrong")
    as_tar(wrong, place / "wrong_tar.tar.gz")
    write(given, place / "handout")
    as_zip(given, place / "handout_zip.zip")
    write(edited(given, OWN.format("sum", "i", "/* mine */")), place / "twin_a")
    as_zip(edited(given, OWN.format("total", "step", "")), place / "twin_b.zip")
    write(edited(given, OTHER), place / "other")
    none = ["wrong", "wrong_tar", "handout", "handout_zip", "twin_a", "twin_b", "other"]
    return full | dict.fromkeys(none, 0)


def ungradable(place):
    """Make the submissions that cannot be graded: name -> status."""
    good = solved()
    for number in range(4):
        write(broken_build(good, number), place / f"build{number}")
    (place / "empty").mkdir()
    (place / "zero.zip").write_bytes(b"")
    (place / "text.tar.gz").write_text("my dog ate it")
    whole = as_zip(good, place / "cut.zip").read_bytes()
    (place / "cut.zip").write_bytes(whole[:len(whole) // 2])
    write(good, place / "link")
    (place / "link/kernel/lwkt/secret.h").symlink_to("/etc/passwd")
    path = "kernel/lwkt/ipiq.c"
    write({**good, path: good[path] + b'\n#include "/usr/lib/os-release"\n'}, place / "reads")
    as_zip({**{f"a/{p}": d for p, d in good.items()}, **{f"b/{p}": d for p, d in good.items()}},
           place / "twice.zip")
    write({"Makefile": b"all:\n"}, place / "nothing")
    write({path: good[path] for path in ("kernel/boot/main.c", "kernel/lwkt/crit.c")}, place / "some")
    (place / "text_zip.zip").write_text("my dog ate it")
    as_tar({}, place / "empty_tar.tar")
    (place / "cut_tar.tar.gz").write_bytes(as_tar(good, place / "cut_tar.tar.gz").read_bytes()[:50_000])
    as_zip({**good, "../x.c": b""}, place / "leads_out.zip")
    as_zip({**good, "kernel/lwkt/big.c": b" " * (2 << 20)}, place / "big.zip")
    as_zip({**good, "kernel/lwkt/two words.c": b""}, place / "odd.zip")
    as_zip({**good, "kernel/new/file.c": b""}, place / "new_folder.zip")
    return {**{f"build{n}": "build" for n in range(4)}, **dict.fromkeys(
        ["empty", "zero", "text", "cut", "link", "reads", "twice", "nothing", "some", "text_zip", "empty_tar",
         "cut_tar", "leads_out", "big", "odd", "new_folder"], "refused")}


class Course:
    """A running grading/class."""

    def __init__(self, place, *more, env=None):
        words = ["grading/class", place / "in", "--lab", LAB, "--out", place / "out", "--test", TEST,
                 "--seed", "1", *more]
        self.process = subprocess.Popen(list(map(str, words)), cwd=ROOT, text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=machine.environment(**(env or {})))
        self.printed = []

    def until(self, number):
        """Read its output until so many submissions are graded."""
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith(f"[{number}/"):
                return
        pytest.fail("it ended early:\n" + "".join(self.printed))

    def end(self):
        """Wait for its end: (exit status, its output)."""
        self.printed += self.process.stdout.readlines()
        self.process.stdout.close()
        return self.process.wait(timeout=300), "".join(self.printed)


def workers(place):
    """The process ids of the workers."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"grading.staff.worker" in words and str(place / "out").encode() in words:
            found.append(int(path.parent.name))
    return found


def kill_a_worker(place):
    """Send SIGKILL to a worker."""
    for _ in range(12_000):
        for pid in workers(place):
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.01)
    pytest.fail("there are no workers")


def table(place):
    """The rows of the table."""
    with open(place / "out" / "table.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def records(place):
    """name -> when it was graded."""
    return {path.stem: path.stat().st_mtime_ns for path in (place / "out/.work/records").glob("*.json")}


def test_class(tmp_path):
    """In the end each submission has one row, with the right points, whatever happened on the way."""
    (tmp_path / "in").mkdir()
    points, statuses = gradable(tmp_path / "in", tmp_path / "scratch"), ungradable(tmp_path / "in")
    assert len(points) + len(statuses) == 40
    first = Course(tmp_path, "--jobs", "2")
    first.until(8)
    kill_a_worker(tmp_path)
    first.until(16)
    first.process.send_signal(signal.SIGINT)
    status, printed = first.end()
    assert status == 130 and "continues from here" in printed and "Traceback" not in printed
    assert not workers(tmp_path)
    before = records(tmp_path)
    assert 16 <= len(before) < 40
    status, printed = Course(tmp_path, "--jobs", "2").end()
    assert status == 0 and f"{len(before)} of them graded already" in printed, printed
    assert "Traceback" not in printed and "10 of 10; CHANGED, though" in "".join(first.printed) + printed
    assert {name: when for name, when in records(tmp_path).items() if name in before} == before
    check_table(table(tmp_path), points, statuses)
    check_page(tmp_path / "out")
    check_again(tmp_path)


def check_table(rows, points, statuses):
    """Check that each submission has a row, with its points."""
    assert sorted(row["student"] for row in rows) == sorted([*points, *statuses])
    number = next(case.number for lab in engine.load_labs(LAB) for case in lab.tests if case.name == TEST)
    for row in rows:
        name = row["student"]
        assert row["status"] == statuses.get(name, "graded"), row
        assert int(row["points"]) == int(row[f"{number} ipi/{TEST}"]) == points.get(name, 0), row
        assert row["most"] == "10" and bool(row["cause"]) == (row["points"] != "10")
    changed = {row["student"]: row["changed"] for row in rows}
    assert not any(changed[name] for name in ("solved0", "solved_tar2", "handout", "twin_a", "other", "empty"))
    assert changed[f"mutant_{UNSEEN[0]}"] == ("CHANGED, though the lab has no place in it: "
                                              "kernel/lwkt/preempt.c (+1 -1)")
    notes = {row["student"]: row["notes"] for row in rows}
    assert notes["twin_a"] == "nearly identical to twin_b" and notes["twin_b"] == "nearly identical to twin_a"
    assert "the course's solution" in notes["solved0"] and not notes["handout"] and not notes["other"]


def check_page(out):
    """Check that the page groups the failures, and that each student has a report."""
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "is not written yet" in text and "handout, handout_zip, other, twin_a, twin_b" in text
    assert "wrong, wrong_tar" in text and "<li>twin_a, twin_b</li>" in text
    assert len(list(out.glob("*.txt"))) == 40
    assert (out / f"mutant_{UNSEEN[0]}.txt").read_text(encoding="utf-8").startswith("CHANGED")
    assert '<th scope="col" class="words">changed</th>' in text and "kernel/lwkt/preempt.c (+1 -1)" in text
    assert '<a href="wrong.html#t25_create">0</a>' in text and "t25_create" in (out / "wrong.html").read_text()
    assert "error: expected expression" in (out / "build0.txt").read_text(encoding="utf-8")
    assert re.search(r"FAIL +t25_create", (out / "wrong.txt").read_text(encoding="utf-8"))


def check_again(place):
    """Check that nothing is graded twice, that a submission that is handed in again is graded again, and
    that other seeds need another folder."""
    (place / "in" / "text.tar.gz").unlink()
    as_tar(broken_build(solved(), 7), place / "in" / "text.tar.gz")
    status, printed = Course(place).end()
    assert status == 0 and "39 of them graded already" in printed
    assert {row["student"]: row["status"] for row in table(place)}["text"] == "build"
    status, printed = Course(place, "--seed", "2").end()
    assert status == 2 and "another --out" in printed


def test_cells_are_safe():
    """What students choose, such as their names, can neither control a terminal, nor turn the direction of writing,
    nor be a formula in the table."""
    assert table_of.safe("Ann \x1b[31m\u202eEve\n") == "Ann ?[31m?Eve?" and table_of.safe("\t=1") == "?=1"
    assert table_of.safe("=1+1") == "'=1+1" and table_of.safe("Zoë 王") == "Zoë 王"


def test_what_failures_say():
    """Texts that differ only in numbers and addresses are the same; checks with the same texts for the same
    students are one group."""
    assert table_of.normalized("a ring half full: 12 then 13 of 0xffffffc080209854") == \
        "a ring half full: N then N of ADDRESS"
    assert table_of.normalized("it hangs; cpu 2 runs A; livelock: cpu 2 took no tick") == "it hangs; cpu N runs A"
    assert table_of.normalized("A:1 [B:2] t25 N N N") == "A:N [B:N] t25 N .."
    failed = {"status": "fail", "cause": "judged", "expected": "5 of them", "part": "ipi", "seen": "4"}
    one = {"status": "graded", "record": {"tests": [
        {**failed, "number": "4.1", "name": "t1"}, {**failed, "number": "4.2", "name": "t2", "seen": "3"}]}}
    second = {**failed, "number": "4.1", "name": "t1", "seen": "two"}
    two = {"status": "graded", "record": {"tests": [second]}}
    none = {"status": "refused", "cause": "no kernel/", "record": {"tests": []}}
    assert table_of.groups({"ann": one, "bob": two, "carol": one, "dave": none}) == [
        ("4.1 ipi/t1, 4.2 ipi/t2", "judged", "N of them", "N", ["ann", "carol"]),
        ("4.1 ipi/t1", "judged", "N of them", "two", ["bob"]),
        ("no check", "refused", "", "no kernel/", ["dave"])]


def test_nearly_identical():
    """Groups are those that comparing all pairs gives, whatever the sets have in common."""
    rng = random.Random(5)
    own = {"few": set(range(similarity.LEAST - 1)), "few again": set(range(similarity.LEAST - 1))}
    for number in range(60):
        start = own[f"s{rng.randrange(number)}"] if number > 4 and rng.random() < 0.7 else set(
            rng.sample(range(3000), rng.randint(60, 400)))
        own[f"s{number}"] = {one for one in start if rng.random() > 0.06} | set(rng.sample(range(3000), rng.randint(0, 9)))
    large = [name for name, found in own.items() if len(found) >= similarity.LEAST]
    near = {frozenset(pair) for pair in itertools.combinations(large, 2)
            if similarity.share(own[pair[0]], own[pair[1]]) >= similarity.NEAR}
    pairs = {frozenset(pair) for pair in similarity.candidates(own)}
    assert len(near) > 20 and near <= pairs and len(pairs) < 60 * 59 / 2
    grouped = {frozenset(pair) for names in similarity.groups(own) for pair in itertools.combinations(names, 2)}
    assert near <= grouped and not any("few" in pair for pair in grouped)


def made_rows():
    """Rows of a table as they are after an interruption: two checks, seven students."""
    for name, points, cause in (("ann", 100, ""), ("bob", 95, "t21_wake: late"), ("carol", 0, "t25_create: none"),
                                ("dan", 0, "no kernel/"), ("eve", 40, "t25_create: <b>none</b>")):
        yield {"student": name, "points": points, "most": 100, "cause": cause, "changed": "", "notes": "",
               "status": "refused" if name == "dan" else "graded", "4.1 ipi/t21_wake": points // 2,
               "4.2 ipi/t25_create": 50 if points > 50 else 0}
    for name, status in (("fay", "not graded"), ("gus", "missing")):
        yield {"student": name, "points": "", "most": "", "cause": "", "changed": "", "notes": "", "status": status}


@pytest.fixture(scope="module", name="page")
def fixture_page(tmp_path_factory):
    """The page of made_rows(), of which one student has pictures."""
    records = {"eve": {"status": "refused", "cause": "x", "record": {"page": "eve.html", "tests": []}}}
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(html_report.render({"lab": "4", "seeds": [1]}, list(made_rows()), records, [], False))
    return path


@pytest.mark.parametrize("width", (400, 1600))
def test_page(page, width):
    """The page fits, its table sorts by a number and by a text, and is filtered by words and by status; the
    cause stands next to the points, the head stays in view, and each check that failed leads to its picture."""
    with browser.chromium() as window:
        browser.opened(window, page, width)
        assert window.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        names = "return [...students.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].firstChild.textContent)"
        heads = window.find_elements(By.CSS_SELECTOR, "#students thead th")
        assert [head.text for head in heads][:4] == ["student", "points", "of", "cause"]
        heads[1].find_element(By.TAG_NAME, "button").click()
        assert window.execute_script(names) == ["fay", "gus", "carol", "dan", "eve", "bob", "ann"]
        heads[1].find_element(By.TAG_NAME, "button").click()
        assert window.execute_script(names)[:3] == ["ann", "bob", "eve"]
        assert heads[1].get_attribute("aria-sort") == "descending" and heads[0].get_attribute("aria-sort") == "none"
        window.find_element(By.ID, "filter").send_keys("T25 none")
        assert window.execute_script(names) == ["eve", "carol"]
        assert window.find_element(By.ID, "count").text == "2 of 7 shown"
        window.find_element(By.ID, "filter").clear()
        Select(window.find_element(By.ID, "status")).select_by_visible_text("refused")
        assert window.execute_script(names) == ["dan"]
        assert window.execute_script("return getComputedStyle(students.tHead.rows[0].cells[0]).position") == "sticky"
        links = window.execute_script("return [...students.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
        assert {"eve.txt", "eve.html", "eve.html#t25_create"} <= set(links) and "gus.txt" not in links


def test_histogram():
    """Each bar counts a tenth of the points, and full points have a bar of their own; it is said in words, too."""
    assert html_report.shares(list(made_rows())) == [2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1]
    assert "0-10 percent: 2, 40-50 percent: 1, 90-100 percent: 1, 100 percent: 1" in html_report.histogram(
        list(made_rows()))


def graded_elsewhere(place, *options, **env):
    """Grade six submissions that are refused, and kill a worker: what was printed. None is lost."""
    for name in "abcdef":
        (place / "in" / name).mkdir(parents=True)
    course = Course(place, *options, env=env)
    kill_a_worker(place)
    status, printed = course.end()
    assert status == 0, printed
    assert [row["status"] for row in table(place)] == 6 * ["refused"]
    return printed


def test_table_after_an_interruption(tmp_path):
    """After Ctrl-C the tables have what was graded until then, and say that the rest was not."""
    for number in range(20):
        (tmp_path / "in" / f"s{number}").mkdir(parents=True)
    course = Course(tmp_path, "--jobs", "1")
    course.until(2)
    course.process.send_signal(signal.SIGINT)
    status, printed = course.end()
    assert status == 130 and "index.html has what was graded until now" in printed
    states = Counter(row["status"] for row in table(tmp_path))
    assert states["refused"] == len(records(tmp_path)) >= 2 and states["not graded"] == 20 - states["refused"] > 0
    assert "not graded yet" in (tmp_path / "out/index.html").read_text()


def test_over_ssh(tmp_path):
    """With --sshloginfile, GNU parallel starts the workers by ssh: here by a server on this machine."""
    (tmp_path / "ssh").mkdir()
    with services.ssh_server(tmp_path / "ssh") as (config, log):
        (tmp_path / "machines").write_text(f"2/ssh -F {config} grader\n")
        before = log.read_text().count("Accepted publickey")
        printed = graded_elsewhere(tmp_path, "--sshloginfile", tmp_path / "machines")
        assert log.read_text().count("Accepted publickey") >= before + 7, printed


def test_on_slurm(tmp_path):
    """With --slurm, the workers are tasks of an array job: here on a cluster with this machine as its only node."""
    (tmp_path / "slurm").mkdir()
    with services.slurm_node(tmp_path / "slurm") as env:
        printed = graded_elsewhere(tmp_path, "--slurm=--cpus-per-task=1", **env)
        assert "[6/6]" in printed
        log = (tmp_path / "slurm/log").read_text(errors="replace")
        assert log.count("Launching batch job") >= 7, log[-2000:]


@pytest.mark.parametrize("words, line", [
    (["no-such-folder", "--lab", "4"], "no-such-folder: No such file"),
    (["kernel", "--lab", "77"], "no such lab")])
def test_wrong_words(words, line, tmp_path):
    """A wrong argument is reported in one line."""
    done = subprocess.run(["grading/class", *words, "--out", tmp_path / "out"], cwd=ROOT, check=False,
                          capture_output=True, text=True, env=machine.environment())
    assert done.returncode == 2 and line in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a command as another user")
def test_no_walls(tmp_path):
    """Where the user who builds could read the solution, or could not enter the results, nothing is graded."""
    write(solved(), tmp_path / "in" / "one")
    done = subprocess.run(["grading/class", tmp_path / "in", "--lab", LAB, "--out", tmp_path / "out"], cwd=ROOT,
                          check=False, capture_output=True, text=True,
                          env=machine.environment(NO_BUBBLEWRAP=1))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "type: chmod go=" in done.stderr or "cannot enter" in done.stderr
