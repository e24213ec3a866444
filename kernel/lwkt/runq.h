/* SPDX-License-Identifier: BSD-3-Clause
 * Run queues: for each priority a ring of threads. gd_tdrunq names the first of each ring, and
 * gd_runqmask has a bit for each ring that is not empty. A running thread stays on its ring, as the
 * last. gd_bestrunq points to the place of the best ring that is not empty: it changes when a ring
 * empties or fills, so that a switch need not search. If all are empty it points to gd_tdidle, which
 * names the idle thread; that is a ring of its own, is never on another one, and never leaves.
 *
 * All of this runs on the owning cpu, in a critical section, because an IPI body may enqueue.
 *
 * Differences from DragonFly: there, a mask bit is left behind when a queue empties, and the switcher
 * clears it. Here the dequeue clears it, so a bit is never stale, and no reschedule is asked for
 * because of one. And queues are rings, so that sending the head to the tail is one store. The switch
 * finds the best queue by a pointer; there it looks for the mask's highest bit each time.
 */
#ifndef LWKT_RUNQ_H
#define LWKT_RUNQ_H

#include "lib/bits.h"
#include "lwkt/crit.h"
#include "lwkt/ktr.h"

/* The ring of priority pri has got its first thread. It is the best one if its bit alone is more than
 * the bits of all others together. */
static inline void runq_filled(globaldata_t gd, int pri)
{
    uint32 bit = 1u << pri;

    if (bit > gd->gd_runqmask)
        gd->gd_bestrunq = &gd->gd_tdrunq[pri];
    gd->gd_runqmask |= bit;
}

/* It has lost its last one. */
static inline void runq_emptied(globaldata_t gd, int pri)
{
    uint32 bit = 1u << pri, mask = gd->gd_runqmask & ~bit;

    if (bit > mask)
        gd->gd_bestrunq = mask == 0 ? &gd->gd_tdidle : &gd->gd_tdrunq[bit_highest32(mask)];
    gd->gd_runqmask = mask;
}

/* Put td on its ring, as the last. The caller sets the flags. */
static inline void runq_append(globaldata_t gd, thread_t td)
{ /* lab 2 */
    thread_t first = gd->gd_tdrunq[td->td_pri];

    if (first == NULL) {
        td->td_runnext = td->td_runprev = td;
        gd->gd_tdrunq[td->td_pri] = td;
        runq_filled(gd, td->td_pri);
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
        runq_emptied(gd, td->td_pri);
    } else {
        td->td_runnext->td_runprev = td->td_runprev;
        td->td_runprev->td_runnext = td->td_runnext;
        if (gd->gd_tdrunq[td->td_pri] == td)
            gd->gd_tdrunq[td->td_pri] = td->td_runnext;
    }
}

/* td, alone on its ring, leaves it, and ntd takes its place and its priority. The caller sets the
 * flags. */
static inline void runq_replace(globaldata_t gd, thread_t td, thread_t ntd)
{
    ntd->td_pri = td->td_pri;
    ntd->td_runnext = ntd->td_runprev = ntd;
    gd->gd_tdrunq[td->td_pri] = ntd;
}

/* The first thread of priority pri on gd's run queue, or NULL. */
static inline thread_t runq_first(globaldata_t gd, int pri)
{
    return gd->gd_tdrunq[pri];
}

/* The thread after td on its ring; after the last one comes the first. */
static inline thread_t runq_next(thread_t td)
{
    return td->td_runnext;
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

/* The same for a thread that belongs to gd, this cpu, and whose flags are at hand. */
static inline void _lwkt_enqueue_here(globaldata_t gd, thread_t td, uint32 flags)
{
    if ((flags & TDF_RUNQ) == 0) {
        poke(&td->td_flags, flags | TDF_RUNQ);
        runq_append(gd, td);
    }
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
    _lwkt_enqueue_here(gd, td, td->td_flags);
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

/* td, the current thread, leaves its ring, and ntd, of this cpu gd as well, takes its place and its
 * priority. False: nothing was done, as td is not alone on a ring, or ntd is on one. */
static inline bool _lwkt_replace(globaldata_t gd, thread_t td, thread_t ntd)
{
    uint32 flags = ntd->td_flags;

    if ((flags & TDF_RUNQ) || (td->td_flags & TDF_RUNQ) == 0 || !runq_is_alone(td))
        return false;
    ktr_on_cpu(gd, KTR_SCHEDULE, ntd->td_id, gd->gd_cpuid);
    poke(&ntd->td_flags, flags | TDF_RUNQ);
    poke(&td->td_flags, td->td_flags & ~TDF_RUNQ);
    runq_replace(gd, td, ntd);
    return true;
}

#endif
