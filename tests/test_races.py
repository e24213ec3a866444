# SPDX-License-Identifier: BSD-3-Clause
"""Races: what the explorer finds in a student's kernel is reported, and nothing is given for what it says."""

import re
import subprocess

import pytest

import patches
from conftest import ROOT
from grading import causes, diagnosis, engine, races, record, report, runs
from grading.staff import sandbox, worker
from handing_in import MUTANTS, handed_out, solved, write

ALL = {case.race.scene: (lab, case) for lab in engine.load_labs() for case in lab.tests if case.race}


def tree_of(place, files):
    """A tree with these files as its kernel/, and what the explorer is built of."""
    write(files, place)
    races.copy_course(place)
    return place


def reported(scene, tree):
    """(the record, the report) of a race in a tree."""
    lab, case = ALL[scene]
    failure, result = races.run(case, tree)
    found = record.test(runs.Outcome(lab, case, [0], result.seconds, 0, failure, result))
    return found, "\n".join(report.Report().test(found))


@pytest.fixture(scope="module", name="right")
def built(tmp_path_factory):
    """A tree with the solved kernel."""
    return tree_of(tmp_path_factory.mktemp("right"), solved())


def test_table():
    """The scenes exist, the tests that they need are the lab's own, and their points count for something."""
    names = {line.split("(")[1].split(",")[0] for path in (ROOT / "tests" / "sim").glob("scenes*.h")
             for line in path.read_text().splitlines() if "SCENE(x_" in line}
    in_qemu = {(lab.number, f"{lab.name}/{case.name}") for lab in engine.load_labs() for case in lab.tests
               if not case.race}
    for scene, (lab, case) in ALL.items():
        assert scene in names or scene.startswith("pair:"), scene
        assert {(lab.number, name) for name in case.race.needs} <= in_qemu, scene
        assert case.race.lab == lab.number and sum(case.race.budget) > 0, scene
    assert {lab.number for lab, _ in ALL.values()} == set(range(2, 10))


def test_right(right):
    """The solved kernel passes, and each search is complete."""
    for scene, (_, case) in ALL.items():
        failure, result = races.run(case, right)
        assert failure is None and " complete," in result.console, f"{scene}: {result.console[-2000:]}"


def test_imports():
    """The list of imports has only functions and variables of the kernel's headers, and of the simulation's
    machine."""
    words = {word for folder in ("kernel", "tests/sim") for path in (ROOT / folder).rglob("*.h")
             for word in re.findall(r"\w+", path.read_text())}
    names = (ROOT / "tests" / "sim" / "imports.txt").read_text().split()
    assert [name for name in names if name not in words and name != r"__tsan_\w+"] == []


# A mutant of tests/mutants, the race that it loses, and the function that the line "usually" names: one of two
# accesses that race, or where the schedule departs from the usual one. It need not be the one that is broken.
BROKEN = {"token-answered-first": ("x_token", "request"),
          "token-answered-read-late": ("x_token", "answer"),
          "tsleep-interlock-without-fence": ("x_sleep", "wakeup_domain"),
          "ipi-windex-early": ("x_ring", "drain")}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name, tmp_path):
    """A race that is lost is reported with what was expected, what came, the timeline with lines of code, the
    function of the lab that it usually comes from, and commands that play it again, one under gdb."""
    scene, function = BROKEN[name]
    tree = tree_of(tmp_path, solved())
    patches.apply(patches.read(MUTANTS / f"{name}.patch", "mutant"), tree, "-s")
    found, text = reported(scene, tree)
    assert found["status"] == "fail" and found["points"] == 0
    assert "in every schedule of up to" in found["expected"] and len(found["timeline"]) > 5, text
    assert any(re.search(r"kernel/\S+\.[ch]:\d+", line) for line in found["timeline"]), text
    assert re.search(rf" usually (\w+ waits in .* Or )?(nothing orders these two accesses: [^:]* in )?(\w+\(\) and in )?{function}\(\)",
                     " ".join(text.split())), text
    assert "again     make grade LAB=races" in text and "(gdb) break panic" in text
    done = subprocess.run(found["by_hand"], cwd=tree, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "cpu 1  " in done.stdout


def changed(tmp_path, source, old, new):
    """The tree of the solved kernel with one change."""
    files = solved()
    assert files[source].count(old.encode()) == 1
    files[source] = files[source].replace(old.encode(), new.encode())
    return tree_of(tmp_path, files)


# A change after which a schedule does not end: an interrupt comes again and again, before the scene's mark; a loop
# in which nothing is ever read; one that reads. The scene, and the function that the line "usually" names.
ENDLESS = {
    "interrupts": ("kernel/lwkt/systimer.c", "gd_systimer_armed = 0;", "gd_systimer_armed = ~0UL;", "x_sleep",
                   "systimer_intr"),
    "loop": ("kernel/sync/tsleep.c", "    if (woken == 0 && list_empty(bucket))",
             '    for (;;)\n        __asm__ volatile("");\n    if (woken == 0 && list_empty(bucket))', "x_sleep",
             "wakeup_here"),
    "reads": ("kernel/lwkt/systimer.c", "after->prev;\n    list_insert",
              "after;\n    while (consume(&gd->gd_systimer_armed) != 1)\n        ;\n    list_insert",
              "x_timer_again", "insert")}


@pytest.mark.parametrize("fault", ENDLESS)
def test_no_end(fault, tmp_path):
    """A schedule that does not end is given up after seconds, whatever it loops in. The report names the lab's
    function that the kernel was in, and what it lists for gdb stops there."""
    source, old, new, scene, function = ENDLESS[fault]
    tree = changed(tmp_path, source, old, new)
    found, text = reported(scene, tree)
    assert found["cause"] == "livelock" and found["seconds"] < 60, text
    assert re.match(rf".*\b{function}\(\) \(at \d+ of \d+ looks\).*: the kernel was there", found["hint"]), text
    assert any(f"{function} ({source}:" in line for line in found["state"]), text
    typed = [word for line in found["gdb"][1:] for word in ("-ex", line)]
    done = subprocess.run(f"{found['gdb'][0].replace('gdb', 'gdb-multiarch -nx -batch ' + ' '.join(map(repr, typed)), 1)}",
                          cwd=tree, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert re.search(r"#0 +panic \(.*no end after", done.stdout) and "signal handler called" in done.stdout, done.stdout
    if fault != "interrupts":   # there it may be anywhere in the interrupt
        assert re.search(rf"in {function} \(|{function}\b.* at kernel/", done.stdout), done.stdout


def test_calls_what_races(tmp_path):
    """A data race in a function that this lab only calls names the lab's function that calls it, and no step at
    which the usual schedule would differ from itself."""
    tree = changed(tmp_path, "kernel/lwkt/sched.c", """    if ((flags & TDF_MIGRATING) == 0) {
        _lwkt_enqueue_here(gd, td, flags);""", "    {\n        _lwkt_enqueue(td);")
    lab, case = next((lab, case) for lab in engine.load_labs("4") for case in lab.tests
                     if case.name == "x_migrate_left")
    failure, _ = races.run(case, tree)
    assert "a data race: cpu 0 in _lwkt_enqueue (kernel/lwkt/runq.h:" in failure.seen
    assert "in the usual schedule" in failure.seen
    assert failure.usually.endswith("Look in lwkt_schedule(), which calls _lwkt_enqueue()"), failure.usually
    assert diagnosis.usual(lab.number, case, failure).startswith(failure.usually)


def test_usual_schedule(tmp_path):
    """A failure without a race is that of the lab's function that has found it, and of no other step."""
    tree = changed(tmp_path, "kernel/lwkt/sched.c", "if ((flags & TDF_MIGRATING) == 0)", "")
    found, text = reported("x_migrate_left", tree)
    assert "in the usual schedule" in found["seen"] and "differs" not in found["hint"], text
    assert re.match(r"lwkt_setcpu_self\(\) \(kernel/lwkt/migrate.c:\d+\) has found it", found["hint"]), text


def test_waiters(tmp_path):
    """When nobody can go on, the report says where each thread waits, and the line "usually" names the lab's
    functions among these."""
    tree = changed(tmp_path, "kernel/lwkt/msgport.c", "    while (!has_come(port, msg)) {\n        port->mp_flags |= "
                   "MSGPORTF_WAITING;", "    port->mp_flags |= MSGPORTF_WAITING;\n    while (!has_come(port, msg)) {")
    found, text = reported("x_port_abort", tree)
    assert found["cause"] == "deadlock", text
    assert re.match(r"client waits in thread_waitport\(\) \(kernel/lwkt/msgport.c:\d+\)", found["hint"]), text
    assert any(line.startswith("client waits: thread_waitport (") for line in found["state"]), text


def test_not_written(tmp_path):
    """In a handout, a race that needs a function of the lab says that it is not written."""
    tree = tree_of(tmp_path, handed_out(6))
    found, text = reported("x_token", tree)
    assert found["cause"] == "not-written" and "is not written yet" in text
    assert found["seen"].split()[0] in causes.WRITES[6].split()


def test_does_not_compile(tmp_path):
    """A kernel that does not compile for the host gets the compiler's lines."""
    files = solved()
    files["kernel/lwkt/ipiq.c"] += b'\nvoid mine(void)\n{\n    asm volatile("csrr a0, sip");\n    undeclared();\n}\n'
    found, text = reported("x_ring", tree_of(tmp_path, files))
    assert found["cause"] == "host-build" and "undeclared" in text and "kernel/lwkt/ipiq.c" in text


def test_no_compiler(right, monkeypatch):
    """Without a compiler for the host, the report says what to install."""
    monkeypatch.setattr(races.shutil, "which", lambda name: None if name == "gcc" else name)
    found, text = reported("x_ring", right)
    assert found["cause"] == "no-host" and found["points"] == 0
    assert "missing: gcc, the C compiler for this host (type: make setup)" in text


def test_no_walls(tmp_path, monkeypatch):
    """A submission's own code does not run as the instructor: without bubblewrap, and without root's rights,
    its races are not played, and the worker says why."""
    monkeypatch.setattr(sandbox, "has_bubblewrap", lambda: False)
    monkeypatch.setattr(sandbox, "runs_as_nobody", lambda: False)
    with pytest.raises(sandbox.Missing, match="bubblewrap"):
        sandbox.run_apart(["true"], tmp_path, 10)


def test_import(tmp_path):
    """An object may not import what no header of the kernel declares."""
    files = solved()
    files["kernel/lwkt/ipiq.c"] += b"\nint puts(const char *);\nvoid mine(void);\nvoid mine(void)\n{\n    puts(\"\");\n}\n"
    found, _ = reported("x_ring", tree_of(tmp_path, files))
    assert found["cause"] == "host-build" and "puts" in found["seen"]


def test_believed_only_when_it_fails(tmp_path):
    """A kernel that prints the explorer's verdict, by a system call of its own before anything else, and ends,
    gets no points: the tests in QEMU have not passed. In the sandbox, as a submission of a class."""
    files = handed_out(6)
    line = "x_token: 2 cpus, 1 preemptions, 1 interrupts, 1 stale reads: 2472 executions, 0.1 s, complete\\n"
    files["kernel/lwkt/token.c"] += f"""
#ifdef __x86_64__
static const char verdict[] = "{line}";
static void __attribute__((constructor)) say(void)
{{
    long n = 1;
    asm volatile("syscall" : "+a"(n) : "D"(1L), "S"(verdict), "d"(sizeof(verdict) - 1) : "rcx", "r11", "memory");
    n = 60;
    asm volatile("syscall" : "+a"(n) : "D"(0L) : "rcx", "r11", "memory");
}}
#endif
""".encode()
    tmp_path.chmod(0o755)
    tree = write(files, tmp_path / "tree")
    cases = [ALL["x_token"]]
    [found] = worker.play_races(tree, cases, set())
    assert found["points"] == 0 and found["cause"] == "needs"
    assert not (tmp_path / "tree.races").exists()


def test_sandbox(tmp_path):
    """The solved kernel gets its points there, if the tests in QEMU have passed."""
    tmp_path.chmod(0o755)
    tree = write(solved(), tmp_path / "tree")
    lab, case = ALL["x_held"]
    [found] = worker.play_races(tree, [(lab, case)], set(case.race.needs))
    assert found["status"] == "ok" and found["points"] == case.points, found


def test_usually():
    """The words about a race are those that its schedule gave, and else they say that the grader does not
    know."""
    lab, case = ALL["x_token"]
    failure = engine.Failure("a", "b")
    assert diagnosis.UNKNOWN in diagnosis.usual(lab.number, case, failure)
    failure.usually = "answer()"
    assert diagnosis.usual(lab.number, case, failure) == (
        "answer(). This race was written for answer() (gives the token before it answers; publishes the answer)")
    schedule = "c10:1"
    shown = [races.Event(0, "poke x", "kernel/lwkt/token.c", 1), races.Event(1, "loses its turn", "", 0),
             races.Event(0, "z", "", 0)]
    assert races.departs(schedule, shown) == 1 and races.departs("", shown) == 2
