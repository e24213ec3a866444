/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about systimers: the order in which they fire (order, same), deletion (delete), missed periods
 * (periodic), a period that one delay does not move (drift), a timer that deletes itself (own), timers
 * that are started for another cpu (foreign), and lwkt_pause (pause). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

#define HERE(timer, cpu) ((timer) + 256 * (cpu))

static const char *const delays[] = {"d0", "d1", "d2", "d3", "d4", "d5"};
#define NDELAYS 6

/* Timers 0, 1, ... of cpu on= fire d0=, d1=, ... microseconds from now. */
static void start_all(int on)
{
    for (int i = 0; i < NDELAYS; i++)
        step(K_ONESHOT, HERE(i, on), param(delays[i], 100 * (i + 1)));
}

/* A starts all timers on its own cpu. */
static void order(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_CRIT_ENTER, 0, 0);
    start_all(cpu);
    step(K_CRIT_EXIT, 0, 0);
    step(K_PAUSE, 0, param("wait", 3000));
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A starts all timers on its own cpu, and deletes some before any is due: del= is a mask. */
static void delete (void)
{
    int cpu = param("cpu", 0), mask = param("del", 1);
    int a = step(K_CRIT_ENTER, 0, 0);
    start_all(cpu);
    for (int i = 0; i < NDELAYS; i++)
        if (mask & (1 << i))
            step(K_TIMER_DEL, HERE(i, cpu), 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 1);
    step(K_PAUSE, 0, param("wait", 3000));
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A timer fires every period= microseconds. A waits for before= microseconds, stays in a critical
 * section for hold=, and waits for after=. */
static void periodic(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_PERIODIC, HERE(0, cpu), param("period", 200));
    step(K_PAUSE, 0, param("before", 1100));
    step(K_CRIT_ENTER, 0, 0);
    step(K_LOG, 0, 10);
    step(K_SPIN, 0, param("hold", 1000));
    step(K_LOG, 0, 20);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 30);
    step(K_PAUSE, 0, param("after", 1100));
    step(K_TIMER_DEL, HERE(0, cpu), 0);
    step(K_LOG, 0, 40);
    step(K_PAUSE, 0, 1000);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* Timers 1, 2 and 3 are due at the same time, 4 before it, 0 and 5 at the same time after it. */
static void same(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_CRIT_ENTER, 0, 0);
    step(K_ONESHOT, HERE(0, cpu), param("third", 900));
    step(K_ONESHOT, HERE(5, cpu), 0);
    step(K_ONESHOT, HERE(1, cpu), param("second", 600));
    step(K_ONESHOT, HERE(2, cpu), 0);
    step(K_ONESHOT, HERE(3, cpu), 0);
    step(K_ONESHOT, HERE(4, cpu), param("first", 300));
    step(K_CRIT_EXIT, 0, 0);
    step(K_PAUSE, 0, 2 * param("third", 900));
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A timer fires every period= microseconds; once, a critical section delays it by half a period. */
static void drift(void)
{
    int cpu = param("cpu", 0), period = param("period", 1500);
    int a = step(K_PERIODIC, HERE(0, cpu), period);
    step(K_PAUSE, 0, period * 9 / 5);
    step(K_CRIT_ENTER, 0, 0);
    step(K_SPIN, 0, period * 7 / 10);
    step(K_CRIT_EXIT, 0, 0);
    step(K_PAUSE, 0, period * 4);
    step(K_TIMER_DEL, HERE(0, cpu), 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A periodic timer deletes itself when it fires first; another one goes on. */
static void own(void)
{
    int cpu = param("cpu", 0), period = param("period", 300);
    int a = step(K_PERIODIC_ONCE, HERE(0, cpu), period);
    step(K_PERIODIC, HERE(1, cpu), period);
    step(K_PAUSE, 0, period * 9 / 2);
    step(K_TIMER_DEL, HERE(1, cpu), 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A sleeps in lwkt_pause, three times; in the second pause, N schedules it again and again. L, worse
 * than A, runs meanwhile. In the third one, A has a critical section, and S keeps the timer interrupt
 * out until the time is over, schedules A, and lets it run. */
static void pauses(void)
{
    int us = param("us", 2000);
    int a = step(K_SET, 0, 1);
    step(K_NAP, 0, us);
    step(K_SET, 0, 2);
    step(K_NAP, 0, us);
    step(K_SET, 0, 3);
    step(K_SCHED, 3, 0);
    step(K_CRIT_ENTER, 0, 0);
    step(K_NAP, 0, us);
    step(K_CRIT_EXIT, 0, 0);
    step(K_AWAIT, 1, 1);
    step(K_END, 0, 0);
    int l = step(K_WAIT, 0, 1);
    step(K_THREAD, 0, 0);
    step(K_END, 0, 0);
    int n = step(K_WAIT, 0, 2);
    step(K_REPEAT, 0, 10);
    step(K_PAUSE, 0, us / 20);
    step(K_SCHED, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_WAIT, 0, 3);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    int s = step(K_CRIT_ENTER, 0, 0);
    step(K_SPIN, 0, us + 100);
    step(K_SCHED, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), 14, a, 1);
    thread("L", param("from", 0), 10, l, 1);
    thread("N", param("on", 1), 12, n, 1);
    thread("S", param("from", 0), 10, s, 0);
}

/* A, on cpu from=, starts all timers for cpu on=. */
static void foreign(void)
{
    int a = step(K_LOG, 0, 1);
    start_all(param("on", 1));
    step(K_PAUSE, 0, param("wait", 3000));
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

static const struct test tests[] = {
    {"order", order}, {"same", same}, {"delete", delete},   {"periodic", periodic},
    {"drift", drift}, {"own", own},   {"foreign", foreign}, {"pause", pauses},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
