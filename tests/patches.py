"""Patches of the kernel that the graders are tried on: bugs (tests/mutants) and variants (tests/variants).

A patch begins with lines `# name: text`, of which the first is named as the file and says in one line
what the patch does; `tests` names the graders that it concerns, as lab/test, or a whole lab. The
patch is applied to a copy of the tree with all that is built there, so that make builds only what it
changes. The graders are this tree's; only the machine is the patch's.
"""

import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from command import Unusable  # noqa: E402  (needs the path above)
from grading import engine, machine  # noqa: E402

WORK = 20                       # seconds of processor time for a run
SOURCES = ("Makefile", "README.md", "kernel", "user", "mkfs", "tools", "build")


@dataclass
class Patch:
    """A patch with its header."""
    name: str
    path: pathlib.Path
    title: str
    tests: list
    says: str = ""
    make: list = field(default_factory=list)

    @property
    def number(self):
        """7 for M07b; 0 for L1a or token-mp-waiter, which the reference does not number."""
        match = re.match(r"[MV](\d\d)", self.name)
        return int(match.group(1)) if match else 0


def header(path):
    """Name -> text of the lines `# name: text` before the patch proper."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("diff ", "--- ")):
            break
        match = re.match(r"#\s*([\w-]+):\s*(.*\S)", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def read(path, names):
    """The Patch in a file. names: (a regular expression for its name, what that looks like). Unusable
    if the header is incomplete."""
    name = path.stem
    if not re.fullmatch(names[0], name):
        raise Unusable(f"{path.name}: a name like {names[1]}")
    words = header(path)
    title = words.get(name) or words.get(name[:3])
    if not title or not words.get("tests"):
        raise Unusable(f"{path.name}: begin with the lines '# {name}: what it does' and '# tests: ...'")
    return Patch(name, path, title, words["tests"].split(), words.get("says", ""),
                 words.get("make", "").split())


def choose(patches, wanted, what):
    """Those asked for: M7, M07, m07b or a list of them; all without one."""
    def is_meant(patch, word):
        letter = patch.name[0]
        return word == patch.name or patch.number and re.fullmatch(
            rf"[{letter}{letter.lower()}]?0*{patch.number}(?:{patch.name[3:]})?", word)

    chosen = [p for p in patches if any(is_meant(p, word) for word in wanted)] if wanted else patches
    if not chosen:
        raise Unusable(f"{what}={' '.join(wanted)}: there are {' '.join(p.name for p in patches)}")
    return chosen


def find_tests(patch, labs):
    """[(lab, test)] of a patch's `tests:` line, in its order; Unusable for a name that no lab has."""
    found = []
    for name in patch.tests:
        lab_name, _, test_name = name.partition("/")
        cases = [(lab, case) for lab in labs if lab.name == lab_name
                 for case in engine.choose(lab, test_name)]
        if not cases:
            raise Unusable(f"{patch.path.name}: there is no test {name}")
        found += [pair for pair in cases if pair not in found]
    return found


def apply(patch, tree, *options):
    """Apply the patch to a tree; Unusable with what patch said if it does not fit."""
    done = subprocess.run(["patch", "-p1", "--no-backup-if-mismatch", "--fuzz=2", "--forward", "-i",
                           patch.path, *options], cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{patch.path.name} does not apply: "
                       + " ".join((done.stdout + done.stderr).split()))


def copy_tree(place):
    """A copy of the sources with what is built from them."""
    place.mkdir()
    for name in SOURCES:
        subprocess.run(["cp", "-a", "--sparse=always", ROOT / name, place / name], check=True)
    return place


def build(patch, tree, strict):
    """Build the machine; Unusable with the compiler's words. Not strict: warnings stop nothing."""
    done = subprocess.run(["make", "-s", f"WERROR={int(strict)}", *patch.make, "all"], cwd=tree,
                          env=machine.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{patch.path.name} does not build:\n{done.stderr[-1500:]}")


@contextlib.contextmanager
def machine_of(patch, place, strict=False):
    """The tree of a patch, built, while the block runs."""
    tree = pathlib.Path(place) / patch.name
    try:
        copy_tree(tree)
        apply(patch, tree, "-s")
        build(patch, tree, strict)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def one_line(text, width=110):
    """Text in one line, shortened."""
    text = " ".join(str(text).split())
    return text if len(text) <= width else text[:width - 3] + "..."


@dataclass
class Fault:
    """A test that failed on a patch's machine."""
    lab: engine.Lab
    case: engine.Test
    seed: int
    failure: engine.Failure
    result: machine.Result

    def __str__(self):
        return (f"expected {one_line(self.failure.expected)}; seen {one_line(self.failure.seen)}")


def faults(cases, seeds, tree, stop=None):
    """Run each test with each seed on the tree's machine; a Fault for each test that fails, by the
    smallest seed. Ends early when `stop` is set."""
    for lab, case in cases:
        for seed in seeds:
            if stop is not None and stop.is_set():
                raise Unusable("interrupted")
            failure, result = engine.run_seed(case, seed, root=tree, work=WORK)
            if failure:
                yield Fault(lab, case, seed, failure, result)
                break


def try_all(attempt, patches, jobs):
    """attempt(patch, stop) for each, `jobs` at a time; yields (its result, seconds) in order. What
    attempt raises as Unusable is a result too."""
    stop = threading.Event()

    def timed(patch):
        started = time.monotonic()
        try:
            result = attempt(patch, stop)
        except Unusable as error:
            result = error
        return result, time.monotonic() - started

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(timed, patch) for patch in patches]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            stop.set()
            machine.end_all()
            pool.shutdown(cancel_futures=True)
            raise
