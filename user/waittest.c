/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about wait queues: a signal before the wait (t50), the order of waiters (t51), and waiters
 * that are scheduled without a signal (t52). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

#define MAX_WAITERS 9

/* The cpu of the i-th waiter: cpu to=, or with spread=1 one cpu after the other, beginning there. */
static int cpu_of(int i)
{
    return (param("to", 0) + (param("spread", 0) ? i : 0)) % param("cpus", 1);
}

/* A reads the generation; B signals; then A blocks, and must not wait. Then A blocks again, and waits
 * for B's second signal. */
static void early_signal(void)
{
    int a = step(K_GEN, 0, 0);
    step(K_SET, 0, 1);
    step(K_AWAIT, 1, 1);
    step(K_BLOCK, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 2, 1);
    step(K_BLOCK, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_AWAIT, 0, 1);
    step(K_REPEAT, 0, param("signals", 1));
    step(K_SIGNAL, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_SET, 1, 1);
    step(K_AWAIT, 2, 1);
    step(K_ASLEEP, 0, 0);
    step(K_WAITERS, 0, 0);
    step(K_THREAD, 0, 0);
    step(K_SIGNAL, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("to", 0), param("pri", 12), a, 1);
    thread("B", param("from", 0), param("bpri", 10), b, 1);
}

/*
 * rounds= times, B makes a condition true and signals, at any moment between A's look at the generation
 * and its sleep. A must see each.
 */
static void signal_race(void)
{
    int rounds = param("rounds", 50);

    scene_timeout(param("ms", 2000));
    int a = step(K_LOG, 0, 0);
    for (int i = 1; i <= rounds; i++) {
        step(K_JITTER, 0, param("jitter", 20));
        step(K_BLOCK_UNTIL, 0, i);
        step(K_LOG, 0, i);
        step(K_SET, 1, i);
    }
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 0);
    for (int i = 1; i <= rounds; i++) {
        step(K_SIGNAL, 0, 0); /* for nobody: the token is here, and A has to wait for it */
        step(K_TESTPOINT, KP_HOLD_IPI, 1 << param("from", 1));
        step(K_JITTER, 0, param("jitter", 20));
        step(K_SET, 0, i);
        step(K_SIGNAL, 0, 1);
        step(K_TESTPOINT, KP_HOLD_IPI, 0);
        step(K_AWAIT, 1, i);
    }
    step(K_END, 0, 0);
    thread("A", param("to", 0), param("pri", 12), a, 1);
    thread("B", param("from", 1), param("pri", 12), b, 1);
}

/* The waiters block, one after the other, and S looks at each once it sleeps. */
static void start_waiters(int waiters)
{
    for (int i = 0; i < waiters; i++) {
        step(K_SCHED, i, 0);
        step(K_ASLEEP, i, 0);
        step(K_THREAD, i, 0);
        step(K_WMESG, i, 0);
    }
    step(K_WAITERS, 0, 0);
}

/* With race, the waiters exit only when v[2] says that C, which schedules them, is done: a thread that
 * has exited must not be scheduled. */
static void add_waiters(int waiters, int race)
{
    char name[] = "W0";

    for (int i = 0; i < waiters; i++) {
        int w = step(K_GEN, 0, 0);
        step(K_BLOCK, 0, 0);
        step(K_WMESG, i, 0);
        step(K_THREAD, i, 0);
        step(K_ADD, 0, 1);
        if (race)
            step(K_AWAIT, 2, 1);
        step(K_END, 0, 0);
        name[1] = (char)('0' + i);
        thread(name, cpu_of(i), param("pri", 12), w, 0);
    }
}

static int waiters_param(void)
{
    int n = param("waiters", 5);
    return n < 1 ? 1 : n > MAX_WAITERS ? MAX_WAITERS : n;
}

/* waiters= threads wait; S signals first= of them, then all the others. */
static void in_order(void)
{
    int n = waiters_param(), first = param("first", 2);

    add_waiters(n, 0);
    int s = step(K_LOG, 0, 0);
    start_waiters(n);
    step(K_SIGNAL, 0, first);
    step(K_AWAIT, 0, first);
    step(K_WAITERS, 0, 0);
    step(K_SIGNAL, 0, -2); /* as -1 does */
    step(K_AWAIT, 0, n);
    step(K_WAITERS, 0, 0);
    step(K_END, 0, 0);
    thread("S", param("from", 0), param("bpri", 10), s, 1);
}

/* waiters= threads wait. S schedules each rounds= times without a signal, and it must go on waiting, in
 * its place. Then S signals them one by one. */
static void stray(void)
{
    int n = waiters_param(), rounds = param("rounds", 2);

    add_waiters(n, 0);
    int s = step(K_LOG, 0, 0);
    start_waiters(n);
    for (int i = 0; i < n; i++) {
        step(K_REPEAT, 0, rounds);
        step(K_SCHED, i, 0);
        step(K_PAUSE, 0, param("pause", 20));
        step(K_ASLEEP, i, 0);
        step(K_AGAIN, 0, 0);
        step(K_THREAD, i, 0);
    }
    step(K_WAITERS, 0, 0);
    for (int i = 0; i < n; i++) {
        step(K_SIGNAL, 0, 1);
        step(K_AWAIT, 0, i + 1);
    }
    step(K_WAITERS, 0, 0);
    step(K_END, 0, 0);
    thread("S", param("from", 0), param("bpri", 10), s, 1);
}

/* waiters= threads wait. S signals them one by one, while C schedules them again and again. */
static void stray_race(void)
{
    int n = waiters_param();

    add_waiters(n, 1);
    int s = step(K_LOG, 0, 0);
    start_waiters(n);
    step(K_SET, 1, 1);
    step(K_REPEAT, 0, n);
    step(K_PAUSE, 0, param("pause", 20));
    step(K_SIGNAL, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_AWAIT, 2, 1);
    step(K_AWAIT, 0, n);
    step(K_WAITERS, 0, 0);
    step(K_END, 0, 0);
    thread("S", param("from", 0), param("bpri", 10), s, 1);
    int c = step(K_AWAIT, 1, 1);
    step(K_REPEAT, 0, param("rounds", 50));
    step(K_SCHED, 0, 0);
    step(K_SCHED, n / 2, 0);
    step(K_SCHED, n - 1, 0);
    step(K_PAUSE, 0, 5);
    step(K_AGAIN, 0, 0);
    step(K_SET, 2, 1);
    step(K_END, 0, 0);
    thread("C", param("third", 0), param("cpri", 10), c, 1);
}

static const struct test tests[] = {
    {"t50", early_signal}, {"t50race", signal_race}, {"t51", in_order},
    {"t52", stray},        {"t52race", stray_race},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
