/* SPDX-License-Identifier: BSD-3-Clause
 * Message ports of threads: see msgport.h.
 *
 * A port belongs to a cpu (mp_gd), its owner's. Only that cpu, in a critical section, touches the
 * queue, the port's flags, and the flags of the messages that are at the port. Code on another cpu
 * sends an IPI message that carries the message. So there is no lock, and a reply is DONE on the cpu
 * of the thread that waits for it: that thread cannot see DONE, go on and be gone, while another cpu
 * is still about to schedule it.
 *
 * Order: messages from one sender to one port are received in the order in which they were sent,
 * and its replies likewise, since IPI messages between two cpus keep theirs. The exception is an
 * owner that moves (lwkt_setcpu_self, lwkt_acquire) while messages are on their way to it: these
 * are passed on by the cpu that they find it gone from, and later ones, sent straight to the new
 * cpu, can overtake them. No message is lost, or there twice. Only td_msgport moves with its
 * thread; the owner of another port stays where it is.
 *
 *   owner, on the old cpu               old cpu                    new cpu
 *   publish mp_gd = new  -- from here on passes on what comes,  and queues what comes,
 *   leaves                  and touches the port no more        though the owner is not there yet
 *
 * Differences from DragonFly:
 *   - The operations are a table that ports share. A port has no operation that takes a message
 *     without waiting, since nothing needs one.
 *   - lwkt_abortmsg waits for the target's cpu. There, the abort could arrive after the sender had seen
 *     the reply and reused the message.
 *   - MSGF_REPLY2 is not needed: it said what MSGF_DONE says. MSGF_PCATCH is not either: only a process
 *     can be killed, and its ports (proc/caps.c) all catch it.
 */
#include "lwkt/msgport.h"

#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/runq.h"
#include "lwkt/waitwarn.h"

/* --- on the port's cpu, in a critical section --- */

static inline bool port_is_here(lwkt_port_t port)
{
    return consume(&port->mp_gd) == mycpu; /* publish: lwkt_port_move */
}

/* Make td, which waits at its port, runnable. It is elsewhere only while lwkt_acquire fetches it: the
 * port goes first. */
static inline void schedule_owner(thread_t td)
{
    if (peek(&td->td_gd) == mycpu)
        _lwkt_schedule_here(mycpu, td);
    else
        lwkt_schedule(td);
}

/* Something has arrived, so wake the owner if it waits. */
static void wake_owner(lwkt_port_t port)
{ /* lab 9 */
    KASSERT(port_is_here(port), "%s's port is cpu %d's", port->mp_td->td_comm,
            port->mp_gd->gd_cpuid);
    if (port->mp_flags & MSGPORTF_WAITING) {
        port->mp_flags &= ~MSGPORTF_WAITING;
        schedule_owner(port->mp_td);
    }
}

static void queue_here(lwkt_port_t port, lwkt_msg_t msg)
{
    poke(&msg->ms_flags, msg->ms_flags | MSGF_QUEUED);
    list_insert_tail(&port->mp_msgq, &msg->ms_node);
    wake_owner(port);
}

static void unqueue_here(lwkt_msg_t msg)
{
    list_remove(&msg->ms_node);
    poke(&msg->ms_flags, msg->ms_flags & ~MSGF_QUEUED);
}

/* Returns true if the port is on this cpu, so that the caller can go on. Otherwise sends body(arg) to
 * the port's cpu as an IPI body, which calls this again because the port may have moved meanwhile. */
static bool go_to_port(lwkt_port_t port, ipifunc_t body, void *arg)
{
    if (port_is_here(port))
        return true;
    lwkt_send_ipiq(peek(&port->mp_gd), body, arg);
    return false;
}

/* --- put and reply --- */

static void put_body(void *arg)
{ /* lab 9 */
    lwkt_msg_t msg = arg;

    if (!go_to_port(msg->ms_target_port, put_body, msg))
        return;
    if (msg->ms_flags & MSGF_ABORTED) /* overtaken by its abort */
        lwkt_replymsg(msg, EABORTED);
    else
        queue_here(msg->ms_target_port, msg);
}

static int thread_putport(lwkt_port_t port, lwkt_msg_t msg)
{ /* lab 9 */
    (void)port;
    crit_enter();
    put_body(msg);
    crit_exit();
    return EASYNC;
}

static void reply_body(void *arg)
{ /* lab 9 */
    lwkt_msg_t msg = arg;

    if (!go_to_port(msg->ms_reply_port, reply_body, msg))
        return;
    KASSERT((msg->ms_flags & (MSGF_DONE | MSGF_QUEUED)) == 0, "a message is replied to twice");
    poke(&msg->ms_flags, msg->ms_flags | MSGF_DONE);
    if (msg->ms_flags & MSGF_ASYNC)
        queue_here(msg->ms_reply_port, msg);
    else
        wake_owner(msg->ms_reply_port);
}

static void thread_replyport(lwkt_port_t port, lwkt_msg_t msg)
{ /* lab 9 */
    (void)port;
    reply_body(msg);
}

/* --- get and wait: the owner, on its cpu, in a critical section --- */

static void assert_owner(lwkt_port_t port)
{
    KASSERT(curthread == port->mp_td, "%s uses %s's port", curthread->td_comm,
            port->mp_td->td_comm);
    KASSERT(port_is_here(port), "%s has left its port on cpu %d", curthread->td_comm,
            port->mp_gd->gd_cpuid);
}

static lwkt_msg_t thread_getport(lwkt_port_t port)
{ /* lab 9 */
    lwkt_msg_t msg;

    assert_owner(port);
    if (list_empty(&port->mp_msgq))
        return NULL;
    msg = list_entry(list_first(&port->mp_msgq), struct lwkt_msg, ms_node);
    unqueue_here(msg);
    poke(&msg->ms_flags, msg->ms_flags | MSGF_RETRIEVED);
    return msg;
}

/* The receiver's cpu may be changing other bits of ms_flags, but only this cpu sets MSGF_DONE. */
static bool has_come(lwkt_port_t port, lwkt_msg_t msg)
{
    return msg != NULL ? (peek(&msg->ms_flags) & MSGF_DONE) != 0 : !list_empty(&port->mp_msgq);
}

/*
 * The critical section keeps arrivals out between the test and the switch. If the thread is woken
 * although nothing has arrived, it sleeps again.
 */
static lwkt_msg_t thread_waitport(lwkt_port_t port, lwkt_msg_t msg)
{ /* lab 9 */
    crit_enter();
    assert_owner(port);
    while (!has_come(port, msg)) {
        port->mp_flags |= MSGPORTF_WAITING;
        curthread->td_wmesg = "port";
        _lwkt_dequeue(curthread);
        lwkt_switch();
        curthread->td_wmesg = NULL;
    }
    port->mp_flags &= ~MSGPORTF_WAITING;
    if (msg == NULL)
        msg = thread_getport(port);
    else if (msg->ms_flags & MSGF_QUEUED)
        unqueue_here(msg);
    crit_exit();
    return msg;
}

/* --- abort --- */

struct abort_request {
    lwkt_msg_t msg;
    uint32 done; /* publish, consume */
};

/* The message is at the target port, on its way to it, or on its way back. In the last case MSGF_REPLY1
 * has been set, on this cpu, and the reply port's cpu may be changing other flags. */
static void abort_here(lwkt_msg_t msg)
{ /* lab 9 */
    if (peek(&msg->ms_flags) & (MSGF_REPLY1 | MSGF_ABORTED))
        return;
    poke(&msg->ms_flags, msg->ms_flags | MSGF_ABORTED);
    if (msg->ms_flags & MSGF_QUEUED) {
        unqueue_here(msg);
        lwkt_replymsg(msg, EABORTED);
    } else if ((msg->ms_flags & MSGF_RETRIEVED) && msg->ms_abort_port != NULL) {
        queue_here(msg->ms_abort_port, msg);
    }
}

static void abort_body(void *arg)
{
    struct abort_request *rq = arg;

    if (!go_to_port(rq->msg->ms_target_port, abort_body, rq))
        return;
    abort_here(rq->msg);
    publish(&rq->done, 1); /* consume: thread_abortport */
}

static void thread_abortport(lwkt_port_t port, lwkt_msg_t msg)
{
    struct abort_request rq = {.msg = msg};

    (void)port;
    crit_enter();
    KASSERT(mycpu->gd_intr_nesting_level == 0, "lwkt_abortmsg in an interrupt or IPI body");
    abort_body(&rq);

    struct waitwarn w = {0};

    while (consume(&rq.done) == 0) { /* publish: abort_body */
        cpu_relax();
        lwkt_process_ipiq();
        if (wait_turn(&w))
            w.since = lwkt_wait_lasts(w.since, curthread, __func__, "a message to be aborted", 0);
    }
    crit_exit();
}

/* --- common to all kinds of ports --- */

static const struct lwkt_portops thread_portops = {
    .putport = thread_putport,
    .waitport = thread_waitport,
    .replyport = thread_replyport,
    .abortport = thread_abortport,
};

void lwkt_initport(lwkt_port_t port, thread_t td)
{
    list_init(&port->mp_msgq);
    port->mp_ops = &thread_portops;
    port->mp_td = td;
    port->mp_gd = td->td_gd;
    port->mp_flags = 0;
}

void lwkt_port_move(lwkt_port_t port, globaldata_t rgd)
{
    KASSERT(port_is_here(port), "the port of %s moves, and is not here", port->mp_td->td_comm);
    publish(&port->mp_gd, rgd); /* consume: port_is_here */
}

void lwkt_initmsg(lwkt_msg_t msg, lwkt_port_t reply_port, int cmd, uint32 flags)
{
    *msg = (struct lwkt_msg){.ms_reply_port = reply_port, .ms_cmd = cmd, .ms_flags = flags};
    list_init(&msg->ms_node);
}

/* A port that replies at once leaves nothing to wait for: the reply goes its way from here. */
void lwkt_sendmsg(lwkt_port_t port, lwkt_msg_t msg)
{ /* lab 9 */
    KASSERT((msg->ms_flags & ~MSGF_ABORTABLE) == 0, "a message with flags %x is sent",
            msg->ms_flags);
    poke(&msg->ms_flags, msg->ms_flags | MSGF_ASYNC);
    msg->ms_target_port = port;
    int error = port->mp_ops->putport(port, msg);
    if (error != EASYNC)
        lwkt_replymsg(msg, error);
}

int lwkt_domsg(lwkt_port_t port, lwkt_msg_t msg)
{ /* lab 9 */
    KASSERT((msg->ms_flags & ~MSGF_ABORTABLE) == 0, "a message with flags %x is sent",
            msg->ms_flags);
    msg->ms_target_port = port;
    int error = port->mp_ops->putport(port, msg);
    if (error != EASYNC) {
        msg->ms_error = error;
        poke(&msg->ms_flags, msg->ms_flags | MSGF_DONE);
        return error;
    }
    lwkt_waitport(msg->ms_reply_port, msg);
    return msg->ms_error;
}

/* The message may be reused as soon as replyport has it. */
void lwkt_replymsg(lwkt_msg_t msg, int error)
{ /* lab 9 */
    lwkt_port_t port = msg->ms_reply_port;

    crit_enter();
    KASSERT((msg->ms_flags & (MSGF_REPLY1 | MSGF_DONE)) == 0, "a message is replied to twice");
    if (msg->ms_flags & MSGF_QUEUED) /* at the abort port */
        unqueue_here(msg);
    msg->ms_error = error;
    poke(&msg->ms_flags, msg->ms_flags | MSGF_REPLY1);
    port->mp_ops->replyport(port, msg);
    crit_exit();
}

lwkt_msg_t lwkt_waitport(lwkt_port_t port, lwkt_msg_t msg)
{
    return port->mp_ops->waitport(port, msg);
}

void lwkt_abortmsg(lwkt_msg_t msg)
{
    KASSERT(peek(&msg->ms_flags) & MSGF_ABORTABLE, "a message that is not abortable is aborted");
    msg->ms_target_port->mp_ops->abortport(msg->ms_target_port, msg);
}
