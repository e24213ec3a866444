# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 9 usually come from: messages."""

from grading.causes.patterns import FAULT, SECTIONS

WRITES = (
    "abort_here lwkt_cpusync_add lwkt_cpusync_finish lwkt_cpusync_remote1 lwkt_cpusync_remote2 "
    "lwkt_cpusync_start lwkt_domsg lwkt_replymsg lwkt_sendmsg put_body reply_body thread_getport "
    "thread_putport thread_replyport thread_waitport wake_owner"
)

RULES = [
    ("t62_pick", "hang", r"the scene to end", "a reply is there, and nobody looks: lwkt_domsg() waits at the message's reply port (ms_reply_port), which need "
     "not be the caller's td_msgport"),
    ("t62_a", "hang", "", "a reply or a notice of the abort is missing: abort_here() takes a message that is "
     "queued off its queue and replies EABORTED, and queues one that its receiver has at the abort port. (If "
     "t62_sync fails, too, begin with that.)"),
    ("t62_once", "", r"FOR C:error", "lwkt_domsg() sets ms_error, too, if the port replies at once"),
    ("t62_once", "hang", r"FOR C:replied", "lwkt_sendmsg() takes any number but EASYNC for a reply at once, also a "
     "negative one, and sends the message on its way by lwkt_replymsg(); lwkt_domsg() waits only for EASYNC"),
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
    ("t34_o", "", r"the last of the fin1|the master's own", "lwkt_cpusync_finish() plays the master's own part, fin1 and then "
     "fin2, after all targets have counted down"),
    ("t34_o", "", r"released before|fin", "lwkt_cpusync_remote2() must wait for "
     "lwkt_cpusync_finish()'s -1"),
    ("t34_o", "", r"", "lwkt_cpusync_remote1() must count after cs_run_func has run, and "
     "lwkt_cpusync_add() must wait for all"),
    ("t34_sh", "", r"", "lwkt_cpusync_finish() runs fin1 and fin2 on the master's own cpu, too, and "
     "lwkt_cpusync_remote2() runs fin1 before it counts and fin2 after that"),
    ("t34_t", "", r"", "lwkt_cpusync_remote1() must note every master's cpusync, and "
     "lwkt_cpusync_finish() must ask for a look (RQF_IPIQ) if others have stopped this cpu meanwhile"),
    ("t34_sw", "", r"", "lwkt_cpusync_start() must raise td_cscount, by which the switch is noticed"),
    ("t62", "", r"without ASYNC|with ASYNC", "lwkt_sendmsg() sets MSGF_ASYNC and keeps the other flags; lwkt_domsg() does "
     "not set it"),
    ("t62", "", r"without ABORTABLE", "lwkt_sendmsg() and lwkt_domsg() keep the flags that the message was prepared with: "
     "they set bits, and assign nothing"),
    ("t62", "", r"with(out)? QUEUED|with(out)? RETRIEVED", "put_body() sets MSGF_QUEUED; thread_getport() clears it and sets "
     "MSGF_RETRIEVED; abort_here() clears it when it takes a message off the queue"),
    ("t62", "", r"with(out)? DONE", "reply_body() sets MSGF_DONE, on the reply port's cpu; lwkt_domsg() and lwkt_sendmsg() "
     "do if the port replies at once"),
    ("t62", "", r"with(out)? REPLY1", "lwkt_replymsg() sets MSGF_REPLY1, and lwkt_sendmsg() calls it if the port replies at "
     "once"),
    ("t62", "", r"with(out)? ABORTED", "abort_here() sets MSGF_ABORTED, unless the message is replied to already"),
    ("", "panic", r"not abortable", "lwkt_sendmsg() and lwkt_domsg() keep MSGF_ABORTABLE, with which the message was "
     "prepared"),
    ("t62_st", "", r"FOR \w+:waiting", "thread_waitport() marks the port WAITING while it waits, wake_owner() takes that "
     "back when it schedules the owner, and schedules nobody else"),
    ("t62_st", "", r"FOR \w+:no-wmesg|FOR \w+:port", "thread_waitport() says \"port\" in td_wmesg while it waits, and takes "
     "it back"),
    ("t62_pick", "", r"", "thread_waitport() with a message waits for that one, whatever else is queued, and takes it "
     "off the queue"),
    ("t62_reuse", "", r"", "thread_replyport() and reply_body() touch nothing of a message once it is DONE, or once they "
     "have sent it: it is the sender's again"),
    ("t62_once", "", r"FOR C:replied", "lwkt_domsg() gives the reply of a port that replies at once, and lwkt_sendmsg() "
     "sends such a message on its way by lwkt_replymsg()"),
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
