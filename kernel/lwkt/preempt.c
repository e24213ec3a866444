/* SPDX-License-Identifier: BSD-3-Clause
 * Preemption by interrupt threads.
 *
 *   T runs       interrupt: lwkt_schedule(I) -> lwkt_preempt(I)
 *                T: TDF_PREEMPT_LOCK; I: td_preempted = T; cpu_switch
 *   I runs       ... lwkt_switch -> lwkt_preempt_return
 *                I: td_preempted cleared; T: TDF_PREEMPT_DONE; cpu_switch
 *   T            back in lwkt_preempt: both flags cleared, lwkt_schedule returns
 *
 * As transparent as can be: T keeps its tokens, its place on the run queue (or its absence from it),
 * its designation as user process (td_release is not called), and the MP lock. TDF_RUNNING is off
 * for T meanwhile although its stack is live; TDF_PREEMPT_LOCK says so, and keeps T from being
 * preempted twice or used to preempt.
 *
 * Counters: a successful preemption is preempt_hit + 1, and switch_count + 1 for the way back.
 *
 * Differences from DragonFly:
 *   - A thread is not preempted while it is in an interrupt or masters a cpusync.
 *   - On the way back a reschedule is asked for only if a better thread is runnable. There it nearly
 *     always was, because of the interrupt thread's own stale bit in the mask.
 *   - On the way back the switch frees the MP lock if the preempted thread does not need it. There
 *     lwkt_preempt does that, back on that thread's stack.
 */
#include "lwkt/preempt.h"

#include "lwkt/ktr.h"
#include "lwkt/mplock.h"
#include "lwkt/switch.h"

/* The thread does not preempt. Count that, and ask for a reschedule, so that it runs at the next
 * switch. */
static void miss(globaldata_t gd, uint64 *counter)
{
    ++*counter;
    need_lwkt_resched(gd);
}

/* Whether ntd may preempt td, as far as no lock is needed to tell. The order of the tests is that of
 * DragonFly. */
static bool may_preempt(globaldata_t gd, thread_t td, thread_t ntd, int crit)
{ /* lab 5 */
    if (ntd->td_pri <= td->td_pri) {
        ++gd->gd_cnt.preempt_miss; /* ntd is no better, so no reschedule either */
        return false;
    }
    if (td->td_critcount > crit || gd->gd_intr_nesting_level > 0 || td->td_cscount > 0 ||
        ntd->td_gd != gd || ntd->td_toks != NULL) {
        miss(gd, &gd->gd_cnt.preempt_miss);
        return false;
    }
    if (td == ntd || ((td->td_flags | ntd->td_flags) & TDF_PREEMPT_LOCK)) {
        miss(gd, &gd->gd_cnt.preempt_weird);
        return false;
    }
    if (ntd->td_preempted != NULL) {
        miss(gd, &gd->gd_cnt.preempt_hit); /* it is preempting already */
        return false;
    }
    return true;
}

/* Clear td's flags, back on its stack. The thread that preempted it may be on another cpu by now, or
 * may have exited. */
static void preempt_done(globaldata_t gd, thread_t td, int mpcount)
{ /* lab 5 */
    (void)gd;
    (void)mpcount;
    KASSERT(td->td_flags & TDF_PREEMPT_DONE, "%s came back without the other's switch",
            td->td_comm);
    KASSERT(td->td_mpcount == mpcount, "MP lock count of %s: %d, was %d", td->td_comm,
            td->td_mpcount, mpcount);
    KASSERT(gd->gd_mpheld == (mpcount != 0), "the MP lock of %s: %d, its count: %d", td->td_comm,
            gd->gd_mpheld, mpcount);
    poke(&td->td_flags, td->td_flags & ~(TDF_PREEMPT_LOCK | TDF_PREEMPT_DONE));
}

void lwkt_preempt(thread_t ntd, int crit)
{ /* lab 5 */
    globaldata_t gd = mycpu;
    thread_t td = curthread;
    int mpcount = td->td_mpcount;

    KASSERT(ntd->td_critcount > 0, "%s is outside all critical sections", ntd->td_comm);
    if (!may_preempt(gd, td, ntd, crit))
        return;
    ntd->td_mpcount += mpcount; /* it inherits td's count of the lock until it switches back */
    if (ntd->td_mpcount != 0 && !cpu_try_mplock(gd)) {
        ntd->td_mpcount -= mpcount;
        miss(gd, &gd->gd_cnt.preempt_miss);
        return;
    }
    ++gd->gd_cnt.preempt_hit;
    ntd->td_preempted = td;
    poke(&td->td_flags, td->td_flags | TDF_PREEMPT_LOCK);
    ktr_on_cpu(gd, KTR_PREEMPT, ntd->td_id, (uint64)ntd->td_pri);
    lwkt_switch_to(td, ntd, gd);
    preempt_done(gd, td, mpcount);
}

/*
 * Ask for a reschedule if a thread better than the preempted one is runnable, since the interrupt may
 * have woken it. DragonFly: the first half of lwkt_switch.
 */
thread_t lwkt_preempt_return(globaldata_t gd, thread_t td)
{ /* lab 5 */
    thread_t ntd = td->td_preempted;

    KASSERT(ntd->td_flags & TDF_PREEMPT_LOCK, "%s was not preempted", ntd->td_comm);
    if (ntd->td_mpcount != 0) {
        KASSERT(gd->gd_mpheld, "%s goes back to %s without the MP lock", td->td_comm, ntd->td_comm);
        td->td_mpcount -= ntd->td_mpcount;
        KASSERT(td->td_mpcount >= 0, "MP lock count of %s: %d", td->td_comm, td->td_mpcount);
    }
    td->td_preempted = NULL; /* before the switch, after which td may belong to another cpu */
    poke(&ntd->td_flags, ntd->td_flags | TDF_PREEMPT_DONE);
    if (gd->gd_runqmask & ~((2u << ntd->td_pri) - 1))
        need_lwkt_resched(gd);
    return ntd;
}

struct proc *lwkt_preempted_proc(void)
{ /* lab 5 */
    thread_t td = curthread;

    while (td->td_preempted != NULL)
        td = td->td_preempted;
    return td->td_proc;
}
