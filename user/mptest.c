/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about the MP lock: a thread that holds it for long, and others that need it or not (t44) or
 * try to take it (t44try), a holder that sleeps (t45, and t45token with a token too), and preemption
 * while another cpu has the lock (t46). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/* P holds the lock. Q, on another cpu, needs it, and may be off its run queue (off=1) when it asks; R,
 * worse than Q, does not. */
static void long_holder(void)
{
    int there = param("to", 1);
    int p = step(K_GETMP, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_LOG, 0, 1);
    step(K_RELMP, 0, 0);
    step(K_END, 0, 0);
    int q = step(K_WAIT, 0, 1);
    step(K_LOG, 0, 1);
    if (param("off", 0))
        step(K_DESCHED, 0, 0);
    step(K_GETMP, 0, 0);
    step(K_LOG, 0, 2);
    step(K_MPSTATE, 1, 0);
    step(K_RELMP, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_END, 0, 0);
    int r = step(K_LOG, 0, 1);
    step(K_REPEAT, 0, 3);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_COUNTERS, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("P", param("from", 0), param("pri", 12), p, 1);
    thread("Q", there, param("high", 14), q, 1);
    thread("R", there, param("low", 10), r, 1);
}

/* P takes the lock twice, and releases it twice. Q, on another cpu, tries to take it before each
 * release and after the last one; then twice in all. */
static void trying(void)
{
    int p = step(K_GETMP, 0, 0);
    step(K_GETMP, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_RELMP, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_SET, 0, 2);
    step(K_WAIT, 1, 2);
    step(K_RELMP, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_SET, 0, 3);
    step(K_END, 0, 0);
    int q = step(K_LOG, 0, 1);
    for (int i = 1; i <= 3; i++) {
        step(K_WAIT, 0, i);
        step(K_TRYMP, 0, 0);
        step(K_MPSTATE, 1, 0);
        step(K_SET, 1, i);
    }
    step(K_TRYMP, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_RELMP, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_RELMP, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_END, 0, 0);
    thread("P", param("from", 0), param("pri", 12), p, 1);
    thread("Q", param("to", 1), param("pri", 12), q, 1);
}

/* A sleeps with the lock, which it has taken depth= times. B takes the lock, and schedules A before it
 * releases it. */
static void sleeping_holder(void)
{
    int depth = param("depth", 2);
    int a = step(K_REPEAT, 0, depth);
    step(K_GETMP, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_VALUE, 1, 0);
    step(K_REPEAT, 0, depth);
    step(K_RELMP, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_GETMP, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_TRYMP, 0, 0);
    step(K_RELMP, 0, 0);
    step(K_SET, 1, 2);
    step(K_LOG, 0, 2);
    step(K_RELMP, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

/* A sleeps with the lock and a token. B takes the lock, and wakes A, which waits for it; then B
 * takes the token. */
static void sleeping_with_token(void)
{
    int a = step(K_GETTOKEN, 0, 0);
    step(K_GETMP, 0, 0);
    step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_MPSTATE, 0, 0);
    step(K_HAVETOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELMP, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_GETMP, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_GETTOKEN, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_HAVETOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_RELMP, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

/*
 * P has the lock. On another cpu A schedules the interrupt thread I, while it waits for the lock itself
 * (want=1) or not, and I needs it (own=1) or not.
 */
static void no_preemption(void)
{
    int here = param("from", 0);
    int i = step(K_CRIT_ENTER, 0, 0);
    if (param("own", 0))
        step(K_GETMP, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 2, 1);
    step(K_SWITCH, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 1);
    step(K_MPSTATE, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    if (param("want", 1))
        step(K_WANTMP, 0, 1);
    step(K_COUNTERS, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_COUNTERS, 0, 0);
    step(K_LOG, 0, 1);
    step(K_MPSTATE, 0, 0);
    step(K_MPSTATE, 1, 0);
    step(K_UNTIL, 0, 1);
    if (param("want", 1))
        step(K_WANTMP, 0, -1);
    step(K_SET, 1, 1);
    step(K_WAIT, 3, 1);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int p = step(K_WAIT, 2, 1);
    step(K_GETMP, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_RELMP, 0, 0);
    step(K_SET, 3, 1);
    step(K_END, 0, 0);
    thread_flags(thread("I", here, param("high", 28), i, 1), KTF_ITHREAD);
    thread("A", here, param("pri", 12), a, 1);
    thread("P", param("to", 1), param("pri", 12), p, 1);
}

/* A thread on each of cpus= cpus adds 1 to v[0] rounds= times under the lock. */
static void count(void)
{
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    int cpus = param("cpus", 2);
    int s = step(K_REPEAT, 0, param("rounds", 200));
    step(K_GETMP, 0, 0);
    step(K_BUMP, 0, 0);
    step(K_RELMP, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_ADD, 1, 1);
    step(K_WAIT, 1, cpus);
    step(K_VALUE, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(4000);
    for (int i = 0; i < cpus; i++)
        thread(names[i], i, param("pri", 12), s, 1);
}

static const struct test tests[] = {
    {"t44", long_holder},     {"t44try", trying},
    {"t45", sleeping_holder}, {"t45token", sleeping_with_token},
    {"t46", no_preemption},   {"count", count},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
