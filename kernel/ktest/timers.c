/*
 * Systimers on demand, for scripts: a few a scene, which log when they fire. Their names in events are
 * "tm0", "tm1", ...
 */
#include "ktest/ktest.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

static struct systimer timers[KT_TIMERS]; /* each its own cpu's, while it is queued */

static void timer_name(char name[8], int i)
{
    snprintf(name, 8, "tm%d", i);
}

/* Event "timer": how many critical sections it runs in. */
static void fired(struct systimer *st)
{
    char name[8];

    timer_name(name, (int)(uint64)st->st_arg);
    kt_log("timer", name, curthread->td_critcount);
}

/* Event "due": the first time it is to fire, in time ticks. */
static void start(int i, int cpu, int us, bool periodic)
{
    uint64 ticks = (uint64)us * (cpu_timebase / 1000000), when = cpu_time() + ticks;
    char name[8];

    timer_name(name, i);
    kt_log("due", name, (int64)when);
    if (periodic)
        systimer_init_periodic_on(cpu, &timers[i], fired, (void *)(uint64)i, ticks);
    else
        systimer_init_oneshot_on(cpu, &timers[i], fired, (void *)(uint64)i, when);
}

bool kt_play_timer(const struct kt_step *s)
{
    int i = s->a & 0xff, cpu = s->a >> 8;

    switch (s->op) {
    case K_ONESHOT:
        start(i, cpu, s->b, false);
        return true;
    case K_PERIODIC:
        start(i, cpu, s->b, true);
        return true;
    case K_TIMER_DEL:
        systimer_del(&timers[i]);
        return true;
    default:
        return false;
    }
}

/* IPI body: delete what is queued here. */
static void delete_here(void *arg)
{
    (void)arg;
    for (int i = 0; i < KT_TIMERS; i++)
        if (peek(&timers[i].st_gd) == mycpu)
            systimer_del(&timers[i]);
}

void kt_timers_reset(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, delete_here, NULL));
}
