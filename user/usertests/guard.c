/* SPDX-License-Identifier: BSD-3-Clause
 * Guards in the heap: guard_page().
 */
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static char *heap; /* memory that a test has asked for, from a page's start */

static void get_heap(uint64 pages, int lazy)
{
    heap = (char *)PGROUNDUP((uint64)sbrk(0));
    CHECK(sbrk((int)(heap - sbrk(0))) != SBRK_ERROR);
    CHECK((lazy ? sbrklazy : sbrk)((int)(pages * PGSIZE)) == heap);
}

static void touch(uint64 addr)
{
    *(volatile char *)addr = 1;
}

static void look(uint64 addr)
{
    (void)*(volatile char *)addr;
}

static void guard(void)
{
    int fds[2];
    char *g;

    get_heap(4, 0);
    g = heap + PGSIZE;
    memset(heap, 'x', 4 * PGSIZE);
    CHECK(guard_page(g, 1) == 0 && guard_page(g, 1) == 0);
    expect_killed(touch, (uint64)g, "store to a guard");
    expect_killed(look, (uint64)g + PGSIZE - 1, "load from a guard");
    touch((uint64)g - 1);
    touch((uint64)g + PGSIZE);
    CHECK(pipe(fds) == 0 && write(fds[1], "12", 2) == 2);
    CHECK(read(fds[0], g + 5, 1) == -1 && write(fds[1], g, 1) == -1);
    CHECK(guard_page(g, 0) == 0 && guard_page(g, 0) == 0);
    CHECK(*g == 0); /* its memory is gone */
    CHECK(heap[0] == 'x' && heap[2 * PGSIZE + 1] == 'x');
}

/* Children of fork have the guards of their parent. A guard is gone when the heap has ended below it
 * and grows again. */
static void guard_ends(void)
{
    int pid;

    get_heap(3, 1);
    CHECK(guard_page(heap + PGSIZE, 1) == 0);
    expect_killed(touch, (uint64)heap + PGSIZE, "store to a parent's guard");
    if ((pid = child()) == 0) {
        CHECK(guard_page(heap + PGSIZE, 0) == 0);
        touch((uint64)heap + PGSIZE);
        exit(0);
    }
    expect(pid, 0);
    expect_killed(touch, (uint64)heap + PGSIZE, "store to a guard that a child has not");
    CHECK(sbrk(-2 * (int)PGSIZE) != SBRK_ERROR && sbrk(2 * (int)PGSIZE) != SBRK_ERROR);
    touch((uint64)heap + PGSIZE);
    for (int i = 0; i < 3; i++)
        CHECK(guard_page(heap + i * PGSIZE, 1) == 0);
    CHECK(sbrk(-2 * (int)PGSIZE) != SBRK_ERROR && sbrklazy(2 * (int)PGSIZE) != SBRK_ERROR);
    touch((uint64)heap + 2 * PGSIZE);
    CHECK(guard_page(heap, 0) == 0);
    touch((uint64)heap);
}

static void guard_refused(void)
{
    get_heap(2, 0);
    for (int i = 0; i < nbad_addresses; i++)
        CHECK(guard_page((void *)PGROUNDDOWN(bad_addresses[i]), 1) == -1);
    CHECK(guard_page(heap + 1, 1) == -1);
    CHECK(guard_page(heap + 2 * PGSIZE, 1) == -1);
    CHECK(guard_page((void *)PGROUNDDOWN((uint64)guard_refused), 1) == -1);
    CHECK(guard_page((void *)PGROUNDDOWN((uint64)main_argv), 1) == -1);
    CHECK(guard_page(heap + PGSIZE, 1) == 0);
}

static volatile int running;
static char stack[8192] __attribute__((aligned(16)));

static void take_away(void *arg)
{
    for (running = 1;;)
        *(volatile char *)arg = 1;
}

/* A page becomes a guard for all sharers at once. */
static void guard_shared(void)
{
    int pid;

    get_heap(1, 0);
    pid = fork_shared(take_away, heap, stack + sizeof(stack));
    CHECK(pid > 0);
    while (!running)
        yield();
    CHECK(guard_page(heap, 1) == 0);
    expect(pid, EXIT_KILLED);
}

const struct test guard_tests[] = {
    {"guard", guard, 0},
    {"guard_ends", guard_ends, 0},
    {"guard_refused", guard_refused, 0},
    {"guard_shared", guard_shared, 0},
    {0, 0, 0},
};
