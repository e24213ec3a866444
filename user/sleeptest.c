/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about tsleep and wakeup: two threads take turns (t47), a wakeup comes between interlock and
 * sleep (t47late), who is a sleeper and who is none (t47state), timeouts race with wakeups (t48), kills
 * (t48kill, t48late), wakeup_one (t49one), wakeups of some (t49some) and of all (t49all), domains
 * (t49dom), and other idents of the same bucket (t49id). See user/scene.h.
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
 * long= ticks, and B wakes it at once.
 */
static void timeout_race(void)
{
    int rounds = param("rounds", 5);
    int a = step(K_REPEAT, 0, rounds);
    step(K_ADD, 1, 1);
    step(K_TSLEEP, IN(0, 0), 1);
    step(K_TSLEEP, IN(2, 0), param("ticks", 3));
    step(K_ADD, 1, 1);
    step(K_TSLEEP, IN(4, 0), param("long", 50));
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

/* What A does in the next scene. */
static int states_of_a(void)
{
    int a = step(K_INTERLOCK, IN(8, 0), 0);
    step(K_INTERLOCK, IN(9, 0), 0);
    step(K_SET, 0, 1);
    step(K_TSLEEP_LOCKED, IN(9, 0), 0);
    step(K_INTERLOCK, IN(8, 0), 0);
    step(K_TSLEEP_REMOVE, 0, 0);
    step(K_SET, 0, 2);
    step(K_AWAIT, 1, 2);
    step(K_SET, 3, 3);
    step(K_TSLEEP, IN(8, 0), 0);
    step(K_SET, 0, 3);
    step(K_AWAIT, 1, 3);
    step(K_TSLEEP, IN(8, 0), 1);
    step(K_WMESG, 0, 0);
    step(K_SET, 0, 4);
    step(K_AWAIT, 1, 4);
    step(K_INTERLOCK, IN(8, 0), 0);
    step(K_SET, 0, 5);
    step(K_TSLEEP, IN(8, 1), 0);
    step(K_SET, 0, 6);
    step(K_AWAIT, 4, 6);
    step(K_INTERLOCK, IN(8, 0), 0);
    step(K_SCHED, 1, 0);
    step(K_YIELD, 0, 0); /* A may come before B in the run queue, once */
    step(K_YIELD, 0, 0);
    step(K_INTERLOCK, IN(8, 0), 0);
    step(K_TSLEEP_LOCKED, IN(8, 0), 0);
    step(K_AWAIT, 1, 6);
    step(K_SET, 3, 7);
    step(K_TSLEEP, IN(8, 0), 50);
    step(K_SET, 0, 7);
    step(K_AWAIT, 1, 7);
    step(K_SET, 0, 8);
    step(K_TSLEEP, IN(8, 0), 0);
    step(K_SET, 0, 9);
    step(K_TSLEEP_QUIET, IN(8, 0), 0);
    step(K_SET, 0, 10);
    step(K_TSLEEP, IN(8, 0), 5);
    step(K_END, 0, 0);
    return a;
}

/*
 * Seven times, A is a sleeper of v[8], and is none any more, or comes after B: it interlocks on v[9]
 * after v[8]; it takes the interlock back; W schedules it without a wakeup; its time is up; it sleeps
 * on v[8] in another domain after an interlock in this one; it interlocks on v[8] again when B sleeps
 * there; W schedules it without a wakeup in a sleep with a time limit. B sleeps on v[8] each time,
 * and must be the one that W's wakeup_one finds. Then A sleeps without and with PNORESCHED, and W, on
 * the same cpu, wakes it. At last W wakes A in time, and keeps the cpu until A's time is up.
 */
static void states(void)
{
    int cpu = param("cpu0", 0), a = states_of_a();
    int b = step(K_LOG, 0, 0);
    for (int i = 1; i <= 7; i++) {
        step(K_AWAIT, 0, i);
        if (i == 6) {
            step(K_SET, 4, 6);
            step(K_DESCHED, 0, 0); /* until A has an interlock */
            step(K_SWITCH, 0, 0);
        }
        step(K_SET, 2, i);
        step(K_TSLEEP, IN(8, 0), 0);
    }
    step(K_END, 0, 0);
    int w = step(K_LOG, 0, 0);
    for (int i = 1; i <= 7; i++) {
        if (i == 3 || i == 7) {
            step(K_AWAIT, 3, i); /* A, which is better, sleeps when W goes on */
            step(K_SCHED, 0, 0);
        }
        step(K_AWAIT, 2, i); /* B likewise */
        if (i == 1)
            step(K_WMESG, 0, 0);
        step(K_LOG, 0, i);
        step(K_WAKEUP, IN(8, 0), 1);
        step(K_TSLEEP, IN(12, 0), 1); /* those that were woken run */
        if (i == 1)
            step(K_WAKEUP, IN(9, 0), -1);
        if (i == 5 || i == 6)
            step(K_WAKEUP, IN(8, 6 - i), -1);
        step(K_SET, 1, i);
    }
    for (int i = 8; i <= 9; i++) {
        step(K_AWAIT, 0, i);
        step(K_AST, 0, 0);
        step(K_LOG, 0, i);
        step(K_WAKEUP, IN(8, 0), -1);
        step(K_AST, 0, 0);
    }
    step(K_AWAIT, 0, 10);
    step(K_LOG, 0, 10);
    step(K_WAKEUP, IN(8, 0), -1);
    step(K_SPIN, 0, 60000); /* longer than A's time limit */
    step(K_END, 0, 0);
    thread("A", cpu, 14, a, 1);
    thread("B", cpu, 14, b, 1);
    thread("W", cpu, 12, w, 1);
}

/* A, a process, sleeps until its time is up, and can be killed in it. K, on the same cpu and better,
 * spins until then, and kills A before A runs. */
static void late_kill(void)
{
    int a = step(K_SET, 0, 1);
    step(K_TSLEEP_CATCH, IN(8, 0), 2);
    step(K_END, 0, 0);
    int k = step(K_AWAIT, 0, 1);
    step(K_ASLEEP, 0, 0);
    step(K_SPIN, 0, 60000); /* longer than A's time limit */
    step(K_LOG, 0, 1);
    step(K_KILL, 0, 0);
    step(K_END, 0, 0);
    caller_child("A", param("cpu0", 0), a);
    thread("K", param("cpu0", 0), 14, k, 1);
}

/*
 * A, a process, sleeps, and can be killed in it; K kills it. Then it sleeps again in this way, also
 * after an interlock and a wakeup of its own, and in the other one.
 */
static void kills(void)
{
    int a = step(K_SET, 0, 1);
    step(K_TSLEEP_CATCH, IN(8, 0), 0);
    step(K_TSLEEP_CATCH, IN(8, 0), 0);
    step(K_TSLEEP_CATCH, IN(8, 0), 3);
    step(K_INTERLOCK, IN(8, 0), 0);
    step(K_WAKEUP, IN(8, 0), -1);
    step(K_TSLEEP_CATCH_LOCKED, IN(8, 0), 3);
    step(K_TSLEEP, IN(8, 0), 2);
    step(K_END, 0, 0);
    int k = step(K_AWAIT, 0, 1);
    step(K_ASLEEP, 0, 0);
    step(K_LOG, 0, 1);
    step(K_KILL, 0, 0);
    step(K_END, 0, 0);
    caller_child("A", param("cpu0", 0), a);
    thread("K", param("cpu1", 1), 12, k, 1);
}

/* A and B sleep on two idents of the same bucket. W, on cpu waker=, wakes a third one of that bucket,
 * then A's, then B's. */
static void idents(void)
{
    int a = step(K_TSLEEP, IN(8, 0), 0);
    step(K_END, 0, 0);
    int b = step(K_TSLEEP, IN(9, 0), 0);
    step(K_END, 0, 0);
    int w = step(K_ASLEEP, 0, 0);
    step(K_ASLEEP, 1, 0);
    for (int i = 0; i < 3; i++) {
        step(K_LOG, 0, i);
        step(K_WAKEUP, IN(i == 0 ? 10 : 7 + i, 0), -1);
        step(K_TSLEEP, IN(3, 0), 1);
    }
    step(K_END, 0, 0);
    thread("A", param("c0", 0), param("pri", 12), a, 1);
    thread("B", param("c1", 0), param("pri", 12), b, 1);
    thread("W", param("waker", 1), param("pri", 12), w, 1);
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

/* W wakes one thread of domain= and lets it run, as many times as there are sleepers. */
static void wake_one(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    for (int i = 0; i < n; i++) {
        step(K_LOG, 0, i);
        step(K_WAKEUP, IN(0, param("domain", 0)), 1);
        let_run();
    }
    step(K_END, 0, 0);
    thread("W", param("waker", 0), param("pri", 12), w, 1);
}

/* W, on the cpu of all sleepers, or of all but the last one, wakes two, then more than are left, then
 * one. */
static void wake_some(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    step(K_LOG, 0, 0);
    step(K_WAKEUP, IN(0, 0), 2);
    let_run();
    step(K_LOG, 0, 1);
    step(K_WAKEUP, IN(0, 0), n - 1);
    let_run();
    step(K_LOG, 0, 2);
    step(K_WAKEUP, IN(0, 0), 1);
    let_run();
    step(K_END, 0, 0);
    thread("W", param("waker", 0), param("pri", 12), w, 1);
}

/* W wakes all sleepers at once. */
static void wake_all(void)
{
    int n = sleepers();
    int w = step(K_WAIT, 1, n);
    step(K_LOG, 0, 0);
    step(K_WAKEUP, IN(0, 0), -2); /* as -1 does */
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
    {"t47", turns},         {"t47late", late_sleep}, {"t47state", states},
    {"t48", timeout_race},  {"t48kill", kills},      {"t49one", wake_one},
    {"t49some", wake_some}, {"t49all", wake_all},    {"t49dom", wake_domains},
    {"t49id", idents},      {"t48late", late_kill},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
