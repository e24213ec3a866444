# SPDX-License-Identifier: BSD-3-Clause
"""What the headers of a submission do to the course's test code.

The test code (kernel/ktest) includes headers of the submission, because the structures of the core are
there, and a submission may change them. But a macro in such a header changes the text of the test code: one
called cpu_time would fake the clock, one called kt_log the events. So the compiler lists the macros that
each file of the test code sees, and a submission is refused if one of them, which the course does not have,
is a word of the test code. It is also refused if its headers define such a macro of the course once more, or take
it back; a constant like the length of a ring may have another value where the course defines it.

An asm statement or a declaration in such a header can also make the test code's functions weak, so that others take
their place, or give them other names. So the symbols of the test code's objects are looked at, too.
"""

import pathlib
import re
import subprocess
from collections import Counter

from grading import sources
from grading.machine import ROOT
from grading.staff import opened, sandbox
from grading.staff.unpack import Refused, printable

SECONDS = 60
LISTED = 8 << 20            # bytes of the list of a file's macros; the sources have half as many
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
DEFINED = re.compile(r"^[ \t\f]*#[ \t\f]*(?:define|undef)[ \t\f]+(\w+)", re.M)
NM = "riscv64-unknown-elf-nm"
FUNCTION = re.compile(r"^(?!static\b)\w[\w *]*?(?:__attribute__\(\(.*?\)\)\s+)?\b(?!__)(\w+)\([^;{}]*\)\s*\{", re.M)
STRONG = "TBDRGS"           # nm's letters of symbols that no other object can take the place of
GIVEN = {"NYMPH_KERNEL", "INVARIANTS", "__ASSEMBLER__"}     # by the Makefile, and by the compiler to assembly
STANDARD = ("limits", "stdarg", "stdatomic", "stdbool", "stddef", "stdint")


def of_compiler():
    """The macros of the compiler and of its own headers."""
    text = "".join(f"#include <{name}.h>\n" for name in STANDARD)
    done = subprocess.run([opened.COMPILER, "-ffreestanding", "-E", "-dM", "-"], input=text, text=True,
                          capture_output=True, check=True)
    return set(DEFINE.findall(done.stdout))


def test_code(root):
    """The sources of the test code, with the headers that only it includes."""
    return sorted((root / "kernel" / "ktest").glob("*.[chS]"))


def of_course(root):
    """The macros that the course's own files define."""
    return {name for path in (root / "kernel").rglob("*.[chS]") for name in
            DEFINE.findall(path.read_text(encoding="utf-8"))}


def words(root):
    """The words of the test code, and of the headers that it shares with the programs."""
    texts = [path.read_text(encoding="utf-8") for path in [*test_code(root), *(root / "kernel").glob("*.h")]]
    return {word for text in texts for word in
            re.findall(r"[A-Za-z_]\w*", sources.without_comments(text))}


def defined_again(tree, root):
    """The macros that the headers of a submission define, or take back, more often than the course's."""
    def count(top):
        return Counter(name for path in (top / "kernel").rglob("*.h") for name in DEFINED.findall(
            sources.without_comments(path.read_text(encoding="utf-8", errors="replace"))))

    return set(count(tree) - count(root)) & of_course(root)


def functions(root):
    """The functions that the test code's C files define for others."""
    return {name for path in test_code(root) if path.suffix == ".c" for name in
            FUNCTION.findall(sources.without_comments(path.read_text(encoding="utf-8")))}


def check_symbols(tree, root=ROOT):
    """Refuse a submission in which a function of the test code has another name, or another can take its place."""
    objects = [f"{opened.OBJECTS}/{path.relative_to(root)}.o" for path in test_code(root) if path.suffix != ".h"]
    done = subprocess.run([NM, "-g", "--defined-only", "-P", *objects], cwd=tree, capture_output=True, text=True,
                          errors="replace", check=True)
    kinds = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if len(line.split()) > 2}
    wrong = sorted(name for name, kind in kinds.items() if kind not in STRONG) + sorted(functions(root) - set(kinds))
    if wrong:
        raise Refused(f"it changes the symbol {printable(wrong[0])}, which is a name of the course's test code")


def check(tree, root=ROOT):
    """Refuse a submission one of whose macros is a word of the test code."""
    tree = pathlib.Path(tree)
    names = [f"{opened.OBJECTS}/{path.relative_to(root)}.macros" for path in test_code(root)
             if path.suffix != ".h"]
    done = sandbox.run(["make", "-s", "-j2", *names], tree, SECONDS)
    if done.status != 0:
        raise Refused(f"the macros of the test code cannot be listed: {printable(done.output)}")
    seen = {name for path in names for name in
            DEFINE.findall(opened.text_of(tree / path, LISTED))}
    found = sorted((seen - of_course(root) - of_compiler() - GIVEN | defined_again(tree, root)) & words(root))
    if found:
        raise Refused(f"it defines or takes back the macro {found[0]}, which is a word of the course's test code: "
                      "give it another name")
