# SPDX-License-Identifier: BSD-3-Clause
"""gdb's view of user programs: their symbols, and breakpoints that stop in one program only."""

import os
import pathlib
import struct

import gdb  # type: ignore

from kernel import value

PROGRAMS = pathlib.Path(os.environ.get("BUILD") or "build", "user")
COMPARED = 256                        # bytes of code that tell one program from another


class User(gdb.Command):
    """Load a user program's symbols, for breakpoints in it: user NAME, as in user sh."""

    name = "user"

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("Give one program: user NAME")
        if not (PROGRAMS / words[0]).is_file():
            names = ", ".join(sorted(p.name for p in PROGRAMS.glob("*"))) or "none: type make"
            raise gdb.GdbError(f"No program {words[0]} in {PROGRAMS}; there are: {names}")
        gdb.execute(f"add-symbol-file {PROGRAMS / words[0]}")

    def complete(self, _text, word):
        """The names of the programs."""
        return [p.name for p in PROGRAMS.glob(f"{word}*")]


def code_in_file(path, address):
    """Up to COMPARED bytes that an ELF file (64 bits, little-endian) has at an address, in one page."""
    image = pathlib.Path(path).read_bytes()
    offset, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, _, start, va, _, filesz = struct.unpack_from("<IIQQQQ", image, offset + i * size)
        if kind == 1 and va <= address < va + filesz:
            length = min(COMPARED, va + filesz - address, 4096 - address % 4096)
            return image[start + address - va:start + address - va + length]
    return b""


class InProgram(gdb.Function):
    """$in_program("PATH"): whether the hart is about to run code of that program's file.

    Programs lie at the same addresses, so a breakpoint in one is hit by all. The code tells.
    """

    def __init__(self):
        super().__init__("in_program")

    def invoke(self, path):
        """Called by gdb."""
        pc = int(value("(unsigned long)$pc"))
        code = code_in_file(path.string(), pc)
        try:
            memory = gdb.selected_inferior().read_memory(pc, max(len(code), 1))
            return bytes(memory) == code
        except gdb.MemoryError:
            return False


def confine(breakpoint_):
    """Make a new breakpoint in user programs, if it has no condition, stop only in those programs."""
    if breakpoint_.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT) or \
            breakpoint_.condition or not breakpoint_.location:
        return
    try:
        places = gdb.decode_line(breakpoint_.location)[1] or ()
    except gdb.error:
        return
    files = {p.symtab.objfile.filename for p in places if p.symtab}
    if files and all(pathlib.Path(f).parent.name == "user" for f in files):
        breakpoint_.condition = " || ".join(f'$in_program("{f}")' for f in sorted(files))


gdb.events.breakpoint_created.connect(confine)
InProgram()
