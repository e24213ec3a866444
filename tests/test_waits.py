# SPDX-License-Identifier: BSD-3-Clause
"""Waits that last (kernel/lwkt/waitwarn.c): each is reported once and goes on, or panics in the end."""

import re

import pytest

PANIC_STATUS = 101
WARN = "sysctl lwkt.wait_warn=100"

# A scene with a wait of half a second: the thread that waits, on which cpu, where, for which cpu.
WAITS = {
    "ipitest held": ("A", 0, "lwkt_wait_ipiq", 1),
    "ipitest held count=100": ("A", 0, "wait_for_room", 1),
    "tokentest long": ("Q", 1, "lwkt_switch", 0),
    "mptest t44 pause=500000": ("Q", 1, "lwkt_switch", 0),
}


def reports(console):
    """(thread, cpu, milliseconds, function) of each report."""
    return [(who, int(cpu), int(ms), where) for who, cpu, ms, where in
            re.findall(r"^wait: (\w+) on cpu (\d+) has waited for (\d+) ms in (\w+) for ", console, re.M)]


def play(run, scene, *settings, **options):
    """The console of a scene that is played with those settings in deterministic mode."""
    return run("; ".join([*settings, scene]), CPUS=3, APPEND="ktest=1", DETERMINISTIC=1, SEED=5, timeout=60,
               **options).console


@pytest.mark.parametrize("scene", WAITS)
def test_reported_once(run, scene):
    """The report says who waits where, and what the cpu does that is waited for; then the wait ends well.
    The same run prints the same."""
    who, cpu, where, whom = WAITS[scene]
    console = play(run, scene, WARN)
    found = reports(console)
    assert [(r[0], r[1], r[3]) for r in found] == [(who, cpu, where)], console
    assert 100 <= found[0][2] < 500
    line = re.search(rf"^wait:   cpu {whom} runs (\w+), in \d+ critical sections", console, re.M)
    assert line and line[1] == {0: "P", 1: "idle1"}[whom], console
    if whom == 1:
        count = re.search(r"from cpu 0 to cpu 1: (\d+) not taken, (\d+) not finished", console)
        assert count and int(count[1]) == int(count[2]) > 0
    again = play(run, scene, WARN)
    assert [line for line in again.splitlines() if line.startswith("wait:")] == \
           [line for line in console.splitlines() if line.startswith("wait:")]


def test_silent(run):
    """A wait that is shorter than the limit is not reported, and 0 turns the report off."""
    assert reports(play(run, "ipitest held")) == []
    assert reports(play(run, "ipitest held", "sysctl lwkt.wait_warn=0")) == []


@pytest.mark.parametrize("scene", WAITS)
def test_panic(run, scene):
    """A wait of lwkt.wait_panic milliseconds panics."""
    console = play(run, scene, "sysctl lwkt.wait_panic=200", status=PANIC_STATUS)
    who, cpu, where, _ = WAITS[scene]
    assert re.search(rf"panic: {who} on cpu {cpu} has waited for 2\d\d ms in {where} for ", console), console


def test_for_an_interrupt(run):
    """A scene that waits in a critical section for an interrupt goes on in time, also if a tick comes meanwhile, which
    is masked then."""
    console = run("ipitest raise doze=25000 key=k", CPUS=2, DETERMINISTIC=1, IPI="sbi", APPEND="ktest=1").console
    raised, noted = (re.findall(rf"what={what} .* val=(\d) t=(\d+)", console) for what in ("raised", "noted"))
    assert [value for value, _ in raised] == [value for value, _ in noted] == ["1", "0"]
    assert 240000 < int(noted[1][1]) - int(raised[1][1]) < 260000
