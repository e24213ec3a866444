/* SPDX-License-Identifier: BSD-3-Clause
 * A report about a scene that does not end: what each cpu did lately, and what each of the scene's
 * threads waits for. It tells a deadlock, in which all threads wait, from a livelock, in which cpus are
 * busy but get nowhere.
 *
 *   progress cpu=1 ms=1000 ticks=100 switches=1203 messages=0 halts=0 reqflags=0 runq=0 crit=1 runs=B
 *   stuck td=A cpu=0 waits: ktwait
 *
 * The counts begin at the last kt_progress_mark(). The lines are for people and for the grader's
 * explanations; no grader gives points for them.
 */
#include "ktest/internal.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LINE 192 /* bytes of a line, more than any has */

static struct progress {
    uint64 ticks;
    uint64 switches;
    uint64 messages;
    uint64 halts;
} marked[NCPU];
static uint64 marked_at;
static char text[(NCPU + KT_THREADS) * LINE];

/* The counts of any cpu, read while that cpu goes on counting. */
static struct progress progress_of(int cpu)
{
    globaldata_t gd = globaldata_of[cpu];

    return (struct progress){.ticks = peek(&gd->gd_heartbeat),
                             .switches = peek(&gd->gd_cnt.switch_count),
                             .messages = peek(&gd->gd_cnt.ipiq_count),
                             .halts = peek(&gd->gd_cnt.idle_waits)};
}

void kt_progress_mark(void)
{
    marked_at = cpu_time();
    for (int cpu = 0; cpu < ncpus; cpu++)
        marked[cpu] = progress_of(cpu);
}

static void add_cpu(int cpu, uint64 ms)
{
    struct progress now = progress_of(cpu), *then = &marked[cpu];
    globaldata_t gd = globaldata_of[cpu];
    thread_t td = peek(&gd->gd_curthread);
    char line[LINE];

    snprintf(line, sizeof(line),
             "\nprogress cpu=%d ms=%lu ticks=%lu switches=%lu messages=%lu halts=%lu reqflags=%x "
             "runq=%x crit=%d runs=%s",
             cpu, ms, now.ticks - then->ticks, now.switches - then->switches,
             now.messages - then->messages, now.halts - then->halts, peek(&gd->gd_reqflags),
             peek(&gd->gd_runqmask), peek(&td->td_critcount), td->td_comm);
    strlcpy(text + strlen(text), line, sizeof(text) - strlen(text));
}

static const char *state_of(thread_t td, int cpu)
{
    if (peek(&globaldata_of[cpu]->gd_curthread) == td)
        return "runs";
    if (peek(&td->td_wmesg) != NULL)
        return "waits";
    return consume(&td->td_flags) & TDF_RUNQ ? "is runnable" : "is off the run queue";
}

/* The thread may go on meanwhile: the line says what one look at it showed. */
static void add_thread(thread_t td)
{
    int cpu = peek(&td->td_gd)->gd_cpuid;
    const char *why = peek(&td->td_wmesg);
    char line[LINE];

    if (consume(&td->td_flags) & TDF_EXITING)
        return;
    snprintf(line, sizeof(line), "\nstuck td=%s cpu=%d %s%s%s", td->td_comm, cpu, state_of(td, cpu),
             why != NULL ? ": " : "", why != NULL ? why : "");
    strlcpy(text + strlen(text), line, sizeof(text) - strlen(text));
}

const char *kt_progress(void)
{
    uint64 ms = (cpu_time() - marked_at) / (cpu_timebase / 1000);

    text[0] = 0;
    for (int cpu = 0; cpu < ncpus; cpu++)
        add_cpu(cpu, ms);
    for (int i = 0; i < kt_run->scene.nthreads && i < KT_THREADS; i++)
        if (kt_run->td[i] != NULL)
            add_thread(kt_run->td[i]);
    return text;
}
