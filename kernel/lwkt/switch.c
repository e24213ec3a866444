/* SPDX-License-Identifier: BSD-3-Clause
 * Switching threads, and the idle thread.
 *
 *      thread A, cpu 0                                thread B, cpu 0
 *      lwkt_switch()
 *        choose B
 *        B: TDF_RUNNING
 *        cpu_switch(A, B) ------------------------->  lwkt_switch_return(A), on B's stack:
 *                                                       A: TDF_RUNNING off  (A's stack is free now)
 *                                                       A migrates? tell its new cpu
 *                                                       A exits?    free it
 *                                                       crit_exit()
 *                                                     return to where B called lwkt_switch
 *
 * A's stack is in use until cpu_switch has left it, so only B can say that it is free. Whatever must
 * not happen before that (running A elsewhere, reusing its stack) is therefore started by B.
 *
 * TDF_RUNNING itself orders nothing, because only A's own cpu goes by it. Another cpu gets A by a
 * message (F1), and A's memory when the last of td_refs is gone; both come after the flag is off, and
 * order what A did before.
 *
 * What is rare (a lock to look after, a preempted thread to go back to) is a function of its own, in
 * which lwkt_switch ends. So the common case needs no stack frame, and saves registers once, in
 * cpu_switch. And it asks for most of that at once: gd_care is several words of the cpu in one.
 *
 * Differences from DragonFly:
 *   - The end of a switch is C and one function for all; there it is assembly, and migration and exit
 *     each find their own way around a stack that is still in use.
 *   - The cpu knows whether it owns the MP lock (gd_mpheld), and mask bits are exact (runq.h), so the
 *     common case reads nothing that is shared.
 *   - A thread that is passed over is counted at the first look, too.
 *   - The idle thread's loop looks at gd_reqflags itself, so TDF_IDLE_NOHLT is for locks only.
 */
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/testpoint.h"
#include "lwkt/cpusync.h"
#include "lwkt/ktr.h"
#include "lwkt/migrate.h"
#include "lwkt/mplock.h"
#include "lwkt/preempt.h"
#include "lwkt/runq.h"
#include "lwkt/switch.h"
#include "lwkt/token.h"
#include "lwkt/waitwarn.h"

void (*lwkt_idle_work)(void);

/*
 * Whether td, a thread of this cpu's run queues, can run now: it has its tokens, and the MP lock if it
 * needs that. What it lacks is asked for. The lock comes last: a cpu that took it and then had to wait
 * for a token would keep it from cpus whose threads could run with it.
 */
static bool needs_met(globaldata_t gd, thread_t td)
{
    if (td->td_toks != NULL && !lwkt_chktokens(td)) {
        ++gd->gd_cnt.token_contention;
        return false;
    }
    if (td->td_mpcount != 0 && !cpu_try_mplock(gd)) {
        ++gd->gd_cnt.mplock_contention;
        if (td->td_toks != NULL)
            lwkt_token_wait(gd, td); /* so that it keeps them meanwhile */
        return false;
    }
    lwkt_token_wait_end(td);
    return true;
}

/* For all ways of a switch but the common one, which is not taken while anything is traced. */
static inline void mark_traced(globaldata_t gd, thread_t td)
{
    if (ktr_on(gd))
        poke(&td->td_flags, td->td_flags | TDF_TRACED);
}

/* Run ntd in place of td. In a critical section, which lwkt_switch_return ends when td runs again. */
static inline void switch_to(globaldata_t gd, thread_t td, thread_t ntd)
{ /* lab 2 */
    KASSERT(ntd->td_critcount > 0, "%s is outside all critical sections", ntd->td_comm);
    poke(&ntd->td_flags, ntd->td_flags | TDF_RUNNING);
    gd->gd_curthread = ntd;
    cpu_switch(td, ntd);
}

void lwkt_switch_to(thread_t td, thread_t ntd, globaldata_t gd)
{
    crit_enter();
    gd->gd_preempting = true;
    mark_traced(gd, td);
    switch_to(gd, td, ntd);
}

/* The end of lwkt_switch: ntd was chosen, which may be td. */
static inline void run(globaldata_t gd, thread_t td, thread_t ntd)
{ /* lab 2 */
    if (ntd == td) {
        crit_exit();
        return;
    }
    ++gd->gd_cnt.switch_count;
    switch_to(gd, td, ntd);
}

/* The same where anything may be traced. */
static inline void run_traced(globaldata_t gd, thread_t td, thread_t ntd)
{
    if (ntd != td)
        mark_traced(gd, td);
    run(gd, td, ntd);
}

/*
 * Choose the best thread that has all it needs, queue by queue, and move it to the tail of its queue,
 * which is the place of a running thread. If there is none, choose the idle thread, and do not let it
 * halt before one of them has what it needs.
 */
static thread_t choose_able(globaldata_t gd)
{
    for (uint32 mask = gd->gd_runqmask; mask != 0;) {
        int nq = bit_highest32(mask);
        thread_t first = gd->gd_tdrunq[nq], td = first;

        do {
            if (needs_met(gd, td)) {
                runq_remove(gd, td);
                runq_append(gd, td);
                lwkt_thread_waits_end(gd, td);
                return td;
            }
            lwkt_thread_waits(gd, td);
            td = td->td_runnext;
        } while (td != first);
        mask &= ~(1u << nq);
    }
    if (gd->gd_runqmask != 0)
        gd->gd_idlethread.td_flags |= TDF_IDLE_NOHLT;
    return &gd->gd_idlethread;
}

/* The switch if tokens or the MP lock are involved: td releases its tokens, which others may have asked
 * for, and the MP lock is kept only for a thread that needs it. */
static void __attribute__((noinline)) switch_with_locks(globaldata_t gd, thread_t td)
{
    if (gd->gd_tokreqbase != NULL)
        lwkt_answer_requests(gd, NULL);

    thread_t ntd = choose_able(gd);

    KASSERT(gd->gd_idlethread.td_mpcount == 0, "the idle thread of cpu %d has the MP lock",
            gd->gd_cpuid);
    if (ntd->td_mpcount == 0 && gd->gd_mpheld)
        cpu_rel_mplock(gd);
    KASSERT(ntd->td_mpcount == 0 || gd->gd_mpheld, "%s runs without the MP lock", ntd->td_comm);
    run_traced(gd, td, ntd);
}

/* td preempted another thread, and now sleeps, waits or exits. Switch back to that thread, which keeps
 * all it has. td releases its own tokens, which others may have asked for. */
static void __attribute__((noinline)) switch_back(globaldata_t gd, thread_t td)
{
    if (gd->gd_tokreqbase != NULL)
        lwkt_answer_requests(gd, td->td_preempted);

    thread_t ntd = lwkt_preempt_return(gd, td);

    gd->gd_preempting = ntd->td_preempted != NULL;
    mark_traced(gd, td);
    if (ntd->td_mpcount == 0 && gd->gd_mpheld)
        cpu_rel_mplock(gd);
    ++gd->gd_cnt.switch_count;
    switch_to(gd, td, ntd);
}

/*
 * Choose the head of the best queue, or the idle thread. The head goes to the tail of its queue, where
 * it stays while it runs: that makes the round robin. Returns NULL if it needs a lock, so that
 * choose_able() must look.
 */
static inline thread_t lwkt_choose(globaldata_t gd)
{ /* lab 2 */
    thread_t *first = gd->gd_bestrunq, ntd = *first;

    if (ntd->td_mpcount != 0 || ntd->td_toks != NULL)
        return NULL;
    *first = ntd->td_runnext;
    return ntd;
}

static void __attribute__((noinline)) leave_switch_to_space(void)
{
    cpu_thread_enter(curthread);
    crit_exit();
}

/* The end of a switch, for the thread that runs: load its address space, if it needs one, and leave the
 * section of lwkt_switch. */
static inline void leave_switch(void)
{
    if (cpu_thread_has_space(&curthread->td_mach))
        leave_switch_to_space();
    else
        crit_exit();
}

/* The rare cases of lwkt_switch_return: old migrates or exits, or the switch is traced. */
static void __attribute__((noinline)) return_with_care(thread_t old, uint32 flags)
{
    ktr(KTR_SWITCH, old->td_id, flags);
    /* lab 2: from here */
    poke(&old->td_flags, flags);
    if (flags & TDF_MIGRATING)
        lwkt_setcpu_finish(old);
    else if (flags & TDF_EXITING)
        lwkt_rele(old);
    /* lab 2: to here */
    leave_switch();
}

/*
 * cpu_switch continues here, on the stack of the thread that now runs. Finish the switch for old, which
 * ran before it on this cpu, and leave lwkt_switch's critical section. This returns to the caller of
 * lwkt_switch.
 */
void lwkt_switch_return(thread_t old)
{
    uint32 flags = old->td_flags & ~TDF_RUNNING;

    testpoint(TP_STALL_RUNNING);
    if (flags & (TDF_MIGRATING | TDF_EXITING | TDF_TRACED)) {
        return_with_care(old, flags & ~TDF_TRACED);
        return;
    }
    /* lab 2: from here */
    poke(&old->td_flags, flags);
    leave_switch();
    /* lab 2: to here */
}

/*
 * A switch inside an interrupt or IPI body would leave it half done on this cpu, so it is a bug. The
 * exception is a kernel that is dying of another bug (a fatal trap): there the switch is made, with one
 * warning for each thread. This leaves the section that lwkt_switch has entered. DragonFly: the
 * beginning of lwkt_switch.
 */
static void __attribute__((noinline)) switch_in_interrupt(globaldata_t gd, thread_t td)
{
    int nesting = gd->gd_intr_nesting_level, trap = gd->gd_trap_nesting_level;

    crit_exit_noyield();
    if (trap == 0)
        panic("lwkt_switch: cannot switch from within an interrupt or IPI body, yet, thread %s",
              td->td_comm);
    gd->gd_intr_nesting_level = gd->gd_trap_nesting_level = 0;
    if ((td->td_flags & TDF_PANICWARN) == 0) {
        poke(&td->td_flags, td->td_flags | TDF_PANICWARN);
        printf("Warning: thread switch from interrupt or IPI, thread %p (%s)\n", (void *)td,
               td->td_comm);
    }
    lwkt_switch();
    gd->gd_intr_nesting_level = nesting;
    gd->gd_trap_nesting_level = trap;
}

/* The request to reschedule is met by the switch that happens now. Other requests stay. */
static inline void take_resched(globaldata_t gd)
{ /* lab 2 */
    if (peek(&gd->gd_astflags) & AST_LWKT_RESCHED)
        amo_and(&gd->gd_astflags, ~AST_LWKT_RESCHED);
}

/* The switch if gd_care is set: in an interrupt or a body, which is a bug; on top of a preempted
 * thread; with requests for tokens, or the MP lock; or with tracing, which changes no choice. */
static void __attribute__((noinline)) switch_with_care(globaldata_t gd, thread_t td)
{
    if (gd->gd_intr_nesting_level != 0) {
        switch_in_interrupt(gd, td);
    } else if (td->td_preempted != NULL) {
        switch_back(gd, td);
    } else {
        take_resched(gd);
        thread_t ntd = gd->gd_tokasked || gd->gd_mpheld ? NULL : lwkt_choose(gd);
        if (ntd == NULL)
            switch_with_locks(gd, td);
        else
            run_traced(gd, td, ntd);
    }
}

/* A process blocks, so first it gives its cpu back to the user scheduler. td_release clears itself. */
static void __attribute__((noinline)) release_and_switch(thread_t td)
{
    td->td_release(td);
    lwkt_switch();
}

/*
 * Run the best runnable thread of this cpu, which may be the caller again, or the idle thread if there
 * is none. The caller runs again when its turn comes, if it is on its run queue; otherwise it must be
 * scheduled first. Thread context. It may return on another cpu.
 */
void lwkt_switch(void)
{
    globaldata_t gd = mycpu;
    thread_t td = curthread;

    KASSERT(cpu_intr_enabled(), "lwkt_switch with interrupts off");
    KASSERT(gd->gd_spinlocks == 0, "%s switches with a spin lock held", td->td_comm);
    KASSERT(td->td_preempted == NULL || gd->gd_preempting, "gd_preempting is off");
#ifdef INVARIANTS
    if (td->td_cscount != 0)
        lwkt_cpusync_switched(td);
#endif
    if (td->td_release != NULL) {
        release_and_switch(td);
        return;
    }

    /* lab 2: from here */
    crit_enter();
    if (peek(&gd->gd_care) != 0) {
        switch_with_care(gd, td);
        return;
    }
    if (peek(&gd->gd_astflags) != 0)
        take_resched(gd);

    thread_t ntd = lwkt_choose(gd);

    if (ntd == NULL)
        switch_with_locks(gd, td);
    else
        run(gd, td, ntd);
    /* lab 2: to here */
}

/* The first function of a new thread, on its own stack, outside critical sections. */
void lwkt_thread_start(void (*func)(void *), void *arg)
{
    func(arg);
    lwkt_exit();
}

/*
 * The loop of an idle thread. Interrupts are off from the look for work to the wait, so an interrupt
 * that arrives in between makes the wait return at once. No source may be masked then, because it would
 * not end the wait, so splz runs until there are no requests. TDF_IDLE_NOHLT: a thread is runnable but
 * waits for a token or the MP lock, so look again instead of waiting. While gd_polls is set, nobody
 * needs to tell this cpu that a token has arrived; the look comes after it is cleared (fence: answer).
 */
void lwkt_idle_loop(void)
{
    globaldata_t gd = mycpu;

    cpu_intr_enable();
    crit_exit();
    for (;;) {
        lwkt_switch();
        if (peek(&gd->gd_idlelook) != 0)
            lwkt_idle_work();
        cpu_intr_disable();
        if (gd->gd_idlethread.td_flags & TDF_IDLE_NOHLT) {
            gd->gd_idlethread.td_flags &= ~TDF_IDLE_NOHLT;
            poke(&gd->gd_polls, 1);
            cpu_relax();
            poke(&gd->gd_polls, 0);
            fence();
        } else if ((peek(&gd->gd_reqflags) & RQF_IDLECHECK_MASK) == 0 && gd->gd_runqmask == 0) {
            testpoint(TP_STALL_IDLE);
            ++gd->gd_cnt.idle_waits;
            cpu_idle_wait();
        }
        cpu_intr_enable();
        if (peek(&gd->gd_reqflags) != 0)
            splz();
    }
}
