# SPDX-License-Identifier: BSD-3-Clause
"""The threading core as a library of Nymph's programs (liblwkt/nymph): the kernel's scenes, played by user/lwktest,
have the kernel's events; costs; and what happens to a program whose cpus end."""

import functools
import re

import pytest

from conftest import ROOT
from grading import machine

# Scenes in which each thread's events are the same each time, by program.
SCENES = {
    "swtest": "t1 t2 t3 t5 t5yield t6 t22 t23 t26 t57 t58",
    "tokentest": "t36 t37 t40 t40ask t41full t41 t43",
    "waittest": "t50 t51 t52",
    "porttest": "t62 t62sync t62state t62pick t62reuse t62once t62abort",
    "ipitest": "mask t27 t32 t33",
    "crittest": "t17ipi",
    "runqtest": "ring taken asked moves yields count",
    "mptest": "t44 t44try t45 t45token t46",
    "timertest": "order same delete foreign",
    "preempttest": "t7 t8 t10 t12 foreign special exits moves",
    "migratetest": "t53 t53port t54 t55 t56 t56own",
    "synctest": "t34short t34switch",
}
ONE_CPU = {"swtest": "t1 t2 t3 t5 t5yield t6 t57 t58"}

# Here a server has two clients on two cpus, or two cpus answer two masters, in any order.
ANY_ORDER = {"porttestt62", "porttestt62sync", "synctestt34short", "synctestt34switch"}

# Not what a thread did, but what the machine did meanwhile, or how long it took.
MACHINE = {"sie", "sip", "messages", "hardware", "avoided", "fifofull", "passive", "tokcontend", "mpcontend",
           "missed", "preempted", "switches", "idle_waits", "sent", "due", "paused"}
# Counts since the cpus began, of which the scene's first says where it began to count.
COUNTERS = {"hit", "miss", "weird"}

RQF_TIMER = 4       # of the event "reqflags": a tick has come just then

# Of RUN: the boot arguments have room for some commands only.
TOGETHER = 5

EVENT = re.compile(r"^ev key=(\w+) what=(\S+) td=(\S+) cpu=(\d+) n=(\d+) val=(-?\d+) ", re.M)


def events(console):
    """{scene: {thread: [(event, cpu, value)]}}, with each stretch of values written out."""
    found, base = {}, {}
    for key, what, thread, cpu, n, value in EVENT.findall(console):
        if what == "reqflags":
            value = int(value) & ~RQF_TIMER
        first = base.setdefault((key, what), int(value)) if what in COUNTERS else 0
        if what not in MACHINE:
            found.setdefault(key, {}).setdefault(thread, []).extend(
                (what, int(cpu), int(value) - first + i) for i in range(int(n)))
    return found


def play(prefix, scenes, **options):
    """The events of these scenes, and the keys of those that came to their end."""
    commands = [f"{prefix}{program} {test} key={program}{test}" for program, tests in scenes.items()
                for test in tests.split()]
    found, ended = {}, set()
    for first in range(0, len(commands), TOGETHER):
        result = machine.run("; ".join(commands[first:first + TOGETHER]), timeout=300, **options)
        assert (result.status, result.why) == (0, ""), result.tail(40)
        found |= events(result.console)
        ended |= set(re.findall(r"^scene key=(\w+) test=\w+ result=ended", result.console, re.M))
    return found, ended


@functools.cache
def of_the_kernel():
    """What the kernel's own threads do."""
    return play("", SCENES, CPUS=4, DETERMINISTIC=1, APPEND="ktest=1")


def keys(scenes):
    """The keys of scenes."""
    return {f"{program}{test}" for program, tests in scenes.items() for test in tests.split()}


def in_order(key, threads):
    """A scene's events, sorted if their order is not the same each time."""
    return {thread: sorted(did) if key in ANY_ORDER else did for thread, did in threads.items()}


@pytest.mark.parametrize("program", SCENES)
def test_same_events(program):
    """Each thread of each scene does in a program what it does in the kernel."""
    expected, whole = of_the_kernel()
    scenes = {program: SCENES[program]}
    assert whole == keys(SCENES)
    found, ended = play("lwktest 4 ", scenes, CPUS=2, DETERMINISTIC=1)
    assert ended == keys(scenes)
    for key in sorted(ended):
        assert in_order(key, found[key]) == in_order(key, expected[key]), key


@pytest.mark.parametrize("harts,cpus", [(1, 2), (2, 8), (4, 4), (8, 8)])
def test_same_events_anywhere(harts, cpus):
    """So it is with fewer cpus than harts or more."""
    scenes = {"swtest": "t1 t2 t3", "waittest": "t50 t51"}
    found, ended = play(f"lwktest {cpus} ", scenes, CPUS=harts, DETERMINISTIC=1)
    assert ended == keys(scenes)
    for key in sorted(ended):
        assert found[key] == of_the_kernel()[0][key], key


def test_same_events_on_one_cpu():
    """So they do on a single cpu, in the deterministic mode."""
    found, ended = play("lwktest 1 ", ONE_CPU, CPUS=2, DETERMINISTIC=1)
    assert ended == keys(ONE_CPU)
    for key in sorted(ended):
        assert found[key] == of_the_kernel()[0][key], key


def test_bugs_end_the_program(run):
    """What the kernel panics for ends the program, with the same words, and nothing else."""
    console = run("lwktest 2 swtest t24; lwktest 2 tokentest t42; lwktest 2 crittest t18; echo all done; ps",
                  CPUS=2).console
    for words in ("the idle thread is never on", "gettoken in an interrupt or IPI body",
                  "crit_exit without crit_enter"):
        assert re.search(rf"^panic: cpu \d, thread \w+: .*{words}", console, re.M), (words, console)
    assert "all done" in console and not re.search(r"^ +\d+ .* lwktest$", console, re.M)


def test_example(run):
    """The smallest program says on Nymph what docs/liblwkt.md says, at any number of harts."""
    page = (ROOT / "docs/liblwkt.md").read_text(encoding="utf-8")
    for harts in (1, 2, 8):
        lines = run("lwkthello", CPUS=harts).console.splitlines()
        for line in ("greeter on cpu 1 got message 42", "the reply is 7"):
            assert line in lines and f"    {line}\n" in page


def pids(session):
    """The processes of lwktest, the parent first."""
    return [int(pid) for pid in re.findall(r"^ +(\d+) .* lwktest\r?$", session.command("ps"), re.M)]


@pytest.mark.parametrize("which", (0, 1, 3))
def test_ends_together(terminal, which):
    """When one of a program's processes is killed, the parent or a cpu, all of them end, and nobody else does."""
    session = terminal(CPUS=2)
    session.command("lwktest 3 swtest t1 rounds=100000000 timeout=100000 &")
    for _ in range(50):
        if len(pids(session)) == 4:
            break
        session.command("sleep 1")
    family = pids(session)
    assert len(family) == 4
    session.command(f"kill {family[which]}")
    for _ in range(50):
        if not pids(session):
            break
        session.command("sleep 1")
    assert pids(session) == []
    assert re.search(r" sh\r?$", session.command("ps"), re.M)


def test_costs(run):
    """The core costs in a program what it costs in the kernel, as long as no other cpu has a part in it."""
    console = run("lwktbench; bench crit token yield", CPUS=1, DETERMINISTIC=1, SHIFT=0, SEED=0,
                  APPEND="ktest=1").console
    cost = {name: int(count) for name, count in re.findall(r"^bench (\w+) (\d+)", console, re.M)}
    for name in ("crit", "token", "yield"):
        assert cost[f"library_{name}"] <= 1.3 * cost[f"kernel_{name}"] + 5, cost
    assert 0 < cost["library_message"] < 20 * cost["kernel_yield"] * 20
