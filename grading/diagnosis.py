# SPDX-License-Identifier: BSD-3-Clause
"""The line "usually" of a report: what a failure usually comes from.

It follows from what was seen: from the kind of the failure, what was expected and what came, and where the
cpus were; and it names functions that the student of this lab writes. The rules are in causes.py. If none
fits, the line says that the grader does not know, and which of the lab's functions are on the cpus' stacks.
"""

import re

from grading import causes

UNKNOWN = "the grader does not know which function of this lab is wrong"
HANGS = ("deadlock", "livelock", "timeout", "never-booted")


def kind(failure):
    """The kind of a failure, as causes.py calls it; "" if there is nothing to explain."""
    if failure.cause in ("not-written", "build", "not-run"):
        return ""
    if failure.cause == "panic":
        return "panic"
    if not failure.up:
        return "up"
    if failure.died and failure.expected == "the machine to end":
        return "end"
    if failure.cause in HANGS:
        return "hang"
    if failure.cause == "flood":
        return "flood"
    left_over = failure.expected.startswith("after the scene, no ") or "on their cpus' lists" in failure.expected
    return "audit" if left_over else "wrong"


def shape(failure):
    """The difference of two sequences, in words that rules can look for."""
    at, came = failure.index, failure.came
    if at is None:
        return ""
    if at >= len(came):
        return "NOTHING MORE"
    return "ONE AGAIN" if at and str(came[at]) == str(came[at - 1]) else ""


def evidence(failure):
    """All that rules look at, as one line."""
    places = [f"cpu {cpu} {thread}: {' < '.join(frames)}" for cpu, thread, frames in failure.frames]
    return "; ".join([failure.expected, failure.seen, shape(failure), *failure.state, *places])


def writes(lab):
    """The functions that a lab's student writes."""
    return causes.WRITES[lab].split()


def names_one(lab, text):
    """Whether a text names a function that this lab's student writes."""
    return any(re.search(rf"\b{name}\b", text) for name in writes(lab))


def rule_for(lab, case, what, text):
    """The words of the first rule that fits, or ""."""
    for tests, kinds, pattern, words in causes.RULES[lab]:
        if re.match(tests, case.name) and what in (kinds or "wrong").split() and re.search(pattern, text):
            return words
    return ""


def on_stacks(lab, failure):
    """The lab's functions that cpus are in, the inner ones first."""
    mine = writes(lab)
    found = [name for _, _, frames in failure.frames for name in frames if name in mine]
    return list(dict.fromkeys(found))


def unknown(lab, case, failure):
    """What to say if no rule fits."""
    mine = on_stacks(lab, failure)
    if mine:
        return f"{UNKNOWN}; of its functions, cpus are in {' and '.join(f'{name}()' for name in mine[:3])}: " \
            "what do they wait for, or what have they been given?"
    if kind(failure) in ("wrong", "hang") and not failure.died and case.hint:
        return case.hint if names_one(lab, case.hint) else f"{UNKNOWN}; what this test is about: {case.hint}"
    return f"{UNKNOWN}: none of them is on a cpu's stack" if failure.frames else UNKNOWN


def usual(lab, case, failure):
    """The line "usually" of a report, or "" if a failure needs none."""
    what = kind(failure)
    if not what:
        return ""
    text = evidence(failure)
    words = rule_for(lab, case, what, text)
    if not words and not failure.died and what == "hang":
        words = rule_for(lab, case, "wrong", text)  # its events were judged, too
    return words or unknown(lab, case, failure)
