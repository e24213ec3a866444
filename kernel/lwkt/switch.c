/*
 * Switching threads, and the idle thread.
 *
 *      thread A, cpu 0                                thread B, cpu 0
 *      lwkt_switch()
 *        choose B
 *        B: TDF_RUNNING
 *        cpu_switch(A, B) ------------------------->  returns A
 *                                                     lwkt_switch_return(A):
 *                                                       A: TDF_RUNNING off  (A's stack is free now)
 *                                                       A migrates? tell its new cpu
 *                                                       A exits?    free it
 *                                                     crit_exit()
 *
 * A's stack is in use until cpu_switch has left it, so only B can say that it is free. What must not
 * happen before (running A elsewhere, reusing its stack) is therefore B's to start.
 */
#include "lib/bits.h"
#include "lib/printf.h"
#include "lwkt/cpusync.h"
#include "lwkt/knob.h"
#include "lwkt/ktr.h"
#include "lwkt/migrate.h"
#include "lwkt/mplock.h"
#include "lwkt/preempt.h"
#include "lwkt/runq.h"
#include "lwkt/switch.h"
#include "lwkt/token.h"

/* Whether td, at the head of a queue or behind it, can run now: it has the MP lock if it needs it,
 * and its tokens. What it lacks is asked for. */
static bool needs_met(globaldata_t gd, thread_t td)
{
    if (td->td_mpcount != 0 && !cpu_try_mplock(gd)) {
        ++gd->gd_cnt.mplock_contention;
        return false;
    }
    if (td->td_toks != NULL && !lwkt_chktokens(td)) {
        ++gd->gd_cnt.token_contention;
        return false;
    }
    return true;
}

/*
 * The best thread needs something: take the first that has all it needs, queue by queue. When none
 * has, idle without halting, until what the best one needs has come.
 */
static thread_t __attribute__((noinline)) lwkt_choose_slowly(globaldata_t gd)
{
    for (uint32 mask = gd->gd_runqmask; mask != 0;) {
        int nq = bit_highest32(mask);
        thread_t first = gd->gd_tdrunq[nq], td = first;

        do {
            if (needs_met(gd, td)) {
                /* To the tail of its queue, where a running thread is. */
                runq_remove(gd, td);
                runq_append(gd, td);
                return td;
            }
            td = td->td_runnext;
        } while (td != first);
        mask &= ~(1u << nq);
    }
    gd->gd_tokwaiter = gd->gd_tdrunq[bit_highest32(gd->gd_runqmask)];
    gd->gd_idlethread.td_flags |= TDF_IDLE_NOHLT;
    return &gd->gd_idlethread;
}

/*
 * The head of the best queue, or the idle thread. It goes to the tail of its queue, where it stays
 * while it runs: that is the round robin.
 */
static inline thread_t lwkt_choose(globaldata_t gd)
{ /* lab 2 */
    if (gd->gd_runqmask == 0)
        return &gd->gd_idlethread;

    int nq = bit_highest32(gd->gd_runqmask);
    thread_t ntd = gd->gd_tdrunq[nq];

    if (ntd->td_mpcount != 0 || ntd->td_toks != NULL)
        return lwkt_choose_slowly(gd);
    gd->gd_tdrunq[nq] = ntd->td_runnext;
    return ntd;
}

/*
 * Finish the thread that ran before the current one on this cpu. In its successor's context, in a
 * critical section.
 */
static inline void lwkt_switch_return(thread_t old)
{
    uint32 flags = old->td_flags & ~TDF_RUNNING;

    ktr(KTR_SWITCH, old->td_id, flags);
    knob_point(KN_STALL_RUNNING);
    /* lab 2: from here */
    /* All that old did is visible to whoever sees it off the cpu (consume: lwkt_schedule). */
    publish(&old->td_flags, flags);
    if (flags & TDF_MIGRATING)
        lwkt_setcpu_finish(old);
    else if (flags & TDF_EXITING)
        lwkt_rele(old);
    /* lab 2: to here */
    if (cpu_thread_has_space(&curthread->td_mach))
        cpu_thread_enter(curthread);
}

static inline void switch_to(globaldata_t gd, thread_t td, thread_t ntd)
{ /* lab 2 */
    ntd->td_flags |= TDF_RUNNING;
    gd->gd_curthread = ntd;
    lwkt_switch_return(cpu_switch(td, ntd));
}

void lwkt_switch_to(globaldata_t gd, thread_t td, thread_t ntd)
{
    switch_to(gd, td, ntd);
}

/*
 * Switching inside an interrupt or IPI body would leave it half done on this cpu: a bug, unless the
 * kernel is dying of another one (a fatal trap), where it is done all the same, with one warning a
 * thread. Reference: the beginning of lwkt_switch.
 */
static void __attribute__((noinline)) switch_in_interrupt(globaldata_t gd, thread_t td)
{
    int nesting = gd->gd_intr_nesting_level, trap = gd->gd_trap_nesting_level;

    if (trap == 0)
        panic("lwkt_switch: cannot switch from within an interrupt or IPI body, yet, thread %s",
              td->td_comm);
    gd->gd_intr_nesting_level = gd->gd_trap_nesting_level = 0;
    if ((td->td_flags & TDF_PANICWARN) == 0) {
        td->td_flags |= TDF_PANICWARN;
        printf("Warning: thread switch from interrupt or IPI, thread %p (%s)\n", (void *)td,
               td->td_comm);
    }
    lwkt_switch();
    gd->gd_intr_nesting_level = nesting;
    gd->gd_trap_nesting_level = trap;
}

/* Who runs next, in place of td. In a critical section. */
static inline thread_t lwkt_next(globaldata_t gd, thread_t td)
{
    if (td->td_preempted != NULL)
        return lwkt_preempt_return(gd, td);
    if (gd->gd_tokreqbase != NULL)
        lwkt_drain_token_requests();
    gd->gd_tokwaiter = NULL;
    if (peek(&gd->gd_astflags) & AST_LWKT_RESCHED)
        amo_and(&gd->gd_astflags, ~AST_LWKT_RESCHED);
    return lwkt_choose(gd);
}

/*
 * Run the best runnable thread of this cpu, perhaps the caller again; the idle thread when there is
 * none. The caller runs again when it is on its run queue and its turn comes, or is scheduled.
 * Thread context; the cpu may be another one afterwards. Reference: lwkt_switch.
 */
void lwkt_switch(void)
{
    globaldata_t gd = mycpu;
    thread_t td = curthread;

    if (gd->gd_intr_nesting_level != 0) {
        switch_in_interrupt(gd, td);
        return;
    }
    KASSERT(cpu_intr_enabled(), "lwkt_switch with interrupts off");
    KASSERT(gd->gd_spinlocks == 0, "%s switches with a spin lock held", td->td_comm);
#ifdef INVARIANTS
    if (td->td_cscount != 0)
        lwkt_cpusync_switched(td);
#endif
    if (td->td_release != NULL)
        td->td_release(td);

    /* lab 2: from here */
    crit_enter();
    thread_t ntd = lwkt_next(gd, td);
    KASSERT(ntd->td_critcount > 0, "%s is outside all critical sections", ntd->td_comm);
    if (ntd->td_mpcount == 0 && gd->gd_mpheld)
        cpu_rel_mplock(gd);
    if (ntd != td) {
        ++gd->gd_cnt.switch_count;
        switch_to(gd, td, ntd);
    }
    crit_exit();
}

/*
 * The first thing a new thread does, on its own stack, in the critical section that it was born in.
 */
void lwkt_thread_start(thread_t old, void (*func)(void *), void *arg)
{
    lwkt_switch_return(old);
    crit_exit();
    func(arg);
    lwkt_exit();
}

/*
 * What a cpu does when it has nothing to do. The look for work and the wait are one step for
 * interrupts, which are off: whatever comes in between makes the wait return at once. Nothing may
 * be held off then, since a source that is masked would not end the wait: splz runs until there is
 * nothing. TDF_IDLE_NOHLT: a thread is runnable and waits for a token or the MP lock: look again.
 */
void lwkt_idle_loop(void)
{
    globaldata_t gd = mycpu;

    cpu_intr_enable();
    crit_exit();
    for (;;) {
        lwkt_switch();
        cpu_intr_disable();
        if (gd->gd_idlethread.td_flags & TDF_IDLE_NOHLT) {
            gd->gd_idlethread.td_flags &= ~TDF_IDLE_NOHLT;
            cpu_relax();
        } else if (peek(&gd->gd_reqflags) == 0 && gd->gd_runqmask == 0) {
            knob_point(KN_STALL_IDLE);
            ++gd->gd_cnt.idle_waits;
            cpu_idle_wait();
        }
        cpu_intr_enable();
        if (peek(&gd->gd_reqflags) != 0)
            splz();
    }
}
