/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about systimers. A scene has a few, which write down when they fire. Their names in events are
 * "tm0", "tm1", ...
 */
#include "ktest/internal.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

static struct systimer timers[KT_TIMERS]; /* each belongs to its cpu while it is queued */

static void timer_name(char name[8], int i)
{
    snprintf(name, 8, "tm%d", i);
}

/* Event "timer": how many critical sections the function runs in. */
static void timer_fired(struct systimer *st)
{
    char name[8];

    timer_name(name, (int)(uint64)st->st_arg);
    kt_log("timer", name, curthread->td_critcount);
}

/* The same, of a timer that deletes itself. */
static void timer_fired_once(struct systimer *st)
{
    systimer_del(st);
    timer_fired(st);
}

/* Event "due": when the timer is to fire first, in time ticks: in `us` microseconds, or, if that is 0,
 * when the last one is. */
void kt_systimer_start(int i, int cpu, int us, bool periodic, bool once)
{
    static uint64 when;
    uint64 ticks = (uint64)us * (cpu_timebase / 1000000);
    void (*func)(struct systimer *) = once ? timer_fired_once : timer_fired;
    char name[8];

    if (us != 0)
        when = cpu_time() + ticks;
    timer_name(name, i);
    kt_log("due", name, (int64)when);
    if (periodic)
        systimer_init_periodic_on(cpu, &timers[i], func, (void *)(uint64)i, ticks);
    else
        systimer_init_oneshot_on(cpu, &timers[i], func, (void *)(uint64)i, when);
}

/* Event "timerleft": a timer on the calling thread's stack is queued still. Its links may be bad. */
void kt_log_timer_left(const char *name)
{
    uint64 stack = (uint64)curthread->td_kstack;
    bool left = false;

    crit_enter();
    struct list *q = &mycpu->gd_systimerq;
    for (struct list *node = q->next; node != q && !left; node = node->next)
        left = (uint64)node - stack < curthread->td_kstack_size;
    crit_exit();
    if (left)
        kt_log("timerleft", name, 0);
}

/* Event "paused": how many microseconds it took. */
void kt_nap(const char *name, int us)
{
    uint64 per_us = cpu_timebase / 1000000, begin = cpu_time();

    lwkt_pause((uint64)us * per_us);
    kt_log_timer_left(name);
    kt_log("paused", name, (int64)((cpu_time() - begin) / per_us));
}

void kt_systimer_delete(int i)
{
    systimer_del(&timers[i]);
}

/* IPI body: delete the timers that are queued on this cpu. */
static void delete_here(void *arg)
{
    (void)arg;
    for (int i = 0; i < KT_TIMERS; i++)
        if (peek(&timers[i].st_gd) == mycpu)
            systimer_del(&timers[i]);
}

void kt_systimers_reset(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, delete_here, NULL));
}
