/* SPDX-License-Identifier: BSD-3-Clause
 * Waits that last. A loop that waits for another cpu counts its turns, and a thread that lacks a token
 * or the MP lock counts the looks at which it could not run. Once in WAIT_TURNS they look at the clock,
 * in waitwarn.c, which says what a wait of more than lwkt.wait_warn ms waits for, and panics after
 * lwkt.wait_panic ms. Any context that may wait at all:
 *
 *   struct waitwarn w = {0};
 *
 *   while (!condition) {
 *       cpu_relax();
 *       if (wait_turn(&w))
 *           w.since = lwkt_wait_lasts(w.since, curthread, __func__, "what", CPUMASK(whom));
 *   }
 *
 * The state is passed by value, so it stays in registers, and a wait that is soon over costs little.
 */
#ifndef LWKT_WAITWARN_H
#define LWKT_WAITWARN_H

#include "lwkt/thread.h"

#define WAIT_TURNS 32 /* a power of two */

struct waitwarn {
    uint64
        since; /* lwkt_wait_lasts's: 0, or when it was first called, and whether it has printed */
    uint32 turns;
};

/* Another turn: is it time to look at the clock? */
static inline bool wait_turn(struct waitwarn *w)
{
    return __builtin_expect((++w->turns & (WAIT_TURNS - 1)) == 0, 0);
}

/* td waits in the function `where` for `what`, and so for the cpus `whom` (0: not known). Returns the
 * new value of `since`. td is a thread of this cpu; the caller stays on it. */
uint64 lwkt_wait_lasts(uint64 since, thread_t td, const char *where, const char *what,
                       cpumask_t whom);

/* The scheduler has looked at td, which cannot run for want of a token or the MP lock. / It can run. */
void lwkt_thread_waits(globaldata_t gd, thread_t td);
static inline void lwkt_thread_waits_end(globaldata_t gd, thread_t td)
{
    if (gd->gd_waiter == td)
        gd->gd_waiter = NULL;
}

/* token.c: the other cpus that have tokens of td. / Print whose requests wait for tokens of cpu
 * gd, which is this one. In a critical section. */
cpumask_t lwkt_token_holders(thread_t td);
void lwkt_token_report(globaldata_t gd);

/* sysctl: milliseconds; 0: never. peek */
extern uint64 lwkt_wait_warn, lwkt_wait_panic;

#endif
