# SPDX-License-Identifier: BSD-3-Clause
"""The line "usually" of a report follows from what was seen, and names functions of the lab."""

import re

import pytest

from grading import causes, diagnosis, engine, failure, machine, postmortem
from test_labs import marked

LABS = range(1, 10)
every_lab = pytest.mark.parametrize("lab", LABS)


def case_of(name):
    """(the lab's number, the test) by the test's name."""
    return next((lab.number, case) for lab in engine.load_labs() for case in lab.tests if case.name == name)


@every_lab
def test_functions(lab):
    """The functions that a lab's student writes are those that are marked in the sources."""
    assert sorted(diagnosis.writes(lab)) == sorted(marked(lab)[1] - {None})


@every_lab
def test_rules_name_functions(lab):
    """The words of each rule name a function that this lab's student writes, and its patterns compile and
    fit a test of the lab."""
    names = [case.name for one in engine.load_labs(str(lab)) for case in one.tests]
    for tests, kinds, pattern, words in causes.RULES[lab]:
        assert diagnosis.names_one(lab, words), words
        assert any(re.match(tests, name) for name in names), f"{tests}: there is no such test"
        assert re.compile(pattern) and set(kinds.split()) <= {"up", "end", "panic", "hang", "audit"}, kinds


@every_lab
def test_every_failure_is_explained(lab):
    """Whatever fails in a test, the line names a function of the lab or says that the grader does not
    know."""
    kinds = [failure.Failure("something", "else"), failure.Failure("no panic", "panic: x", cause="panic"),
             failure.Failure("after the scene, no threads left on run queues", "1")]
    for cause in diagnosis.HANGS + ("flood",):
        kinds.append(failure.Failure("the scene to end", "silence", cause=cause))
        kinds[-1].died, kinds[-1].up = cause, cause != "never-booted"
    for one in engine.load_labs(str(lab)):
        for case in one.tests:
            for kind in kinds:
                words = diagnosis.usual(lab, case, kind)
                assert diagnosis.names_one(lab, words) or diagnosis.UNKNOWN in words, f"{case.name}: {words}"


def test_nothing_to_explain():
    """A function that is not written yet has no usual cause."""
    wrong = failure.Failure("all", "f is not written yet", cause="not-written")
    assert diagnosis.usual(*case_of("t1_turns"), wrong) == ""


def hang(*frames):
    """The Failure of a machine that fell silent with its cpus in these functions."""
    cpus = [postmortem.Cpu(i, i, "A", path.split(" < "), {}, {}) for i, path in enumerate(frames)]
    return failure.silent(machine.Result("4 harts up", -1, 3.0, "timeout", "", cpus))


def panic(text):
    """The Failure of a panic with this text."""
    return failure.machine_failure(machine.Result(f"4 harts up\npanic: {text}\n", 101, 1.0, "", ""))


def fault(*frames, head="cpu 0 (hart 0), thread ffffffc08ff1b1c0 (A)\n"):
    """The Failure of a load from a bad address in these functions, the inner ones first."""
    calls = "".join(f"  ffffffc0802294d6 {name}+0x5e\n" for name in frames)
    return panic(f"load page fault in the kernel, address 0x8\n{head}backtrace:\n{calls}")


def order(wanted, came, cause="judged"):
    """The Failure of events that differ from the expected ones."""
    at = next(i for i in range(max(len(wanted), len(came))) if wanted[i:i + 1] != came[i:i + 1])
    wrong = failure.mismatch("the order", came, wanted, at, [])
    wrong.cause = cause
    return wrong


def departing(text):
    """The Failure of a race whose schedule departs in run()."""
    wrong = failure.Failure("no assertion to fail", text, cause="panic")
    wrong.usually = "run(): at the last step"
    return wrong


SYMPTOMS = [  # (test, what is seen, the function that must be named, one that must not)
    ("share", hang("usched_release < release_and_switch < tsleep", "cpu_idle_wait < lwkt_idle_loop"),
     "usched_release", "before"),
    ("t28_full", hang("cpu_relax < wait_for_room < enqueue_message"), "wait_for_room", "drain"),
    ("t32_wait", hang("cpu_relax < lwkt_wait_ipiq < kt_play"), "lwkt_wait_ipiq", "wait_for_room"),
    ("t40_several", hang("lwkt_reltoken_slow < kt_play"), "lwkt_reltoken_slow", "kept_for_waiter"),
    ("t34_one", hang("wait_for_count < lwkt_cpusync_start"), "lwkt_cpusync_remote1", "put_body"),
    ("t59_here", panic("return to user mode with 1 critical sections"), "lwkt_switch_return", "runq_append"),
    ("t59_here", panic("load page fault in the kernel, address 8"), "cpu_switch", "lwkt_yield"),
    ("t21_wake", fault("ipi_raise", "cpu_ipi_raise", "send_interrupt.isra.0"), "ipi_raise_sswi", "drain"),
    ("t21_wake", fault("ipi_raise", "cpu_ipi_raise", "vpanic", "kernel_exception", head=""), "ipi_raise_sswi", "drain"),
    ("t32_wait", fault("lwkt_wait_ipiq.part.0", "kt_play"), "the fault came in lwkt_wait_ipiq", "wait_for_room"),
    ("t27_order", fault("kt_note", "drain", "splz"), "append", "splz"),
    ("t53_roam", fault("list_remove", "lwkt_setcpu_self", "kt_play"), "list_remove\\(\\), which lwkt_setcpu_self", "before"),
    ("t53_roam", fault("kt_note", "drain", "splz", "lwkt_setcpu_self"), "lwkt_setcpu_finish", "lwkt_setcpu_self"),
    ("t16_storm", panic("crit_exit without crit_enter: td_critcount of A is 0"), "crit_enter", "take_request"),
    ("t1_turns", order(["A:0", "B:0", "A:0"], ["A:0", "A:0", "B:0"]), "lwkt_choose", "cpu_switch"),
    ("t1_turns", order(["A:0", "B:0", "A:0"], ["A:0", "B:0"]), "lwkt_yield", "lwkt_choose"),
    ("t65_yield", failure.Failure("all registers unchanged", "x27 changed"), "cpu_switch", "lwkt_preempt"),
    ("t65_registers", failure.Failure("all registers unchanged", "x27 changed"), diagnosis.UNKNOWN, "cpu_switch"),
    ("t16_storm", failure.Failure("interrupts on during the timer's work", "3 times it was not so"), "splz", "crit_exit"),
    ("t48_kill", failure.Failure("none of TDF_TSLEEPQ, TDF_SINTR left in A", "512"), "tsleep_remove", "tsleep_timeout"),
    ("t62_once", order(["C:replied=0", "C:replied=-3"], ["C:replied=0"], "deadlock"), "lwkt_sendmsg", "thread_replyport"),
    ("levels", failure.Failure("I, whose level is idle, to wait", "235 steps of I"), "usched_release", "pick_from"),
    ("x_usched_claimed", departing("mover has left cpu 0 before cpu_thread_leave"), "lwkt_setcpu_finish", "at the last"),
    ("x_usched_stray", departing("stores to &usched_cpus[cpu].vruntime"), "usched_release", "run"),
    ("x_usched_stray", departing("assertion failed"), "run", "usched_release"),
    ("t57_setpri", failure.Failure("all registers unchanged", "x27 changed"), "cpu_switch", "_lwkt_enqueue"),
]


@pytest.mark.parametrize("name, wrong, named, other", SYMPTOMS)
def test_symptoms(name, wrong, named, other):
    """A hang, a panic and a wrong order of the same test have different causes."""
    words = diagnosis.usual(*case_of(name), wrong)
    assert re.search(rf"\b{named}\b", words) and not re.search(rf"\b{other}\b", words), words


def test_masked_timer():
    """A timer that is masked is evidence, but not on a cpu that is in the middle of a tick."""
    lab, case = case_of("t16_storm")
    for where, named in (("cpu_idle_wait < lwkt_idle_loop", True), ("cpu_relax < hardclock < splz", False)):
        wrong = hang(where)
        wrong.state = [f"cpu 0 (hart 0): {where}", "    interrupts off, sip 0x20, sie 0x202, reqflags 0x0"]
        assert ("the timer is masked" in diagnosis.usual(lab, case, wrong)) == named


def test_end_of_machine():
    """A machine that hangs after the scene's last line says so."""
    result = machine.Result("4 harts up\nend key=k test=t1 events=0\n", -1, 3.0, "timeout", "")
    wrong = failure.silent(result)
    assert "played the scene to its end, but does not end itself" in wrong.seen
    assert "the machine's end" in diagnosis.usual(*case_of("t62_order"), wrong)
