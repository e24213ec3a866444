/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about preemption by interrupt threads: t7 to t15, and what an interrupted thread must find
 * unchanged (t65, t66). A is preempted; I and J are interrupt threads. See user/scene.h.
 */
#include "kernel/ktr_entry.h"
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

#define AST_LWKT_RESCHED 4

/* The interrupted thread: a kernel thread, or with process=1 this process. Always thread 0. */
static void victim(int cpu, int script)
{
    if (param("process", 0))
        caller("A", cpu, script);
    else
        thread("A", cpu, param("pri", 14), script, 1);
}

static void ithread(const char *name, int cpu, int pri, int script)
{
    thread_flags(thread(name, cpu, pri, script, 0), KTF_ITHREAD);
}

/* The script of an interrupt thread: rounds times it logs val and sleeps. */
static int handler(int rounds, int val)
{
    int s = step(K_REPEAT, 0, rounds);
    step(K_LOG, 0, val);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    return s;
}

/* A script that logs 1 and ends. */
static int once(void)
{
    int s = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    return s;
}

/* Schedule thread t, which then ends. */
static void let_end(int t)
{
    step(K_SCHED, t, 0);
    step(K_YIELD, 0, 0);
}

/* Schedule thread 1, between two looks at the counters. */
static void schedule_counted(void)
{
    step(K_PREEMPTS, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_PREEMPTS, 0, 0);
}

/* A calls lwkt_preempt for I, as if it were in a state in which I must not preempt. */
static void preempt_in(int state, int mark)
{
    step(K_PREEMPTS, 0, 0);
    step(K_LOG, 0, mark);
    step(K_PREEMPT, 1, state);
    step(K_LOG, 0, mark + 1);
    step(K_PREEMPTS, 0, 0);
    step(K_RESCHED, 0, 0);
}

/* A schedules I rounds= times, and I runs at once. B and C have A's priority, and show A's place in the
 * queue. */
static void preempt(void)
{
    int cpu = param("cpu", 0), rounds = param("rounds", 3), pri = param("pri", 14);
    int a = step(K_SCHED, 3, 0);
    step(K_REPEAT, 0, rounds);
    step(K_LOOK, 0, KL_RELEASE | KL_RUNQ);
    schedule_counted();
    step(K_LOOK, 0, KL_RELEASE | KL_RUNQ | KL_LOCKED | KL_RUNNING | KL_CURRENT | KL_DONE);
    step(K_LOOK, 1, KL_BELOW | KL_RUNQ);
    step(K_AGAIN, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 3);
    let_end(1);
    step(K_END, 0, 0);
    int i = step(K_REPEAT, 0, rounds);
    step(K_LOG, 0, 1);
    step(K_LOOK, 0, KL_LOCKED | KL_RUNQ | KL_RUNNING);
    step(K_LOOK, 1, KL_BELOW | KL_CURRENT);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
    thread("B", cpu, pri, once(), 1);
    thread("C", cpu, pri, once(), 0);
}

/* A schedules I inside 1 to nesting= critical sections: I waits for A's switch. */
static void in_section(void)
{
    int cpu = param("cpu", 0), nesting = param("nesting", 3);
    int a = step(K_LOG, 0, 0);
    for (int n = 1; n <= nesting; n++) {
        for (int i = 0; i < n; i++)
            step(K_CRIT_ENTER, 0, 0);
        step(K_PREEMPTS, 0, 0);
        step(K_LOG, 0, 10 * n);
        step(K_SCHED, 1, 0);
        step(K_LOG, 0, 10 * n + 1);
        step(K_PREEMPTS, 0, 0);
        step(K_RESCHED, 0, 0);
        step(K_LOOK, 1, KL_RUNQ);
        for (int i = 0; i < n; i++)
            step(K_CRIT_EXIT, 0, 0);
        step(K_LOG, 0, 10 * n + 2);
        step(K_SWITCH, 0, 0);
        step(K_LOG, 0, 10 * n + 3);
        step(K_RESCHED, 0, 0);
    }
    let_end(1);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), handler(nesting, 1));
}

/* A device interrupt comes while A is in nesting= critical sections. Its thread ("intr") runs when A
 * leaves the last one. */
static void device(void)
{
    int a = step(K_REPEAT, 0, param("rounds", 2));
    step(K_REPEAT, 0, param("nesting", 1));
    step(K_CRIT_ENTER, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_RAISE, 0, 4);
    step(K_SPIN, 0, param("us", 10));
    step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("nesting", 1));
    step(K_CRIT_EXIT, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_LOG, 0, 2);
    step(K_PREEMPTS, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    victim(0, a);
}

/* I preempts A, and makes N, which is better, runnable: A goes on first, N runs at A's switch.
 * asked= 1: A's cpu was asked to reschedule before, and still is when I is done. Then J preempts A, and
 * yields: A goes on, and J does at A's switch. */
static void wakes_better(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_LOG, 0, 1);
    step(K_ASK, 0, param("asked", 0) ? AST_LWKT_RESCHED : 0);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_RESCHED, 0, 0);
    step(K_LOOK, 2, KL_RUNQ);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_RESCHED, 0, 0);
    step(K_SCHED, 3, 0);
    step(K_LOG, 0, 4);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 5);
    step(K_END, 0, 0);
    int i = step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int j = step(K_LOG, 0, 1);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
    thread("N", cpu, param("npri", 16), once(), 0);
    ithread("J", cpu, param("ipri", 28), j);
}

/* A has left its run queue when an interrupt thread preempts it at its crit_exit: A goes on all the
 * same. B is runnable, and schedules A later; or (wakes=1) I schedules A, which is on its queue
 * then. */
static void descheduled(void)
{
    int a = step(K_LOG, 0, 1);
    step(K_CRIT_ENTER, 0, 0);
    step(K_DESCHED, 0, 0);
    if (param("device", 1))
        step(K_RAISE, 0, 4);
    step(K_SPIN, 0, param("us", 10));
    step(K_CRIT_EXIT, 0, 0);
    if (!param("device", 1))
        step(K_SCHED, 2, 0);
    step(K_LOG, 0, 2);
    step(K_LOOK, 0, KL_RUNQ | KL_LOCKED);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    if (!param("wakes", 0))
        step(K_SCHED, 0, 0);
    if (param("device", 1))
        step(K_SCHED, 2, 0);
    step(K_END, 0, 0);
    victim(0, a);
    thread("B", 0, param("pri", 14), b, 1);
    int i = step(K_LOG, 0, 1);
    if (param("wakes", 0))
        step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    ithread("I", 0, param("ipri", 28), i);
}

/* I sleeps with a token, then A schedules it, and calls lwkt_preempt in a state (state=, of KX_*). */
static void has_token(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_SCHED, 1, 0);
    step(K_ASLEEP, 1, 0);
    schedule_counted();
    preempt_in(param("state", 0), 3);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 5);
    step(K_END, 0, 0);
    int i = step(K_GETTOKEN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 2);
    step(K_RELTOKEN, 0, 0);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
}

/* I exits while it preempts A, which has the MP lock depth= times; own=1: I has taken it once more. Or
 * (stays=1) it sleeps, and preempts A again when A has no lock. */
static void exits(void)
{
    int cpu = param("cpu", 0), depth = param("depth", 1);
    int a = step(K_REPEAT, 0, depth);
    step(K_GETMP, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_LOG, 0, 1);
    step(K_MPSTATE, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_MPSTATE, 0, 0);
    step(K_REPEAT, 0, depth);
    step(K_RELMP, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_MPSTATE, 0, 0);
    if (param("stays", 0))
        step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    int i = step(K_LOG, 0, 1);
    if (param("own", 0))
        step(K_GETMP, 0, 0);
    step(K_MPSTATE, 1, 0);
    if (param("stays", 0)) {
        step(K_DESCHED, 0, 0);
        step(K_SWITCH, 0, 0);
        step(K_MPSTATE, 1, 0);
    }
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
}

/* I moves to another cpu while it preempts A, which is slow to go on. There it preempts B, and A goes
 * on meanwhile. */
static void moves(void)
{
    int cpu = param("cpu", 0), other = param("other", 1);
    int a = step(K_TESTPOINT, KP_STALL_IPI, param("stall", 200));
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_SET, 0, 1);
    step(K_LOOK, 0, KL_LOCKED);
    step(K_END, 0, 0);
    int i = step(K_LOG, 0, 1);
    step(K_SETCPU, other, 0);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_DESCHED, 0, 0);
    step(K_SET, 1, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_WAIT, 0, 1);
    step(K_LOOK, 1, KL_BELOW);
    step(K_END, 0, 0);
    int b = step(K_AWAIT, 1, 1);
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_LOOK, 2, KL_LOCKED);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
    thread("B", other, 12, b, 1);
}

/* J preempts I, which has preempted A. Each returns to the thread that it has preempted. */
static void nested(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_REPEAT, 0, param("rounds", 2));
    step(K_PROC, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_AGAIN, 0, 0);
    let_end(1);
    let_end(2);
    step(K_END, 0, 0);
    int i = step(K_REPEAT, 0, param("rounds", 2));
    step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_LOG, 0, 2);
    step(K_PROC, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int j = step(K_REPEAT, 0, param("rounds", 2));
    step(K_LOG, 0, 1);
    step(K_LOOK, 0, KL_LOCKED);
    step(K_LOOK, 1, KL_LOCKED | KL_BELOW);
    step(K_LOOK, 2, KL_BELOW);
    step(K_PROC, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 27), i);
    ithread("J", cpu, param("jpri", 29), j);
}

/* J has preempted I, raises I's priority above its own, and schedules it: I is locked, and does not
 * run. Then I, which has preempted A, schedules itself, which changes nothing. */
static void locked(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_TRACE, 0, KTR_BIT(KTR_PREEMPT));
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_TRACED, 0, KTR_BIT(KTR_PREEMPT));
    step(K_SWITCH, 0, 0);
    step(K_END, 0, 0);
    int i = step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int j = step(K_LOG, 0, 1);
    step(K_SETPRI_OF, 1, param("above", 30));
    step(K_PREEMPTS, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_RESCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 27), i);
    ithread("J", cpu, param("jpri", 29), j);
}

/* A calls lwkt_preempt for I in states that forbid it (KX_*), one or two at a time; then in a section,
 * and at last in two, which are the caller's own, so I runs. */
static void special(void)
{
    static const int states[] = {KX_LEVEL,
                                 KX_CSCOUNT,
                                 KX_LOCKED,
                                 KX_PREEMPTED,
                                 KX_LEVEL | KX_LOCKED,
                                 KX_CSCOUNT | KX_LOCKED,
                                 KX_LOCKED | KX_PREEMPTED};
    int cpu = param("cpu", 0);
    int a = step(K_YIELD, 0, 0);
    for (int i = 0; i < (int)(sizeof(states) / sizeof(states[0])); i++) {
        preempt_in(states[i], 10 * states[i]);
        step(K_SWITCH, 0, 0);
    }
    step(K_CRIT_ENTER, 0, 0);
    preempt_in(KX_LOCKED, 200);
    step(K_CRIT_EXIT, 0, 0);
    step(K_SWITCH, 0, 0);
    preempt_in(KX_SECTION, 10 * KX_SECTION);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), once());
}

/* I is no better than A, which schedules it, and then calls lwkt_preempt in a state in which nobody may
 * preempt (state=, of KX_*). */
static void not_better(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_YIELD, 0, 0);
    schedule_counted();
    step(K_RESCHED, 0, 0);
    preempt_in(param("state", 0), 3);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 14), once());
}

/* A calls lwkt_preempt for I, which belongs to another cpu and sleeps there, in a state (state=). */
static void foreign(void)
{
    int cpu = param("cpu", 0), other = param("other", 1);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, 100);
    preempt_in(param("state", 0), 1);
    step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    int i = step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", other, param("ipri", 28), i);
    thread("S", other, 12, step(K_SCHED, 1, 0), 1);
    step(K_END, 0, 0);
}

/* Timer interrupts come us= microseconds apart; at one of every= of them, I or J preempts A. All three
 * keep patterns in all registers, or (lrsc=1) add to a number with LR and SC. */
static void storm(void)
{
    int cpu = param("cpu", 0), lrsc = param("lrsc", 0);
    int a = step(K_LOG, 0, 1);
    step(K_PREEMPTS, 0, 0);
    step(K_FORCE, 1, 0);
    step(K_FORCE, 2, 0);
    step(K_TESTPOINT, KP_FORCE_PREEMPT, param("every", 1));
    step(K_TIMER, param("us", 20), 1000000);
    step(lrsc ? K_LRSC : K_PATTERN, lrsc ? 0 : KW_PATTERN, param("rounds", 1000));
    step(K_TIMER_STOP, 0, 0);
    step(K_TESTPOINT, KP_FORCE_PREEMPT, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_SUM, 0, 0);
    step(K_SET, 0, 1);
    let_end(1);
    let_end(2);
    step(K_END, 0, 0);
    int p = step(K_PREEMPTER, 0, lrsc ? KW_ADD : KW_PATTERN);
    step(K_END, 0, 0);
    scene_timeout(20000);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 27), p);
    ithread("J", cpu, param("jpri", 29), p);
}

/* A tries an SC rounds= times, and I preempts it between LR and SC. */
static void reservation_lost(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_FORCE, 1, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_LRSC, 1, param("rounds", 10));
    step(K_PREEMPTS, 0, 0);
    step(K_SET, 0, 1);
    let_end(1);
    step(K_END, 0, 0);
    int i = step(K_PREEMPTER, 0, KW_NOTHING);
    step(K_END, 0, 0);
    victim(cpu, a);
    ithread("I", cpu, param("ipri", 28), i);
}

static const struct test tests[] = {
    {"t7", preempt},      {"t8", in_section},   {"t9", device},       {"t10", wakes_better},
    {"t11", descheduled}, {"t12", has_token},   {"t13", nested},      {"t14", locked},
    {"t15", not_better},  {"foreign", foreign}, {"special", special}, {"t65", storm},
    {"exits", exits},     {"moves", moves},     {"t66", storm},       {"t66call", reservation_lost},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
