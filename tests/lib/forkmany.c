/* SPDX-License-Identifier: BSD-3-Clause
 * forkmany N MIB FORKS: N processes, each with a heap of MIB mebibytes, fork at the same time, FORKS times each.
 * So a fork, which passes its turn after each table of pages, often goes on on another cpu.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

static void fork_often(int mib, int forks)
{
    char *heap = sbrklazy(mib << 20);

    for (int i = 0; i < mib << 20; i += 2 << 20)
        heap[i] = 1;
    for (int i = 0; i < forks; i++) {
        int pid = fork();
        if (pid <= 0)
            exit(pid < 0);
        if (i % 3 == 0)
            wait(0);
    }
    while (wait(0) > 0)
        ;
    exit(0);
}

int main(int argc, char **argv)
{
    int n, mib, forks, status, failed = 0;

    if (argc != 4 || parse_int(argv[1], &n) < 0 || parse_int(argv[2], &mib) < 0 || parse_int(argv[3], &forks) < 0)
        exit(2);
    for (int i = 0; i < n; i++)
        if (fork() == 0)
            fork_often(mib, forks);
    while (wait(&status) > 0)
        failed += status != 0;
    printf("forkmany: %d failed\n", failed);
    exit(0);
}
