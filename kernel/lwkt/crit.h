/* SPDX-License-Identifier: BSD-3-Clause
 * Critical sections: while a thread's td_critcount is above 0, its cpu takes interrupts but does none
 * of their work. What arrives is recorded in gd_reqflags, and the end of the last section runs it
 * (splz). A critical section is not a lock: it keeps out this cpu's interrupts, IPI messages and
 * preemption, and not other cpus. A thread may block inside; the next thread's own count applies then.
 *
 * Code inside a section can let messages in by itself, because a cpu that waits for another one serves
 * its own messages: where it sends a message to another cpu (lwkt_send_ipiq and all that uses it, such
 * as lwkt_schedule of another cpu's thread, or wakeup), since the ring may be full; in lwkt_wait_ipiq,
 * lwkt_acquire, lwkt_abortmsg and a cpusync; and where it takes or releases a token that another cpu
 * wants. What must not change in between has to be done before or after that.
 *
 * Differences from DragonFly: the count is a word of its own, not the upper part of td_pri, and the end
 * of a section looks at deferred work only. There a pending AST makes it slow as well.
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
 * Leave a critical section without running what was deferred: for code that is about to look for it.
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
 * Leave a critical section; the end of the last one runs what was deferred. The count goes down before
 * the flags are read. An interrupt that comes earlier sees the section and sets a flag, which this
 * function then sees; one that comes later sees no section and does its work at once. In the other
 * order, an interrupt could set a flag that nobody looks at. (`left` is as wide as a register: the
 * compiler need not extend it.)
 */
static inline void crit_exit(void)
{ /* lab 3 */
    int64 left = curthread->td_critcount - 1L;

    compiler_barrier();
#ifdef INVARIANTS
    if (left < 0)
        crit_panic();
#endif
    curthread->td_critcount = (int)left;
    compiler_barrier();
    if (left == 0 && peek(&mycpu->gd_reqflags) != 0)
        lwkt_yield_quick();
}

#endif
