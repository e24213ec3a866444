# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 3 usually come from: critical sections."""

from grading.causes.patterns import SECTIONS

WRITES = "crit_enter crit_exit crit_exit_noyield interrupt_note maybe_splz splz take_request"

RULES = [
    ("", "up hang end", r"sie 0x20[02]\b.*reqflags 0x[0-36-7]\b|sie 0x20[02]\b(?!.*RQF_TIMER)", "the "
     "timer is masked (sie lacks 0x20), and nothing is noted that would unmask it: splz() must let a "
     "source in again after it has served it, and interrupt_note() must set the bit whose source it "
     "masks"),
    ("", "up hang end", r"reqflags 0x[1-7]", "work is noted in gd_reqflags, and nobody does it: "
     "crit_exit() looks after it has lowered the count to 0, maybe_splz() calls splz(), and "
     "take_request() clears only the bit that is served"),
    ("", "up hang end", r"\bsplz\b|maybe_splz", "splz() does not end: it must take each bit back "
     "(take_request()) before it does the work"),
    ("", "up hang end", r"[1-9]\d* critical sections", "a section is never left: crit_enter() and "
     "crit_exit() change td_critcount by one each"),
    ("", "up hang end", r"all cpus are idle|took no tick", "no interrupt arrives any more: "
     "interrupt_note() notes one and masks or acknowledges its source, and splz() must let it in again"),
    ("", "panic", r"crit_exit without", "crit_enter() and crit_exit() must balance; "
     "crit_exit_noyield() too"),
    ("", "panic", SECTIONS, "crit_enter() and crit_exit() must balance, in splz() and maybe_splz() too"),
    ("", "panic", r"cannot switch from within", "splz() runs the work of interrupts with "
     "gd_intr_nesting_level raised, and must lower it again; maybe_splz() does nothing in such work"),
    ("", "panic", r"interrupts off", "splz() may be called with interrupts on or off, and leaves them "
     "so"),
    ("", "panic", r"stack overflow", "maybe_splz() must check td_nest_count, and splz() must count in "
     "it"),
    ("", "panic", r"nexpected interrupt|interrupt \d", "interrupt_note() knows three codes"),
    ("t18_e", "", r"called in a critical section", "splz() leaves its own section while cpu_intpend_run() works, and "
     "none of its caller's"),
    ("t17", "", r"RQF_\w+ set", "interrupt_note() must set the bit of each of the three sources, and "
     "crit_enter() must leave interrupts on"),
    ("t1[67]", "", r"handled inside a critical section|done inside the section|not done inside", "crit_exit() "
     "must call maybe_splz() only when the count has become 0"),
    ("t16", "", r"the next one was lost", "a request is lost: crit_exit() must lower the count before "
     "it reads gd_reqflags, splz() must clear a bit before it does the work, by one AMO "
     "(take_request())"),
    ("t16", "", r"left pending|some$", "crit_exit() must look at gd_reqflags after it has lowered the "
     "count, and splz() must look again until nothing is left"),
    ("t1", "", r"gd_intr_nesting_level|no interrupt is being handled", "splz() runs the timer's work and the messages with "
     "gd_intr_nesting_level raised by one, and lowers it after each"),
    ("t1", "", r"timer masked, and not noted again", "splz() lets the timer in again (cpu_timer_unmask()) when its work "
     "is done, and not before"),
    ("t17_st", "", r"", "splz() calls lwkt_process_ipiq(), which runs the messages and then waits as long as a cpusync stops "
     "the cpu; lwkt_drain_ipiq() only runs them"),
    ("t17_m", "", r"before its work", "splz() takes the bit back (take_request()) before it does the work"),
    ("t17_m", "", r"section of its own", "splz() enters a critical section, in which it runs messages and timers"),
    ("t17_l", "", r"slow message|at the next tick", "splz() takes the bit of messages back (take_request()) before it runs "
     "them: one that comes meanwhile is noted anew, and splz() looks again until nothing is noted"),
    ("t1", "", r"interrupts on (during|while)", "splz() does the work of each bit with interrupts on: the timer's, the "
     "messages', and that of devices"),
    ("t1", "", r"CAME \w:enabled", "splz() may be called with interrupts on or off, and must leave them as it "
     "found them"),
    ("t1", "", r"sources are enabled again", "splz() must unmask the timer after its work"),
    ("t1", "", r"nothing is pending in gd_reqflags", "splz() must run until gd_reqflags is 0, and "
     "take_request() must clear what it takes"),
    ("t18_u", "", r"", "crit_exit() and crit_exit_noyield() must check that the count is above 0, each of them"),
    ("t1", "", r"td_critcount|no section is entered", "crit_enter() and crit_exit() change "
     "td_critcount by one each; splz() leaves it as it was"),
    ("t16_two", "", r"", "two bits in one word: interrupt_note() and take_request() must change "
     "gd_reqflags by one AMO each"),
    ("t16", "", r"", "crit_exit() must lower the count before it reads gd_reqflags; interrupt_note() "
     "and take_request() must change that word by AMOs"),
    ("t17", "", r"SSIP|timer masked|claimed", "interrupt_note() holds a source off: it acknowledges "
     "the software interrupt, masks the timer and claims the external one"),
    ("t17_m", "", r"", "interrupt_note() sets RQF_IPIQ, and splz() serves the messages before "
     "crit_exit() returns"),
    ("t17", "", r"", "splz() serves each of the three sources once, before crit_exit() returns"),
    ("t18_e", "", r"", "maybe_splz() calls splz() only outside of the work of interrupts, and while "
     "td_nest_count is below its bound; crit_exit_noyield() never calls it"),
    ("t19_s", "", r"", "the functions of messages run with gd_intr_nesting_level raised, which splz() "
     "must leave as it found it"),
]
