# SPDX-License-Identifier: BSD-3-Clause
"""gdb commands for Nymph: what the kernel's threads, queues and processes are doing. Loaded by
tools/gdb/init; `nymph` lists the commands."""

import pathlib
import sys

import gdb  # type: ignore

sys.path.insert(0, str(pathlib.Path.cwd() / "tools" / "gdb"))  # gdb runs in the tree's top folder

from kernel import (Command, cpus, decode, find_thread, list_entries, pid_of, place,  # noqa: E402
                    print_backtrace, state, text, threads, value)
from programs import User  # noqa: E402
from waits import Ktr, Ports, Sleepers, Timers, Tokens, Why  # noqa: E402


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


COMMANDS = (Threads, Why, Lbt, Runq, Tokens, Sleepers, Timers, Ports, Ipiq, Procs, Ktr, User)


class Nymph(gdb.Command):
    """Nymph's own commands: threads, why, lbt, runq, tokens, sleepers, timers, ports, ipiq,
    procs, ktr, user. `help NAME` explains each."""

    def __init__(self):
        super().__init__("nymph", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        for command in COMMANDS:
            print(f"{command.name:8} {command.__doc__}")


for kind in COMMANDS + (Nymph,):
    kind()
