/* SPDX-License-Identifier: BSD-3-Clause
 * Both kinds of sbrk, malloc, and what happens when there is no memory left.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define MIB (1 << 20)
#define GIB (1 << 30)

static void touch(uint64 addr)
{
    *(volatile char *)addr = 1;
}

static void sbrk_bytes(void)
{
    char *start = sbrk(0);

    for (int i = 0; i < 5000; i++) {
        char *p = sbrk(1);
        CHECK(p == start + i && *p == 0);
        *p = (char)i;
    }
    for (int i = 0; i < 5000; i++)
        CHECK(start[i] == (char)i);
    CHECK(sbrk(-5000) == start + 5000);
    CHECK(sbrk(0) == start);
}

/* Memory that was given back and is taken again is zero. */
static void sbrk_zeroes(void)
{
    char *p = sbrk(10 * (int)PGSIZE);

    CHECK(p != SBRK_ERROR);
    memset(p, 0xff, 10 * PGSIZE);
    CHECK(sbrk(-10 * (int)PGSIZE) != SBRK_ERROR);
    CHECK(sbrk(10 * (int)PGSIZE) == p);
    for (uint64 i = 0; i < 10 * PGSIZE; i++)
        CHECK(p[i] == 0);
}

static void sbrk_shrink(void)
{
    char *p = (char *)PGROUNDUP((uint64)sbrk(4 * (int)PGSIZE));

    CHECK(sbrk(-2 * (int)PGSIZE) != SBRK_ERROR);
    touch((uint64)p);
    expect_killed(touch, (uint64)p + 3 * PGSIZE, "a touch above the heap");
    expect_killed(touch, PGROUNDUP((uint64)sbrk(0)), "a touch at the heap's end");
}

/* Out of range in both directions: nothing changes. */
static void sbrk_range(void)
{
    char *end = sbrk(0);

    CHECK(sbrk(-(int)((uint64)end)) == SBRK_ERROR);
    CHECK(sbrk(-(int)((uint64)end) - 1) ==
          end); /* as in xv6: below 0 there is nothing to give back */
    CHECK(sbrk(-0x7fffffff - 1) == end);
    CHECK(sbrk(0) == end);
    CHECK(sbrk(0x7fffffff) == SBRK_ERROR);
    CHECK(sbrk(0) == end);
    touch((uint64)end - 1);
}

/* Eager memory exists at once, lazy memory when it is touched. */
static void sbrk_eager_lazy(void)
{
    uint64 before = free_pages();

    CHECK(sbrklazy(64 * (int)PGSIZE) != SBRK_ERROR);
    CHECK(free_pages() + 32 > before);
    CHECK(sbrk(64 * (int)PGSIZE) != SBRK_ERROR);
    CHECK(free_pages() + 64 <= before);
    before = free_pages();
    CHECK(sys_sbrk(64 * (int)PGSIZE, 12345) != SBRK_ERROR); /* any other way is eager */
    CHECK(free_pages() + 64 <= before);
}

/* A heap as large as the address space, with pages only where it was touched. */
static void lazy_sparse(void)
{
    char *start = sbrk(0), *end;
    uint64 n = 0;

    while (sbrklazy(GIB) != SBRK_ERROR)
        n++;
    CHECK(n > 200);
    end = sbrk(0);
    CHECK((uint64)end <= USERTOP);
    touch((uint64)start + GIB);
    touch((uint64)end - 1);
    for (uint64 at = (uint64)start + 5 * PGSIZE; at < (uint64)end; at += 8UL * GIB) {
        CHECK(*(char *)at == 0);
        touch(at);
    }
    CHECK(end[-1] == 1 && end[-2] == 0);
    while (n-- > 0)
        CHECK(sbrk(-GIB) != SBRK_ERROR);
    CHECK(sbrk(0) == start);
}

/* A child gets the holes, and fills them for itself. */
static void lazy_fork(void)
{
    char *p = sbrklazy(64 * MIB);
    int pid;

    CHECK(p != SBRK_ERROR);
    for (int i = 0; i < 64; i += 2)
        p[i * MIB] = (char)(i + 1);
    pid = child();
    if (pid == 0) {
        for (int i = 0; i < 64; i++) {
            CHECK(p[i * MIB] == (i % 2 == 0 ? i + 1 : 0));
            p[i * MIB] = 99;
        }
        exit(0);
    }
    expect(pid, 0);
    for (int i = 0; i < 64; i++)
        CHECK(p[i * MIB] == (i % 2 == 0 ? i + 1 : 0));
}

/* System calls find lazy pages too. */
static void lazy_system_calls(void)
{
    char *p = (char *)PGROUNDUP((uint64)sbrklazy(20 * (int)PGSIZE));
    int *fds = (int *)(void *)(p + PGSIZE), fd, pid;

    make_file("f", "0123456789");
    fd = open("f", O_RDONLY);
    CHECK(read(fd, p + PGSIZE - 5, 10) == 10); /* across the border of two pages */
    CHECK(memcmp(p + PGSIZE - 5, "0123456789", 10) == 0);
    CHECK(fstat(fd, (struct stat *)(void *)(p + 3 * PGSIZE)) == 0);
    close(fd);
    fds += PGSIZE / 4;
    CHECK(pipe(fds) == 0);
    CHECK(write(fds[1], p + 4 * PGSIZE, 100) == 100);
    CHECK(read(fds[0], p + 6 * PGSIZE, 100) == 100);
    CHECK(p[6 * PGSIZE + 50] == 0);
    pid = child();
    if (pid == 0)
        exit(8);
    CHECK(wait((int *)(void *)(p + 8 * PGSIZE)) == pid);
    CHECK(*(int *)(void *)(p + 8 * PGSIZE) == 8);
    CHECK(mkdir(p + 10 * PGSIZE) == -1); /* an empty name */
    CHECK(unlink("f") == 0);
}

/* All memory, eagerly: sbrk fails, and this process and all others continue. */
static void out_of_memory(void)
{
    char *start = sbrk(0);
    uint64 n = 0;
    int pid;

    while (sbrk(MIB) != SBRK_ERROR)
        n++;
    while (sbrk((int)PGSIZE) != SBRK_ERROR)
        ;
    CHECK(n > 8);
    for (uint64 i = 0; i < n; i++)
        start[i * MIB] = (char)i;
    CHECK(sbrk((int)PGSIZE) == SBRK_ERROR);
    for (uint64 i = 0; i < n; i++)
        CHECK(start[i * MIB] == (char)i);
    CHECK(sbrk(-4 * MIB) != SBRK_ERROR);
    pid = child();
    if (pid == 0)
        exit(6);
    expect(pid, 6);
}

/* A program can't have the last of the memory by sbrk, so calls that need some succeed. */
static void out_of_memory_calls(void)
{
    int fds[2], fd;

    while (sbrk(MIB) != SBRK_ERROR)
        ;
    while (sbrk((int)PGSIZE) != SBRK_ERROR)
        ;
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    close(fds[1]);
    CHECK(mkdir("d") == 0);
    fd = open("f", O_CREATE | O_RDWR);
    CHECK(fd >= 0 && write(fd, buf, BUFSIZE) == BUFSIZE);
    close(fd);
    CHECK(sbrk(-MIB) != SBRK_ERROR);
    unlink("f");
    unlink("d");
    CHECK(!exists("f") && !exists("d"));
}

/* All memory, lazily: the touch for which there is no page ends this process, and no other. */
static void lazy_out_of_memory(void)
{
    int pid = child();

    if (pid == 0) {
        char *p = sbrklazy(GIB);
        CHECK(p != SBRK_ERROR);
        for (uint64 at = 0; at < GIB; at += PGSIZE)
            p[at] = 1;
        exit(0);
    }
    expect(pid, -1);
}

/* Several processes at once take all memory. */
static void out_of_memory_race(void)
{
    int pids[4], status, all = 0;

    for (int i = 0; i < 4; i++) {
        pids[i] = child();
        if (pids[i] == 0) {
            while (sbrk(MIB) != SBRK_ERROR)
                ;
            exit(0);
        }
    }
    while (wait(&status) > 0)
        all += status == 0;
    CHECK(all == 4);
}

static void malloc_all(void)
{
    void *list = 0, *p;
    int n = 0;

    while ((p = malloc(100001)) != 0) {
        CHECK(((uint64)p & 15) == 0);
        *(void **)p = list;
        list = p;
        n++;
    }
    CHECK(n > 50);
    while (list != 0) {
        p = *(void **)list;
        free(list);
        list = p;
    }
    p = malloc(4 * MIB); /* the free pieces have been joined */
    CHECK(p != 0);
    free(p);
    CHECK(malloc(0xffffffffu) == 0);
}

/* Blocks of all sizes, in a random order, never overlap. */
static void malloc_random(void)
{
    static uchar *blocks[200];
    static uint sizes[200];
    uint64 seed = 99;

    for (int round = 0; round < 20000; round++) {
        uint i = (uint)(next_random(&seed) % 200);
        if (blocks[i] == 0) {
            sizes[i] = (uint)(next_random(&seed) % (round % 50 == 0 ? 20000 : 300)) + 1;
            blocks[i] = malloc(sizes[i]);
            CHECK(blocks[i] != 0 && ((uint64)blocks[i] & 15) == 0);
            memset(blocks[i], (int)i, sizes[i]);
        } else {
            CHECK(blocks[i][0] == i && blocks[i][sizes[i] - 1] == i &&
                  blocks[i][sizes[i] / 2] == i);
            free(blocks[i]);
            blocks[i] = 0;
        }
    }
}

/* Memory runs out while the heap gets page tables, of one level or of two: all of them come back. */
static void tables_without_memory(void)
{
    for (int i = 1; i < 4; i++) {
        int pid = child();
        if (pid == 0) {
            int fd = open("/README.md", O_RDONLY);
            for (int n = 1 << 20; n >= 4096; n /= 2)
                while (sbrk(n) != SBRK_ERROR)
                    ;
            CHECK(sbrk(-i * 4096) != SBRK_ERROR); /* there are i pages now */
            char *p = sbrklazy(1000 << 20);
            CHECK(fd >= 0 && p != SBRK_ERROR);
            for (uint64 at = 0; at < 1000UL << 20; at += 2 << 20)
                if (read(fd, p + at, 1) < 0)
                    exit(0); /* memory is out: read() says so, and we live on */
            fail("memory did not run out");
        }
        expect(pid, 0);
    }
}

/* Page tables go with the heap that needed them: 31 of them here or more, for one page each. */
static void shrink_frees_tables(void)
{
    uint64 before = value_of("vm.free_pages");
    char *p = sbrklazy(64 << 20);

    CHECK(p != SBRK_ERROR);
    for (uint64 at = 0; at < 64UL << 20; at += 2 << 20)
        p[at] = 1;
    CHECK(value_of("vm.free_pages") <= before - 32 - 31);
    CHECK(sbrk(-(64 << 20)) != SBRK_ERROR);
    CHECK(value_of("vm.free_pages") == before);
}

const struct test mem_tests[] = {
    {"tables_without_memory", tables_without_memory, 0},
    {"sbrk_bytes", sbrk_bytes, 0},
    {"sbrk_zeroes", sbrk_zeroes, 0},
    {"sbrk_shrink", sbrk_shrink, 0},
    {"shrink_frees_tables", shrink_frees_tables, 0},
    {"sbrk_range", sbrk_range, 0},
    {"sbrk_eager_lazy", sbrk_eager_lazy, 0},
    {"lazy_sparse", lazy_sparse, 0},
    {"lazy_fork", lazy_fork, 0},
    {"lazy_system_calls", lazy_system_calls, 0},
    {"malloc_random", malloc_random, 0},
    {"malloc_all", malloc_all, 1},
    {"out_of_memory", out_of_memory, 1},
    {"out_of_memory_calls", out_of_memory_calls, 1},
    {"out_of_memory_race", out_of_memory_race, 1},
    {"lazy_out_of_memory", lazy_out_of_memory, 1},
    {0, 0, 0},
};
