/* SPDX-License-Identifier: BSD-3-Clause
 * The end of critical sections: running what was deferred.
 *
 * Differences from DragonFly:
 *   - splz is here and in C; there each machine has its own, in assembly.
 *   - It does not run inside an interrupt or a message body, and runs once more after an untimely
 *     switch.
 *   - crit_panic leaves one critical section, so that nothing deferred runs in the panic.
 */
#include "lwkt/crit.h"

#include "lwkt/ipiq.h"
#include "lwkt/systimer.h"

/* Take `bit` out of the requests. Returns whether it was set. Interrupts are off. */
static inline bool take_request(globaldata_t gd, uint32 bit)
{ /* lab 3: helper */
    if ((peek(&gd->gd_reqflags) & bit) == 0)
        return false;
    amo_and(&gd->gd_reqflags, ~bit);
    return true;
}

/*
 * Do the work that interrupts have recorded: IPI messages, the timer, external interrupts. It may be
 * called in any context that is not such work itself, also inside a critical section (a caller that
 * does so wants the work done there).
 *
 * Each request's bit is cleared, with interrupts off, before its work is done. The work runs with
 * interrupts on, in a critical section: a request that arrives meanwhile sets its bit again, and the
 * loop sees it. Interrupts are off from the last look to the end of the critical section, so nothing
 * can arrive between the two.
 *
 * Interrupt threads are scheduled outside this function's critical section, so that they may preempt
 * the interrupted thread, if it is in none of its own. td_nest_count, at most 2, bounds the recursion
 * that interrupts cause in that gap.
 */
void splz(void)
{ /* lab 3 */
    thread_t td = curthread;
    globaldata_t gd = mycpu;
    uint64 s = cpu_intr_save();

    ++td->td_critcount;
    ++td->td_nest_count;
    while (peek(&gd->gd_reqflags) != 0) {
        if (take_request(gd, RQF_IPIQ)) {
            cpu_intr_enable();
            lwkt_process_ipiq();
            cpu_intr_disable();
        }
        if (take_request(gd, RQF_TIMER)) {
            cpu_intr_enable();
            ++gd->gd_intr_nesting_level;
            systimer_intr();
            --gd->gd_intr_nesting_level;
            cpu_intr_disable();
            cpu_timer_unmask();
        }
        if (take_request(gd, RQF_INTPEND)) {
            --td->td_critcount;
            cpu_intpend_run();
            ++td->td_critcount;
        }
    }
    --td->td_nest_count;
    --td->td_critcount;
    if (s)
        cpu_intr_enable();
}

/*
 * Switch where no code expects it. This finds code that assumes, for example, that a wakeup does not
 * switch (sysctl lwkt.untimely_switch). The thread stays on its run queue, or off it, as it was.
 */
static void untimely_switch(thread_t td)
{
    crit_enter();
    if (td->td_flags & TDF_RUNQ) {
        lwkt_switch();
    } else {
        lwkt_schedule_self(td);
        lwkt_switch();
        lwkt_deschedule_self(td);
    }
    crit_exit_noyield();
}

static inline void maybe_splz(thread_t td)
{ /* lab 3 */
    if (peek(&mycpu->gd_reqflags) != 0 && td->td_nest_count < 2 &&
        mycpu->gd_intr_nesting_level == 0)
        splz();
}

/*
 * The last critical section has ended and something was deferred. td_nest_count bounds the
 * recursion of work whose own critical sections end in here again.
 */
void lwkt_yield_quick(void)
{
    thread_t td = curthread;

    maybe_splz(td);
    if (peek(&lwkt_untimely_switch) && td->td_nest_count == 0 &&
        mycpu->gd_intr_nesting_level == 0 && cpu_intr_enabled() && td != &mycpu->gd_idlethread) {
        untimely_switch(td);
        maybe_splz(td); /* for requests that arrived during the switch */
    }
}

/* There were more exits than enters. Correct the count first, so that the panic's own code can run. */
void crit_panic(void)
{
    int count = curthread->td_critcount;

    curthread->td_critcount = 1;
    panic("crit_exit without crit_enter: td_critcount of %s is %d", curthread->td_comm, count);
}
