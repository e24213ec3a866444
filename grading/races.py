# SPDX-License-Identifier: BSD-3-Clause
"""The races of a lab: small scenes that the explorer (docs/explorer.md) plays on this host, with every
schedule within a budget and with old values for loads. The emulator shows few of these schedules.

races.txt says which scenes belong to which lab, with which budgets. They are the parts races2, races3 and so
on of the labs; the test of the scene pair:preempt:exit:on:locked:0 is pair_preempt_exit_on_locked_0. A tree's
kernel/lwkt, kernel/sync, pipe and scheduler are compiled for the host, together with the course's scenes and
simulation (tests/sim), into one program. So a student's code shares a process with its judge, and could print
the verdict itself. Therefore:

 - the objects may import only what tests/sim/imports.txt lists: what the kernel's headers declare;
 - only a failure is believed. A race gives its points only if the tests in QEMU that its line in the table
   names have passed, too (runs.py, staff/worker.py), and these do not depend on this program;
 - submissions of a class are compiled and played by staff/worker.py inside the sandbox, in a copy of their
   tree in which nothing else is graded. `runner` stands for that below.
"""

import fcntl
import hashlib
import itertools
import platform
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass

from grading import build, causes, engine, machine
from grading.failure import Failure

TABLE = machine.ROOT / "grading" / "races.txt"
# What the program is made of, beside a tree's own kernel/.
COURSE = ("tests/sim", "tests/explore.py", "liblwkt/hosted.h", "liblwkt/linux/switch.S")
TOOLS = (("gcc", "gcc, the C compiler for this host"), ("nm", "binutils"))
FOLDER = "build/races"                  # of a tree
PROGRAM = f"{FOLDER}/explore-memory"
BUILD_SECONDS = 300                     # of the host's time
SEARCH_SECONDS = 20                     # of processor time; the longest scene takes four
LOOP_SECONDS = 5                        # of processor time, in which a schedule does not end
PLAY_SECONDS = 240                      # of the host's time
OUT_OF_TIME = (-signal.SIGXCPU, 128 + signal.SIGXCPU)   # without bubblewrap, and inside it
OUTPUT = 1 << 20                        # bytes that are read of what a program prints
EVENTS, STATE, INNER = 40, 16, 6        # lines that are shown; functions of a stack
NO_END = "in one schedule"              # tests/sim/loops.c says that a schedule does not end
BUDGETS = ("preemption", "late interrupt", "old value")

_lock = threading.Lock()
_built: dict = {}                       # tree -> (fingerprint, the compiler's errors)


@dataclass(frozen=True)
class Race:
    """A line of the table: the scene, how many preemptions, late interrupts and old values its schedules may
    have, and the tests in QEMU, as lab/test, without which it gives no points."""
    lab: int
    scene: str
    budget: tuple
    needs: tuple

    def limits(self):
        """The budget, in words."""
        parts = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in zip(self.budget, BUDGETS) if n]
        return ", ".join(parts)


@dataclass(frozen=True)
class Event:
    """A line of a timeline; the place is "" if it is no access to memory."""
    cpu: int
    what: str
    place: str
    line: int


def tests(number):
    """The Tests of the races of a lab."""
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            lab, scene, points, budget, needs, title = line.split(" | ")
            race = Race(int(lab), scene, tuple(map(int, budget.split())), tuple(needs.split(", ")))
            if race.lab == number:
                found.append(engine.Test(scene.replace(":", "_"), title, int(points), f"explore {scene}", None,
                                         None, f"explorer: {scene}", "", race=race))
    return found


# --- the program -------------------------------------------------------------------------------

def missing():
    """What this host lacks to play races, in a sentence; or ""."""
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"):
        return f"races need Linux on x86-64 or aarch64, and this is {platform.system()} on {platform.machine()}"
    lacking = [package for tool, package in TOOLS if not shutil.which(tool)]
    return "missing: " + " and ".join(f"{package} (type: make setup)" for package in lacking) if lacking else ""


def local(root):
    """A runner for a student's own tree: without a sandbox, as make runs there. runner(words, seconds) gives
    (status, output); the status is None if the time was over."""
    def run_here(words, seconds):
        with tempfile.TemporaryFile() as output:
            with subprocess.Popen(words, cwd=root, stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=subprocess.STDOUT, env=machine.environment(LC_ALL="C")) as process:
                try:
                    status = process.wait(timeout=seconds)
                except subprocess.TimeoutExpired:
                    process.kill()
                    status = None
            output.seek(0)
            return status, output.read(OUTPUT).decode("utf-8", "replace")
    return run_here


def copy_course(place):
    """Copy what the program is made of, beside the kernel, from this tree to the folder `place`."""
    for name in COURSE:
        source, target = machine.ROOT / name, place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("unreached.txt"))
        else:
            shutil.copy(source, target)


def fingerprint(root):
    """A word that changes with any source of the program."""
    word = hashlib.sha256()
    for path in sorted(path for name in ("kernel", *COURSE) for path in [root / name, *(root / name).rglob("*")]):
        if path.is_file():
            word.update(f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return word.hexdigest()


def foreign(names, defined, allowed):
    """The symbols that the kernel's objects import, and that no header of the kernel's declares. names and
    defined: what nm prints of undefined and of defined symbols."""
    own = {line.split()[-1] for line in defined.splitlines() if len(line.split()) == 3}
    wanted = {line.split()[-1] for line in names.splitlines() if len(line.split()) == 2}
    return sorted(name for name in wanted - own if not any(re.fullmatch(rule, name) for rule in allowed))


def compile_all(root, runner):
    """Make the program; the errors, or ""."""
    status, text = runner(["python3", "tests/explore.py", "--graded", FOLDER], BUILD_SECONDS)
    if status is None:
        return f"the build for the host did not finish within {BUILD_SECONDS} s"
    if status != 0:
        return build.first_errors(text)
    objects = [str(path.relative_to(root)) for path in sorted((root / FOLDER / "kernel").glob("*.o"))]
    allowed = (machine.ROOT / "tests" / "sim" / "imports.txt").read_text(encoding="ascii").split()
    names, defined = (runner(["nm", option, *objects], BUILD_SECONDS)[1]
                      for option in ("-u", "--defined-only"))
    wrong = foreign(names, defined, allowed)
    return f"error: no header of the kernel declares {', '.join(wrong)}" if wrong else ""


def prepare(root, runner):
    """Make the program if its sources have changed; the errors, or "". Two graders of one tree do it one after
    the other: otherwise one would link the program that the other is about to start."""
    with _lock:
        word, folder = fingerprint(root), root / FOLDER
        if _built.get(root, ("",))[0] != word:
            folder.mkdir(parents=True, exist_ok=True)
            with open(folder / "lock", "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                _built[root] = word, make_program(root, runner, word)
        return _built[root][1]


def make_program(root, runner, word):
    """The errors, or "", of making it, unless it was made of the same sources."""
    mark = root / FOLDER / "built"
    if (mark.is_file() and mark.read_text(encoding="utf-8", errors="replace") == word
            and (root / PROGRAM).is_file()):
        return ""
    errors = compile_all(root, runner)
    if not errors:
        mark.write_text(word, encoding="ascii")
    return errors


# --- what it says ------------------------------------------------------------------------------

EVENT = re.compile(r"^ *\d+  cpu (\d)  .{12,16} (.*?)(?:    ([\w/.]+):(\d+))?(?:   \(and so on.*)?$")


def events(text):
    """(rows of the timeline, lines of its events, the Events)."""
    lines = text.splitlines()
    rows = [line for line in lines if re.match(r"  cpu \d  |         \d", line) and not EVENT.match(line)]
    found = [(line, EVENT.match(line)) for line in lines if EVENT.match(line)]
    cpus = len({row.split()[1] for row in rows if row.startswith("  cpu")})
    return rows[-(cpus + 1):], [line for line, _ in found], [
        Event(int(m.group(1)), m.group(2), m.group(3) or "", int(m.group(4) or 0)) for _, m in found]


def function_at(root, place, line):
    """The function in whose text a line is, or ""."""
    if not re.fullmatch(r"kernel/[\w/]+\.[ch]", place) or not (root / place).is_file():
        return ""
    lines = (root / place).read_text(encoding="utf-8", errors="replace").splitlines()
    for above in reversed(lines[:line]):
        found = re.match(r"(?:\w[\w\s*]*?[\s*])?(\w+)\([^;]*$", re.sub(r"__\w+__\(\(\w+\)\) ", "", above))
        if found:
            return found.group(1)
    return ""


def departs(schedule, shown):
    """The number of the last event at which the schedule departs from the usual one; without such an event,
    that of the last one. An interrupt that is delayed is no event."""
    says = {"c": "loses its turn", "t": "loses its turn", "r": "stores old", "k": "takes an interrupt",
            "f": "takes an interrupt"}
    words = [says[step[0]] for step in schedule.split() if step[0] in says]
    return next((i for word in reversed(words) for i in reversed(range(len(shown))) if word in shown[i].what),
                len(shown) - 1)


def suspects(root, schedule, shown):
    """(function, Event) in the order in which they are worth a look: where the cpu that departs was, and goes
    on; then what came after that, and what was before."""
    at = departs(schedule, shown)
    if at < 0:
        return
    near = [i for i in range(len(shown)) if shown[i].place and shown[i].cpu == shown[at].cpu]
    order = [at, *[i for i in reversed(near) if i < at][:4], *[i for i in near if i > at][:1],
             *range(at, len(shown)), *reversed(range(at))]
    for i in order:
        if shown[i].place and (name := function_at(root, shown[i].place, shown[i].line)):
            yield name, shown[i]


def chains(word, text):
    """[(cpu, [(function, place), ..])]: the stacks of the lines that begin with this word, the inner ones first, as
    often as they came."""
    found = re.findall(rf"^{word}: cpu (\d) in (.*?)(?: \((\d+) times\))?$", text, re.M)
    return [(int(cpu), frames(line))
            for cpu, line, times in found for _ in range(int(times or 1))]


def frames(line):
    """[(function, place), ..]: a stack that the program has printed, the inner ones first."""
    return re.findall(r"(\w+) \(([\w/.]+:\d+)\)", line)


def shown_chain(chain):
    """The inner end of a stack, as a report shows it."""
    return " < ".join(f"{name} ({place})" for name, place in chain[:INNER])


def innermost(lab, chain):
    """The lab's function in a stack that is nearest to the inner end: (what calls what, place), or None."""
    for i, (name, place) in enumerate(chain):
        if name in causes.WRITES[lab].split():
            return f"{name}()" + (f", which calls {chain[0][0]}()" if i > 0 else ""), place
    return None


def looping(lab, looks):
    """The line "usually" of a schedule that does not end: the function that most looks have found; or ""."""
    found = Counter(mine[0].partition(",")[0] for _, chain in looks if (mine := innermost(lab, chain)))
    return " and ".join(f"{name} (at {times} of {len(looks)} looks)" for name, times in found.most_common(2)) + \
        ": the kernel was there. What does it wait for, or what makes it come again and again?" if found else ""


def waiting(lab, waiters, guess):
    """The line "usually" of a schedule after which nobody can go on: where the lab's functions wait, and then
    `guess`."""
    found = [f"{name} waits in {mine[0].partition(',')[0]} ({mine[1]})" for name, chain in waiters
             if (mine := innermost(lab, chain))]
    words = f"{'; '.join(found[:3])}: who should have woken {'it' if len(found) == 1 else 'them'}?" if found else ""
    return f"{words} Or {guess}" if words and guess else words or guess


def unordered(lab, accesses, looks):
    """The line "usually" of a data race: the lab's functions that make the two accesses, or call what does; or
    "". (The stack is known of the second one only; of the first one, what is inlined. drain() calls bodies, and is
    to blame for none.)"""
    mine = []
    for _, chain in [*accesses[:1], *(looks or accesses[1:])]:
        own = itertools.takewhile(lambda one: one is chain[0] or one[0] != "drain", chain)
        mine += [found[0]] if (found := innermost(lab, list(own))) else []
    return ("nothing orders these two accesses: is one of them made before the publish, or the message, that lets the "
            "other cpu go on, and the other one after the consume? Or is one a plain access, which should be a peek or a "
            f"poke? Look in {' and in '.join(dict.fromkeys(mine))}") if mine else ""


def usually(root, lab, schedule, shown, looks):
    """The line "usually" of another failure: the lab's function that the schedule departs in, or the nearest. If
    it does not depart: the one that has found the failure. Or ""."""
    mine = causes.WRITES[lab].split()
    near = next(((name, f"{event.place}:{event.line}") for name, event in suspects(root, schedule, shown)
                 if name in mine), None)
    found = next((own for _, chain in looks if (own := innermost(lab, chain))), None)
    if near and schedule:
        return (f"{near[0]}() ({near[1]}): at the last step at which this schedule differs from the usual one, or "
                "next to it. What may another cpu do, or an interrupt, just before that line and just after?")
    if found:
        return f"{found[0]} ({found[1]}) has found it, or what it calls"
    return f"{near[0]}() ({near[1]}): one of the last steps; no cpu loses its turn in this schedule" if near else ""


CAUSES = ((r"all cpus wait", "deadlock"), (r"^livelock|no end after", "livelock"),
          (r"^data race|^use of freed memory|tests/sim/x_|tests/sim/explore", "judged"))


def where_it_raced(message, accesses):
    """The message of a data race with the lines of code."""
    found = re.match(r"data race at \w+: (\w+), (\w+); cpu ", message)
    if not found or len(accesses) != 2 or not all(chain for _, chain in accesses):
        return message
    one, other = (f"cpu {cpu} in {chain[0][0]} ({chain[0][1]})" for cpu, chain in accesses)
    return (f"a data race: {one} and {other}, one after the other with nothing that orders them "
            f"({found.group(1)}, then {found.group(2)})")


def failure_of(case, root, text):
    """The Failure that a program's text tells of, or None."""
    found = re.search(r"^\S+: \d cpus, FAILED with .* after (\d+) executions, [\d.]+ s: (.*)\nagain: (.*)$",
                      text, re.M)
    early = re.search(r", before its mark: (.*)$", text, re.M)
    if not found and not early:
        return None
    message = found.group(2) if found else early.group(1)
    if missing := re.search(r"not implemented: (\w+)", message):
        return Failure("a kernel with all of the lab's functions", f"{missing.group(1)} is not written yet",
                       cause="not-written")
    schedule = re.search(r"-x '(.*)'", found.group(3)).group(1) if found else ""
    accesses, looks = chains("access", text), chains("look", text)
    seen = where_it_raced(message, accesses)
    if found:
        seen += (f"; in schedule {found.group(1)}, which departs from the usual one at: {schedule}" if schedule
                 else "; in the usual schedule")
    failure = Failure(f"{case.title}, in every schedule of up to {case.race.limits()}", seen,
                      cause=next((name for words, name in CAUSES if re.search(words, message)), "panic"))
    rows, lines, shown = events(text)
    failure.drawn = rows + [""] * bool(rows) + lines[-EVENTS:]
    cpus = [line.strip() for line in text[text.find("\n" + message + "\n") + 1:].splitlines()[1:]
            if re.match(r" *cpu \d", line)]
    calls = {tuple(name for name, _ in chain[:INNER]): f"cpu {cpu}: " + shown_chain(chain)
             for cpu, chain in looks if chain}
    failure.state = [*cpus, *calls.values()][:STATE]
    failure.usually = looping(case.race.lab, looks) if NO_END in message else \
        unordered(case.race.lab, accesses, looks) if message.startswith("data race") else \
        usually(root, case.race.lab, schedule, shown, looks)
    if failure.cause == "deadlock":
        waiters = [(name, list(itertools.dropwhile(lambda one: one[1].startswith("kernel/lwkt/switch.c"), frames(line))))
                   for name, line in re.findall(r"^waiter: (\S+) in (.*)$", text, re.M)]
        failure.state += [f"{name} waits: " + shown_chain(chain) for name, chain in waiters if chain]
        failure.usually = waiting(case.race.lab, waiters, failure.usually)
    return failure


def judge(case, root, status, text):
    """None, or the Failure of a scene that was played."""
    if status is None:
        return Failure("the scene to end", f"it does not; given up after {PLAY_SECONDS} s", cause="livelock")
    failure = failure_of(case, root, text)
    if failure is None and status in OUT_OF_TIME:
        return Failure("the scene to end", f"it does not: after {SEARCH_SECONDS + LOOP_SECONDS} s of processor time the "
                       "kernel is in a loop that never lets another cpu run", cause="livelock")
    if failure is None and status not in (0, 4):
        last = (text.strip().splitlines() or ["no message"])[-1]
        failure = Failure("the scene to end", f"the program ended with status {status}: {last[:200]}",
                          cause="panic")
    return failure


def command(race, text):
    """What a person types to play the scene: the schedule that failed, if there is one."""
    again = re.search(r"^again: (.*)$", text, re.M)
    p, i, r = race.budget
    return again.group(1) if again else f"{PROGRAM} -s {race.scene} -p {p} -i {i} -r {r}"


def run(case, root=machine.ROOT, runner=None):
    """Play a race with the kernel of the tree `root`: (Failure or None, Result)."""
    runner, started = runner or local(root), time.monotonic()
    if lacking := missing():
        failure = Failure("a host that can play races", lacking, cause="no-host")
        return failure, machine.Result(lacking, 1, 0, "", "make doctor")
    errors = prepare(root, runner)
    if errors:
        failure = Failure("a kernel that compiles for the host, too", errors.splitlines()[0], cause="host-build")
        return failure, machine.Result(errors, 1, time.monotonic() - started, "", "python3 tests/explore.py "
                                       f"--graded {FOLDER}")
    p, i, r = map(str, case.race.budget)
    status, text = runner(["prlimit", f"--cpu={SEARCH_SECONDS + LOOP_SECONDS}:", PROGRAM, "-s", case.race.scene,
                           "-p", p, "-i", i, "-r", r, "-t", str(SEARCH_SECONDS)], PLAY_SECONDS)
    failure = judge(case, root, status, text)
    return failure, machine.Result(text, status or 0, time.monotonic() - started, "", command(case.race, text))
