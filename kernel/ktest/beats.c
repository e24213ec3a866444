/*
 * What each cpu did of late, and what each of the scene's threads waits for: when a scene does not end,
 * this tells threads that all wait (a deadlock) from busy cpus that get nowhere (a livelock).
 *
 *   beat cpu=1 ms=1000 ticks=100 switches=12031 messages=0 halts=0 runs=B
 *   stuck td=A cpu=0 waits: ktwait
 *
 * Counted from the last kt_beats_note(). Lines are for people: no grader gives points for them.
 */
#include "ktest/ktest.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LINE 112 /* bytes of a line, more than any has */

static struct beat {
    uint64 ticks;
    uint64 switches;
    uint64 messages;
    uint64 halts;
} noted[NCPU];
static uint64 noted_at;
static char text[(NCPU + KT_THREADS) * LINE];

/* Any cpu's, read while it goes on counting. */
static struct beat beat_of(int cpu)
{
    globaldata_t gd = globaldata_of[cpu];

    return (struct beat){.ticks = peek(&gd->gd_heartbeat),
                         .switches = peek(&gd->gd_cnt.switch_count),
                         .messages = peek(&gd->gd_cnt.ipiq_count),
                         .halts = peek(&gd->gd_cnt.idle_waits)};
}

void kt_beats_note(void)
{
    noted_at = cpu_time();
    for (int cpu = 0; cpu < ncpus; cpu++)
        noted[cpu] = beat_of(cpu);
}

static void add_cpu(int cpu, uint64 ms)
{
    struct beat now = beat_of(cpu), *then = &noted[cpu];
    char line[LINE];

    snprintf(line, sizeof(line),
             "\nbeat cpu=%d ms=%lu ticks=%lu switches=%lu messages=%lu halts=%lu runs=%s", cpu, ms,
             now.ticks - then->ticks, now.switches - then->switches, now.messages - then->messages,
             now.halts - then->halts, peek(&globaldata_of[cpu]->gd_curthread)->td_comm);
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

/* It may go on meanwhile: what is said is what a look at it showed. */
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

const char *kt_beats(void)
{
    uint64 ms = (cpu_time() - noted_at) / (cpu_timebase / 1000);

    text[0] = 0;
    for (int cpu = 0; cpu < ncpus; cpu++)
        add_cpu(cpu, ms);
    for (int i = 0; i < kt_run->scene.nthreads && i < KT_THREADS; i++)
        if (kt_run->td[i] != NULL)
            add_thread(kt_run->td[i]);
    return text;
}
