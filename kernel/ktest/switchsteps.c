/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about the run queue and the switch that call their functions directly, to see what the callers
 * in the kernel never ask of them: a thread of another cpu, a call outside of all sections, a switch
 * with interrupts off.
 */
#include "ktest/internal.h"
#include "lwkt/runq.h"
#include "lwkt/switch.h"

static bool on_queue(thread_t td)
{
    return (td->td_flags & TDF_RUNQ) != 0;
}

/* td, of this cpu, is on its way to another one: it must not be enqueued. */
static void enqueue_migrating(const char *name, thread_t td)
{
    poke(&td->td_flags, td->td_flags | TDF_MIGRATING);
    _lwkt_enqueue(td);
    kt_log("runq", name, on_queue(td));
    poke(&td->td_flags, td->td_flags & ~TDF_MIGRATING);
}

void kt_runq_call(const char *name, thread_t td, int what)
{
    if (what & KQ_IN_SECTION)
        crit_enter();
    switch (what & ~KQ_IN_SECTION) {
    case KQ_ENQUEUE:
        _lwkt_enqueue(td);
        break;
    case KQ_DEQUEUE:
        _lwkt_dequeue(td);
        break;
    case KQ_MIGRATING:
        enqueue_migrating(name, td);
        break;
    case KQ_LOSE_SECTION:
        td->td_critcount = 0;
        break;
    case KQ_SCHEDULE_SELF:
        lwkt_schedule_self(td);
        break;
    case KQ_DESCHEDULE_SELF:
        lwkt_deschedule_self(td);
        break;
    default:
        lwkt_schedule_self(curthread);
        break;
    }
    if (what & KQ_IN_SECTION)
        crit_exit_noyield();
}

/* Whether td is seen off its cpu before variable v, which the thread that runs after it sets. That
 * thread's switch stalls (KP_STALL_RUNNING) on the way. */
void kt_watch_running(const char *name, thread_t td, int v)
{
    int early = 0;

    while (consume(&kt_run->var[v]) == 0 && peek(&kt_run->stop) == 0) {
        uint32 flags = consume(&td->td_flags);
        early += (flags & TDF_RUNNING) == 0 && consume(&kt_run->var[v]) == 0;
        kt_relax();
    }
    kt_log("early", name, early);
}

void kt_switch_to(const char *name, thread_t td, bool interrupts)
{
    crit_enter();
    if (!interrupts)
        cpu_intr_disable();
    lwkt_switch_to(curthread, td, mycpu);
    mycpu->gd_preempting = false; /* no thread was preempted */
    interrupts = cpu_intr_enabled();
    cpu_intr_enable();
    crit_exit();
    kt_log("enabled", name, interrupts);
}

void kt_switch_noted(const char *name)
{
    amo_or(&mycpu->gd_reqflags, RQF_IPIQ);
    lwkt_switch();
    kt_log("noted", name, (peek(&mycpu->gd_reqflags) & RQF_IPIQ) != 0);
}

void kt_ask(int bits)
{
    amo_or(&mycpu->gd_astflags, (uint32)bits);
}

void kt_log_asked(const char *name, int bits)
{
    kt_log("asked", name, (int64)(peek(&mycpu->gd_astflags) & (uint32)bits));
    amo_and(&mycpu->gd_astflags, ~(uint32)bits);
}
