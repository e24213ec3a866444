# SPDX-License-Identifier: BSD-3-Clause
"""The graders give this tree full points, and ignore lines that are not from the run itself."""

import json
import re
import shlex
import subprocess
import time
import types

import jsonschema
import pexpect
import pytest

from conftest import ROOT, busy_host, copy_tree, make
from grading import (engine, events, failure, formats, machine, postmortem, progress, races, runs, scenes,
                     timeline)
from grading import __main__ as command
from grading import record as records
from grading.staff import submission


def grade(*words, cwd=ROOT):
    """tools/grade with the options NAME=VALUE; the finished process."""
    options = dict(word.split("=", 1) for word in words)
    return subprocess.run(["tools/grade"], cwd=cwd, env=machine.environment(**options), timeout=600,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def full_points(**options):
    """Grade everything; the solved tree must get full points."""
    done = make("-s", "grade", *(f"{name}={value}" for name, value in options.items()), check=False,
                timeout=900)
    assert done.returncode == 0, "\n".join(s for s in done.stdout.splitlines() if not s.startswith("  ok "))
    got, _, most = done.stdout.splitlines()[-1].removeprefix("Points: ").partition(" of ")
    assert got == most and int(most) > 0


@pytest.mark.parametrize("loaded", [False, True])
def test_full_points(loaded):
    """The solved tree gets full points, also on a busy host."""
    with busy_host(loaded):
        full_points()


def test_untimely_switches():
    """The solved tree gets full points if every critical section ends with a switch (except in the few
    tests of things that a switch ends). Covers T64."""
    full_points(UNTIMELY=1)


def test_choice():
    """LAB takes a name or a number, TEST one test, and SEED one seed. A wrong TEST prints those that exist."""
    by_name = make("-s", "grade", "LAB=switch", "TEST=t1", "SEED=5").stdout
    assert "(1 seed, " in by_name
    assert by_name.splitlines()[0] == make("-s", "grade", "LAB=2", "TEST=t1",
                                           "SEED=5").stdout.splitlines()[0]
    done = make("-s", "grade", "LAB=switch", "TEST=nonsense", check=False)
    assert done.returncode != 0 and "give one of t1" in done.stderr


def test_every_lab_has_tests():
    """Every lab has tests. Their names are unique, they have points, and their scenes have a sentence."""
    for lab in engine.load_labs():
        names = [case.name for case in lab.tests]
        assert names and len(names) == len(set(names))
        assert all(case.points > 0 and case.covers for case in lab.tests)
        assert all(scenes.find(case.program).text or case.race for case in lab.tests), "a failure shows it"


RECORD = """scene key={k} test=t1 result=ended
ev key={k} what=log td=A cpu=0 n=2 val=1 t=100
ev key={k} what=end td=A cpu=0 n=1 val=0 t=200
audit key={k} threads=5 allq=5 runnable=0 undelivered=0 ipimask=0 crit=0 refs=0
end key={k} test=t1 events=2
"""


def test_record():
    """A line that stands for several events is expanded; lines of another run, and verdicts, are ignored."""
    record = events.parse("PASS\n" + RECORD.format(k="old") + RECORD.format(k="new"), "new")
    assert [str(event) for event in record.events] == ["A:1", "A:2", "A:end=0"]
    assert record.result == "ended" and record.audit["allq"] == 5


@pytest.mark.parametrize("lost", range(5))
def test_missing_line_shows(lost):
    """A line that is missing or there twice is noticed, whichever it is."""
    lines = RECORD.format(k="k").splitlines()
    for changed in (lines[:lost] + lines[lost + 1:], lines[:lost] + [lines[lost]] + lines[lost:]):
        with pytest.raises(events.BadEvents):
            events.parse("\n".join(changed), "k")


def test_order_marks_the_first_difference():
    """A judge's text shows where the sequences begin to differ, and which event is wrong."""
    scene = engine.Scene(events.parse(RECORD.format(k="k"), "k"), {}, {})
    with pytest.raises(engine.Failure) as caught:
        scene.order(scene.events, ["A:1", "B:1"], "turns")
    assert caught.value.expected == "turns: A:1 [B:1]"
    assert caught.value.seen == "A:1 [A:2] A:end=0"
    assert caught.value.at.val == 2


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy of the tree and of what is built from it, so that a change builds in a second."""
    copy = copy_tree(tmp_path_factory.mktemp("grading") / "tree", "build")
    races.copy_course(copy)
    return copy


@pytest.fixture
def broken(built):
    """broken(path, old, new, *options) grades a kernel with this change: (process, record, seconds)."""
    changed = {}

    def change_and_grade(path, old, new, *options, status=1):
        changed[built / path] = text = (built / path).read_text()
        assert old in text
        (built / path).write_text(text.replace(old, new))
        started = time.monotonic()
        done = grade(*options, "FORMAT=json", "OUT=record.json", cwd=built)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        record = json.loads((built / "record.json").read_text())
        jsonschema.validate(record, json.loads((ROOT / "tests/schemas/record.json").read_text()))
        assert done.stdout == formats.as_text(record), "what is shown is made from the record"
        return done, record, time.monotonic() - started

    yield change_and_grade
    for path, text in changed.items():
        path.write_text(text)


RING = ("kernel/lwkt/runq.h", "first->td_runprev->td_runnext = td;",
        "gd->gd_tdrunq[td->td_pri] = td; first->td_runprev->td_runnext = td;")
DESCHEDULE = ("kernel/lwkt/sched.c", "    _lwkt_dequeue(td);\n    crit_exit();")
WORST_RING = ("kernel/lwkt/switch.c", "thread_t *first = gd->gd_bestrunq,",
              "thread_t *first = gd->gd_runqmask == 0 ? gd->gd_bestrunq : "
              "&gd->gd_tdrunq[bit_highest32(gd->gd_runqmask & -gd->gd_runqmask)],")
BOOT = ("kernel/boot/main.c", "    plic_init();")


def built_page(record, folder):
    """What is drawn on the page that a record names."""
    text = (folder / record["page"]).read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data" type="application/json">(.*?)</script>', text, re.S).group(1))


@pytest.mark.parametrize("change, lab, seen_by", [(RING, "switch", "t1"), (WORST_RING, "2", "t2")])
def test_broken_kernel_loses_points(broken, built, change, lab, seen_by):
    """If a kernel has a student's bug, the test of that mechanism fails, and its report has all that
    helps."""
    done, record, _ = broken(*change, f"LAB={lab}", f"TEST={seen_by}")
    test = record["tests"][0]
    assert f"FAIL  {seen_by}" in done.stdout and test["cause"] == "judged"
    for word in ("scene", "expected", "seen", "again", "by hand", "in gdb"):
        assert f"        {word} " in done.stdout
    assert all(len(line) <= 100 for line in test["shown"] + test["timeline"])
    assert sum(line.startswith("> ") for line in test["shown"]) == 1
    assert any(line.startswith("cpu 0 ") for line in test["timeline"])
    assert test["gdb"][0].startswith("make qemu-gdb ") and test["gdb"][2] == "break kt_stop"
    assert re.search(r"stop=0*[1-9]", test["gdb"][0]) and "stop=0000000" in test["by_hand"]
    assert test["seed"] == min(test["seeds"]), "this bug shows with every seed"
    drawn = built_page(record, built)["runs"][0]
    assert {"switch", "scene"} <= {event[3] for event in drawn["events"]}, "the run was played again, and traced"
    assert sum(event[8] for event in drawn["events"]) == 1


def test_build_error(broken):
    """If the kernel does not build, the report has the compiler's errors and no points, and nothing is
    run."""
    done, record, seconds = broken(*DESCHEDULE, "    _lwkt_dequeue(td)\n    crit_exit();", "LAB=2")
    assert "sched.c:" in record["build"] and "error: expected ';'" in done.stdout
    assert record["points"] == 0 and {t["cause"] for t in record["tests"]} == {"build"}
    assert done.stdout.endswith(f"Points: 0 of {record['most']}\n") and seconds < 120


def after_dequeue(words):
    """The change that adds code at the end of lwkt_deschedule_self."""
    return (*DESCHEDULE, f"    _lwkt_dequeue(td);\n    {words}\n    crit_exit();")


KINDS = {  # cause: (the change, lab and test, words of the report)
    "panic": (after_dequeue('panic("I give up");'), "LAB=2 TEST=t5", "panic: I give up"),
    "not-written": (after_dequeue("not_implemented(2);"), "LAB=2 TEST=t5",
                    "lwkt_deschedule_self is not written yet"),
    "livelock": (("kernel/lwkt/wait.c", "_lwkt_dequeue(curthread);", ""),
                 "LAB=7 TEST=t51_order", "livelock: cpu"),
    "deadlock": (("kernel/lwkt/wait.c", "td->td_wait = NULL;\n    _lwkt_schedule_here(gd, td);",
                  "td->td_wait = NULL;"), "LAB=7 TEST=t51_order",
                 "deadlock: all cpus are idle; W0"),
    "flood": ((*BOOT, '    for (;;)\n        printf("\\033[31mspam\\n");'), "LAB=2 TEST=t5", "flooded"),
    "never-booted": ((*BOOT, "    for (;;)\n        ;"), "LAB=2 TEST=t5", "never came up"),
}


@pytest.mark.parametrize("cause", KINDS)
def test_broken_machine(broken, cause):
    """Each way in which a machine can fail is reported as such, without waiting for a limit."""
    change, options, words = KINDS[cause]
    done, record, _ = broken(*change, *options.split(), "SEED=5")
    test = record["tests"][0]
    assert (test["cause"], test["points"]) == (cause, 0)
    assert words in test["seen"] and words.split()[0] in done.stdout
    assert "\033" not in done.stdout and test["console"] and test["seconds"] < 120


def test_ends_by_itself(broken):
    """A kernel that ends the machine before it has booted is reported as such."""
    _, record, _ = broken(*BOOT, "    extern void machine_halt(int);\n    machine_halt(7);", "LAB=2",
                          "TEST=t5", "SEED=5")
    test = record["tests"][0]
    assert test["cause"] == "never-booted" and test["seen"].endswith("it ended with status 7")


def test_halted_for_good(broken):
    """A machine in which no event is due and no hart can wake is reported without waiting for a limit."""
    _, record, _ = broken(*BOOT, '    for (;;)\n        __asm__ volatile("csrw sie, zero; wfi");',
                          "LAB=2", "TEST=t5", "SEED=5")
    test = record["tests"][0]
    assert test["cause"] == "never-booted" and "halted for good" in test["seen"]


def test_not_written_is_reported_in_short(broken):
    """Tests of a function that is not written yet take one line each, and a count at the end."""
    done, record, _ = broken(*after_dequeue("not_implemented(2);"), "LAB=2", "SEED=5")
    bad = [t for t in record["tests"] if t["status"] == "fail"]
    assert len(bad) > 3 and {t["cause"] for t in bad} == {"not-written"}
    assert f"Not written yet: lwkt_deschedule_self ({len(bad)} tests)" in done.stdout
    assert len(done.stdout.splitlines()) < len(record["tests"]) + 8


def test_a_panic_inside_the_panic_hides_nothing(broken):
    """The first message is printed, although stopping the other harts panics again."""
    stop = "    cpumask_t others = 0;\n"
    broken("kernel/boot/panic.c", stop, f'    panic("the second");\n{stop}', "LAB=2", "TEST=t5_deschedule", "SEED=5",
           status=0)
    _, record, _ = broken(*after_dequeue("not_implemented(2);"), "LAB=2", "TEST=t5_deschedule", "SEED=5")
    test = record["tests"][0]
    assert (test["cause"], test["seen"]) == ("not-written", "lwkt_deschedule_self is not written yet")


def test_replay(broken, built):
    """The command that a failure shows gives the same bytes in each run, and the same events."""
    _, record, _ = broken(*RING, "LAB=2", "TEST=t1", "SEED=5")
    test = record["tests"][0]
    words = [word for word in shlex.split(test["by_hand"]) if "=" in word]
    consoles = [subprocess.run(["make", "-s", "qemu", *words], cwd=built, capture_output=True,
                               env=machine.environment(), timeout=120, check=False).stdout
                for _ in range(2)]
    assert consoles[0] == consoles[1] and b"result=ended" in consoles[0]
    key = re.search(r"key=(\w+)", test["by_hand"]).group(1)
    replayed = events.parse(consoles[0].decode().replace("\r\n", "\n"), key).events
    assert str(replayed[0]) in test["shown"][1]


def test_key_changes_no_schedule():
    """The run of a seed is the same with any key, so that a failure can be repeated from the seed alone."""
    [lab] = engine.load_labs("preempt")
    [case] = engine.choose(lab, "t65_registers")
    consoles = set()
    for _ in range(3):
        _, result = engine.run_seed(case, 44749)
        key = re.search(r"^ev key=(\w+) ", result.console, re.M).group(1)
        consoles.add(result.console.replace(key, "KEY"))
    assert len(consoles) == 1


def test_gdb_stops_there(broken, built):
    """The gdb commands that a failure shows stop the machine at the wrong event."""
    _, record, _ = broken(*RING, "LAB=2", "TEST=t1", "SEED=5")
    start, connect, *typed = record["tests"][0]["gdb"]
    assert connect == "make gdb"
    socket = built / "build" / "gdb.sock"
    socket.unlink(missing_ok=True)
    process = subprocess.Popen([*shlex.split(start), "TIMEOUT=100"], cwd=built, env=machine.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        for _ in range(300):
            if socket.exists():
                break
            time.sleep(0.1)
        done = subprocess.run(["tools/debug", "-batch", *(w for c in typed for w in ("-ex", c))], cwd=built,
                              env=machine.environment(), capture_output=True, text=True, timeout=80,
                              check=False)
    finally:
        machine.end(process)
    wrong = next(line for line in record["tests"][0]["shown"] if line.startswith("> ")).split()[2]
    name, _, value = wrong.partition(":")
    at = rf'Breakpoint 1, kt_stop \(what=.* "log", thread=.* "{name}", val=(val@entry=)?{value}\)'
    assert re.search(at, done.stdout)
    assert typed[-1] == "why A" and re.search(r"^It is ready, with priority \d+; cpu 0 runs B, ", done.stdout, re.M)


def fails_from(limit):
    """A run_seed that fails for all seeds from `limit` on. The run of `limit` itself takes longest."""
    def run_seed(case, seed, stop):
        time.sleep(0.2 if seed == limit else 0.01)
        return failure.Failure("less", str(seed)) if seed >= limit else None, None
    return run_seed


@pytest.mark.parametrize("workers", [1, 4])
def test_smallest_failing_seed(monkeypatch, workers):
    """Whichever run ends first, the smallest seed that fails is reported."""
    monkeypatch.setattr(engine, "run_seed", fails_from(30))
    monkeypatch.setattr(runs, "draw_seeds", lambda given, source: [10, 20, 30, 40, 50])
    lab = engine.load_labs("switch")[0]
    jobs = [(lab, case) for case in lab.tests[:3]]
    outcomes = list(runs.grade(jobs, progress.Progress(15), workers=workers))
    assert [outcome.seed for outcome in outcomes] == [30] * 3
    assert [outcome.failure.seen for outcome in outcomes] == ["30"] * 3


def dies(ways):
    """A run_seed in whose n-th test the kernel dies in the n-th way; "" is no death, "never" a kernel that
    does not come up."""
    def run_seed(case, seed, stop):
        way = ways[[c.name for c in engine.load_labs("switch")[0].tests].index(case.name)]
        if way == "":
            return None, None
        wrong = failure.Failure("the scene to end", way, cause="panic")
        wrong.died, wrong.up, wrong.hangs = way, way != "never", way == "hangs"
        return wrong, None
    return run_seed


def test_seeds_have_the_classes_in_one_order():
    """The three seeds of a grading have all classes, in the same order in every grading."""
    case = engine.load_labs("switch")[0].tests[0]
    for count in (3, 3, 3, 10):
        seeds = runs.draw_seeds("", count)
        assert seeds == sorted(seeds)
        assert [engine.Draws(case, seed).cycle(0, 1, 2) for seed in seeds] == [i % 3 for i in range(count)]
    assert runs.draw_seeds("18,17") == [17, 18]


def test_seeds_follow_from_the_kernel(monkeypatch, tmp_path):
    """A kernel is graded with the same seeds each time, and other ones in each test; another kernel with others;
    SEED=random draws new ones."""
    monkeypatch.setattr(engine, "run_seed", lambda case, seed, stop: (None, None))
    monkeypatch.setattr(runs.machine, "ROOT", tmp_path)
    lab = engine.load_labs("switch")[0]

    def seeds_of(image, given=""):
        (tmp_path / "build").mkdir(exist_ok=True)
        (tmp_path / "build" / "Image").write_bytes(image)
        jobs = [(lab, case) for case in lab.tests[:8]]
        return [outcome.seeds for outcome in runs.grade(jobs, progress.Progress(24), given)]

    first = seeds_of(b"one")
    assert seeds_of(b"one") == first and len({tuple(seeds) for seeds in first}) == 8
    assert seeds_of(b"two") != first and seeds_of(b"one", "random") != first
    assert seeds_of(b"one", "5") == [[5]] * 8


@pytest.mark.parametrize("ways, run", [
    (["", "", "", "", ""], 5), (["", "a", "", "a", ""], 5), (["a", "b", "", "a", ""], 4),
    (["never", "", "", "", ""], 1), (["", "never", "", "", ""], 5), (["", "never", "a", "never", ""], 4),
    (["hangs"] * 8 + [""], 8), (["hangs"] * 4 + ["a", "", "a", "b", ""], 8)])
def test_dead_kernel_ends_the_grading(monkeypatch, ways, run):
    """A kernel that does not come up in the first test, or dies in three tests, or hangs in eight, is graded
    no further; the other tests give no points, and the report says what to fix first."""
    monkeypatch.setattr(engine, "run_seed", dies(ways))
    lab = engine.load_labs("switch")[0]
    outcomes = list(runs.grade([(lab, case) for case in lab.tests[:len(ways)]], progress.Progress(30)))
    assert [bool(outcome.dead) for outcome in outcomes] == [i >= run for i in range(len(ways))]
    tests = [records.test(outcome) for outcome in outcomes if outcome.dead]
    died = [case.name for case, way in zip(lab.tests, ways[:run]) if way]
    assert all(test["points"] == 0 and test["cause"] == "not-run" for test in tests)
    assert all(name in test["seen"] for test in tests for name in died)


def test_other_labs_go_on(monkeypatch):
    """A kernel that is dead in one lab is graded in the next."""
    monkeypatch.setattr(engine, "run_seed", dies(["never"] + [""] * 40))
    labs = engine.load_labs()
    jobs = [(lab, case) for lab in labs if lab.name in ("switch", "life") for case in lab.tests[:2]]
    other = next(lab for lab in labs if lab.number == 3)
    fake = engine.Lab(3, "crit", "x", [])
    jobs += [(fake, labs[1].tests[1])]
    assert other.number == fake.number
    outcomes = list(runs.grade(jobs, progress.Progress(15)))
    assert [bool(outcome.dead) for outcome in outcomes] == [False, True, True, True, False]


def test_dead_kernel_is_fixed_first(broken):
    """The whole report of a kernel that does not come up: one test in full, with the state of each cpu, and
    what to fix first; it takes a few seconds."""
    change = ("kernel/lwkt/runq.h", "        runq_filled(gd, td->td_pri);\n", "")
    done, whole, seconds = broken(*change, "LAB=2")
    first, *others = whole["tests"]
    assert first["cause"] == "never-booted" and {test["cause"] for test in others} == {"not-run"}
    assert any(line.startswith("cpu 0 ") and "lwkt_idle_loop" in line for line in first["state"])
    assert any("sip 0x" in line and "sie 0x" in line and "reqflags" in line for line in first["state"])
    assert "runq_append()" in first["hint"] and f"usually   {first['hint'][:30]}" in done.stdout
    assert "OpenSBI" not in done.stdout and "Boot HART" not in done.stdout
    last = " ".join(done.stdout.split())
    assert f"Fix this first: in lab 2 the kernel dies in {first['name']}" in last
    assert f"the {len(others)} tests after that did not run, and give 0 points" in last
    assert seconds < 60


def test_silent_machine(broken):
    """A kernel that falls silent with interrupts off is given up in its own time, and the report says where
    it is."""
    loop = "while (td->td_comm[0] == 'A')\n        cpu_intr_disable();"
    _, whole, seconds = broken(*after_dequeue(loop), "LAB=2", "TEST=t5", "SEED=5")
    test = whole["tests"][0]
    assert test["cause"] == "timeout" and "lwkt_deschedule_self" in test["seen"]
    assert any("interrupts off" in line for line in test["state"]) and seconds < 60


def test_unfinished_program(built):
    """A program of the student's own that does not build does not stop the grading; one that a test needs
    does."""
    unfinished = built / "user" / "wip.c"
    unfinished.write_text("int main(void) { return unknown; }\n")
    try:
        done = grade("LAB=2", "TEST=t1", "SEED=5", cwd=built)
        assert done.returncode == 0 and "Left out, because it does not build: user/wip" in done.stdout
        needed = built / "user" / "swtest.c"
        text = needed.read_text()
        needed.write_text(text + "unknown\n")
        done = grade("LAB=2", "TEST=t1", "SEED=5", cwd=built)
        needed.write_text(text)
        assert done.returncode == 1 and "swtest.c" in done.stdout and "Points: 0 of 10" in done.stdout
    finally:
        unfinished.unlink()


def test_scene_has_no_blanks():
    """Where a scene's sentence has a parameter, its value is shown, or its default, or only its name."""
    values = {"from": "1"}
    assert scenes.with_values("cpu from= of it", "ipitest t27", values) == "cpu from=1 of it"
    assert scenes.with_values("for stall= microseconds", "swtest t22", values) == "for stall=30 microseconds"
    assert scenes.with_values("for none= microseconds", "swtest t22", values) == "for none microseconds"


def test_columns_do_not_run_together():
    """An event with a long value is apart from the cpu in the next column."""
    long = events.Event("tp", "H", 0, 2 ** 62, 10, "ev")
    assert re.search(r"tp=4611686018427387904 +cpu 0", timeline.in_words(long, long))


def test_judge_that_is_surprised():
    """Events that no judge expects are a failure like any other."""
    lab = engine.load_labs("switch")[0]
    case = next(case for case in lab.tests if case.name == "t23_idle_token")
    text = RECORD.format(k="k").replace("what=end", "what=idle_waits")
    result = engine.machine.Result(text, 0, 1.0, "", "make qemu RUN='swtest t23 key=k'")
    failure = engine.judge_run(case, result, "k", {}, {})
    assert failure.cause == "judged" and failure.expected


def on_terminal(*words, **env):
    """The output of `make grade` at a terminal."""
    child = pexpect.spawn("make", ["-s", "grade", *words], cwd=str(ROOT), timeout=120, dimensions=(24, 80),
                          env={**machine.environment(TERM="xterm"), **env}, encoding="utf-8")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    return str(child.before)


def test_terminal():
    """Progress and colours are shown on a terminal only; with NO_COLOR, only the progress."""
    words = ("LAB=2", "TEST=t1", "SEED=5")
    shown = on_terminal(*words)
    assert "\033[32mok" in shown and "\r\033[K" in shown
    assert "1 of 1 runs left: t1_turns (seed 5)" in shown
    plain = on_terminal(*words, NO_COLOR="1")
    assert "\033[32m" not in plain and "1 of 1 runs left" in plain
    piped = make("-s", "grade", *words).stdout
    assert "\033" not in piped and "\r" not in piped and "left" not in piped


def test_formats_by_make(tmp_path):
    """One format is written to the file OUT or to standard output, several to the folder OUT."""
    words = ("-s", "grade", "LAB=2", "TEST=t1", "SEED=5")
    assert make(*words, "FORMAT=ktap").stdout.startswith("KTAP version 1\n")
    done = make(*words, "FORMAT=json", f"OUT={tmp_path}/one.json")
    assert "Points: 10 of 10" in done.stdout
    assert json.loads((tmp_path / "one.json").read_text())["seed"] == 5
    make(*words, "FORMAT=json,junit", f"OUT={tmp_path}/all")
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["grade.json", "junit.xml"]


def test_classroom_workflow():
    """The workflow gives the reporter what the format writes."""
    text = (machine.ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    assert "FORMAT=github,text OUT=results" in text and "${{ env.NYMPH_RUNNERS }}" in text
    assert f"results/{formats.FORMATS['github'][0]}" in text
    assert f"results/{formats.FORMATS['text'][0]}" in text


def test_classroom_protects():
    """The paths that the workflow's head names for protection match all files that grading/class takes from the
    instructor, and none that a student writes."""
    text = (machine.ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    words = [word for line in re.findall("^#   (.*)", text, re.M) for word in line.split()]
    pattern = re.compile("|".join(re.escape(word).replace(r"\*\*", ".*").replace(r"\*", "[^/]*") for word in words))
    needed = {*submission.given_files(), *races.COURSE, ".github/workflows/classroom.yml"} - {"README.md", "LICENSE"}
    assert not [path for path in needed if not pattern.fullmatch(path + "/" * (machine.ROOT / path).is_dir())]
    assert not [path for path in submission.course_files() if pattern.fullmatch(path) and not submission.is_trusted(path)]


@pytest.mark.parametrize("says, room", [("a.c.o: can't write 3015 bytes: No space left on device", 0),
                                        ("a.c:1: error: expected ';'", 1 << 62)])
def test_full_disk(says, room, monkeypatch, capsys):
    """If the build fails because the disk is full, or on a full disk, the grading has not taken place, and no points
    are shown; nor are they if a test fails on a full disk, on which QEMU's own record of the run has no room."""
    for name in ("TEST", "SEED", "SEEDS", "FORMAT", "OUT", "HTML"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAB", "1")
    monkeypatch.setattr(machine, "ROOM", room)
    monkeypatch.setattr(command.build, "build", lambda *_, **__: (says, []))
    assert command.guarded() == 2
    shown = capsys.readouterr()
    assert "the grading could not take place" in shown.err and shown.err.count("\n") == 1 and "oints" not in shown.out
    monkeypatch.setattr(machine, "run", lambda *_, **__: machine.Result("", 1, 0.0, "timeout", ""))
    if room:
        with pytest.raises(machine.NoRoom):
            engine.run_seed(engine.load_labs("1")[0].tests[0], 1)


@pytest.mark.parametrize("word", ["TEST=nonsense", "FORMAT=nonsense", "FORMAT=json OUT=/proc/none/x",
                                  "FORMAT=json,text", "SEED=x", "LAB=77", "TOOLCHAIN=tcc", "WERROR=yes"])
def test_bad_options(word):
    """tools/grade prints one line that says what to do, and ends with status 2. So does make, which adds a
    line of its own."""
    done = grade("LAB=2", *word.split())
    assert done.returncode == 2
    assert word.split()[-1].partition("=")[0] in done.stderr and len(done.stderr.splitlines()) == 1
    made = make("-s", "grade", "LAB=2", *word.split(), check=False)
    assert made.returncode == 2
    lines = [line for line in made.stderr.splitlines() if done.stderr.strip() in line]
    assert len(lines) == 1 and len(made.stderr.splitlines()) <= 2


def test_status_is_exact(built, broken):
    """tools/grade tells full points (0) from fewer (1), wherever it is called from; make says 0 or 2."""
    words = ("LAB=2", "TEST=t1", "SEED=5")
    done = subprocess.run([ROOT / "tools/grade"], cwd="/", env=machine.environment(LAB=2, TEST="t1", SEED=5),
                          stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
    broken("kernel/lwkt/switch.c", "void lwkt_switch(void)\n{", "void lwkt_switch(void)\n{\n    panic(\"no\");",
           *words)
    assert make("-s", "grade", *words, cwd=built, check=False).returncode == 2


def test_hanging_machine():
    """A machine that does not end in time is ended, and reported as such."""
    result = engine.machine.run("sleep 10000", timeout=5, DETERMINISTIC=1)
    assert result.seconds < 15 and "silent" in failure.machine_failure(result).seen


class Clock:
    """A monitor of a machine whose time is the next of `times`, with a scene until `until`."""

    def __init__(self, times, until):
        self.times, self.until = iter(times), until

    def time(self):
        """The time at this look."""
        return next(self.times)

    def watched_until(self, _kernel):
        """Until when the kernel's watchdog waits."""
        return self.until


UP = b"Nymph\n1 hart up, boot hart 0 is cpu 0\n"
ENDED = UP + b"scene key=k\nend key=k\n"
WATCHED = [  # (console, times of the looks, the scene's end, shift, what the last look says)
    (b"Nymph\n", [1000, 2900], 0, 4, ""),
    (b"Nymph\n", [1000, 3100], 0, 4, "timeout"),
    (b"Nymph\n", [1000, 3100], 0, 5, ""),
    (UP, [400, 5300], 0, 4, ""),
    (UP, [400, 5500], 0, 4, "timeout"),
    (UP, [400, 6000], 5000, 4, ""),
    (UP, [400, 6300], 4500, 4, "timeout"),
    (UP, [400, 6500], 20000, 4, "overtime"),
    (UP, [400, 1300, 1700], 9000, 2, "overtime"),
    (UP, [400, 10 ** 9], 0, 4, "halted"),
    (ENDED, [400, 1800], 0, 4, ""),
    (ENDED, [400, 2000], 0, 4, "timeout"),
]


@pytest.mark.parametrize("console, times, until, shift, why", WATCHED)
def test_watch(monkeypatch, console, times, until, shift, why):
    """A machine is judged by its own clock: until it is up, while its own watchdog watches a scene, when it
    is silent otherwise, and after the scene's last line; if an instruction takes longer, so do the
    limits."""
    monkeypatch.setattr(machine, "used_time", lambda process: 1.0)
    monkeypatch.setattr(machine, "asleep", lambda process: False)
    watch = machine.Watch(None, Clock(times, until), None, engine.WORK, shift)
    said = [watch.look(console, i == 0) for i in range(len(times))]
    assert said[-1] == why and not any(said[:-1])


def test_watch_without_time(monkeypatch):
    """A machine whose time stands still is given up after so much work, or when it does nothing at all; one
    whose monitor does not answer on a busy host is not."""
    work = iter([0.5, 1.0, 4.0, 4.9])
    monkeypatch.setattr(machine, "used_time", lambda process: next(work))
    monkeypatch.setattr(machine, "asleep", lambda process: False)
    watch = machine.Watch(None, Clock([100] + [None] * 3, 0), None, engine.WORK, 4)
    assert [watch.look(UP, False) for _ in range(4)] == ["", "", "", "timeout"]
    monkeypatch.setattr(machine, "used_time", lambda process: 1.0)
    monkeypatch.setattr(machine, "asleep", lambda process: True)
    watch = machine.Watch(None, Clock([100] * 20, 0), None, engine.WORK, 4)
    assert [watch.look(UP, False) for _ in range(machine.HALTED + 2)].index("halted") == machine.HALTED


HANGS = """
panic: the scene hangs: 1 threads do not end
progress cpu=2 ms=1000 ticks=100 switches=12000 messages=3 halts=0 runs=B
cpu 0 (hart 0), thread 0xffffffc08fe0b430 (A), in 1 critical sections
backtrace:
  ffffffc0802082bc kt_watchdog+0x4c
  ffffffc08021890e cpu_relax+0x52
  ffffffc08020c93a enqueue_message+0xc2
cpu 1 (hart 1) ran idle1: lwkt_idle_loop < start_secondary < _start_secondary
cpu 2 (hart 2) ran B: lwkt_wait_ipiq < kt_play
"""


def test_hang_says_where():
    """The kernel's report of a scene that hangs becomes one line, without the idle cpus."""
    result = engine.machine.Result(HANGS, 101, 1.0, "", "")
    found = failure.machine_failure(result)
    assert found.cause == "livelock" and found.seen == (
        "it hangs; cpu 0 runs A, in cpu_relax < enqueue_message; cpu 2 runs B, in lwkt_wait_ipiq; "
        "livelock: cpu 2 made 12000 switches in 1000 ms")


def test_heartbeats():
    """A hang is explained: all cpus are idle, a cpu spins, or a cpu has no tick."""
    report = "the scene's time is over\n" + "progress cpu=0 ms=900 ticks=90 switches=95 messages=9 halts=1 runs=t"
    spins = "\nprogress cpu=1 ms=900 ticks=90 switches=0 messages=0 halts=0 runs=A"
    dead = "\nprogress cpu=1 ms=900 ticks=0 switches=0 messages=0 halts=0 runs=idle1"
    waits = "\nstuck td=B cpu=1 waits: ktblock\n"
    assert failure.heartbeats(report + waits) == (
        "deadlock", "deadlock: all cpus are idle; B (cpu 1) waits: ktblock")
    assert "runs A without a switch for 900 ms" in failure.heartbeats(report + spins + waits)[1]
    assert "no tick in 900 ms" in failure.heartbeats(report + dead)[1]


def test_spinning_is_waiting():
    """A cpu that spins in cpu_relax waits, unless a tick called cpu_relax."""
    text = HANGS.replace("switches=12000", "switches=0").replace(
        "ran B: ", "ran B: cpu_relax < ").replace("enqueue_message", "wait_for_room")
    assert failure.heartbeats(text) == (
        "deadlock", "deadlock: all cpus wait; A (cpu 0) spins in wait_for_room; "
        "B (cpu 2) spins in lwkt_wait_ipiq")
    ticked = text.replace("wait_for_room", "hardclock").replace("cpu_relax < lwkt", "lwkt")
    assert failure.heartbeats(ticked)[0] == "livelock"


def test_panic_is_reported_at_once():
    """A panic is reported with its message, without waiting for a limit."""
    result = engine.machine.run("sysctl debug.panic=1", timeout=30, DETERMINISTIC=1,
                                APPEND="ktest=1")
    assert result.seconds < 20 and "debug.panic=1" in failure.machine_failure(result).seen


def test_monitor_that_is_late():
    """An answer that comes too late is not taken for that of the next command."""
    monitor = postmortem.Monitor()
    monitor.ours.settimeout(0.1)
    assert monitor.ask("info cpus") is None
    sent = [json.loads(line) for line in monitor.theirs.recv(65536).splitlines()]
    late = [{"QMP": {}}] + [{"return": {}, "id": one["id"]} for one in sent]
    late += [{"event": "STOP"}, {"return": "0x0000000000004e20\r\n", "id": sent[-1]["id"] + 1}]
    monitor.theirs.sendall("".join(json.dumps(line) + "\n" for line in late).encode())
    assert monitor.time() == 2
    monitor.theirs.close()
    assert monitor.time() is None
    monitor.close()


TEXT, STACK = postmortem.DIRECT + 0x80200000, postmortem.DIRECT + 0x80400000
TRAP = STACK - 800          # a trap frame
STARTS = {"boot": TEXT, "loop": TEXT + 0x100, "relax": TEXT + 0x200, "trap_entry": TEXT + 0x300,
          "from_user": TEXT + 0x400, "handler": TEXT + 0x500}
# The frames of loop, of relax, of a relax that calls nothing, and of a trap's handler.
MEMORY = {STACK - 16: (0, STARTS["boot"] + 8), STACK - 48: (STACK, STARTS["loop"] + 8), STACK - 80: (0, STACK),
          TRAP - 16: (STACK, STARTS["trap_entry"] + 8)}


def functions_of(registers):
    """The names in the backtrace of a machine with these frames, and these registers."""
    monitor = types.SimpleNamespace(words=lambda address, _count, _cpu: MEMORY.get(address))
    names = {"__kernel_start": TEXT, "__text_end": TEXT + 0x600, **STARTS}
    of = {start: name for name, start in STARTS.items()}
    found = postmortem.return_addresses(monitor, 0, names, registers)
    return " ".join(of[postmortem.start_of(names, address)] for address in found)


@pytest.mark.parametrize("where, s0, ra", [
    ("at the entry", STACK, "loop"), ("has its frame", STACK - 32, "loop"), ("has called", STACK - 32, "relax"),
    ("calls nothing", STACK - 64, "loop"), ("about to return", STACK, "loop")])
def test_frames_at_any_instruction(where, s0, ra):
    """No function is left out of a backtrace, wherever in a function the machine was stopped, also if a trap has
    stopped it there before."""
    registers = {"pc": STARTS["relax"] + 16, "s0": s0, "ra": STARTS[ra] + 8}
    assert functions_of(registers) == "relax loop boot", where
    trap_frame = [0] * 32
    trap_frame[0], trap_frame[7], trap_frame[31] = registers["ra"], s0, registers["pc"]
    MEMORY[TRAP] = trap_frame
    in_trap = {"pc": STARTS["handler"] + 16, "s0": TRAP, "ra": STARTS["trap_entry"] + 8}
    assert functions_of(in_trap) == "handler trap_entry relax loop boot", where
