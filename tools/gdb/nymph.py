# SPDX-License-Identifier: BSD-3-Clause
"""gdb commands for Nymph: what the kernel's threads, queues and processes are doing.

Loaded by tools/gdb/init; `nymph` lists the commands. Flags are read from the kernel's headers, all the
rest from its debug information, so a changed struct needs no change here unless a field's name changes.
"""

import os
import pathlib
import re
import struct

import gdb  # type: ignore

TOP = pathlib.Path.cwd()             # tools/debug starts gdb in the tree's top folder
MAXFRAMES = 40


# --- reading the kernel's memory -----------------------------------------------------------------

def value(expression):
    """An expression's value, as gdb's print would show it."""
    return gdb.parse_and_eval(expression)


def in_supervisor_mode(function):
    """Run function() with the kernel's memory readable.

    QEMU translates gdb's addresses by the rights of the mode that the hart is in: in user mode the
    kernel's pages are out of reach. So the mode is set to S meanwhile, and then put back.
    """
    if gdb.selected_thread() is None:
        raise gdb.GdbError("No machine: type `make qemu-gdb` in one terminal, `make gdb` in another.")
    mode = int(value("$priv"))
    if mode != 1:
        gdb.execute("set var $priv = 1")
    try:
        if not kernel_started():
            raise gdb.GdbError("The kernel has not started yet; "
                               "`break main_boot` and `continue` get there.")
        return function()
    finally:
        if mode != 1:
            gdb.execute(f"set var $priv = {mode}")


def kernel_started():
    """Whether the selected hart has paging on and the boot hart its globaldata."""
    try:
        return int(value("'globaldata_of'[0]")) != 0
    except gdb.error:
        return False


def text(chars):
    """A char array or a pointer to chars, up to the NUL."""
    return chars.string(errors="replace")


def list_entries(head, name, member):
    """The elements of a struct list (lib/list.h); a list that is broken ends early."""
    kind = gdb.lookup_type(f"struct {name}")
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == member)
    start, node = int(head.address), head["next"]
    for _ in range(100000):
        if int(node) in (start, 0):
            return
        yield gdb.Value(int(node) - offset).cast(kind.pointer())
        node = node["next"]


def cpus():
    """Each cpu's struct globaldata."""
    for cpu in range(int(value("'ncpus'"))):
        gd = value(f"'globaldata_of'[{cpu}]")
        if int(gd):
            yield gd.dereference()


def threads():
    """(cpu's globaldata, thread) for each thread there is."""
    for gd in cpus():
        for td in list_entries(gd["gd_tdallq"], "thread", "td_allq"):
            yield gd, td


def flag_names(prefix):
    """{name: bit} of the #defines with that prefix in kernel/lwkt/thread.h."""
    header = (TOP / "kernel/lwkt/thread.h").read_text(encoding="ascii")
    return {name: int(bit, 16) for name, bit in
            re.findall(rf"^#define {prefix}(\w+) (0x[0-9a-f]+)u", header, re.M)}


def decode(word, prefix):
    """A flags word in words."""
    return "|".join(name for name, bit in flag_names(prefix).items() if int(word) & bit) or "0"


def place(pc):
    """A code address as function and line; functions in assembly have no other name for gdb."""
    symbol = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    name = "?" if symbol.startswith("No symbol") else symbol.split()[0]
    line = gdb.find_pc_line(pc)
    return name + (f" at {line.symtab.filename}:{line.line}" if line.symtab else "")


# --- threads -------------------------------------------------------------------------------------

def state(gd, td):
    """What a thread does, in a word or two."""
    flags, bits = int(td["td_flags"]), flag_names("TDF_")
    if int(gd["gd_curthread"]) == int(td):
        return "runs"
    for name, word in (("MIGRATING", "migrates"), ("EXITING", "exits"), ("RUNQ", "ready")):
        if flags & bits[name]:
            return word
    return "sleeps: " + text(td["td_wmesg"]) if int(td["td_wmesg"]) else "waits"


def pid_of(td):
    """The pid of the process on a thread, 0 for a kernel thread."""
    return int(td["td_proc"]["p_pid"]) if int(td["td_proc"]) else 0


def find_thread(word):
    """(cpu, thread) by pid, by name or by an expression for its address."""
    found = [(gd, td) for gd, td in threads()
             if (word.isdigit() and pid_of(td) == int(word) != 0) or text(td["td_comm"]) == word]
    if len(found) > 1:
        raise gdb.GdbError(f"{len(found)} threads are named {word}; give an address (`threads`).")
    if found:
        return found[0]
    address = int(value(word))
    for gd, td in threads():
        if int(td) == address:
            return gd, td
    raise gdb.GdbError(f"No thread has the pid, name or address {word}; `threads` lists them.")


def hart_of(td):
    """gdb's number of the hart that runs a thread. In user mode tp is the program's."""
    selected = gdb.selected_thread()
    try:
        for hart in gdb.selected_inferior().threads():
            hart.switch()
            if int(td) in (int(value("(unsigned long)$tp")), int(value("(unsigned long)$sscratch"))):
                return hart.num
    finally:
        selected.switch()
    return None


def frames(td):
    """Code addresses of a thread that is off the cpu, from the switch outwards.

    switch.S saved ra and s0 at md_sp; from there the chain of frame pointers goes up the stack.
    """
    word = gdb.lookup_type("unsigned long").pointer()
    low, high = int(td["td_mach"]["md_stack_base"]), int(td["td_mach"]["md_stack_top"])
    saved = gdb.Value(int(td["td_mach"]["md_sp"])).cast(word)
    pc, fp = int(saved[0]), int(saved[1])
    for _ in range(MAXFRAMES):
        yield pc
        if not low + 16 <= fp <= high or fp % 8:
            return
        frame = gdb.Value(fp).cast(word)
        pc, fp = int(frame[-1]), int(frame[-2])


def print_backtrace(gd, td):
    """One thread's backtrace."""
    print(f"{text(td['td_comm'])} ({int(td):#x}), cpu {int(gd['gd_cpuid'])}, {state(gd, td)}")
    if int(gd["gd_curthread"]) == int(td):
        hart = hart_of(td)
        print("  on the cpu: type" + (f" `thread {hart}`, then" if hart else "") + " `bt`")
        return
    for number, pc in enumerate(frames(td)):
        print(f"  #{number:<2} {pc:#018x} {place(pc - 1 if number else pc)}")


# --- the commands --------------------------------------------------------------------------------

class Command(gdb.Command):
    """A command whose run(words) may read the kernel's memory."""

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        try:
            in_supervisor_mode(lambda: self.run(words))
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from None


class Threads(Command):
    """List the kernel's threads by cpu: pid, priority, critical sections, what they do, flags."""

    name = "threads"

    def run(self, _words):
        """Print the table."""
        print(f"{'cpu':>3} {'thread':18} {'pid':>5} {'pri':>3} {'crit':>4} "
              f"{'name':16} {'state':18} flags")
        for gd, td in threads():
            print(f"{int(gd['gd_cpuid']):3} {int(td):#018x} {pid_of(td):5} {int(td['td_pri']):3} "
                  f"{int(td['td_critcount']):4} {text(td['td_comm']):16} {state(gd, td):18} "
                  f"{decode(td['td_flags'], 'TDF_')}")


class Lbt(Command):
    """Backtrace of a thread that is off the cpu: lbt PID, lbt NAME, lbt ADDRESS, or lbt for all."""

    name = "lbt"

    def run(self, words):
        """Print one or all."""
        for gd, td in [find_thread(words[0])] if words else list(threads()):
            print_backtrace(gd, td)


class Runq(Command):
    """Show each cpu's run queues, the highest priority first, and what it has been asked to do."""

    name = "runq"

    def run(self, _words):
        """Print the queues."""
        for gd in cpus():
            print(f"cpu {int(gd['gd_cpuid'])}: runs {text(gd['gd_curthread']['td_comm'])}, "
                  f"mask {int(gd['gd_runqmask']):#010x}, "
                  f"reqflags {decode(gd['gd_reqflags'], 'RQF_')}, "
                  f"astflags {decode(gd['gd_astflags'], 'AST_')}")
            for pri in range(31, -1, -1):
                names = [text(td["td_comm"]) for td in self.ring(gd["gd_tdrunq"][pri])]
                if names:
                    print(f"  {pri:2}: {', '.join(names)}")

    @staticmethod
    def ring(first):
        """The threads of a ring, from its first."""
        td = first
        for _ in range(100000):
            if int(td) == 0:
                return
            yield td
            td = td["td_runnext"]
            if int(td) == int(first):
                return


class Ipiq(Command):
    """Show the rings of IPI messages between cpus: indices, and the messages that wait."""

    name = "ipiq"

    def run(self, _words):
        """Print the rings that were ever used."""
        for gd in cpus():
            source = int(gd["gd_cpuid"])
            print(f"cpu {source}: told by cpus {self.cpulist(int(gd['gd_ipimask']))}")
            for target in range(int(value("'ncpus'"))):
                ring = gd["gd_ipiq"][target]
                if int(ring):
                    self.show(source, target, ring)

    @staticmethod
    def cpulist(mask):
        """A mask of cpus as numbers."""
        return ", ".join(str(i) for i in range(64) if mask >> i & 1) or "none"

    @staticmethod
    def show(source, target, ring):
        """One ring."""
        write, read, done = (int(ring[f]) for f in ("ip_windex", "ip_rindex", "ip_xindex"))
        print(f"  {source} -> {target}: written {write}, taken {read}, finished {done}")
        size = int(ring["ip_size"])
        for i in range(read, min(write, read + size)):
            slot = ring["ip_slot"][i % size]
            print(f"    {place(int(slot['func']))} ({int(slot['arg']):#x})")


class Procs(Command):
    """List the processes: pid, parent, state, thread, cpu, name."""

    name = "procs"

    def run(self, _words):
        """Print the table."""
        print(f"{'pid':>5} {'ppid':>5} {'state':10} {'thread':18} {'cpu':>3} name")
        for p in list_entries(value("'proc_all'"), "proc", "p_all"):
            parent, td = p["p_parent"], p["p_thread"]
            print(f"{int(p['p_pid']):5} {int(parent['p_pid']) if int(parent) else 0:5} "
                  f"{self.state(p):10} {int(td):#018x} "
                  f"{int(td['td_gd']['gd_cpuid']) if int(td) else '-':>3} {text(p['p_name'])}")

    @staticmethod
    def state(p):
        """alive, zombie, ...; a + says that it was killed."""
        killed = int(p["p_thread"]) and int(p["p_thread"]["td_killed"])
        return str(p["p_state"]).replace("P_", "").lower() + ("+" if killed else "")


# --- user programs -------------------------------------------------------------------------------

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


class Nymph(gdb.Command):
    """Nymph's own commands: threads, lbt, runq, ipiq, procs, user. `help NAME` explains each."""

    def __init__(self):
        super().__init__("nymph", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        for command in (Threads, Lbt, Runq, Ipiq, Procs, User):
            print(f"{command.name:8} {command.__doc__}")


for kind in (Threads, Lbt, Runq, Ipiq, Procs, User, Nymph):
    kind()
