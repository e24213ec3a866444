/* SPDX-License-Identifier: BSD-3-Clause
 * Several processes at the same names of the file system.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

static void reap(int n)
{
    int status;

    for (int i = 0; i < n; i++) {
        CHECK(wait(&status) > 0);
        CHECK(status == 0);
    }
}

/* Of those that make a directory at once, one does. */
static void race_mkdir(void)
{
    int winners, status;

    for (int round = 0; round < 10; round++) {
        winners = 0;
        for (int i = 0; i < 4; i++)
            if (child() == 0)
                exit(mkdir("d") == 0 ? 2 : 3);
        for (int i = 0; i < 4; i++) {
            CHECK(wait(&status) > 0 && (status == 2 || status == 3));
            winners += status == 2;
        }
        CHECK(winners == 1);
        CHECK(unlink("d") == 0);
    }
}

/* Of those that remove a file at once, one does. */
static void race_unlink(void)
{
    int winners, status;

    for (int round = 0; round < 10; round++) {
        winners = 0;
        make_file("f", "x");
        for (int i = 0; i < 4; i++)
            if (child() == 0)
                exit(unlink("f") == 0 ? 2 : 3);
        for (int i = 0; i < 4; i++) {
            CHECK(wait(&status) > 0 && (status == 2 || status == 3));
            winners += status == 2;
        }
        CHECK(winners == 1 && !exists("f"));
    }
}

/* Some make and some remove the same file: it is there at the end, or not. */
static void race_create_unlink(void)
{
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            for (int j = 0; j < 60; j++) {
                if ((i + j) % 2 == 0) {
                    int fd = open("f", O_CREATE | O_RDWR);
                    CHECK(fd >= 0);
                    write(fd, "some", 4);
                    close(fd);
                } else {
                    unlink("f");
                }
            }
            exit(0);
        }
    }
    reap(4);
    unlink("f");
}

static void race_link_unlink(void)
{
    struct stat st;

    make_file("a", "x");
    for (int i = 0; i < 3; i++) {
        if (child() == 0) {
            uint64 seed = (uint64)i + 5;
            for (int j = 0; j < 80; j++) {
                uint64 r = next_random(&seed) % 3;
                if (r == 0)
                    link("a", "b");
                else if (r == 1)
                    unlink("b");
                else
                    exists("b");
            }
            exit(0);
        }
    }
    reap(3);
    unlink("b");
    CHECK(stat("a", &st) == 0 && st.nlink == 1);
    CHECK(unlink("a") == 0);
}

/* Each makes files of its own in the same directory: all are there. */
static void race_create_many(void)
{
    char name[DIRSIZ + 1];

    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            for (int j = 0; j < 30; j++) {
                snprintf(name, sizeof(name), "p%d_%d", i, j);
                make_file(name, name);
                if (j % 3 == 0)
                    CHECK(unlink(name) == 0);
            }
            exit(0);
        }
    }
    reap(4);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 30; j++) {
            snprintf(name, sizeof(name), "p%d_%d", i, j);
            CHECK(exists(name) == (j % 3 != 0));
            if (j % 3 != 0)
                CHECK(unlink(name) == 0);
        }
    }
}

/* Some make and remove directories through which others walk. */
static void race_walk(void)
{
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            for (int j = 0; j < 50; j++) {
                mkdir("d");
                mkdir("d/e");
                int fd = open("d/e/../e/f", O_CREATE | O_RDWR);
                if (fd >= 0)
                    close(fd);
                unlink("d/e/f");
                unlink("d/e");
                unlink("d");
            }
            exit(0);
        }
    }
    reap(4);
    unlink("d/e/f");
    unlink("d/e");
    unlink("d");
}

/* Processes walk over ".." of directories that others try to remove, and whose parents are not in
 * memory: the locks of parent and child are taken in one order only. */
static void race_dotdot(void)
{
    uint64 one = 1;

    CHECK(mkdir("d") == 0 && mkdir("d/e") == 0);
    make_file("d/e/f", "x");
    for (int i = 0; i < 3; i++) {
        if (child() == 0) {
            CHECK(i != 0 || chdir("d/e") == 0);
            for (int j = 0; j < 2000; j++) {
                if (i == 0)
                    CHECK(exists(".."));
                else if (i == 1)
                    CHECK(unlink("d/e") == -1);
                else
                    CHECK(sysctl("vfs.drop_caches", 0, &one) == 0);
            }
            exit(0);
        }
    }
    reap(3);
    CHECK(unlink("d/e/f") == 0 && unlink("d/e") == 0 && unlink("d") == 0);
}

/* Count the lines of "f" by their letter, of which each has its own lengths. */
static void count_lines(int *seen)
{
    int fd = open("f", O_RDONLY), len = 0, n;
    char who = 0;

    while ((n = read(fd, buf, BUFSIZE)) > 0)
        for (int i = 0; i < n; i++) {
            if (len++ == 0)
                who = buf[i];
            if (buf[i] == '\n') {
                CHECK(len == BUFSIZE || len == 100 * (who - 'a' + 1));
                seen[who - 'a']++;
                len = 0;
            } else {
                CHECK(buf[i] == who);
            }
        }
    close(fd);
}

/* Each appends lines, with an open file of its own or with one that all share: none is lost, or cut by
 * another one, though the long ones take several transactions. */
static void race_append(void)
{
    int seen[4] = {0}, fd = open("f", O_CREATE | O_WRONLY | O_APPEND);

    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            if (i % 2 == 0)
                fd = open("f", O_WRONLY | O_APPEND);
            for (int j = 0; j < 20; j++) {
                int len = j % 5 == 0 ? BUFSIZE : 100 * (i + 1);
                memset(buf, 'a' + i, (uint)len);
                buf[len - 1] = '\n';
                CHECK(write(fd, buf, len) == len);
            }
            exit(0);
        }
    }
    reap(4);
    close(fd);
    count_lines(seen);
    for (int i = 0; i < 4; i++)
        CHECK(seen[i] == 20);
    CHECK(unlink("f") == 0);
}

/* One cuts the file off while others read and write it. */
static void race_truncate(void)
{
    close(create("f"));
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            for (int j = 0; j < 30; j++) {
                int fd = open("f", i == 0 ? O_RDWR | O_TRUNC : O_RDWR);
                CHECK(fd >= 0);
                if (i % 2 == 1)
                    CHECK(write(fd, buf, 20000) == 20000);
                else
                    CHECK(read(fd, buf, 20000) >= 0);
                close(fd);
            }
            exit(0);
        }
    }
    reap(4);
    CHECK(unlink("f") == 0);
}

const struct test race_tests[] = {
    {"race_mkdir", race_mkdir, 0},
    {"race_unlink", race_unlink, 0},
    {"race_create_unlink", race_create_unlink, 0},
    {"race_link_unlink", race_link_unlink, 0},
    {"race_create_many", race_create_many, 0},
    {"race_walk", race_walk, 0},
    {"race_dotdot", race_dotdot, 0},
    {"race_append", race_append, 0},
    {"race_truncate", race_truncate, 0},
    {0, 0, 0},
};
