# SPDX-License-Identifier: BSD-3-Clause
"""Look at a machine from outside, through QEMU's monitor: what time it is there, and where its cpus are.

The graders use it for a machine that does not answer: it needs nothing of the kernel. What is read is the
registers and, for the names of threads and the like, memory; kernel/ktest/layout.c says where. A kernel
that is badly broken makes some of that senseless, and then the words are about what is left.
"""

import functools
import json
import re
import socket
import subprocess
from dataclasses import dataclass

MTIME = 0x200bff8           # physical address of the CLINT's time, on QEMU's virt machine
TICKS = 10_000              # of it in a millisecond
DIRECT = 0xffffffc000000000     # kernel/memlayout.h: KERNBASE
FIRMWARE_END = 0x80200000   # KERNLOAD
S0, SEPC = 7, 31            # words of a trap frame
FRAMES = 16                 # of a backtrace, at most
SHOWN = 7                   # functions of it in a report
WAIT = 2.0                  # seconds of the host's time for an answer
CROSS = "riscv64-unknown-elf-"
REQUESTS = {0: "RQF_IPIQ", 1: "RQF_INTPEND", 2: "RQF_TIMER"}
LAYOUT = ("td_gd", "td_critcount", "td_flags", "td_comm", "gd_cpuid", "gd_reqflags", "gd_runqmask",
          "gd_intr_nesting_level")


class Monitor:
    """The monitor of a machine. `theirs` is the end of a socket that QEMU inherits. Every method returns
    None if the machine does not answer."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(WAIT)
        self.buffer, self.asked = b"", 0

    def close(self):
        """Close both ends."""
        self.ours.close()
        self.theirs.close()

    def line(self):
        """The next message from QEMU."""
        while b"\n" not in self.buffer:
            data = self.ours.recv(65536)
            if not data:
                raise OSError("the monitor is gone")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def execute(self, name, **arguments):
        """Run a command of QEMU's machine protocol, and return its result. An answer to an earlier command,
        which came too late, is passed over."""
        if self.asked == 0:
            self.send("qmp_capabilities")
        number = self.send(name, **arguments)
        while (answer := self.line()).get("id") != number:
            pass
        return answer.get("return")

    def send(self, name, **arguments):
        """Send a command; its number."""
        self.asked += 1
        command = {"execute": name, "arguments": arguments, "id": self.asked}
        self.ours.sendall(json.dumps(command).encode() + b"\n")
        return self.asked

    def ask(self, command, cpu=0):
        """What the monitor for people prints for this command."""
        try:
            return self.execute("human-monitor-command", **{"command-line": command, "cpu-index": cpu})
        except (OSError, ValueError):
            return None

    def words(self, address, count=1, cpu=0, physical=False):
        """So many words of 8 bytes, as the cpu sees them."""
        text = self.ask(f"{'xp' if physical else 'x'} /{count}gx {address:#x}", cpu)
        found = [int(word, 16) for word in re.findall(r"0x([0-9a-f]{16})", text or "")]
        return found if len(found) == count else None

    def word32(self, address, cpu=0):
        """A word of 4 bytes."""
        found = self.words(address & ~7, 1, cpu)
        return None if found is None else found[0] >> (8 * (address & 4)) & 0xffffffff

    def time(self):
        """The milliseconds of virtual time since the machine was started."""
        found = self.words(MTIME, physical=True)
        return None if found is None else found[0] // TICKS

    def watched_until(self, kernel):
        """Until when the kernel's own watchdog lets a scene run, in milliseconds; 0: no scene runs."""
        address = symbols(kernel).get("kt_watched_until")
        found = address and self.words(address - DIRECT, physical=True)
        return found[0] // TICKS if found else 0


def stamp(kernel):
    """What changes when the kernel is built again."""
    status = kernel.stat()
    return status.st_mtime_ns, status.st_size


def tool(name, *words):
    """The output of a tool of the compiler's, or ""."""
    try:
        return subprocess.run([CROSS + name, *words], capture_output=True, text=True, timeout=20,
                              errors="replace", check=False, stdin=subprocess.DEVNULL).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


@functools.lru_cache(maxsize=8)
def table(kernel, _stamp):
    """name -> address of the kernel's symbols."""
    return {name: int(address, 16) for address, name in
            re.findall(r"^([0-9a-f]{16}) \w ([A-Za-z_]\w*)$", tool("nm", str(kernel)), re.M)}


def symbols(kernel):
    """name -> address; empty if there is no kernel."""
    try:
        return table(kernel, stamp(kernel))
    except OSError:
        return {}


def functions(kernel, addresses):
    """A list of functions for each address: the one that it belongs to, after those that the compiler has
    put into it."""
    if not addresses:
        return []
    lines = tool("addr2line", "-a", "-i", "-f", "-e", str(kernel), *map(hex, addresses)).splitlines()
    found = []
    for line in lines:
        if re.fullmatch(r"0x[0-9a-f]{16}", line):
            found.append([])
        elif found and re.fullmatch(r"\w+(\.\w+)*", line) and line != "??":
            found[-1].append(line.partition(".")[0])
    return found if len(found) == len(addresses) else [[] for _ in addresses]


def path(frames):
    """The functions of a backtrace, shortened, in a form that fits into a line or two."""
    return " < ".join(frames[:SHOWN]) + (" < ..." if len(frames) > SHOWN else "")


def flags(value):
    """gd_reqflags in words."""
    names = [name for bit, name in REQUESTS.items() if value >> bit & 1]
    return f"reqflags {value:#x}" + (f" ({' '.join(names)})" if names else "")


@dataclass
class Cpu:
    """A cpu of a machine that was stopped. `frames`: the functions that it is in, the inner ones first."""
    number: int | None      # not known if it is in the firmware
    hart: int
    thread: str
    frames: list
    registers: dict
    fields: dict

    def state(self):
        """What the registers and the cpu's own words say, in words."""
        mip, mie, status = (self.registers.get(name, 0) for name in ("mip", "mie", "mstatus"))
        words = [f"interrupts {'on' if status & 2 else 'off'}", f"sip {mip & 0x222:#x}",
                 f"sie {mie & 0x222:#x}"]
        if "gd_reqflags" in self.fields:
            words.append(flags(self.fields["gd_reqflags"]))
            words.append(f"{self.fields['td_critcount']} critical sections")
            words.append(f"runqmask {self.fields['gd_runqmask']:#x}")
        return ", ".join(words)

    def lines(self):
        """Two lines or so for a report."""
        who = f" runs {self.thread}" if self.thread else ""
        cpu = f"hart {self.hart}" if self.number is None else f"cpu {self.number} (hart {self.hart})"
        return [f"{cpu}{who}: {path(self.frames) or 'unknown code'}", f"    {self.state()}"]


def registers(monitor, cpu):
    """name -> value, or {}."""
    text = monitor.ask("info registers", cpu) or ""
    found = re.findall(r"\b(?:x\d+/)?([a-z]\w*) +([0-9a-f]{16})\b", text)
    return {name: int(value, 16) for name, value in found}


def is_kernel(names, address):
    """Whether an address is in the kernel's code."""
    return names.get("__kernel_start", 1) <= address < names.get("__text_end", 0)


def start_of(names, address):
    """Where the function begins that an address belongs to."""
    return max((start for start in names.values() if start <= address), default=0)


def has_no_frame(names, regs):
    """Whether a function has just been called, or is about to return: ra leads out of it. Later ra leads to
    where it has last called something; or, before it does, ra is in its frame as well."""
    return is_kernel(names, regs.get("pc", 0)) and is_kernel(names, regs.get("ra", 0)) and \
        start_of(names, regs["ra"] - 1) != start_of(names, regs["pc"])


def interrupted(monitor, cpu, frame):
    """The registers of code that a trap interrupted, from its trap frame (kernel/riscv/trapframe.h), or {}."""
    words = monitor.words(frame, SEPC + 1, cpu)
    return {"ra": words[0], "s0": words[S0], "pc": words[SEPC]} if words else {}


def calls(monitor, cpu, names, regs):
    """The addresses of the code with these registers and of its callers, up to a trap; and the registers of
    the code that the trap interrupted, or {}."""
    found, frame = [], regs.get("s0", 0)
    if is_kernel(names, regs.get("pc", 0)):
        found.append(regs["pc"])
    while len(found) < FRAMES and frame % 8 == 0 and frame >= DIRECT:
        pair = monitor.words(frame - 16, 2, cpu)
        if pair is None:
            break
        back, ra = pair
        if not is_kernel(names, ra):
            if len(found) != 1 or not is_kernel(names, regs.get("ra", 0)):
                break
            back, ra = ra, regs["ra"]   # a function that calls nothing saves only s0
        elif len(found) == 1 and ra != regs.get("ra") and has_no_frame(names, regs):
            found.append(regs["ra"] - 1)    # s0 is still, or again, the caller's
        found.append(ra - 1)
        if names.get("trap_entry", 0) < ra <= names.get("from_user", 0):
            return found, interrupted(monitor, cpu, frame)
        frame = back
    return found, {}


def return_addresses(monitor, cpu, names, regs):
    """The addresses of the code that a cpu is in, the inner ones first (kernel/boot/backtrace.c)."""
    found = []
    if regs.get("pc", 0) < FIRMWARE_END and is_kernel(names, regs.get("mepc", 0)):
        return [regs["mepc"]]   # the firmware was called, or interrupted it; s0 is the firmware's
    while regs and len(found) < FRAMES:
        more, regs = calls(monitor, cpu, names, regs)
        found += more
    return found


def place(names, regs):
    """Where a cpu is that is not in the kernel's code."""
    pc = regs.get("pc", 0)
    if 0x80000000 <= pc < FIRMWARE_END:
        return ["the firmware"] if is_kernel(names, regs.get("mepc", 0)) else \
            ["the firmware, which has not started it"]
    return ["user mode"] if pc < 1 << 38 else [f"no code (pc {pc:#x})"]


def fields_of(monitor, cpu, names, regs):
    """(the thread's name, {field: value}) of the thread and the cpu that tp leads to."""
    layout = monitor.words(names["kt_layout"], len(LAYOUT) // 2, cpu) if "kt_layout" in names else None
    thread = regs.get("tp", 0)
    if layout is None or thread % 8 or thread < DIRECT:
        return "", {}
    offset = dict(zip(LAYOUT, [half for word in layout for half in (word & 0xffffffff, word >> 32)]))
    owner = monitor.words(thread + offset["td_gd"], 1, cpu)
    comm = monitor.words(thread + offset["td_comm"], 2, cpu)
    if owner is None or comm is None or owner[0] % 8 or owner[0] < DIRECT:
        return "", {}
    values = {name: monitor.word32((thread if name.startswith("td_") else owner[0]) + offset[name], cpu)
              for name in LAYOUT if name not in ("td_gd", "td_comm")}
    name = b"".join(word.to_bytes(8, "little") for word in comm).split(b"\0")[0].decode("ascii", "replace")
    return name, {} if None in values.values() else values


def look(monitor, kernel):
    """[Cpu]: stop the machine and look at every cpu."""
    names, found = symbols(kernel), []
    monitor.ask("stop")
    count = (monitor.ask("info cpus") or "").count("CPU #")
    for i in range(count):
        regs = registers(monitor, i)
        thread, fields = fields_of(monitor, i, names, regs)
        inner = functions(kernel, return_addresses(monitor, i, names, regs))
        frames = [name for chain in inner for name in chain]
        if not is_kernel(names, regs.get("pc", 0)):
            frames = place(names, regs) + frames
        found.append(Cpu(fields.get("gd_cpuid"), regs.get("mhartid", i), thread, frames, regs, fields))
    return sorted(found, key=lambda cpu: cpu.hart if cpu.number is None else cpu.number)
