# SPDX-License-Identifier: BSD-3-Clause
"""Tracing: the lines of ktrdump, their order, and the file that tools/ktr2json makes from them."""

import json
import re
import subprocess

from conftest import ROOT
from grading import machine

DETERMINISTIC = {"DETERMINISTIC": 1, "SEED": 3}


def trace(commands, **options):
    """Run the commands: (the console, the words of each of ktrdump's lines in it)."""
    result = machine.run(commands, timeout=60, **options)
    assert result.status == 0, result.tail()
    lines = [dict(word.split("=", 1) for word in line.split()[1:])
             for line in result.console.splitlines() if line.startswith("ktr ")]
    return result.console, lines


def test_merged_in_order():
    """The lines of all cpus are in the order of time, and the numbers of each cpu have no gaps."""
    _, lines = trace("ktrdump -on all; ls | wc; ktrdump -off; ktrdump", CPUS=3, **DETERMINISTIC)
    times = [int(line["t"]) for line in lines]
    assert times == sorted(times)
    for cpu in "012":
        seqs = [int(line["seq"]) for line in lines if line["cpu"] == cpu]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert {"switch", "schedule", "newtd", "deadtd", "ipi_send", "ipi_recv", "migrate_out", "sleep",
            "migrate_in", "wakeup", "syscall", "sysret"} <= {line["ev"] for line in lines}


def test_choice():
    """Events can be limited by kind, by cpu and by number; without tracing there are none."""
    _, lines = trace("ktrdump -on sleep,tick; sleep 3; ktrdump -off; ls; ktrdump -c 1 -n 4", CPUS=2,
                     **DETERMINISTIC)
    assert 0 < len(lines) <= 4 and {line["cpu"] for line in lines} == {"1"}
    assert {line["ev"] for line in lines} <= {"sleep", "wakeup", "tick"}
    assert trace("ls; ktrdump", CPUS=1, **DETERMINISTIC)[1] == []


def test_all_entries():
    """Without -n everything is printed, from the first entry on, as with an -n that is larger than that."""
    _, lines = trace("ktrdump -on sleep; ls; ktrdump -off; ktrdump; ktrdump -n 10000", CPUS=1, **DETERMINISTIC)
    half = len(lines) // 2
    assert half > 0 and lines[:half] == lines[half:]


def test_switches_fit_together():
    """Each switch leaves the thread to which the switch before it went."""
    _, lines = trace("ktrdump -on ctxsw; ls | wc; ktrdump", CPUS=2, **DETERMINISTIC)
    running = {}
    for line in lines:
        if line["ev"] == "switch":
            assert running.get(line["cpu"], int(line["a"], 16)) == int(line["a"], 16), line
            running[line["cpu"]] = int(line["td"])


def test_panic_prints_the_last_events():
    """If tracing is on, a panic prints the last events of each cpu."""
    result = machine.run("ktrdump -on all; sleep 3; sysctl debug.panic=1", timeout=60, CPUS=2,
                         APPEND="ktest=1", **DETERMINISTIC)
    for cpu in range(2):
        assert re.search(rf"last events of cpu {cpu}:\r?\nktr t=\d+ cpu={cpu} ", result.console)


def test_viewer_file():
    """The file has one row for each cpu, bars that do not overlap, and a mark for each other event."""
    console, lines = trace("ktrdump -on all; ls | wc; ktrdump", CPUS=2, **DETERMINISTIC)
    done = subprocess.run([ROOT / "tools/ktr2json"], input=console, capture_output=True, text=True,
                          check=True)
    events = json.loads(done.stdout)["traceEvents"]
    assert {e["args"]["name"] for e in events if e["name"] == "thread_name"} == {"cpu 0", "cpu 1"}
    assert len([e for e in events if e["ph"] == "i"]) == \
        len([line for line in lines if line["ev"] not in ("switch", "args")])
    for cpu in range(2):
        end = 0
        for e in sorted((e for e in events if e["ph"] == "X" and e["tid"] == cpu),
                        key=lambda e: e["ts"]):
            assert e["ts"] >= end - 1e-6
            end = e["ts"] + e["dur"]
