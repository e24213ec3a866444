/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about tokens and preemption: the interrupt thread I preempts A, and wants A's token (t38) or
 * that of another cpu (t38cross, t38ask), or another cpu wants A's (t38other), or I only tries (t39).
 * See user/scene.h.
 */
#include "kernel/ktr_entry.h"
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/* The script of I, an interrupt thread, begins: it sleeps. */
static int begin_interrupt_thread(void)
{
    int s = step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    return s;
}

#define TOKEN_EVENTS (KTR_BIT(KTR_TOKEN_GET) | KTR_BIT(KTR_TOKEN_WAIT))

/* I preempts A, which has the token, and takes it too, after another one, which is free. chain= 1: J
 * preempts A, and I preempts J. */
static void preempted(void)
{
    int cpu = param("cpu", 0), chain = param("chain", 0);
    int j = step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    int i = begin_interrupt_thread();
    step(K_COUNTERS, 0, 0);
    step(K_GETTOKEN, 1, 0);
    step(K_LOG, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_COUNTERS, 0, 0);
    step(K_LOG, 0, 2);
    step(K_VALUE, 1, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    int a = step(K_GETTOKEN, 1, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_GETTOKEN, 0, 0);
    step(K_TRACE, 0, TOKEN_EVENTS);
    step(K_SET, 1, 1);
    step(K_LOG, 0, 1);
    step(K_SCHED, chain ? 2 : 0, 0);
    step(K_LOG, 0, 2);
    step(K_SET, 1, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_LOG, 0, 3);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 4);
    step(K_TRACED, 0, TOKEN_EVENTS);
    step(K_END, 0, 0);
    thread_flags(thread("I", cpu, param("high", 28) + chain, i, 1), KTF_ITHREAD);
    thread("A", cpu, param("pri", 12), a, 1);
    if (chain)
        thread_flags(thread("J", cpu, param("high", 28), j, 0), KTF_ITHREAD);
}

/* I preempts A, which has the token, and J preempts I; meanwhile B, on another cpu, asks for the
 * token. */
static void preempted_other(void)
{
    int j = step(K_SET, 0, 1);
    step(K_WAIT, 2, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_END, 0, 0);
    int i = begin_interrupt_thread();
    step(K_LOG, 0, 1);
    step(K_SCHED, 3, 0);
    step(K_LOG, 0, 2);
    step(K_YIELD, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_SET, 2, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    thread_flags(thread("I", param("from", 0), param("high", 28), i, 1), KTF_ITHREAD);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
    thread_flags(thread("J", param("from", 0), param("high", 28) + 1, j, 0), KTF_ITHREAD);
}

/*
 * I preempts A, which has token 0, and wants token 1. B, on another cpu, has that, and wants token
 * 0. So I can only have what it wants when A, below it, has run.
 */
static void preempted_crosswise(void)
{
    int i = begin_interrupt_thread();
    step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_GETTOKEN, 1, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, 3);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_GETTOKEN, 1, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_RELTOKEN, 0, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    thread_flags(thread("I", param("from", 0), param("high", 28), i, 1), KTF_ITHREAD);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

/* I preempts A, which has no token, and wants B's. B, on another cpu, releases it while A runs on.
 * Then A yields. */
static void preempted_asks(void)
{
    int i = begin_interrupt_thread();
    step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 1);
    step(K_WAIT, 2, 1);
    step(K_PAUSE, 0, 50);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_GETTOKEN, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_RELTOKEN, 0, 0);
    step(K_SET, 2, 1);
    step(K_END, 0, 0);
    thread_flags(thread("I", param("from", 0), param("high", 28), i, 1), KTF_ITHREAD);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

/* I preempts A and tries to take the token, which first A has, and then no thread; J, which preempts I
 * meanwhile, tries it as well. Then A tries to take token 1, which B has, on another cpu. */
static void try_preempted(void)
{
    int cpu = param("cpu", 0);
    int j = step(K_TRYTOKEN, 0, 0);
    step(K_END, 0, 0);
    int i = begin_interrupt_thread();
    step(K_TRYTOKEN, 0, 0);
    step(K_SCHED, 3, 0);
    step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_TRYTOKEN, 0, 0);
    step(K_HAVETOKEN, 0, 0);
    step(K_RELTOKEN, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 3);
    step(K_WAIT, 0, 1);
    step(K_TRYTOKEN, 1, 0);
    step(K_HAVETOKEN, 1, 0);
    step(K_SET, 1, 1);
    step(K_GETTOKEN, 1, 0);
    step(K_TRACE, 0, TOKEN_EVENTS);
    step(K_TRYTOKEN, 1, 0);
    step(K_TRACED, 0, TOKEN_EVENTS);
    step(K_RELTOKEN, 1, 0);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    int b = step(K_GETTOKEN, 1, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_RELTOKEN, 1, 0);
    step(K_END, 0, 0);
    thread_flags(thread("I", cpu, param("high", 28), i, 1), KTF_ITHREAD);
    thread("A", cpu, param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
    thread_flags(thread("J", cpu, param("high", 28) + 1, j, 0), KTF_ITHREAD);
}

static const struct test tests[] = {
    {"t38", preempted},         {"t38other", preempted_other}, {"t38cross", preempted_crosswise},
    {"t38ask", preempted_asks}, {"t39", try_preempted},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
