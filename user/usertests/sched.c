/* SPDX-License-Identifier: BSD-3-Clause
 * The scheduler as programs see it: affinity, levels, yield, and that every process gets its turn.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/usertests/ut.h"

/* The cpus that exist, as a mask: those that setaffinity() accepts. Leaves the process on all. */
static uint64 all_cpus(void)
{
    uint64 cpus = 0;

    for (int i = 0; i < NCPU; i++)
        if (setaffinity(1UL << i) == 0)
            cpus |= 1UL << i;
    CHECK(cpus != 0 && setaffinity(cpus) == 0);
    return cpus;
}

static void affinity(void)
{
    uint64 cpus = all_cpus();

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < NCPU; i++) {
            if ((cpus >> i & 1) == 0)
                continue;
            CHECK(setaffinity(1UL << i) == 0);
            CHECK(getcpu() == i);
            yield();
            CHECK(getcpu() == i);
        }
    }
}

static void affinity_errors(void)
{
    uint64 cpus = all_cpus();

    CHECK(setaffinity(0) == -1);
    if (~cpus != 0)
        CHECK(setaffinity(~cpus) == -1); /* cpus that do not exist */
    CHECK(setaffinity(~0UL) == 0);
    CHECK(getcpu() >= 0 && (cpus >> getcpu() & 1) == 1);
}

/* A child starts with its parent's mask, and stays on these cpus when it sleeps and wakes. */
static void affinity_of_children(void)
{
    uint64 cpus = all_cpus();

    for (int i = 0; i < NCPU; i++) {
        int pid;
        if ((cpus >> i & 1) == 0)
            continue;
        CHECK(setaffinity(1UL << i) == 0);
        pid = child();
        if (pid == 0) {
            int fds[2];
            CHECK(getcpu() == i);
            CHECK(pipe(fds) == 0);
            for (int j = 0; j < 10; j++) {
                signal_pipe(fds[1]);
                await_pipe(fds[0]);
                yield();
                CHECK(getcpu() == i);
            }
            exit(0);
        }
        expect(pid, 0);
    }
}

/* A process asleep on one cpu is woken by one on another. */
static void wake_across(void)
{
    uint64 cpus = all_cpus();
    int there[2], back[2], pid, last = 0;
    char c;

    for (int i = 0; i < NCPU; i++)
        if (cpus >> i & 1)
            last = i;
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    pid = child();
    if (pid == 0) {
        CHECK(setaffinity(1UL << last) == 0);
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            CHECK(write(back[1], &c, 1) == 1);
        exit(0);
    }
    CHECK(setaffinity(1) == 0);
    for (int i = 0; i < 300; i++) {
        signal_pipe(there[1]);
        await_pipe(back[0]);
    }
    close(there[1]);
    expect(pid, 0);
}

static void levels(void)
{
    CHECK(setpri(USER_PRI_NORMAL) == USER_PRI_NORMAL);
    CHECK(setpri(USER_PRI_IDLE) == USER_PRI_NORMAL);
    yield();
    CHECK(setpri(USER_PRI_REAL) == USER_PRI_IDLE);
    yield();
    CHECK(setpri(USER_PRI_REAL + 1) == -1);
    CHECK(setpri(-1) == -1);
    CHECK(setpri(USER_PRI_NORMAL) == USER_PRI_REAL);
}

/* On one cpu, a busy process of a lower level does not keep the others from working. */
static void levels_order(void)
{
    int pid, status;

    CHECK(setaffinity(1) == 0);
    pid = child();
    if (pid == 0) {
        setpri(USER_PRI_IDLE);
        for (;;)
            ;
    }
    for (int i = 0; i < 20; i++) {
        int worker = child();
        if (worker == 0)
            exit(i);
        CHECK(wait(&status) == worker && status == i);
    }
    CHECK(kill(pid) == 0);
    expect(pid, -1);
}

/* Two processes that yield on one cpu both make progress. */
static void yield_turns(void)
{
    int fds[2], pid, n = 0, m;

    CHECK(setaffinity(1) == 0 && pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        for (int i = 0; i < 200; i++) {
            signal_pipe(fds[1]);
            yield();
        }
        exit(0);
    }
    close(fds[1]);
    for (;;) {
        CHECK(yield() == 0);
        m = read(fds[0], buf, 100);
        if (m <= 0)
            break;
        n += m;
    }
    CHECK(n == 200);
    expect(pid, 0);
}

/* How late pause(1) ends at worst, in ms, of 5 times. */
static uint64 worst_delay(void)
{
    uint64 worst = 0;

    for (int i = 0; i < 5; i++) {
        uint64 start = value_of("kern.uptime_ms");
        pause(1);
        uint64 took = value_of("kern.uptime_ms") - start;
        worst = took > worst ? took : worst;
    }
    return worst - 100;
}

/* System calls that last long let a better process run in between: a large heap made, copied and freed,
 * by a process of the idle level. How late is checked where time is counted in instructions. */
static void long_calls(void)
{
    uint64 pages = value_of("vm.free_pages") / 2, late;
    int size = (int)((pages < 25000 ? pages : 25000) * PGSIZE), pid;

    CHECK(setaffinity(1) == 0);
    pid = child();
    if (pid == 0) {
        setpri(USER_PRI_IDLE);
        for (;;) {
            CHECK(sbrk(size) != SBRK_ERROR);
            if (child() == 0)
                exit(0);
            wait(0);
            sbrk(-size);
        }
    }
    setpri(USER_PRI_REAL);
    late = worst_delay();
    kill(pid);
    wait(0);
    if (value_of("kern.deterministic") && late > 25)
        fail("a pause of a real-time process ended %lu ms late", late);
}

/* A process that asks for its cpu anew all the time shares it with one that sleeps between. */
static void asks_anew(void)
{
    int pid;

    CHECK(setaffinity(1) == 0);
    pid = child();
    if (pid == 0)
        for (;;)
            setpri(USER_PRI_NORMAL);
    for (int i = 0; i < 5; i++)
        pause(1);
    CHECK(kill(pid) == 0);
    expect(pid, EXIT_KILLED);
}

/* More busy processes than cpus: all end, although none yields. */
static void busy(void)
{
    int status, n = 2 * NCPU < 24 ? 2 * NCPU : 24;

    for (int i = 0; i < n; i++) {
        if (child() == 0) {
            volatile uint64 x = 0;
            for (int j = 0; j < 300000; j++)
                x = x + (uint64)j;
            exit(0);
        }
    }
    for (int i = 0; i < n; i++)
        CHECK(wait(&status) > 0 && status == 0);
}

const struct test sched_tests[] = {
    {"affinity", affinity, 0},
    {"affinity_errors", affinity_errors, 0},
    {"affinity_of_children", affinity_of_children, 0},
    {"wake_across", wake_across, 0},
    {"levels", levels, 0},
    {"levels_order", levels_order, 0},
    {"yield_turns", yield_turns, 0},
    {"asks_anew", asks_anew, 0},
    {"busy", busy, 0},
    {"long_calls", long_calls, 0},
    {0, 0, 0},
};
