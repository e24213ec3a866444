/* SPDX-License-Identifier: BSD-3-Clause
 * fuzz SEED CALLS [LANES]: make CALLS random system calls, in LANES processes at a time (4), and see
 * what is left of the machine's memory, processes, threads and open files afterwards. The seed
 * determines what is called; in the deterministic mode it determines the whole run. The exit status
 * is 0 when nothing is missing. The kernel may keep what it has allocated for the next time, so only
 * what is missing after each of three runs counts.
 *
 *   main      starts the lanes and the nurse, and counts before and after
 *   lane      starts one worker after the other, and counts their calls
 *   worker    makes up to SLICE calls, if it lives so long
 *   nurse     kills workers and their children that sleep for long, or that live for long
 *
 * Workers can do harm to each other, and to nobody else. Everything that remains under HOME when all
 * have ended is removed.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "kernel/procinfo.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/fuzz/fuzz.h"

#define SLICE 400 /* calls of a worker */
#define MAXLANES 64
#define MAXPROTECTED (MAXLANES + 32)
#define OLD 30       /* ticks that a process may live */
#define ATTEMPTS 3   /* runs that seem to leave something */
#define WARM_UP 2000 /* calls of the warm-up */
#define CROWD 100    /* processes of the warm-up */

static const char *const settings[] = {"kern.giant", "kern.ktr_mask", "lwkt.ipiq_optimized",
                                       "lwkt.untimely_switch", "kern.last_pid"};
#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

static struct procinfo procs[NPROC];
static int safe[MAXPROTECTED], parents[MAXPROTECTED], nprotected;

/* The place of a process among those that must not be killed, or -1. */
static int place_of(int pid)
{
    for (int i = 0; i < nprotected; i++)
        if (safe[i] == pid)
            return i;
    return -1;
}

int is_protected(int pid)
{
    return place_of(pid) >= 0;
}

/* The same, if it is still that process: a worker may have got the number of a lane that has ended. */
static int is_still_protected(const struct procinfo *p)
{
    int place = place_of(p->pid);

    return place >= 0 && parents[place] == p->ppid;
}

static void die(const char *what)
{
    fprintf(2, "fuzz: %s\n", what);
    exit(1);
}

/* Use what the kernel keeps for the next time: tables for the stacks of many processes, trace rings. */
static void warm_up(void)
{
    int fds[2];
    uint64 one = 1, zero = 0;
    char c;

    sysctl("kern.ktr_mask", 0, &one);
    sysctl("kern.ktr_mask", 0, &zero);
    if (pipe(fds) < 0)
        die("no pipe");
    for (int i = 0; i < CROWD; i++) {
        if (fork() == 0) {
            close(fds[1]);
            read(fds[0], &c, 1); /* the end of file, when all exist */
            exit(0);
        }
    }
    close(fds[0]);
    close(fds[1]);
    while (wait(0) > 0)
        ;
}

/* What relative names were worth in the root directory, and HOME. */
static void clean(void)
{
    chdir("/");
    remove_tree("/f");
    unlink("/f");
    remove_tree("/g");
    unlink("/g");
    remove_tree(HOME);
}

/* --- processes --- */

/* Kill what sleeps at two looks in a row, or lives for long. Without this, workers would soon all wait
 * for each other. */
static void nurse(void)
{
    static struct {
        int pid, asleep, age;
    } known[NPROC];

    for (;;) {
        int n = getprocs(procs, NPROC);
        for (int i = 0; i < n; i++) {
            if (known[i].pid != procs[i].pid)
                known[i].age = known[i].asleep = 0;
            known[i].pid = procs[i].pid;
            known[i].asleep = procs[i].state == PI_SLEEP ? known[i].asleep + 1 : 0;
            known[i].age++;
            if ((known[i].asleep >= 2 || known[i].age >= OLD) && procs[i].state != PI_ZOMBIE &&
                !is_still_protected(&procs[i]))
                kill(procs[i].pid);
        }
        pause(1);
    }
}

/* Run one worker to its end. Returns how many calls it has reported. */
static int run_worker(uint64 seed, int calls)
{
    int fds[2], n, done = 0, pid;
    char reports[64];

    if (pipe(fds) < 0)
        return 0;
    if ((pid = fork()) == 0) {
        while ((n = dup(fds[1])) >= 0 && n < REPORT_FD)
            ;
        chdir(HOME);
        make_calls(seed, calls);
        exit(0);
    }
    close(fds[1]);
    while (pid > 0 && (n = read(fds[0], reports, sizeof(reports))) > 0)
        done += n * STEP;
    close(fds[0]);
    if (pid < 0)
        pause(1);
    else
        wait(0);
    return done;
}

/* Note all processes that exist when the fuzzer has started its own, and go on when all of these have
 * done so: the first pipe ends when all exist, the second when all have looked. */
static void note_protected(const int *exist, const int *looked)
{
    char c;

    close(exist[1]);
    read(exist[0], &c, 1);
    nprotected = getprocs(procs, NPROC);
    if (nprotected > MAXPROTECTED)
        die("too many processes");
    for (int i = 0; i < nprotected; i++) {
        safe[i] = procs[i].pid;
        parents[i] = procs[i].ppid;
    }
    close(looked[1]);
    read(looked[0], &c, 1);
    close(exist[0]);
    close(looked[0]);
}

static void lane(uint64 seed, int calls)
{
    for (uint64 round = 1; calls > 0; round++) {
        int done = run_worker(seed + round * 0x9e3779b97f4a7c15UL, calls < SLICE ? calls : SLICE);
        calls -= done > 0 ? done : 1;
    }
    exit(0);
}

/* Start the nurse and the lanes. Returns the nurse's pid. */
static int start_all(uint64 seed, int calls, int nlanes)
{
    int exist[2], looked[2], pid, first = 0;

    if (pipe(exist) < 0 || pipe(looked) < 0)
        die("no pipe");
    for (int i = 0; i <= nlanes; i++) {
        if ((pid = fork()) < 0)
            die("cannot fork");
        if (pid == 0) {
            note_protected(exist, looked);
            if (i == 0)
                nurse();
            lane(seed * 0x2545f4914f6cdd1dUL + (uint64)i * 0x100000001b3UL, calls / nlanes);
        }
        if (i == 0)
            first = pid;
    }
    close(exist[0]);
    close(exist[1]);
    close(looked[0]);
    close(looked[1]);
    return first;
}

/* Make the calls, and put back what they have changed. */
static void fuzz(uint64 seed, int calls, int nlanes)
{
    uint64 processes = sysctl_value("kern.processes"), old[NSETTINGS];
    int pid;

    for (uint i = 0; i < NSETTINGS; i++)
        old[i] = sysctl_value(settings[i]);
    if (mkdir(HOME) < 0)
        die("cannot make " HOME);
    pid = start_all(seed, calls, nlanes);
    for (int i = 0; i < nlanes; i++)
        if (wait(0) < 0)
            die("a lane is gone");
    while (sysctl_value("kern.processes") > processes + 1)
        pause(1);
    kill(pid);
    wait(0);
    for (uint i = 0; i < NSETTINGS; i++)
        sysctl(settings[i], 0, &old[i]);
    clean();
}

int main(int argc, char **argv)
{
    struct counts before, after;
    int seed, calls, nlanes = 4, made = 0, amiss = 1;

    if (argc < 3 || argc > 4 || parse_int(argv[1], &seed) < 0 || parse_int(argv[2], &calls) < 0 ||
        (argc > 3 && parse_int(argv[3], &nlanes) < 0) || nlanes < 1 || nlanes > MAXLANES) {
        fprintf(2, "usage: fuzz seed calls [processes]\n");
        exit(2);
    }
    warm_up();
    fuzz(0, WARM_UP, nlanes);
    for (int i = 0; amiss && i < ATTEMPTS; i++) {
        take_counts(&before);
        fuzz((uint64)seed + (uint64)i * 1000003, calls, nlanes);
        made += calls;
        amiss = is_amiss(&before, &after);
    }
    print_counts("fuzz", &before, &after);
    printf("fuzz: seed %d: %d calls: %s\n", seed, made, amiss ? "something is missing" : "ok");
    exit(amiss);
}
