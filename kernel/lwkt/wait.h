/*
 * Wait queues: lwkt_block waits for the next lwkt_signal. A generation number, which each signal
 * raises, closes the gap between deciding to wait and waiting:
 *
 *   gen = w->wa_gen                    a consistent look, or what the last lwkt_block gave
 *   test the condition                           make it true
 *   lwkt_block(w, "why", &gen)                   lwkt_signal(w, -1)
 *
 * A signal after the look makes lwkt_block return at once. Both in thread context, on any cpu; the
 * waiters of one queue may be of different cpus.
 */
#ifndef LWKT_WAIT_H
#define LWKT_WAIT_H

#include "lwkt/token.h"

struct lwkt_wait {
    struct lwkt_token wa_token; /* for all of it, and for td_wait and td_waitq of the waiters */
    struct list wa_waitq;       /* waiters, the longest first */
    int wa_gen;                 /* signals so far; others may peek */
    int wa_count;               /* waiters; others may peek */
};

typedef struct lwkt_wait *lwkt_wait_t;

/* No waiters, generation 0. Early boot too. */
void lwkt_wait_init(lwkt_wait_t w);

/* Wait until w is signalled, unless it has been since *gen was current; *gen is current again at the
 * return. wmesg: why, for people. */
void lwkt_block(lwkt_wait_t w, const char *wmesg, int *gen);

/* Raise the generation, and wake up to `count` waiters (all: count < 0), the longest waiting first. */
void lwkt_signal(lwkt_wait_t w, int count);

#endif
