# SPDX-License-Identifier: BSD-3-Clause
"""What failures usually come from: for each lab, what was seen, and the functions of that lab behind it.

WRITES has the functions that a lab's student writes, whole or in part (the marks in the sources; a test
compares them). RULES has a list for each lab, of which the first rule that fits gives the words:

    (tests, kinds, pattern, words)

`tests` and `pattern` are regular expressions. The first must match the beginning of the test's name. The
second is searched for in what was expected, what was seen, the shape of the difference (diagnosis.py), and
where the cpus were. `kinds` are the kinds of failures: `up` (the machine never came up), `end` (it does not
end after the scene), `panic`, `hang`, `audit` (something is left over after the scene); "" stands for a
scene that was played and whose events are wrong. If no rule fits, the grader says that it does not know.
"""

WRITES = {
    1: "hart_start hart_start_all number_boot_hart sbi_hart_start start_secondary",
    2: "_lwkt_dequeue _lwkt_enqueue lwkt_choose lwkt_deschedule_self lwkt_schedule_self lwkt_yield run "
       "runq_append runq_remove switch_to cpu_switch lwkt_switch lwkt_switch_return return_with_care "
       "take_resched",
    3: "crit_enter crit_exit crit_exit_noyield interrupt_note maybe_splz splz take_request",
    4: "append drain drain_rings enqueue_message enqueue_nowait ipi_raise_sbi ipi_raise_sswi lwkt_schedule "
       "lwkt_schedule_remote lwkt_send_ipiq_mask lwkt_wait_ipiq make_room notify ring_depth "
       "wait_for_room lwkt_drain_ipiq lwkt_poll_ipiq schedule_elsewhere send",
    5: "ithread_loop lwkt_preempt lwkt_preempt_return lwkt_preempted_proc may_preempt preempt_done "
       "sched_ithd",
    6: "answer cpu_rel_mplock cpu_try_mplock get_mplock kept_for_waiter lwkt_answer_requests "
       "lwkt_chktokens lwkt_gettoken_slow lwkt_reltoken_slow lwkt_trytoken must_stay rel_mplock "
       "reqtoken_remote request try_mplock",
    7: "end_wait end_wait_there end_waits_there insert interlock_and_sleep join_queue lwkt_block lwkt_pause "
       "lwkt_signal pause_is_over remove_sleeper sleep_until_timeout sleep_until_woken "
       "systimer_intr tsleep tsleep_interlock tsleep_remove tsleep_timeout wait_for_signal "
       "wakeup_all_remote wakeup_domain wakeup_here wakeup_one_from wakeup_one_remote wakeup_others",
    8: "acquire_remote become_current before give_way lwkt_acquire lwkt_setcpu_finish lwkt_setcpu_remote "
       "pick_from usched_claim_any usched_release usched_tick usched_vacate wait_in_queue "
       "lwkt_setcpu_self",
    9: "abort_here lwkt_cpusync_add lwkt_cpusync_finish lwkt_cpusync_remote1 lwkt_cpusync_remote2 "
       "lwkt_cpusync_start lwkt_domsg lwkt_replymsg lwkt_sendmsg put_body reply_body thread_getport "
       "thread_putport thread_replyport thread_waitport wake_owner",
}

FAULT = r"in the kernel, address|page fault|access fault|misaligned|illegal instruction|breakpoint"
SECTIONS = r"crit_exit without|outside all critical sections|\d critical sections|outside a critical section"

LAB1 = [
    ("", "up", r"has not started it", "sbi_hart_start() has not started that hart: look at the "
     "extension, the function number and the order of a0 to a2; or hart_start_all() leaves it out"),
    ("", "up hang", r"\bhart_start\b", "hart_start() waits for a hart that never says that it is up: "
     "look at what start_secondary() does before it says so; after START_WAIT seconds hart_start() "
     "gives up"),
    ("", "up hang", r"hart_park", "start_secondary() parks the hart: it came too late, or hart_start() "
     "has not put it into the tables before it called sbi_hart_start()"),
    ("", "up", "", "number_boot_hart() comes first, then hart_start_all(): the boot hart is cpu 0, "
     "runs already, and must not be started"),
    ("b7", "hang", "", "the hart that sbi_hart_start() is asked for does not get where it is told to, or the "
     "call does not return: a0 to a2 are the hart's id, entry_pa and opaque"),
    ("b9", "hang", "", "hart_start() has counted a hart that has not come: after START_WAIT seconds it gives "
     "the hart up, and returns false"),
    ("", "hang end", "", "start_secondary() sets up the CSRs, the page table, the PLIC context and "
     "main_secondary: a hart without one of them does not take messages or ticks, and others wait for "
     "it; so they do if hart_start() has counted a hart that is not up yet, or if a hart parks although it was "
     "the first to change start_state: `info threads` in gdb shows where each hart is"),
    ("", "panic", r"boot hart|no hart", "number_boot_hart() looks for the id of the hart that booted "
     "among all places of the board"),
    ("", "panic", "", "hart_start() must prepare the cpu (prepare_cpu, globaldata_of, cpu_set_hart) "
     "before the hart runs start_secondary()"),
    ("b", "", r"cpu 0 and cpu", "number_boot_hart() has taken another hart for the one that booted: it "
     "looks for its id among the places of the board"),
    ("b", "", r"name the boot hart", "number_boot_hart() must note the boot hart's id in boot_hart, and not "
     "its place; hart_start_all() prints that id, and starts all harts but this one"),
    ("b", "", r"the line '\d+ hart", "hart_start_all() prints how many harts are up, `1 hart` or `2 harts`, and the "
     "id of the one that booted"),
    ("b[1-57]", "", r"to run .*it did not|to run; it did not", "that cpu does not run: "
     "hart_start_all() leaves out a place of the board, hart_start() starts another hart, or "
     "start_secondary() does not get to the idle loop"),
    ("b[12]", "", r"cannot be started", "hart_start_all() starts the boot hart, which runs already, or "
     "a hart twice"),
    ("b[12]", "", r"ncpus is 1\b", "no other hart has come: sbi_hart_start() asks for the wrong thing (the "
     "extension, the function number, the order of a0 to a2), or hart_start() takes none of them for up"),
    ("b[12]", "", r"ncpus is|to have started harts", "the loop in hart_start_all() leaves out a place "
     "of the board, or hart_start() counts a hart that is not up"),
    ("b[1267]", "", r"is hart|does not arrive|to be one of the harts|different hart", "hart_start() "
     "mixes up three numbers: a cpu's number, a place in board.hartid[], and a hart's id"),
    ("b1", "", "", "hart_start_all() misses a hart, or hart_start() counts one before it is up"),
    ("b2", "", "", "hart_start() mixes up three numbers: a cpu's number, a place in board.hartid[], "
     "and a hart's id"),
    ("b3", "", "", "number_boot_hart() must look for the boot hart's place; cpu 0 need not be the "
     "first place"),
    ("b4", "", "", "hart_start() must write secondary_start.idle, the new cpu's idle thread, before it "
     "calls sbi_hart_start()"),
    ("b5", "", "", "start_secondary() must set up the timer (main_secondary) before the cpu idles"),
    ("b6", "", r"error -[^3]", "hart_start_all() starts the boot hart, which runs already, or a hart "
     "twice"),
    ("b6", "", r"ncpus is", "hart_start_all() leaves out a place of the board, or hart_start() uses up "
     "a number for a hart that does not start"),
    ("b6", "", "", "sbi_hart_start() must return the firmware's error, and hart_start() must give the "
     "number of a hart that does not start to the next one"),
    ("b7", "", r"return the firmware's error|return 0", "sbi_hart_start() must return what the firmware has in a0 "
     "after the call: 0, or its negative error"),
    ("b7", "", r"argument in a1", "sbi_hart_start() must pass entry_pa in a1 and opaque in a2: the hart "
     "begins at the one, with the other in its a1"),
    ("b9", "", r"waited for", "hart_start() gives a hart up too early: cpu_time() counts cpu_timebase ticks a "
     "second, and START_WAIT is a number of seconds"),
    ("b9", "", "", "hart_start() must give a hart up after START_WAIT seconds: the error is -1 then, and it "
     "returns false"),
    ("b7", "", "", "hart_start_all() must go through board.hartid[], and not from hart 0 to n - 1"),
]

LAB2 = [
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

LAB3 = [
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
    ("t1", "", r"gd_intr_nesting_level", "splz() runs the timer's work and the messages with "
     "gd_intr_nesting_level raised by one, and lowers it after each"),
    ("t1", "", r"CAME \w:enabled", "splz() may be called with interrupts on or off, and must leave them as it "
     "found them"),
    ("t1", "", r"sources are enabled again", "splz() must unmask the timer after its work"),
    ("t1", "", r"nothing is pending in gd_reqflags", "splz() must run until gd_reqflags is 0, and "
     "take_request() must clear what it takes"),
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
    ("t18", "", r"", "crit_exit() and crit_exit_noyield() must check that the count is above 0"),
    ("t19_s", "", r"", "the functions of messages run with gd_intr_nesting_level raised, which splz() "
     "must leave as it found it"),
]

LAB4 = [
    ("", "up hang end", r"wait_for_room.*idle_loop|idle_loop.*wait_for_room", "a cpu idles although "
     "there are messages for it: notify() must tell it after append(), lwkt_drain_ipiq() must take the "
     "bits before it looks at the rings, and drain() must compare the indices by their difference"),
    ("", "up hang end", r"wait_for_room[^;]*\b(drain|run_put_off)\b.*wait_for_room[^;]*\b(drain|run_put_off)\b",
     "bodies wait for room on two cpus, and no slot becomes free: drain() must raise ip_rindex before the body "
     "runs, and wait_for_room() must serve this cpu's own rings, or put messages off, while it waits"),
    ("", "up hang end", r"wait_for_room", "wait_for_room() must serve this cpu's own rings while it "
     "waits, must tell the target, and must end when at most `enough` messages are left (ring_depth())"),
    ("", "up hang end", r"lwkt_wait_ipiq", "lwkt_wait_ipiq() waits until ip_xindex has reached the "
     "sequence number that append() returned; drain() raises it after the body; compare by the sign of "
     "the difference"),
    ("", "up hang end", r"\bdrain\b|drain_rings", "drain() runs the messages that were there at its "
     "start, and raises ip_rindex for each"),
    ("", "up hang end", r"lwkt_cpusync|all cpus are idle|spins in|hart_start|wakeup|tsleep", "a "
     "message was not delivered: notify() must set this cpu's bit in the target's gd_ipimask and raise "
     "the interrupt (ipi_raise_sbi(), ipi_raise_sswi()), after append(); lwkt_drain_ipiq() must look "
     "at all that have told it"),
    ("", "panic", r"stack overflow", "wait_for_room() runs other bodies, which may wait, too: that "
     "must end at NESTING_MAX"),
    ("", "panic", r"cannot switch from within", "drain_rings() must lower gd_intr_nesting_level again"),
    ("", "panic", rf"(?:{FAULT}).*: ipi_raise\b", "the fault came in ipi_raise_sswi() or "
     "ipi_raise_sbi(): board.sswi.base is a physical address, and PA_TO_KVA makes it one that you can store to"),
    ("", "panic", FAULT, "drain() runs a message that is not there: append() must publish ip_windex "
     "after the slot is written, and ring_depth() must not be above the ring's size"),
    ("", "panic", r"belongs to cpu", "lwkt_schedule() must send a message for a thread of another cpu, "
     "and lwkt_schedule_remote() must call lwkt_schedule() again, because the thread may have moved"),
    ("", "audit", r"messages left", "drain() or lwkt_drain_ipiq() leaves messages in a ring, or send() "
     "tells nobody"),
    ("", "audit", r"did not fetch", "lwkt_drain_ipiq() must take the bits of gd_ipimask back"),
    ("t21_h", "", r"", "ipi_raise_sbi() takes a hart's id (cpu_hartid), and ipi_raise_sswi() a place "
     "(cpu_sswi_index); a cpu's number is neither"),
    ("t21", "", r"within 1 ms", "the message came with the next tick: notify() did not raise the "
     "interrupt, or did so before append(), or lwkt_drain_ipiq() took the bits after it had looked at "
     "the rings"),
    ("t21", "", r"", "lwkt_schedule() sends lwkt_schedule_remote() to the thread's cpu, and notify() "
     "raises the interrupt after the message is in the ring"),
    ("t25_m", "", r"ask for nothing", "lwkt_schedule() calls _lwkt_schedule_post() only for a thread that it "
     "has enqueued; one that migrates (TDF_MIGRATING) is enqueued by its new cpu"),
    ("t25", "", r"", "lwkt_schedule() must enqueue on the thread's own cpu; for another cpu's thread "
     "it sends lwkt_schedule_remote() there"),
    ("t27_w", "", r"", "ring_depth() and lwkt_wait_ipiq() must compare indices by their difference, "
     "which wraps, and not as numbers"),
    ("t27", "", r"", "a message is lost or comes twice: append() publishes ip_windex after the slot is "
     "written, drain() raises ip_rindex after the slot is copied, and enqueue_message() waits when the "
     "ring is full"),
    ("t28_f", "", r"misnumbered", "enqueue_message() returns the number that append() gives after the wait"),
    ("t28_f", "", r"nest", "wait_for_room() must put messages off at NESTING_MAX"),
    ("t28", "", r"half full|half of", "enqueue_message() lets a thread fill half of the ring, and only "
     "bodies fill the rest; wait_for_room() gets that limit"),
    ("t28_room", "", r"ipiq_fifofull", "wait_for_room() must count ipiq_fifofull, once a wait and not at "
     "each turn of its loop"),
    ("t28", "", r"wait for room", "enqueue_message() must call wait_for_room() when the ring is full "
     "for it, and wait_for_room() must count ipiq_fifofull"),
    ("t28", "", r"order|messages", "a full ring was written over: enqueue_message() must look at "
     "ring_depth() before append(); drain() must copy the slot before it raises ip_rindex"),
    ("t28", "", r"", "wait_for_room() must serve this cpu's own rings while it waits"),
    ("t29", "", r"", "enqueue_nowait() refuses, with -1 and without a message, when two thirds of the "
     "ring are used"),
    ("t30_f", "", r"no wait for a tick|ipiq_hardware", "wait_for_room() tells the target by notify() and raises the "
     "interrupt, whoever waits: the ring may be full of passive messages"),
    ("t30", "", r"hardware", "send() with SEND_PASSIVE must not call notify()"),
    ("t30", "", r"", "send() with SEND_PASSIVE counts ipiq_passive, and lwkt_poll_ipiq() looks at all "
     "rings at the next tick"),
    ("t31_b", "", r"", "notify() raises only if this cpu's bit was not set in the target's gd_ipimask "
     "yet, and counts ipiq_hardware or ipiq_avoided"),
    ("t31_l", "", r"", "lwkt_drain_ipiq() must take the bits of gd_ipimask before drain() reads the "
     "indices"),
    ("t32", "", r"", "drain() must raise ip_xindex after the body has ended, and not for messages that "
     "ran inside an earlier body; lwkt_wait_ipiq() waits for that"),
    ("t33", "", r"", "send() is not asked for the own cpu: lwkt_send_ipiq_mask() must not put a "
     "message to oneself into a ring"),
]

PREEMPTED = ("lwkt_preempt_return() goes back to the thread that was preempted, and not to the best one; it "
             "asks for a reschedule if a better one is there")
LAB5 = [
    ("", "up hang end", r"ithread_loop|sched_ithd", "ithread_loop() clears the request before it runs "
     "the handler, completes the source after it, and deschedules itself only if nothing was asked "
     "since; sched_ithd() asks and schedules"),
    ("", "up hang end", r"lwkt_preempt|preempt_done|may_preempt", "lwkt_preempt() and preempt_done() "
     "must leave td_preempted, TDF_PREEMPT_LOCK and TDF_PREEMPT_DONE as they were before"),
    ("", "up hang end", r"sip 0x2[0-9a-f]{2}|all cpus are idle|took no tick", "an interrupt is not "
     "served: sched_ithd() must schedule the source's thread, and ithread_loop() must complete the "
     "source"),
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
    ("preempt_e", "", r"", "lwkt_preempt_return() takes back only what the thread still has: it may be "
     "exiting; preempt_done() restores the preempted thread's own count"),
    ("preempt_mp", "", r"counted|asks for", "lwkt_preempt() counts preempt_miss and asks if it cannot take "
     "the MP lock, and counts preempt_hit only after that, when it switches"),
    ("preempt_mp", "", r"after the miss", "lwkt_preempt() must take back the count that it has let the "
     "interrupt thread inherit if it cannot take the MP lock"),
    ("preempt_m", "", r"", "lwkt_preempt_return() must set td_preempted to NULL before the switch, "
     "because preempt_done() comes when the thread may run on another cpu"),
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

LAB6 = [
    ("", "up hang end", r"lwkt_reltoken_slow", "lwkt_reltoken_slow() waits until its reference is no "
     "longer asked for, and must serve messages meanwhile; answer() must answer every request once"),
    ("", "up hang end", r"get_mplock", "get_mplock() must let others run until this cpu owns the lock: "
     "rel_mplock() or cpu_rel_mplock() did not free it, or gd_mpheld is not kept up to date"),
    ("t44|t45|t46|mp_count", "hang", r"all cpus are idle|waits|runnable", "a cpu idles with the MP "
     "lock, or without looking for it: cpu_rel_mplock() and cpu_try_mplock() must keep gd_mpheld, and "
     "rel_mplock() must free the lock with the last count"),
    ("", "up hang end", r"lwkt_chktokens|choose_able|needs_met|idle_loop < |a switch for|made \d+ switches", "a "
     "thread is passed over again and again: lwkt_chktokens() asks for what it lacks (request()), and "
     "reqtoken_remote() and lwkt_answer_requests() must answer in the end; kept_for_waiter() must not "
     "keep a token for a younger waiter"),
    ("t36", "hang", r"B \(cpu \d\) is off the run queue", "lwkt_gettoken_slow() yields, because a thread that is off "
     "its run queue must come back to it"),
    ("", "up hang end", r"lwkt_gettoken_slow", "lwkt_gettoken_slow() waits for a token that nobody "
     "answers for: reqtoken_remote() answers or queues the request, and lwkt_answer_requests() goes "
     "through the queue at each switch"),
    ("", "up hang end", r"waits:|all cpus are idle", "a request for a token was forgotten: "
     "reqtoken_remote() must queue what it cannot answer, and answer() must tell the cpu of a thread "
     "that waits"),
    ("", "panic", r"does not hold the MP lock", "get_mplock() and try_mplock() count each time, also if this cpu "
     "has the lock already, and rel_mplock() counts down by one"),
    ("", "panic", r"MP lock", "cpu_try_mplock() and cpu_rel_mplock() keep gd_mpheld, and rel_mplock() "
     "frees the lock with the last count"),
    ("", "panic", r"gettoken|trytoken|does not hold|token", "lwkt_gettoken_slow() and lwkt_trytoken() "
     "link and unlink references, and lwkt_reltoken_slow() gets one that is unlinked already"),
    ("", "panic", FAULT, "answer() must read what it needs of the reference before it publishes the "
     "answer: then the memory is the asker's again"),
    ("t35|t40", "", r"counts under|value", "two threads had the token at the same time: must_stay() "
     "and reqtoken_remote() must not give away what the running thread has, and request() reads the "
     "owner after the reference is linked"),
    ("t36", "", r"CAME A:", "the sleeper goes on without its token: lwkt_chktokens() must say false "
     "until this cpu owns all of them"),
    ("t36", "", r"", "a sleeper's token goes to whoever asks: reqtoken_remote() answers when no "
     "running thread has it, and lwkt_chktokens() asks for it again"),
    ("t37", "", r"", "lwkt_reltoken_slow() answers requests at once, and must_stay() must see another "
     "reference of the same thread"),
    ("t38_p", "", r"CAME I:2", "the token was given away or taken while a preempted thread has it: "
     "must_stay() and lwkt_gettoken_slow() must see that thread below"),
    ("t38_p", "", r"", "lwkt_gettoken_slow() must not take a token that a preempted thread below has: "
     "it waits, and so lets that thread go on"),
    ("t38_o", "", r"", "must_stay() must say true for a token that a thread below the running one "
     "holds"),
    ("t38_c", "", r"", "lwkt_gettoken_slow() must switch while it waits, so that the preempted thread "
     "goes on"),
    ("t39", "", r"", "lwkt_trytoken() is false, at once, when the token is elsewhere or below; then "
     "its reference is unlinked"),
    ("t40", "", r"that end|does not end", "kept_for_waiter() must keep a token only for an older "
     "waiter (td_tokticket), so that of two that wait for each other one goes on"),
    ("t40", "", r"", "kept_for_waiter() and must_stay() decide who keeps what: the older ticket"),
    ("t41_a", "", r"D, which has asked", "lwkt_reltoken_slow() answers the requests of others after it has "
     "waited, too"),
    ("t41", "", r"", "lwkt_reltoken_slow() must wait until no cpu has the reference's address, and "
     "answer() must not touch it after the answer"),
    ("t42", "", r"", "lwkt_gettoken_slow() has an assertion about gd_intr_nesting_level"),
    ("t43", "", r"", "answer() must tell the cpu of a thread that waits, so that it is asked to "
     "reschedule"),
    ("t44_t", "", r"td_mpcount 0, lock not held; [1-9]\d*, not held", "try_mplock() must leave td_mpcount as "
     "it was if it does not get the lock"),
    ("t44_t", "", r"", "try_mplock() counts if it gets the lock or this cpu has it already; rel_mplock() counts "
     "down by one, and frees the lock with the last count"),
    ("t44", "", r"", "get_mplock() lets others run while it waits, and rel_mplock() frees the lock "
     "with the last count"),
    ("t45_t", "", r"", "cpu_rel_mplock() frees the lock when a thread waits for a token; "
     "lwkt_gettoken_slow() must switch while it waits"),
    ("t45", "", r"", "cpu_rel_mplock() and cpu_try_mplock() keep gd_mpheld: with it, the switch lets "
     "the lock follow the next thread's count"),
    ("t46", "", r"", "cpu_try_mplock() must fail while another cpu has the lock, and change nothing "
     "then"),
    ("mp_count", "", r"", "cpu_try_mplock() must take the lock by one compare-and-swap, and "
     "cpu_rel_mplock() must publish it free"),
]

LAB7 = [
    ("", "up hang end", r"systimer_intr|insert\b", "systimer_intr() must take a timer off the queue "
     "before it calls its function, and set a periodic one to a time that is not over; insert() keeps "
     "the order"),
    ("", "up hang end", r"tsleep_timeout|wakeup_here|wakeup_one_remote|wakeup_all_remote", "the walk "
     "over the bucket does not end: wakeup_here() takes a thread off before it schedules it, and reads "
     "the next one first"),
    ("", "up hang end", r"wait_for_signal|lwkt_block", "lwkt_block() must be off the run queue "
     "(deschedule) before it switches, and go on only when it was signalled"),
    ("t4", "hang", r"W \(cpu \d+\) waits|woken before its time", "the clock of sleeps and pauses is "
     "wrong: insert() keeps the timers in the order of time, systimer_intr() runs those that are due, "
     "and lwkt_pause() and sleep_until_timeout() wait for them"),
    ("t50_e", "hang", r"", "lwkt_signal() must raise wa_gen at each call, even if nobody waits, and "
     "lwkt_block() must compare it after it has the token"),
    ("t5[012]", "hang", r"", "nobody wakes the waiter: lwkt_signal() takes it off the wait queue, and "
     "schedules it; lwkt_block() compares the generation when it has the token, and then "
     "tests what the signal changes"),
    ("", "up hang end", r"lwkt_pause|pause_is_over", "lwkt_pause() needs its timer (systimer_intr(), "
     "pause_is_over()) to be woken"),
    ("", "up hang end", r"sleep_until|\btsleep\b|waits: |all cpus are idle", "a wakeup is lost: "
     "tsleep_interlock() queues first, then sets the bit of this cpu; wakeup_domain() looks at the "
     "bits, and wakeup_here() schedules whoever sleeps on that ident; a timeout comes by "
     "tsleep_timeout()"),
    ("", "up hang end", r"took no tick", "the clock stands still: systimer_intr() must arm the timer "
     "for the first of the queue, and insert() must arm it for a new first one"),
    ("", "panic", r"idle thread cannot sleep|interrupt or IPI body|interrupt body", "tsleep() refuses "
     "the idle thread and the work of interrupts"),
    ("", "panic", FAULT, "a list has a thread or a timer that is gone: tsleep_remove() and "
     "systimer_intr() take off what they have queued"),
    ("", "panic", SECTIONS, "tsleep() and lwkt_block() leave the critical sections that they enter"),
    ("t47_l", "", r"", "tsleep() with PINTERLOCKED must not queue again: sleep_until_woken() sees that "
     "a wakeup has taken the thread off"),
    ("t47_s", "", r"TDF_\w+ left", "tsleep() must clear at its return what it has set: TDF_SINTR, TDF_TIMEOUT "
     "and TDF_NORESCHED; and it must be off its queue (tsleep_remove())"),
    ("t47_s", "", r"finds B", "tsleep_interlock() ends an older interlock, of the same ident, too, and joins the "
     "tail; tsleep() without PINTERLOCKED interlocks in any case (interlock_and_sleep()); afterwards "
     "sleep_until_woken() and sleep_until_timeout() leave neither a sleeper nor a timer"),
    ("t47", "", r"", "tsleep_interlock() does: queue, bit, fence, and then the caller's test; "
     "wakeup_domain() does: fence, then a look at the bits"),
    ("t48_late", "", r"EWOULDBLOCK", "tsleep() with PCATCH gives EINTR only if the sleep itself ended with "
     "0: not if its time was up"),
    ("t48_kill", "", r"EINTR", "tsleep() with PCATCH sets TDF_SINTR, and then looks whether the process was killed, "
     "before it looks whether it was woken; and again after the sleep"),
    ("t48", "", r"EWOULDBLOCK|ticks", "insert() queues a timer at its time; sleep_until_timeout() arms "
     "it and takes it back when a wakeup came first; tsleep_timeout() acts only on a thread that still "
     "sleeps"),
    ("t48", "", r"", "when tsleep() returns, its timer and TDF_TIMEOUT are gone "
     "(sleep_until_timeout(), tsleep_timeout())"),
    ("t49_one", "", r"", "wakeup_here() goes from the bucket's head and stops after one thread if it "
     "is to wake one"),
    ("t49_s", "", r"", "wakeup_one_from() asks the next cpu only if the one before had no thread to "
     "wake (wakeup_one_remote())"),
    ("t49_a", "", r"", "wakeup_here() must go on after each thread that it wakes, and wakeup_domain() "
     "must tell every cpu in the bucket's word (wakeup_all_remote())"),
    ("t49_d", "", r"", "wakeup_domain() and wakeup_here() must compare the domain, too"),
    ("t50_e", "", r"", "lwkt_signal() must raise wa_gen, and lwkt_block() must compare it after it has "
     "the token"),
    ("t50_r", "", r"", "lwkt_block() must compare the generation after it has the token"),
    ("t51", "", r"", "lwkt_block() joins at the tail, and lwkt_signal() takes from the head and counts "
     "wa_count down; count < 0 means all"),
    ("t52_r", "", r"", "lwkt_block() must test td_wait and switch in one critical section, so that the "
     "message that clears it does not come in between"),
    ("t52", "", r"", "lwkt_block() tests what lwkt_signal() changes, and leaves the queue alone"),
    ("order", "", r"", "insert() sorts by time, timers of the same time in the order of arming, and "
     "arms the hardware for the first; systimer_intr() runs all that are due"),
    ("delete", "", r"", "insert() must keep the whole queue linked, and systimer_intr() must run only "
     "what is still queued"),
    ("periodic", "", r"", "systimer_intr() sets a periodic timer to one period after its last due "
     "time or, unless that is later than now, after now, and queues it by insert()"),
    ("pause", "", r"timerleft|queued still", "lwkt_pause() goes by its timer's st_gd and not by the clock, or "
     "deletes the timer before it returns"),
    ("foreign", "", r"", "insert() changes the queue of its own cpu only"),
]

LAB8 = [
    ("", "up hang end", r"usched_release|release_and_switch", "usched_release() must set td_release to "
     "NULL: lwkt_switch calls it as long as it is set"),
    ("", "up hang end", r"lwkt_acquire|acquire_remote", "lwkt_acquire() must serve messages while it "
     "waits, and acquire_remote() waits until the thread is off its stack: neither TDF_RUNNING nor "
     "TDF_PREEMPT_LOCK"),
    ("", "up hang end", r"lwkt_setcpu|MIGRATING", "lwkt_setcpu_finish() sends the thread when it is "
     "off its stack, and lwkt_setcpu_remote() clears TDF_MIGRATING and enqueues it"),
    ("", "up hang end", r"wait_in_queue|usched_userexit|proc_user_return|user_return_ready|usched_acquire", "a "
     "process does not get a cpu, or does not give it up: become_current(), pick_from() and give_way() "
     "decide that; wait_in_queue() ends when a cpu has picked the process"),
    ("", "up hang end", r"all cpus are idle|waits|spins", "a process or a thread waits that nobody "
     "picks: usched_vacate() looks for the next one, pick_from() picks it, usched_claim_any() looks for a "
     "free cpu; a thread that moves is enqueued by lwkt_setcpu_remote()"),
    ("", "panic", r"while it waits in one", "wait_in_queue() must wait until the process is not in the "
     "queue any more, and pick_from() takes it out"),
    ("", "panic", r"left its port|port of \S+ moves", "the thread's port must move with it: "
     "lwkt_setcpu_self() and acquire_remote() call lwkt_port_move(), on the cpu that it leaves"),
    ("", "panic", r"belongs to cpu", "lwkt_setcpu_remote() and acquire_remote() must set td_gd before "
     "the thread is enqueued or TDF_MIGRATING is cleared"),
    ("", "panic", r"still on its stack", "lwkt_setcpu_finish() comes after the switch; "
     "lwkt_setcpu_self() must not send the thread itself"),
    ("", "panic", r"without the other's switch", "acquire_remote() must wait while the thread is "
     "preempted (TDF_PREEMPT_LOCK)"),
    ("", "panic", SECTIONS, "a thread was run while it moved: lwkt_setcpu_remote() must set td_gd "
     "before it clears TDF_MIGRATING, and enqueue the thread after that"),
    ("", "panic", r"while it is a sleeper|sleeper", "acquire_remote() refuses a thread in tsleep"),
    ("", "panic", FAULT, "a thread ran on two stacks or after its end: lwkt_setcpu_finish() sends it "
     "only when it is off its stack"),
    ("", "audit", r"cpus' lists", "lwkt_setcpu_self() takes the thread off the list of its old cpu, "
     "and lwkt_setcpu_remote() puts it on the new one's"),
    ("t53", "", r"list|astray|gd_tdallq", "lwkt_setcpu_self() takes the thread off the old cpu's list, "
     "and lwkt_setcpu_remote() puts it on the new one's, by what is true on that cpu"),
    ("t53", "", r"", "lwkt_setcpu_finish() must send the thread only after it is off its stack, and "
     "lwkt_setcpu_self() must read mycpu again after the switch"),
    ("t54", "", r"", "lwkt_setcpu_remote() must not wait inside the message"),
    ("t55", "", r"", "lwkt_setcpu_remote() must set td_gd before it clears TDF_MIGRATING"),
    ("t56_l", "", r"", "acquire_remote() must wait while the thread is TDF_RUNNING"),
    ("t56_p", "", r"", "acquire_remote() must wait while the thread is preempted (TDF_PREEMPT_LOCK), "
     "and lwkt_acquire() must serve messages meanwhile"),
    ("acquire", "", r"", "acquire_remote() has an assertion about TDF_TSLEEPQ"),
    ("busy|turns|levels|yield|credit|debt", "", r"had no turn|fair part|even share", "the current "
     "process keeps the cpu: usched_tick() must charge it and ask for a new choice, which give_way() "
     "makes by before()"),
    ("share", "", r"", "before() puts the process first that has had the least time, usched_tick() "
     "charges the current one and asks for a new choice, and give_way() makes it"),
    ("yield", "", r"", "give_way() and before() let the first process of the queue go first, and "
     "usched_vacate() looks for it"),
    ("busy", "", r"", "usched_vacate() must look at the queue after the cpu has become free, and "
     "usched_claim_any() must look for a free cpu after the process is queued"),
    ("wake", "", r"", "before() compares the time that each has had, and usched_tick() must ask the "
     "current process to give way (give_way())"),
    ("credit|debt", "", r"", "the bounds are given (limit_credit); before() and usched_tick() must use "
     "and charge the same time"),
    ("turns", "", r"", "give_way() must not put a process that was woken before one that has had less "
     "time (before())"),
    ("affinity", "", r"", "pick_from(), usched_claim_any() and give_way() must check usched_may_use"),
    ("levels", "", r"", "before() compares the level first, then the time, and give_way() compares by "
     "that rule"),
    ("late", "", r"", "give_way() and wait_in_queue() decide when a process leaves for user mode: a "
     "better thread must run before that"),
    ("storm", "", r"", "become_current() changes gd_uschedcp from NULL to p by compare-and-swap, and "
     "usched_vacate() changes it back, once, on its own cpu"),
]

LAB9 = [
    ("t62_a", "hang", "", "a reply or a notice of the abort is missing: abort_here() takes a message that is "
     "queued off its queue and replies EABORTED, and queues one that its receiver has at the abort port. (If "
     "t62_sync fails, too, begin with that.)"),
    ("t62_once", "", r"FOR C:error", "lwkt_domsg() sets ms_error, too, if the port replies at once"),
    ("", "up hang end", r"wait_for_count", "a master waits for its targets: lwkt_cpusync_remote1() and "
     "lwkt_cpusync_remote2() must count in cs_count once each, and lwkt_cpusync_add() and "
     "lwkt_cpusync_finish() must wait for as many as they have told"),
    ("", "up hang end", r"lwkt_cpusync_stopped|lwkt_cpusync_remote|lwkt_smp_stopped", "a target is "
     "never let go: lwkt_cpusync_finish() must publish -1 in cs_count, and lwkt_cpusync_remote2() must "
     "clear the master's bit"),
    ("", "up hang end", r"thread_waitport|lwkt_domsg|waits: |lwkt_waitport", "no reply arrives: "
     "thread_replyport() sends reply_body() to the port's cpu, which sets DONE and calls wake_owner(); "
     "thread_waitport() looks again after each wakeup"),
    ("", "end", r"", "the machine's end stops all cpus by a cpusync: lwkt_cpusync_start(), "
     "lwkt_cpusync_add() and lwkt_cpusync_finish() must end, and lwkt_cpusync_remote1() must count"),
    ("", "up hang", r"all cpus are idle|spins", "a message or a reply is lost: put_body() and "
     "reply_body() run on the port's cpu and call wake_owner()"),
    ("", "panic", r"replied to twice", "a message got two replies: abort_here() replies only while the "
     "message is queued, and thread_replyport() tests MSGF_REPLY1 on the port's cpu"),
    ("", "panic", r"is not mastering|masters a cpusync|cpusync", "lwkt_cpusync_start() raises "
     "td_cscount, and lwkt_cpusync_finish() lowers it, in one critical section from start to finish"),
    ("", "panic", SECTIONS, "lwkt_cpusync_start() enters a critical section, which "
     "lwkt_cpusync_finish() leaves"),
    ("", "panic", FAULT, "a target used the master's memory too late: lwkt_cpusync_remote2() reads "
     "what it needs before it counts; a message belongs to the sender again when reply_body() has set "
     "DONE"),
    ("", "audit", r"messages left", "the look at the machine after the scene stops all cpus: a stopped "
     "cpu must serve messages, so lwkt_cpusync_remote1() only notes the master and does not wait in "
     "its body"),
    ("t34_o", "", r"served by the stopped", "a stopped cpu must serve messages: lwkt_cpusync_remote1() "
     "only notes the master, and does not wait in its body"),
    ("t34_o", "", r"released before|fin", "lwkt_cpusync_remote2() must wait for "
     "lwkt_cpusync_finish()'s -1"),
    ("t34_o", "", r"", "lwkt_cpusync_remote1() must count after cs_run_func has run, and "
     "lwkt_cpusync_add() must wait for all"),
    ("t34_sh", "", r"", "lwkt_cpusync_finish() runs fin1 and fin2 on the master's own cpu, too, and "
     "lwkt_cpusync_remote2() runs fin1 before it counts and fin2 after that"),
    ("t34_t", "", r"", "lwkt_cpusync_remote1() must note every master's cpusync, and "
     "lwkt_cpusync_finish() must ask for a look (RQF_IPIQ) if others have stopped this cpu meanwhile"),
    ("t34_sw", "", r"", "lwkt_cpusync_start() must raise td_cscount, by which the switch is noticed"),
    ("t62_o", "", r"", "put_body() and thread_putport() queue at the tail, on the port's own cpu; "
     "thread_getport() takes from the head"),
    ("t62_s", "", r"", "thread_waitport() must look again after each wakeup, and reply_body() must set "
     "DONE on the waiter's cpu and call wake_owner()"),
    ("t62_a", "", r"", "abort_here() replies only while the message is queued; after that only the "
     "receiver replies, and is told"),
    ("t62_r", "", r"", "abort_here() and thread_replyport() must set and test MSGF_REPLY1 on the "
     "target port's cpu"),
    ("t62_m", "", r"", "put_body() must pass a message on to the port's new cpu (mp_gd)"),
]

RULES = {1: LAB1, 2: LAB2, 3: LAB3, 4: LAB4, 5: LAB5, 6: LAB6, 7: LAB7, 8: LAB8, 9: LAB9}
