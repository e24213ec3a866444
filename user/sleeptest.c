/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about tsleep and wakeup: two threads take turns (t47), a wakeup comes between interlock and
 * sleep (t47late), timeouts race with wakeups (t48), wakeup_one (t49one), wakeup of all (t49all), and
 * domains (t49dom). See user/scene.h.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "user/scene.h"
#include "user/user.h"

#define IN(v, domain) ((v) + 256 * (domain))

static const char *const names[] = {"A", "B", "C", "D", "E", "F"};
static const char *const cpus[] = {"c0", "c1", "c2", "c3", "c4", "c5"};
static const char *const domains[] = {"g0", "g1", "g2", "g3", "g4", "g5"};

/* A and B, on cpu0= and cpu1=, take turns, turns= times each. */
static void turns(void)
{
    int a = step(K_TURNS, IN(0, 0), param("turns", 1000));
    step(K_END, 0, 0);
    int b = step(K_TURNS, IN(0, 1), param("turns", 1000));
    step(K_END, 0, 0);
    scene_timeout(param("limit", 8000));
    thread("A", param("cpu0", 0), param("pri", 12), a, 1);
    thread("B", param("cpu1", 1), param("pri", 12), b, 1);
}

/* A takes the interlock; B wakes it, and waits until the wakeup has arrived; then A sleeps. */
static void late_sleep(void)
{
    int cpu0 = param("cpu0", 0), cpu1 = param("cpu1", 1);
    int nothing = step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("rounds", 3));
    step(K_INTERLOCK, IN(0, 0), 0);
    step(K_ADD, 1, 1);
    step(K_WAIT, 2, 1);
    step(K_ADD, 2, -1);
    step(K_TSLEEP_LOCKED, IN(0, 0), param("ticks", 20));
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, param("rounds", 3));
    step(K_WAIT, 1, 1);
    step(K_ADD, 1, -1);
    step(K_WAKEUP, IN(0, 0), -1);
    step(K_IPI, cpu0, nothing);
    step(K_IPI_WAIT, cpu0, 0);
    step(K_ADD, 2, 1);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu0, param("pri", 12), a, 1);
    thread("B", cpu1, param("pri", 12), b, 1);
}

/*
 * rounds= times, A sleeps for one tick, and B wakes it from= to from= + width= 10,000ths of a tick
 * after A announced that it would sleep; then A sleeps for ticks= without a wakeup; then it sleeps for
 * long, and B wakes it at once.
 */
static void timeout_race(void)
{
    int rounds = param("rounds", 5);
    int a = step(K_REPEAT, 0, rounds);
    step(K_ADD, 1, 1);
    step(K_TSLEEP, IN(0, 0), 1);
    step(K_TSLEEP, IN(2, 0), param("ticks", 3));
    step(K_ADD, 1, 1);
    step(K_TSLEEP, IN(4, 0), 50);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, rounds);
    step(K_WAIT, 1, 1);
    step(K_ADD, 1, -1);
    step(K_PAUSE, 0, param("from", 9800) * 100 / HZ);
    step(K_JITTER, 0, param("width", 400) * 100 / HZ);
    step(K_WAKEUP, IN(0, 0), -1);
    step(K_WAIT, 1, 1);
    step(K_ADD, 1, -1);
    step(K_PAUSE, 0, 1000);
    step(K_WAKEUP, IN(4, 0), -1);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(8000);
    thread("A", param("cpu0", 0), param("pri", 12), a, 1);
    thread("B", param("cpu1", 1), param("pri", 12), b, 1);
}

/* sleepers= threads A, B, ... go to sleep on v[0], one after the other, each on its cpu and in its
 * domain. Returns how many. */
static int sleepers(void)
{
    int n = param("sleepers", 3);

    for (int i = 0; i < n; i++) {
        int script = step(K_WAIT, 1, i);
        step(K_INTERLOCK, IN(0, param(domains[i], 0)), 0);
        step(K_ADD, 1, 1);
        step(K_TSLEEP_LOCKED, IN(0, param(domains[i], 0)), 0);
        step(K_END, 0, 0);
        thread(names[i], param(cpus[i], 0), param("pri", 12), script, 1);
    }
    return n;
}

/* The waker sleeps for a tick, so that the threads that it has woken run. */
static void let_run(void)
{
    step(K_TSLEEP, IN(3, 0), 1);
}

/* W wakes one thread and lets it run, as many times as there are sleepers. */
static void wake_one(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    for (int i = 0; i < n; i++) {
        step(K_LOG, 0, i);
        step(K_WAKEUP, IN(0, 0), 1);
        let_run();
    }
    step(K_END, 0, 0);
    thread("W", param("waker", 0), param("pri", 12), w, 1);
}

/* W wakes all sleepers at once. */
static void wake_all(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    step(K_LOG, 0, 0);
    step(K_WAKEUP, IN(0, 0), -1);
    step(K_END, 0, 0);
    thread("W", param("waker", 0), param("pri", 12), w, 1);
}

/* W wakes the sleepers of domain first=, then those of second=, then third=, and lets each run. */
static void wake_domains(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    step(K_LOG, 0, param("first", 0));
    step(K_WAKEUP, IN(0, param("first", 0)), -1);
    let_run();
    step(K_LOG, 0, param("second", 1));
    step(K_WAKEUP, IN(0, param("second", 1)), -1);
    let_run();
    step(K_LOG, 0, param("third", 2));
    step(K_WAKEUP, IN(0, param("third", 2)), -1);
    step(K_END, 0, 0);
    thread("W", param("waker", 0), param("pri", 12), w, 1);
}

static const struct test tests[] = {
    {"t47", turns},       {"t47late", late_sleep}, {"t48", timeout_race},
    {"t49one", wake_one}, {"t49all", wake_all},    {"t49dom", wake_domains},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
