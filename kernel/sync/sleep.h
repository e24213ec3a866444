/* SPDX-License-Identifier: BSD-3-Clause
 * tsleep and wakeup: wait for an event, named by an address (the ident). Each cpu has its own hash
 * table of sleepers, and a word per bucket says which cpus have any, so wakeup() sends the ident only
 * to those. Code that waits for a condition calls tsleep_until().
 */
#ifndef SYNC_SLEEP_H
#define SYNC_SLEEP_H

#include <stdbool.h>

#include "kernel/types.h"

#define PCATCH 0x1       /* a kill ends the sleep: EINTR */
#define PINTERLOCKED 0x2 /* the caller has called tsleep_interlock */
#define PNORESCHED 0x4   /* the wakeup does not ask for a reschedule */
/* Domain: a wakeup wakes only the sleepers of its own domain; 0 by default. */
#define PDOMAIN_SHIFT 8
#define PDOMAIN(d) ((d) << PDOMAIN_SHIFT)

#define EWOULDBLOCK 1 /* tsleep's results besides 0: its time was up */
#define EINTR 2       /* killed (PCATCH) */

/* Sleep until wakeup(ident), or for timo ticks of HZ (0: for ever). ps shows wmesg. Returns 0,
 * EWOULDBLOCK or EINTR. With PCATCH a process that was killed before gets EINTR, even if a wakeup has
 * come since its interlock. Thread context, holding no spin lock; not the idle thread. */
int tsleep(const void *ident, int flags, const char *wmesg, int timo);

/* Make the caller a sleeper of ident from now on, while it still runs. Another tsleep, or a second
 * interlock, ends this. */
void tsleep_interlock(const void *ident, int flags);

/* Take an interlock back without sleeping. */
void tsleep_remove(void);

/*
 * Sleep until ready(arg) is true. 0, or EINTR: the caller was killed (PCATCH). Whoever makes the
 * condition true calls wakeup(ident) after that.
 *
 * No wakeup is lost, because the caller becomes a sleeper first and tests the condition afterwards.
 * If the condition became true before the test, the test sees it. If later, its wakeup comes later
 * too and finds the sleeper: the tsleep then ends, or returns at once. The test before the interlock
 * only saves its cost. After a sleep the condition is tested again: another thread may have been
 * faster, and a sleep may end without a reason.
 *
 * So ready() is called several times, also on the sleepers' queue; it must not sleep itself. It may
 * act: try to take what the caller waits for, and return whether it has got it. Inlined, so that
 * ready() costs no call.
 */
static inline __attribute__((always_inline)) int
tsleep_until(const void *ident, int flags, const char *wmesg, bool (*ready)(void *arg), void *arg)
{
    while (!ready(arg)) {
        tsleep_interlock(ident, flags);
        if (ready(arg)) {
            tsleep_remove();
            return 0;
        }
        if (tsleep(ident, flags | PINTERLOCKED, wmesg, 0) == EINTR && (flags & PCATCH))
            return EINTR;
    }
    return 0;
}

/* Wake all sleepers of ident, or (wakeup_one) the one that has slept longest on the first cpu that
 * has one. Any context, IPI bodies and interrupts included, but not while holding a spin lock. */
void wakeup(const void *ident);
void wakeup_one(const void *ident);
/* The same for the sleepers of a domain: all (count below 0), or at most count (1 or more) on the
 * first cpu that has one, which is this one if it has. */
void wakeup_domain(const void *ident, int domain, int count);

/* Give this cpu its sleep queues. Each cpu calls it once, when it starts. */
void tsleep_init_cpu(void);

#endif
