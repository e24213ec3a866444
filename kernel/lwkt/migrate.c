/* SPDX-License-Identifier: BSD-3-Clause
 * Threads change cpus: by themselves (lwkt_setcpu_self), or, asleep, because another cpu asks for them
 * (lwkt_acquire). Either way only the owner gives, and only when the thread is off its stack, so
 * nobody runs a thread that is still running elsewhere, and no cpu waits inside an IPI body.
 *
 *   lwkt_setcpu_self            successor on the old cpu        new cpu
 *   off the run queue, off allq
 *   TDF_MIGRATING
 *   lwkt_switch ------------->  RUNNING off
 *                               message ------------------->    onto allq
 *                                                               td_gd = this cpu      (F7)
 *                                                               MIGRATING off (publish, F7)
 *                                                               lwkt_schedule
 *
 * A wakeup may come at any time. Before MIGRATING it is an ordinary one. From then on enqueueing does
 * nothing, and nothing is lost, since the arrival makes the thread runnable anyway. lwkt_schedule
 * reads the flag before td_gd, so when it finds the flag clear it has the new cpu.
 *
 * Differences from DragonFly:
 *   - There the message is sent before the switch, and the new cpu spins in it until the thread is off
 *     its stack: two threads that swap cpus can lock both up.
 *   - There a thread that is preempted counts as off its stack, although its stack is live.
 *   - There the asker moves a sleeping thread itself, from the owner's list, under the MP lock.
 */
#include "lwkt/migrate.h"

#include "lib/testpoint.h"
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/runq.h"
#include "lwkt/waitwarn.h"

/* Whether td is off the cpu and its stack is at rest: it neither runs nor was preempted. Called on td's
 * cpu: the one that it leaves or, after the message, the one that it has come to. */
static inline bool thread_off_cpu(thread_t td)
{
    return (peek(&td->td_flags) & (TDF_RUNNING | TDF_PREEMPT_LOCK)) == 0;
}

/* IPI body on the new cpu: take the thread in, and make it runnable. */
static void lwkt_setcpu_remote(void *arg)
{ /* lab 8 */
    thread_t td = arg;
    globaldata_t gd = mycpu;

    KASSERT(thread_off_cpu(td), "%s is still on its stack", td->td_comm);
    list_insert_tail(&gd->gd_tdallq, &td->td_allq);
    poke(&td->td_gd, gd);
    publish(&td->td_flags, td->td_flags & ~TDF_MIGRATING); /* consume: lwkt_schedule, F7 */
    cpu_thread_arrive();
    ktr(KTR_MIGRATE_IN, td->td_id, 0);
    lwkt_schedule(td);
}

void lwkt_setcpu_finish(thread_t old)
{ /* lab 8 */
    globaldata_t rgd = old->td_migrate_gd;

    old->td_migrate_gd = NULL;
    cpu_thread_leave(old);
    lwkt_send_ipiq(rgd, lwkt_setcpu_remote, old);
}

/*
 * Move the calling thread to another cpu. Returns on that cpu. Thread context, holding no spin lock.
 */
void lwkt_setcpu_self(globaldata_t rgd)
{
    thread_t td = curthread;

    if (td->td_gd == rgd)
        return;
    KASSERT((td->td_flags & TDF_TSLEEPQ) == 0, "%s moves while it is a sleeper", td->td_comm);
    crit_enter();
    /* lab 8: from here */
    _lwkt_dequeue(td);
    list_remove(&td->td_allq);
    td->td_migrate_gd = rgd;
    poke(&td->td_flags, td->td_flags | TDF_MIGRATING);
    lwkt_port_move(&td->td_msgport, rgd);
    /* lab 8: to here */
    ++mycpu->gd_cnt.migrations;
    ktr(KTR_MIGRATE_OUT, (uint64)rgd->gd_cpuid, 0);
    testpoint(TP_STALL_SETCPU);
    lwkt_switch();
    KASSERT(mycpu == rgd, "arrived at cpu %d instead of %d", mycpuid, rgd->gd_cpuid);
    crit_exit();
}

/* A request from lwkt_acquire to the owner. It is on the asker's stack. */
struct acquire {
    thread_t td;
    globaldata_t gd; /* asker */
    uint32 state;    /* publish, consume */
};

enum { ACQ_ASKED, ACQ_BUSY, ACQ_GIVEN };

/* IPI body on the owner: give the thread away if it is off its stack. */
static void acquire_remote(void *arg)
{ /* lab 8 */
    struct acquire *a = arg;
    thread_t td = a->td;

    if (td->td_gd != mycpu) {
        lwkt_send_ipiq(td->td_gd, acquire_remote, a); /* it has moved */
        return;
    }
    if (!thread_off_cpu(td)) {
        publish(&a->state, ACQ_BUSY); /* consume: lwkt_acquire */
        return;
    }
    KASSERT((td->td_flags & TDF_TSLEEPQ) == 0, "%s is acquired while it is a sleeper", td->td_comm);
    KASSERT((td->td_flags & TDF_RUNQ) == 0, "%s is acquired while it is runnable", td->td_comm);
    list_remove(&td->td_allq);
    cpu_thread_leave(td);
    lwkt_port_move(&td->td_msgport, a->gd);
    poke(&td->td_gd, a->gd);
    publish(&a->state, ACQ_GIVEN); /* consume: lwkt_acquire */
}

/*
 * Make td a thread of this cpu. It must have descheduled itself or be about to do so, and nobody else
 * may move it. When its cpu serves the request, it must not be on its way to another one
 * (TDF_MIGRATING), nor runnable, nor in tsleep, whose queues and timeouts belong to the sleeper's cpu.
 * (A thread in lwkt_block, lwkt_waitport or lwkt_wait may be acquired, because lwkt_schedule, which
 * ends those waits, follows the thread.) Waits until td is off its stack, serving this cpu's messages
 * meanwhile. A thread that was preempted is not off its stack. A thread of this cpu is not waited for:
 * if the caller has preempted it, it would never leave. Thread context.
 */
void lwkt_acquire(thread_t td)
{ /* lab 8 */
    struct acquire a = {.td = td, .gd = mycpu};
    struct waitwarn w = {0};

    crit_enter();
    while (td->td_gd != mycpu) {
        poke(&a.state, ACQ_ASKED);
        lwkt_send_ipiq(td->td_gd, acquire_remote, &a);
        while (consume(&a.state) == ACQ_ASKED) { /* publish: acquire_remote */
            cpu_relax();
            lwkt_process_ipiq();
            if (wait_turn(&w))
                w.since = lwkt_wait_lasts(w.since, curthread, __func__, td->td_comm,
                                          CPUMASK(peek(&td->td_gd)->gd_cpuid));
        }
        if (a.state == ACQ_GIVEN) {
            list_insert_tail(&mycpu->gd_tdallq, &td->td_allq);
            cpu_thread_arrive();
        }
    }
    crit_exit();
}
