/* SPDX-License-Identifier: BSD-3-Clause
 * exec: what it runs, what it passes on, and what it refuses. An exec that is refused returns -1, and
 * the process continues unharmed.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define REFUSED 77 /* exit status of a child whose exec returned */

/* exec in a child, with its output to the file "out". Returns its status, or REFUSED. */
static int run(const char *path, char **argv)
{
    int pid = child();

    if (pid == 0) {
        close(1);
        if (open("out", O_CREATE | O_TRUNC | O_RDWR) != 1)
            exit(1);
        CHECK(exec(path, argv) == -1);
        exit(REFUSED);
    }
    return status_of(pid);
}

/* "out" must contain this text; it is removed. */
static void expect_output(const char *text)
{
    int fd = open("out", O_RDONLY), n;

    CHECK(fd >= 0);
    n = read_full(fd, buf, BUFSIZE - 1);
    buf[n] = 0;
    if (strcmp(buf, text) != 0)
        fail("output is \"%s\", not \"%s\"", buf, text);
    close(fd);
    CHECK(unlink("out") == 0);
}

static void exec_echo(void)
{
    char *argv[] = {"echo", "a", "", "bc", 0};

    CHECK((uint64)main_argv[0] % 16 == 0); /* of this program's own exec, as in xv6 */
    CHECK(run("/echo", argv) == 0);
    expect_output("a  bc\n");
}

/* argv[0] can be anything, and may be missing. */
static void exec_no_args(void)
{
    char *argv[] = {0};

    CHECK(run("/echo", argv) == 0);
    expect_output("\n");
}

static void exec_most_args(void)
{
    char *argv[MAXARG], text[2 * MAXARG];
    int n = 0;

    for (int i = 0; i < MAXARG - 1; i++)
        argv[i] = "x";
    argv[MAXARG - 1] = 0;
    for (int i = 1; i < MAXARG - 1; i++) {
        text[n++] = 'x';
        text[n++] = ' ';
    }
    text[n - 1] = '\n';
    text[n] = 0;
    CHECK(run("/echo", argv) == 0);
    expect_output(text);
}

static void exec_too_many_args(void)
{
    static char *argv[MAXARG + 10];

    for (int i = 0; i < MAXARG + 9; i++)
        argv[i] = "x";
    CHECK(run("/echo", argv) == REFUSED);
    expect_output("");
}

/* Arguments that do not fit on the stack: a single one, and all of them together. */
static void exec_big_args(void)
{
    char *argv[MAXARG];

    memset(buf, 'x', BUFSIZE);
    buf[BUFSIZE - 1] = 0;
    argv[0] = "echo";
    argv[1] = buf;
    argv[2] = 0;
    CHECK(run("/echo", argv) == REFUSED);
    for (int i = 0; i < MAXARG - 1; i++)
        argv[i] = buf + BUFSIZE - 4000;
    argv[MAXARG - 1] = 0;
    CHECK(run("/echo", argv) == REFUSED);
    expect_output("");
}

static void exec_bad_argv(void)
{
    char *good[] = {"echo", 0};

    for (int i = 0; i < nbad_addresses; i++) {
        char *argv[] = {"echo", (char *)bad_addresses[i], 0};
        CHECK(run("/echo", argv) == REFUSED);
        CHECK(run("/echo", (char **)bad_addresses[i]) == REFUSED);
        CHECK(run((char *)bad_addresses[i], good) == REFUSED);
    }
    expect_output("");
}

static void exec_no_program(void)
{
    char *argv[] = {"x", 0}, path[MAXPATH + 20];
    int fd;

    CHECK(run("/nosuch", argv) == REFUSED);
    CHECK(run("", argv) == REFUSED);
    CHECK(run("/", argv) == REFUSED);
    CHECK(run("/console", argv) == REFUSED);
    memset(path, '/', sizeof(path));
    strcpy(path + sizeof(path) - 5, "echo");
    CHECK(run(path, argv) == REFUSED);
    fd = create("empty");
    close(fd);
    CHECK(run("empty", argv) == REFUSED);
    make_file("text", "echo this is no program\n");
    CHECK(run("text", argv) == REFUSED);
    CHECK(unlink("empty") == 0 && unlink("text") == 0);
    expect_output("");
}

/* A process whose exec fails keeps its memory and its files. */
static void exec_fails_harmless(void)
{
    char *argv[] = {"x", 0}, *p = sbrk(8192);
    int fds[2];

    CHECK(p != SBRK_ERROR && pipe(fds) == 0);
    for (int i = 0; i < 8192; i++)
        p[i] = pattern((uint64)i);
    for (int i = 0; i < 20; i++)
        CHECK(exec("/README.md", argv) == -1);
    for (int i = 0; i < 8192; i++)
        CHECK(p[i] == pattern((uint64)i));
    signal_pipe(fds[1]);
    await_pipe(fds[0]);
}

/* exec gives the old memory back, and files stay open. */
static void exec_frees_memory(void)
{
    char *argv[] = {"cat", 0};
    int fds[2], pid;
    uint64 before = free_pages();

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        CHECK(sbrk(4 << 20) != SBRK_ERROR);
        close(0);
        dup(fds[0]);
        close(fds[0]);
        close(fds[1]);
        exec("/cat", argv);
        exit(1);
    }
    close(fds[0]);
    for (;;) { /* it waits in a read: as cat, or before that, for the disk */
        struct procinfo info;
        wait_asleep(pid);
        CHECK(find_process(pid, &info));
        if (strcmp(info.name, "cat") == 0 && free_pages() + 500 > before)
            break;
        yield();
    }
    close(fds[1]);
    expect(pid, 0);
}

static void exec_often(void)
{
    char *argv[] = {"echo", "-n", 0};

    for (int i = 0; i < 50; i++)
        CHECK(run("/echo", argv) == 0);
    expect_output("");
}

/* The file of a running program may be removed; it exists until the last of its processes ends. */
static void exec_unlinked(void)
{
    char *argv[] = {"cat", 0};
    int from = open("/cat", O_RDONLY), to = create("prog"), in[2], out[2], n, pid;
    char c = 0;

    while ((n = read(from, buf, BUFSIZE)) > 0)
        CHECK(write(to, buf, n) == n);
    close(from);
    close(to);
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    pid = child();
    if (pid == 0) {
        close(0);
        dup(in[0]);
        close(1);
        dup(out[1]);
        close(in[1]);
        exec("prog", argv);
        exit(REFUSED);
    }
    CHECK(write(in[1], "a", 1) == 1 && read(out[0], &c, 1) == 1 && c == 'a');
    CHECK(unlink("prog") == 0);
    CHECK(write(in[1], "b", 1) == 1 && read(out[0], &c, 1) == 1 && c == 'b');
    close(in[1]);
    expect(pid, 0);
}

const struct test exec_tests[] = {
    {"exec_echo", exec_echo, 0},
    {"exec_no_args", exec_no_args, 0},
    {"exec_most_args", exec_most_args, 0},
    {"exec_too_many_args", exec_too_many_args, 0},
    {"exec_big_args", exec_big_args, 0},
    {"exec_bad_argv", exec_bad_argv, 0},
    {"exec_no_program", exec_no_program, 0},
    {"exec_fails_harmless", exec_fails_harmless, 0},
    {"exec_frees_memory", exec_frees_memory, 0},
    {"exec_often", exec_often, 0},
    {"exec_unlinked", exec_unlinked, 0},
    {0, 0, 0},
};
