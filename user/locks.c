/* SPDX-License-Identifier: BSD-3-Clause
 * locks [calls [us]]: measure what it costs when several harts want one lock. On 1 hart, then on 2, and
 * so on, one process on each makes `calls` system calls that work for `us` microseconds each (KT_WORK;
 * boot argument ktest=1), under each of these locks:
 *
 *   own      a token of its own for each process
 *   quarter  one token for all, held for a quarter of the work
 *   one      one token for all, held for all of it
 *   giant    tokens of their own, and sysctl kern.giant=1: the MP lock around every call
 *
 * It prints a line for each: microseconds from the start until the last process has ended, and calls
 * per second.
 */
#include "kernel/types.h"
#include "kernel/ktest.h"
#include "kernel/param.h"
#include "user/user.h"

enum { OWN, QUARTER, ONE, GIANT, NLOCKS };

static const char *const names[NLOCKS] = {"own", "quarter", "one", "giant"};
static int calls = 50, us = 200;
static int go[2], done[2]; /* pipes: a byte to start each other process; when each has ended */

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(2, "locks: %s failed\n", what);
        exit(1);
    }
}

static uint64 now(void)
{
    uint64 t;

    __asm__ volatile("csrr %0, time" : "=r"(t)::"memory");
    return t;
}

static uint64 kernel_value(const char *name)
{
    uint64 value;

    must(sysctl(name, &value, 0) == 0, "sysctl");
    return value;
}

static void set_giant(uint64 on)
{
    must(sysctl("kern.giant", 0, &on) == 0, "sysctl");
}

static void do_calls(int cpu, int lock)
{
    int shared = lock == QUARTER || lock == ONE;
    struct kt_load load = {shared ? 0 : cpu, us, lock == QUARTER ? us / 4 : us};

    for (int i = 0; i < calls; i++)
        must(ktest(KT_LOAD, &load, sizeof(load)) == 0, "ktest (boot argument ktest=1?)");
}

/* The process on another hart: it goes there, waits for its byte, works, and says when it ended. */
static void worker(int cpu, int lock)
{
    uint64 end;
    char c;

    must(setaffinity(1UL << cpu) == 0, "setaffinity");
    must(read(go[0], &c, 1) == 1, "read");
    do_calls(cpu, lock);
    end = now();
    must(write(done[1], &end, sizeof(end)) == sizeof(end), "write");
    exit(0);
}

/* Microseconds from the start until the last process has ended. The caller works too, on hart 0. */
static uint64 measure(int harts, int lock)
{
    static char bytes[NCPU];
    uint64 start, end, last;

    must(pipe(go) == 0 && pipe(done) == 0, "pipe");
    for (int cpu = 1; cpu < harts; cpu++) {
        int pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0)
            worker(cpu, lock);
    }
    close(go[0]);
    close(done[1]);
    pause(1); /* until they all wait for their byte */
    start = now();
    if (harts > 1)
        must(write(go[1], bytes, harts - 1) == harts - 1, "write");
    do_calls(0, lock);
    last = now();
    for (int i = 1; i < harts; i++) {
        must(read(done[0], &end, sizeof(end)) == sizeof(end), "a process");
        last = end > last ? end : last;
        wait(0);
    }
    close(go[1]);
    close(done[0]);
    return (last - start) * 1000000 / kernel_value("kern.timebase");
}

static void report(int harts, int lock)
{
    uint64 took;

    set_giant(lock == GIANT);
    took = measure(harts, lock);
    set_giant(0);
    printf("locks harts=%d lock=%s us=%lu calls_per_s=%lu\n", harts, names[lock], took,
           (uint64)(harts * calls) * 1000000 / took);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        calls = atoi(argv[1]);
    if (argc > 2)
        us = atoi(argv[2]);
    if (argc > 3 || calls < 1 || us < 4) {
        fprintf(2, "usage: locks [calls [us]]\n");
        exit(2);
    }
    must(setaffinity(1) == 0, "setaffinity");
    for (int n = 1; n <= (int)kernel_value("kern.ncpus"); n++)
        for (int lock = 0; lock < NLOCKS; lock++)
            report(n, lock);
    exit(0);
}
