/* SPDX-License-Identifier: BSD-3-Clause
 * Running a parsed line. Builtin commands run in the shell's own process, all others in children. When
 * a fork fails, the command's status is 1. ^C ends the command that runs, and the rest of the line.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/sh/sh.h"

#define NOT_FOUND 127 /* statuses of a command that could not be started */
#define NOT_A_PROGRAM 126

int last_status;
int script_fd = -1;

/* The expanded words of the command that is about to run. $? makes a word a few bytes longer at most,
 * but a line full of them may not fit: that is an error. */
static char store[2 * MAXLINE];
static char *argv[MAXARG];

/* Run a command in the process of its own that it has been given. */
static void run_child(const struct node *n) __attribute__((noreturn));

/* Fill in argv for a command. Returns its argc, or -1 after printing a message. */
static int make_argv(const struct node *n)
{
    char *p = store;

    for (int i = 0; i < n->nwords; i++) {
        if (expand(n->words[i], last_status, p, (int)(store + sizeof(store) - p)) < 0) {
            fprintf(2, "sh: the words are too long\n");
            return -1;
        }
        argv[i] = p;
        p += strlen(p) + 1;
    }
    argv[n->nwords] = 0;
    return n->nwords;
}

/* fork, and print a message when it fails. The child does not keep the script open. */
static int start(void)
{
    int pid = fork();

    if (pid < 0)
        fprintf(2, "sh: cannot fork\n");
    if (pid == 0 && script_fd >= 0) {
        close(script_fd);
        script_fd = -1; /* the child may get this number for something else */
    }
    return pid;
}

/* Wait for one child and return its status. Another one that ends meanwhile belonged to the program
 * that exec replaced by this shell. */
static int wait_for(int pid)
{
    int status = 1, ended;

    if (pid < 0)
        return 1;
    while ((ended = wait(&status)) != pid)
        if (ended < 0)
            return 1;
    return status;
}

/* Wait for both sides of a pipe, in whichever order they end. Returns the right one's status. */
static int wait_for_both(int left, int right)
{
    int status, ended, right_status = 1;

    while (left > 0 || right > 0) {
        ended = wait(&status);
        if (ended < 0)
            break;
        if (ended == right) {
            right_status = status;
            right = -1;
        } else if (ended == left) {
            left = -1;
        }
    }
    return right_status;
}

/* Open a redirection's file as its fd. When that fails, print a message and exit. */
static void redirect(const struct redir *r)
{
    static char name[MAXPATH]; /* on the stack, each level of a nested command would have one */
    int fd, flags = O_RDONLY;

    if (r->op == '>')
        flags = O_WRONLY | O_CREATE | O_TRUNC;
    else if (r->op == 'a')
        flags = O_WRONLY | O_CREATE | O_APPEND;
    if (expand(r->word, last_status, name, sizeof(name)) < 0 || (fd = open(name, flags)) < 0) {
        fprintf(2, "sh: cannot open %s\n", r->word);
        exit(1);
    }
    close(r->fd);
    dup(fd); /* the lowest free one: r->fd */
    close(fd);
}

/* Replace this process by the program. It is looked for in the current directory, then in the root. */
static void run_program(void)
{
    static char path[MAXPATH];
    int fd;

    exec(argv[0], argv);
    if (strchr(argv[0], '/') == 0 && strlen(argv[0]) + 2 <= sizeof(path)) {
        path[0] = '/';
        strcpy(path + 1, argv[0]);
        exec(path, argv);
    }
    fd = open(argv[0], O_RDONLY);
    if (fd < 0) {
        fprintf(2, "sh: %s: not found\n", argv[0]);
        exit(NOT_FOUND);
    }
    fprintf(2, "sh: %s: cannot be run\n", argv[0]);
    exit(NOT_A_PROGRAM);
}

static int run_simple(const struct node *n)
{
    int pid, argc = make_argv(n), status;

    if (argc < 0)
        return 1;
    if (argc > 0 && n->nredirs == 0 && run_builtin(argv, &status))
        return status;
    pid = start();
    if (pid == 0)
        run_child(n);
    return wait_for(pid);
}

/* Start a child whose fd (0 or 1) is that end of the pipe. */
static int start_piped(const struct node *n, const int *fds, int fd)
{
    int pid = start();

    if (pid != 0)
        return pid;
    close(fd);
    dup(fds[fd]);
    close(fds[0]);
    close(fds[1]);
    run_child(n);
}

static int run_pipe(const struct node *n)
{
    int fds[2], left, right;

    if (pipe(fds) < 0) {
        fprintf(2, "sh: cannot make a pipe\n");
        return 1;
    }
    left = start_piped(n->left, fds, 1);
    right = start_piped(n->right, fds, 0);
    close(fds[0]);
    close(fds[1]);
    return wait_for_both(left, right);
}

/* Make fd 0 an empty input: a pipe that nobody writes to. It is the lowest free one. */
static void empty_input(void)
{
    int fds[2];

    close(0);
    if (pipe(fds) < 0) {
        fprintf(2, "sh: cannot make a pipe\n");
        exit(1);
    }
    close(fds[1]);
}

/*
 * Start a command and do not wait for it. It is a grandchild, whose parent ends at once: so it becomes
 * a child of init, which reaps it as soon as it ends. What is typed is for the shell, not for the job:
 * its input is empty unless it is redirected.
 */
static int run_background(const struct node *n)
{
    int pid = start();

    if (pid != 0)
        return wait_for(pid);
    pid = start();
    if (pid != 0)
        exit(pid < 0);
    setjob(JOB_BACKGROUND);
    empty_input();
    run_child(n);
}

static void run_child(const struct node *n)
{
    int status;

    for (int i = 0; i < n->nredirs; i++)
        redirect(&n->redirs[i]);
    if (n->kind == SUBSHELL)
        exit(run(n->left));
    if (n->kind != SIMPLE)
        exit(run(n));
    if (make_argv(n) <= 0)
        exit(n->nwords != 0);
    if (run_builtin(argv, &status))
        exit(status);
    run_program();
    exit(NOT_FOUND);
}

static int run_subshell(const struct node *n)
{
    int pid = start();

    if (pid == 0)
        run_child(n);
    return wait_for(pid);
}

int run(const struct node *n)
{
    switch (n->kind) {
    case SIMPLE:
        last_status = run_simple(n);
        break;
    case SUBSHELL:
        last_status = run_subshell(n);
        break;
    case PIPE:
        last_status = run_pipe(n);
        break;
    case BACKGROUND:
        last_status = run_background(n->left);
        break;
    case SEQUENCE:
        if (run(n->left) != EXIT_INTERRUPTED)
            run(n->right);
        break;
    case AND:
    case OR:
        run(n->left);
        if (last_status != EXIT_INTERRUPTED && (last_status == 0) == (n->kind == AND))
            run(n->right);
        break;
    }
    return last_status;
}
