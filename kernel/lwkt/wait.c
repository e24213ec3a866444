/* SPDX-License-Identifier: BSD-3-Clause
 * Wait queues: see wait.h.
 *
 *   waiter, any cpu                             signaller, any cpu
 *   ---------------                             ------------------
 *   take wa_token
 *   *gen is old? then return
 *   td_wait = w, join the queue
 *   release wa_token                            take wa_token
 *   while td_wait is set:                       raise wa_gen
 *     deschedule, switch                        unlink the first waiter
 *                                               release wa_token
 *                           <-- end_wait -----  on the waiter's cpu: td_wait = NULL, schedule it
 *     (runs again)
 *
 * No wakeup is lost, because td_wait is cleared on the waiter's own cpu, as a message if the signaller
 * runs on another one. From the look at td_wait to the switch the waiter is in one critical section,
 * which keeps messages out. So end_wait runs before the look, which then sees it; or after the switch,
 * and makes the waiter runnable. For the same reason a waiter that finds td_wait cleared may end at
 * once: no signaller is still about to schedule it.
 *
 * The token is held for a few instructions only, in critical sections (lwkt_gettoken_crit).
 *
 * Differences from DragonFly:
 *   - There the waiter switches with the token in its hands, and must have it back before it runs. So
 *     each wait looks for its token twice, and each switch of a waiter is one of the slow kind.
 *   - Only a signal clears td_wait. There, lwkt_schedule unlinked a waiter, and lwkt_block's loop,
 *     which looked at td_wmesg, put it back to sleep on no queue at all: no signal ever found it
 *     again. Here lwkt_schedule knows nothing of wait queues. A thread that it wakes without cause
 *     finds td_wait set, and sleeps on in its place in the queue.
 *   - The queue has a linkage of its own (td_waitq), so a waiter that was scheduled without cause can
 *     be on the run queue as well.
 *   - A waiter that is better than the thread that runs on its cpu asks for a reschedule there. In
 *     DragonFly a waiter of the signaller's cpu was only enqueued.
 */
#include "lwkt/wait.h"

#include "lwkt/ipiq.h"
#include "lwkt/runq.h"

void lwkt_wait_init(lwkt_wait_t w)
{
    lwkt_token_init(&w->wa_token);
    list_init(&w->wa_waitq);
    w->wa_gen = 0;
    w->wa_count = 0;
}

/* The caller waits from here on. It holds the token. */
static inline void join_queue(lwkt_wait_t w, const char *wmesg)
{ /* lab 7: helper */
    thread_t td = curthread;

    KASSERT(td->td_wait == NULL, "%s waits already", td->td_comm);
    list_insert_tail(&w->wa_waitq, &td->td_waitq);
    poke(&w->wa_count, w->wa_count + 1);
    td->td_wait = w;
    td->td_wmesg = wmesg;
}

/* Sleep until a signal has ended the wait. In a critical section, without the token. */
static inline void wait_for_signal(void)
{ /* lab 7: helper */
    while (curthread->td_wait != NULL) {
        _lwkt_dequeue(curthread);
        lwkt_switch();
    }
    curthread->td_wmesg = NULL;
}

void lwkt_block(lwkt_wait_t w, const char *wmesg, int *gen)
{ /* lab 7 */
    struct lwkt_tokref ref;

    KASSERT(curthread != &mycpu->gd_idlethread, "the idle thread cannot wait");
    crit_enter();
    lwkt_gettoken_crit(&ref, &w->wa_token);
    if (w->wa_gen == *gen) {
        join_queue(w, wmesg);
        lwkt_reltoken_crit(&ref);
        wait_for_signal();
    } else {
        lwkt_reltoken_crit(&ref);
    }
    *gen = consume(&w->wa_gen); /* publish: lwkt_signal */
    crit_exit();
}

/* A signal has taken td off its queue. On its cpu, in a critical section. */
static inline void end_wait(globaldata_t gd, thread_t td)
{ /* lab 7: helper */
    td->td_wait = NULL;
    _lwkt_schedule_here(gd, td);
}

/* The same for a thread of any cpu; also an IPI body, which follows a thread that has moved. */
static void end_wait_there(void *arg)
{ /* lab 7: helper */
    thread_t td = arg;

    if (peek(&td->td_gd) == mycpu)
        end_wait(mycpu, td);
    else
        lwkt_send_ipiq(peek(&td->td_gd), end_wait_there, td);
}

static void end_waits_there(struct list *elsewhere)
{ /* lab 7: helper */
    while (!list_empty(elsewhere)) {
        thread_t td = list_entry(list_first(elsewhere), struct thread, td_waitq);

        list_remove(&td->td_waitq);
        end_wait_there(td);
    }
}

/* Messages to other cpus go out when the token is released, because a cpu that sends one may let others
 * in, and one of those may take the token away. */
void lwkt_signal(lwkt_wait_t w, int count)
{ /* lab 7 */
    struct lwkt_tokref ref;
    struct list elsewhere;

    list_init(&elsewhere);
    crit_enter();
    lwkt_gettoken_crit(&ref, &w->wa_token);
    publish(&w->wa_gen, w->wa_gen + 1); /* consume: lwkt_block, a waiter without a lock (wait.h) */
    for (; count != 0 && !list_empty(&w->wa_waitq); count--) {
        thread_t td = list_entry(list_first(&w->wa_waitq), struct thread, td_waitq);

        KASSERT(td->td_wait == w, "%s is on a queue that it does not wait on", td->td_comm);
        list_remove(&td->td_waitq);
        poke(&w->wa_count, w->wa_count - 1);
        if (peek(&td->td_gd) == mycpu)
            end_wait(mycpu, td);
        else
            list_insert_tail(&elsewhere, &td->td_waitq);
    }
    lwkt_reltoken_crit(&ref);
    if (!list_empty(&elsewhere))
        cpu_call_rarely(end_waits_there, &elsewhere, 0, 0);
    crit_exit();
}
