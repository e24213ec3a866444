/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about systimers: the order in which they fire (order), deletion (delete), missed periods
 * (periodic), and timers that are started for another cpu (foreign). See user/scene.h.
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
    {"order", order},
    {"delete", delete},
    {"periodic", periodic},
    {"foreign", foreign},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
