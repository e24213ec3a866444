/* SPDX-License-Identifier: BSD-3-Clause
 * The first process. It opens the console and then keeps a shell running. With the boot argument
 * run=COMMANDS it has a shell run these instead, and halts the machine with their exit status.
 *
 * It also becomes the parent of processes whose own parent has ended, and reaps them.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

#define CONSOLE_MAJOR 1
#define CANNOT_RUN 127 /* exit status of a shell that could not be started */

static char *const shell = "sh";
static int complained; /* that it cannot fork */

/* Open it as file descriptors 0, 1 and 2: this process has no others yet. */
static void open_console(void)
{
    if (open("console", O_RDWR) < 0) {
        mknod("console", CONSOLE_MAJOR, 0);
        open("console", O_RDWR);
    }
    dup(0);
    dup(0);
}

/* Start the shell. Returns its pid, or -1 after printing a message. */
static int start_shell(char **argv)
{
    int pid = fork();

    if (pid == 0) {
        exec(shell, argv);
        fprintf(2, "init: cannot run %s\n", shell);
        exit(CANNOT_RUN);
    }
    if (pid < 0 && !complained)
        fprintf(2, "init: cannot fork; trying again until it works\n");
    complained = pid < 0;
    return pid;
}

/* Run the shell to its end, and reap orphans meanwhile. Returns its exit status. */
static int run_shell(char **argv)
{
    int pid = start_shell(argv);
    int status = CANNOT_RUN;

    if (pid > 0)
        while (wait(&status) != pid)
            ;
    return status;
}

int main(void)
{
    static char commands[1024];
    char *with_commands[] = {shell, "-c", commands, 0};
    char *interactive[] = {shell, 0};

    open_console();
    if (bootarg("run", commands, sizeof(commands)) > 0) {
        int status = run_shell(with_commands);
        /* The machine reports 8 bits: a failure must not look like success. */
        halt((status & 0xff) == 0 && status != 0 ? 0xff : status & 0xff);
    }
    for (;;)
        if (run_shell(interactive) == CANNOT_RUN)
            sleep(10); /* a second: do not fill the console with complaints */
}
