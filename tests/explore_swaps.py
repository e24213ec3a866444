#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of stores (or looks) whose order a comment of the core claims: each is swapped, and a scene must fail.

A pair is a patch with a line `# scene: NAME`, in tests/swaps, or in tests/mutants where the graders notice the
same swap. Only what it changes is compiled again, and linked to what explore.build() has built.
"""

import pathlib
import re
import sys

import explore

FOLDERS = ("swaps", "mutants")
BUDGETS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (2, 0, 0), (2, 0, 1), (2, 1, 0),
           (3, 0, 0))


def patches():
    """(path, what it does, scenes) of each, by name."""
    for folder in FOLDERS:
        for path in sorted((explore.ROOT / "tests" / folder).glob("*.patch")):
            text = path.read_text(encoding="utf-8")
            if scene := re.search(r"^# scene: (.*)$", text, re.M):
                yield path, re.match(r"# \w+: (.*)", text).group(1), scene.group(1).split()


def patched(folder, program, path):
    """The instrumented program with that patch."""
    text = path.read_text(encoding="utf-8")
    overlay = folder / "swaps" / path.stem
    files = re.findall(r"^--- a/(\S+)", text, re.M)
    for name in files:
        target = overlay / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((explore.ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    done = explore.run(["patch", "-p1", "-s", "--fuzz=0", "-d", overlay, "-i", path])
    assert done.returncode == 0, f"{path.name} does not apply: {done.stdout}"
    again = [overlay / name for name in files if name.endswith(".c")]
    if len(again) < len(files):
        again += [s for s in (*explore.CORE, *explore.UPPER, *explore.SCENES)
                  if str(s.relative_to(explore.ROOT)) not in files]
    objects = {f"{s.stem}.o": program.parent / "obj" / f"{s.stem}.o" for s in explore.INSTRUMENTED}
    commands = []
    for source in again:
        objects[f"{source.stem}.o"] = overlay / f"{source.stem}.o"
        commands.append(["gcc", f"-I{overlay}/kernel", *explore.FLAGS, "-fsanitize=thread", "-include",
                         "kernel/riscv.h", "-c", "-o", objects[f"{source.stem}.o"], source])
    explore.compile_all(commands)
    target = overlay / "explore-memory"
    explore.compile_all([explore.linkage(objects.values(), target)])
    return target


def judge(program, scenes, seconds):
    """The first scene that fails, and what it said; None: none does."""
    for budget in BUDGETS:
        for name in scenes:
            good, text = explore.explore(program, name, "-q", "-p", budget[0], "-i", budget[1], "-r", budget[2],
                                         seconds=seconds)
            if not good:
                assert "again: " in text, text
                return name, text
    return None, ""


def swaps(folder, program, seconds, only=()):
    """Print the table; how many nothing shows to be needed."""
    print("| swapped | patch | fails | with | deviations |")
    print("|---|---|---|---|---|")
    spared = 0
    for path, title, scenes in patches():
        if only and not any(o in path.name for o in only):
            continue
        name, text = judge(patched(folder, program, path), scenes, seconds)
        if name is None:
            spared += 1
            print(f"| {title} | {path.stem} | **nothing** | | |", flush=True)
        else:
            length = len(re.search(r"-x '(.*)'", text).group(1).split())
            print(f"| {title} | {path.stem} | {name} | {explore.reason(text)} | {length} |", flush=True)
    return spared


def main():
    """Build the programs, and play the pairs whose patches' names contain one of the arguments, or all."""
    folder = pathlib.Path(explore.ROOT / "build" / "explore")
    spared = swaps(folder, explore.build(folder)[1], 5, sys.argv[1:])
    print(spared, "swaps make nothing fail")
    return 0 if spared == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
