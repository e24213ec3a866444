# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 7 usually come from: waiting."""

from grading.causes.patterns import FAULT, SECTIONS

WRITES = (
    "end_wait end_wait_there end_waits_there insert interlock_and_sleep join_queue lwkt_block lwkt_pause "
    "lwkt_signal pause_is_over remove_sleeper sleep_until_timeout sleep_until_woken "
    "systimer_intr tsleep tsleep_interlock tsleep_remove tsleep_timeout wait_for_signal "
    "wakeup_all_remote wakeup_domain wakeup_here wakeup_one_from wakeup_one_remote wakeup_others"
)

RULES = [
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
    ("t4[78]", "", r"TDF_\w+ left", "tsleep() must clear at its return what it has set: TDF_SINTR, TDF_TIMEOUT "
     "and TDF_NORESCHED; and it must be off its queue (tsleep_remove()), also if it returns without a sleep"),
    ("t47_s", "", r"PNORESCHED", "tsleep() sets TDF_NORESCHED for a sleep with PNORESCHED, and for no other, so that the "
     "wakeup asks for no reschedule"),
    ("t4[78]", "", r"off its queue at the return", "sleep_until_timeout() deletes its timer before it returns: it is on "
     "the stack"),
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
    ("t49", "", r"slept longest", "tsleep_interlock() puts the thread at the tail of its bucket, and wakeup_here() goes from "
     "the head"),
    ("t49_[os]", "", r"own cpu if one sleeps there", "wakeup_domain() looks at the own cpu first, and then "
     "wakeup_one_from() asks the first cpu of the word"),
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
    ("t5[12]", "", r"td_wmesg|td_wait", "lwkt_block() sets td_wait and td_wmesg, leaves the run queue, and takes both "
     "back at the end; lwkt_signal() clears td_wait of those whom it wakes"),
    ("t5[12]", "", r"generation", "lwkt_signal() raises the generation once, and lwkt_block() brings the caller's up to "
     "date"),
    ("t5[12]", "", r"\d waiters|readings of the queue", "lwkt_block() counts itself in wa_count, and lwkt_signal() takes "
     "those whom it wakes off it"),
    ("t51", "", r"", "lwkt_block() joins at the tail, and lwkt_signal() takes from the head and counts "
     "wa_count down; count < 0 means all"),
    ("t52_r", "", r"", "lwkt_block() must test td_wait and switch in one critical section, so that the "
     "message that clears it does not come in between"),
    ("t52", "", r"", "lwkt_block() tests what lwkt_signal() changes, and leaves the queue alone"),
    ("order|same|delete|foreign", "", r"splz's critical section", "systimer_intr() calls a timer's function in splz's "
     "section, without one of its own"),
    ("order", "", r"", "insert() sorts by time, timers of the same time in the order of arming, and "
     "arms the hardware for the first; systimer_intr() runs all that are due"),
    ("delete", "", r"", "insert() must keep the whole queue linked, and systimer_intr() must run only "
     "what is still queued"),
    ("periodic", "", r"", "systimer_intr() sets a periodic timer to one period after its last due "
     "time or, unless that is later than now, after now, and queues it by insert()"),
    ("pause", "", r"pause of|run queue while it pauses|three pauses", "lwkt_pause() sets the timer to now and usec "
     "microseconds, leaves the run queue before each switch, and sleeps on until the timer has fired"),
    ("x_timer", "hang", r"all cpus wait", "a timer that is due wakes nobody: lwkt_pause() looks, each time before it "
     "leaves the run queue, whether its timer has fired; insert() and systimer_intr() arm the hardware for the first"),
    ("pause", "", r"timerleft|queued still", "lwkt_pause() goes by its timer's st_gd and not by the clock, or "
     "deletes the timer before it returns"),
    ("foreign", "", r"", "insert() changes the queue of its own cpu only"),
]
