/* SPDX-License-Identifier: BSD-3-Clause
 * The shell: sh            reads lines from fd 0 and runs them, with a prompt if that is the console
 *            sh -c LINES   runs the lines
 *            sh FILE       runs the lines of a file
 * It exits with the status of the last command.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/sh/sh.h"

#define SYNTAX 2 /* status of a line with a syntax error */

static void run_line(char *line)
{
    const char *error;
    struct node *tree = parse(line, &error);

    if (error != 0) {
        fprintf(2, "sh: syntax: %s\n", error);
        last_status = SYNTAX;
    } else if (tree != 0) {
        run(tree);
    }
}

/* A line that is longer than MAXLINE allows is not run, not even in part. */
static void run_text(const char *text)
{
    static char line[MAXLINE];

    while (*text != 0) {
        int n = 0;
        while (text[n] != 0 && text[n] != '\n')
            n++;
        if (n < MAXLINE) {
            memcpy(line, text, (uint)n);
            line[n] = 0;
            run_line(line);
        } else {
            fprintf(2, "sh: a line is too long (%d bytes, at most %d)\n", n, MAXLINE - 1);
            last_status = SYNTAX;
        }
        text += text[n] == '\n' ? n + 1 : n;
    }
}

/*
 * Read one line, without its '\n', a byte at a time: what follows it belongs to the commands. Returns
 * its length, which may be more than fits into line; -1 at the end of the file.
 */
static int read_line(int fd, char *line)
{
    int n = 0;
    char c = 0;

    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (n < MAXLINE - 1)
            line[n] = c;
        n++;
    }
    line[n < MAXLINE ? n : MAXLINE - 1] = 0;
    return n == 0 && c != '\n' ? -1 : n;
}

static void run_file(int fd, int interactive)
{
    static char line[MAXLINE];
    int n;

    for (;;) {
        if (interactive)
            fprintf(2, "$ ");
        n = read_line(fd, line);
        if (n < 0)
            return;
        if (n < MAXLINE) {
            run_line(line);
        } else {
            fprintf(2, "sh: a line is too long (%d bytes, at most %d)\n", n, MAXLINE - 1);
            last_status = SYNTAX;
        }
    }
}

static int is_console(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.type == T_DEVICE;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "-c") == 0) {
        run_text(argv[2]);
    } else if (argc == 2 && argv[1][0] != '-') {
        script_fd = open(argv[1], O_RDONLY);
        if (script_fd < 0) {
            fprintf(2, "sh: cannot open %s\n", argv[1]);
            exit(127);
        }
        run_file(script_fd, 0);
    } else if (argc == 1) {
        if (is_console(0))
            setjob(JOB_SHELL);
        run_file(0, is_console(0));
    } else {
        fprintf(2, "usage: sh [-c commands | file]\n");
        exit(2);
    }
    exit(last_status);
}
