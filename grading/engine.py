"""The graders' engine: tests, the scenes they run, what a judge can say, and the report.

A test names a program that sets up a scene, the machines to run it on, and a judge: a Python function
that is given the scene's events and says what was expected and what was seen where they differ. The
engine draws seeds and keys, boots a fresh machine for each seed in the deterministic mode, tells a
machine that panicked, hung, flooded its console or never booted, and reports. Nothing that the
machine prints is a verdict.
"""

import importlib
import os
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grading import events, machine

SEEDS = 3           # drawn for each test, unless one is given
LIMIT = 90          # seconds of the host's time; a machine that hangs is ended then
LABS = machine.ROOT / "grading" / "labs" / "LABS"


@dataclass
class Lab:
    """A line of grading/labs/LABS, with its tests."""
    number: int
    name: str
    title: str
    tests: list = field(default_factory=list)


@dataclass
class Test:
    """One test: `command` runs in the machine's shell, with {key} and {seed} filled in."""
    name: str
    title: str
    points: int
    command: str
    judge: object
    options: dict
    covers: str
    hint: str


class Failure(Exception):
    """What a judge raises: expected and seen, in words or as values."""

    def __init__(self, expected, seen, context=()):
        super().__init__(expected)
        self.expected, self.seen, self.context = expected, seen, list(context)


class Scene:
    """What a judge looks at: one machine's events."""

    def __init__(self, result, key, seed, options):
        self.result, self.key, self.seed, self.options = result, key, seed, options
        self.events = events.parse(result.console, key)

    def of(self, what):
        """The events whose what= is this word."""
        return [event for event in self.events if event.get("what") == what]

    def one(self, what):
        """The only event of its kind."""
        found = self.of(what)
        if len(found) != 1:
            raise Failure(f"one event what={what}", f"{len(found)} of them", self.events)
        return found[0]

    def must(self, condition, expected, seen, context=()):
        """Fail unless the condition holds; context: events to show, the first wrong one first."""
        if not condition:
            raise Failure(expected, seen, context)

    def order(self, seen, expected, of_what):
        """Two sequences must be the same; the first difference is shown."""
        for i, pair in enumerate(zip(list(seen) + ["nothing more"] * len(expected), expected)):
            if pair[0] != pair[1]:
                raise Failure(f"{of_what}: {show(expected, i)}", show(list(seen), i))
        if len(seen) > len(expected):
            raise Failure(f"{of_what}: {show(expected, len(expected))} and nothing after it",
                          show(list(seen), len(expected)))


def show(sequence, mark, around=12):
    """A sequence in words, the element `mark` in brackets, long ones shortened."""
    first, last = max(0, mark - around), mark + around
    words = [f"[{w}]" if i == mark else str(w) for i, w in enumerate(sequence)][first:last]
    return (f"... (from number {first}) " if first else "") + " ".join(words) + \
        (" ..." if len(sequence) > last else "")


_current = []


def test(name, title, points, command, *, covers="", hint="", **options):
    """Declare the decorated function as the judge of a test of the lab that is being loaded."""
    def declare(judge):
        _current[-1].tests.append(Test(name, title, points, command, judge,
                                       {"CPUS": 1, **options}, covers, hint))
        return judge
    return declare


def load_labs(wanted=""):
    """The labs of grading/labs/LABS: all, or the one with this number or name."""
    labs = []
    for line in LABS.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            number, name, title = line.split(None, 2)
            if wanted in ("", number, name):
                lab = Lab(int(number), name, title)
                _current.append(lab)
                importlib.import_module(f"grading.labs.{name}")
                _current.pop()
                labs.append(lab)
    return labs


@dataclass
class Outcome:
    """A test's result over its seeds; `failure` is None or that of the smallest seed that failed."""
    test: Test
    seeds: list
    seconds: float
    seed: int = 0
    failure: Failure = None
    result: machine.Result = None


def broken(result):
    """A Failure if the machine itself went wrong, before anything is judged."""
    if result.panic:
        return Failure("no panic", result.panic)
    if result.why == "flood":
        return Failure("a console that can be read", "the kernel flooded the console")
    if result.why == "timeout":
        booted = "booted, then hung" if "hart" in result.console or "ev " in result.console \
            else "never came up"
        return Failure("the scene to end", f"the machine {booted} ({LIMIT} s)")
    return None


def run_seed(case, seed):
    """Boot, run, judge: (failure or None, result)."""
    # Never the same twice, so that a kernel cannot know it; always of one length, so that it changes
    # no schedule. The command that a failure shows holds it, and so replays the run to the byte.
    key = secrets.token_hex(4)
    command = case.command.format(key=key, seed=seed)
    options = {"DETERMINISTIC": 1, "SEED": seed, **case.options}
    result = machine.run(command, timeout=LIMIT, **options)
    failure = broken(result)
    if failure is None:
        try:
            scene = Scene(result, key, seed, options)
            if not scene.events:
                failure = Failure("events of the scene", f"none; status {result.status}")
            else:
                case.judge(scene)
                if result.status != 0:
                    failure = Failure("exit status 0", f"exit status {result.status}")
        except Failure as error:
            failure = error
        except events.BadEvents as error:
            failure = Failure(*error.args)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            failure = Failure("events with all of their fields", f"an event without: {error}")
    return failure, result


def run_test(case, seeds):
    """All seeds of a test, the smallest first; the first failure ends it."""
    started = time.monotonic()
    for seed in sorted(seeds):
        failure, result = run_seed(case, seed)
        if failure:
            return Outcome(case, seeds, time.monotonic() - started, seed, failure, result)
    return Outcome(case, seeds, time.monotonic() - started)


def colour(text, code):
    """Coloured on a terminal, plain elsewhere."""
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def report(lab, outcome):
    """A test's line, and for a failure all that a student needs."""
    case = outcome.test
    if outcome.failure is None:
        print(f"  {colour('ok', 32)}    {case.name:22} {case.points:2}/{case.points:<2} {case.title}"
              f" ({len(outcome.seeds)} seeds, {outcome.seconds:.1f} s)")
        return
    failure = outcome.failure
    print(f"  {colour('FAIL', 31)}  {case.name:22}  0/{case.points:<2} {case.title}")
    print(f"        expected: {failure.expected}")
    print(f"        seen:     {failure.seen}")
    for event in failure.context[:12]:
        print(f"          {getattr(event, 'line', event)}")
    if case.hint:
        print(f"        usually:  {case.hint}")
    if not failure.context and outcome.result:
        print("        the console ended:")
        for line in outcome.result.tail(8).splitlines():
            print(f"        | {line}")
    print(f"        again:    make grade LAB={lab.name} TEST={case.name} SEED={outcome.seed}")
    print(f"        by hand:  {outcome.result.command}")


def choose(lab, wanted):
    """The tests to run: all, or the one whose name is, or begins with, `wanted`."""
    return [case for case in lab.tests
            if not wanted or case.name == wanted or case.name.startswith(wanted + "_")]


def draw_seeds(given, count=SEEDS):
    """The seed that was given, or new ones."""
    return [int(given)] if given else sorted(secrets.randbelow(10 ** 6) for _ in range(count))


def grade(lab_name="", test_name="", seed="", workers=None):
    """Run the graders and print the report; True for full points."""
    labs = load_labs(lab_name)
    jobs = [(lab, case) for lab in labs for case in choose(lab, test_name)]
    if not jobs:
        names = ", ".join(case.name for lab in labs for case in lab.tests)
        print(f"TEST={test_name}: give one of {names}", file=sys.stderr)
        return False
    got, lab_shown = 0, None
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        futures = [pool.submit(run_test, case, draw_seeds(seed)) for _, case in jobs]
        for (lab, case), future in zip(jobs, futures):
            if lab is not lab_shown:
                print(colour(f"Lab {lab.number}, {lab.title.lower()}", 1))
                lab_shown = lab
            outcome = future.result()
            report(lab, outcome)
            sys.stdout.flush()
            got += case.points if outcome.failure is None else 0
    most = sum(case.points for _, case in jobs)
    print(f"Points: {got} of {most}")
    return got == most
