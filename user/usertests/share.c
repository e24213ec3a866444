/* SPDX-License-Identifier: BSD-3-Clause
 * Processes that share memory: fork_shared().
 */
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define SHARERS 4
#define STACK 8192

static char stacks[SHARERS][STACK] __attribute__((aligned(16)));
static volatile uint stage; /* of a test's story */
static int to_parent[2];
static char *heap; /* memory that a test has asked for, from a page's start */

/* A process that shares this one's memory and runs f(arg). */
static int sharer(int i, void (*f)(void *), void *arg)
{
    int pid = fork_shared(f, arg, stacks[i] + STACK);

    CHECK(pid > 0);
    return pid;
}

static void reach(void)
{
    __atomic_fetch_add(&stage, 1, __ATOMIC_SEQ_CST);
}

static void await(uint n)
{
    while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < n)
        yield();
}

static void get_heap(uint64 pages, int lazy)
{
    heap = (char *)PGROUNDUP((uint64)sbrk(0));
    CHECK(sbrk((int)(heap - sbrk(0))) != SBRK_ERROR);
    CHECK((lazy ? sbrklazy : sbrk)((int)(pages * PGSIZE)) == heap);
}

/* --- the life of sharers --- */

static void store_pid(void *arg)
{
    *(int *)arg = getpid();
    exit(7);
}

/* The child sees and changes the parent's memory, is a process of its own, and its end is its own. */
static void share_memory(void)
{
    int seen = 0, pid = sharer(0, store_pid, &seen);

    expect(pid, 7);
    CHECK(seen == pid && getpid() != pid);
    CHECK(wait(0) == -1);
}

static void write_and_end(void *arg)
{
    (void)arg;
    await(1); /* the other one has ended */
    CHECK(heap[0] == 'h');
    heap[PGSIZE] = 'i';
    CHECK(write(to_parent[1], heap, 1) == 1 && write(to_parent[1], heap + PGSIZE, 1) == 1);
    exit(0);
}

/* Memory lives as long as one process has it. */
static void share_outlives(void)
{
    char text[3];
    int pid;

    CHECK(pipe(to_parent) == 0);
    if ((pid = child()) == 0) {
        get_heap(4, 0);
        heap[0] = 'h';
        sharer(0, write_and_end, 0);
        reach();
        exit(0);
    }
    expect(pid, 0);
    close(to_parent[1]);
    CHECK(read_full(to_parent[0], text, 3) == 2 && memcmp(text, "hi", 2) == 0);
}

static void run_true(void *arg)
{
    char *argv[] = {"true", 0};

    (void)arg;
    exec("/true", argv);
    exit(1);
}

/* A sharer that becomes another program leaves the memory to the others, who may exec, too. */
static void share_exec(void)
{
    char text[3];
    int pid;

    get_heap(4, 0);
    memset(heap, 'x', 4 * PGSIZE);
    expect(sharer(0, run_true, 0), 0);
    CHECK(heap[3 * PGSIZE] == 'x');
    CHECK(pipe(to_parent) == 0);
    if ((pid = child()) == 0) {
        heap[0] = 'h';
        sharer(0, write_and_end, 0);
        reach();
        run_true(0);
    }
    expect(pid, 0);
    close(to_parent[1]);
    CHECK(read_full(to_parent[0], text, 3) == 2 && memcmp(text, "hi", 2) == 0);
}

static void spin(void *arg)
{
    (void)arg;
    reach();
    for (;;)
        *(volatile char *)heap += 1;
}

/* kill() ends one sharer and no other; a kill of each ends all. */
static void share_kill(void)
{
    int pids[SHARERS];

    get_heap(1, 0);
    for (int i = 0; i < SHARERS; i++)
        pids[i] = sharer(i, spin, 0);
    await(SHARERS);
    for (int i = 0; i < SHARERS; i++) {
        CHECK(kill(pids[i]) == 0);
        expect(pids[i], EXIT_KILLED);
        heap[0] = 'x';
    }
}

static void store_to(void *arg)
{
    *(volatile char *)arg = 1;
    exit(0);
}

/* An address that is no code, a stack that is no memory, an access that is not allowed: each ends the
 * sharer that has it. */
static void share_misuse(void)
{
    char *text = (char *)(uint64)share_misuse;
    int status;

    for (int i = 0; i < nbad_addresses; i++) {
        int pid = fork_shared((void (*)(void *))(bad_addresses[i] & ~1UL), 0, stacks[0] + STACK);
        CHECK(pid > 0 && wait(&status) == pid && status == EXIT_KILLED);
        pid = fork_shared(store_to, buf, (void *)bad_addresses[i]);
        CHECK(pid > 0 && wait(&status) == pid && (status == EXIT_KILLED || status == 0));
    }
    expect(sharer(0, store_to, text), EXIT_KILLED);
    expect(sharer(0, store_to, (void *)8), EXIT_KILLED);
    expect(sharer(0, store_to, stacks[1]), 0);
}

/* --- the heap --- */

static void touch_all(void *arg)
{
    reach();
    await(SHARERS);
    for (uint64 i = 0; i < (uint64)arg; i++)
        __atomic_fetch_add((uint *)(void *)(heap + i * PGSIZE), 1, __ATOMIC_RELAXED);
    exit(0);
}

/* Sharers touch the same lazy pages at once: each page is made once. */
static void share_faults(void)
{
    uint64 pages = 300;
    int status;

    get_heap(pages, 1);
    for (int i = 0; i < SHARERS; i++)
        sharer(i, touch_all, (void *)pages);
    for (int i = 0; i < SHARERS; i++)
        CHECK(wait(&status) > 0 && status == 0);
    for (uint64 i = 0; i < pages; i++)
        CHECK(*(uint *)(void *)(heap + i * PGSIZE) == SHARERS);
}

static void grow(void *arg)
{
    char *p = sbrk((int)PGSIZE);

    CHECK(p != SBRK_ERROR);
    *p = 'g';
    *(char **)arg = p;
    exit(0);
}

static void read_heap(void *arg)
{
    reach();
    await(2); /* it has shrunk */
    exit(*(volatile char *)arg);
}

/* The end of the heap is common to all. What one gives back, the others can no longer touch. */
static void share_heap(void)
{
    char *p = 0;
    int pid;

    get_heap(4, 0);
    expect(sharer(0, grow, &p), 0);
    CHECK(p == heap + 4 * PGSIZE && *p == 'g' && sbrk(0) == p + PGSIZE);
    heap[4 * PGSIZE - 1] = 5;
    pid = sharer(0, read_heap, heap + 4 * PGSIZE - 1);
    await(1);
    CHECK(sbrk(-(int)PGSIZE) == p + PGSIZE);
    reach();
    expect(pid, 5);
    stage = 0;
    pid = sharer(0, read_heap, heap + 4 * PGSIZE - 1);
    await(1);
    CHECK(sbrk(-(int)PGSIZE) == p);
    reach();
    expect(pid, EXIT_KILLED);
}

static volatile uint enough;

/* Move the end of the heap up and down, as the other does. */
static void move_end(void *arg)
{
    for (uint64 i = 0; i < (uint64)arg; i++) {
        CHECK((i & 1 ? sbrk : sbrklazy)((int)PGSIZE * 3) != SBRK_ERROR);
        CHECK(sbrk(-(int)PGSIZE * 3) != SBRK_ERROR);
    }
    exit(0);
}

/* System calls copy from and to pages that others take away and give back. */
static void copy_heap(void *arg)
{
    int fds[2];

    (void)arg;
    CHECK(pipe(fds) == 0);
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        char *p = heap + (sbrk(0) - heap) / 2;
        int n = write(fds[1], p, 2000);
        CHECK(n <= 2000);
        while (n > 0) {
            int got = read(fds[0], p, n);
            if (got < 0) /* a bad address, so take it elsewhere */
                got = read(fds[0], buf, n);
            CHECK(got > 0);
            n -= got;
        }
    }
    exit(0);
}

static void share_heap_race(void)
{
    int status;

    get_heap(2, 0);
    for (int i = 0; i < 2; i++)
        sharer(i, move_end, (void *)100);
    for (int i = 2; i < SHARERS; i++)
        sharer(i, copy_heap, 0);
    for (int i = 0; i < SHARERS; i++) {
        CHECK(wait(&status) > 0 && status == 0);
        if (i == 1)
            enough = 1;
    }
    CHECK(sbrk(0) == heap + 2 * PGSIZE);
}

/* --- fork --- */

static volatile uint *counters; /* two pages for each sharer */

/* The first counter runs ahead of the second by one at most. */
static void count(void *arg)
{
    volatile uint *mine = counters + (uint64)arg * 2048;

    reach();
    while (!enough) {
        mine[0] += 1;
        mine[1024] += 1;
    }
    exit(0);
}

/* Children that a sharer forks have a copy of the memory of one moment for each process that writes to
 * it; and no write is lost in the memory that is shared. */
static void share_fork(void)
{
    int status;

    get_heap(2 * SHARERS, 1);
    counters = (volatile uint *)(void *)heap;
    for (int i = 0; i < SHARERS; i++)
        sharer(i, count, (void *)(uint64)i);
    await(SHARERS);
    for (int round = 0; round < 30; round++) {
        int pid = child();
        if (pid == 0) {
            for (int i = 0; i < SHARERS; i++) {
                uint first = counters[i * 2048], second = counters[i * 2048 + 1024];
                CHECK(first - second <= 1);
                counters[i * 2048] = 0;
                yield();
                CHECK(counters[i * 2048 + 1024] == second && counters[i * 2048] == 0);
            }
            exit(0);
        }
        expect(pid, 0);
        yield();
    }
    enough = 1;
    for (int i = 0; i < SHARERS; i++)
        CHECK(wait(&status) > 0 && status == 0);
    for (int i = 0; i < SHARERS; i++)
        CHECK(counters[i * 2048] == counters[i * 2048 + 1024] && counters[i * 2048] > 0);
}

static volatile uint *word; /* of a page that a fork has made copy-on-write */

static void see_and_add(void *arg)
{
    for (uint i = (uint)(uint64)arg; i < 200; i += 2) {
        while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != i)
            yield();
        if (i % 10 == 0) {
            int pid = fork();
            if (pid == 0)
                exit(*word == i ? 0 : 1);
            CHECK(pid > 0);
            expect(pid, 0);
        }
        __atomic_store_n(word, i + 1, __ATOMIC_RELEASE);
    }
    exit(0);
}

/* A page that was copied for one sharer is the same page for all. */
static void share_cow(void)
{
    int status;

    get_heap(1, 0);
    word = (volatile uint *)(void *)heap;
    for (uint64 i = 0; i < 2; i++)
        sharer((int)i, see_and_add, (void *)i);
    for (int i = 0; i < 2; i++)
        CHECK(wait(&status) > 0 && status == 0);
    CHECK(*word == 200);
}

/* --- no memory --- */

static void use_it_all(void *arg)
{
    for (char *p = arg; p < sbrk(0); p += PGSIZE)
        *p = 1;
    exit(0);
}

/* The sharer for whose touch no page is left ends, and the others go on. */
static void share_out_of_memory(void)
{
    int pid;

    get_heap(1, 0);
    CHECK(sbrklazy(0x7ffff000) != SBRK_ERROR);
    pid = sharer(0, use_it_all, heap);
    expect(pid, EXIT_KILLED);
    CHECK(heap[0] == 1);
    CHECK(sbrk(-0x7ffff000) != SBRK_ERROR);
    heap[0] = 2;
}

const struct test share_tests[] = {
    {"share_memory", share_memory, 0},
    {"share_outlives", share_outlives, 0},
    {"share_exec", share_exec, 0},
    {"share_kill", share_kill, 0},
    {"share_misuse", share_misuse, 0},
    {"share_faults", share_faults, 0},
    {"share_heap", share_heap, 0},
    {"share_heap_race", share_heap_race, 0},
    {"share_fork", share_fork, 0},
    {"share_cow", share_cow, 0},
    {"share_out_of_memory", share_out_of_memory, 1},
    {0, 0, 0},
};
