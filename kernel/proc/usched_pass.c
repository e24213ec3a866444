/* SPDX-License-Identifier: BSD-3-Clause
 * The user scheduler: a process that blocks passes its cpu on to the one that it has woken, without a
 * queue. Called by the hook of a process that blocks, by the tick, and where a process lets others go
 * first; all of it on the own cpu.
 */
#include "kernel/syscall.h"
#include "lwkt/runq.h"
#include "proc/usched_queue.h"

const int usched_level_pri[] = {TDPRI_USER_IDLE, TDPRI_USER_NORM, TDPRI_USER_REAL};

/*
 * The process of td, the caller, blocks. If the only thread that is runnable here is a process of its
 * level that was woken in the kernel, that one is designated at once, and goes on to user mode without
 * a look: so two processes that wake each other in turns pass the cpu from one to the other. The caller
 * keeps its user priority for its wakeup, which then asks for no reschedule: it waits until the other
 * one blocks, or until the next tick (usched_raise). The longer way is for when a process waits in this
 * cpu's queue, and for a process that is busy with its designation (p_seeks), or was killed. If it has
 * upcalls, or is killed after this, AST_SIGNAL makes it look before it enters user mode, and is left
 * for it (proc_user_return). In a critical section.
 */
static inline bool pass_on(thread_t td)
{
    globaldata_t gd = mycpu;
    thread_t next = runq_first(gd, td->td_pri);

    if (next == NULL)
        next = runq_first(gd, TDPRI_KERN_USER);
    if (next == NULL || next == td || gd->gd_runqmask != 1u << next->td_pri || !runq_is_alone(next))
        return false;
    struct proc *p = td->td_proc, *q = next->td_proc;
    if (q == NULL || peek(&next->td_killed) != 0 || q->p_seeks || q->p_upri != p->p_upri ||
        !usched_may_use(q, gd->gd_cpuid) || (peek(&usched_waiting) & gd->gd_cpumask) != 0)
        return false;
    usched_charge(p);
    poke(&gd->gd_uschedcp, q);
    usched_show(gd->gd_cpuid, q);
    if (next->td_pri != td->td_pri)
        lwkt_setpri(next, td->td_pri);
    usched_designate(gd, q, p);
    if (q->p_upcalls != NULL)
        amo_or(&gd->gd_astflags, AST_SIGNAL);
    return true;
}

void usched_block(thread_t td)
{
    crit_enter();
    if (pass_on(td)) {
        crit_exit();
    } else {
        crit_exit_noyield(); /* usched_release looks */
        usched_release(td);
    }
}

/* The threads of processes in one ring of the run queue, but for the current process's, get kernel
 * priority. */
static void raise_ring(globaldata_t gd, int pri)
{
    thread_t first = runq_first(gd, pri), td = first, next;
    int n = 0;

    if (first == NULL)
        return;
    do
        n++;
    while ((td = runq_next(td)) != first);
    for (; n > 0; n--, td = next) {
        next = runq_next(td);
        if (td->td_proc != NULL && td->td_proc != usched_current(gd))
            lwkt_setpri(td, TDPRI_KERN_USER);
    }
}

void usched_raise_others(void)
{
    for (int level = 0; level < USCHED_LEVELS; level++)
        raise_ring(mycpu, usched_level_pri[level]);
}
