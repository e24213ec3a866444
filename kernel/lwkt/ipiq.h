/* SPDX-License-Identifier: BSD-3-Clause
 * IPI messages: "run func(arg) on that cpu", asynchronous, and in order for each pair of cpus. They are
 * the only way in which one cpu changes another's scheduling state. Bodies run on the target in a
 * critical section with gd_intr_nesting_level > 0: they must not block, switch or take a token.
 *
 * Any context may send, unless a function says otherwise; no spin lock may be held.
 */
#ifndef LWKT_IPIQ_H
#define LWKT_IPIQ_H

#include "lwkt/thread.h"

typedef void (*ipifunc_t)(void *arg);

/* Make the rings between cpu gd, which is about to start, and the cpus with lower numbers. Returns
 * false if there is no memory for them. They last for ever, so no message needs memory. Called at
 * boot. */
bool lwkt_ipiq_connect(globaldata_t gd);

/* Returns the message's sequence number, for lwkt_wait_ipiq, or 0 if target is this cpu: then func has
 * already run. A thread that finds the ring more than half full, and a body that finds it full,
 * waits for room, serving this cpu's own messages. */
int lwkt_send_ipiq(globaldata_t target, ipifunc_t func, void *arg);
int lwkt_send_ipiq_bycpu(int cpu, ipifunc_t func, void *arg);

/* Like lwkt_send_ipiq, but the target is not told: it finds the message when it next looks, at its next
 * tick at the latest. */
int lwkt_send_ipiq_passive(globaldata_t target, ipifunc_t func, void *arg);

/* Like lwkt_send_ipiq, but it never waits. Returns 0; or -1, and sends nothing, if two thirds of
 * the ring (rounded down) or more are used. */
int lwkt_send_ipiq_nowait(globaldata_t target, ipifunc_t func, void *arg);

/* Send to each cpu of the mask, which may include this one. Returns the number of cpus. */
int lwkt_send_ipiq_mask(cpumask_t mask, ipifunc_t func, void *arg);

/* Wait until the target has finished message seq, whose effects are then visible. Serves this cpu's own
 * messages meanwhile. Thread context. */
void lwkt_wait_ipiq(globaldata_t target, int seq);

/* The sequence number of the last message that this cpu sent to target. */
int lwkt_seq_ipiq(globaldata_t target);

/* Run all messages for this cpu, and then stay here for as long as a cpusync stops it (cpusync.h). In a
 * critical section. */
void lwkt_process_ipiq(void);

/* The same, but returns even if a cpusync stops this cpu. For cpusync.c. */
void lwkt_drain_ipiq(void);

/* Look at all rings, whether or not this cpu was told, and so at passive messages too. Called at each
 * tick. In a critical section. */
void lwkt_poll_ipiq(void);

/* The other cpus have stopped for good, because this one panics: all messages to them count as finished
 * without having run, so nothing waits for room in a ring or for a message's end. Called each time that
 * the panicking cpu waits. */
void lwkt_ipiq_forget(void);

#endif
