"""The graders' engine: tests, the scenes they play, what a judge can say, and a run.

A test names a program that plays a scene, draws the scene's parameters and the machine from a seed,
and has a judge: a Python function that says what was expected and what was seen where they differ.
The engine draws keys, boots a fresh machine for each seed in the deterministic mode, and has what it
printed judged; runs.py plays many of them. Nothing that the machine prints is a verdict.
"""

import importlib
import os
import random
import re
import secrets
import string
from collections import Counter
from dataclasses import dataclass, field

from grading import events, machine, timeline
from grading.failure import Failure, broken, heartbeats, never_up, not_written, parted

WORK = 12           # seconds of processor time for a machine; most scenes take half of one
LIMIT = 60          # seconds of the host's time in which a machine does nothing: it hangs
KEY_LETTERS = 9     # of a scene's key: 2^42 keys
# `make grade UNTIMELY=1`: the same results with a switch at every end of a critical section that finds
# work (reference, T64).
UNTIMELY = os.environ.get("UNTIMELY") == "1"
LABS = machine.ROOT / "grading" / "labs" / "LABS"


@dataclass
class Lab:
    """A line of grading/labs/LABS: a lab, or a part of one, with its tests."""
    number: int
    name: str
    title: str
    tests: list = field(default_factory=list)


@dataclass
class Test:
    """One test. draw(rng) returns (parameters of the scene, options of the machine)."""
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
    number: str = ""


class Scene:
    """What a judge looks at: a scene's parameters, its events in the order in which they happened."""

    def __init__(self, record, params, options, console=""):
        self.events, self.audit = record.events, record.audit
        self.params, self.options, self.console = params, options, console

    def must(self, condition, expected, seen, at=None):
        """Fail unless the condition holds."""
        if not condition:
            raise Failure(expected, seen, self.events, at)

    def of(self, *what, td=None):
        """The events of these kinds, of one thread or of all."""
        return [e for e in self.events if e.what in what and td in (None, e.td)]

    def order(self, seen, expected, rule):
        """These events must be the expected ones, as str() shows them; the first wrong one is marked."""
        for i in range(max(len(seen), len(expected))):
            if i >= len(seen) or i >= len(expected) or str(seen[i]) != expected[i]:
                raise parted(rule, seen, expected, i, self.events)


class Panic:
    """What the judge of a scene that must end in a panic looks at: its message, the cpu and the thread
    on which it came."""

    def __init__(self, result, params):
        found = re.search(r"^panic: (.*)\ncpu (\d+) \(hart \d+\), thread \S+ \((\S+)\)", result.console,
                          re.M)
        self.message, self.cpu, self.thread = (found.group(1), int(found.group(2)), found.group(3)
                                               ) if found else ("", -1, "")
        self.params = params

    def must_say(self, words, cpu, thread=None):
        """Fail unless the panic came, there (in any thread of that cpu: a message interrupts whatever
        runs) and with these words in it."""
        where = f"cpu {cpu}" + (f", thread {thread}" if thread else "")
        if not self.message:
            raise Failure(f"a panic: {words}", "none")
        if words not in self.message:
            raise Failure(f"a panic: {words}", self.message)
        if self.cpu != cpu or thread not in (None, self.thread):
            raise Failure(f"the panic on {where}", f"on cpu {self.cpu}, thread {self.thread}")


_loading: list["Test"] = []


def test(name, title, points, program, draw, judge, *, covers, hint="", panics=False, timely=False):
    """Declare a test of the lab that is being loaded. covers: the reference's tests, section 5.1.
    panics: the scene must end in a panic, and the judge looks at that (Panic). timely: it is about
    something that ends when a thread switches, so untimely switches (UNTIMELY=1) are not for it."""
    _loading[-1].tests.append(Test(name, title, points, program, judge, draw, covers, hint, panics,
                                   timely))


def load_lab(line):
    """The lab of a line of LABS."""
    number, name, title = line.split(None, 2)
    lab = Lab(int(number), name, title)
    _loading.append(lab)
    try:
        importlib.import_module(f"grading.labs.{name}").declare()
    finally:
        _loading.pop()
    return lab


def load_labs(wanted=""):
    """The lines of grading/labs/LABS: all, the parts of the lab with this number, or the one so named.
    All are loaded, for a lab's tests are counted through its parts."""
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
    """The state after every scene: nothing is left over, and every thread is on one list."""
    for name, meaning in AUDIT.items():
        scene.must(scene.audit[name] == 0, f"after the scene, no {meaning}", str(scene.audit[name]))
    scene.must(scene.audit["allq"] == scene.audit["threads"],
               f"all {scene.audit['threads']} threads on their cpus' lists", str(scene.audit["allq"]))


def judge_panic(case, result, params):
    """None, or the Failure of a scene that must end in a panic."""
    failure = not_written(result)
    if failure is None and (result.why or "the scene hangs" in result.panic):
        failure = broken(result)
    return failure or case.judge(Panic(result, params))


def judge_scene(case, scene, ended):
    """Raise the Failure of a scene that was played. One that did not end in time is judged all the
    same: what happened until then says more; then what the cpus did is said, too."""
    try:
        case.judge(scene)
        scene.must(ended, "the scene to end", "its time was over before all of its threads had ended")
        check_audit(scene)
    except Failure as failure:
        if not ended:
            failure.cause, words = heartbeats(scene.console)
            failure.seen += f" (the scene does not end; {words})"
        raise
    # A judge looks for what a right kernel logs; what a wrong one logs may surprise it anyhow.
    except Exception as error:
        raise Failure("all of the scene's events", "too few, or others than any right kernel has "
                      f"({type(error).__name__}: {error})", scene.events) from None


def judge_run(case, result, key, params, options):
    """None, or the Failure that the judge, or the state of the machine, gives."""
    try:
        if case.panics:
            return judge_panic(case, result, params)
        failure = broken(result)
        if failure:
            return failure
        record = events.parse(result.console, key)
        judge_scene(case, Scene(record, params, options, result.console), record.result == "ended")
        if result.status != 0:
            return Failure("exit status 0", f"exit status {result.status}")
    except events.BadEvents as error:
        expected, seen = error.args
        return Failure(expected, seen) if "harts up" in result.console else never_up(result)
    except Failure as error:
        return error
    return None


def run_seed(case, seed, root=machine.ROOT, work=WORK):
    """Boot the machine of the tree `root`, run, judge: (failure or None, result)."""
    params, options = case.draw(random.Random(f"{case.name} {seed}"))
    # Never the same key twice, so that a kernel cannot know it; always so many letters (the shell takes
    # another way for a digit), so that it changes no schedule: a seed's run is the same with each key.
    key = "".join(secrets.choice(string.ascii_lowercase) for _ in range(KEY_LETTERS))
    words = " ".join(f"{name}={value}" for name, value in {**params, "key": key}.items())
    options = {"DETERMINISTIC": 1, "SEED": seed, "APPEND": "ktest=1", **options}
    # In its place for a breakpoint at an event: another number, of as many digits, and the run is the same.
    machine_options = {**options, "APPEND": f"{options['APPEND']} stop={0:0{timeline.STOP_DIGITS}}"}
    before = "sysctl lwkt.untimely_switch=1; " if UNTIMELY else ""
    result = machine.run(f"{before}{case.program} {words}", timeout=LIMIT, work=work, root=root,
                         **machine_options)
    return judge_run(case, result, key, params, options), result


def choose(lab, wanted):
    """The tests to run: all, or the one whose name is `wanted`."""
    return [case for case in lab.tests if wanted in ("", case.name, case.name.partition("_")[0]) and
            not (case.timely and UNTIMELY)]
