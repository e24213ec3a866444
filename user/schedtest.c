/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about the user scheduler, played by processes: equal processes that share a cpu (share) or
 * yield (yield); as many as there are cpus, or more (busy); one that is woken among others that compute
 * (wake); one that has slept for long (credit), or has computed alone for long (debt); two that wake
 * each other in turns beside one that computes (turns); masks of cpus (affinity); levels (levels); all
 * kinds of sleeps at once (storm); and the last steps on the way to user mode (late, parked).
 *
 * A process computes in small steps of one length, and writes each down: event "ran". So the order of
 * the events says who ran when, and their number how much. See user/scene.h.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/scene.h"
#include "user/user.h"

#define LOOPS 600 /* of a small step */

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
static int pipes[8][2];
static int steps; /* of this process */
static uint64 chance;

/* A number from 0 to n - 1; the scene's seed and the index of the process decide. */
static int draw(int n)
{
    chance = chance * 6364136223846793005UL + 1442695040888963407UL;
    return (int)((chance >> 33) % (uint64)n);
}

static void seed(int i)
{
    chance = (uint64)param("seed", 1) * 64 + (uint64)i;
    draw(2);
}

static void spin(void)
{
    for (volatile int i = 0; i < LOOPS; i++)
        ;
}

/* Compute until the scene is so many milliseconds old. */
static void compute_until(int ms)
{
    do
        spin();
    while (log_event("ran", ++steps) < ms);
}

/* The same, without events. */
static void idle_until(int ms)
{
    do
        spin();
    while (log_event(0, 0) < ms);
}

static void make_pipe(int i)
{
    if (pipe(pipes[i]) < 0)
        exit(1);
}

static void get(int i)
{
    char c;

    if (read(pipes[i][0], &c, 1) != 1)
        exit(1);
}

static void put(int i)
{
    if (write(pipes[i][1], "x", 1) != 1)
        exit(1);
}

/* --- where the processes are before the scene --- */

static void on_cpu(int i)
{
    (void)i;
    setaffinity(1UL << param("cpu", 0));
}

static void on_other_cpu(int i)
{
    (void)i;
    setaffinity(1UL << param("other", 1));
}

static void on_cpu_real(int i)
{
    on_cpu(i);
    setpri(USER_PRI_REAL);
}

static void on_cpu_idle(int i)
{
    on_cpu(i);
    setpri(USER_PRI_IDLE);
}

/* --- what they do in it --- */

/* How many ticks this cpu has taken. */
static void log_beats(void)
{
    uint64 beats = 0;

    sysctl("kern.heartbeat", &beats, 0);
    log_event("beats", (int64)beats);
}

/* Compute until the end of the scene, at ms=. */
static void hog(int i)
{
    (void)i;
    log_beats();
    log_event("begin", 0);
    compute_until(param("ms", 1000));
    log_beats();
    log_event("done", steps);
}

static void hogs(int n, void (*before)(int))
{
    for (int i = 0; i < n; i++)
        process(names[i], before, hog);
}

/* procs= equal processes compute on cpu=. */
static void share(void)
{
    hogs(param("procs", 3), on_cpu);
}

static void yielder(int i)
{
    (void)i;
    log_event("begin", 0);
    compute_until(200); /* all have started, and none is in the kernel */
    for (int n = 1; n <= param("rounds", 30); n++) {
        log_event("turn", n);
        yield();
    }
    log_event("done", 0);
}

/* procs= equal processes on cpu= yield rounds= times. */
static void yields(void)
{
    for (int i = 0; i < param("procs", 3); i++)
        process(names[i], on_cpu, yielder);
}

/* Compute for up to 30 ms, and sleep until the ticker wakes it, again and again. */
static void blocker(int i)
{
    seed(i);
    for (int n = 0; n < param("rounds", 8); n++) {
        get(0);
        compute_until(log_event(0, 0) + 1 + draw(30));
    }
}

static void ticker(int i)
{
    seed(i);
    for (int n = 0; n < param("rounds", 8) * param("blockers", 0); n++) {
        sleep(1);
        put(0);
    }
}

/* procs= processes compute on any cpu, and blockers= more compute and sleep in turns. */
static void busy(void)
{
    log_free_cpus();
    make_pipe(0);
    hogs(param("procs", 4), 0);
    for (int i = 0; i < param("blockers", 0); i++)
        process("S", 0, blocker);
    if (param("blockers", 0))
        process("T", 0, ticker);
}

/* Wake the process that reads the pipe, rounds= times; before each, sleep for sleeps= tenths of a
 * second and compute for up to 30 ms. */
static void waker(int i)
{
    seed(i);
    for (int n = 1; n <= param("rounds", 8); n++) {
        sleep(param("sleeps", 1));
        idle_until(log_event(0, 0) + draw(30));
        put(0);
        log_event("sent", n); /* after it: this hart may stand still between the two */
    }
}

static void sleeper(int i)
{
    (void)i;
    for (int n = 1; n <= param("rounds", 8); n++) {
        get(0);
        log_event("woke", n);
    }
}

/* S sleeps on cpu=, where procs= others compute; W, on cpu other=, wakes it. */
static void wake(void)
{
    make_pipe(0);
    hogs(param("procs", 4), on_cpu);
    process("S", on_cpu, sleeper);
    process("W", on_other_cpu, waker);
}

/* Sleep for a good part of the scene, then compute like the others. */
static void late(int i)
{
    get(0);
    hog(i);
}

/* S computes after it has slept for sleeps= tenths of a second, while procs= others compute on its
 * cpu. */
static void credit(void)
{
    make_pipe(0);
    hogs(param("procs", 2), on_cpu);
    process("S", on_cpu, late);
    process("W", on_other_cpu, waker);
}

/* Compute alone for from= milliseconds, sleep, and compute again, with the others that do so by
 * then. */
static void early(int i)
{
    compute_until(param("from", 500));
    sleep(2);
    hog(i);
}

/* Start when the early process has gone to sleep. */
static void after(int i)
{
    sleep(param("from", 500) / 100 + 1);
    hog(i);
}

/* S computes on cpu= alone; then procs= others, which have slept, compute there too. */
static void debt(void)
{
    for (int i = 0; i < param("procs", 2); i++)
        process(names[i], on_cpu, after);
    process("S", on_cpu, early);
}

/* Wake the partner and sleep, in turns, for the first half of the scene. */
static void partner(int i)
{
    int n = 0;

    while (log_event(0, 0) < param("ms", 1000) / 2) {
        put(i);
        get(1 - i);
        n++;
    }
    put(i); /* the other one may wait for it */
    log_event("rounds", n);
}

/* P and Q wake each other in turns for half of the scene; A computes for all of it. All are on cpu=. */
static void turns(void)
{
    make_pipe(0);
    make_pipe(1);
    process("P", on_cpu, partner);
    process("Q", on_cpu, partner);
    hogs(1, on_cpu);
}

/* Set another mask of the cpus= cpus, and compute for a while; rounds= times. */
static void roamer(int i)
{
    seed(i);
    for (int n = 0; n < param("rounds", 10); n++) {
        int mask = 1 + draw((1 << param("cpus", 2)) - 1);
        setaffinity((uint64)mask);
        log_event("mask", mask);
        compute_until(log_event(0, 0) + draw(25));
    }
    log_event("done", 0);
}

/* procs= processes change again and again on which cpus they may run. */
static void affinity(void)
{
    for (int i = 0; i < param("procs", 3); i++)
        process(names[i], 0, roamer);
}

/* Compute in bursts of work= milliseconds, each after a sleep. */
static void burster(int i)
{
    (void)i;
    for (int n = 1; n <= param("rounds", 4); n++) {
        get(0);
        log_event("burst", n);
        compute_until(log_event(0, 0) + param("work", 30));
        log_event("rest", n);
    }
}

/* Compute from the start of the others until after their end. */
static void idler(int i)
{
    (void)i;
    compute_until(param("ms", 1000) + 30);
    log_event("done", steps);
}

/* On cpu=, R (level real) computes in bursts; procs= normal processes and I (level idle) compute all
 * the time. */
static void levels(void)
{
    make_pipe(0);
    hogs(param("procs", 2), on_cpu);
    process("I", on_cpu_idle, idler);
    process("R", on_cpu_real, burster);
    process("W", on_other_cpu, waker);
}

/* Take a byte out of the pipe, do something at random, and put it back; rounds= times. */
static void player(int i)
{
    int cpus = param("cpus", 2);

    seed(i);
    for (int round = 1; round <= param("rounds", 30); round++) {
        get(0);
        switch (draw(5)) {
        case 0:
            yield();
            break;
        case 1:
            setpri(draw(3));
            break;
        case 2:
            setaffinity((uint64)(1 + draw((1 << cpus) - 1)));
            break;
        default:
            compute_until(log_event(0, 0) + draw(4));
        }
        log_event("passed", round);
        put(0);
    }
    log_event("done", 0);
}

/* procs= processes wait in a pipe for one of tokens= bytes, do something at random, and put it back. */
static void storm(void)
{
    make_pipe(0);
    for (int i = 0; i < param("tokens", 2); i++)
        put(0);
    for (int i = 0; i < param("procs", 4); i++)
        process(names[i], 0, player);
}

/*
 * A, the calling process, is on its way to user mode. L, no better than a process that was woken, can
 * wait; H, which wakes when A has just seen that, cannot. H sleeps for a tick, A is slow for longer.
 */
static void last_moment(void)
{
    int h = step(K_TSLEEP, 0, 1);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int l = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int a = step(K_USEREXIT, 0, 0);
    step(K_ASLEEP, 1, 0);
    step(K_USEREXIT, 0, 0);
    step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_TESTPOINT, KP_STALL_DEFER, param("stall", 15000));
    step(K_USEREXIT, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    caller("A", 0, a);
    thread("H", 0, param("high", 14), h, 1);
    thread("L", 0, param("low", 10), l, 0);
}

/* Compute for half a second, on the cpu of the caller, in a process of its own. */
static void compute_beside(int cpu)
{
    if (fork() != 0)
        return;
    setaffinity(1UL << cpu);
    for (int end = uptime() + 5; uptime() < end;)
        spin();
    exit(0);
}

/*
 * On cpu=, Q computes. H, which sleeps for ticks=, is better, so Q waits on its way to user mode and
 * stays the current process. H wakes P, the calling process, which is on its way to user mode as well,
 * and is not current. I, better than both, runs meanwhile. P and Q both get there.
 */
static void parked(void)
{
    int cpu = param("cpu", 0), high = param("high", 14);

    compute_beside(cpu);
    int p = step(K_TSLEEP, 1, 0);
    step(K_SCHED, 2, 0);
    step(K_USEREXIT, 0, 0);
    step(K_LOG, 0, 2);
    step(K_TSLEEP, 2, 80); /* Q ends */
    step(K_END, 0, 0);
    int h = step(K_TSLEEP, 0, param("ticks", 3));
    step(K_LOG, 0, 1);
    step(K_WAKEUP, 1, 1);
    step(K_END, 0, 0);
    int i = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    caller("P", cpu, p);
    thread("H", cpu, high, h, 1);
    thread("I", cpu, high, i, 0);
}

static const struct test tests[] = {
    {"share", share},   {"yield", yields}, {"busy", busy},        {"wake", wake},
    {"credit", credit}, {"debt", debt},    {"turns", turns},      {"affinity", affinity},
    {"levels", levels}, {"storm", storm},  {"late", last_moment}, {"parked", parked},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
