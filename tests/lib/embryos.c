/* SPDX-License-Identifier: BSD-3-Clause
 * embryos KILLERS FORKS (boot argument ktest=1): forks that run out of memory when the child has a pid already,
 * while processes on other cpus kill whoever comes next.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define AHEAD 3 /* pids */

static void fail_alloc(uint64 n)
{
    if (sysctl("debug.fail_alloc", 0, &n) < 0)
        exit(1);
}

static void kill_the_next(int base)
{
    for (;;) {
        uint64 last = 0;
        sysctl("kern.last_pid", &last, 0);
        for (int pid = (int)last; pid < (int)last + AHEAD; pid++)
            if (pid > base)
                kill(pid);
    }
}

int main(int argc, char **argv)
{
    int killers, forks, pid[8], failed = 0;

    if (argc != 3 || parse_int(argv[1], &killers) < 0 || killers > 8 || parse_int(argv[2], &forks) < 0)
        exit(2);
    int base = getpid() + killers;
    for (int i = 0; i < killers; i++)
        if ((pid[i] = fork()) == 0)
            kill_the_next(base);
    for (int i = 0; i < forks; i++) {
        fail_alloc(2 + (uint64)i % 6);
        int child = fork();
        if (child == 0)
            exit(0);
        fail_alloc(0);
        failed += child < 0;
        if (child > 0)
            wait(0);
    }
    for (int i = 0; i < killers; i++)
        kill(pid[i]);
    while (wait(0) > 0)
        ;
    printf("embryos: %d forks failed\n", failed);
    exit(0);
}
