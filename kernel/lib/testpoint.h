/* SPDX-License-Identifier: BSD-3-Clause
 * Test points: places in the kernel at which a test may make something happen, such as a stall
 * in the middle of a protocol, so that a rare race becomes certain. The code with the race calls
 * testpoint(); ktest/testpoints.c decides what happens there (boot argument ktest=1). A point that is
 * off costs a load, a test and a branch; without INVARIANTS it costs nothing.
 */
#ifndef LIB_TESTPOINT_H
#define LIB_TESTPOINT_H

#include "kernel/types.h"
#include "lib/atomic.h"

enum testpoint {
    TP_HOLD_IPI,      /* before IPI messages are taken; result: 1 to leave them in their rings */
    TP_STALL_RUNNING, /* after the switch away from a thread, before TDF_RUNNING is cleared */
    TP_STALL_SETCPU,  /* a thread is about to migrate; before its last switch on the old cpu */
    TP_STALL_IDLE,    /* between the idle thread's last look for work and its wait */
    TP_STALL_IPI,     /* after an interrupt was raised at another cpu */
    TP_STALL_DEFER, /* a process on its way to user mode has looked whether woken threads can wait */
    TP_SPIN_DELAY,  /* in cpu_relax(); result: further turns to give to the other harts */
    TP_FORCE_PREEMPT, /* at the end of an interrupt outside of critical sections */
    TP_FAIL_ALLOC,    /* memory is about to be allocated; result: 1 to fail */
    TP_WATCHDOG,      /* in cpu_relax(): a test is running, and may hang */
};

extern uint32 testpoints_on; /* bit k: point k is on. AMO, peek */
extern uint32 (*testpoint_reached)(
    enum testpoint which); /* what happens there; set once, at boot */

/* The caller is at that point. The result is 0 when the point is off. */
static inline uint32 testpoint(enum testpoint which)
{
#ifdef INVARIANTS
    if (__builtin_expect(peek(&testpoints_on) & (1u << which), 0))
        return testpoint_reached(which);
#endif
    (void)which;
    return 0;
}

#endif
