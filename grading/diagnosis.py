# SPDX-License-Identifier: BSD-3-Clause
"""The line "usually" of a report: what a failure usually comes from.

It follows from what was seen: from the kind of the failure, what was expected and what came, and where the
cpus were; and it names functions that the student of this lab writes. The rules are in causes/. If none
fits, the line says that the grader does not know, which of the lab's functions are on the cpus' stacks, and
what the test looks at, by the clauses of the contracts.
"""

import itertools
import re

from grading import causes, contracts

UNKNOWN = "the grader does not know which function of this lab is wrong"
HELPERS = ("cpu_relax", "testpoint", "pass_turn", "clear_sip", "hardclock", "interrupt", "trap_entry",
           "crit_enter", "crit_exit")
TICKING = r"\b(hardclock|systimer_intr|interrupt)\b"
BORDERS = ("drain", "interrupt", "trap_entry", "kernel_exception")
PROMISES = 4    # so many clauses of a test are named
HANGS = ("deadlock", "livelock", "timeout", "never-booted")


def kind(failure):
    """The kind of a failure, as causes/ calls it; "" if there is nothing to explain."""
    if failure.cause in ("not-written", "build", "host-build", "no-host", "not-run"):
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
    left_over = re.match(r"after the scene, no |all \d+ threads on their cpus' lists", failure.expected)
    return "audit" if left_over else "wrong"


def shape(failure):
    """The difference of two sequences, in words that rules can look for: "CAME B:1 FOR A:2 AT 3", and
    NOTHING MORE or ONE AGAIN."""
    at, came, wanted = failure.index, failure.came, failure.wanted
    if at is None:
        return ""
    one, other = (str(words[at]) if at < len(words) else "nothing" for words in (came, wanted))
    again = " ONE AGAIN" if 0 < at < len(came) and str(came[at]) == str(came[at - 1]) else ""
    return f"CAME {one} FOR {other} AT {at}" + (" NOTHING MORE" if at >= len(came) else again)


def telling(state):
    """The lines about each cpu, without the flags of one that is in the middle of a tick: its timer is
    masked then, which is as it should be."""
    pairs = zip(state, ["", *state])
    return [line for line, above in pairs if not (line.startswith(" ") and re.search(TICKING, above))]


def evidence(failure):
    """All that rules look at, as one line. Of two sequences only the place where they begin to differ
    counts."""
    places = [f"cpu {cpu} {thread}: {' < '.join(frames)}" for cpu, thread, frames in failure.frames]
    said = [failure.expected, failure.seen] if failure.index is None else \
        [failure.rule, failure.seen.partition(" (the scene does not end")[2]]
    return "; ".join(filter(None, [*said, failure.bits, shape(failure), *telling(failure.state), *places]))


def writes(lab):
    """The functions that a lab's student writes."""
    return causes.WRITES[lab].split()


def names_one(lab, text):
    """Whether a text names a function that this lab's student writes."""
    return any(re.search(rf"\b{name}\b", text) for name in writes(lab))


def rule_for(lab, case, what, text, own=""):
    """The words of the first rule that fits, of those whose tests begin with `own`; or ""."""
    for tests, kinds, pattern, words in causes.RULES[lab]:
        if tests.startswith(own) and re.match(tests, case.name) and what in (kinds or "wrong").split() and re.search(pattern, text):
            return words
    return ""


def on_stacks(lab, failure):
    """The lab's functions that cpus are in, the inner ones first."""
    mine = writes(lab)
    found = [name for _, _, frames in failure.frames for name in frames if name in mine]
    return list(dict.fromkeys(found))


def innermost(lab, failure):
    """[(cpu, function)]: the functions of the lab in which a cpu is caught, the course's own helpers aside."""
    found = []
    for cpu, thread, frames in failure.frames:
        inner = next((name for name in frames if name not in HELPERS), "")
        if inner in writes(lab) and not thread.startswith("idle"):
            found.append((cpu, inner))
    return found


def caught(lab, case, what, text, failure):
    """The words about a function in which a cpu is caught: those of a rule that looks for it, or else where
    it is; or ""."""
    for cpu, name in innermost(lab, failure):
        for tests, kinds, pattern, words in causes.RULES[lab]:
            if what in kinds.split() and name in pattern and re.match(tests, case.name) and \
                    re.search(pattern, text):
                return words
        return f"cpu {cpu} does not get out of {name}(): look at its loops, and at what it waits for"
    return ""


def fault_in(lab, failure, words):
    """The words about a fault in the kernel: the function of the lab that is nearest to it comes first, and then
    `words`, which are enough if they name it. What interrupted a function, or what a message has called, is not the function's own."""
    names = failure.frames[0][2] if failure.frames else []
    own = list(itertools.takewhile(lambda name: name is names[0] or name not in BORDERS, names))
    mine = next((name for name in own if name in writes(lab)), "")
    if not mine or re.search(rf"\b{mine}\b", words):
        return words
    where = f"in {mine}()" if own[0] == mine else f"in {own[0]}(), which {mine}() has called, directly or not"
    return f"the fault came {where}: who has computed the address?" + (f" Or else: {words}" if words else "")


def promised(lab, case):
    """What a test looks at, as its clauses say: "f() (does this; does that), g() (does a third thing)"; or "". If there
    are many, the functions alone."""
    clauses = contracts.looked_at(lab, case.name)
    names = dict.fromkeys(clause.function for clause in clauses)
    if len(clauses) > PROMISES:
        return ", ".join(f"{name}()" for name in names)
    return ", ".join(f"{name}() ({'; '.join(clause.text for clause in clauses if clause.function == name)})"
                     for name in names)


def unknown(lab, case, failure):
    """What to say if no rule fits."""
    mine, looks_at = on_stacks(lab, failure), promised(lab, case)
    if mine:
        return f"{UNKNOWN}; of its functions, cpus are in {' and '.join(f'{name}()' for name in mine[:3])}: " \
            "what do they wait for, or what have they been given?"
    if kind(failure) in ("wrong", "hang") and not failure.died and case.hint:
        return case.hint if names_one(lab, case.hint) else f"{UNKNOWN}; what this test is about: {case.hint}"
    where = ": none of them is on a cpu's stack" if failure.frames else ""
    return f"{UNKNOWN}{where}" + (f"; this test looks at {looks_at}" if looks_at else "")


def usual(lab, case, failure):
    """The line "usually" of a report, or "" if a failure needs none."""
    what = kind(failure)
    if not what:
        return ""
    if failure.usually:
        looks_at = promised(lab, case)
        guess = failure.usually + ("" if failure.usually[-1] in ".?" else ".")
        return rule_for(lab, case, what, evidence(failure), "x") or (
            f"{guess} This race was written for {looks_at}" if looks_at else guess)
    kinds = [what]
    if what == "hang" and not failure.died:
        # A scene that does not end was judged all the same. A wrong event says more than the lack of an end.
        nothing = "NOTHING MORE" in shape(failure) or failure.expected == "the scene to end"
        kinds = ["hang", "wrong"] if nothing else ["wrong", "hang"]
    text = evidence(failure)
    words = caught(lab, case, what, text, failure) if failure.died and what in ("up", "hang", "end") else ""
    words = words or next(filter(None, (rule_for(lab, case, one, text) for one in kinds)), "")
    if what == "panic" and re.search(causes.FAULT, failure.seen):
        words = fault_in(lab, failure, words)
    return words or unknown(lab, case, failure)
