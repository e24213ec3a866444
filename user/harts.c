/* SPDX-License-Identifier: BSD-3-Clause
 * harts WORK N [bound]: how well the kernel spreads work over the harts. Workers, each a process, do N
 * operations each at the same time; WORK has a letter for each worker:
 *   s  a storm: fork a child that exits at once, and wait for it
 *   p  a pair: send a byte to a child by a pipe, and get one back
 *   c  compute for about as long as a round trip of a pair takes
 * bound: worker i and its children may use only hart i modulo the number of harts; otherwise the kernel
 * chooses. Prints the time in us, and what all harts together did from the start of the first worker to
 * the end of the last: IPI messages, threads that moved to another hart, shootdowns of translations,
 * spin locks that another hart had held last, and (in the deterministic mode exactly) instructions.
 */
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define LOOPS 1000 /* in one operation of a worker that computes */

static void die(const char *what)
{
    fprintf(2, "harts: %s failed\n", what);
    exit(1);
}

static uint64 value(const char *name)
{
    uint64 v;

    return sysctl(name, &v, 0) < 0 ? 0 : v; /* some need INVARIANTS=1 */
}

static uint64 now(void)
{
    uint64 t;

    __asm__ volatile("csrr %0, time" : "=r"(t)::"memory");
    return t;
}

static uint64 instructions(void)
{
    uint64 n;

    __asm__ volatile("csrr %0, instret" : "=r"(n)::"memory");
    return n;
}

static void storm(int n)
{
    while (n-- > 0) {
        int pid = fork();
        if (pid == 0)
            exit(0);
        if (pid < 0 || wait(0) != pid)
            die("fork");
    }
}

static void pair(int n)
{
    int there[2], back[2];
    char c = 'x';

    if (pipe(there) < 0 || pipe(back) < 0)
        die("pipe");
    int pid = fork();
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            write(back[1], &c, 1);
        exit(0);
    }
    while (n-- > 0)
        if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
            die("a round trip");
    close(there[1]);
    wait(0);
}

static void compute(int n)
{
    while (n-- > 0)
        for (volatile int i = 0; i < LOOPS; i++)
            ;
}

static void work(char kind, int n)
{
    switch (kind) {
    case 's':
        storm(n);
        break;
    case 'p':
        pair(n);
        break;
    default:
        compute(n);
    }
    exit(0);
}

int main(int argc, char **argv)
{
    static const char *const counters[] = {"lwkt.ipiq_count", "lwkt.migrations", "vm.shootdowns",
                                           "lwkt.spin_shared"};
    uint64 before[4], harts = value("kern.ncpus"), hz = value("kern.timebase");
    int n, workers, status, failed = 0;

    if (argc < 3 || parse_int(argv[2], &n) < 0) {
        fprintf(2,
                "usage: harts work n [bound]; work: letters of s (storm), p (pair), c (compute)\n");
        exit(2);
    }
    workers = (int)strlen(argv[1]);
    for (int i = 0; i < 4; i++)
        before[i] = value(counters[i]);
    uint64 t = now(), count = instructions();
    for (int i = 0; i < workers; i++) {
        int pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            if (argc > 3)
                setaffinity(1UL << ((uint64)i % harts));
            work(argv[1][i], n);
        }
    }
    while (workers-- > 0)
        failed |= wait(&status) < 0 || status != 0;
    t = now() - t;
    count = instructions() - count;
    printf(
        "harts %s: us=%lu ipis=%lu migrations=%lu shootdowns=%lu shared_locks=%lu instructions=%lu\n",
        argv[1], t * 1000000 / hz, value(counters[0]) - before[0], value(counters[1]) - before[1],
        value(counters[2]) - before[2], value(counters[3]) - before[3], count);
    exit(failed);
}
