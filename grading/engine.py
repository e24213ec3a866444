# SPDX-License-Identifier: BSD-3-Clause
"""The engine of the graders: what a test is, what its judge works with, and one run.

A test names a program that plays a scene, draws the parameters of the scene and of the machine from a
seed (Draws), and has a judge: a Python function that raises Failure, with what it expected and what it
saw, if the events differ from those of a correct kernel. For each seed the engine draws a key, boots a
fresh machine in the deterministic mode, and gives what the machine printed to the judge. runs.py runs
many tests at a time. Nothing that the machine prints counts as a verdict: the kernel is what is being
tested.
"""

import importlib
import os
import random
import re
import secrets
import string
import tempfile
from collections import Counter
from dataclasses import dataclass, field

from grading import emulator_log, events, machine, timeline
from grading import failure as failures
from grading.failure import Failure, heartbeats, machine_failure, mismatch, never_up, not_written

WORK = 12           # seconds of processor time for a machine; most scenes take half a second
LIMIT = 60          # seconds of the host's time in which a machine does nothing: it hangs
TURNS = 3           # seeds of a grading, each with another remainder
MILLISECOND = 10_000    # ticks of the time CSR, on QEMU's virt machine
KEY_LETTERS = 9     # letters of a scene's key: 2^42 different keys
# `make grade UNTIMELY=1`: the results must be the same if every critical section that finds pending work
# at its end also switches (T64 in behaviours.txt).
UNTIMELY = os.environ.get("UNTIMELY") == "1"
LABS = machine.ROOT / "grading" / "labs" / "LABS"


@dataclass
class Lab:
    """A line of grading/labs/LABS: a lab, or a part of a lab, with its tests."""
    number: int
    name: str
    title: str
    tests: list = field(default_factory=list)


@dataclass
class Test:
    """One test; the function test() below explains the fields. draw(rng) returns (parameters of the
    scene, options of the machine); judge(scene) raises Failure. race: what races.py needs for a scene that
    the explorer plays on the host; then there are neither seeds nor a machine."""
    name: str
    title: str
    points: int
    program: str
    judge: object
    draw: object
    covers: str
    hint: str
    panics: bool = False
    timely: bool = False
    race: object = None
    number: str = ""


class Scene:
    """What a judge works with: the parameters of the scene, and its events in the order in which they
    happened."""

    def __init__(self, record, params, options, console=""):
        self.events, self.audit = record.events, record.audit
        self.params, self.options, self.console = params, options, console

    def must(self, condition, expected, seen, at=None):
        """Fail unless the condition holds. `at` is the event to mark in the report."""
        if not condition:
            raise Failure(expected, seen, self.events, at)

    def must_equal(self, event, value, rule):
        """Fail unless the event has this value."""
        self.must(event.val == value, rule, str(event.val), event)

    def must_have(self, found, count, rule):
        """Fail unless so many were found."""
        self.must(len(found) == count, rule, str(len(found)))

    def must_be_on(self, event, cpu, who):
        """Fail unless the event happened on this cpu."""
        self.must(event.cpu == cpu, f"{who} on cpu {cpu}", f"on cpu {event.cpu}", event)

    def must_be_soon(self, first, second, rule):
        """Fail unless the second event came less than a millisecond after the first."""
        took = second.time - first.time
        self.must(took < MILLISECOND, rule, f"{took / MILLISECOND:.2f} ms", second)

    def of(self, *what, td=None):
        """The events of these kinds, of one thread or of all threads."""
        return [e for e in self.events if e.what in what and td in (None, e.td)]

    def order(self, seen, expected, rule, bits=()):
        """Fail unless these events, as str() shows them, are the expected ones. The report marks the
        first wrong one. `rule` says in words what the order must be; `bits` names the bits of the events flags=N."""
        for i in range(max(len(seen), len(expected))):
            if i >= len(seen) or i >= len(expected) or str(seen[i]) != expected[i]:
                raise mismatch(rule, seen, expected, i, self.events, bits)


class Panic:
    """What the judge of a scene that must end in a panic works with: the message, and the cpu and the
    thread that panicked."""

    def __init__(self, result, params):
        found = re.search(r"^panic: (.*)\ncpu (\d+) \(hart \d+\), thread \S+ \((\S+)\)", result.console,
                          re.M)
        self.message, self.cpu, self.thread = (found.group(1), int(found.group(2)), found.group(3)
                                               ) if found else ("", -1, "")
        self.params, self.console = params, result.console

    def must_say(self, words, cpu, thread=None):
        """Fail unless there was a panic with these words on this cpu. Without `thread`, any thread of the
        cpu will do: a message interrupts whatever thread runs."""
        where = f"cpu {cpu}" + (f", thread {thread}" if thread else "")
        if not self.message:
            raise Failure(f"a panic: {words}", "none")
        if words not in self.message:
            raise Failure(f"a panic: {words}", self.message)
        if self.cpu != cpu or thread not in (None, self.thread):
            raise Failure(f"the panic on {where}", f"on cpu {self.cpu}, thread {self.thread}")


class Draws(random.Random):
    """What a test's draw() gets: random numbers that depend on the test and the seed, and cycle()."""

    def __init__(self, case, seed):
        super().__init__()
        self.seed(f"{case.name} {seed}")
        self.turn = seed % TURNS

    def cycle(self, *classes):
        """The classes in turn, by the seed. The three seeds of a grading (runs.draw_seeds) have different
        turns, so together they see each class: a bug that shows in one class only is in every grading."""
        if len(classes) > TURNS:
            raise ValueError(f"{len(classes)} classes, but a grading has {TURNS} seeds")
        return classes[self.turn % len(classes)]

    def cpus(self, cpus, count):
        """Different ones of these cpus: from lower to higher numbers, the reverse, or in any order."""
        drawn = self.sample(cpus, count)
        return self.cycle(sorted(drawn), sorted(drawn, reverse=True), drawn)

    def ipi(self):
        """An IPI back end."""
        return self.cycle("sbi", "sswi", self.choice(("sbi", "sswi")))


_loading: list["Test"] = []


def test(name, title, points, program, draw, judge, *, covers, hint="", panics=False, timely=False):
    """Declare a test of the lab that is being loaded; declare() of the lab's module calls this.

    covers: what `make coverage` lists for the test: numbers in behaviours.txt, or words. hint: the usual
    cause of a failure; students read it. panics: the scene must end in a panic, and the judge gets a Panic
    instead of a Scene. timely: the test is about something that a switch ends, so that it cannot be run
    with untimely switches (UNTIMELY=1)."""
    _loading[-1].tests.append(Test(name, title, points, program, judge, draw, covers, hint, panics,
                                   timely))


def load_lab(line):
    """The Lab of a line of LABS. The tests of a part races6 are in a table (races.py)."""
    number, name, title = line.split(None, 2)
    lab = Lab(int(number), name, title)
    if name == f"races{number}":
        lab.tests = importlib.import_module("grading.races").tests(lab.number)
        return lab
    _loading.append(lab)
    try:
        importlib.import_module(f"grading.labs.{name}").declare()
    finally:
        _loading.pop()
    return lab


def load_labs(wanted=""):
    """The Labs of grading/labs/LABS: all of them, the parts of the lab with this number, or the part with
    this name. All are loaded in any case, because the tests of a lab are numbered across its parts."""
    labs, counts = [], Counter()
    for line in LABS.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            lab = load_lab(line)
            for case in lab.tests:
                counts[lab.number] += 1
                case.number = f"{lab.number}.{counts[lab.number]}"
            labs.append(lab)
    return [lab for lab in labs if wanted in ("", str(lab.number), lab.name)]


AUDIT = {"runnable": "threads left on run queues", "undelivered": "messages left in rings",
         "ipimask": "cpus told of messages that they did not fetch",
         "crit": "threads off the cpu without a critical section",
         "refs": "threads with references left over"}


def check_audit(scene):
    """Judge the kernel's state after a scene: nothing is left over, and every thread is on exactly one
    list."""
    for name, meaning in AUDIT.items():
        scene.must(scene.audit[name] == 0, f"after the scene, no {meaning}", str(scene.audit[name]))
    scene.must(scene.audit["allq"] == scene.audit["threads"],
               f"all {scene.audit['threads']} threads on their cpus' lists", str(scene.audit["allq"]))


def judge_panic(case, result, params):
    """None, or the Failure of a scene that must end in a panic."""
    failure = not_written(result)
    if failure is None and (result.why or "the scene hangs" in result.panic):
        failure = machine_failure(result)
    return failure or case.judge(Panic(result, params))


def judge_scene(case, scene, ended, result):
    """Raise the Failure of a scene that was played, if there is one. A scene that did not end in time is
    judged like any other, because its events say more than the lack of an end; the failure then also says
    what the cpus did last."""
    try:
        case.judge(scene)
        scene.must(ended, "the scene to end", "its time was over before all of its threads had ended")
        check_audit(scene)
    except Failure as failure:
        if not ended:
            failure.cause, words = heartbeats(scene.console)
            failure.seen += f" (the scene does not end; {words})"
            failure.state = failures.state(result)
        raise
    # A judge takes it that the events are roughly those of a correct kernel. Those of a wrong kernel can
    # break it in any way: that is the kernel's failure, and not an error of the grader.
    except Exception as error:
        raise Failure("all of the scene's events", "too few events, or events that no correct kernel logs "
                      f"({type(error).__name__}: {error})", scene.events) from None


def judge_run(case, result, key, params, options, confirm=lambda record: None):
    """None, or the Failure of a run: the machine's, the judge's or the audit's. confirm(record) raises
    Failure if QEMU's own record of the run does not agree with the events (emulator_log.check)."""
    try:
        if case.panics:
            return judge_panic(case, result, params) or confirm(None)
        failure = machine_failure(result)
        if failure and "\nend key=" not in result.console:
            return failure
        record = events.parse(result.console, key)
        judge_scene(case, Scene(record, params, options, result.console), record.result == "ended", result)
        if failure or result.status != 0:
            return failure or Failure("exit status 0", f"exit status {result.status}")
        confirm(record)
    except events.BadEvents as error:
        expected, seen = error.args
        return Failure(expected, seen) if result.up else never_up(result)
    except Failure as error:
        return error
    return None


def traced(case, seed):
    """Play the scene of run_seed() once more, and have the kernel print what it has traced: (Failure or None,
    Result). It takes some instructions more, so the run need not be the same. It has failed already, so nothing
    depends on whether its events are true; and it prints more than other runs may, so it has a limit of time only."""
    return run_seed(case, seed, work=None, trace=True)


def run_seed(case, seed, root=machine.ROOT, work=WORK, stop=None, trace=False):
    """Boot the machine of the tree `root`, run the test and judge it: (Failure or None, Result). If stop()
    becomes true, the run is ended, and Result.why is "stopped". A race is played on the host instead."""
    if case.race:
        return importlib.import_module("grading.races").run(case, root)
    params, options = case.draw(Draws(case, seed))
    # The key is drawn anew for each run, so that a kernel cannot know it. It always has the same number of
    # letters and no digits, for which the shell executes other instructions: the run of a seed must be
    # the same whatever the key.
    key = "".join(secrets.choice(string.ascii_lowercase) for _ in range(KEY_LETTERS))
    words = " ".join(f"{name}={value}" for name, value in {**params, "key": key}.items())
    options = {"DETERMINISTIC": 1, "SEED": seed, "APPEND": "ktest=1", **options}
    # `stop` is the number of the event at which a debugger is to stop (timeline.in_gdb). It is always
    # there, with the same number of digits, so that the run is the same with any number.
    machine_options = {**options, "APPEND": f"{options['APPEND']} stop={0:0{timeline.STOP_DIGITS}}"}
    before = "sysctl lwkt.untimely_switch=1; " if UNTIMELY else ""
    before, after = (f"{before}ktrdump -on all; ", "; ktrdump -off; ktrdump") if trace else (before, "")
    kernel = root / machine_options.get("KERNEL", "build/kernel")
    with tempfile.NamedTemporaryFile(prefix="nymph.") as log:
        result = machine.run(f"{before}{case.program} {words}{after}", timeout=LIMIT, work=work, root=root, stop=stop,
                             log=None if trace else emulator_log.options(kernel, log.name), **machine_options)
        failure = judge_run(case, result, key, params, options, (lambda record: None) if trace else
                            lambda record: emulator_log.check(case.name, kernel, log.name, record))
        if failure:
            machine.check_room(tempfile.gettempdir())
    return failure, result


def choose(lab, wanted):
    """The tests of a lab to run: all of them, or the one named `wanted` (t25 or t25_create)."""
    return [case for case in lab.tests if wanted in ("", case.name, case.name.partition("_")[0]) and
            not (case.timely and UNTIMELY)]
