/* SPDX-License-Identifier: BSD-3-Clause
 * The user scheduler's policy: which process may be in user mode, on which cpu, and for how long. The
 * processes that wait, and the handing out of free cpus, are in usched_queue.c.
 *
 * Each cpu has at most one current process (gd_uschedcp), the only one that may be in user mode there.
 * All others that want to be there wait in a queue, descheduled. So LWKT's fixed priorities never
 * starve a process, and sharing time is this layer's business alone.
 *
 * Inside the kernel a process is an ordinary thread. It keeps its designation through system calls
 * that do not block; the first time it blocks, lwkt_switch calls td_release, and the cpu is free
 * (passive release): for a process that runs in the kernel there, or else for the first in the queue. A
 * process that never blocks pays nothing. If the one that runs in the kernel is alone, it is made the
 * current one at once (usched_pass.c).
 *
 *   to user mode      designated here?  -> go
 *   (userexit)        own cpu free, and none in its queue due? -> take it
 *                     another cpu idle? -> take that, move there
 *                     the one here waits for better threads, and has had more time?
 *                                       -> take its place; it goes into the queue (take_over)
 *                     else              -> queue; sleep until some cpu picks us (p_target)
 *
 *   yield             one of its level waits here? -> take its place in the queue, and it has the cpu
 *
 * Where to run: a process stays on its cpu as long as it can have it soon. A new process, or one that
 * was woken, runs first in the kernel, on its parent's cpu or on its own. The current process there is
 * likely to block soon, if it has not had the cpu for long: a parent waits for its child, a writer for
 * the answer. So the other one waits for that (may_defer), and then takes the cpu, without a message, a
 * lock or a queue. If there are several such, or the current process stays, they go on, and find an
 * idle cpu if there is one. That is at once if the process has had its cpu for more than a tick, and
 * after two ticks otherwise.
 *
 * Only a thread moves itself: a process that was picked by another cpu is scheduled where it is, at
 * kernel priority, and goes there with lwkt_setcpu_self.
 */
#include "kernel/syscall.h"
#include "lib/panic.h"
#include "lib/testpoint.h"
#include "lwkt/ipiq.h"
#include "lwkt/runq.h"
#include "proc/clock.h"
#include "proc/usched_queue.h"

/* Charge the current process p, which stays so, for its time. On its cpu. */
static void charge(struct proc *p)
{
    usched_charge(p);
    usched_show(mycpuid, p);
}

/* Whether a thread better than the caller is runnable here. */
static inline bool better_waits(void)
{
    return mycpu->gd_runqmask >> curthread->td_pri > 1;
}

/* --- asking a cpu to choose again --- */

static void resched_here(void *arg)
{
    (void)arg;
    amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
}

/* p, the caller, waits in a queue. If the process of that cpu has had clearly more time than p, make
 * that cpu choose again. */
static void ask_for_cpu(const struct proc *p)
{
    if (usched_is_ahead(p->p_queue, p, usched_latency() / 4))
        lwkt_send_ipiq_bycpu(p->p_queue, resched_here, NULL);
}

/* --- what processes call --- */

void usched_release(thread_t td)
{ /* lab 8 */
    struct proc *p = td->td_proc;

    crit_enter(); /* the tick charges too */
    if (td->td_release != NULL) {
        td->td_release = NULL;
        lwkt_setpri_self(TDPRI_KERN_USER);
        charge(p);
        usched_vacate(mycpu);
    }
    crit_exit();
}

/* p, the caller, is this cpu's current process: give it user priority, and the hook that gives the cpu
 * up when it blocks. */
static void take_designation(struct proc *p)
{
    p->p_since = cpu_time();
    p->p_heartbeat = mycpu->gd_heartbeat;
    p->p_target = -1;
    poke(&mycpu->gd_idlelook, 1);
    clock_wake();
    lwkt_setpri_self(usched_level_pri[p->p_upri]);
    curthread->td_release = usched_block;
    if (better_waits()) /* lower now than one that waits */
        need_lwkt_resched(mycpu);
}

/*
 * The current process q of this cpu is on its way to user mode and waits while better threads run
 * (usched_userexit). If p, the caller, has not had more time, it takes q's place, and q waits in the
 * queue. All of it is done here: otherwise p would queue and switch to q, which would give way.
 */
static bool take_over(struct proc *p)
{
    globaldata_t gd = mycpu;
    struct proc *q = gd->gd_uschedparked;

    if (q == NULL || !usched_may_use(p, gd->gd_cpuid))
        return false;
    charge(q);
    if (p->p_upri < q->p_upri || (p->p_upri == q->p_upri && p->p_vruntime > q->p_vruntime))
        return false;
    gd->gd_uschedparked = NULL;
    lwkt_deschedule(q->p_thread);
    lwkt_setpri(q->p_thread, TDPRI_KERN_USER); /* if it is picked, it need not wait for p */
    poke(&gd->gd_uschedcp, p);
    usched_show(gd->gd_cpuid, p);
    usched_offer(q);
    return true;
}

/*
 * Sleep in the queue until some cpu picks p, the caller, or it is killed. In a critical section,
 * descheduled before it was queued. If something else schedules p, it goes on waiting. Code that takes
 * p out of the queue schedules it afterwards. So if a look finds p in the queue, that schedule is still
 * to come, and it comes after the deschedule too: from another cpu it is a message, and on this cpu
 * nothing interrupts the critical section.
 */
static void wait_in_queue(struct proc *p)
{ /* lab 8 */
    lwkt_switch();
    while (usched_is_queued(p)) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
}

/* Make p, the caller, the current process of some cpu that it may use, and move it there. Gives up when
 * p was killed: it needs no designation to exit. */
static void become_current(struct proc *p)
{ /* lab 8 */
    crit_enter();
    usched_limit_credit(p);
    while (p->p_target >= 0 || !thread_killed()) {
        if (p->p_target < 0)
            p->p_target = usched_claim_any(p);
        if (p->p_target < 0 && take_over(p))
            p->p_target = mycpuid;
        if (p->p_target >= 0) {
            if (p->p_target != mycpuid) {
                lwkt_setcpu_self(globaldata_of[p->p_target]);
                fence(); /* the new td_gd, before the next look at td_killed: tell_here */
            }
            take_designation(p);
            break;
        }
        lwkt_deschedule_self(curthread);
        usched_offer(p);
        ask_for_cpu(p);
        wait_in_queue(p);
    }
    crit_exit();
}

/* AST_USER_RESCHED: a process in the queue may be due, or p, the current process, has another mask. It
 * gives way to one that goes before it, and goes away if it may not use this cpu any more. As p is
 * charged once a tick, it has at least one tick before an equal takes its turn. */
static void give_way(struct proc *p)
{ /* lab 8 */
    crit_enter();
    charge(p);
    bool behind = usched_is_behind(p);
    crit_exit();
    if (behind || !usched_may_use(p, mycpuid)) {
        usched_release(curthread);
        lwkt_yield(); /* those that wait in the kernel for this cpu come first: others_come */
        become_current(p);
    }
}

/* Whether p, this cpu's current process, is likely to block soon: it has not had the cpu for a whole
 * tick. */
static bool blocks_soon(const struct proc *p)
{
    return mycpu->gd_heartbeat - p->p_heartbeat < 2;
}

/* Whether no thread in the ring of `first` is that of a process of this level or a better one. */
static __attribute__((noinline)) bool none_reaches(thread_t first, int level)
{
    thread_t td = first;

    do
        if (td->td_proc != NULL && td->td_proc->p_upri >= level)
            return false;
    while ((td = runq_next(td)) != first);
    return true;
}

/*
 * Whether the threads that want this cpu can wait: until p, its current process, blocks, or until the
 * next tick. That is so if all of them run in the kernel at its priority, none is a better process
 * than p, and either p is likely to block soon, and there is only one or all are of lower levels; or no
 * cpu is idle. So a writer fills its pipe before the reader runs, two processes that take turns switch
 * when they block, not at each wakeup, and a child runs where its parent waits for it.
 */
static bool may_defer(const struct proc *p)
{
    thread_t first = runq_first(mycpu, TDPRI_KERN_USER);

    if (mycpu->gd_runqmask >> (TDPRI_KERN_USER + 1))
        return false;
    if (curthread->td_release == NULL || first == NULL)
        return true; /* p is one of them */
    if (first->td_proc != NULL && first->td_proc->p_upri > p->p_upri)
        return false;
    if (runq_is_alone(first) && blocks_soon(p))
        return true;
    if (peek(&mycpu->gd_astflags) & AST_USER_RESCHED)
        return false; /* the tick has asked */
    if (blocks_soon(p) && none_reaches(first, p->p_upri))
        return true;
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (usched_is_idle(cpu))
            return false;
    return none_reaches(first, p->p_upri + 1);
}

/*
 * AST_LWKT_RESCHED: better threads run first. The process does not block here, so it keeps its cpu,
 * unless another takes its place meanwhile (take_over); then it returns from here when it has been
 * picked.
 */
static __attribute__((noinline)) void let_better_run(struct proc *p)
{
    thread_t td = curthread;

    crit_enter();
    p->p_seeks = true;
    void (*release)(thread_t) = td->td_release;
    td->td_release = NULL;
    if (release != NULL)
        mycpu->gd_uschedparked = p;
    lwkt_switch();
    if (mycpu->gd_uschedparked == p) { /* only a current process is ever parked */
        td->td_release = release;
        mycpu->gd_uschedparked = NULL;
    } else if (td->td_release != NULL) {
        p->p_target = -1; /* switch_over */
    }
    p->p_seeks = false;
    crit_exit();
}

void usched_userexit(struct proc *p)
{
    thread_t td = curthread;

    if (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) {
        /* Cleared before the look, so that a thread that wakes after it asks again. */
        amo_and(&mycpu->gd_astflags, ~AST_LWKT_RESCHED);
        if (!may_defer(p))
            let_better_run(p);
        testpoint(TP_STALL_DEFER);
    }
    if (td->td_release == NULL) {
        p->p_seeks = true;
        become_current(p);
        p->p_seeks = false;
    }
    if (peek(&mycpu->gd_astflags) & AST_USER_RESCHED) {
        amo_and(&mycpu->gd_astflags, ~AST_USER_RESCHED);
        usched_raise();
        p->p_seeks = true;
        give_way(p);
        p->p_seeks = false;
    }
}

/* A new process begins as one that was woken, on the cpu where proc_alloc has made its thread. */
void usched_setrunqueue(struct proc *p)
{
    lwkt_schedule(p->p_thread);
}

/* ntd, of this cpu, replaces the caller on the run queue, in any case. */
static __attribute__((noinline)) void replace_with_care(globaldata_t gd, thread_t ntd)
{
    int pri = curthread->td_pri;

    _lwkt_dequeue(curthread);
    _lwkt_dequeue(ntd); /* something has scheduled it without cause */
    ntd->td_pri = pri;
    _lwkt_schedule_here(gd, ntd);
}

/* p, the caller, which is in the queue, leaves the cpu to next. It leaves the run queue first, before a
 * message comes in: another cpu may have picked p already. */
static inline void switch_over(globaldata_t gd, struct proc *p, struct proc *next)
{
    thread_t td = curthread, ntd = next->p_thread;

    if (ntd->td_gd == gd) {
        if (!_lwkt_replace(gd, td, ntd))
            replace_with_care(gd, ntd);
        td->td_pri = TDPRI_KERN_USER;
        usched_designate(gd, next, p);
    } else {
        _lwkt_dequeue(td);
        td->td_pri = TDPRI_KERN_USER; /* a message may come in, and schedule it */
        td->td_release = NULL;
        lwkt_schedule(ntd);
    }
    if (ncpus > 1)
        usched_wake_idle(p);
    lwkt_switch();
}

/*
 * p, the caller, this cpu's current process, gives the cpu to the first process of its level in the
 * queue, and waits there in its place. The cpu is never free in between, so no other process claims it.
 * Returns false if there is no such process. Otherwise p's turn has come by another one's switch_over;
 * or p has been picked, or killed: without a designation it goes through usched_userexit.
 */
static bool hand_over(struct proc *p)
{
    usched_charge(p);
    struct proc *next = usched_exchange(p);
    if (next == NULL)
        return false;
    p->p_seeks = true;
    switch_over(mycpu, p, next);
    if (curthread->td_release != NULL) {
        p->p_target = -1;
        p->p_seeks = false;
        if (thread_killed() || p->p_upcalls != NULL)
            amo_or(&mycpu->gd_astflags, AST_SIGNAL);
    } else if (usched_is_queued(p)) {
        lwkt_deschedule_self(curthread);
        wait_in_queue(p);
    }
    return true;
}

/* p, the caller, has not handed its cpu over, so it gives way on its return to user mode. */
static __attribute__((noinline)) void yield_later(struct proc *p)
{
    if (better_waits()) {
        p->p_heartbeat -= 2; /* they do not wait for p to block */
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED | AST_LWKT_RESCHED);
    }
    if (peek(&usched_waiting) != 0) {
        usched_fall_behind(p);
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
    }
}

/* The caller lets the first process of its level in this cpu's queue go before it, whatever their
 * times, and those that run in the kernel. */
void usched_yield(struct proc *p)
{
    if (curthread->td_release == NULL)
        return;
    crit_enter();
    usched_raise();
    if (better_waits() || !hand_over(p))
        yield_later(p);
    crit_exit();
    if (ncpus > 1)
        cpu_relax(); /* a process that polls waits for what another hart does */
}

/* A process that was killed before it first ran may have been picked by a cpu and not have gone there
 * yet. */
void usched_exit(struct proc *p)
{
    crit_enter();
    if (curthread->td_release != NULL)
        usched_release(curthread);
    if (p->p_target >= 0) {
        globaldata_t gd = globaldata_of[p->p_target];
        p->p_target = -1;
        usched_vacate(gd);
    }
    p->p_seeks = true; /* it is designated no more: pass_on */
    crit_exit();
}

void usched_tick(void)
{ /* lab 8 */
    thread_t td = curthread;

    while (td->td_preempted != NULL)
        td = td->td_preempted;
    if (td->td_release == NULL)
        return;
    charge(td->td_proc);
    if (better_waits())
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED | AST_LWKT_RESCHED);
    else if (peek(&usched_waiting) != 0)
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
}

/* p, the caller, gives up its cpu, to ask for one anew on its way to user mode, at its new level. The
 * cpu may have been left to processes that run in the kernel (others_come), so they come first:
 * otherwise a process that does this all the time would keep it from them for ever. */
int usched_setpri(struct proc *p, int level)
{
    int old = p->p_upri;

    if (level < USER_PRI_IDLE || level > USER_PRI_REAL)
        return -1;
    p->p_upri = level;
    usched_exit(p);
    lwkt_yield();
    p->p_seeks = false;
    return old;
}

int usched_setaffinity(struct proc *p, uint64 mask)
{
    if ((mask & (CPUMASK(ncpus - 1) | (CPUMASK(ncpus - 1) - 1))) == 0)
        return -1;
    p->p_affinity = mask;
    if (!usched_may_use(p, mycpuid))
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED); /* give_way, on its way to user mode */
    return 0;
}
