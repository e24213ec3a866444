/* SPDX-License-Identifier: BSD-3-Clause
 * Wait queues: see wait.h.
 *
 *   waiter, any cpu                             signaller, any cpu
 *   ---------------                             ------------------
 *   take wa_token
 *   *gen is old? then return
 *   td_wait = w, join the queue
 *   while td_wait is set:
 *     deschedule, switch    -- token goes -->   take wa_token
 *                                               raise wa_gen
 *                                               unlink the first waiter, td_wait = NULL,
 *                           <-- schedule ----     lwkt_schedule it
 *     (runs again)          <-- token comes --  release wa_token
 *   release wa_token
 *
 * The token is what makes this safe: the switch lets go of it only when the waiter leaves the cpu, and
 * has it back before the waiter runs. So between the look at td_wait and being off the cpu no signal
 * can come in, and there is no wakeup to lose.
 *
 * Differences from DragonFly:
 *   - A waiter is on the queue as long as td_wait is set, and only a signal clears it. There,
 *     lwkt_schedule unlinked a waiter, and lwkt_block's loop, which looked at td_wmesg, put it back to
 *     sleep on no queue at all: no signal ever found it again. Here lwkt_schedule knows nothing of wait
 *     queues. A thread that it wakes without cause finds td_wait set, and sleeps on in its place in
 *     the queue.
 *   - The queue has a linkage of its own (td_waitq), so a waiter that was scheduled without cause can
 *     be on the run queue as well.
 *   - Since nobody has to unlink a waiter in order to schedule it, lwkt_schedule need not run on the
 *     cpu that owns the token, and chases the thread only.
 *   - lwkt_signal schedules by lwkt_schedule, on this cpu too, so that a waiter that is better than the
 *     signaller asks for a reschedule, or preempts. There it was only enqueued.
 */
#include "lwkt/wait.h"

#include "lwkt/runq.h"

void lwkt_wait_init(lwkt_wait_t w)
{
    lwkt_token_init(&w->wa_token);
    list_init(&w->wa_waitq);
    w->wa_gen = 0;
    w->wa_count = 0;
}

/*
 * Join the queue and sleep until a signal has taken the thread off it. The caller holds the token. The
 * critical section makes leaving the run queue and leaving the cpu one step: another switch in between
 * would release the token, so that a signal could come in, whose lwkt_schedule would then be undone.
 */
static void wait_for_signal(lwkt_wait_t w, const char *wmesg)
{ /* lab 7 */
    thread_t td = curthread;

    KASSERT(td->td_wait == NULL, "%s waits already", td->td_comm);
    crit_enter();
    list_insert_tail(&w->wa_waitq, &td->td_waitq);
    poke(&w->wa_count, w->wa_count + 1);
    td->td_wait = w;
    td->td_wmesg = wmesg;
    poke(&td->td_flags, td->td_flags | TDF_BLOCKQ);
    while (td->td_wait != NULL) {
        _lwkt_dequeue(td);
        lwkt_switch();
    }
    poke(&td->td_flags, td->td_flags & ~TDF_BLOCKQ);
    td->td_wmesg = NULL;
    crit_exit();
}

void lwkt_block(lwkt_wait_t w, const char *wmesg, int *gen)
{ /* lab 7 */
    struct lwkt_tokref ref;

    KASSERT(curthread != &mycpu->gd_idlethread, "the idle thread cannot wait");
    lwkt_gettoken(&ref, &w->wa_token);
    if (w->wa_gen == *gen)
        wait_for_signal(w, wmesg);
    *gen = w->wa_gen;
    lwkt_reltoken(&ref);
}

void lwkt_signal(lwkt_wait_t w, int count)
{ /* lab 7 */
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &w->wa_token);
    publish(&w->wa_gen, w->wa_gen + 1); /* consume: a waiter without a lock (wait.h) */
    for (; count != 0 && !list_empty(&w->wa_waitq); count--) {
        thread_t td = list_entry(list_first(&w->wa_waitq), struct thread, td_waitq);

        KASSERT(td->td_wait == w, "%s is on a queue that it does not wait on", td->td_comm);
        list_remove(&td->td_waitq);
        poke(&w->wa_count, w->wa_count - 1);
        td->td_wait = NULL;
        lwkt_schedule(td);
    }
    lwkt_reltoken(&ref);
}
