/* SPDX-License-Identifier: BSD-3-Clause
 * More scenes about the run queue and the switch: threads that leave and enter a ring at any place
 * (ring), requests that the switch takes back (taken), what a switch counts and leaves behind (count),
 * when it says that a thread is off the cpu (early, late), what it owes to other cpus (asked), a thread
 * that moves (moves), registers and interrupts (yields, quiet), and calls that must panic (wrong). See
 * user/scene.h.
 */
#include "kernel/ktr_entry.h"
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

#define AST_SIGNAL 1
#define AST_USER_RESCHED 2

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* threads= threads of one priority. A enqueues itself, which is on its ring, and dequeues B, which
 * is on none: there is nothing to do, in a section or not. Then A, in a critical section, has one
 * of them descheduled or scheduled, ops= times: a hexadecimal digit of q0=, q1=, .., seven in each,
 * is twice its number, plus 1 to schedule it. Then they run in the order of the ring, and after A
 * those that are off it. */
static void ring(void)
{
    int threads = param("threads", 3), cpu = param("cpu", 0), pri = param("pri", 14);
    int on[8] = {0};
    int a = step(K_RUNQ, 0, KQ_ENQUEUE);
    step(K_RUNQ, 1, KQ_DEQUEUE);
    step(K_CRIT_ENTER, 0, 0);
    step(K_RUNQ, 1, KQ_MIGRATING | KQ_IN_SECTION);
    for (int i = 0; i < param("ops", 0); i++) {
        char word[] = "q0";
        word[1] += (char)(i / 7);
        int op = param(word, 0) >> 4 * (i % 7) & 15, t = op / 2;
        on[t] = op % 2 == 1;
        step(on[t] ? K_SCHED : K_DESCHED_OF, t, 0);
        step(K_LOOK, t, KL_RUNQ);
    }
    step(K_SETPRI, 0, pri - 1);
    step(K_CRIT_EXIT, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 1);
    for (int i = 1; i < threads; i++)
        if (!on[i])
            step(K_SCHED, i, 0);
    step(K_END, 0, 0);
    int other = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", cpu, 30, a, 1);
    for (int i = 1; i < threads; i++)
        thread(names[i], cpu, pri, other, 0);
}

/* A schedules B, of better priority, and takes it off again: so A's switch comes back to A, and A is
 * asked for nothing but what it was asked by others. Then it does that again with a yield, and with a
 * token. */
static void taken(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_ASK, 0, AST_SIGNAL | AST_USER_RESCHED);
    for (int round = 0; round < 3; round++) {
        if (round == 2)
            step(K_GETTOKEN, 0, 0);
        step(K_SCHED, 1, 0);
        step(K_DESCHED_OF, 1, 0);
        step(K_RESCHED, 0, 0);
        step(round == 1 ? K_YIELD : K_SWITCH, 0, 0);
        step(K_RESCHED, 0, 0);
    }
    step(K_RELTOKEN, 0, 0);
    step(K_ASKED, 0, AST_SIGNAL | AST_USER_RESCHED);
    step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 14), a, 1);
    thread("B", cpu, param("high", 16), step(K_END, 0, 0), 0);
}

/* A yields alone= times with nobody else there, and sleeps once; then it yields both= times with B.
 * After each it switches once more, with messages noted. Last, with traced=1, A takes turns with C, and
 * switches are traced. */
static void count(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 14), both = param("both", 3);
    int a = step(K_PREEMPTS, 0, 0);
    step(K_REPEAT, 0, param("alone", 3));
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_NAP, 0, 50);
    step(K_PREEMPTS, 0, 0);
    step(K_LOOK, 0, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_SWITCH_NOTED, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_YIELD, 0, 0); /* the first one only queues A after B */
    step(K_PREEMPTS, 0, 0);
    step(K_REPEAT, 0, both);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_PREEMPTS, 0, 0);
    step(K_LOOK, 0, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_LOOK, 1, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_SWITCH_NOTED, 0, 0);
    if (param("traced", 0)) {
        step(K_REPEAT, 0, 3); /* B ends */
        step(K_YIELD, 0, 0);
        step(K_AGAIN, 0, 0);
        step(K_TRACE, 0, KTR_BIT(KTR_SWITCH));
        step(K_SCHED, 2, 0);
        step(K_YIELD, 0, 0);
        step(K_REPEAT, 0, both);
        step(K_YIELD, 0, 0);
        step(K_AGAIN, 0, 0);
        step(K_TRACED, 0, KTR_BIT(KTR_SWITCH));
    }
    step(K_END, 0, 0);
    int b = step(K_LOOK, 1, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_LOOK, 0, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_REPEAT, 0, both + 3);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_REPEAT, 0, both + 3);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, pri, b, 0);
    if (param("traced", 0))
        thread("C", cpu, pri, c, 0);
}

/* A, on cpu to=, switches to B, a kernel thread or (process=1) this process, which sets v[1]. B's
 * switch stalls before it says that A is off its stack. C, on cpu from=, looks at A meanwhile. */
static void early(void)
{
    int to = param("to", 1);
    int a = step(K_WAIT, 2, 1);
    step(K_TESTPOINT, KP_STALL_RUNNING, param("stall", 50));
    step(K_SET, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_YIELD, 0, 0);
    step(K_SET, 1, 1);
    step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_SET, 2, 1);
    step(K_WAIT, 0, 1);
    step(K_WATCH, 0, 1);
    step(K_END, 0, 0);
    thread("A", to, 14, a, 1);
    if (param("process", 0))
        caller("B", to, b);
    else
        thread("B", to, 14, b, 1);
    thread("C", param("from", 0), 14, c, 1);
}

/* rounds= times: A, on cpu to=, takes itself off and switches. Each switch stalls before it says
 * that the thread is off its stack; C, on cpu from=, schedules A within that time, or after it. */
static void late(void)
{
    int to = param("to", 1), rounds = param("rounds", 20);
    int a = step(K_REPEAT, 0, rounds);
    step(K_DESCHED, 0, 0);
    step(K_ADD, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_TESTPOINT, KP_STALL_RUNNING, param("stall", 50));
    for (int i = 1; i <= rounds; i++) {
        step(K_WAIT, 0, i);
        step(K_JITTER, 0, param("pause", 100));
        step(K_LOG, 0, 1);
        step(K_SCHED, 0, 0);
    }
    step(K_END, 0, 0);
    scene_timeout(4000);
    thread("A", to, 14, a, 1);
    thread("C", param("from", 0), 14, c, 1);
}

/* A has a token (lock=1) or the MP lock (lock=2), which B, on another cpu, asks for while A runs.
 * Then A goes off the cpu. */
static void asked(void)
{
    int token = param("lock", 1) == 1;
    int get = token ? K_GETTOKEN : K_GETMP, release = token ? K_RELTOKEN : K_RELMP;
    int a = step(get, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 2);
    step(release, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_SET, 1, 1);
    step(get, 0, 0);
    step(K_LOG, 0, 1);
    step(release, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("to", 1), 14, a, 1);
    thread("B", param("from", 0), 14, b, 1);
}

/* A goes from cpu to cpu: hops= times between from= and to=. */
static void moves(void)
{
    int a = step(K_REPEAT, 0, param("hops", 2));
    step(K_SETCPU, param("to", 1), 0);
    step(K_LOG, 0, 1);
    step(K_SETCPU, param("from", 0), 0);
    step(K_LOG, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_LOOK, 0, KL_CRIT | KL_RUNQ | KL_RUNNING | KL_CURRENT);
    step(K_END, 0, 0);
    thread("A", param("from", 0), 14, a, 1);
}

/* threads= threads of one priority keep patterns in their registers over rounds= yields each, and yield
 * yields= times more, while timer interrupts come us= microseconds apart. */
static void yields(void)
{
    scene_timeout(30000);
    for (int i = 0; i < param("threads", 2) && i < 4; i++) {
        int s = i == 0 ? step(K_TIMER, param("us", 10), 1000000) : step(K_YIELD, 0, 0);
        step(K_PATTERN, KW_YIELD, param("rounds", 100));
        step(K_REPEAT, 0, param("yields", 1000));
        step(K_YIELD, 0, 0);
        step(K_AGAIN, 0, 0);
        step(i == 0 ? K_TIMER_STOP : K_YIELD, 0, 0);
        step(K_END, 0, 0);
        thread(names[i], param("cpu", 0), param("pri", 14), s, 1);
    }
}

/* A and B switch to each other with interrupts off, then with interrupts on. */
static void quiet(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_SWITCH_TO, 1, 0);
    step(K_SWITCH_TO, 1, 1);
    step(K_END, 0, 0);
    int b = step(K_SWITCH_TO, 0, 0);
    step(K_SWITCH_TO, 0, 1);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 14), a, 1);
    thread("B", cpu, param("pri", 14), b, 1);
}

/* A makes the call= (KQ_*) with B, which is on cpu other=. body=1: a message's body does so on the idle
 * cpu other=. The kernel must panic. */
static void wrong(void)
{
    int body = step(K_RUNQ, 0, param("call", 0));
    step(K_END, 0, 0);
    int a = step(K_PAUSE, 0, 100);
    if (param("body", 0))
        step(K_IPI, param("other", 0), body);
    else
        step(K_RUNQ, 1, param("call", 0));
    step(K_YIELD, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_PAUSE, 0, 1000);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_PAUSE, 0, 3000);
    step(K_END, 0, 0);
    thread("A", param("cpu", 0), param("pri", 14), a, 1);
    thread("B", param("other", 0), param("pri", 14), b, param("start", 0));
}

static const struct test tests[] = {
    {"ring", ring},   {"taken", taken}, {"count", count},   {"early", early}, {"late", late},
    {"asked", asked}, {"moves", moves}, {"yields", yields}, {"quiet", quiet}, {"wrong", wrong},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
