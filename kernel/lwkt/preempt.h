/* SPDX-License-Identifier: BSD-3-Clause
 * Preemption: an interrupt thread runs at once in place of the current thread, which continues the
 * moment the interrupt thread blocks, whatever the run queues say. See preempt.c.
 */
#ifndef LWKT_PREEMPT_H
#define LWKT_PREEMPT_H

#include "lwkt/thread.h"

/* td_preemptable of interrupt threads: let ntd, which was just enqueued, preempt the current thread if
 * the conditions in preempt.c hold. crit is the number of critical sections that lwkt_schedule has
 * entered itself, which do not count. In a critical section. */
void lwkt_preempt(thread_t ntd, int crit);

/* For an interrupt thread: the process that was interrupted, that is, the process of the thread at the
 * bottom of the chain of preempted threads, or NULL if that is a kernel thread. */
struct proc *lwkt_preempted_proc(void);

/* For lwkt_switch: td, which preempted a thread, switches. Returns the preempted thread, which runs
 * next. In a critical section. */
thread_t lwkt_preempt_return(globaldata_t gd, thread_t td);

#endif
