/* SPDX-License-Identifier: BSD-3-Clause
 * The first process. It keeps a shell running at the console, which the kernel has opened for it as
 * file descriptors 0, 1 and 2. With the boot argument run=COMMANDS it has a shell run these
 * instead, and halts the machine with their exit status.
 *
 * It also becomes the parent of processes whose own parent has ended, and reaps them. It goes on
 * whatever the file system has under the names of the shell and the console: it says what is wrong,
 * and lets the user run other programs.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/user.h"

#define CONSOLE_MAJOR 1
#define CANNOT_RUN \
    0x17f /* status of a program that could not be started; no program has it, and a
                            machine's status, which has 8 bits, becomes 127 */
#define MAXWORDS 16

static char *const shell = "sh";
static int complained; /* that it cannot fork */

/* Make the device by whose name programs open the console, or say that something else has the name. */
static void make_console(void)
{
    struct stat st;
    int fd;

    if (stat("console", &st) < 0) {
        if (mknod("console", CONSOLE_MAJOR, 0) < 0)
            fprintf(2, "init: /console cannot be made\n");
        return;
    }
    fd = open("console", O_WRONLY);
    if (st.type != T_DEVICE || write(fd, "", 0) < 0)
        fprintf(2, "init: /console is not the console: type rm console; halt\n");
    close(fd);
}

/* Start a program. Returns its pid, or -1 after printing a message. */
static int start(char **argv)
{
    int pid = fork();

    if (pid == 0) {
        exec(argv[0], argv);
        fprintf(2, "init: cannot run %s\n", argv[0]);
        exit(CANNOT_RUN);
    }
    if (pid < 0 && !complained)
        fprintf(2, "init: cannot fork; trying again until it works\n");
    complained = pid < 0;
    return pid;
}

/* Run a program to its end, and reap orphans meanwhile. Returns its exit status; -1 when there is no
 * process for it. */
static int run(char **argv)
{
    int pid = start(argv);
    int status = -1;

    if (pid > 0)
        while (wait(&status) != pid)
            ;
    return status;
}

/* Cut a line into words, at most MAXWORDS - 1. */
static void split(char *line, char **words)
{
    int n = 0;

    for (char *p = line; *p != 0 && n < MAXWORDS - 1;) {
        while (*p == ' ' || *p == '\n' || *p == '\r')
            *p++ = 0;
        if (*p != 0)
            words[n++] = p;
        while (*p != 0 && *p != ' ' && *p != '\n' && *p != '\r')
            p++;
    }
    words[n] = 0;
}

/* There is no shell that can be run. Run the programs that the user types, until a line is empty. */
static void rescue(void)
{
    static char line[512];
    char *words[MAXWORDS];

    fprintf(2,
            "init: type a program and its arguments, for example: ls, rm %s, ln file %s, halt\n"
            "init: an empty line tries %s again\n",
            shell, shell, shell);
    for (;;) {
        fprintf(2, "init> ");
        split(gets(line, sizeof(line)), words);
        if (words[0] == 0)
            return;
        run(words);
    }
}

int main(void)
{
    static char commands[1024];
    char *with_commands[] = {shell, "-c", commands, 0};
    char *interactive[] = {shell, 0};

    make_console();
    if (bootarg("run", commands, sizeof(commands)) > 0) {
        int status = run(with_commands);
        /* The machine reports 8 bits: a failure must not look like success. */
        halt((status & 0xff) == 0 && status != 0 ? 0xff : status & 0xff);
    }
    for (;;) {
        int status = run(interactive);
        if (status == CANNOT_RUN)
            rescue();
        else if (complained)
            sleep(10); /* a second */
    }
}
