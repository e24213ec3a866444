# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 8 usually come from: migration and the user scheduler."""

from grading.causes.patterns import FAULT, SECTIONS

WRITES = (
    "acquire_remote become_current before give_way lwkt_acquire lwkt_setcpu_finish lwkt_setcpu_remote "
    "pick_from usched_claim_any usched_release usched_tick usched_vacate wait_in_queue "
    "lwkt_setcpu_self"
)

RULES = [
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
    ("t53_p", "", r"", "lwkt_setcpu_self() takes the thread's port along, and acquire_remote() makes it the asker's "
     "(lwkt_port_move()), on the cpu that the thread leaves"),
    ("t53_s", "", r"", "lwkt_setcpu_finish() calls cpu_thread_leave(), so that the old cpu keeps nothing of the process's "
     "memory loaded"),
    ("t5[56]", "", r"on its cpu's list|gd_tdallq", "acquire_remote() takes the thread off its cpu's list, and "
     "lwkt_acquire() puts it on this one's; lwkt_setcpu_self() and lwkt_setcpu_remote() do the same for one that "
     "moves"),
    ("t56", "panic", FAULT, "lwkt_acquire() waits for the answer to each request that it has sent, also after \"busy\" "
     "(ACQ_ASKED again before each): otherwise acquire_remote() finds one that is gone"),
    ("t56", "", r"neither running nor preempted", "acquire_remote() says \"busy\" while the thread is TDF_RUNNING or has "
     "TDF_PREEMPT_LOCK"),
    ("t56_m", "", r"", "acquire_remote() sends the request on to the cpu in td_gd if the thread has moved"),
    ("t56_o", "", r"", "lwkt_acquire() asks nobody for a thread of its own cpu, and does not wait for the caller"),
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
    ("share|yield|busy|wake|credit|debt|turns|affinity|levels|storm|home", "", r"its cpu's current process",
     "a process computes without being its cpu's current one: become_current() claims a cpu and moves there before "
     "it returns, and usched_vacate() clears gd_uschedcp only for a process that leaves user mode"),
    ("states", "", r"to be charged", "usched_release() charges the process for the time since it was designated, once"),
    ("states", "", r"", "usched_release() clears td_release, sets the priority TDPRI_KERN_USER, charges, and vacates the "
     "cpu; become_current() designates it anew on its way to user mode"),
    ("ticks", "", r"to be charged", "usched_tick() charges the current process (it has td_release), and no other thread"),
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
     "that rule; usched_release() charges a process before usched_vacate() frees its cpu, since the next one "
     "is noted in the same place"),
    ("x", "panic", r"before cpu_thread_leave", "lwkt_setcpu_finish() calls cpu_thread_leave() before it sends the "
     "thread: it may be on its new cpu afterwards"),
    ("x_usched", "panic", r"stores to &usched_cpus", "usched_release() charges a process before usched_vacate() frees "
     "its cpu: afterwards the place is that of the cpu's next process"),
    ("x_usched_h", "hang", r"all cpus wait", "a process is in the queue, and no cpu looks: usched_vacate() frees the "
     "cpu, then looks whether anybody waits; become_current() is off its run queue and in the queue before "
     "it looks for a free cpu, and pick_from() schedules whom it takes out"),
    ("late", "", r"", "give_way() and wait_in_queue() decide when a process leaves for user mode: a "
     "better thread must run before that"),
    ("storm", "", r"", "become_current() changes gd_uschedcp from NULL to p by compare-and-swap, and "
     "usched_vacate() changes it back, once, on its own cpu"),
]
