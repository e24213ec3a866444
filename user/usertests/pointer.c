/* SPDX-License-Identifier: BSD-3-Clause
 * Bad pointers in system calls: each call returns -1 and changes nothing.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/usertests/ut.h"

/* Calls that take a path get a bad pointer. */
static void bad_paths(void)
{
    for (int i = 0; i < nbad_addresses; i++) {
        char *bad = (char *)bad_addresses[i];
        CHECK(open(bad, O_CREATE | O_RDWR) == -1);
        CHECK(unlink(bad) == -1);
        CHECK(link(bad, "x") == -1);
        CHECK(link("/README.md", bad) == -1);
        CHECK(mkdir(bad) == -1);
        CHECK(chdir(bad) == -1);
        CHECK(mknod(bad, 1, 1) == -1);
    }
}

static void bad_reads(void)
{
    int fd, fds[2];
    char c;

    make_file("f", "some text");
    fd = open("f", O_RDONLY);
    CHECK(pipe(fds) == 0);
    for (int i = 0; i < nbad_addresses; i++) {
        CHECK(read(fd, (void *)bad_addresses[i], 4) == -1);
        CHECK(fstat(fd, (struct stat *)bad_addresses[i]) == -1);
        signal_pipe(fds[1]);
        CHECK(read(fds[0], (void *)bad_addresses[i], 1) == -1);
    }
    CHECK(read(fd, &c, 1) == 1 && c == 's');
    close(fd);
    CHECK(unlink("f") == 0);
}

static void bad_writes(void)
{
    int fd = create("f"), fds[2];

    CHECK(pipe(fds) == 0);
    for (int i = 0; i < nbad_addresses; i++) {
        CHECK(write(fd, (void *)bad_addresses[i], 4) == -1);
        CHECK(write(fds[1], (void *)bad_addresses[i], 4) == -1);
        CHECK(write(1, (void *)bad_addresses[i], 4) == -1);
    }
    close(fd);
    CHECK(file_size("f") == 0);
    CHECK(unlink("f") == 0);
}

static void bad_results(void)
{
    int fds[2];

    for (int i = 0; i < nbad_addresses; i++) {
        void *bad = (void *)bad_addresses[i];
        uint64 value = 0;
        CHECK(pipe(bad) == -1);
        CHECK(sysctl(bad, &value, 0) < 0);
        CHECK(sysctl("vm.free_pages", bad, 0) < 0);
        CHECK(sysctl("vm.free_pages", 0, bad) < 0);
        CHECK(sysctlname(0, bad, 64) == -1);
        CHECK(getprocs(bad, 10) == -1);
        CHECK(bootarg(bad, buf, 10) == -1);
    }
    CHECK(pipe(fds) == 0); /* none of the refused ones took a file descriptor */
    CHECK(fds[0] == 3 && fds[1] == 4);
}

/* A bad status pointer: wait returns -1, and the child is reaped by the next wait, if not by this. */
static void bad_status(void)
{
    for (int i = 0; i < nbad_addresses; i++) {
        int pid = child();
        if (pid == 0)
            exit(0);
        CHECK(wait((int *)bad_addresses[i]) == -1);
        while (wait(0) > 0)
            ;
    }
}

/* The program's text may be read, but not written. */
static void text_as_target(void)
{
    int fd = open("/README.md", O_RDONLY), fds[2];
    void *text = (void *)(uint64)text_as_target;

    CHECK(fd >= 0 && pipe(fds) == 0);
    CHECK(read(fd, text, 16) == -1);
    CHECK(fstat(fd, text) == -1);
    CHECK(pipe(text) == -1);
    CHECK(write(fds[1], text, 16) == 16);
    CHECK(read(fds[0], text, 16) == -1);
    CHECK(sysctl("vm.free_pages", text, 0) < 0);
    CHECK(read(fd, 0, 16) == -1);
}

/* Buffers that begin well and end beyond the heap. */
static void over_the_end(void)
{
    char *end;
    int fd, fds[2];

    sbrk((int)(PGSIZE - (uint64)sbrk(0) % PGSIZE));
    sbrk((int)PGSIZE);
    end = sbrk(0);
    make_file("f", "0123456789012345678901234567890123456789");
    fd = open("f", O_RDWR);
    CHECK(pipe(fds) == 0);
    CHECK(read(fd, end - 8, 40) < 40);
    CHECK(write(fd, end - 8, 40) < 40);
    CHECK(write(fds[1], end - 8, 40) < 40);
    CHECK(write(fds[1], "0123456789012345678901234567890123456789", 40) == 40);
    CHECK(read(fds[0], end - 8, 40) < 40);
    CHECK(pipe((int *)(void *)(end - 4)) == -1);
    CHECK(fstat(fd, (struct stat *)(void *)(end - 8)) == -1);
    close(fd);
    CHECK(unlink("f") == 0);
}

/* Path names that reach beyond the end of the heap, and one that just fits. */
static void strings_over_the_end(void)
{
    char *end;

    sbrk((int)(PGSIZE - (uint64)sbrk(0) % PGSIZE));
    end = sbrk(0);
    CHECK(sbrk(-1) != SBRK_ERROR && sbrk(1) != SBRK_ERROR);
    memset(end - 8, 'a', 8);
    CHECK(open(end - 8, O_CREATE | O_RDWR) == -1);
    CHECK(mkdir(end - 8) == -1);
    CHECK(!exists("aaaaaaaa"));
    end[-1] = 0;
    CHECK(mkdir(end - 8) == 0);
    CHECK(unlink("aaaaaaa") == 0);
    memset(end - MAXPATH - 50, '/', MAXPATH + 50);
    end[-1] = 0;
    CHECK(open(end - MAXPATH - 50, O_RDONLY) == -1); /* longer than MAXPATH */
}

/* Lengths that are negative or 0, or wrap around when added to the address. */
static void bad_lengths(void)
{
    int fd, fds[2];

    make_file("f", "text");
    fd = open("f", O_RDWR);
    CHECK(pipe(fds) == 0);
    CHECK(read(fd, buf, -1) == -1);
    CHECK(write(fd, buf, -1) == -1);
    CHECK(read(fd, buf, 0) == 0);
    CHECK(write(fd, buf, 0) == 0);
    CHECK(write(fds[1], buf, -5) == -1);
    CHECK(write(fds[1], buf, 0) == 0);
    CHECK(read(fd, (void *)0xffffffffffff0000UL, 0x7fffffff) == -1);
    CHECK(write(fd, (void *)0xffffffffffff0000UL, 0x7fffffff) == -1);
    CHECK(getprocs((struct procinfo *)(void *)buf, -1) <= 0);
    CHECK(sysctlname(0, buf, -1) == -1);
    CHECK(sysctlname(0, buf, 0) == -1);
    close(fd);
    CHECK(file_size("f") == 4);
    CHECK(unlink("f") == 0);
}

/* clang-format off */
const struct test pointer_tests[] = {
    {"bad_paths", bad_paths, 0},
    {"bad_reads", bad_reads, 0},
    {"bad_writes", bad_writes, 0},
    {"bad_results", bad_results, 0},
    {"bad_status", bad_status, 0},
    {"text_as_target", text_as_target, 0},
    {"over_the_end", over_the_end, 0},
    {"strings_over_the_end", strings_over_the_end, 0},
    {"bad_lengths", bad_lengths, 0},
    {0, 0, 0},
};
