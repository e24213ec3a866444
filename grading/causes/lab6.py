# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 6 usually come from: tokens, and the giant lock."""

from grading.causes.patterns import FAULT

WRITES = (
    "answer cpu_rel_mplock cpu_try_mplock get_mplock kept_for_waiter lwkt_answer_requests "
    "lwkt_chktokens lwkt_gettoken_slow lwkt_reltoken_slow lwkt_trytoken must_stay rel_mplock "
    "reqtoken_remote request try_mplock"
)

RULES = [
    ("", "up hang end", r"lwkt_reltoken_slow", "lwkt_reltoken_slow() waits until its reference is no "
     "longer asked for, and must serve messages meanwhile; answer() must answer every request once"),
    ("", "up hang end", r"get_mplock", "get_mplock() must let others run until this cpu owns the lock: "
     "rel_mplock() or cpu_rel_mplock() did not free it, or gd_mpheld is not kept up to date"),
    ("t44_l", "hang", r"is off the run queue", "get_mplock() yields, because a thread that is off its run queue must come "
     "back to it"),
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
    ("t", "", r"in the trace", "lwkt_gettoken_slow() traces that it waits, and that it has the token; lwkt_trytoken() "
     "traces that it has it"),
    ("t38_p", "", r"count one wait", "lwkt_gettoken_slow() counts a wait in token_contention, once"),
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
    ("t41_f", "", r"", "request() does not wait if the ring is full: it leaves the reference as it was, and "
     "lwkt_chktokens() asks again at the next switch"),
    ("t41_k", "", r"", "lwkt_answer_requests() keeps the requests that come in while it answers, and goes through all"),
    ("t41_again", "", r"", "lwkt_reltoken_slow() marks the reference as unwanted, and then waits, serving messages, until "
     "no cpu has its address"),
    ("t41", "", r"", "lwkt_reltoken_slow() must wait until no cpu has the reference's address, and "
     "answer() must not touch it after the answer"),
    ("t42", "", r"", "lwkt_gettoken_slow() has an assertion about gd_intr_nesting_level"),
    ("t43_gone", "", r"waited for longer|before D", "lwkt_answer_requests() gives the token to the oldest that waits (the "
     "lowest ticket), and to one only"),
    ("t43_gone", "", r"asked to reschedule", "answer() tells the cpu of a thread that waits, whether it gives the token or "
     "not, so that the thread looks and asks again"),
    ("t43", "", r"", "answer() must tell the cpu of a thread that waits, so that it is asked to "
     "reschedule"),
    ("t44_l", "", r"contention counted", "get_mplock() counts mplock_contention if it has to wait"),
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
