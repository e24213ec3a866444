/* SPDX-License-Identifier: BSD-3-Clause
 * kill pid...: end the processes.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

int main(int argc, char **argv)
{
    int pid, failed = 0;

    if (argc < 2) {
        fprintf(2, "usage: kill pid...\n");
        exit(2);
    }
    for (int i = 1; i < argc; i++) {
        if (parse_int(argv[i], &pid) < 0) {
            fprintf(2, "kill: not a process number: %s\n", argv[i]);
            failed = 1;
        } else if (kill(pid) < 0) {
            fprintf(2, "kill: no process %d\n", pid);
            failed = 1;
        }
    }
    exit(failed);
}
