/* SPDX-License-Identifier: BSD-3-Clause
 * Wait queues: lwkt_block waits for the next lwkt_signal. Each signal raises a generation number, which
 * closes the gap between the decision to wait and the waiting:
 *
 *   gen = w->wa_gen                    peeked at, or what the last lwkt_block has left there
 *   test the condition                           make it true
 *   lwkt_block(w, "why", &gen)                   lwkt_signal(w, -1)
 *
 * If a signal comes after the look, lwkt_block returns at once. wa_gen must not be read later than
 * the condition, so a waiter reads both under the lock that protects the condition (as fs/log.c does),
 * or reads wa_gen with consume (publish: lwkt_signal). Both functions are for thread context, on any
 * cpu; the waiters of one queue may belong to different cpus. A waiter may return before the signal
 * that woke it does, so it must not free the queue.
 */
#ifndef LWKT_WAIT_H
#define LWKT_WAIT_H

#include "lwkt/token.h"

struct lwkt_wait {
    struct lwkt_token wa_token; /* protects all of it, and the waiters' td_waitq */
    struct list wa_waitq;       /* waiters, the longest waiting first */
    int wa_gen;                 /* signals so far; others may peek */
    int wa_count;               /* waiters; others may peek */
};

typedef struct lwkt_wait *lwkt_wait_t;

/* Make w a queue without waiters, with generation 0. It may be called in early boot. */
void lwkt_wait_init(lwkt_wait_t w);

/* Wait until w is signalled, unless it has been signalled since *gen was read. Sets *gen to the current
 * generation. wmesg tells people what the thread waits for. */
void lwkt_block(lwkt_wait_t w, const char *wmesg, int *gen);

/* Raise the generation, and wake at most `count` waiters, the longest waiting first, or all of them if
 * count is negative. */
void lwkt_signal(lwkt_wait_t w, int count);

#endif
