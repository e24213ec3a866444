/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about tokens: counting under one (t35), sleeping with one (t36), recursion (t37), several
 * tokens in any order (t40), two that a thread lacks (t40ask), a reference that another cpu has a
 * request of (t41, t41again), a full ring to the owner (t41full), requests that come in the middle of a
 * release (t41kept), messages (t42), and a waiter of better priority than the running thread, when its
 * token comes (t43) or is gone (t43gone). Those with interrupt threads are in tokenpretest.c. See
 * user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* The thread sets variable v, and sleeps with its tokens until it is scheduled. */
static void announce_and_sleep(int v)
{
    step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, v, 1);
    step(K_SWITCH, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
}

/* A thread on each of cpus= cpus adds 1 to v[0] rounds= times under the token, while interrupts
 * come. */
static void count(void)
{
    int cpus = param("cpus", 2);

    scene_timeout(4000);
    for (int i = 0; i < cpus; i++) {
        int s = step(K_TIMER, param("us", 10) + i, param("ticks", 500));
        step(K_COUNT, 0, param("rounds", 1000));
        step(K_TIMER_END, 0, 0);
        step(K_ADD, 1, 1);
        if (i == 0) {
            step(K_WAIT, 1, cpus);
            step(K_VALUE, 0, 0);
        }
        step(K_END, 0, 0);
        thread(names[i], i, param("pri", 12), s, 1);
    }
}

/* A sleeps with the token. B deschedules itself and takes the token, which schedules it again. It wakes
 * A in the middle of a change, and finishes the change. */
static void sleep_with(void)
{
    int a = step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    announce_and_sleep(0);
    step(K_HAVETOKEN, 0, 0);
    step(K_VALUE, 1, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_SET, 1, 2);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

/* A takes the token depth= times, and releases it as often, in the same order (first=1) or in reverse
 * order, while B waits for it. Before that it releases another token, for which C, on B's cpu, has
 * waited not quite as long as B for the first. */
static void recursive(void)
{
    int depth = param("depth", 3);
    int a = step(K_GETTOKEN, 1, 0);
    step(K_REPEAT, 0, depth);
    step(K_GETTOKEN, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, 0);
    step(K_RELTOKEN, 1, 0);
    for (int i = 1; i <= depth; i++) {
        step(K_PAUSE, 0, param("pause", 100));
        step(K_LOG, 0, i);
        step(K_RELTOKEN, 0, param("first", 0));
    }
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, depth + 1);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_SET, 1, 1);
    step(K_GETTOKEN, 1, 0);
    step(K_LOG, 0, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
    thread("C", param("to", 1), param("pri", 12) - 1, c, 1);
}

/*
 * T sleeps with both tokens, which B and C, on two other cpus, take then. C wakes T, waits until T has
 * asked, and releases its token, which B's keeps T from using. Then C's cpu takes no messages for a
 * while, in which B releases its token, too.
 */
static void asked(void)
{
    int kept = param("kept", 0);
    int t = step(K_GETTOKEN, 0, 0);
    step(K_GETTOKEN, 1, 0);
    announce_and_sleep(0);
    step(K_HAVETOKEN, 0, 0);
    step(K_HAVETOKEN, 1, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, kept, 0);
    step(K_ADD, 1, 1);
    step(K_WAIT, 2, 1);
    step(K_RELTOKEN, kept, 0);
    step(K_END, 0, 0);
    int c = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 1 - kept, 0);
    step(K_ADD, 1, 1);
    step(K_WAIT, 1, 2);
    step(K_SCHED, 0, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_RELTOKEN, 1 - kept, 0);
    step(K_PAUSE, 0, 50);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << param("third", 2));
    step(K_SET, 2, 1);
    step(K_PAUSE, 0, 1000);
    step(K_LOG, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    thread("T", param("from", 0), param("pri", 12), t, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
    thread("C", param("third", 2), param("pri", 12), c, 1);
}

/* A thread on each of cpus= cpus takes tokens= tokens, each beginning with another one, and adds 1 to a
 * number under each of them. */
static void several(void)
{
    int cpus = param("cpus", 2), tokens = param("tokens", 2), rounds = param("rounds", 100);

    scene_timeout(4000);
    for (int i = 0; i < cpus; i++) {
        int s = step(K_REPEAT, 0, rounds);
        for (int t = 0; t < tokens; t++)
            step(K_GETTOKEN, (i + t) % tokens, 0);
        if (param("yield", 0))
            step(K_YIELD, 0, 0);
        for (int t = 0; t < tokens; t++)
            step(K_BUMP, t, 0);
        for (int t = 0; t < tokens; t++)
            step(K_RELTOKEN, (i + t) % tokens, 0);
        step(K_AGAIN, 0, 0);
        step(K_ADD, 8, 1);
        if (i == 0) {
            step(K_WAIT, 8, cpus);
            for (int t = 0; t < tokens; t++)
                step(K_VALUE, t, 0);
        }
        step(K_END, 0, 0);
        thread(names[i], i, param("pri", 12), s, 1);
    }
}

/*
 * T releases a reference of which another cpu still has a request. S sleeps with the token. C, on the
 * other cpu, takes it and wakes S, so that S's request waits there. Then C takes no messages, T asks
 * for the token too, and C's release, which answers S's request, gives the token to both.
 */
static void asked_for(void)
{
    int here = param("from", 0), pause = param("pause", 300);
    int s = step(K_GETTOKEN, 0, 0);
    announce_and_sleep(0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int t = step(K_AWAIT, 2, 1);
    step(K_PAUSE, 0, 20);
    step(K_YIELD, 0, 0);
    step(K_SET, 3, 1);
    step(K_WAIT, 4, 1);
    step(K_TOKENFRAME, 0, 2 * pause);
    step(K_END, 0, 0);
    int c = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_SET, 2, 1);
    step(K_WAIT, 3, 1);
    step(K_PAUSE, 0, 50);
    step(K_CRIT_ENTER, 0, 0);
    step(K_SET, 4, 1);
    step(K_PAUSE, 0, 50);
    step(K_RELTOKEN, 0, 0);
    step(K_PAUSE, 0, pause);
    step(K_CRIT_EXIT, 0, 0);
    step(K_END, 0, 0);
    thread("S", here, param("high", 20), s, 1);
    thread("T", here, param("pri", 12), t, 1);
    thread("C", param("to", 1), param("pri", 12), c, 1);
}

/* B has the token, and its cpu leaves messages in the rings. A, whose cpu's ring to B's is full,
 * wants it. L, worse than A, runs meanwhile. */
static void ring_full(void)
{
    int here = param("from", 0), there = param("to", 1);
    int b = step(K_GETTOKEN, 0, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << there);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_NOWAIT, there, 1000);
    step(K_GETTOKEN, 0, 0);
    step(K_HAVETOKEN, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int l = step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("A", here, param("high", 14), a, 1);
    thread("L", here, 8, l, 1);
    thread("B", there, param("pri", 12), b, 1);
}

/*
 * O has both tokens. X waits for token 0 while L, on X's cpu, runs. Then that cpu takes no messages,
 * and O's ring to it is full: so O's release of token 0 has to wait in the middle. In this time Y
 * asks for token 1, which O releases later.
 */
static void kept(void)
{
    int to = param("to", 1);
    int o = step(K_GETTOKEN, 0, 0);
    step(K_GETTOKEN, 1, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, 50);
    step(K_SET, 2, 1);
    step(K_WAIT, 3, 1);
    step(K_NOWAIT, to, 1000);
    step(K_SET, 4, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_PAUSE, 0, 100);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    int x = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int l = step(K_SET, 1, 1);
    step(K_WAIT, 2, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_SET, 3, 1);
    step(K_WAIT, 4, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_PAUSE, 0, 50);
    step(K_YIELD, 0, 0);
    step(K_END, 0, 0);
    int y = step(K_WAIT, 4, 1);
    step(K_PAUSE, 0, 20);
    step(K_GETTOKEN, 1, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    thread("O", param("from", 0), param("pri", 12), o, 1);
    thread("X", to, param("high", 14), x, 1);
    thread("L", to, 8, l, 1);
    thread("Y", param("third", 2), param("pri", 12), y, 1);
}

/* P holds the token for pause= microseconds. Q, on another cpu, wants it. */
static void long_holder(void)
{
    int p = step(K_GETTOKEN, 0, 0);
    step(K_SET, 0, 1);
    step(K_PAUSE, 0, param("pause", 500000));
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int q = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_VALUE, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread("P", param("from", 0), param("pri", 12), p, 1);
    thread("Q", param("to", 1), param("pri", 12), q, 1);
}

/* The body of a message takes a token. */
static void in_body(void)
{
    int body = step(K_GETTOKEN, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_IPI, param("to", 1), body);
    step(K_IPI_WAIT, param("to", 1), 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* H waits for the token that B, on another cpu, has. L, of worse priority, runs meanwhile. */
static void better_waits(void)
{
    int here = param("from", 0);
    int h = step(K_GETTOKEN, 0, 0);
    announce_and_sleep(0);
    step(K_LOG, 0, 1);
    step(K_HAVETOKEN, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int l = step(K_AWAIT, 1, 1);
    step(K_PAUSE, 0, 20);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 2, 1);
    step(K_UNTIL, 0, 50000);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_SET, 1, 1);
    step(K_WAIT, 2, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread("H", here, param("high", 20), h, 1);
    thread("L", here, param("pri", 8), l, 1);
    thread("B", param("to", 1), param("pri", 8), b, 1);
}

/*
 * C has the token. D's request for it waits there when W, an interrupt thread, preempts C and waits for
 * it, too. Then C's cpu takes no messages, and H, on a third cpu, asks, while L, worse than H, runs on.
 * So C's release gives the token to D, and H's request finds it gone. In the end H and then W have
 * asked D's cpu, and W has waited for longer.
 */
static void gone(void)
{
    int here = param("from", 0), to = param("to", 1);
    int h = step(K_WAIT, 2, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_HAVETOKEN, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int l = step(K_LOG, 0, 1);
    for (int v = 3; v <= 7; v += 2) {
        step(K_SET, v, 1);
        step(K_UNTIL, 0, 50000);
        step(K_YIELD, 0, 0);
        step(K_PAUSE, 0, 50);
    }
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int c = step(K_GETTOKEN, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_SCHED, 4, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_SET, 2, 1);
    step(K_WAIT, 3, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_WAIT, 4, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_WAIT, 5, 1);
    step(K_YIELD, 0, 0);
    step(K_PAUSE, 0, 50);
    step(K_SET, 6, 1);
    step(K_UNTIL, 0, 50000);
    step(K_PAUSE, 0, 300); /* in which H would run if it had the token */
    step(K_YIELD, 0, 0);
    step(K_END, 0, 0);
    int d = step(K_WAIT, 0, 1);
    step(K_SET, 1, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 4, 1);
    step(K_WAIT, 6, 1);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int w = step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_WAIT, 7, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread("H", here, param("pri", 12), h, 1);
    thread("L", here, 8, l, 1);
    thread("C", to, param("pri", 12), c, 1);
    thread("D", param("third", 2), param("pri", 12), d, 1);
    thread_flags(thread("W", to, 28, w, 1), KTF_ITHREAD);
}

/*
 * As in t41, T has the token while C's cpu has not seen T's request. C takes the token again, from T's
 * cpu, which waits in T's release for the answer, and keeps it until the release has returned. D, on a
 * third cpu, has asked T's cpu before the release, and waits for an answer while T runs on.
 */
static void unwanted(void)
{
    int here = param("from", 0), to = param("to", 1), pause = param("pause", 300);
    int s = step(K_GETTOKEN, 0, 0);
    announce_and_sleep(0);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int t = step(K_AWAIT, 2, 1);
    step(K_PAUSE, 0, 20);
    step(K_YIELD, 0, 0);
    step(K_SET, 3, 1);
    step(K_WAIT, 4, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SET, 6, 1);
    step(K_PAUSE, 0, pause);
    step(K_SET, 7, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_LOG, 0, 2);
    step(K_SET, 5, 1);
    step(K_PAUSE, 0, 4 * pause);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int c = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_SET, 2, 1);
    step(K_WAIT, 3, 1);
    step(K_PAUSE, 0, 50);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_SET, 4, 1);
    step(K_PAUSE, 0, 50);
    step(K_RELTOKEN, 0, 0);
    step(K_WAIT, 7, 1);
    step(K_PAUSE, 0, pause);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_WAIT, 5, 1);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int d = step(K_WAIT, 6, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread("S", here, param("high", 20), s, 1);
    thread("T", here, param("pri", 12), t, 1);
    thread("C", to, param("pri", 12), c, 1);
    thread("D", param("third", 2), param("pri", 12), d, 1);
}

static const struct test tests[] = {
    {"t35", count},         {"t36", sleep_with},    {"t37", recursive}, {"t40", several},
    {"t40ask", asked},      {"t41full", ring_full}, {"t41kept", kept},  {"t41", asked_for},
    {"t42", in_body},       {"t43", better_waits},  {"t43gone", gone},  {"long", long_holder},
    {"t41again", unwanted},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
