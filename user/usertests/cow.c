/* SPDX-License-Identifier: BSD-3-Clause
 * Copy-on-write: after fork each process has memory of its own, no matter which of them writes first or
 * ends first.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define NPAGES 16

static char *pages; /* NPAGES of them, with a mark in each */

static void mark(int with)
{
    for (int i = 0; i < NPAGES; i++)
        pages[(uint64)i * PGSIZE + 100] = (char)(with + i);
}

static void expect_mark(int with)
{
    for (int i = 0; i < NPAGES; i++)
        CHECK(pages[(uint64)i * PGSIZE + 100] == (char)(with + i));
}

static void make_pages(void)
{
    pages = sbrk(NPAGES * (int)PGSIZE);
    CHECK(pages != SBRK_ERROR);
}

static void cow_pair(void)
{
    int pid;

    make_pages();
    mark(1);
    pid = child();
    if (pid == 0) {
        expect_mark(1);
        mark(50);
        expect_mark(50);
        exit(0);
    }
    expect(pid, 0);
    expect_mark(1);
}

/* Each process forks the next, then writes, waits, and looks at its own memory. */
static void descend(int depth)
{
    int pid;

    if (depth == 0)
        return;
    mark(depth);
    pid = child();
    if (pid == 0) {
        expect_mark(depth);
        descend(depth - 1);
        exit(0);
    }
    mark(depth + 100);
    expect(pid, 0);
    expect_mark(depth + 100);
}

static void cow_deep(void)
{
    make_pages();
    descend(25);
}

/* All children share pages with the parent; then all write, and then all look. */
static void cow_wide(void)
{
    int go[2], pids[20], status, n = 20;

    make_pages();
    mark(7);
    CHECK(pipe(go) == 0);
    for (int i = 0; i < n; i++) {
        pids[i] = child();
        if (pids[i] == 0) {
            await_pipe(go[0]);
            expect_mark(7);
            mark(i * 3);
            yield();
            expect_mark(i * 3);
            exit(0);
        }
    }
    for (int i = 0; i < n; i++)
        signal_pipe(go[1]);
    for (int i = 0; i < n; i++)
        CHECK(wait(&status) > 0 && status == 0);
    expect_mark(7);
    mark(8);
    expect_mark(8);
}

/* The parent ends first; then nobody but the grandchild has the pages. */
static void cow_orphan(void)
{
    int done[2], pid;
    char ok = 0;

    make_pages();
    mark(20);
    CHECK(pipe(done) == 0);
    pid = child();
    if (pid == 0) {
        struct procinfo info;
        int parent = getpid();
        if (child() != 0)
            exit(0);
        while (find_process(parent, &info))
            yield();
        expect_mark(20);
        mark(30);
        expect_mark(30);
        signal_pipe(done[1]);
        exit(0);
    }
    mark(40);
    expect(pid, 0);
    close(done[1]);
    CHECK(read(done[0], &ok, 1) == 1);
    expect_mark(40);
}

/* The kernel's writes make copies, too. */
static void cow_system_calls(void)
{
    int fds[2], pid;

    make_pages();
    mark(1);
    CHECK(pipe(fds) == 0);
    make_file("f", "abcdefghij");
    pid = child();
    if (pid == 0) {
        int fd = open("f", O_RDONLY);
        CHECK(read(fd, pages + PGSIZE + 95, 10) == 10);
        CHECK(pages[PGSIZE + 100] == 'f');
        CHECK(write(fds[1], "0123456789", 10) == 10);
        CHECK(read(fds[0], pages + 3 * PGSIZE - 5, 10) == 10);
        CHECK(pages[3 * PGSIZE] == '5');
        exit(0);
    }
    expect(pid, 0);
    expect_mark(1);
    CHECK(pages[3 * PGSIZE] == 0);
    CHECK(unlink("f") == 0);
}

#define MIB (1UL << 20)

/* A heap of 8 MiB, more than three page tables, with a mark in each page. */
static char *make_heap(void)
{
    char *heap = sbrk(8 * (int)MIB);

    CHECK(heap != SBRK_ERROR);
    for (uint64 at = 0; at < 8 * MIB; at += PGSIZE)
        *(uint64 *)(void *)(heap + at) = at + 1;
    return heap;
}

static void expect_heap(char *heap, uint64 size)
{
    for (uint64 at = 0; at < size; at += PGSIZE)
        CHECK(*(uint64 *)(void *)(heap + at) == at + 1);
}

/* Fork shares the tables of a heap. Whoever changes one, by a write, by giving back a part of it, or by
 * growing again, changes it for itself alone. */
static void cow_tables(void)
{
    char *heap = make_heap();

    for (int round = 0; round < 3; round++) {
        int pid = child();
        if (pid == 0) {
            expect_heap(heap, 8 * MIB);
            int grandchild = child();
            if (grandchild == 0) {
                heap[3 * MIB] = 9;
                expect_heap(heap, 3 * MIB);
                exit(0);
            }
            CHECK(sbrk(-3 * (int)MIB - 100 * (int)PGSIZE) != SBRK_ERROR);
            expect_heap(heap, 5 * MIB - 100 * PGSIZE);
            CHECK(sbrklazy(3 * (int)MIB) != SBRK_ERROR);
            for (uint64 at = 5 * MIB; at < 7 * MIB; at += PGSIZE)
                CHECK(*(uint64 *)(void *)(heap + at) == 0);
            heap[6 * MIB] = 7;
            expect(grandchild, 0);
            expect_heap(heap, 5 * MIB - 100 * PGSIZE);
            exit(0);
        }
        *(uint64 *)(void *)(heap + 4 * MIB) = 4 * MIB + 1;
        expect(pid, 0);
        expect_heap(heap, 8 * MIB);
    }
}

/* The parent gives its heap back while a child still shares the tables; the child has it all. */
static void cow_tables_left(void)
{
    int go[2];
    char *heap = make_heap();

    CHECK(pipe(go) == 0);
    int pid = child();
    if (pid == 0) {
        await_pipe(go[0]);
        expect_heap(heap, 8 * MIB);
        memset(heap, 5, 8 * MIB);
        exit(0);
    }
    CHECK(sbrk(-8 * (int)MIB) == heap + 8 * MIB && sbrk(8 * (int)MIB) == heap);
    signal_pipe(go[1]);
    for (uint64 at = 0; at < 8 * MIB; at += PGSIZE)
        CHECK(heap[at] == 0);
    expect(pid, 0);
}

/* A copy of two thirds of the memory fits, as long as nobody writes. */
static void cow_large(void)
{
    uint64 n = value_of("vm.free_pages") / 3 * 2;
    char *p;
    int pid;

    if (n > 0x60000000UL / PGSIZE)
        n = 0x60000000UL / PGSIZE;
    p = sbrk((int)(n * PGSIZE));
    CHECK(p != SBRK_ERROR);
    for (uint64 i = 0; i < n; i++)
        *(uint64 *)(void *)(p + i * PGSIZE) = i;
    for (int round = 0; round < 2; round++) {
        pid = child();
        if (pid == 0) {
            for (uint64 i = 0; i < n; i += 97)
                CHECK(*(uint64 *)(void *)(p + i * PGSIZE) == i);
            p[0] = 77;
            exit(0);
        }
        expect(pid, 0);
        CHECK(p[0] == 0);
    }
}

/* A child that writes to more pages than there is memory for ends; the parent does not notice. */
static void cow_out_of_memory(void)
{
    uint64 n = value_of("vm.free_pages") / 3 * 2;
    char *p;
    int pid;

    if (n > 0x60000000UL / PGSIZE)
        n = 0x60000000UL / PGSIZE;
    p = sbrk((int)(n * PGSIZE));
    CHECK(p != SBRK_ERROR);
    pid = child();
    if (pid == 0) {
        for (uint64 i = 0; i < n; i++)
            p[i * PGSIZE] = 1;
        exit(0);
    }
    expect(pid, -1);
    for (uint64 i = 0; i < n; i++)
        CHECK(p[i * PGSIZE] == 0);
}

const struct test cow_tests[] = {
    {"cow_pair", cow_pair, 0},
    {"cow_deep", cow_deep, 0},
    {"cow_wide", cow_wide, 0},
    {"cow_orphan", cow_orphan, 0},
    {"cow_system_calls", cow_system_calls, 0},
    {"cow_tables", cow_tables, 0},
    {"cow_tables_left", cow_tables_left, 0},
    {"cow_large", cow_large, 1},
    {"cow_out_of_memory", cow_out_of_memory, 1},
    {0, 0, 0},
};
