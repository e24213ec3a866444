/*
 * Run queues: for each priority a ring of threads, of which gd_tdrunq names the first; gd_runqmask
 * has a bit for each ring that is not empty. A running thread stays on its ring, as the last.
 *
 * All of it on the owning cpu, in a critical section: an IPI body may enqueue.
 *
 * DragonFly leaves a mask bit behind when a queue empties, for the switcher to clear. Here dequeue
 * clears it, so a bit is never stale and nobody asks for a reschedule because of one.
 */
#ifndef LWKT_RUNQ_H
#define LWKT_RUNQ_H

#include "lwkt/crit.h"

/* The ring alone, last place. */
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

/* Append to its queue, unless it is on it or is on its way to another cpu. */
static inline void _lwkt_enqueue(thread_t td)
{ /* lab 2 */
    if (td->td_flags & (TDF_RUNQ | TDF_MIGRATING))
        return;
    KASSERT(td->td_gd == mycpu, "%s belongs to cpu %d", td->td_comm, td->td_gd->gd_cpuid);
    KASSERT(curthread->td_critcount > 0, "enqueue of %s outside a critical section", td->td_comm);
    poke(&td->td_flags, td->td_flags | TDF_RUNQ);
    runq_append(td->td_gd, td);
}

/* Take off its queue, if it is on it. */
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
