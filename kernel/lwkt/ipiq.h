/*
 * IPI messages: "run func(arg) on that cpu", asynchronous, in order for each pair of cpus. The only
 * way in which one cpu changes another's scheduling state. Bodies run on the target in a critical
 * section with gd_intr_nesting_level > 0: they must not block, switch or take a token.
 */
#ifndef LWKT_IPIQ_H
#define LWKT_IPIQ_H

#include "lwkt/thread.h"

typedef void (*ipifunc_t)(void *arg);

/* Make the rings between cpu gd, which is about to start, and those with lower numbers. false: there is
 * no memory for them. They last for ever, so no message needs memory. Boot. */
bool lwkt_ipiq_connect(globaldata_t gd);

/* Returns the message's sequence number for lwkt_wait_ipiq; 0 when target is this cpu, where func
 * has run before the return. Waits (serving its own queue) while the ring is over half full. */
int lwkt_send_ipiq(globaldata_t target, ipifunc_t func, void *arg);
int lwkt_send_ipiq_bycpu(int cpu, ipifunc_t func, void *arg);

/* As lwkt_send_ipiq, but the target sees it only when it next looks: at its next tick or message. */
int lwkt_send_ipiq_passive(globaldata_t target, ipifunc_t func, void *arg);

/* 0, or -1 instead of waiting for room. */
int lwkt_send_ipiq_nowait(globaldata_t target, ipifunc_t func, void *arg);

/* To each cpu of the mask, this one included; returns how many. */
int lwkt_send_ipiq_mask(cpumask_t mask, ipifunc_t func, void *arg);

/* Wait until the target has finished message seq; its effects are visible then. Serves this cpu's
 * own queue meanwhile. Thread context. */
void lwkt_wait_ipiq(globaldata_t target, int seq);

/* Sequence number of the last message sent to target. */
int lwkt_seq_ipiq(globaldata_t target);

/* Run all messages for this cpu; then stay for as long as a cpusync stops it (cpusync.h). In a
 * critical section. */
void lwkt_process_ipiq(void);

/* The same, but come back even if a cpusync stops this cpu. For cpusync.c. */
void lwkt_drain_ipiq(void);

/* The same without having been told: passive messages too. Each tick does it. In a critical section. */
void lwkt_poll_ipiq(void);

#endif
