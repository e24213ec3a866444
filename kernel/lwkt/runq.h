/* SPDX-License-Identifier: BSD-3-Clause
 * Run queues: for each priority a ring of threads. gd_tdrunq names the first of each ring, and
 * gd_runqmask has a bit for each ring that is not empty. A running thread stays on its ring, as the
 * last.
 *
 * All of this runs on the owning cpu, in a critical section, because an IPI body may enqueue.
 *
 * Differences from DragonFly: there, a mask bit is left behind when a queue empties, and the switcher
 * clears it. Here the dequeue clears it, so a bit is never stale, and no reschedule is asked for
 * because of one. And queues are rings, so that sending the head to the tail is one store.
 */
#ifndef LWKT_RUNQ_H
#define LWKT_RUNQ_H

#include "lwkt/crit.h"
#include "lwkt/ktr.h"

/* Put td on its ring, as the last. The caller sets the flags. */
static inline void runq_append(globaldata_t gd, thread_t td)
{ /* lab 2 */
    thread_t first = gd->gd_tdrunq[td->td_pri];

    if (first == NULL) {
        td->td_runnext = td->td_runprev = td;
        gd->gd_tdrunq[td->td_pri] = td;
        gd->gd_runqmask |= 1u << td->td_pri;
    } else {
        td->td_runnext = first;
        td->td_runprev = first->td_runprev;
        first->td_runprev->td_runnext = td;
        first->td_runprev = td;
    }
}

static inline void runq_remove(globaldata_t gd, thread_t td)
{ /* lab 2 */
    if (td->td_runnext == td) {
        gd->gd_tdrunq[td->td_pri] = NULL;
        gd->gd_runqmask &= ~(1u << td->td_pri);
    } else {
        td->td_runnext->td_runprev = td->td_runprev;
        td->td_runprev->td_runnext = td->td_runnext;
        if (gd->gd_tdrunq[td->td_pri] == td)
            gd->gd_tdrunq[td->td_pri] = td->td_runnext;
    }
}

/* The first thread of priority pri on gd's run queue, or NULL. */
static inline thread_t runq_first(globaldata_t gd, int pri)
{
    return gd->gd_tdrunq[pri];
}

/* Whether td, which is on the run queue of its cpu, is the only thread of its priority there. */
static inline bool runq_is_alone(thread_t td)
{
    return td->td_runnext == td;
}

/* Append td to its queue, unless it is on the queue already or on its way to another cpu. */
static inline void _lwkt_enqueue(thread_t td)
{ /* lab 2 */
    if (td->td_flags & (TDF_RUNQ | TDF_MIGRATING))
        return;
    KASSERT(td->td_gd == mycpu, "%s belongs to cpu %d", td->td_comm, td->td_gd->gd_cpuid);
    KASSERT(curthread->td_critcount > 0, "enqueue of %s outside a critical section", td->td_comm);
    poke(&td->td_flags, td->td_flags | TDF_RUNQ);
    runq_append(td->td_gd, td);
}

/* td was enqueued on this cpu. If it is better than the current thread, make it run soon: at the next
 * switch, or before the return to user mode, which looks at AST_LWKT_RESCHED. */
static inline void _lwkt_ask_resched(globaldata_t gd, thread_t td)
{
    if (td->td_pri > curthread->td_pri && (td->td_flags & TDF_NORESCHED) == 0)
        need_lwkt_resched(gd);
}

/* lwkt_schedule for a thread that sleeps on this cpu, by a caller that is in a critical section anyway:
 * so an interrupt thread cannot preempt, and waits for the next switch like others. */
static inline void _lwkt_schedule_here(globaldata_t gd, thread_t td)
{
    ktr_on_cpu(gd, KTR_SCHEDULE, td->td_id, gd->gd_cpuid);
    _lwkt_enqueue(td);
    _lwkt_ask_resched(gd, td);
}

/* Take td off its queue, if it is on one. */
static inline void _lwkt_dequeue(thread_t td)
{ /* lab 2 */
    if ((td->td_flags & TDF_RUNQ) == 0)
        return;
    KASSERT(td->td_gd == mycpu, "%s belongs to cpu %d", td->td_comm, td->td_gd->gd_cpuid);
    KASSERT(curthread->td_critcount > 0, "dequeue of %s outside a critical section", td->td_comm);
    poke(&td->td_flags, td->td_flags & ~TDF_RUNQ);
    runq_remove(td->td_gd, td);
}

#endif
