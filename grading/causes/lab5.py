# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 5 usually come from: preemption."""

from grading.causes.patterns import FAULT, SECTIONS

WRITES = (
    "ithread_loop lwkt_preempt lwkt_preempt_return lwkt_preempted_proc may_preempt preempt_done "
    "sched_ithd"
)

PREEMPTED = ("lwkt_preempt_return() goes back to the thread that was preempted, and not to the best one; it "
             "asks for a reschedule if a better one is there")
FLAGS = ("lwkt_preempt() and preempt_done() change TDF_PREEMPT_LOCK and TDF_PREEMPT_DONE alone: another thread may "
         "have changed the other flags meanwhile, such as TDF_RUNQ")

RULES = [
    ("", "up hang end", r"ithread_loop|sched_ithd", "ithread_loop() clears the request before it runs "
     "the handler, completes the source after it, and deschedules itself only if nothing was asked "
     "since; sched_ithd() asks and schedules"),
    ("", "up hang end", r"lwkt_preempt|preempt_done|may_preempt", "lwkt_preempt() and preempt_done() "
     "must leave td_preempted, TDF_PREEMPT_LOCK and TDF_PREEMPT_DONE as they were before"),
    ("", "up hang end", r"sip 0x2[0-9a-f]{2}|all cpus are idle|took no tick", "an interrupt is not "
     "served: sched_ithd() must schedule the source's thread, and ithread_loop() must complete the "
     "source"),
    ("t11", "panic", r"after it has exited", FLAGS),
    ("", "panic", r"after it has exited|belongs to cpu", "may_preempt() must refuse a thread of "
     "another cpu (td_gd)"),
    ("", "panic", r"came back without|was not preempted|PREEMPT", "lwkt_preempt_return() sets "
     "TDF_PREEMPT_DONE in the thread that it returns, whose TDF_PREEMPT_LOCK lwkt_preempt() has set"),
    ("", "panic", r"MP lock", "lwkt_preempt() lets the interrupt thread inherit the count, and "
     "lwkt_preempt_return() and preempt_done() take it back"),
    ("", "panic", SECTIONS, "lwkt_preempt() runs in lwkt_schedule's critical section, and "
     "preempt_done() must leave it as it was"),
    ("", "panic", FAULT + "|stack overflow", "td_preempted leads to a thread that has gone: "
     "lwkt_preempt_return() must set it to NULL before the switch"),
    ("", "panic", r"is freed with flags", "preempt_done() must clear TDF_PREEMPT_LOCK and "
     "TDF_PREEMPT_DONE"),
    ("", "audit", r"critical section", "preempt_done() must leave TDF_RUNNING to the thread that runs, "
     "and lwkt_preempt() must not leave its flags set"),
    ("t7", "", r"CAME A:locked=1|CAME I:below=0", "preempt_done() must clear TDF_PREEMPT_LOCK and "
     "TDF_PREEMPT_DONE, and lwkt_preempt_return() must clear td_preempted"),
    ("t7", "", r"CAME A:release", "lwkt_preempt() must not call td_release: the preempted process "
     "keeps its cpu"),
    ("t7", "", r"hit|miss|weird", "lwkt_preempt() counts preempt_hit when it switches, and "
     "may_preempt() counts the other cases"),
    ("t7", "", r"CAME [BC]:", "lwkt_preempt() must leave the preempted thread where it is in its queue"),
    ("t7", "", r"NOTHING MORE|CAME A:2", "may_preempt() lets an interrupt thread through that is "
     "better, with one critical section at most; then lwkt_preempt() switches at once"),
    ("t7", "", r"", "lwkt_preempt() runs the interrupt thread at once, and preempt_done() leaves no "
     "flag behind"),
    ("t8", "", r"", "may_preempt() gets the number of sections that are lwkt_schedule's own, and "
     "refuses if td_critcount is above that"),
    ("t9", "", r"CAME A:2 FOR intr:\S+ AT ([3-9]|\d\d)", "the device interrupts once, and not again: "
     "ithread_loop() must complete the source after the handler"),
    ("t9", "", r"miss|CAME A:2", "may_preempt() must let the thread through at the end of the last "
     "section: sched_ithd() schedules it there, with one section of lwkt_schedule's"),
    ("t9", "", r"", "sched_ithd() schedules the interrupt's thread, and ithread_loop() runs the "
     "handler once for each request"),
    ("t11", "", r"CAME A:runq=0 FOR A:runq=1", FLAGS),
    ("t10|t11", "", r"", PREEMPTED),
    ("t12|preempt_f", "", r"whatever is marked", "may_preempt() refuses a thread of another cpu (td_gd) and "
     "one that holds tokens (td_toks) before it looks at TDF_PREEMPT_LOCK and td_preempted, and counts preempt_miss"),
    ("t12", "", r"", "may_preempt() must refuse a thread that holds tokens (td_toks)"),
    ("t13", "", r"CAME \w:victim", "lwkt_preempted_proc() follows td_preempted to the end of the chain"),
    ("t13", "", r"", "td_preempted is a chain: lwkt_preempt() sets it to the current thread, whoever "
     "that is, and lwkt_preempt_return() goes back by one"),
    ("t14", "", r"", "may_preempt() must refuse a thread that is preempted itself (TDF_PREEMPT_LOCK), "
     "and count preempt_weird"),
    ("t15", "", r"", "may_preempt() must compare the priorities first; a thread that is no better asks "
     "for nothing"),
    ("preempt_f", "", r"", "may_preempt() must refuse a thread of another cpu (td_gd)"),
    ("preempt_e", "", r"CAME A:2 FOR I:1|CAME A:end=0 FOR I:", "lwkt_preempt() refuses although it need not: if the "
     "interrupt thread needs the MP lock, it tries to take it (cpu_try_mplock), and a free lock can be had"),
    ("preempt_e", "", r"", "lwkt_preempt_return() takes back only what the thread still has: it may be "
     "exiting; preempt_done() restores the preempted thread's own count"),
    ("preempt_mp", "", r"counted|asks for", "lwkt_preempt() counts preempt_miss and asks if it cannot take "
     "the MP lock, and counts preempt_hit only after that, when it switches"),
    ("preempt_mp", "", r"after the miss", "lwkt_preempt() must take back the count that it has let the "
     "interrupt thread inherit if it cannot take the MP lock"),
    ("preempt_m", "", r"", "lwkt_preempt_return() must set td_preempted to NULL before the switch, "
     "because preempt_done() comes when the thread may run on another cpu"),
    ("preempt_mp", "", r"td_mpcount", "lwkt_preempt() lets the interrupt thread inherit the count of the MP lock, and "
     "lwkt_preempt_return() takes that back; after a miss lwkt_preempt() does"),
    ("t63_a", "", r"each run of the handler counted", "ithread_loop() counts each run of the handler (`count`), and "
     "sched_ithd() none"),
    ("t63_a", "", r"without a handler", "sched_ithd() counts an interrupt without a handler, or with a number that is "
     "no source's, in `spurious`, and completes it"),
    ("t63_l", "", r"limited once|a pause of", "ithread_loop() calls check_rate after each run, and then, if the source is "
     "`limited`, pauses for a LIVELOCK_FALLBACK-th of a second"),
    ("t63_l", "", r"a run for each request", "ithread_loop() looks at `running` after the pause, not before it, and "
     "pauses only while the source is `limited`"),
    ("t20", "", r"handled", "ithread_loop() must run the handler once for each request, and "
     "sched_ithd() must not lose one"),
    ("t63_g", "", r"CAME intr:\S+ FOR ipi:7|CAME A:2 FOR ipi:7", "ithread_loop() leaves its section for a moment "
     "after each run of the handler, so that messages run, before it looks at `running`"),
    ("t63", "", r"sie|reqflags|crit|nesting", "ithread_loop() must complete the source after the "
     "handler"),
    ("t63", "", r"", "ithread_loop() must clear the request before it runs the handler, look again in "
     "its critical section, and complete the source; sched_ithd() sets the request before it schedules"),
    ("t65_r", "", r"at least \d+ times|preemptions of preempting", "may_preempt() refuses too often: "
     "it compares priorities and sections of the current thread"),
]
