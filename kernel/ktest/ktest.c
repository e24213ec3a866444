/* SPDX-License-Identifier: BSD-3-Clause
 * The system call ktest: playing a scene.
 *
 * The threads of a scene are created stopped, each on its cpu. Then one message to each cpu schedules
 * all threads of that cpu, in the order of the scene, so that none runs before all are queued. The
 * caller sleeps until the last one has ended.
 */
#include "ktest/init.h"
#include "ktest/internal.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/sysent.h"
#include "lib/testpoint.h"
#include "lwkt/ipiq.h"
#include "lwkt/preempt.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "sync/mutex.h"
#include "sync/sleep.h"

#define AUDIT_MS 3000
#define FLUSH_MS 1000 /* for the threads to end, when the scene's time is over */

struct kt_run *kt_run;
static struct kt_run the_run;
static struct mutex busy = MUTEX("ktest");

int kt_self(void)
{
    int i = 0;

    while (i < KT_THREADS && kt_run->td[i] != curthread)
        i++;
    return i;
}

void kt_thread_ended(void)
{
    amo_add_rel(&kt_run->alive, (uint32)-1); /* acquire: wait_for_end, flush_threads */
    wakeup(kt_run);
}

/* What a thread of the scene, or the calling process, does: its script, then its end. */
static void player(void *arg)
{
    const struct kt_thread *t = arg;
    char name[sizeof(t->name) + 1];
    struct kt_refs refs = {.taken = 0};
    struct kt_context ctx = {.name = name, .pc = t->script, .refs = &refs};

    strlcpy(name, t->name, sizeof(name));
    kt_play(&ctx);
    kt_sync_end(&ctx);
    kt_tokens_drop(&ctx);
    if (peek(&kt_run->stop) == 0)
        kt_log("end", name, 0);
    kt_thread_ended();
}

/* Schedule the scene's threads of this cpu. IPI body. */
static void schedule_threads_here(void *arg)
{
    const struct kt_scene *scene = arg;

    for (int i = 0; i < scene->nthreads; i++)
        if (scene->thread[i].cpu == mycpuid && scene->thread[i].start &&
            !(scene->thread[i].flags & KTF_CALLER))
            lwkt_schedule(kt_run->td[i]);
}

static thread_t create_thread(struct kt_thread *t)
{
    uint32 tdflags = TDF_STOPREQ | TDF_MPSAFE;
    thread_t td;

    if (t->flags & KTF_NORESCHED)
        tdflags |= TDF_NORESCHED;
    if (lwkt_create(player, t, &td, NULL, tdflags, t->cpu, "%.7s", t->name) < 0)
        return NULL;
    td->td_pri = t->pri; /* nothing else refers to td yet */
    if (t->flags & KTF_ITHREAD)
        td->td_preemptable = lwkt_preempt;
    return td;
}

static int create_threads(struct kt_run *run)
{
    for (int i = 0; i < run->scene.nthreads; i++) {
        struct kt_thread *t = &run->scene.thread[i];
        thread_t td = t->flags & KTF_CALLER ? curthread : create_thread(t);

        if (td == NULL)
            return -1;
        lwkt_hold(td);
        run->td[i] = td;
        run->alive += td != curthread; /* play_caller counts the caller */
    }
    return 0;
}

static void play_caller(struct kt_run *run)
{
    for (int i = 0; i < run->scene.nthreads; i++)
        if (run->scene.thread[i].flags & KTF_CALLER) {
            amo_add(&run->alive, 1);
            player(&run->scene.thread[i]);
        }
}

/* Schedule every thread that has not ended, again and again, until all have seen `stop`. */
static void flush_threads(struct kt_run *run)
{
    poke(&run->stop, 1);
    kt_progress_mark();
    for (int round = 0; consume(&run->alive) != 0; round++) {
        kt_wait_flush();
        if (round == 2) /* waits for messages that are on their way have ended by themselves */
            kt_ports_flush();
        for (int i = 0; i < run->scene.nthreads; i++)
            if (run->td[i] != NULL && (consume(&run->td[i]->td_flags) & TDF_EXITING) == 0)
                lwkt_schedule(run->td[i]);
        tsleep(run, 0, "ktflush", 1);
    }
}

/* Wait for the end of the scene: 0, or 1 if its time was over first. The progress is marked in the
 * middle, so that the report shows what a scene does that does not end. */
static int wait_for_end(struct kt_run *run)
{
    uint64 half = cpu_timebase / 1000 * (uint64)run->scene.timeout / 2;
    uint64 middle = cpu_time() + half;
    bool late = false;

    while (consume(&run->alive) != 0) {
        if (!late && cpu_time() > middle) {
            late = true;
            kt_progress_mark();
        }
        if (cpu_time() > middle + half) {
            printf("the scene's time is over%s\n", kt_progress());
            return 1;
        }
        /* tsleep_until() has no time limit, and this loop must look at the clock. */
        tsleep_interlock(run, 0);
        if (consume(&run->alive) != 0)
            tsleep(run, PINTERLOCKED, "ktest", HZ / 10);
        else
            tsleep_remove();
    }
    return 0;
}

static void watchdog_stop(void)
{
    amo_and(&testpoints_on, ~(1u << TP_WATCHDOG));
    poke(&kt_watched_until, 0);
}

/*
 * Every cpu_relax() comes here, and every tick calls it, so whatever a scene's threads are stuck in,
 * the result is a report of what each cpu runs, and not a silent machine.
 */
void kt_watchdog(void)
{
    uint64 now = cpu_time();

    if (now <= kt_run->late_at)
        return;
    if (now <= kt_run->hung_at) {
        kt_run->late_at = kt_run->hung_at;
        kt_progress_mark();
        return;
    }
    watchdog_stop(); /* a panic relaxes too */
    panic("the scene hangs: %u threads do not end%s", peek(&kt_run->alive), kt_progress());
}

/* Panic unless watchdog_stop() comes within so many milliseconds and FLUSH_MS. The progress is marked
 * in the middle of FLUSH_MS. */
static void watchdog_start(struct kt_run *run, uint64 ms)
{
    uint64 per_ms = cpu_timebase / 1000;

    kt_progress_mark();
    run->hung_at = cpu_time() + per_ms * (ms + FLUSH_MS);
    run->late_at = run->hung_at - per_ms * FLUSH_MS / 2;
    poke(&kt_watched_until, run->hung_at);
    amo_or(&testpoints_on, 1u << TP_WATCHDOG);
}

static int play_scene(struct kt_run *run)
{
    int result = 0;

    watchdog_start(run, (uint64)run->scene.timeout);
    if (create_threads(run) < 0) {
        result = -1;
    } else {
        for (int cpu = ncpus - 1; cpu >= 0; cpu--)
            lwkt_send_ipiq_bycpu(cpu, schedule_threads_here, &run->scene);
        play_caller(run);
        result = wait_for_end(run);
    }
    kt_points_reset();
    kt_trace_reset();
    kt_systimers_reset();
    flush_threads(run);
    watchdog_stop();
    for (int i = 0; i < run->scene.nthreads; i++)
        if (run->td[i] != NULL)
            lwkt_rele(run->td[i]);
    return result;
}

static int run_scene(uint64 uscene)
{
    int result = -1;

    mutex_lock(&busy);
    kt_run = &the_run;
    memset(&the_run, 0, sizeof(the_run));
    kt_events_reset();
    kt_force_reset();
    kt_wait_reset();
    kt_ports_reset();
    kt_tokens_reset();
    kt_stamps_reset();
    kt_tallies_reset();
    kt_soak_reset();
    if (copyin(&the_run.scene, uscene, sizeof(the_run.scene)) == 0 &&
        kt_scene_valid(&the_run.scene))
        result = play_scene(&the_run);
    mutex_unlock(&busy);
    return result;
}

/* A scene of processes begins: prepare for its events, and start the watchdog. Or it ends (timeout is
 * 0): stop the watchdog. */
static int procs_scene(uint64 uprocs)
{
    struct kt_procs procs;

    if (copyin(&procs, uprocs, sizeof(procs)) < 0 || procs.timeout < 0)
        return -1;
    watchdog_stop();
    if (procs.timeout == 0)
        return 0;
    mutex_lock(&busy);
    kt_run = &the_run;
    memset(&the_run, 0, sizeof(the_run));
    kt_events_reset();
    the_run.alive = (uint32)procs.nprocs;
    the_run.scene.timeout = procs.timeout;
    watchdog_start(&the_run, (uint64)procs.timeout);
    mutex_unlock(&busy);
    kt_proc_events_begin(procs.log_free != 0);
    return 0;
}

/* The audit stops all cpus; in a broken kernel, one may never stop. */
static int audit_watched(uint64 udst)
{
    int result;

    mutex_lock(&busy);
    kt_run = &the_run;
    watchdog_start(&the_run, AUDIT_MS);
    result = kt_audit_copyout(udst);
    watchdog_stop();
    mutex_unlock(&busy);
    return result;
}

static int64 play_call(const uint64 *arg)
{
    switch ((int)arg[0]) {
    case KT_RUN:
        return run_scene(arg[1]);
    case KT_EVENTS:
        return kt_events_copyout(arg[1], (uint64)(uint)arg[2]);
    case KT_BENCH:
        return kt_bench(arg[1]);
    case KT_PROCS:
        return procs_scene(arg[1]);
    case KT_PROC_EVENT:
        return kt_proc_event(arg[1]);
    case KT_LOAD:
        return kt_load(arg[1]);
    case KT_AUDIT:
        return audit_watched(arg[1]);
    default:
        return -1;
    }
}

bool kt_is_open(void)
{
    return bootarg_u64("ktest", 0) != 0;
}

void ktest_init(void)
{
    if (!kt_is_open())
        return;
    kt_points_init();
    ktest_syscall = play_call;
}
