# SPDX-License-Identifier: BSD-3-Clause
"""Patches of the kernel on which the graders are tried: bugs (tests/mutants) and variants (tests/variants).

A patch is called by what it does (`ipi-windex-early.patch`) and begins with lines `# key: text`. The first
line says in one sentence what the patch does; its key is "mutant", "variant", or the number that the bug
has in the reference's list (M31). The line `# tests: ...` names the graders that should notice the patch,
as lab/test, or a whole lab. The patch is applied to a copy of the tree that includes what was built
there, so that make builds only what the patch changes. The graders are those of this tree; only the
machine comes from the patched one.
"""

import contextlib
import fnmatch
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

WORK = 20       # seconds of processor time for a run
SOURCES = ("Makefile", "README.md", "kernel", "user", "mkfs", "tools", "build",
           "liblwkt", "tests/sim", "tests/explore.py")


@dataclass
class Patch:
    """A patch with its header."""
    name: str
    path: pathlib.Path
    number: str     # such as M31; "" if the reference's list does not have this bug
    title: str
    tests: list
    says: str = ""
    make: list = field(default_factory=list)
    clauses: list = field(default_factory=list)     # ids of grading/clauses/labN.txt that it breaks


def header(path):
    """key -> text of the lines `# key: text` before the first file, in their order."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("diff ", "--- ")):
            break
        match = re.match(r"#\s*([\w-]+):\s*(.*\S)", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def read(path, kind):
    """The Patch in a file. kind: "mutant" or "variant". Unusable if the name or the header is wrong."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", path.stem):
        raise Unusable(f"{path.name}: name the file by what it does, as in ipi-windex-early.patch")
    words = header(path)
    key, title = next(iter(words.items()), ("", ""))
    if key != kind and not (kind == "mutant" and re.fullmatch(r"M\d\d", key)) or not words.get("tests"):
        raise Unusable(f"{path.name}: begin with the lines '# {kind}: what it does' and '# tests: ...'")
    return Patch(path.stem, path, key if key != kind else "", title, words["tests"].split(),
                 words.get("says", ""), words.get("make", "").split(), words.get("clause", "").split())


def read_all(folder, kind):
    """Every patch of a folder, in the order of their names."""
    return [read(path, kind) for path in sorted(folder.glob("*.patch"))]


def choose(patches, wanted, what):
    """The patches that a word of `wanted` names (a patch, a pattern such as `ipi-*`, or a number of the
    reference such as M31); without a word, all of them."""
    chosen = [patch for patch in patches if not wanted or any(
        word == patch.number or fnmatch.fnmatch(patch.name, word) for word in wanted)]
    if not chosen:
        raise Unusable(f"{what}={' '.join(wanted)}: there are {' '.join(p.name for p in patches)}")
    return chosen


def find_tests(patch, labs):
    """[(lab, test)] for the `tests:` line of a patch, in its order; Unusable if a name does not exist."""
    found = []
    for name in patch.tests:
        lab_name, _, test_name = name.partition("/")
        cases = [(lab, case) for lab in labs if lab.name == lab_name
                 for case in engine.choose(lab, test_name)]
        if not cases:
            raise Unusable(f"{patch.path.name}: there is no test {name}")
        found += [pair for pair in cases if pair not in found]
    return found


def functions(patch):
    """The functions that a patch changes: for each changed line, the nearest name before it that begins in
    column 0."""
    found, lines, at = [], [], 0
    for line in patch.path.read_text(encoding="utf-8").splitlines():
        start = re.match(r"@@ -(\d+)", line)
        if match := re.match(r"--- a/(\S+)", line):
            lines = (ROOT / match.group(1)).read_text(encoding="utf-8").splitlines()
        elif start:
            at = int(start.group(1)) - 1
        elif lines and line[:1] in ("-", "+") and not line.startswith("+++"):
            names = [re.match(r"(?:\w[\w\s*]*?[\s*])?(\w+)(?:\(|:$)", re.sub(r"__\w+__\(\(\w+\)\) ", "", above))
                     for above in lines[:at + 1] if not above.startswith((" ", "#", "/"))]
            found += [name.group(1) for name in names if name][-1:]
        if lines and line[:1] in (" ", "-") and not line.startswith("---"):
            at += 1
    return list(dict.fromkeys(found))


def ambiguous(patch):
    """The files in which a hunk of the patch fits at two places or more, so that it could land in the wrong
    function when lines above it come or go."""
    text = re.sub(r"\A.*?^(?=--- )", "", patch.path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = []
    for name, hunks in re.findall(r"^--- a/(\S+)[^\n]*\n\+\+\+ [^\n]*\n((?:[@ +-][^\n]*\n(?!--- ))*)", text, re.M):
        source = "\n" + (ROOT / name).read_text(encoding="utf-8")
        for hunk in re.split(r"^@@.*\n", hunks, flags=re.M)[1:]:
            old = "".join(line[1:] for line in hunk.splitlines(True) if line[0] != "+")
            if source.count("\n" + old) > 1:
                found.append(name)
    return found


def apply(patch, tree, *options):
    """Apply the patch to a tree; Unusable, with the output of `patch`, if it does not apply."""
    done = subprocess.run(["patch", "-p1", "--no-backup-if-mismatch", "--fuzz=0", "--forward", "-i",
                           patch.path, *options], cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{patch.path.name} does not apply: "
                       + " ".join((done.stdout + done.stderr).split()))


def copy_tree(place):
    """Copy the sources, and what is built from them, to the folder `place`; return it."""
    place.mkdir()
    for name in SOURCES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--sparse=always", ROOT / name, place / name], check=True)
    return place


def build(patch, tree, strict):
    """Build the tree; Unusable, with the compiler's output, if that fails. If `strict`, warnings are
    errors."""
    done = subprocess.run(["make", "-s", f"WERROR={int(strict)}", *patch.make, "all"], cwd=tree,
                          env=machine.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{patch.path.name} does not build:\n{done.stderr[-1500:]}")


@contextlib.contextmanager
def machine_of(patch, place, strict=False):
    """A built tree with the patch, which exists while the block runs."""
    tree = pathlib.Path(place) / patch.name
    try:
        copy_tree(tree)
        apply(patch, tree, "-s")
        build(patch, tree, strict)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def one_line(text, width=110):
    """The text as one line, shortened."""
    text = " ".join(str(text).split())
    return text if len(text) <= width else text[:width - 3] + "..."


@dataclass
class Fault:
    """A test that failed on the machine of a patched tree."""
    lab: engine.Lab
    case: engine.Test
    seed: int
    failure: engine.Failure
    result: machine.Result

    def __str__(self):
        return (f"expected {one_line(self.failure.expected)}; seen {one_line(self.failure.seen)}")


def faults(cases, seeds, tree, stop=None):
    """Run each test with each seed, a race once, on the machine of the tree; yield a Fault for each test that
    fails, with the first seed that fails. End early, with Unusable, when `stop` is set."""
    for lab, case in cases:
        for seed in seeds[:1] if case.race else seeds:
            if stop is not None and stop.is_set():
                raise Unusable("interrupted")
            failure, result = engine.run_seed(case, seed, root=tree, work=WORK)
            if failure:
                yield Fault(lab, case, seed, failure, result)
                break


def try_all(attempt, patches, jobs):
    """Call attempt(patch, stop) for each patch, `jobs` at a time; yield (its result, seconds), in order. If
    it raises Unusable, that is the result."""
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
