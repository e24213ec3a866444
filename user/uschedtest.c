/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about the user scheduler in which A, the calling process, plays the steps of a thread: what it
 * has as a current process and after it has blocked (states), what the tick asks for (ticks), and
 * schedules without cause while it waits in the queue (strays). See user/scene.h.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/scene.h"
#include "user/user.h"

#define LOOPS 600 /* between two looks at the time */

/* A child computes at that level on A's cpu for so many tenths of a second, after it has slept. */
static void add_rival(int level, int sleeps, int tenths)
{
    if (fork() != 0)
        return;
    setaffinity(1UL << param("cpu", 0));
    setpri(level);
    sleep(sleeps);
    for (int end = uptime() + tenths; uptime() < end;)
        for (volatile int i = 0; i < LOOPS; i++)
            ;
    exit(0);
}

/* A is the current process, computes for spin= microseconds, blocks, and comes back. */
static void states(void)
{
    int a = step(K_USEREXIT, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_SPIN, 0, param("spin", 30000));
    step(K_USCHED, 0, 0);
    step(K_TSLEEP, 1, 1);
    step(K_USCHED, 0, 0);
    step(K_USEREXIT, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_END, 0, 0);
    caller("A", param("cpu", 0), a);
}

/*
 * What the tick asks for while A computes for 30 ms: as the current process; then while I, an interrupt
 * thread, runs on top of it; then while L, which is better, is runnable; then when A is not the current
 * process any more. rival= 1: another process waits for A's cpu all the time.
 */
static void ticks(void)
{
    int i = step(K_SPIN, 0, 30000);
    step(K_END, 0, 0);
    int l = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int a = step(K_USEREXIT, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_AST, 0, 0);
    step(K_SPIN, 0, 30000);
    step(K_AST, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_AST, 0, 0);
    step(K_SCHED, 2, 0);
    step(K_AST, 0, 0);
    step(K_SPIN, 0, 30000);
    step(K_AST, 0, 0);
    step(K_TSLEEP, 1, 1);
    step(K_USCHED, 0, 0);
    step(K_AST, 0, 0);
    step(K_SPIN, 0, 30000);
    step(K_AST, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_END, 0, 0);
    if (param("rival", 0))
        add_rival(USER_PRI_NORMAL, 0, 6);
    caller("A", param("cpu", 0), a);
    thread_flags(thread("I", param("cpu", 0), 28, i, 0), KTF_ITHREAD);
    thread("L", param("cpu", 0), 12, l, 0);
}

/* A waits in the queue, as a process of a better level has its cpu; N schedules A all the time. */
static void strays(void)
{
    int a = step(K_TSLEEP, 1, param("ticks", 20)); /* the rival computes now */
    step(K_SET, 0, 1);
    step(K_USEREXIT, 0, 0);
    step(K_USCHED, 0, 0);
    step(K_SET, 0, 2);
    step(K_AWAIT, 2, 1);
    step(K_END, 0, 0);
    int n = step(K_AWAIT, 0, 1);
    step(K_REPEAT, 0, param("strays", 50));
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, 3000);
    step(K_AGAIN, 0, 0);
    step(K_AWAIT, 0, 2);
    step(K_SET, 2, 1);
    step(K_END, 0, 0);
    add_rival(USER_PRI_REAL, 2, 5);
    caller("A", param("cpu", 0), a);
    thread("N", param("other", 1), 12, n, 1);
}

static const struct test tests[] = {
    {"states", states},
    {"ticks", ticks},
    {"strays", strays},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
