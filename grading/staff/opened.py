# SPDX-License-Identifier: BSD-3-Clause
"""What the compiler and the assembler opened when a submission was built, by their own account.

A source can name files in many ways: #include with macros, .incbin in an asm statement that is put together
from strings, .include in a macro of the assembler. So nothing here reads sources. The build in the sandbox
is told to note each file that is opened (DEPS): the compiler writes x.c.d beside the object x.c.o, and the
assembler x.c.as.d. Both have the form of a makefile's rules.

If a source does not compile there are no such files, but the errors name the file that each is in.
"""

import pathlib
import posixpath
import re
import subprocess

from grading.staff.unpack import Refused, printable

DEPS = "DEPS=-MD -MP -Wa,--MD,$(@:.o=.as.d)"    # for the Makefile
COMPILER = "riscv64-unknown-elf-gcc"
OBJECTS = "build/obj"
WORD = re.compile(r"(?:\\.|[^\s\\])+", re.S)
PLACE = re.compile(r"^(?:In file included from |[ \t]+from )?([^\s:][^:\n]*):(?:\d+[:,]| Assembler messages:)",
                   re.M)
LIMIT = 1 << 20             # bytes of a file that says what was opened; the course's have 3,000 at most
TEMPORARY = re.compile(r"/tmp/cc\w+\.s|\{standard input\}")     # the compiler's output for the assembler


def compilers_headers():
    """The folders of the headers that come with the compiler."""
    found = []
    for name in ("include", "include-fixed"):
        done = subprocess.run([COMPILER, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
        found.append(posixpath.normpath(done.stdout.strip()))
    return found


def opened(rules):
    """The files that a rule says its target needs."""
    for line in rules.replace("\\\n", " ").splitlines():
        _, colon, files = line.partition(": ")
        for word in WORD.findall(files) if colon else []:
            yield re.sub(r"\\(.)", r"\1", word).replace("$$", "$")


def text_of(path, limit):
    """The text of a file that the build has written; Refused if it is larger than the limit."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        text = stream.read(limit + 1)
    if len(text) > limit:
        raise Refused(f"{printable(path.stem)}: the list of what it uses is too long")
    return text


def check_objects(tree, may):
    """Refuse a submission for whose objects other files were opened than those for which may(path) holds."""
    for item in sorted((tree / OBJECTS / "kernel").rglob("*.o")) + [tree / OBJECTS / "ksyms.o"]:
        if not item.exists():
            continue
        source = item.relative_to(tree / OBJECTS).with_suffix("")
        for kind in (".d", ".as.d"):
            for path in opened(text_of(item.with_suffix(kind), LIMIT)):
                # The assembler also notes the name in the .file directive that the compiler writes.
                if not may(path) and (path != source.name or (tree / path).exists()):
                    raise Refused(f"{source}: it reads {printable(path)}, which is not allowed")


def check(tree, printed):
    """Refuse a submission whose build has opened files that are not its own or the compiler's. printed: what
    the build has printed."""
    tree = pathlib.Path(tree)
    headers = compilers_headers()
    own = {str(path.relative_to(tree)) for path in (tree / "kernel").rglob("*")}

    def may(path):
        plain = posixpath.normpath(path)
        return plain in own or plain == f"{OBJECTS}/ksyms.S" or bool(TEMPORARY.fullmatch(path)) or any(
            plain.startswith(f"{folder}/") for folder in headers)

    check_objects(tree, may)
    for path in PLACE.findall(printed):
        if (path.startswith("/") or ".." in path.split("/")) and not may(path):
            raise Refused(f"it reads {printable(path)}, which is not allowed")
