/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about thread switching: round robin (t1), priorities (t2), requests to reschedule (t3, t4),
 * descheduling (t5), scheduling more than once (t6), the idle thread (t22 to t24), threads that are not
 * scheduled yet (t26), priorities that change (t57, t58). user/runqtest.c has more. See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* threads= threads of one priority log and yield rounds= times each: without locks, each with a token
 * of its own (lock=1), or all with the MP lock (lock=2). */
static void round_robin(void)
{
    int lock = param("lock", 0);

    for (int i = 0; i < param("threads", 3) && i < 8; i++) {
        int script = step(K_REPEAT, 0, param("rounds", 3));
        if (lock != 0)
            step(lock == 1 ? K_GETTOKEN : K_GETMP, lock == 1 ? i : 0, 0);
        step(K_LOG, 0, 0);
        step(K_YIELD, 0, 0);
        if (lock != 0)
            step(lock == 1 ? K_RELTOKEN : K_RELMP, lock == 1 ? i : 0, 0);
        step(K_AGAIN, 0, 0);
        step(K_END, 0, 0);
        thread(names[i], param("cpu", 0), param("pri", 12), script, 1);
    }
}

/* A schedules B, of better priority, and C, of worse priority, then switches. */
static void priorities(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int other = step(K_LOG, 0, 1);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
    thread("B", cpu, param("high", 14), other, 0);
    thread("C", cpu, param("low", 10), other, 0);
}

/* A deschedules itself and goes on until it switches. B, of priority bpri=, yields turns= times, then
 * schedules A. */
static void deschedule(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12);
    int a = step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_LOG, 0, 3);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 4);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("turns", 2));
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 3);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 4);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, param("bpri", pri), b, 1);
}

/* A deschedules itself, then yields: it runs again after B, which yields too. */
static void yield_off_queue(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12);
    int a = step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, pri, b, 1);
}

/* rounds= times, A schedules the sleeping B times= times in a row, and yields; B logs, and sleeps
 * again. */
static void schedule_twice(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12), rounds = param("rounds", 3);
    int a = step(K_REPEAT, 0, rounds + 1);
    step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("times", 5));
    step(K_SCHED, 1, 0);
    step(K_AGAIN, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, rounds);
    step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, pri, b, 0);
}

/* A schedules B, of better priority, and goes on until its own switch. With noresched=1, B does not ask
 * the cpu to reschedule. */
static void request(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_RESCHED, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_RESCHED, 0, 0);
    step(K_LOOK, 1, KL_RUNQ);
    step(K_LOG, 0, 3);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 4);
    step(K_RESCHED, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_RESCHED, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 14), a, 1);
    thread("B", cpu, param("high", 16), b, 0);
    thread_flags(1, param("noresched", 0) ? KTF_NORESCHED : 0);
}

/* B, on cpu to=, sleeps rounds= times. A schedules it after a pause of up to pause= microseconds, so
 * that the message arrives anywhere in the loop of the idle thread, which stalls for stall=
 * microseconds between its last look for work and its wait. */
static void wake_between(void)
{
    int to = param("to", 1), rounds = param("rounds", 50);
    int a = step(K_TESTPOINT, KP_STALL_IDLE, param("stall", 30));
    for (int i = 1; i <= rounds; i++) {
        step(K_WAIT, 0, i);
        step(K_JITTER, 0, param("pause", 60));
        step(K_LOG, 0, 1);
        step(K_SCHED, 1, 0);
    }
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, rounds);
    step(K_DESCHED, 0, 0);
    step(K_ADD, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(10000);
    thread("A", param("from", 0), 14, a, 1);
    thread("B", to, 14, b, 1);
}

/* B sleeps on cpu to= with a token, or with the MP lock (mp=1). A takes it, makes B runnable, and keeps
 * it for hold= microseconds. The counters of cpu to= are read before and after. */
static void idle_waits_for_lock(void)
{
    int from = param("from", 0), to = param("to", 1);
    int get = param("mp", 0) ? K_GETMP : K_GETTOKEN,
        release = param("mp", 0) ? K_RELMP : K_RELTOKEN;
    int body = step(K_COUNTERS, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, 100);
    step(get, 0, 0);
    step(K_SCHED, 1, 0);
    step(K_IPI, to, body);
    step(K_PAUSE, 0, param("hold", 500));
    step(K_IPI, to, body);
    step(K_IPI_WAIT, to, 0);
    step(K_LOG, 0, 1);
    step(release, 0, 0);
    step(K_END, 0, 0);
    int b = step(get, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(release, 0, 0);
    step(K_END, 0, 0);
    thread("A", from, 14, a, 1);
    thread("B", to, 14, b, 1);
}

/* The idle thread of cpu to= is scheduled (sleep=0), or calls tsleep (sleep=1). The kernel must
 * panic. */
static void idle_asked(void)
{
    int to = param("to", 1);
    int body = step(K_TSLEEP, 0, 1);
    step(K_END, 0, 0);
    int a = step(K_PAUSE, 0, 100);
    if (param("sleep", 0))
        step(K_IPI, to, body);
    else
        step(K_SCHED_IDLE, to, 0);
    step(K_PAUSE, 0, 1000);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("from", 0), 14, a, 1);
}

/* B was created with TDF_STOPREQ, on cpu to=, and A schedules it. */
static void stopped(void)
{
    int a = step(K_LOOK, 1, KL_RUNQ | KL_STOPREQ | KL_CRIT);
    step(K_PAUSE, 0, param("pause", 300));
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), 14, a, 1);
    thread("B", param("to", 0), param("pri", 14), b, 0);
}

/* A sets the priorities of queued threads, and its own, ops= times: o0=, o1=, .. are 32 times a
 * thread's number (A: 0) plus the priority. Then it ends, and they run. They begin with priorities
 * p1=, p2=, .. */
static void set_priorities(void)
{
    int threads = param("threads", 3);
    char name[] = "p0";
    int a = step(K_CRIT_ENTER, 0, 0);
    step(K_CRIT_ENTER, 0, 0);
    for (int i = 0; i < param("ops", 0); i++) {
        char op[] = "o0";
        op[1] += (char)i;
        int value = param(op, 0);
        step(K_SETPRI_OF, value / 32, value % 32);
        step(K_LOOK, value / 32, KL_PRI | KL_CRIT);
    }
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOOK, 0, KL_CRIT);
    step(K_CRIT_EXIT, 0, 0);
    step(K_SETPRI, 0, 13);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int other = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("cpu", 0), 30, a, 1);
    for (int i = 1; i < threads; i++) {
        name[1] = (char)('0' + i);
        thread(names[i], param("cpu", 0), param(name, 14), other, 1);
    }
}

/* A calls lwkt_checkpri_self() at every priority, with B runnable at every priority. */
static void check_priorities(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_CRIT_ENTER, 0, 0);
    for (int pri = 0; pri < 32; pri++) {
        step(K_SETPRI, 0, pri);
        step(K_CHECKPRI, 1, 0);
    }
    step(K_SETPRI, 0, 14);
    step(K_CRIT_EXIT, 0, 0);
    step(K_SETPRI_OF, 1, 14);
    step(K_SCHED, 1, 0);
    step(K_END, 0, 0);
    int b = step(K_END, 0, 0);
    thread("A", cpu, 30, a, 1);
    thread("B", cpu, 14, b, 0);
}

static const struct test tests[] = {
    {"t1", round_robin},   {"t2", priorities},           {"t3", request},
    {"t5", deschedule},    {"t5yield", yield_off_queue}, {"t6", schedule_twice},
    {"t22", wake_between}, {"t23", idle_waits_for_lock}, {"t24", idle_asked},
    {"t26", stopped},      {"t57", set_priorities},      {"t58", check_priorities},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
