/* SPDX-License-Identifier: BSD-3-Clause
 * The limits of the disk: large files, no blocks left, no inodes left.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

#define LARGE (64UL << 20)

/* Write pieces of BUFSIZE, each with its number at both ends, until the file has `size` bytes or the
 * disk is full. Returns the file's size. */
static uint64 fill(const char *name, uint64 size)
{
    int fd = create(name), n = BUFSIZE;

    for (uint64 at = 0; at < size && n == BUFSIZE; at += BUFSIZE) {
        *(uint64 *)(void *)buf = at;
        *(uint64 *)(void *)(buf + BUFSIZE - 8) = ~at;
        n = write(fd, buf, BUFSIZE);
    }
    while (size == ~0UL && write(fd, buf, 1024) == 1024)
        ;
    close(fd);
    return file_size(name);
}

/* The whole pieces of the file must be as fill() wrote them. */
static void expect_filled(const char *name)
{
    int fd = open(name, O_RDONLY);
    uint64 end = file_size(name) / BUFSIZE * BUFSIZE;

    CHECK(fd >= 0);
    for (uint64 at = 0; at < end; at += BUFSIZE) {
        CHECK(read_full(fd, buf, BUFSIZE) == BUFSIZE);
        CHECK(*(uint64 *)(void *)buf == at);
        CHECK(*(uint64 *)(void *)(buf + BUFSIZE - 8) == ~at);
    }
    close(fd);
}

/*
 * A file of 64 MiB, or as large as the disk allows, and a second one that takes all the rest. On the
 * full disk, what needs a block is refused; afterwards the whole disk can be used again.
 */
static void disk_full(void)
{
    uint64 first, second;
    int fd;

    first = fill("large", LARGE);
    CHECK(first > 1UL << 20);
    expect_filled("large");
    if (first < LARGE) /* a small disk is full by now: make room for the other file */
        CHECK(unlink("large") == 0);
    first = fill("f", ~0UL);
    CHECK(mkdir("d") == -1);
    fd = open("g", O_CREATE | O_RDWR);
    if (fd >= 0)
        CHECK(write(fd, buf, BUFSIZE) < BUFSIZE);
    close(fd);
    CHECK(!exists("d"));
    unlink("g");
    expect_filled("f");
    CHECK(unlink("f") == 0);
    CHECK(mkdir("d") == 0 && unlink("d") == 0);
    second = fill("f", ~0UL);
    if (first != second)
        fail("%lu bytes fitted at first, then %lu", first, second);
    if (exists("large"))
        expect_filled("large"); /* nobody has touched it */
    unlink("large");
    CHECK(unlink("f") == 0);
}

#define PER_DIR 200     /* few enough for names to be looked up quickly */
#define MAXINODES 70000 /* more than there can be */

static void name_of(char *name, int i)
{
    snprintf(name, 20, "d%d/f%d", i / PER_DIR, i % PER_DIR);
}

/* Make empty files until that fails. Returns how many. */
static int make_all(void)
{
    char name[20], dir[20];
    int n, fd;

    for (n = 0; n < MAXINODES; n++) {
        snprintf(dir, sizeof(dir), "d%d", n / PER_DIR);
        if (n % PER_DIR == 0 && mkdir(dir) < 0)
            break;
        name_of(name, n);
        fd = open(name, O_CREATE | O_RDWR);
        if (fd < 0)
            break;
        close(fd);
    }
    return n;
}

static void remove_all(int n)
{
    char name[20];

    for (int i = 0; i < n; i++) {
        name_of(name, i);
        CHECK(unlink(name) == 0);
    }
    for (int i = 0; i <= n / PER_DIR; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        if (unlink(name) < 0)
            CHECK(i == n / PER_DIR); /* the last directory may be missing */
    }
}

static void no_inodes(void)
{
    int first = make_all(), second;

    CHECK(first > 50 && first < MAXINODES);
    CHECK(open("one_more", O_CREATE | O_RDWR) == -1 || unlink("one_more") == 0);
    CHECK(mkdir("another") == -1 || unlink("another") == 0);
    remove_all(first);
    second = make_all();
    remove_all(second);
    CHECK(first == second);
}

const struct test disk_tests[] = {
    {"disk_full", disk_full, 1},
    {"no_inodes", no_inodes, 1},
    {0, 0, 0},
};
