/*
 * Switching threads, migration, and the idle thread.
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
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/runq.h"
#include "lwkt/switch.h"

/*
 * The head of the best queue, or the idle thread. It goes to the tail of its queue, where it stays
 * while it runs: that is the round robin.
 */
static inline thread_t lwkt_choose(globaldata_t gd)
{
    if (gd->gd_runqmask == 0)
        return &gd->gd_idlethread;

    int nq = bit_highest32(gd->gd_runqmask);
    thread_t ntd = gd->gd_tdrunq[nq];

    gd->gd_tdrunq[nq] = ntd->td_runnext;
    return ntd;
}

/* Body at the new cpu: the thread is off its stack and belongs to nobody. Take it over. */
static void lwkt_setcpu_remote(void *arg)
{
    thread_t td = arg;
    globaldata_t gd = mycpu;

    KASSERT((td->td_flags & (TDF_RUNNING | TDF_PREEMPT_LOCK)) == 0, "%s is still on its stack",
            td->td_comm);
    list_insert_tail(&gd->gd_tdallq, &td->td_allq);
    poke(&td->td_gd, gd);
    publish(&td->td_flags, td->td_flags & ~TDF_MIGRATING); /* consume: lwkt_schedule */
    ktr(KTR_MIGRATE_IN, td->td_id, 0);
    lwkt_schedule(td);
}

/*
 * Finish the thread that ran before the current one on this cpu. In its successor's context, in a
 * critical section.
 */
void lwkt_switch_return(thread_t old)
{
    ktr(KTR_SWITCH, old->td_id, old->td_flags);
    /* All that old did is visible to whoever sees it off the cpu (consume: lwkt_schedule). */
    publish(&old->td_flags, old->td_flags & ~TDF_RUNNING);
    if (old->td_flags & TDF_MIGRATING) {
        globaldata_t rgd = old->td_migrate_gd;
        old->td_migrate_gd = NULL;
        cpu_thread_leave(old);
        lwkt_send_ipiq(rgd, lwkt_setcpu_remote, old);
    } else if (old->td_flags & TDF_EXITING) {
        lwkt_rele(old);
    }
    cpu_thread_enter(curthread);
}

/* Switching inside an interrupt or IPI body would leave it half done on this cpu. */
static void __attribute__((noinline, noreturn)) switch_in_interrupt(thread_t td)
{
    panic("lwkt_switch: cannot switch from within an interrupt or IPI body, yet, thread %s",
          td->td_comm);
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

    if (gd->gd_intr_nesting_level != 0)
        switch_in_interrupt(td);
    KASSERT(cpu_intr_enabled(), "lwkt_switch with interrupts off");
    KASSERT(gd->gd_spinlocks == 0, "%s switches with a spin lock held", td->td_comm);
    if (td->td_release != NULL)
        td->td_release(td);

    crit_enter();
    if (peek(&gd->gd_astflags) & AST_LWKT_RESCHED)
        amo_and(&gd->gd_astflags, ~AST_LWKT_RESCHED);
    thread_t ntd = lwkt_choose(gd);
    if (ntd != td) {
        ++gd->gd_cnt.switch_count;
        ntd->td_flags |= TDF_RUNNING;
        gd->gd_curthread = ntd;
        lwkt_switch_return(cpu_switch(td, ntd));
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
 * Move the caller to another cpu. It comes back running there. Thread context, holding no spin lock.
 *
 * Nobody but the thread itself starts a move, and the message to the new cpu leaves only when the
 * thread is off its stack (lwkt_switch_return), so the new cpu never waits. From TDF_MIGRATING on,
 * wakeups change nothing: the arrival makes the thread runnable anyway.
 */
void lwkt_setcpu_self(globaldata_t rgd)
{
    thread_t td = curthread;

    if (td->td_gd == rgd)
        return;
    crit_enter();
    _lwkt_dequeue(td);
    list_remove(&td->td_allq);
    td->td_migrate_gd = rgd;
    td->td_flags |= TDF_MIGRATING;
    ktr(KTR_MIGRATE_OUT, (uint64)rgd->gd_cpuid, 0);
    lwkt_switch();
    KASSERT(mycpu == rgd, "arrived at cpu %d instead of %d", mycpuid, rgd->gd_cpuid);
    crit_exit();
}

/*
 * What a cpu does when it has nothing to do. The look for work and the wait are one step for
 * interrupts, which are off: whatever comes in between makes the wait return at once. Nothing may
 * be held off then, since a source that is masked would not end the wait: splz runs until there is
 * nothing.
 */
void lwkt_idle_loop(void)
{
    globaldata_t gd = mycpu;

    cpu_intr_enable();
    crit_exit();
    for (;;) {
        lwkt_switch();
        cpu_intr_disable();
        if (peek(&gd->gd_reqflags) == 0 && gd->gd_runqmask == 0) {
            ++gd->gd_cnt.idle_waits;
            cpu_idle_wait();
        }
        cpu_intr_enable();
        if (peek(&gd->gd_reqflags) != 0)
            splz();
    }
}
