/*
 * Scenes for the user scheduler, played by processes: equals that share a cpu (share) or yield (yield),
 * more or as many as there are cpus (busy), one that is woken among many that compute (wake), one that
 * has slept for long (credit), two that wake each other in turns beside one that computes (turns),
 * masks of cpus (affinity), levels (levels), and all kinds of sleeps at once (storm).
 *
 * Who computes does so in small steps of one length, and writes each down: event "ran". So the events'
 * order says who ran when, and their number how much. See user/scene.h.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/scene.h"
#include "user/user.h"

#define STEP 600 /* turns of a loop */

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
static int pipes[8][2];
static int steps; /* this process's */
static uint64 chance;

/* A number from 0 to n - 1, of the scene's seed and this process's index. */
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
    for (volatile int i = 0; i < STEP; i++)
        ;
}

/* Compute until so many milliseconds of the scene are over. */
static void compute_until(int ms)
{
    do
        spin();
    while (note("ran", ++steps) < ms);
}

/* The same, without a word. */
static void idle_until(int ms)
{
    do
        spin();
    while (note(0, 0) < ms);
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

/* --- where processes are before the scene --- */

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

/* --- what they do --- */

/* Compute to the scene's end, ms=. */
static void hog(int i)
{
    (void)i;
    note("begin", 0);
    compute_until(param("ms", 1000));
    note("done", steps);
}

static void hogs(int n, void (*before)(int))
{
    for (int i = 0; i < n; i++)
        process(names[i], before, hog);
}

/* procs= equals on cpu=. */
static void share(void)
{
    hogs(param("procs", 3), on_cpu);
}

static void yielder(int i)
{
    (void)i;
    note("begin", 0);
    compute_until(200); /* all are there, and none of them in the kernel */
    for (int n = 1; n <= param("rounds", 30); n++) {
        note("turn", n);
        yield();
    }
    note("done", 0);
}

/* procs= equals on cpu= that yield rounds= times. */
static void yields(void)
{
    for (int i = 0; i < param("procs", 3); i++)
        process(names[i], on_cpu, yielder);
}

/* Compute and sleep, in turns of up to 30 ms. It is woken by the ticker. */
static void blocker(int i)
{
    seed(i);
    for (int n = 0; n < param("rounds", 8); n++) {
        get(0);
        compute_until(note(0, 0) + 1 + draw(30));
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

/* procs= processes anywhere, blockers= more that come and go. */
static void busy(void)
{
    must_be_busy();
    make_pipe(0);
    hogs(param("procs", 4), 0);
    for (int i = 0; i < param("blockers", 0); i++)
        process("S", 0, blocker);
    if (param("blockers", 0))
        process("T", 0, ticker);
}

/* Wake whoever reads the pipe, rounds= times: sleep for sleeps= tenths of a second before, and wait up
 * to 30 ms more. */
static void waker(int i)
{
    seed(i);
    for (int n = 1; n <= param("rounds", 8); n++) {
        sleep(param("sleeps", 1));
        idle_until(note(0, 0) + draw(30));
        note("sent", n);
        put(0);
    }
}

static void sleeper(int i)
{
    (void)i;
    for (int n = 1; n <= param("rounds", 8); n++) {
        get(0);
        note("woke", n);
    }
}

/* S sleeps on cpu=, where procs= others compute; W on cpu other= wakes it. */
static void wake(void)
{
    make_pipe(0);
    hogs(param("procs", 4), on_cpu);
    process("S", on_cpu, sleeper);
    process("W", on_other_cpu, waker);
}

/* Sleep for a good part of the scene, then compute as the others do. */
static void late(int i)
{
    get(0);
    hog(i);
}

/* S has slept sleeps= tenths of a second, while procs= others computed on its cpu. */
static void credit(void)
{
    make_pipe(0);
    hogs(param("procs", 2), on_cpu);
    process("S", on_cpu, late);
    process("W", on_other_cpu, waker);
}

/* Compute alone for from= milliseconds, sleep, and go on: with the others that compute by then. */
static void early(int i)
{
    compute_until(param("from", 500));
    sleep(2);
    hog(i);
}

/* Start when that one has gone to sleep. */
static void after(int i)
{
    sleep(param("from", 500) / 100 + 1);
    hog(i);
}

/* S has computed alone, as it had cpu= for itself; then procs= others, who slept, are there too. */
static void debt(void)
{
    for (int i = 0; i < param("procs", 2); i++)
        process(names[i], on_cpu, after);
    process("S", on_cpu, early);
}

/* Two that wake each other and sleep, for the first half of the scene. */
static void partner(int i)
{
    int n = 0;

    while (note(0, 0) < param("ms", 1000) / 2) {
        put(i);
        get(1 - i);
        n++;
    }
    put(i); /* the other one may wait for it */
    note("rounds", n);
}

/* P and Q as above, and A, which computes for all of the scene. All on cpu=. */
static void turns(void)
{
    make_pipe(0);
    make_pipe(1);
    process("P", on_cpu, partner);
    process("Q", on_cpu, partner);
    hogs(1, on_cpu);
}

/* Another mask of the cpus= cpus, then some steps; rounds= times. */
static void roamer(int i)
{
    seed(i);
    for (int n = 0; n < param("rounds", 10); n++) {
        int mask = 1 + draw((1 << param("cpus", 2)) - 1);
        setaffinity((uint64)mask);
        note("mask", mask);
        compute_until(note(0, 0) + draw(25));
    }
    note("done", 0);
}

/* procs= processes that change again and again on which cpus they may run. */
static void affinity(void)
{
    for (int i = 0; i < param("procs", 3); i++)
        process(names[i], 0, roamer);
}

/* Bursts of work= milliseconds, each after a sleep. */
static void burster(int i)
{
    (void)i;
    for (int n = 1; n <= param("rounds", 4); n++) {
        get(0);
        note("burst", n);
        compute_until(note(0, 0) + param("work", 30));
        note("rest", n);
    }
}

/* I computes from the others' start on, and ends after they have ended. */
static void idler(int i)
{
    (void)i;
    compute_until(param("ms", 1000) + 30);
    note("done", steps);
}

/* On cpu=: R, real, in bursts; procs= normal ones and I, idle, all the time. */
static void levels(void)
{
    make_pipe(0);
    hogs(param("procs", 2), on_cpu);
    process("I", on_cpu_idle, idler);
    process("R", on_cpu_real, burster);
    process("W", on_other_cpu, waker);
}

/* Take a token, do something at random, put it back; rounds= times. */
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
            compute_until(note(0, 0) + draw(4));
        }
        note("passed", round);
        put(0);
    }
    note("done", 0);
}

/* procs= processes that share tokens= tokens, for which they wait. */
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
 * wait; H, which wakes while A has just seen that, can not. H sleeps for a tick, A is slow for longer.
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
    step(K_KNOB, KN_STALL_DEFER, param("stall", 15000));
    step(K_USEREXIT, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    caller("A", 0, a);
    thread("H", 0, param("high", 14), h, 1);
    thread("L", 0, param("low", 10), l, 0);
}

static const struct test tests[] = {
    {"share", share},   {"yield", yields}, {"busy", busy},        {"wake", wake},
    {"credit", credit}, {"debt", debt},    {"turns", turns},      {"affinity", affinity},
    {"levels", levels}, {"storm", storm},  {"late", last_moment},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
