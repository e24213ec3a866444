/* SPDX-License-Identifier: BSD-3-Clause
 * File descriptors: numbers, sharing, limits.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static void fd_lowest(void)
{
    CHECK(dup(0) == 3 && dup(0) == 4 && dup(0) == 5);
    CHECK(close(4) == 0);
    CHECK(open("/README.md", O_RDONLY) == 4);
    CHECK(close(3) == 0 && close(5) == 0);
    CHECK(dup(4) == 3);
}

static void fd_bad(void)
{
    static const int bad[] = {-1, 3, NOFILE - 1, NOFILE, 1000, 0x7fffffff, -0x7fffffff - 1};
    struct stat st;

    for (uint i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(read(bad[i], buf, 1) == -1);
        CHECK(write(bad[i], buf, 1) == -1);
        CHECK(close(bad[i]) == -1);
        CHECK(dup(bad[i]) == -1);
        CHECK(fstat(bad[i], &st) == -1);
    }
    CHECK(close(0) == 0 && close(0) == -1);
}

static void fd_exhausted(void)
{
    int n = 0, fds[2];

    while (open("/README.md", O_RDONLY) >= 0)
        n++;
    CHECK(n == NOFILE - 3);
    CHECK(dup(0) == -1);
    CHECK(pipe(fds) == -1);
    CHECK(open("new", O_CREATE | O_RDWR) == -1);
    unlink("new");
    CHECK(close(7) == 0);
    CHECK(dup(0) == 7);
}

/* After dup, both share one offset; after two opens, each has its own. */
static void fd_offsets(void)
{
    int a, b, c;
    char x;

    make_file("f", "0123456789");
    a = open("f", O_RDONLY);
    b = dup(a);
    c = open("f", O_RDONLY);
    CHECK(read(a, &x, 1) == 1 && x == '0');
    CHECK(read(b, &x, 1) == 1 && x == '1');
    CHECK(read(c, &x, 1) == 1 && x == '0');
    close(a);
    CHECK(read(b, &x, 1) == 1 && x == '2');
    close(b);
    close(c);
    CHECK(unlink("f") == 0);
}

/* Parent and child share the offset, so nothing that either writes is overwritten. */
static void fd_shared_by_fork(void)
{
    int fd = create("f"), pid, counts[2] = {0, 0};
    char record[10];

    pid = child();
    memset(record, pid == 0 ? 'c' : 'p', sizeof(record));
    for (int i = 0; i < 400; i++)
        CHECK(write(fd, record, sizeof(record)) == sizeof(record));
    if (pid == 0)
        exit(0);
    expect(pid, 0);
    close(fd);
    fd = open("f", O_RDONLY);
    while (read(fd, record, sizeof(record)) == sizeof(record)) {
        for (uint i = 1; i < sizeof(record); i++)
            CHECK(record[i] == record[0]);
        counts[record[0] == 'c']++;
    }
    close(fd);
    CHECK(counts[0] == 400 && counts[1] == 400);
    CHECK(unlink("f") == 0);
}

/* A child's close does not close the parent's. */
static void fd_close_in_child(void)
{
    int fd, pid;
    char x;

    make_file("f", "ab");
    fd = open("f", O_RDONLY);
    pid = child();
    if (pid == 0) {
        close(fd);
        exit(0);
    }
    expect(pid, 0);
    CHECK(read(fd, &x, 1) == 1 && x == 'a');
    close(fd);
    CHECK(unlink("f") == 0);
}

/* The system's table of open files: full, then free again. */
static void fd_system_limit(void)
{
    int ready[2], go[2], n = NFILE / (NOFILE - 7) + 2, status;

    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    for (int i = 0; i < n; i++) {
        if (child() == 0) {
            char full = 0;
            close(go[1]);
            while (open("/README.md", O_RDONLY) >= 0)
                ;
            if (close(NOFILE - 1) < 0)
                full = 1; /* not because of this process's limit: the system's */
            CHECK(write(ready[1], &full, 1) == 1);
            CHECK(read(go[0], buf, 1) == 0);
            exit(full ? 2 : 0);
        }
    }
    for (int i = 0; i < n; i++)
        await_pipe(ready[0]);
    close(go[1]);
    for (int i = 0; i < n; i++)
        CHECK(wait(&status) > 0 && (status == 0 || status == 2));
    CHECK(open("/README.md", O_RDONLY) >= 0);
}

static void fd_stat(void)
{
    struct stat st;
    int fds[2], fd = create("f");

    CHECK(write(fd, buf, 5000) == 5000);
    CHECK(fstat(fd, &st) == 0);
    CHECK(st.type == T_FILE && st.nlink == 1 && st.size == 5000 && st.ino > 0 && st.dev == ROOTDEV);
    CHECK(stat("/", &st) == 0 && st.type == T_DIR && st.ino == 1);
    CHECK(stat("/console", &st) == 0 && st.type == T_DEVICE);
    CHECK(pipe(fds) == 0);
    CHECK(fstat(fds[0], &st) == -1);
    close(fd);
    CHECK(unlink("f") == 0);
}

const struct test fd_tests[] = {
    {"fd_lowest", fd_lowest, 0},
    {"fd_bad", fd_bad, 0},
    {"fd_exhausted", fd_exhausted, 0},
    {"fd_offsets", fd_offsets, 0},
    {"fd_shared_by_fork", fd_shared_by_fork, 0},
    {"fd_close_in_child", fd_close_in_child, 0},
    {"fd_system_limit", fd_system_limit, 0},
    {"fd_stat", fd_stat, 0},
    {0, 0, 0},
};
