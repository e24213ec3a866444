/* SPDX-License-Identifier: BSD-3-Clause
 * Upcalls: upcall(), upcall_return(), upcall_timer(), upcall_wait(), upcall_notify().
 */
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/upcall.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define SHARERS 3
#define STACK 8192
#define EVENT 2u /* a bit of `pending` of our own */

static char stacks[SHARERS][STACK] __attribute__((aligned(16)));
static struct upcall area;
static volatile uint calls, timers; /* of the handler; by the timer */
static volatile uint ready, stop;

static uint64 now(void)
{
    uint64 t;

    __asm__ volatile("rdtime %0" : "=r"(t));
    return t;
}

static uint take(void)
{
    return __atomic_exchange_n(&area.pending, 0, __ATOMIC_ACQUIRE);
}

/* Interrupt the process that has `area`. */
static void post(int pid)
{
    if (__atomic_fetch_or(&area.pending, EVENT, __ATOMIC_SEQ_CST) == 0)
        CHECK(upcall_notify(pid) == 0);
}

/* What is in these registers when a handler returns is not what was in them when it was called. */
static inline void clobber(void)
{
    __asm__ volatile(
        "li s1, -1\n\tli s2, -1\n\tli s3, -1\n\tli s4, -1\n\tli s5, -1\n\tli s6, -1\n\t"
        "li s7, -1\n\tli s8, -1\n\tli s9, -1\n\tli s10, -1\n\tli s11, -1" ::
            : "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
}

static void handle(struct upcall_frame *frame)
{
    uint events = take();

    CHECK(area.masked == 1);
    calls++;
    timers += events & UPCALL_TIMER;
    clobber();
    upcall_return(frame);
    fail("upcall_return returned");
}

static void begin(void)
{
    CHECK(upcall(handle, &area) == 0);
}

/* Sleep until the handler has counted up to n. It is masked between the look at the count and the
 * sleep: an event that it served there would not end the sleep. */
static void wait_for(volatile uint *count, uint n)
{
    int enough;

    do {
        __atomic_store_n(&area.masked, 1, __ATOMIC_SEQ_CST);
        enough = *count >= n;
        if (!enough)
            upcall_wait();
        __atomic_store_n(&area.masked, 0, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&area.pending, __ATOMIC_SEQ_CST) != 0)
            CHECK(upcall_notify(getpid()) == 0);
    } while (!enough);
}

/* Call the handler between the notify and its return; then go on. */
static void upcall_self(void)
{
    begin();
    CHECK(calls == 0);
    for (uint i = 1; i <= 100; i++) {
        post(getpid());
        CHECK(calls == i && area.masked == 0 && area.pending == 0);
    }
    CHECK(upcall_notify(getpid()) == 0); /* nothing is pending */
    CHECK(calls == 100);
    CHECK(upcall(0, 0) == 0 && upcall_notify(getpid()) == -1);
}

/* What was pending before the handler is registered is served, too. */
static void upcall_early(void)
{
    area.pending = EVENT;
    begin();
    CHECK(calls == 1);
}

/* Masked, it waits; the program looks when it clears the mask. */
static void upcall_masked(void)
{
    begin();
    area.masked = 1;
    post(getpid());
    post(getpid());
    CHECK(calls == 0 && area.pending == EVENT && area.masked == 1);
    area.masked = 0;
    CHECK(take() == EVENT);
    yield();
    CHECK(calls == 0);
}

uint64 whole(uint64 turns, volatile uint *more);

static volatile uint64 damaged;

static void run_whole(void *arg)
{
    (void)arg;
    begin();
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    for (volatile uint more = 1; !stop;)
        damaged += whole(1000, &more);
    exit(0);
}

static void interrupt_often(int pid, uint times)
{
    uint before;

    while (!ready)
        yield();
    for (uint i = 0; i < times; i++) {
        before = calls;
        post(pid);
        while (calls == before)
            yield();
    }
    stop = 1;
    expect(pid, 0);
    CHECK(damaged == 0 && calls >= times);
}

/* A process that another one interrupts at any instruction finds all its registers as they were. */
static void upcall_whole(void)
{
    interrupt_often(fork_shared(run_whole, 0, stacks[0] + STACK), 300);
}

static void handle_and_set_timer(struct upcall_frame *frame)
{
    CHECK(take() == UPCALL_TIMER);
    timers++;
    upcall_timer(now() + 500 + timers * 37 % 1000);
    upcall_return(frame);
}

/* So does one that its timer interrupts. */
static void upcall_timer_whole(void)
{
    volatile uint more = 1;

    CHECK(upcall(handle_and_set_timer, &area) == 0);
    upcall_timer(now());
    while (timers < 300)
        damaged += whole(1000, &more);
    CHECK(damaged == 0);
}

/* The timer fires once, not early, also if the process sleeps or has moved to another cpu meanwhile. */
static void upcall_timer_once(void)
{
    uint64 cpus = value_of("kern.ncpus"), when;

    begin();
    for (uint i = 1; i <= 20; i++) {
        when = now() + i * 1000;
        CHECK(upcall_timer(when) == 0);
        setaffinity(1UL << i % cpus);
        if (i % 2)
            while (timers < i)
                yield();
        else
            wait_for(&timers, i);
        CHECK(now() >= when && timers == i);
        setaffinity(~0UL);
    }
    CHECK(upcall_timer(now() + 500000) == 0);
    setaffinity(cpus > 1 ? 2 : 1);
    CHECK(upcall_timer(~0UL) == 0); /* taken back */
    uint before = timers;
    pause(1);
    CHECK(timers == before && area.pending == 0);
    upcall_timer(now() + 1000); /* it ends with the process, wherever it is */
    setaffinity(1);
}

static void sleep_and_count(void *arg)
{
    (void)arg;
    begin();
    for (uint i = 1; i <= 50; i++) {
        __atomic_store_n(&ready, i, __ATOMIC_RELEASE);
        wait_for(&calls, i);
    }
    exit(0);
}

/* A process that sleeps until something is pending is woken, whenever it comes. */
static void upcall_waits(void)
{
    int pid = fork_shared(sleep_and_count, 0, stacks[0] + STACK);

    for (uint i = 1; i <= 50; i++) {
        while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < i)
            yield();
        if (i % 2)
            wait_asleep(pid);
        post(pid);
    }
    expect(pid, 0);
}

static void wait_for_ever(void *arg)
{
    (void)arg;
    begin();
    for (;;)
        upcall_wait();
}

/* A kill ends the wait; and without a handler there is none. */
static void upcall_wait_ends(void)
{
    int pid = fork_shared(wait_for_ever, 0, stacks[0] + STACK);

    wait_asleep(pid);
    CHECK(kill(pid) == 0);
    expect(pid, EXIT_KILLED);
    CHECK(upcall_wait() == -1 && upcall_timer(0) == -1 && upcall_return(0) == -1);
}

static void do_nothing(void *arg)
{
    (void)arg;
    for (;;)
        pause(1000);
}

static void run_sleep(void *arg)
{
    char *argv[] = {"sleep", "100", 0};

    (void)arg;
    begin();
    ready = 1;
    upcall_timer(now() + 1000);
    exec("/sleep", argv);
    exit(1);
}

/* A handler is one process's own: children of both kinds have none, nor has another program. */
static void upcall_inherits(void)
{
    int pids[3];

    begin();
    if ((pids[0] = child()) == 0)
        do_nothing(0);
    pids[1] = fork_shared(do_nothing, 0, stacks[1] + STACK);
    pids[2] = fork_shared(run_sleep, 0, stacks[2] + STACK);
    wait_asleep(pids[0]);
    wait_asleep(pids[1]);
    while (!ready || upcall_notify(pids[2]) == 0)
        yield();
    for (int i = 0; i < 3; i++) {
        CHECK(upcall_notify(pids[i]) == -1 && kill(pids[i]) == 0);
        expect(pids[i], EXIT_KILLED);
    }
}

/* --- misuse --- */

static void bad_handler(uint64 address)
{
    CHECK(upcall((void (*)(struct upcall_frame *))address, &area) == 0);
    post(getpid());
}

static void faulting_handler(struct upcall_frame *frame)
{
    *(volatile char *)(frame->x[0] & 8) = 1; /* a null pointer, or almost */
}

/* Interrupted on a stack that is no memory. */
static void no_stack(uint64 address)
{
    begin();
    area.pending = EVENT;
    register uint64 a0 __asm__("a0") = (uint64)getpid();
    register uint64 a7 __asm__("a7") = SYS_upcall_notify;
    __asm__ volatile("mv t0, sp; mv sp, %1; ecall; mv sp, t0"
                     : "+r"(a0)
                     : "r"(address), "r"(a7)
                     : "t0", "memory");
}

/* The struct upcall is gone when it is needed. */
static void no_area(uint64 how)
{
    char *page = (char *)PGROUNDUP((uint64)sbrk(0));

    sbrk((int)(page + PGSIZE - sbrk(0)));
    CHECK(upcall(handle, (struct upcall *)(void *)page) == 0);
    if (how == 0)
        CHECK(guard_page(page, 1) == 0);
    else
        sbrk(-(int)PGSIZE);
    if (how == 1)
        upcall_timer(now());
    upcall_notify(getpid());
    pause(1);
}

static void return_to(uint64 pc)
{
    struct upcall_frame frame = {.pc = pc};

    begin();
    upcall_return(&frame);
}

/* Each of these ends the process that does it, and nobody else. */
static void upcall_misuse(void)
{
    for (int i = 0; i < nbad_addresses; i++) {
        expect_killed(bad_handler, bad_addresses[i] & ~1UL, "handler at");
        expect_killed(no_stack, bad_addresses[i], "upcall with stack");
        expect_killed(return_to, bad_addresses[i] & ~1UL, "return to");
        CHECK(upcall(handle, (struct upcall *)bad_addresses[i]) == -1);
    }
    expect_killed(bad_handler, (uint64)&area, "handler in data");
    expect_killed(bad_handler, (uint64)faulting_handler, "faulting handler");
    for (uint64 how = 0; how < 3; how++)
        expect_killed(no_area, how, "area gone");
    CHECK(upcall(handle, (struct upcall *)(void *)((char *)&area + 1)) == -1);
    CHECK(upcall(handle, (struct upcall *)(uint64)upcall_misuse) == -1);
}

/* What can be refused is refused, and changes nothing. */
static void upcall_refused(void)
{
    begin();
    for (int i = 0; i < nbad_addresses; i++)
        CHECK(upcall_return((struct upcall_frame *)bad_addresses[i]) == -1);
    CHECK(upcall_notify(-1) == -1 && upcall_notify(1) == -1 && upcall_notify(0x7fffffff) == -1);
    post(getpid());
    CHECK(calls == 1);
}

const struct test upcall_tests[] = {
    {"upcall_self", upcall_self, 0},
    {"upcall_early", upcall_early, 0},
    {"upcall_masked", upcall_masked, 0},
    {"upcall_whole", upcall_whole, 0},
    {"upcall_timer_whole", upcall_timer_whole, 0},
    {"upcall_timer_once", upcall_timer_once, 0},
    {"upcall_waits", upcall_waits, 0},
    {"upcall_wait_ends", upcall_wait_ends, 0},
    {"upcall_inherits", upcall_inherits, 0},
    {"upcall_misuse", upcall_misuse, 0},
    {"upcall_refused", upcall_refused, 0},
    {0, 0, 0},
};
