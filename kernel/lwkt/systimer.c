/* SPDX-License-Identifier: BSD-3-Clause
 * Systimers: a queue for each cpu, sorted by time, over its one-shot timer. Cpu-local: all of it runs
 * on the owning cpu in a critical section, and the timer's work does too, so no lock.
 *
 * Differences from DragonFly: functions run inside the critical section, and not in a gap of it; missed
 * periods are always skipped, not only if the timer says so; lwkt_pause is new, since tsleep is above
 * this layer.
 */
#include "lwkt/systimer.h"

#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

/* Set the timer to interrupt when the first systimer is due. */
static void rearm(globaldata_t gd)
{
    struct list *first = list_first(&gd->gd_systimerq);
    uint64 when = first != NULL ? list_entry(first, struct systimer, st_node)->st_time : ~0UL;

    if (when != gd->gd_systimer_armed) {
        gd->gd_systimer_armed = when;
        cpu_timer_arm(when);
    }
}

/* Insert st after all that are due no later. The search begins at the tail, because most new ones
 * belong there. */
static void insert(globaldata_t gd, struct systimer *st)
{ /* lab 7 */
    struct list *after = gd->gd_systimerq.prev;

    while (after != &gd->gd_systimerq &&
           list_entry(after, struct systimer, st_node)->st_time > st->st_time)
        after = after->prev;
    list_insert_before(after->next, &st->st_node);
    st->st_gd = gd;
}

/* IPI body on the cpu that st is for. In a critical section. */
static void insert_here(void *arg)
{
    insert(mycpu, arg);
    rearm(mycpu);
}

static void systimer_start(int cpu, struct systimer *st, void (*func)(struct systimer *), void *arg,
                           uint64 when, uint64 period)
{
    crit_enter();
    st->st_func = func;
    st->st_arg = arg;
    st->st_time = when;
    st->st_period = period;
    if (cpu == mycpuid)
        insert_here(st);
    else
        lwkt_send_ipiq_bycpu(cpu, insert_here, st);
    crit_exit();
}

void systimer_init_oneshot(struct systimer *st, void (*func)(struct systimer *), void *arg,
                           uint64 when)
{
    systimer_start(mycpuid, st, func, arg, when, 0);
}

void systimer_init_periodic(struct systimer *st, void (*func)(struct systimer *), void *arg,
                            uint64 period)
{
    systimer_start(mycpuid, st, func, arg, cpu_time() + period, period);
}

void systimer_init_oneshot_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                              void *arg, uint64 when)
{
    systimer_start(cpu, st, func, arg, when, 0);
}

void systimer_init_periodic_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                               void *arg, uint64 period)
{
    systimer_start(cpu, st, func, arg, cpu_time() + period, period);
}

void systimer_del(struct systimer *st)
{
    crit_enter();
    if (st->st_gd != NULL) {
        KASSERT(st->st_gd == mycpu, "systimer of cpu %d", st->st_gd->gd_cpuid);
        list_remove(&st->st_node);
        st->st_gd = NULL;
        rearm(mycpu);
    }
    crit_exit();
}

void systimer_set_period(struct systimer *st, uint64 period)
{
    crit_enter();
    KASSERT(st->st_gd == mycpu, "systimer of another cpu");
    list_remove(&st->st_node);
    st->st_time = cpu_time() + period;
    st->st_period = period;
    insert(mycpu, st);
    rearm(mycpu);
    crit_exit();
}

static void pause_is_over(struct systimer *st)
{ /* lab 7 */
    lwkt_schedule(st->st_arg);
}

void lwkt_pause(uint64 ticks)
{ /* lab 7 */
    struct systimer st;

    crit_enter();
    systimer_init_oneshot(&st, pause_is_over, curthread, cpu_time() + ticks);
    while (st.st_gd != NULL) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

/*
 * Run the systimers that are due. A periodic one is queued again before its function runs, so that the
 * function can change its period or delete it. If it is late by whole periods, they are skipped, and
 * the next one ends one period from now.
 */
void systimer_intr(void)
{ /* lab 7 */
    globaldata_t gd = mycpu;
    struct list *first;

    gd->gd_systimer_armed = 0; /* the timer has fired, so it must be armed again */
    while ((first = list_first(&gd->gd_systimerq)) != NULL) {
        struct systimer *st = list_entry(first, struct systimer, st_node);
        uint64 now = cpu_time();

        if (st->st_time > now)
            break;
        list_remove(&st->st_node);
        st->st_gd = NULL;
        if (st->st_period != 0) {
            st->st_time += st->st_period;
            if (st->st_time <= now)
                st->st_time = now + st->st_period;
            insert(gd, st);
        }
        st->st_func(st);
    }
    rearm(gd);
}
