#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Bugs that nobody chose: change what the labs leave to students in one place, by chance, and grade that.

    make mutants DRAWN=20 [LAB=4] [SEED=7] [OUT=folder] [JOBS=2]     20 bugs for each lab, or for lab 4

Each bug is one small change of the solution, made from the compiler's own view of it (libclang): a statement
is left out or changes places with the next one; a condition is turned round, loses a half, or takes the
bound in; a number, an operator, a variable or a field is another one of the same type; an instruction of
assembly is left out. All such changes of a lab are listed, SEED shuffles them, and the first DRAWN that
compile to other code than the solution are tried as mutants (mutate.py). What survives is either a change
that no contract forbids, or a gap in the lab's tests; which of them it is, only a reader can say. The patches
go to OUT.
"""

import difflib
import functools
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile

import command
import mutate
import patches
from command import Unusable
from grading import engine, marks
from patches import ROOT

try:
    from clang import cindex
    from clang.cindex import CursorKind as Kind
except ImportError:
    sys.exit("missing: python3-clang; type: make setup test")

STATEMENTS = {Kind.CALL_EXPR, Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.UNARY_OPERATOR,
              Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR}
WHOLE = STATEMENTS | {Kind.IF_STMT, Kind.WHILE_STMT, Kind.BREAK_STMT, Kind.CONTINUE_STMT}
OPERATORS = {"<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="), "==": ("!=",), "!=": ("==",),
             "+": ("-",), "-": ("+",), "&": ("|",), "|": ("&",), "&&": ("||",), "||": ("&&",)}
ASSIGNMENTS = {"|=": ("=",), "&=": ("=",), "+=": ("-=", "="), "-=": ("+=", "=")}
ASSERTION = re.compile(r"KASSERT|KKASSERT|assert")


class Source:
    """A C file of the kernel, and the changes of its functions that belong to a lab."""

    def __init__(self, path):
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8")
        self.pieces = [(p.line, p.line + p.text.count("\n"), p.lab)
                       for p in marks.pieces(path, self.text) if p.lab]
        self.found = {}             # (start, end, new text) -> (lab, what)

    def lab_at(self, offset):
        """The lab to which the code at an offset belongs; 0: to none."""
        line = self.text.count("\n", 0, offset) + 1
        return next((lab for first, end, lab in self.pieces if first <= line < end), 0)

    def extent(self, cursor):
        """The offsets of a cursor's text."""
        return cursor.extent.start.offset, cursor.extent.end.offset

    def of(self, cursor):
        """The text of a cursor."""
        start, end = self.extent(cursor)
        return self.text[start:end]

    def add(self, start, end, new, what):
        """Note a change, if it lies in a lab and changes something. The number of lines stays."""
        old = self.text[start:end]
        lab = self.lab_at(start)
        if not lab or lab != self.lab_at(end - 1) or new == old or ASSERTION.match(old):
            return      # assertions: which of them a lab asks for, its page says
        missing = old.count("\n") - new.count("\n")
        self.found.setdefault((start, end, new + "\n" * missing), (lab, what))

    def operator(self, cursor):
        """(offset, text) of a binary operator's sign, or None."""
        left, right = list(cursor.get_children())
        between = self.text[self.extent(left)[1]:self.extent(right)[0]]
        sign = re.fullmatch(r"\)*\s*([-+*/%<>=!&|^]+)\s*\(*", between)
        return sign and (self.extent(left)[1] + sign.start(1), sign.group(1))

    def walk(self, cursor, locals_):
        """Note the changes of a cursor and of all below it. locals_: the variables that it may name."""
        children = list(cursor.get_children())
        if cursor.kind is Kind.COMPOUND_STMT:
            locals_ = list(locals_)
            self.statements(children)
        elif cursor.kind in (Kind.IF_STMT, Kind.WHILE_STMT):
            self.condition(children[0])
            for body in children[1:]:
                if body.kind in STATEMENTS:
                    self.add(*self.extent(body), "(void)0", "leaves out")
        elif cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
            at = self.operator(cursor)
            for new in at and {**OPERATORS, **ASSIGNMENTS}.get(at[1], ()) or ():
                self.add(at[0], at[0] + len(at[1]), new, "another operator")
        elif cursor.kind is Kind.UNARY_OPERATOR and self.of(cursor)[:1] in "!~":
            self.add(*self.extent(cursor), self.of(cursor)[1:], "an operator less")
        elif cursor.kind is Kind.INTEGER_LITERAL and self.of(cursor).isdigit():
            self.add(*self.extent(cursor), str(int(self.of(cursor)) + 1), "another number")
        elif cursor.kind is Kind.RETURN_STMT and children:
            for new in {"true": ("false",), "false": ("true",)}.get(self.of(children[0]), ("0",)):
                self.add(*self.extent(children[0]), new, "another result")
        elif cursor.kind is Kind.DECL_REF_EXPR:
            self.variable(cursor, locals_)
        elif cursor.kind is Kind.MEMBER_REF_EXPR:
            self.field(cursor)
        for child in children:
            self.walk(child, locals_)
            for variable in child.get_children() if child.kind is Kind.DECL_STMT else ():
                locals_.append(variable)

    def statements(self, children):
        """Leave out each statement of a block, and swap neighbours."""
        for child in children:
            if child.kind in WHOLE:
                new = "(void)0" if child.kind in STATEMENTS else "{}" if self.of(child).endswith("}") else ";"
                self.add(*self.extent(child), new, "leaves out")
        for first, second in zip(children, children[1:]):
            if first.kind in STATEMENTS and second.kind in STATEMENTS and not ASSERTION.match(self.of(second)):
                (start, middle), (again, end) = self.extent(first), self.extent(second)
                self.add(start, end, self.text[again:end] + self.text[middle:again] + self.text[start:middle],
                         "swaps")

    def condition(self, cursor):
        """Turn a condition round, and leave out each half of it."""
        text = self.of(cursor)
        self.add(*self.extent(cursor), f"!({text})", "turns round")
        if cursor.kind is Kind.BINARY_OPERATOR and (at := self.operator(cursor)) and at[1] in ("&&", "||"):
            left, right = cursor.get_children()
            self.add(*self.extent(cursor), self.of(left), "half a condition")
            self.add(*self.extent(cursor), self.of(right), "half a condition")
            for half in (left, right):
                if half.kind is Kind.BINARY_OPERATOR:
                    self.condition(half)

    def variable(self, cursor, locals_):
        """Take another local variable of the same type."""
        declared = cursor.referenced
        if declared is None or declared.kind not in (Kind.VAR_DECL, Kind.PARM_DECL) or \
                self.of(cursor) != cursor.spelling:
            return
        for other in locals_:
            if other.type.get_canonical().spelling == declared.type.get_canonical().spelling:
                self.add(*self.extent(cursor), other.spelling, "another variable")

    def field(self, cursor):
        """Take another field of the same type."""
        declared = cursor.referenced
        name = cursor.spelling
        if declared is None or not self.of(cursor).endswith(name):
            return
        end = self.extent(cursor)[1]
        for other in declared.semantic_parent.get_children():
            if other.kind is Kind.FIELD_DECL and other.spelling != name and \
                    other.type.spelling == declared.type.spelling:
                self.add(end - len(name), end, other.spelling, "another field")

    def instructions(self):
        """Leave out each instruction of assembly."""
        for match in re.finditer(r"^ +[a-z][\w.]* .*$", self.text, re.M):
            self.add(match.start(), match.end(), "", "leaves out")

    def changed(self, change):
        """The text with a change."""
        _, _, start, end, new = change
        return self.text[:start] + new + self.text[end:]

    def all(self):
        """[(lab, what, start, end, new)] of the file."""
        if self.path.endswith(".S"):
            self.instructions()
        else:
            arguments = [word for word in command_of(self.path)
                         if word.startswith(("-I", "-D", "-std"))]
            tree = cindex.Index.create().parse(str(ROOT / self.path), ["--target=riscv64", *arguments])
            for function in tree.cursor.get_children():
                if function.kind is Kind.FUNCTION_DECL and function.is_definition() and \
                        function.location.file.name == str(ROOT / self.path):
                    self.walk(function, list(function.get_arguments()))
        return [(lab, what, *place) for place, (lab, what) in self.found.items()]


@functools.cache
def commands():
    """file -> the words of its compiler's command, as compile_commands.json has them."""
    listed = json.loads((ROOT / "compile_commands.json").read_text(encoding="utf-8"))
    return {entry["file"]: shlex.split(entry["command"]) for entry in listed
            if entry["file"].startswith("kernel/")}


def command_of(path):
    """The words of a file's command; a header's and assembly's are those of the switch."""
    return commands().get(path, commands()["kernel/lwkt/switch.c"])


def compiles(name, changed, *how):
    """Whether a file compiles. What the folder `changed` has takes the place of the tree's files."""
    compiler, *words = [word for word in command_of(name) if word not in ("-g", "-Werror", "-c")][:-1]
    source = changed / name if (changed / name).exists() else ROOT / name
    return subprocess.run([compiler, f"-I{changed}/kernel", f"-I{changed}", *words, "-w", "-x",
                           "assembler-with-cpp" if name.endswith(".S") else "c", *(how or ["-fsyntax-only"]), source],
                          cwd=ROOT, capture_output=True, check=False).returncode == 0


def compiled(name, changed=ROOT):
    """The code of a file, without what is for debuggers; None if it does not compile."""
    with tempfile.NamedTemporaryFile(suffix=".o") as code:
        return None if not compiles(name, changed, "-c", "-o", code.name) else subprocess.run(
            ["riscv64-unknown-elf-objdump", "-dr", "-s", "-j", ".text", "-j", ".text.unlikely", code.name],
            capture_output=True, check=True).stdout.split(b"\n", 2)[2]     # without the file's name


solution = functools.cache(compiled)


@functools.cache
def compiled_from(path):
    """The files that a change of `path` may change: itself, or what includes a header in the threading core."""
    if not path.endswith(".h"):
        return [path]
    include = f'#include "{path.removeprefix("kernel/")}"'
    return [name for name in commands() if re.match(r"kernel/(lwkt|sync|proc)/", name)
            and include in (ROOT / name).read_text(encoding="utf-8")]


def changes_code(path, text):
    """Whether the tree compiles with this text of a file, and to other code."""
    with tempfile.TemporaryDirectory(prefix="draw.") as folder:
        place = pathlib.Path(folder) / path
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="utf-8")
        for name in compiled_from(path):
            code = compiled(name, pathlib.Path(folder))
            if code != solution(name):
                return code is not None
    return False


def write(source, change, number, folder):
    """Write the patch of a change; return it as a Patch."""
    lab, what, start, _, _ = change
    before, after = (text.splitlines(keepends=True) for text in (source.text, source.changed(change)))
    diff = "".join(difflib.unified_diff(before, after, f"a/{source.path}", f"b/{source.path}"))
    parts = " ".join(part.name for part in engine.load_labs() if part.number == lab)
    path = folder / f"lab{lab}-drawn-{number:03}.patch"
    line = source.text.count("\n", 0, start) + 1
    path.write_text(f"# mutant: {what}, line {line} of {source.path}\n# tests: {parts}\n{diff}", encoding="utf-8")
    return patches.read(path, "mutant")


def draw(lab, changes, wanted, rng, folder):
    """The patches of the first `wanted` changes of a lab, in a shuffled order, that change the code."""
    drawn, kinds = [], {}
    rng.shuffle(changes)
    for source, change in changes:
        kinds.setdefault(change[1], []).append((source, change))
    while len(drawn) < wanted and any(kinds.values()):
        source, change = kinds[rng.choice([kind for kind, left in kinds.items() if left])].pop()
        if changes_code(source.path, source.changed(change)):
            drawn.append(write(source, change, len(drawn) + 1, folder))
    print(f"lab {lab}: {len(changes)} changes, {len(drawn)} drawn", flush=True)
    return drawn


def all_changes():
    """lab -> [(source, change)]."""
    found = {}
    for path in sorted((ROOT / "kernel").rglob("*")):
        name = str(path.relative_to(ROOT))
        if marks.is_code(name) and re.search(r"/\* lab \d", path.read_text(encoding="utf-8")):
            source = Source(name)
            for change in source.all():
                found.setdefault(change[0], []).append((source, change))
    return found


def draw_all(wanted, seed, only, folder):
    """The patches of a lab, or of all labs if `only` is "", in the order of the labs."""
    changes = all_changes()
    labs = [lab for lab in sorted(changes) if only in ("", str(lab))]
    if not labs:
        raise Unusable(f"LAB={only}: there is no such lab; choose 1 to {max(changes)}")
    folder.mkdir(parents=True, exist_ok=True)
    return [patch for lab in labs
            for patch in draw(lab, changes[lab], wanted, random.Random(f"{seed} {lab}"), folder)]


def main():
    """Draw and try; return the exit status, which is 0 if all were found."""
    if command.words("MUTANT"):
        raise Unusable(f"MUTANT={os.environ['MUTANT']}: a known bug, and DRAWN= makes new ones; give one of the two")
    folder = pathlib.Path(os.environ.get("OUT") or ROOT / "build" / "drawn")
    drawn = draw_all(command.number("DRAWN", 20), command.number("SEED", 1), os.environ.get("LAB", ""), folder)
    print(f"the patches are in {folder}")
    return mutate.try_these(drawn, command.number("JOBS", os.cpu_count()))


if __name__ == "__main__":
    sys.exit(command.run(main))
