/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about migration: threads that go round the cpus (t53), a thread whose port goes with it
 * (t53port), a process whose memory stays loaded nowhere (t53space), two threads that change places
 * (t54), a thread that others schedule all the time (t55), and threads that another cpu acquires while
 * they go to sleep (t56), are preempted (t56preempt) or move (t56moved), or that are its own already
 * (t56own). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* Stalls of the migration protocol, in microseconds. */
static void stalls(void)
{
    if (param("setcpu", 0))
        step(K_TESTPOINT, KP_STALL_SETCPU, param("setcpu", 0));
    if (param("running", 0))
        step(K_TESTPOINT, KP_STALL_RUNNING, param("running", 0));
}

/* Each of threads= threads migrates hops= times, to the next cpu, or to a random one (random=1). */
static void roam(void)
{
    int s = step(K_LISTED, 0, 0);
    stalls();
    step(K_ROAM, param("random", 0), param("hops", 1000));
    step(K_LISTED, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(4000);
    for (int i = 0; i < param("threads", 1); i++)
        thread(names[i], i % param("cpus", 2), param("pri", 12), s, 1);
}

/* S moves from cpu from= to cpu to=, and waits at its port for a message of C, on cpu from=. Then,
 * while S waits for another one, A, on cpu third=, acquires it. */
static void port_moves(void)
{
    int s = step(K_SETCPU, param("to", 1), 0);
    step(K_SET, 0, 1);
    step(K_MSG_SERVE, 0, 2);
    step(K_END, 0, 0);
    int c = step(K_AWAIT, 0, 1);
    step(K_MSG_SEND, 0, 100);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_SET, 0, 2);
    step(K_AWAIT, 0, 3);
    step(K_MSG_SEND, 0, 101);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_AWAIT, 0, 2);
    step(K_ASLEEP, 0, 0);
    step(K_ACQUIRE, 0, 0);
    step(K_SET, 0, 3);
    step(K_END, 0, 0);
    thread("S", param("from", 0), param("pri", 12), s, 1);
    thread("C", param("from", 0), param("pri", 12), c, 1);
    thread("A", param("third", 2), param("pri", 12), a, 1);
}

/* A, the calling process, goes from cpu from= to cpu to=, and looks where its memory is loaded. */
static void space(void)
{
    int a = step(K_SPACE, param("from", 0), 0);
    step(K_SETCPU, param("to", 1), 0);
    step(K_SPACE, param("from", 0), 0);
    step(K_SPACE, param("to", 1), 0);
    step(K_SETCPU, param("from", 0), 0);
    step(K_SPACE, param("to", 1), 0);
    step(K_END, 0, 0);
    caller("A", param("from", 0), a);
}

/* A and B change places rounds= times. */
static void swap(void)
{
    int one = param("from", 0), other = param("to", 1);

    scene_timeout(4000);
    for (int i = 0; i < 2; i++) {
        int s = step(K_LOG, 0, 1);
        stalls();
        step(K_REPEAT, 0, param("rounds", 500));
        step(K_SETCPU, i ? one : other, 0);
        step(K_SETCPU, i ? other : one, 0);
        step(K_AGAIN, 0, 0);
        step(K_LOG, 0, 2);
        step(K_END, 0, 0);
        thread(names[i], i ? other : one, param("pri", 12), s, 1);
    }
}

/* A migrates hops= times; a thread on each cpu schedules it rounds= times. A ends when no wakeup is on
 * its way any more. */
static void storm(void)
{
    int cpus = param("cpus", 2);
    int a = step(K_LOG, 0, 1);
    stalls();
    step(K_ROAM, 1, param("hops", 300));
    step(K_WAIT, 0, cpus);
    step(K_PAUSE, 0, 1000);
    step(K_LISTED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, param("rounds", 300));
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, param("pause", 3));
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_ADD, 0, 1);
    step(K_END, 0, 0);
    scene_timeout(4000);
    thread("A", 0, param("pri", 12), a, 1);
    for (int i = 0; i < cpus; i++)
        thread(names[i + 1], i, param("pri", 12), b, 1);
}

/* S goes to sleep, slowly: it takes messages when it is off its run queue, for open= microseconds;
 * or the switch takes long. A learns of it before S has left its cpu, and acquires S. */
static void leaving(void)
{
    int open = param("open", 0);
    int s = step(K_LOG, 0, 1);
    stalls();
    if (open == 0)
        step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    if (open != 0)
        step(K_PAUSE, 0, open);
    step(K_SWITCH, 0, 0);
    if (open == 0)
        step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 2);
    step(K_STAMP, 0, 50);
    step(K_LISTED, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_ACQUIRE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    thread("S", param("from", 1), param("pri", 12), s, 1);
    thread("A", param("to", 0), param("pri", 12), a, 1);
}

/* S is about to sleep when I preempts it. A acquires S, and takes messages while it waits. */
static void preempted(void)
{
    int here = param("from", 1), there = param("to", 0);
    int body = step(K_LOG, 0, 7);
    step(K_END, 0, 0);
    int i = step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 0, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_IPI, there, body);
    step(K_IPI_WAIT, there, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_LOG, 0, 2);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_END, 0, 0);
    int s = step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_STAMP, 0, 50);
    step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_LOG, 0, 1);
    step(K_ACQUIRE, 1, 0);
    step(K_LOG, 0, 2);
    step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    thread_flags(thread("I", here, param("high", 28), i, 1), KTF_ITHREAD);
    thread("S", here, param("pri", 12), s, 1);
    thread("A", there, param("pri", 12), a, 1);
}

/*
 * Cpu from= leaves its messages in the rings, so that A's request for S, which is there, does not
 * arrive before S has moved to cpu third= and sleeps there. C takes care of that.
 */
static void moved(void)
{
    int from = param("from", 1), third = param("third", 2);
    int s = step(K_SET, 1, 1);
    step(K_AWAIT, 0, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_SETCPU, third, 0);
    step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 2);
    step(K_SWITCH, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LISTED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int a = step(K_AWAIT, 0, 1);
    step(K_ACQUIRE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_AWAIT, 1, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << from);
    step(K_SET, 0, 1);
    step(K_AWAIT, 0, 2);
    step(K_ASLEEP, 0, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    thread("S", from, param("pri", 12), s, 1);
    thread("A", param("to", 0), param("pri", 12), a, 1);
    thread("C", third, param("pri", 12), c, 1);
}

/* A acquires S, which sleeps on A's cpu, and itself. */
static void own(void)
{
    int s = step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_LISTED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int a = step(K_ASLEEP, 0, 0);
    step(K_ACQUIRE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_ACQUIRE, 1, 0);
    step(K_LISTED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    thread("S", param("to", 0), param("pri", 12), s, 1);
    thread("A", param("to", 0), param("pri", 12), a, 1);
}

/* S is in tsleep when A acquires it. */
static void sleeper(void)
{
    int s = step(K_SET, 0, 1);
    step(K_TSLEEP, 1, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_ACQUIRE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("S", param("from", 1), param("pri", 12), s, 1);
    thread("A", param("to", 0), param("pri", 12), a, 1);
}

static const struct test tests[] = {
    {"t53", roam},   {"t53port", port_moves}, {"t53space", space},       {"t54", swap},
    {"t55", storm},  {"t56", leaving},        {"t56preempt", preempted}, {"t56moved", moved},
    {"t56own", own}, {"sleeper", sleeper},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
