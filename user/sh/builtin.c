/* SPDX-License-Identifier: BSD-3-Clause
 * The commands that the shell runs in its own process: cd and exit, since they change the shell itself,
 * and kill, since it must work when no process can be made.
 */
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/sh/sh.h"

static int run_cd(char **argv)
{
    const char *dir = argv[1] != 0 ? argv[1] : "/";

    if (chdir(dir) == 0)
        return 0;
    fprintf(2, "sh: cd: no such directory: %s\n", dir);
    return 1;
}

/* The status that `exit [n]` names. */
static int exit_status(char **argv)
{
    int status = last_status;

    if (argv[1] != 0 && parse_int(argv[1], &status) < 0) {
        fprintf(2, "sh: exit: not a number: %s\n", argv[1]);
        return 2;
    }
    return status;
}

/* Kill each of the processes that argv names. */
static int run_kill(char **argv)
{
    int pid, failed = 0;

    if (argv[1] == 0) {
        fprintf(2, "usage: kill pid...\n");
        return 2;
    }
    for (int i = 1; argv[i] != 0; i++) {
        if (parse_int(argv[i], &pid) < 0) {
            fprintf(2, "kill: not a process number: %s\n", argv[i]);
            failed = 1;
        } else if (kill(pid) < 0) {
            fprintf(2, "kill: no process %d\n", pid);
            failed = 1;
        }
    }
    return failed;
}

int run_builtin(char **argv, int *status)
{
    if (strcmp(argv[0], "cd") == 0)
        *status = run_cd(argv);
    else if (strcmp(argv[0], "kill") == 0)
        *status = run_kill(argv);
    else if (strcmp(argv[0], "exit") == 0)
        exit(exit_status(argv));
    else
        return 0;
    return 1;
}
