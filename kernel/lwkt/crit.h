/*
 * Critical sections: while a thread's td_critcount is above 0, its cpu takes interrupts but runs
 * none of their work: what arrives is noted in gd_reqflags, and the end of the last section runs it
 * (splz). Not a lock: it keeps out this cpu's interrupts, IPI messages and preemption, not other
 * cpus. A thread may block inside: the next thread's own count rules then.
 *
 * Code inside can let messages in by itself, since whoever waits for another cpu serves its own:
 * where it sends a message to another cpu (lwkt_send_ipiq and all that uses it: lwkt_schedule of
 * another cpu's thread, wakeup, ...), for the ring may be full; in lwkt_wait_ipiq, lwkt_acquire,
 * lwkt_abortmsg and a cpusync; and where it takes or releases a token that another cpu wants. What
 * must not change under it is to be done before or after that.
 */
#ifndef LWKT_CRIT_H
#define LWKT_CRIT_H

#include "lib/assert.h"
#include "lib/atomic.h"
#include "lwkt/thread.h"

void crit_panic(void) __attribute__((noreturn));

static inline void crit_enter(void)
{ /* lab 3 */
    ++curthread->td_critcount;
    compiler_barrier();
}

/*
 * Leave, and never run what was deferred: for code that is about to look itself.
 */
static inline void crit_exit_noyield(void)
{ /* lab 3 */
    compiler_barrier();
#ifdef INVARIANTS
    if (curthread->td_critcount <= 0)
        crit_panic();
#endif
    --curthread->td_critcount;
    compiler_barrier();
}

/*
 * Leave; the last one out runs what was deferred. The count goes down before the flags are read: an
 * interrupt before that sees the section and sets a flag that we then see, one after it sees none and
 * runs at once. The other order would leave an interrupt noted and nobody to run it.
 */
static inline void crit_exit(void)
{ /* lab 3 */
    int left = curthread->td_critcount - 1;

    compiler_barrier();
#ifdef INVARIANTS
    if (left < 0)
        crit_panic();
#endif
    curthread->td_critcount = left;
    compiler_barrier();
    if (left == 0 && peek(&mycpu->gd_reqflags) != 0)
        lwkt_yield_quick();
}

#endif
