# SPDX-License-Identifier: BSD-3-Clause
"""A kernel that cheats gets no points that it would not get without the cheat, or it is refused.

tests/cheats/ has cheats for the kernel that a student of lab 4 begins with: `verdicts` prints verdicts,
`replay` the recorded console of a good run, `seed` the same with the key of this run if it knows the seed,
`events` the events that a judge wants to see, and `calls` also calls the function that writes them down.
Others read files that they should not see, or change what the test code means.
"""

import json
import pathlib
import re
import secrets
import shutil
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT
from grading import engine, events, sources
from grading.staff import changes, macros, opened, sandbox, similarity, submission, worker
from grading.staff.unpack import Refused
from handing_in import CHEATS, handed_out, patched, solved, write

LAB, TEST, SEED = 4, "t21_wake", 5      # what `seed` and `replay` have recorded
SECRET = "/usr/lib/os-release"          # a file that is visible in the sandbox, and is not the submission's


def case():
    """The test that was recorded."""
    return next(found for lab in engine.load_labs(str(LAB)) for found in lab.tests if found.name == TEST)


def in_c(text):
    """The text as a string literal of C."""
    return '"' + "".join(c if c.isalnum() or c in " .,:;=()_-" else f"\\{ord(c):03o}" for c in text) + '"'


@pytest.fixture(scope="module")
def recorded():
    """The text of kernel/lib/recorded.h: the console of a good run of this tree, split at its key."""
    failure, result = engine.run_seed(case(), SEED)
    assert failure is None
    key = re.search(r"^scene key=(\S+)", result.console, re.M).group(1)
    assert events.parse(result.console, key).events
    pieces = ",\n".join(in_c(piece) for piece in result.console.split(key))
    return (f'#define RECORDED_SEED {SEED}\n#define RECORDED_KEY "{key}"\n'
            f"#define RECORDED_PIECES {result.console.count(key) + 1}\n"
            f"static const char *const recorded[] = {{{pieces}}};\n").encode()


@pytest.fixture(scope="module")
def place():
    """A folder that other users may enter, as a submission's must be on hosts without bubblewrap."""
    found = pathlib.Path(tempfile.mkdtemp(prefix="nymph."))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


def assembled(files, tree):
    """The tree of a submission that consists of these files."""
    with tempfile.TemporaryDirectory() as folder:
        return submission.assemble(submission.take(write(files, folder)), tree)


def grade(tree, seed, test=""):
    """The record of a tree in the lab."""
    status, record = worker.grade_tree(tree, str(LAB), test, [seed], lambda *_: None)
    assert status == "graded", record["build"]
    return record


@pytest.fixture(scope="module")
def honest(place):
    """(a built tree, a seed, the record) of the kernel to which the cheats are applied."""
    tree, seed = assembled(handed_out(LAB), place / "honest"), 10 + secrets.randbelow(10 ** 5)
    return tree, seed, grade(tree, seed)


def changed(honest, place, name, files):
    """A copy of the honest tree, with what was built there, and with these files."""
    tree = place / name
    subprocess.run(["cp", "-a", "--sparse=always", honest[0], tree], check=True)
    for path, data in files.items():
        if not (tree / path).exists() or (tree / path).read_bytes() != data:
            (tree / path).write_bytes(data)
    return tree


@pytest.mark.parametrize("name", ["verdicts", "replay", "seed", "events", "calls"])
def test_cheat_gains_nothing(name, recorded, honest, place, tmp_path):
    """No check gives more points than it gives the kernel without the cheat, which has few. A judge is
    deceived by events that are printed, but QEMU's own record of the run is not."""
    _, seed, record = honest
    assert record["points"] <= record["most"] / 10
    files = patched({**handed_out(LAB), "kernel/lib/recorded.h": recorded}, CHEATS / f"{name}.patch",
                    tmp_path / "cheat")
    tree = changed(honest, place, name, files)
    cheat = grade(tree, seed)
    for cheated, fair in zip(cheat["tests"], record["tests"]):
        assert cheated["points"] <= fair["points"], cheated["name"]
    if name == "seed":
        cheat = grade(tree, SEED, TEST)     # nobody knows it beforehand, and knowing it does not help
    if name in ("seed", "events", "calls"):
        assert next(test for test in cheat["tests"] if test["name"] == TEST)["cause"] == "forged"
    own = {path: (tree / path).read_bytes() for path in files if not submission.is_trusted(path)}
    assert submission.compare(own, LAB, ROOT)[0][0].startswith("CHANGED, though the lab has no place in it: "
                                                            "kernel/boot/main.c (+")


# --- files that a submission should not see ----------------------------------------------------

READS = [f'#include "{SECRET}"', f'#include "../../../..{SECRET}"', f"#include <{SECRET}>",
         f'#define FILE "{SECRET}"\n#include FILE', f'#incl\\\nude "{SECRET}"', f'%:include "{SECRET}"',
         f'#include/**/"{SECRET}"', '#include_next "/usr/include/stdio.h"', f'#import "{SECRET}"',
         f'asm(".incbin \\"{SECRET}\\"");', f'asm(".inc" "bin \\"{SECRET}\\"");',
         f'asm(".include \\"{SECRET}\\"");',
         f'asm(".macro m a, b\\n.\\\\a\\\\b \\"{SECRET}\\"\\n.endm\\nm inc, bin");',
         f'const char *a = "/*";\n#include "{SECRET}"\nconst char *b = "*/";',
         f'const char *a = "/*"; asm(".incbin \\"{SECRET}\\""); const char *b = "*/";']


@pytest.fixture(scope="module")
def unbuilt(place):
    """The tree of the kernel that a student begins with."""
    return assembled(handed_out(LAB), place / "unbuilt")


def compiled(tree, path, text):
    """Compile one file of a tree with this text; refused if it opens what it must not. Return the output."""
    (tree / path).write_bytes(text)
    done = sandbox.run(["make", "-s", opened.DEPS, f"build/obj/{path}.o"], tree, 60)
    opened.check(tree, done.output)
    return done


@pytest.mark.parametrize("line", READS)
def test_sources_that_read_files(line, unbuilt):
    """Whatever way a source takes to read a file, it is refused, and the file's text is not shown."""
    path = "kernel/lwkt/ipiq.c"
    text = handed_out(LAB)[path]
    with pytest.raises(Refused) as caught:
        compiled(unbuilt, path, text + f"\n{line}\n".encode())
    assert re.search(r"reads .*(os-release|stdio\.h)", str(caught.value)), str(caught.value)
    assert compiled(unbuilt, path, text).status == 0    # the same without the line


@pytest.mark.parametrize("name", ["build/kernel", "kernel/lwkt/ipiq.c", "grading/answers/lab4.md",
                                  "build/obj/kernel/lwkt/ipiq.c.o"])
@pytest.mark.parametrize("how", ['#include "{}"\n', 'asm(".incbin \\"{}\\"");\n'])
def test_nothing_of_the_course(name, how, unbuilt):
    """A kernel of a few lines that brings in the course's own, or a part of it, finds none: neither in its
    tree, nor where this one is."""
    path = "kernel/lwkt/crit.c"
    for place in (name, str(ROOT / name)):
        if place == path.replace("crit", "ipiq"):
            continue    # the submission's own file
        try:
            assert compiled(unbuilt, path, how.format(place).encode()).status != 0
        except Refused as refused:
            assert place in str(refused)


def test_names_of_functions(honest, place):
    """The table of functions is made from names that the submission chooses. A name that ends its string and
    goes on as a directive of the assembler opens a file, too."""
    path = "kernel/boot/main.c"
    label = f'\\"x\\\\\\";.incbin/**/\\\\\\"{SECRET}\\\\\\";.string/**/\\\\\\"\\"'
    text = handed_out(LAB)[path] + f'\nasm(".text\\n{label}: nop");\n'.encode()
    with pytest.raises(Refused, match=f"ksyms: it reads {SECRET}"):
        worker.build(changed(honest, place, "names", {path: text}))


@pytest.mark.parametrize("code, says", [
    ("int missing(void);\nint own(void)\n{\n    return missing();\n}\n", "undefined reference to `missing'"),
    ("void lwkt_yield(void)\n{\n}\n", "multiple definition of `lwkt_yield'")])
def test_what_does_not_link(code, says, honest, place):
    """A kernel that compiles and does not link is told so by the linker's own words, and is not refused for the paths
    in them, which are not shown."""
    path, name = "kernel/boot/main.c", f"link-{len(code)}"
    tree = changed(honest, place, name, {path: handed_out(LAB)[path] + code.encode()})
    (tree / "build/obj/kernel/lwkt/sched.c.o").unlink()     # which has the path of the other tree
    status, record = worker.grade_tree(tree, str(LAB), TEST, [SEED], lambda *_: None)
    assert status == "build" and says in record["tests"][0]["seen"]
    assert says in record["build"] and str(place) not in json.dumps(record)


def test_output_without_end(unbuilt):
    """Of what a build prints or writes, however much that is, no more is read than its size allows to read soon."""
    started = time.process_time()
    opened.check(unbuilt, "\n" * (1 << 20) + "\t" * (1 << 20) + " from" * (1 << 18))
    assert time.process_time() - started < 5
    place = unbuilt / "build/obj/kernel/lwkt/big.c.o"
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.write_bytes(b"")
        place.with_suffix(".d").write_text("big.c.o: " + "kernel/lwkt/crit.h " * (1 << 16))
        with pytest.raises(Refused, match="big.c: the list of what it uses is too long"):
            opened.check(unbuilt, "")
    finally:
        for file in (place, place.with_suffix(".d")):
            file.unlink()


# --- what the test code means ------------------------------------------------------------------

@pytest.mark.parametrize("path, line", [
    ("kernel/lwkt/thread.h", "#define r_time() (cpu_time() / 1000)"),
    ("kernel/lwkt/ipiq.h", "#define kt_log(what, thread, val) forge(what, thread, val)"),
    ("kernel/lib/list.h", "#define kt_play(ctx) forge(ctx)"),
    ("kernel/lwkt/crit.h", "#define while if")])
def test_macros_for_the_test_code(path, line, unbuilt):
    """A macro in a header that changes a word of the course's test code is refused: the clock, the events."""
    text = (unbuilt / path).read_bytes()
    macros.check(unbuilt)
    try:
        (unbuilt / path).write_bytes(text.replace(b"\n#endif", f"\n{line}\n#endif".encode()))
        with pytest.raises(Refused, match=f"macro {line.split()[1].partition('(')[0]},"):
            macros.check(unbuilt)
    finally:
        (unbuilt / path).write_bytes(text)


@pytest.mark.parametrize("lines", ["#undef mycpuid\n#define mycpuid 3", "#undef KT_EVENTS_MAX", "# /**/ undef mycpu"])
def test_macros_of_the_course(lines, unbuilt):
    """A header that defines a macro of the course once more, or takes it back, is refused, if that is a word of the
    test code; another value where the course defines it is not."""
    path, word = "kernel/lwkt/runq.h", lines.splitlines()[0].split()[-1]
    text = (unbuilt / path).read_bytes()
    try:
        (unbuilt / path).write_bytes(text.replace(b"\n#endif", f"\n#ifdef KTEST_INTERNAL_H\n{lines}\n#endif\n#endif".encode()))
        with pytest.raises(Refused, match=f"macro {word},"):
            macros.check(unbuilt)
    finally:
        (unbuilt / path).write_bytes(text)
    path = "kernel/param.h"     # of which a submission's is not used, but any header will do here
    text = (unbuilt / path).read_text()
    try:
        (unbuilt / path).write_text(re.sub(r"(#define HZ +)\d+", r"\g<1>50", text))
        assert (unbuilt / path).read_text() != text
        macros.check(unbuilt)
    finally:
        (unbuilt / path).write_text(text)


SYMBOLS = {"weak": '__asm__(".weak kt_log");', "renamed": 'void kt_log(const char *, const char *, long) __asm__("kt_other");',
           "by an attribute": "void __attribute__((weak)) kt_log(const char *, const char *, long);",
           "by a pragma": "#pragma weak kt_log"}


@pytest.mark.parametrize("how", SYMBOLS)
def test_symbols_of_the_test_code(how, honest, place):
    """A header by which a function of the test code becomes weak or gets another name, so that the submission can put
    its own in its place, is refused."""
    path = "kernel/lwkt/runq.h"
    macros.check_symbols(honest[0])
    code = f"\n#ifdef KTEST_INTERNAL_H\n{SYMBOLS[how]}\n#endif\n#endif".encode()
    tree = changed(honest, place, f"symbols-{len(code)}", {path: handed_out(LAB)[path].replace(b"\n#endif", code)})
    name = "kernel/ktest/events.c"
    done = compiled(tree, name, (tree / name).read_bytes())
    assert done.status == 0, done.output
    with pytest.raises(Refused, match="changes the symbol kt_log,"):
        macros.check_symbols(tree)


def test_header_in_another_ones_place(unbuilt):
    """A header that takes the place of the course's clock, by defining its guard, does not compile."""
    path = "kernel/lwkt/cpusync.h"
    text = (unbuilt / path).read_bytes()
    clock = b"#define KERNEL_RISCV_H\nstatic inline unsigned long r_time(void)\n{\n    return 1;\n}\n"
    assert b"#define KERNEL_RISCV_H" in (ROOT / "kernel/riscv.h").read_bytes()
    try:
        (unbuilt / path).write_bytes(clock + text)
        events_c = "kernel/ktest/events.c"
        done = compiled(unbuilt, events_c, (unbuilt / events_c).read_bytes())
        assert done.status != 0 and "redefinition" in done.output
    finally:
        (unbuilt / path).write_bytes(text)


# --- the list of what is changed ---------------------------------------------------------------

def changes_of(lab, **edits):
    """The list for the solved kernel with edits: path, with __ for / -> (old, new)."""
    course = {path: data.decode() for path, data in solved().items() if not submission.is_trusted(path)}
    files = dict(course)
    for name, (old, new) in edits.items():
        path = "kernel/" + name.replace("__", "/")[::-1].replace("_", ".", 1)[::-1]
        assert old in files[path]
        files[path] = files[path].replace(old, new, 1)
    return changes.of(files, course, lab)


def test_what_is_changed():
    """A clock that is faked by a function in a header is listed, as is all that is outside of the places of
    the lab and earlier ones; work in these places, comments and layout are not."""
    clock = {"riscv__machine_h": ("return r_time();", "return r_time() / 1000;")}
    assert changes_of(4, **clock) == ["CHANGED, though the lab has no place in it: "
                                      "kernel/riscv/machine.h (+1 -1)"]
    start = "int lwkt_send_ipiq("
    assert changes_of(4, lwkt__ipiq_c=(start, "/* mine */\n" + start.replace("(", " ("))) == []
    assert changes_of(4, lwkt__ipiq_c=(start, f"static int own;\n{start}")) == [
        "changed beside the places of the lab: kernel/lwkt/ipiq.c"]
    assert changes_of(4, lwkt__ipiq_c=(start, f"/* x *\\\n/ int own; /* */\n{start}"))



AWAY = {        # how a student of lab 2 may put the course's functions between two places away
    "a condition": lambda text: f"#if 0\n{text}#endif\n",
    "a macro": lambda text: "#define NEVER " + " \\\n".join(sources.without_comments(text).splitlines()) + "\n",
    "nested functions": lambda text: f"static void never(void)\n{{{{\n{text}}}}}}}\n"}


@pytest.mark.parametrize("how", AWAY)
def test_what_puts_other_code_away(how):
    """A submission with its own version of the course's functions between two places, and in which these are still
    there, but mean nothing, is listed."""
    path, head = "kernel/lwkt/sched.c", "void lwkt_yield(void)\n{ /* lab 2 */\n"
    course = {path: solved()[path].decode()}
    before, line, rest = course[path].partition("    crit_exit();\n}\n")
    between, _, body = rest.partition(head)
    between = "}\n" + between
    own = between.replace("~own_and_below) != 0", "~own_and_below) != 7")
    assert own != between
    text = before + line.removesuffix("}\n") + own + AWAY[how](between + head) + head + body
    assert [said for said in changes.of({path: text}, course, 2) if path in said]
    if how != "nested functions":
        assert changes.of({path: text}, course, 2)[0].startswith("CHANGED, by what reaches beyond the places of the lab: "
                                                                 f"{path} (#")


@pytest.mark.parametrize("path, new, words", [
    ("kernel/lwkt/sched.c", "#undef mycpu\n", "#undef"), ("kernel/lwkt/runq.h", '__asm__(".weak kt_log");\n', "asm"),
    ("kernel/lwkt/sched.c", "int own __attribute__((weak));\n", "__attribute"),
    ("kernel/lwkt/sched.c", "int own [ [gnu::weak]];\n", "[["),
    ("kernel/lwkt/sched.c", '_Pragma("weak kt_log")\n', "_Pragma"),
    ("kernel/riscv/switch.S", "        .weak kt_log\n", ".weak")])
def test_what_reaches_beyond_a_place(path, new, words):
    """A directive, asm and attributes in a place of the lab are listed, unless the course has them there."""
    course = {path: solved()[path].decode()}
    mark = "        /* lab 2: to here */\n" if path.endswith(".S") else "}\n"
    at = course[path].index(mark, course[path].index("/* lab 2"))
    files = {path: course[path][:at] + new + course[path][at:]}
    assert changes.of(files, course, 2) == [f"CHANGED, by what reaches beyond the places of the lab: {path} ({words})"]


# What gcc takes for other than a comment or a string, or people might.
TEXTS = ["/* a *\\\0\n/ int own; /* */", "/* a *\\ \t\f\n/ int own; /* */", "/* a *\\\v\n/ int own; /* */", "// a \r int own;",
         "// a ??/\n int own;", "/* a *\\\r\r\n/ int own; /* */", 'char *a = R"(" /*)"; int own; /* */',
         'char *a = u8R"x(" /*)x"; int own; /* */', 'char *a = R\\\n"(" /*)"; int own; /* */',
         "#if __has_include(</*>)\n#endif\nint own; /* */",
         "#define P(a, b) a##b\n#if P(__has_, include)(</*>)\n#endif\nint own; /* */",
         "#include/**/<lib//list.h> /*\nint own; /* */", "#if 0\n'\\\\\n\n /* ' int own; */\n#endif\nint b; /**/",
         "/* it's \" */ int own; /* \" */", "char a = '\"'; /* ' */ int own; // \\\n int b;", "int a<::>, own<:2:>;",
         "static void f(void) <% %>", "#pragma GCC poison </*>\nint own; /* */"]


@pytest.mark.parametrize("text", TEXTS)
def test_comments_are_those_of_the_compiler(text, tmp_path):
    """A text in which a reader could take code for a comment, or a comment for code, is refused, or else it is read as
    gcc reads it."""
    if sources.ambiguous(text):
        path = "kernel/lwkt/ipiq.c"
        with pytest.raises(Refused, match=f"{path} has "):
            submission.take(write({**solved(), path: text.encode()}, tmp_path))
        return
    (tmp_path / "a.c").write_bytes(text.encode())
    done = subprocess.run([opened.COMPILER, "-std=gnu11", "-E", "-P", "a.c"], cwd=tmp_path, check=True, capture_output=True)
    kept = re.sub(r"^#if 0\n.*?^#endif$", "", sources.without_comments(text), flags=re.M | re.S)
    assert similarity.TOKEN.findall(done.stdout.decode()) == similarity.TOKEN.findall(kept)


def test_what_is_not_ambiguous():
    """What students write is none of that, nor are the sources of this tree."""
    for text in ("#include <lib/list.h> /* it's the ring */", "#if A < 3 /* \"few\" */\n#endif\nint a = b > c;", "char *a = \"R\";",
                 "/* R\"x\" <: %> */", "printf(\"<:%>\");", "// don't\n", "int a;\f\nint b = x ? y : z;\n", "char *é = \"ü\";"):
        assert not sources.ambiguous(text), text
    assert not [path for path, data in solved().items() if sources.ambiguous(data.decode())]


@pytest.mark.parametrize("lab", range(1, 10))
def test_what_is_not_changed(lab):
    """Neither the solved kernel nor the handout changes anything outside of the lab's places."""
    course = {path: data.decode() for path, data in solved().items() if not submission.is_trusted(path)}
    given = {path: data.decode() for path, data in handed_out(lab).items() if not submission.is_trusted(path)}
    assert changes.of(course, course, lab) == [] == changes.of(given, course, lab)
