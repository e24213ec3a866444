/*
 * Preemption: an interrupt thread runs at once in place of the current thread, which goes on the
 * moment the interrupt thread blocks, whatever the run queues say. See preempt.c.
 */
#ifndef LWKT_PREEMPT_H
#define LWKT_PREEMPT_H

#include "lwkt/thread.h"

/* td_preemptable of interrupt threads: have ntd, just enqueued, preempt the caller, if that may be.
 * crit: the critical sections that the caller of lwkt_schedule is not answerable for. In a critical
 * section. */
void lwkt_preempt(thread_t ntd, int crit);

/* The process that was interrupted, from an interrupt thread: that of the thread at the bottom of the
 * chain of preempted ones. NULL: a kernel thread. */
struct proc *lwkt_preempted_proc(void);

/* For lwkt_switch: td preempted a thread and switches: that one's turn, now. In a critical section. */
thread_t lwkt_preempt_return(globaldata_t gd, thread_t td);

#endif
