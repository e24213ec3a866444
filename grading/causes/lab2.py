# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 2 usually come from: switching."""

from grading.causes.patterns import FAULT, SECTIONS

WRITES = (
    "_lwkt_dequeue _lwkt_enqueue lwkt_choose lwkt_deschedule_self lwkt_schedule_self lwkt_yield run "
    "runq_append runq_remove switch_to cpu_switch lwkt_switch lwkt_switch_return return_with_care "
    "take_resched"
)

RULES = [
    ("", "up hang end", r"\bcpu_switch\b|no code", "cpu_switch() saves and restores ra, sp and s0 to "
     "s11, at the offsets of the other one, and keeps sp at MD_SP of the thread"),
    ("", "up hang end", r"runq_remove|runq_append|lwkt_choose|choose_able|needs_met", "a ring that is "
     "not closed any more: runq_append() and runq_remove() must set both neighbours, and "
     "_lwkt_enqueue() must not append a thread that is on its queue (TDF_RUNQ)"),
    ("", "up hang end", r"cpu \d.*: .*lwkt_switch_return|return_with_care", "lwkt_switch_return() "
     "publishes the old thread's flags without TDF_RUNNING, then leaves the section that lwkt_switch() "
     "entered"),
    ("t6_", "hang", r"", "a thread that is on its queue is appended again, and the ring is broken: "
     "_lwkt_enqueue() must look at TDF_RUNQ, and _lwkt_dequeue() must clear it"),
    ("", "hang", r"is off the run queue", "a thread that should run is on no queue: lwkt_yield() must "
     "leave its caller on the queue or put it back, and _lwkt_enqueue() must lose no thread"),
    ("", "up hang end", r"all cpus are idle(?!.*runqmask 0x[1-9a-f])", "a thread that should run is "
     "found by no switch: runq_append() calls runq_filled() for an empty ring, _lwkt_enqueue() appends, "
     "lwkt_yield() puts its caller back on the queue"),
    ("", "up hang end", r"runqmask 0x[1-9a-f]", "there is a bit in gd_runqmask, but the thread does "
     "not run: lwkt_choose() takes the first of the best queue, and runq_remove() calls runq_emptied() "
     "for an empty one"),
    ("", "up hang end", r"trap_prepare_user_return|user_return_ready|proc_user_return|user_trap", "a "
     "process does not get back to user mode: lwkt_switch() must clear AST_LWKT_RESCHED"),
    ("", "hang", r"a switch for \d+|made \d+ switches", "threads switch and nothing gets on: "
     "lwkt_switch() runs the wrong thread again and again (lwkt_choose(), runq_remove())"),
    ("t6_ring", "panic", r"queue of .* outside", "_lwkt_enqueue() and _lwkt_dequeue() look first "
     "whether there is anything to do, and assert after that"),
    ("t5_count", "", r"noted", "run() and lwkt_switch_return() end the section of the switch by crit_exit(), "
     "which runs what was noted meanwhile"),
    ("", "panic", SECTIONS, "lwkt_switch() enters one critical section, and run() or "
     "lwkt_switch_return() or return_with_care() leaves it, each once"),
    ("", "panic", r"interrupts off", "cpu_switch() leaves interrupts as they were, and runs in a "
     "critical section, not with interrupts off"),
    ("", "panic", r"releases a token of cpu", "lwkt_choose() says NULL for each thread that holds tokens, also if it "
     "is the one that runs, so that lwkt_switch() calls switch_with_locks"),
    ("", "panic", r"runs without the MP lock|has the MP lock", "lwkt_choose() says NULL if the thread "
     "needs the MP lock or holds tokens, and lwkt_switch() then calls switch_with_locks"),
    ("", "panic", r"never on a run queue|belongs to cpu", "_lwkt_enqueue() puts a thread on the queue "
     "of its own cpu only, and lwkt_schedule_self() refuses an idle thread"),
    ("", "panic", r"has no reference to drop", "return_with_care() gives up the reference of a thread only if its "
     "flags say that it exits"),
    ("", "panic", r"after it has exited|is freed with flags", "a thread that exits is still on a queue "
     "or counts as running: _lwkt_dequeue() clears TDF_RUNQ, and lwkt_switch_return() and "
     "return_with_care() publish the flags without TDF_RUNNING"),
    ("", "panic", r"is not the caller", "lwkt_schedule_self() and lwkt_deschedule_self() are for the "
     "caller"),
    ("", "panic", FAULT + "|stack overflow", "cpu_switch() restores a wrong register or a wrong sp "
     "(MD_SP), or a ring of runq_append() and runq_remove() leads to a thread that has ended"),
    ("", "audit", r"without a critical section", "switch_to() sets TDF_RUNNING in the thread that it "
     "runs, and lwkt_switch_return() clears it in the old one: without it a running thread counts as "
     "off the cpu"),
    ("", "audit", r"references", "return_with_care() gives up the reference of a thread that exits "
     "(lwkt_rele), once, and only if it is not migrating"),
    ("", "audit", r"run queues", "_lwkt_dequeue() and lwkt_deschedule_self() leave a thread on its "
     "queue"),
    ("", "", r"\bx(1|2|8|9|1[89]|2[0-7])\b.* changed", "cpu_switch() must save and restore ra, sp and "
     "s0 to s11"),
    ("t1_", "", r"ONE AGAIN", "the thread that has yielded runs again: lwkt_choose() must turn the "
     "ring by one place, and _lwkt_enqueue() must not append a thread that is on the queue already "
     "(TDF_RUNQ)"),
    ("t1_", "", r"NOTHING MORE", "a thread is lost: lwkt_yield() must leave its caller on the queue, "
     "and runq_append() must link both neighbours when the ring has two or more"),
    ("t1_", "", r"", "runq_append() puts a thread last, that is, before the first one; the first one "
     "stays first; lwkt_choose() turns the ring by one place"),
    ("t2_", "", r"CAME B:1 FOR A:2", "lwkt_choose() takes the best ring (gd_bestrunq); the switch "
     "comes only when A calls lwkt_switch()"),
    ("t2_", "", r"", "lwkt_choose() takes the best ring (gd_bestrunq), and runq_remove() calls "
     "runq_emptied() for a ring that has become empty"),
    ("t5_", "", r"AT 0", "runq_append() puts a thread last, that is, before the first one; the first "
     "one stays first"),
    ("t5_y", "", r"is off the run queue", "lwkt_yield() must put a caller that is on no queue back, by "
     "lwkt_schedule_self()"),
    ("t5_|t6_", "", r"CAME B:2 FOR A:3|ONE AGAIN", "lwkt_choose() must turn the ring by one place, so "
     "that the next thread of the same priority comes first"),
    ("t5_d", "", r"", "lwkt_deschedule_self() takes the caller off its queue, and lwkt_switch() must "
     "not put it back"),
    ("t5_y", "", r"", "lwkt_yield() must put a caller that is on no queue back, by "
     "lwkt_schedule_self()"),
    ("t6_", "", r"", "_lwkt_enqueue() must do nothing for a thread that is on its queue (TDF_RUNQ), "
     "and _lwkt_dequeue() must clear the flag"),
    ("t3_|t4_", "", r"CAME A:4 FOR B:1", "lwkt_choose() takes the best ring (gd_bestrunq), and not "
     "the worst"),
    ("t3_t", "", r"CAME A:resched=1 FOR A:resched=0 AT 3", "lwkt_yield() switches in any case, and the switch takes "
     "the request (AST_LWKT_RESCHED) back"),
    ("t3_|t4_", "", r"CAME \w:resched=1", "lwkt_switch() must take the request (AST_LWKT_RESCHED) "
     "back, whichever thread it chooses"),
    ("t3_|t4_", "", r"", "lwkt_switch() takes the request (AST_LWKT_RESCHED) back when it is called, "
     "and nothing switches before that"),
    ("t22_", "", r"", "the idle thread looks at gd_runqmask before it halts: runq_append() must call "
     "runq_filled() at once"),
    ("t23_", "", r"", "lwkt_choose() must say NULL for a thread that lacks a lock, so that "
     "lwkt_switch() calls switch_with_locks, which keeps the idle thread awake"),
    ("t24_idle_scheduled", "", r"", "the panic is lwkt_schedule's; lwkt_schedule_self() must refuse "
     "the idle thread with the same words"),
    ("t26_m", "", r"", "return_with_care() stores the flags, and after that it sees a thread off that "
     "migrates (lwkt_setcpu_finish)"),
    ("t26_", "", r"", "a new thread is in one critical section, and lwkt_switch_return() is not on its "
     "way: switch_to() checks the section, and cpu_switch() ends in the thread's first function"),
    ("t57_", "", r"", "_lwkt_dequeue() and runq_remove() use the old priority, _lwkt_enqueue() and "
     "runq_append() the new one, at its queue's end"),
    ("t58_", "", r"", "runq_append() calls runq_filled(gd, td->td_pri) for the first thread of a ring, and "
     "runq_remove() calls runq_emptied() with the last one"),
    ("t59_|t60_|t61_|unborn|template", "", r"failure to create|different ones|none$", "exited threads "
     "are not freed: return_with_care() gives up their own reference (lwkt_rele) if the flags say "
     "TDF_EXITING"),
    ("t59_|t60_|t61_|unborn|template", "", r"stack that others|used again", "a stack is used while "
     "somebody is on it: lwkt_switch_return() and return_with_care() publish the flags without "
     "TDF_RUNNING after cpu_switch() has left the stack, and only then is the thread freed"),
    ("t59_|t60_|t61_|unborn|template", "", r"values from its former use|dirty", "new threads start "
     "with something wrong: switch_to() must set TDF_RUNNING in the thread that it runs, "
     "lwkt_switch_return() must clear it, and cpu_switch() must load every register of a new thread's "
     "frame (s0 to s11)"),
    ("t59_|t60_|t61_|unborn|template", "", r"to run, each once|threads that ran", "a thread is lost or "
     "runs twice: _lwkt_enqueue() must append it once, and runq_remove() must take off that one only"),
    ("t61_wait", "", r"", "return_with_care() gives up only the thread's own reference"),
    ("t10_", "", r"CAME J:2", "lwkt_yield() switches in any case: a thread that has preempted another one goes back "
     "to it"),
    ("x_switch", "", r"", "lwkt_switch() looks at gd_care in its critical section: before it, another cpu may still "
     "ask for a token"),
]
