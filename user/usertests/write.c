/* SPDX-License-Identifier: BSD-3-Clause
 * The content of files: reads and writes of all sizes, and blocks of all kinds.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/usertests/ut.h"

/* The file must contain n bytes of pattern(), read in pieces of `piece` bytes. */
static void expect_pattern(const char *name, uint64 n, int piece)
{
    int fd = open(name, O_RDONLY), m;
    uint64 at = 0;

    CHECK(fd >= 0);
    while ((m = read(fd, buf, piece)) > 0) {
        for (int i = 0; i < m; i++)
            if (buf[i] != pattern(at + (uint64)i))
                fail("%s: byte %lu is %x, not %x", name, at + (uint64)i, (uchar)buf[i],
                     (uchar)pattern(at + (uint64)i));
        at += (uint64)m;
    }
    CHECK(m == 0 && at == n);
    close(fd);
}

static void write_sizes(void)
{
    static const int sizes[] = {1, 100, 511, 4095, 4096, 4097, 10000, 65535};

    for (uint i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64 n = (uint64)sizes[i] * 3;
        int fd = create("f");
        for (uint64 at = 0; at < n; at += (uint64)sizes[i]) {
            for (int j = 0; j < sizes[i]; j++)
                buf[j] = pattern(at + (uint64)j);
            CHECK(write(fd, buf, sizes[i]) == sizes[i]);
        }
        close(fd);
        expect_pattern("f", n, 4096);
        expect_pattern("f", n, 1000);
        CHECK(unlink("f") == 0);
    }
}

/* A write into the middle of a file leaves the rest as it is. */
static void write_middle(void)
{
    int fd;

    make_pattern_file("f", 20000);
    fd = open("f", O_RDWR);
    CHECK(read_full(fd, buf, 8190) == 8190);
    CHECK(write(fd, "####", 4) == 4); /* across the border of two blocks */
    CHECK(read(fd, buf, 1) == 1 && buf[0] == pattern(8194));
    close(fd);
    CHECK(file_size("f") == 20000);
    fd = open("f", O_RDWR);
    CHECK(read_full(fd, buf, 20000) == 20000);
    CHECK(buf[8189] == pattern(8189) && buf[8190] == '#' && buf[8193] == '#');
    close(fd);
    CHECK(unlink("f") == 0);
}

/* Without O_APPEND: a program reads to the end, and then writes there. */
static void write_at_end(void)
{
    int fd;

    make_file("f", "first ");
    fd = open("f", O_RDWR);
    while (read(fd, buf, 100) > 0)
        ;
    CHECK(write(fd, "second", 6) == 6);
    close(fd);
    fd = open("f", O_RDONLY);
    CHECK(read(fd, buf, 100) == 12 && memcmp(buf, "first second", 12) == 0);
    close(fd);
    CHECK(unlink("f") == 0);
}

/* From direct blocks into indirect ones; blocks that are freed are used again. */
static void write_indirect(void)
{
    uint64 n = (NDIRECT + 3) * FS_BLOCK + 123;

    for (int i = 0; i < 3; i++) {
        make_pattern_file("f", n);
        expect_pattern("f", n, BUFSIZE);
        CHECK(unlink("f") == 0);
    }
}

/* Into double indirect blocks. */
static void write_double_indirect(void)
{
    uint64 n = (NDIRECT + FS_INDIRECT + 5) * FS_BLOCK + 1;

    make_pattern_file("f", n);
    CHECK(file_size("f") == n);
    expect_pattern("f", n, BUFSIZE);
    CHECK(unlink("f") == 0);
}

/* Four processes write a file each, at the same time. */
static void write_four_files(void)
{
    static char *names[] = {"f0", "f1", "f2", "f3"};
    int status;

    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            int fd = create(names[i]);
            memset(buf, '0' + i, 500);
            for (int j = 0; j < 60; j++)
                CHECK(write(fd, buf, 500) == 500);
            exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        CHECK(wait(&status) > 0 && status == 0);
    for (int i = 0; i < 4; i++) {
        int fd = open(names[i], O_RDONLY), n = read_full(fd, buf, BUFSIZE);
        CHECK(n == 30000);
        for (int j = 0; j < n; j++)
            CHECK(buf[j] == '0' + i);
        close(fd);
        CHECK(unlink(names[i]) == 0);
    }
}

/* Several processes write to one file, each with its own offset: each record is one process's. */
static void write_same_file(void)
{
    int status, fd, n;

    close(create("f"));
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            fd = open("f", O_RDWR);
            memset(buf, 'a' + i, 1000);
            for (int j = 0; j < 30; j++)
                CHECK(write(fd, buf, 1000) == 1000);
            exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        CHECK(wait(&status) > 0 && status == 0);
    fd = open("f", O_RDONLY);
    n = read_full(fd, buf, BUFSIZE);
    CHECK(n == 30000);
    for (int i = 0; i < n; i++)
        CHECK(buf[i] >= 'a' && buf[i] <= 'd');
    close(fd);
    CHECK(unlink("f") == 0);
}

/* When an error comes up on the way, write() says how much it has stored, which is all there is. */
static void write_count(void)
{
    char *end = sbrk(10 * 4096) + 10 * 4096;
    int fds[2], fd = create("f");

    CHECK((uint64)end % 4096 == 0);
    for (int n = 1; n < 40000; n = n * 5 + 3) {
        memset(end - n, 'e', (uint)n);
        uint64 before = file_size("f");
        CHECK(write(fd, end - n, 2 * n) == n); /* fills it, and ends at a bad address */
        CHECK(file_size("f") == before + (uint64)n);
    }
    CHECK(write(fd, end, 10) == -1);
    close(fd);
    fd = open("f", O_RDWR);
    CHECK(write(fd, "bbb", 3) == 3);
    close(fd);
    fd = open("f", O_RDWR);
    memset(end - 2, 'x', 2);
    CHECK(write(fd, end - 2, 100) == 2); /* in a block that is there: what follows stays */
    CHECK(read(fd, buf, 2) == 2 && memcmp(buf, "be", 2) == 0);
    close(fd);
    CHECK(unlink("f") == 0);

    CHECK(pipe(fds) == 0);
    if (child() == 0) {
        close(fds[1]);
        CHECK(read_full(fds[0], buf, 5000) == 5000);
        exit(0);
    }
    close(fds[0]);
    int n = write(fds[1], buf, BUFSIZE); /* ends when the reader does */
    CHECK(n >= 5000 && n <= 5000 + 4096);
    CHECK(write(fds[1], buf, 1) == -1);
    close(fds[1]);
    wait(0);
}

/* Everything is the same after sync(). */
static void write_sync(void)
{
    make_pattern_file("f", 30000);
    CHECK(sync() == 0);
    expect_pattern("f", 30000, 4096);
    CHECK(unlink("f") == 0);
    CHECK(sync() == 0);
}

const struct test write_tests[] = {
    {"write_sizes", write_sizes, 0},
    {"write_middle", write_middle, 0},
    {"write_at_end", write_at_end, 0},
    {"write_indirect", write_indirect, 0},
    {"write_double_indirect", write_double_indirect, 0},
    {"write_four_files", write_four_files, 0},
    {"write_same_file", write_same_file, 0},
    {"write_count", write_count, 0},
    {"write_sync", write_sync, 0},
    {0, 0, 0},
};
