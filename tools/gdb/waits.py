# SPDX-License-Identifier: BSD-3-Clause
"""gdb commands about waiting: who holds which token, who sleeps on what, which timers and ports there are,
what was traced, and why a thread does not run."""

import gdb  # type: ignore

from kernel import (Command, cpus, decode, find_thread, flag_names, list_entries, place, print_backtrace,
                    state, text, threads, value)

IDLE = -1           # mp_lock's value when it is free


def symbol(address):
    """What lies at an address: a variable's name, or the address itself; a small number as a number."""
    number = int(address) - (1 << 64) if int(address) >> 63 else int(address)
    if -4096 < number < 65536:
        return str(number)
    words = gdb.execute(f"info symbol {int(address):#x}", to_string=True)
    if words.startswith("No symbol"):
        return f"{int(address):#x}"
    return words.rpartition(" in section")[0].replace(" + ", "+")


def refs(td):
    """A thread's references to tokens, the most recent first."""
    ref = td["td_toks"]
    for _ in range(1000):
        if int(ref) == 0:
            return
        yield ref.dereference()
        ref = ref["tr_next"]


def called(td):
    """A thread's name, for people."""
    return text(td["td_comm"]) or "(no name)"


def owner(tok):
    """The globaldata of the cpu that owns a token."""
    return tok["t_cpu"].dereference()


def holders(tok):
    """The threads of the owning cpu that have a reference to a token: one holds it, the others want it."""
    return [td for gd, td in threads() if int(gd.address) == int(tok["t_cpu"])
            and any(int(ref["tr_tok"]) == int(tok.address) for ref in refs(td))]


def now():
    """The time CSR of the selected hart, in ticks, or None: gdb's list of registers may lack it."""
    try:
        return int(value("(unsigned long)$time"))
    except gdb.error:
        return None


def when(ticks):
    """A systimer's time, from now if that is known."""
    time = now()
    return f"at {ticks}" if time is None else f"in {(ticks - time) / 10:.0f} us"


def timers():
    """(globaldata, systimer) for every armed timer, by cpu and time."""
    for gd in cpus():
        for st in list_entries(gd["gd_systimerq"], "systimer", "st_node"):
            yield gd, st


class Tokens(Command):
    """List the tokens that threads hold or want, with their owners, and who owns the MP lock."""

    name = "tokens"

    def run(self, _words):
        """Print the table."""
        seen = set()
        for _, td in threads():
            for ref in refs(td):
                tok = ref["tr_tok"].dereference()
                if int(tok.address) not in seen:
                    seen.add(int(tok.address))
                    self.show(tok)
        if not seen:
            print("no thread holds or wants a token")
        lock = int(value("'mplock.c'::mp_lock"))
        print("the MP lock is free" if lock == IDLE else f"the MP lock is cpu {lock}'s")
        for gd, td in threads():
            if int(td["td_mpcount"]):
                print(f"  {called(td)} (cpu {int(gd['gd_cpuid'])}, {state(gd, td)}): "
                      f"count {int(td['td_mpcount'])}")

    @staticmethod
    def show(tok):
        """One token, with all threads that have a reference."""
        mine = int(tok["t_cpu"])
        print(f"{symbol(tok.address)}: cpu {int(owner(tok)['gd_cpuid'])}'s")
        for gd, td in threads():
            if any(int(ref["tr_tok"]) == int(tok.address) for ref in refs(td)):
                wants = int(gd.address) != mine or int(td["td_tokticket"])
                print(f"  {called(td)} (cpu {int(gd['gd_cpuid'])}, {state(gd, td)}) "
                      f"{'wants it' if wants else 'has a reference'}")


class Sleepers(Command):
    """List the threads that sleep: in tsleep (on what, and until when), in lwkt_block, at their ports."""

    name = "sleepers"

    def run(self, _words):
        """Print the table."""
        for gd, td in threads():
            why = asleep(td)
            if why:
                print(f"cpu {int(gd['gd_cpuid'])} {called(td):16} {why}")


def asleep(td):
    """In words, what a thread sleeps on; "" if it does not sleep."""
    bits, flags = flag_names("TDF_"), int(td["td_flags"])
    until = next((f", {when(int(st['st_time']))} at the latest" for _, st in timers()
                  if int(st["st_arg"]) == int(td)), "")
    if td["td_wait"] != 0:
        return f"in lwkt_block on {symbol(td['td_wait'])}"
    if flags & bits["TSLEEPQ"] or int(td["td_wmesg"]):
        message = text(td["td_wmesg"]) if int(td["td_wmesg"]) else "?"
        return f"in tsleep on {symbol(td['td_wchan'])} ({message}){until}"
    if int(td["td_msgport"]["mp_flags"]) & 1:
        return f"at its message port{until}"
    return f"in lwkt_pause{until}" if until and not flags & bits["RUNQ"] else ""


class Timers(Command):
    """List the systimers of each cpu, in the order in which they fire."""

    name = "timers"

    def run(self, _words):
        """Print the table."""
        for gd, st in timers():
            period = int(st["st_period"])
            every = f", every {period / 10:.0f} us" if period else ""
            print(f"cpu {int(gd['gd_cpuid'])} {when(int(st['st_time'])):20} "
                  f"{place(int(st['st_func']))} ({symbol(st['st_arg'])}){every}")


class Ports(Command):
    """List the message ports of threads that wait at them, or at which messages wait."""

    name = "ports"

    def run(self, _words):
        """Print the table."""
        found = False
        for gd, td in threads():
            port = td["td_msgport"]
            if int(port["mp_ops"]) == 0:
                continue
            messages = list(list_entries(port["mp_msgq"], "lwkt_msg", "ms_node"))
            waits = int(port["mp_flags"]) & 1
            if not messages and not waits:
                continue
            found = True
            print(f"{called(td)} (cpu {int(gd['gd_cpuid'])}){' waits at its port' if waits else ''}:"
                  f" {len(messages)} messages")
            for msg in messages:
                print(f"  {int(msg):#x} command {int(msg['ms_cmd'])}, error {int(msg['ms_error'])}, "
                      f"{decode(msg['ms_flags'], 'MSGF_')}")
        if not found:
            print("no thread waits at its port, and no message waits")


class Ktr(Command):
    """Print the last events that were traced, of all cpus by time: ktr [N]. Tracing is turned on by
    `ktrdump -on all`, or by the boot argument ktr=0xffff."""

    name = "ktr"

    def run(self, words):
        """Print N events, or 20."""
        count = int(words[0]) if words and words[0].isdecimal() else 20
        events = sorted(self.all_events(count), key=lambda e: int(e["time"]))[-count:]
        if not events:
            print("nothing was traced: `ktrdump -on all`, or APPEND=ktr=0xffff")
        for e in events:
            kind = str(e["event"].cast(gdb.lookup_type("enum ktr_event")))
            print(f"{int(e['time']):12} {text(e['comm']):16} {kind.replace('KTR_', '').lower():12} "
                  f"{symbol(e['a'])} {symbol(e['b'])}")

    @staticmethod
    def all_events(count):
        """The last entries of each cpu's ring."""
        rings = value("'ktr.c'::rings")
        pages = int(gdb.lookup_type("struct ktr_entry").sizeof)
        per_page = 4096 // pages
        entries = per_page * (rings[0]["page"].type.sizeof // 8)
        for gd in cpus():
            ring = rings[int(gd["gd_cpuid"])]
            last = int(ring["next"])
            for seq in range(max(int(ring["cleared"]), last - min(count, entries)) + 1, last + 1):
                page = ring["page"][seq % entries // per_page]
                if int(page) and int(page[seq % per_page]["seq"]) == seq:
                    yield page[seq % per_page]


class Why(Command):
    """Say why a thread does not run: why PID, why NAME, why ADDRESS."""

    name = "why"

    def run(self, words):
        """Print the reasons, the nearest first, and where the thread is."""
        if len(words) != 1:
            raise gdb.GdbError("Give one thread: why PID, why NAME or why ADDRESS (`threads` lists them).")
        gd, td = find_thread(words[0])
        for reason in self.reasons(gd, td):
            print(reason)
        if int(gd["gd_curthread"]) != int(td):
            print_backtrace(gd, td)

    def reasons(self, gd, td):
        """Sentences."""
        bits, flags, cpu = flag_names("TDF_"), int(td["td_flags"]), int(gd["gd_cpuid"])
        current = gd["gd_curthread"]
        if int(current) == int(td):
            yield f"It runs, on cpu {cpu}."
        elif flags & bits["EXITING"]:
            yield "It has exited; the next thread of its cpu frees it."
        elif flags & bits["MIGRATING"]:
            yield f"It moves to cpu {int(td['td_migrate_gd']['gd_cpuid']) if int(td['td_migrate_gd']) else '?'}."
        elif flags & bits["PREEMPT_LOCK"]:
            yield f"It is preempted; the threads above it on cpu {cpu} give the cpu back when they block."
        elif flags & bits["RUNQ"]:
            yield from self.ready(gd, td, current)
        else:
            yield (f"It sleeps: {asleep(td)}." if asleep(td) else
                   "It is on no run queue: nobody has called lwkt_schedule since it left.")
        yield from self.lacks(gd, td)

    @staticmethod
    def ready(gd, td, current):
        """Reasons of a thread on a run queue."""
        cpu = int(gd["gd_cpuid"])
        yield (f"It is ready, with priority {int(td['td_pri'])}; cpu {cpu} runs {called(current)}, with priority "
               f"{int(current['td_pri'])}.")
        if int(current["td_critcount"]):
            yield f"{called(current)} is in {int(current['td_critcount'])} critical sections."
        asked = decode(gd["gd_astflags"], "AST_")
        yield (f"A reschedule is asked for ({asked})." if "RESCHED" in asked else
               "No reschedule is asked for, so it waits for a tick or until that thread blocks.")

    @staticmethod
    def lacks(gd, td):
        """Tokens and the MP lock, without which a thread is passed over."""
        for ref in refs(td):
            tok = ref["tr_tok"].dereference()
            if int(tok["t_cpu"]) != int(gd.address):
                others = ", ".join(called(h) for h in holders(tok)) or "no thread there"
                yield (f"It lacks the token {symbol(tok.address)}, which is cpu {int(owner(tok)['gd_cpuid'])}'s "
                       f"({others}).")
            elif int(td["td_tokticket"]):
                others = ", ".join(called(h) for h in holders(tok) if int(h) != int(td))
                if others:
                    yield f"It waits for the token {symbol(tok.address)}, to which {others} has a reference, too."
        lock = int(value("'mplock.c'::mp_lock"))
        if int(td["td_mpcount"]) and lock not in (IDLE, int(gd["gd_cpuid"])):
            yield f"It needs the MP lock, which is cpu {lock}'s."
