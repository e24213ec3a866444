# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 4 usually come from: iPIs."""

from grading.causes.patterns import FAULT

WRITES = (
    "append drain drain_rings enqueue_message enqueue_nowait ipi_raise_sbi ipi_raise_sswi lwkt_schedule "
    "lwkt_schedule_remote lwkt_send_ipiq_mask lwkt_wait_ipiq make_room notify ring_depth "
    "wait_for_room lwkt_drain_ipiq lwkt_poll_ipiq schedule_elsewhere send"
)

RULES = [
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
    ("t30", "audit", r"messages left", "lwkt_poll_ipiq() looks at the rings of all cpus, also at those after one that "
     "does not exist (NULL), this cpu's own place among them"),
    ("", "audit", r"messages left", "drain() or lwkt_drain_ipiq() leaves messages in a ring, or send() "
     "tells nobody"),
    ("", "audit", r"did not fetch", "lwkt_drain_ipiq() must take the bits of gd_ipimask back"),
    ("t21_raise", "", r"to return true", "ipi_raise_sbi() is true if the firmware has accepted (a0 is 0), and "
     "ipi_raise_sswi() if the board has the device"),
    ("t21_[hr]", "", r"", "ipi_raise_sbi() takes a hart's id (cpu_hartid), and ipi_raise_sswi() a place "
     "(cpu_sswi_index); a cpu's number is neither"),
    ("t21", "", r"within 1 ms", "the message came with the next tick: notify() did not raise the "
     "interrupt, or did so before append(), or lwkt_drain_ipiq() took the bits after it had looked at "
     "the rings"),
    ("t21", "", r"", "lwkt_schedule() sends lwkt_schedule_remote() to the thread's cpu, and notify() "
     "raises the interrupt after the message is in the ring"),
    ("t25_m", "", r"ask for nothing", "lwkt_schedule() calls _lwkt_schedule_post() only for a thread that it "
     "has enqueued; one that migrates (TDF_MIGRATING) is enqueued by its new cpu"),
    ("t25_m", "", r"in the trace|the trace of", "lwkt_schedule() traces KTR_SCHEDULE with the thread and the number of the "
     "cpu that owns it"),
    ("t25_moved", "", r"", "lwkt_schedule_remote() calls lwkt_schedule() again: the thread may have moved on since the "
     "message was sent"),
    ("t25", "", r"", "lwkt_schedule() must enqueue on the thread's own cpu; for another cpu's thread "
     "it sends lwkt_schedule_remote() there"),
    ("t27_w", "", r"", "ring_depth() and lwkt_wait_ipiq() must compare indices by their difference, "
     "which wraps, and not as numbers"),
    ("t27", "", r"", "a message is lost or comes twice: append() publishes ip_windex after the slot is "
     "written, drain() raises ip_rindex after the slot is copied, and enqueue_message() waits when the "
     "ring is full"),
    ("t28_f", "", r"misnumbered", "enqueue_message() returns the number that append() gives after the wait"),
    ("t28_f", "", r"deep", "wait_for_room() must put messages off at NESTING_MAX"),
    ("t28", "", r"half full|half of", "enqueue_message() lets a thread fill half of the ring, and only "
     "bodies fill the rest; wait_for_room() gets that limit"),
    ("t28_room", "", r"ipiq_fifofull", "wait_for_room() must count ipiq_fifofull, once a wait and not at "
     "each turn of its loop"),
    ("t28", "", r"wait for room", "enqueue_message() must call wait_for_room() when the ring is full "
     "for it, and wait_for_room() must count ipiq_fifofull"),
    ("t28", "", r"order|messages", "a full ring was written over: enqueue_message() must look at "
     "ring_depth() before append(); drain() must copy the slot before it raises ip_rindex"),
    ("t28", "", r"", "wait_for_room() must serve this cpu's own rings while it waits"),
    ("t29", "", r"the target told", "send() tells the target (notify()) of each message that is in the ring, and of "
     "none that enqueue_nowait() has refused"),
    ("t29", "", r"", "enqueue_nowait() refuses, with -1 and without a message, when two thirds of the "
     "ring are used"),
    ("t30_f", "", r"no wait for a tick|ipiq_hardware", "wait_for_room() tells the target by notify() and raises the "
     "interrupt, whoever waits: the ring may be full of passive messages"),
    ("t30_p", "", r"gd_intr_nesting_level", "lwkt_poll_ipiq() runs messages as drain_rings() does, with "
     "gd_intr_nesting_level raised by one"),
    ("t30", "", r"hardware", "send() with SEND_PASSIVE must not call notify()"),
    ("t30", "", r"", "send() with SEND_PASSIVE counts ipiq_passive, and lwkt_poll_ipiq() looks at all "
     "rings at the next tick"),
    ("t31_", "", r"number", "append() gives the number of messages written so far, this one included, and send() "
     "returns it; each is counted in ipiq_count"),
    ("t31_", "", r"gd_intr_nesting_level", "drain_rings() runs messages with gd_intr_nesting_level raised by one"),
    ("t31_b", "", r"", "notify() raises only if this cpu's bit was not set in the target's gd_ipimask "
     "yet, and counts ipiq_hardware or ipiq_avoided"),
    ("t31_l", "", r"", "lwkt_drain_ipiq() must take the bits of gd_ipimask before drain() reads the "
     "indices"),
    ("t32", "", r"", "drain() must raise ip_xindex after the body has ended, and not for messages that "
     "ran inside an earlier body; lwkt_wait_ipiq() waits for that"),
    ("t33_m", "", r"", "lwkt_send_ipiq_mask() sends to each cpu of the mask, 0 to 63, runs the function itself if the "
     "own cpu is among them, and returns how many there are"),
    ("t33_o|t33_i", "", r"", "lwkt_schedule() refuses an idle thread; it enqueues a thread of this cpu, and asks "
     "(_lwkt_schedule_post()) unless that is the caller"),
    ("t33", "", r"", "send() is not asked for the own cpu: lwkt_send_ipiq_mask() must not put a "
     "message to oneself into a ring"),
]
