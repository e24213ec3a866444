/* SPDX-License-Identifier: BSD-3-Clause
 * Which threads may run: putting threads on their cpu's run queue and taking them off, and
 * priorities. Choosing one and switching to it is switch.c.
 *
 * A thread of this cpu is enqueued here and now. For a thread of another cpu the request goes there
 * as a message, and is passed on if the thread has moved meanwhile.
 *
 * Differences from DragonFly:
 *   - lwkt_schedule knows nothing of wait queues: see wait.c.
 *   - It reads TDF_MIGRATING before td_gd. There the order was the other one, and a cpu could insert
 *     a thread into the run queue of another.
 *   - A thread that could not be enqueued, because it migrates, asks for nothing.
 *   - A sleeping process may be scheduled early; there that is a panic.
 *   - Priorities are checked to be 0 to 31. There a critical section could be passed in as well.
 */
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/runq.h"
#include "lwkt/token.h"

/*
 * Put the calling thread on its run queue. It is running already, so this only means that it can be
 * chosen again at the next switch. Thread context.
 */
void lwkt_schedule_self(thread_t td)
{ /* lab 2 */
    KASSERT(td == curthread, "%s is not the caller", td->td_comm);
    KASSERT(td != &td->td_gd->gd_idlethread, "the idle thread is never on a run queue");
    crit_enter();
    _lwkt_enqueue(td);
    crit_exit();
}

/*
 * Take the calling thread off its run queue. It runs on until it switches, and then not again until it
 * is scheduled.
 */
void lwkt_deschedule_self(thread_t td)
{ /* lab 2 */
    KASSERT(td == curthread, "%s is not the caller", td->td_comm);
    crit_enter();
    _lwkt_dequeue(td);
    crit_exit();
}

/* The end of lwkt_schedule for an interrupt thread of this cpu, which may preempt the caller. The
 * section of lwkt_schedule does not count. */
static void __attribute__((noinline)) schedule_preempting(thread_t td)
{
    td->td_preemptable(td, 1);
    crit_exit();
}

/* The end of lwkt_schedule for a thread that was enqueued on this cpu: if it is better than the current
 * one, make it run soon, and leave the section. Interrupt threads preempt; others ask for a switch. */
static inline void _lwkt_schedule_post(globaldata_t gd, thread_t td)
{
    if (td->td_preemptable != NULL) {
        schedule_preempting(td);
        return;
    }
    _lwkt_ask_resched(gd, td);
    crit_exit();
}

static void lwkt_schedule_remote(void *arg)
{ /* lab 4 */
    lwkt_schedule(arg);
}

/* The end of lwkt_schedule for a thread of another cpu. Like the other ends it is a tail call, so that
 * lwkt_schedule itself needs no stack frame. */
static void __attribute__((noinline)) schedule_elsewhere(globaldata_t owner, thread_t td)
{ /* lab 4: helper */
    lwkt_send_ipiq(owner, lwkt_schedule_remote, td);
    crit_exit();
}

/*
 * Make td runnable. Any cpu, any context. Scheduling a thread that is runnable already changes
 * nothing. Scheduling a sleeping thread wakes it early, which sleepers must tolerate.
 *
 * td's cpu may change during the call. TDF_MIGRATING is read first (consume; its publish in
 * lwkt_setcpu_remote (migrate.c) comes after td_gd's new value). If it is clear, td_gd is the new cpu.
 * If it is set, the arrival on the new cpu will enqueue td, so it is not enqueued here.
 */
void lwkt_schedule(thread_t td)
{ /* lab 4 */
    crit_enter();
    globaldata_t gd = mycpu;
    uint32 flags = consume(&td->td_flags);
    globaldata_t owner = peek(&td->td_gd);

    KASSERT(td != &owner->gd_idlethread, "the idle thread is never on a run queue");
    ktr_on_cpu(gd, KTR_SCHEDULE, td->td_id, (uint64)owner->gd_cpuid);
    if (owner != gd) {
        schedule_elsewhere(owner, td);
        return;
    }
    if ((flags & TDF_MIGRATING) == 0) {
        _lwkt_enqueue_here(gd, td, flags);
        if (td != curthread) {
            _lwkt_schedule_post(gd, td);
            return;
        }
    }
    crit_exit();
}

static void lwkt_deschedule_remote(void *arg)
{
    lwkt_deschedule(arg);
}

/*
 * Take td off its run queue, on whichever cpu it is. For another cpu's thread this happens some time
 * after the return. The caller must know what td is doing: td stops in the middle of it, and keeps what
 * it has. Any context.
 */
void lwkt_deschedule(thread_t td)
{
    crit_enter();
    if (td->td_gd == mycpu) {
        _lwkt_dequeue(td);
        lwkt_token_wait_end(td); /* so that it keeps no tokens from others while it cannot run */
    } else {
        lwkt_send_ipiq(td->td_gd, lwkt_deschedule_remote, td);
    }
    crit_exit();
}

/*
 * Set the priority, 0..31, of a thread of this cpu. A runnable thread goes to the tail of its new
 * queue, even if its priority is the same as before. Does not switch; a caller that wants to switch
 * yields.
 */
void lwkt_setpri(thread_t td, int pri)
{
    KASSERT(pri >= 0 && pri <= TDPRI_MAX, "priority %d", pri);
    KASSERT(td->td_gd == mycpu, "%s belongs to cpu %d", td->td_comm, td->td_gd->gd_cpuid);
    crit_enter();
    if (td->td_flags & TDF_RUNQ) {
        runq_remove(td->td_gd, td);
        td->td_pri = pri;
        runq_append(td->td_gd, td);
    } else {
        td->td_pri = pri;
    }
    crit_exit();
}

void lwkt_setpri_self(int pri)
{
    lwkt_setpri(curthread, pri);
}

/*
 * Returns 1 if a thread better than the caller is runnable on this cpu, else 0. This is a hint: an
 * interrupt may change the answer at any time.
 */
int lwkt_checkpri_self(void)
{
    uint32 own_and_below = (2u << curthread->td_pri) - 1; /* priority 31: 0 - 1, all of them */

    return (peek(&mycpu->gd_runqmask) & ~own_and_below) != 0;
}

/*
 * Let the other runnable threads of the same priority run first, and those that are better.
 */
void lwkt_yield(void)
{ /* lab 2 */
    if ((curthread->td_flags & TDF_RUNQ) == 0)
        lwkt_schedule_self(curthread);
    lwkt_switch();
}
