/* SPDX-License-Identifier: BSD-3-Clause
 * More scenes about the user scheduler. In some of them A, the calling process, plays the steps of a
 * thread: what it has as a current process and after it has blocked (states), what the tick asks for
 * (ticks), and schedules without cause while it waits in the queue (strays). The others are played by
 * processes, as those of schedtest.c: one that is killed while it waits (killed), and one that has a
 * cpu to go back to (home). See user/scene.h.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/scene.h"
#include "user/user.h"

#define LOOPS 600 /* of a small step */

static int channel[2];

static void spin(void)
{
    for (volatile int i = 0; i < LOOPS; i++)
        ;
}

static void on_cpu(int i)
{
    (void)i;
    setaffinity(1UL << param("cpu", 0));
}

static void on_cpu_real(int i)
{
    on_cpu(i);
    setpri(USER_PRI_REAL);
}

static void on_other_cpu(int i)
{
    (void)i;
    setaffinity(1UL << param("other", 1));
}

/* A child computes at that level on that cpu for so many tenths of a second, after it has slept. */
static void add_rival(int cpu, int level, int sleeps, int tenths)
{
    if (fork() != 0)
        return;
    setaffinity(1UL << cpu);
    setpri(level);
    sleep(sleeps);
    for (int end = uptime() + tenths; uptime() < end;)
        spin();
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
 * process any more. rival= 1: another process waits for A's cpu all the time; 2: one of two waits for
 * cpu other=, all the time. chain= 1: J preempts I, and runs in its place.
 */
static void ticks(void)
{
    int j = step(K_SPIN, 0, 30000);
    step(K_END, 0, 0);
    int i = param("chain", 0) ? step(K_SCHED, 3, 0) : j;
    step(K_END, 0, 0);
    int l = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int rival = param("rival", 0);
    /* A cpu that was idle ticks at a tenth of the rate, until a tick finds A or a process queues. */
    int a = step(K_SPIN, 0, rival == 1 ? 1 : 160000);
    step(K_USEREXIT, 0, 0);
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
    for (int n = 0; n < rival; n++)
        add_rival(param(rival == 1 ? "cpu" : "other", 0), USER_PRI_NORMAL, 0, 6);
    caller("A", param("cpu", 0), a);
    thread_flags(thread("I", param("cpu", 0), 28, i, 0), KTF_ITHREAD);
    thread("L", param("cpu", 0), 12, l, 0);
    if (param("chain", 0))
        thread_flags(thread("J", param("cpu", 0), 30, j, 0), KTF_ITHREAD);
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
    add_rival(param("cpu", 0), USER_PRI_REAL, 2, 5);
    caller("A", param("cpu", 0), a);
    thread("N", param("other", 1), 12, n, 1);
}

/* Compute until the scene is so many milliseconds old. */
static void compute_until(int ms)
{
    static int steps;

    do
        spin();
    while (log_event("ran", ++steps) < ms);
}

/* Compute until the end of the scene, at ms=. */
static void computer(int i)
{
    compute_until(param("ms", 1000));
    log_event("done", i);
}

/* Tell the killer who we are, and go to cpu=, where another process computes, whose level is better. */
static void victim(int i)
{
    int pid = getpid();

    if (write(channel[1], &pid, sizeof(pid)) != sizeof(pid))
        exit(1);
    on_cpu(i);
    for (;;)
        spin();
}

/* Kill the victim when it waits, and wait until it is gone. */
static void killer(int i)
{
    int pid;

    if (fork() == 0)
        victim(i);
    if (read(channel[0], &pid, sizeof(pid)) != sizeof(pid))
        exit(1);
    sleep(3);
    log_event("kill", 0);
    kill(pid);
    wait(0);
    log_event("gone", 0);
}

/* V, the child of K, waits in the queue for cpu=, where A computes, whose level is better. K kills
 * V. */
static void killed(void)
{
    if (pipe(channel) < 0)
        exit(1);
    process("A", on_cpu_real, computer);
    process("K", on_other_cpu, killer);
}

/* Sleep and compute, rounds= times. */
static void homebody(int i)
{
    setaffinity(~0UL);
    log_event("begin", 0);
    for (int n = 0; n < param("rounds", 8); n++) {
        sleep(1);
        compute_until(log_event(0, 0) + 5);
    }
    log_event("done", i);
}

/* A may use all cpus, of which only its own, cpu=, has something to do now and then. */
static void home(void)
{
    process("A", on_cpu, homebody);
}

static const struct test tests[] = {
    {"states", states}, {"ticks", ticks}, {"strays", strays}, {"killed", killed}, {"home", home},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
