# SPDX-License-Identifier: BSD-3-Clause
"""Read the stopped kernel: its cpus, threads, lists, flags and places. Flags are read from the kernel's
headers, all the rest from its debug information, so a changed struct needs no change here unless a
field's name changes."""

import pathlib
import re

import gdb  # type: ignore

TOP = pathlib.Path.cwd()             # tools/debug starts gdb in the tree's top folder
MAXFRAMES = 40


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
    if host():
        if not kernel_started():
            raise gdb.GdbError("The core has not started yet; `break lwkt_idle_loop` and `run` get there.")
        return function()
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


def host():
    """The host's architecture if the core runs in a process (liblwkt), else ""."""
    found = re.search(r'"(i386:x86-64|aarch64)"', gdb.execute("show architecture", to_string=True))
    return found.group(1) if found else ""


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
    """{name: bit} of the #defines with that prefix in the headers of kernel/lwkt."""
    header = "".join((TOP / "kernel/lwkt" / name).read_text(encoding="ascii")
                     for name in ("thread.h", "msgport.h"))
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
    try:
        address = int(value(word))
    except gdb.error:
        address = 0
    for gd, td in threads():
        if int(td) == address:
            return gd, td
    raise gdb.GdbError(f"No thread has the pid, name or address {word}; `threads` lists them.")


def hart_of(td):
    """gdb's number of the hart that runs a thread. In user mode tp is the program's."""
    current = "(unsigned long)lwkt_current" if host() else "(unsigned long)$tp"
    other = current if host() else "(unsigned long)$sscratch"
    selected = gdb.selected_thread()
    try:
        for hart in gdb.selected_inferior().threads():
            hart.switch()
            if int(td) in (int(value(current)), int(value(other))):
                return hart.num
    finally:
        selected.switch()
    return None


def frames(td):
    """Code addresses of a thread that is off the cpu, from the switch outwards.

    switch.S saved the return address and the frame pointer at md_sp; from there the chain of frame pointers
    goes up the stack.
    """
    saved_pc, saved_fp, next_pc, next_fp = {"": (0, 1, -1, -2), "i386:x86-64": (6, 5, 1, 0),
                                            "aarch64": (1, 0, 1, 0)}[host()]
    word = gdb.lookup_type("unsigned long").pointer()
    low = int(td["td_mach"]["md_sp"])
    high = int(td["td_kstack"]) + int(td["td_kstack_size"])
    saved = gdb.Value(low).cast(word)
    pc, fp = int(saved[saved_pc]), int(saved[saved_fp])
    for _ in range(MAXFRAMES):
        if pc == 0:
            return
        yield pc
        if not low <= fp <= high or fp % 8:
            return
        frame = gdb.Value(fp).cast(word)
        pc, fp = int(frame[next_pc]), int(frame[next_fp])


def print_backtrace(gd, td):
    """One thread's backtrace."""
    print(f"{text(td['td_comm'])} ({int(td):#x}), cpu {int(gd['gd_cpuid'])}, {state(gd, td)}")
    if int(gd["gd_curthread"]) == int(td):
        hart = hart_of(td)
        print("  on the cpu: type" + (f" `thread {hart}`, then" if hart else "") + " `bt`")
        return
    for number, pc in enumerate(frames(td)):
        print(f"  #{number:<2} {pc:#018x} {place(pc - 1 if number else pc)}")


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
