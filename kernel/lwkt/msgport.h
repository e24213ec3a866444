/* SPDX-License-Identifier: BSD-3-Clause
 * Messages and ports. A sender sends a message to a port, where its receiver gets it and replies; then
 * the message comes back to the sender's reply port. It is the sender's memory all the time, but the
 * sender must not touch it between sending and DONE.
 *
 *   sender                                 receiver
 *   lwkt_sendmsg  or  lwkt_domsg
 *     ---- putport ---------------------->  queue of the target port: lwkt_waitport
 *                                           (works)
 *     <--- replyport ---------------------  lwkt_replymsg(msg, error)
 *   lwkt_waitport     (returns error)
 *
 * A port is used through its operations, so that there can be several kinds. The kind that
 * lwkt_initport makes belongs to a thread and has no lock: msgport.c has its rules. The ports of
 * processes are made by caps.c.
 *
 * Differences from DragonFly: the operations are a table that ports share, and two flags are gone; see
 * msgport.c.
 */
#ifndef LWKT_MSGPORT_H
#define LWKT_MSGPORT_H

#include "kernel/types.h"
#include "lib/list.h"

struct globaldata;
struct thread;

typedef struct lwkt_msg *lwkt_msg_t;
typedef struct lwkt_port *lwkt_port_t;

/* ms_flags. Only one party changes them at a time: first the sender, then the target port's cpu (or the
 * holder of the port's lock), then the reply port's cpu. With poke, because the sender may look for
 * MSGF_DONE at any time (peek). */
#define MSGF_ASYNC 0x01u     /* the reply is queued at the reply port */
#define MSGF_DONE 0x02u      /* the reply has arrived: the message is the sender's again */
#define MSGF_QUEUED 0x04u    /* on a port's queue */
#define MSGF_REPLY1 0x08u    /* the receiver has replied */
#define MSGF_RETRIEVED 0x10u /* the receiver has taken it off its queue */
#define MSGF_ABORTABLE 0x20u /* for lwkt_initmsg: lwkt_abortmsg may be used */
#define MSGF_ABORTED 0x40u   /* the sender has called lwkt_abortmsg */

/* ms_error; positive values have the meaning that the receiver gives them. */
#define EASYNC (-1)    /* from putport: the reply comes later */
#define EABORTED (-2)  /* taken back by lwkt_abortmsg before it was received */
#define EPORTDEAD (-3) /* nobody will ever receive the message */

struct lwkt_msg {
    struct list ms_node; /* mp_msgq while MSGF_QUEUED */
    lwkt_port_t ms_target_port;
    lwkt_port_t ms_reply_port;
    lwkt_port_t ms_abort_port; /* the receiver may set it, to a port of its cpu: for an abort */
    int ms_cmd;                /* what it asks for; between sender and receiver */
    int ms_error;              /* the reply */
    uint32 ms_flags;
};

struct lwkt_portops {
    int (*putport)(lwkt_port_t port, lwkt_msg_t msg); /* returns EASYNC, or the reply */
    lwkt_msg_t (*waitport)(lwkt_port_t port, lwkt_msg_t msg);
    void (*replyport)(lwkt_port_t port, lwkt_msg_t msg);
    void (*abortport)(lwkt_port_t port, lwkt_msg_t msg);
};

struct lwkt_port {
    struct list mp_msgq; /* requests that have not been retrieved, and replies */
    const struct lwkt_portops *mp_ops;
    struct thread *mp_td;     /* the only thread that waits at it */
    struct globaldata *mp_gd; /* the cpu that owns the port: publish, consume */
    uint32 mp_flags;          /* MSGPORTF_* */
};

#define MSGPORTF_WAITING 0x1u /* mp_td is to be scheduled when something arrives */

/* Make a port of thread td, on its cpu. / Move the td_msgport of a thread that is about to move to rgd.
 * In a critical section. */
void lwkt_initport(lwkt_port_t port, struct thread *td);
void lwkt_port_move(lwkt_port_t port, struct globaldata *rgd);

/* Prepare a message, before each use. flags: 0 or MSGF_ABORTABLE. */
void lwkt_initmsg(lwkt_msg_t msg, lwkt_port_t reply_port, int cmd, uint32 flags);

/* Send without waiting; the reply will be queued at the reply port (MSGF_ASYNC). Any context. */
void lwkt_sendmsg(lwkt_port_t port, lwkt_msg_t msg);

/* Send, wait for the reply, and return it. Called by the thread that owns the reply port. */
int lwkt_domsg(lwkt_port_t port, lwkt_msg_t msg);

/* Reply to a message. After this the receiver must not touch it. Called on the cpu of the target port,
 * by the thread that owns the port or for it. */
void lwkt_replymsg(lwkt_msg_t msg, int error);

/* If msg is NULL, wait for a message and take the first off the queue; otherwise wait for the reply to
 * msg. Called by the thread that owns the port. A port of another kind may return NULL, if the wait was
 * interrupted. */
lwkt_msg_t lwkt_waitport(lwkt_port_t port, lwkt_msg_t msg);

/* Ask for msg back. Called by the sender, which has sent it, as MSGF_ABORTABLE, and has not seen the
 * reply. If it has not been received, it is replied to with EABORTED; if it has, it is marked
 * MSGF_ABORTED, and queued at its ms_abort_port if the receiver has set one, which must be a port of
 * the receiver's cpu. A second abort does nothing. The sender still has to wait for the reply, which
 * comes once. Thread context; waits until the target's cpu has looked. */
void lwkt_abortmsg(lwkt_msg_t msg);

#endif
