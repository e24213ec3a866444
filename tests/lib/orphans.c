/* SPDX-License-Identifier: BSD-3-Clause
 * orphans N: make N children that leave two orphans each, one after the other, and print how many
 * processes there were at most, zombies that init had not yet reaped among them.
 */
#include "kernel/types.h"
#include "kernel/procinfo.h"
#include "user/user.h"
#include "user/lib/lib.h"

static struct procinfo info[1024];

int main(int argc, char **argv)
{
    int n, most = 0;

    if (argc != 2 || parse_int(argv[1], &n) < 0)
        exit(2);
    for (int i = 0; i < n; i++) {
        int pid = fork();
        if (pid < 0)
            exit(1);
        if (pid == 0) {
            fork();
            fork();
            exit(0);
        }
        wait(0);
        int now = i % 20 == 0 ? getprocs(info, 1024) : 0;
        most = now > most ? now : most;
    }
    printf("orphans: at most %d processes\n", most);
    exit(0);
}
