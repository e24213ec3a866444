# SPDX-License-Identifier: BSD-3-Clause
"""An event in words."""


def _pair(names, e):
    """(what, to what) of each kind of event."""
    who = names.thread
    calls = names.calls
    return {
        "switch": lambda: ("runs", f"after {who(e.a)}"),
        "schedule": lambda: (f"schedules {who(e.a)}", f"on cpu {e.b}"),
        "preempt": lambda: (f"is preempted by {who(e.a)}", f"priority {e.b}"),
        "newtd": lambda: (f"creates {who(e.a)}", f"for cpu {e.b}"),
        "deadtd": lambda: ("exits", ""),
        "ipi_send": lambda: (f"sends {names.of(e.b)}", f"to cpu {e.a}"),
        "ipi_recv": lambda: (f"runs message {names.of(e.b)}", f"from cpu {e.a}"),
        "token_get": lambda: (f"has token {names.of(e.a)}", ""),
        "token_rel": lambda: (f"gives back token {names.of(e.a)}", ""),
        "token_wait": lambda: (f"waits for token {names.of(e.a)}", f"which is cpu {e.b}'s"),
        "migrate_out": lambda: ("leaves", f"for cpu {e.a}"),
        "migrate_in": lambda: (f"{who(e.a)} arrives", ""),
        "sleep": lambda: (f"sleeps on {names.of(e.a)}" + (f" ({names.string(e.wmesg)})" if e.wmesg else ""),
                          f"{e.b} ticks at most" if e.b else ""),
        "wakeup": lambda: (f"wakes sleepers on {names.of(e.a)}", "all" if e.b >> 63 else f"{e.b} at most"),
        "syscall": lambda: (f"{calls.get(e.a, e.a)}({', '.join(number(x) for x in [e.b, *e.extra])}, ...)", ""),
        "sysret": lambda: (f"{calls.get(e.a, e.a)} returns {number(e.b)}", ""),
        "tick": lambda: (f"tick {e.a}", f"priorities queued: {e.b:#x}"),
        "scene": lambda: (e.said, "(not what was expected)" if e.wrong else ""),
        "intr": lambda: (f"device interrupt {e.a}", ""),
    }.get(e.ev, lambda: (e.ev, f"{e.a:#x} {e.b:#x}"))()


def number(value):
    """A register's value as people write it: small numbers in decimal, -1 as that, addresses in hex."""
    signed = value - (1 << 64) if value >> 63 else value
    return str(signed) if -4096 <= signed < 4096 else hex(value)


def say(names, e):
    """The event in words, without its thread."""
    return " ".join(part for part in _pair(names, e) if part)
