# SPDX-License-Identifier: BSD-3-Clause
"""What a trace's events mean together: who ran when, who caused what, who waited for how long."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

TDF_RUNQ = 0x0002           # kernel/lwkt/thread.h: the thread stays on its run queue


@dataclass
class Bar:
    """A thread had a cpu (or waited for a token, see Picture.waits) from `start` to `end`."""
    cpu: int
    td: int
    start: int
    end: int
    pri: int
    what: str = ""


@dataclass
class Totals:
    """A thread's line in the table; times in ticks of the time CSR."""
    name: str
    time: int = 0
    switches: int = 0
    latencies: list = field(default_factory=list)   # from lwkt_schedule to its first instruction
    sent: int = 0                                   # IPI messages while it was current
    received: int = 0
    waits: int = 0                                  # for tokens


@dataclass
class Picture:
    """Everything that is drawn, beside the events themselves."""
    cpus: list
    bars: list
    waits: list                 # Bars: waits for tokens
    queue: dict                 # cpu -> [(time, threads that wait for this cpu)]
    totals: dict                # td -> Totals
    end: int


def is_idle(comm):
    """Whether this is the name of a cpu's idle thread."""
    return comm.startswith("idle") and comm[4:].isdigit()


class _Analyst:
    """Goes through the events once, by time."""

    def __init__(self, trace):
        self.events = trace.events
        self.end = self.events[-1].t if self.events else 0
        self.running = {}                       # cpu -> its open Bar
        self.queued = defaultdict(set)          # cpu -> threads that could run and don't
        self.scheduled = {}                     # td -> the event that made it able to run
        self.sent = defaultdict(deque)          # (source, target) -> messages on their way
        self.waiting = {}                       # (td, token) -> open Bar
        self.last = {}                          # cpu -> the event before this one
        self.moved = {}                         # td -> its migrate_out
        self.picture = Picture(sorted({e.cpu for e in self.events}), [], [], defaultdict(list), {}, self.end)

    def totals(self, event):
        """The Totals of the event's thread."""
        found = self.picture.totals.setdefault(event.td, Totals(event.comm))
        if event.ev != "newtd":
            found.name = event.comm             # exec changes it
        return found

    def note_queue(self, cpu, t):
        """Record how long the run queue is, if that has changed."""
        steps, n = self.picture.queue[cpu], len(self.queued[cpu])
        if not steps or steps[-1][1] != n:
            steps.append((t, n))

    def on_switch(self, e):
        """The thread runs from now on."""
        old = self.running.pop(e.cpu, None)
        if old:
            old.end = e.t
        if e.b & TDF_RUNQ:
            self.queued[e.cpu].add(e.a)
        for queue in self.queued.values():
            queue.discard(e.td)
        self.note_queue(e.cpu, e.t)
        self.totals(e).switches += 1
        e.cause = self.scheduled.pop(e.td, None)
        if e.cause:
            self.totals(e).latencies.append(e.t - e.cause.t)

    def on_schedule(self, e):
        """Thread a can run, on cpu b. Another cpu's thread gets a message, whose body says it again."""
        before = self.last.get(e.cpu)
        if before is not None and (before.ev == "wakeup" or before.ev == "ipi_recv"):
            e.cause = before
        elif before is not None and before.ev == "schedule" and before.td == e.td:
            e.cause = before.cause              # one wakeup, several sleepers
        if e.b != e.cpu:
            return
        running = self.running.get(e.cpu)
        if running is None or running.td != e.a:
            self.queued[e.cpu].add(e.a)
            self.scheduled.setdefault(e.a, e)
            self.note_queue(e.cpu, e.t)

    def on_preempt(self, e):
        """The thread is preempted by thread a."""
        self.scheduled.setdefault(e.a, e)

    def on_deadtd(self, e):
        """The thread will not run again."""
        self.queued[e.cpu].discard(e.td)

    def on_ipi_send(self, e):
        """A message is on its way."""
        self.sent[e.cpu, e.a].append(e)
        self.totals(e).sent += 1
        before = self.last.get(e.cpu)
        if before is not None and before.ev in ("schedule", "wakeup", "migrate_out", "ipi_recv"):
            e.cause = before

    def on_ipi_recv(self, e):
        """A message's function is called. Messages from one cpu to another keep their order, so the sender
        is the first that sent this function; those before it were sent before the trace began to lose."""
        self.totals(e).received += 1
        way = self.sent[e.a, e.cpu]
        if any(m.b == e.b for m in way):
            while way and way[0].b != e.b:
                way.popleft()
            e.cause = way.popleft()

    def on_token_wait(self, e):
        """The thread wants token a, which is cpu b's."""
        self.totals(e).waits += 1
        self.waiting.setdefault((e.td, e.a), Bar(e.cpu, e.td, e.t, self.end, e.pri, f"{e.a:#x}"))

    def on_token_get(self, e):
        """It has it."""
        wait = self.waiting.pop((e.td, e.a), None)
        if wait:
            wait.end = e.t
            self.picture.waits.append(wait)

    def on_migrate_out(self, e):
        """The thread goes to cpu a."""
        self.queued[e.cpu].discard(e.td)
        self.moved[e.td] = e

    def on_migrate_in(self, e):
        """Thread a has come."""
        e.cause = self.moved.pop(e.a, None)

    def run(self):
        """The Picture."""
        for e in self.events:
            self.totals(e)
            handler = getattr(self, f"on_{e.ev}", None)
            if callable(handler):
                handler(e)
            running = self.running.get(e.cpu)
            if running is None or running.td != e.td:
                if running:
                    running.end = e.t
                self.running[e.cpu] = Bar(e.cpu, e.td, e.t, self.end, e.pri)
                self.picture.bars.append(self.running[e.cpu])
            self.last[e.cpu] = e
        self.picture.waits += self.waiting.values()
        for bar in self.picture.bars:
            self.picture.totals[bar.td].time += bar.end - bar.start
        return self.picture


def analyse(trace):
    """The Picture of a Trace; sets each event's `cause`."""
    return _Analyst(trace).run()
