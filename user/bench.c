/* SPDX-License-Identifier: BSD-3-Clause
 * bench [prefix...]: count the instructions of common operations, and print a line "bench NAME COUNT"
 * for each; with prefixes, only of those whose names begin with one of them.
 *
 * Instructions are read from the instret counter, which is exact only in the deterministic mode
 * (`make bench`). It counts the instructions of all harts together, so the machine must have one hart,
 * or the others must be idle. An item is run in batches; the result is the average of the cheapest
 * batch, so that a timer interrupt or a full log in another batch does not count.
 *
 * Two more names are printed first: boot, the instructions from the kernel's entry to bench's first one
 * (run= begins with it), and pages_in_use, the pages that are neither free nor in the block cache.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/ktest.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define BATCHES 5
#define MAXITER 1000
#define TICKS 17

struct item {
    const char *name;
    void (*run)(int n);  /* do the operation n times */
    int n;               /* operations in a batch, at most MAXITER */
    void (*setup)(void); /* before and after all batches; or 0 */
    void (*teardown)(void);
};

static char block[4096];
static int there[2], back[2]; /* pipes of the items with two processes */
static int partner;           /* the other process */

static void die(const char *what)
{
    fprintf(2, "bench: %s failed\n", what);
    exit(1);
}

static void must(int ok, const char *what)
{
    if (!ok)
        die(what);
}

static uint64 instructions(void)
{
    uint64 n;

    __asm__ volatile("csrr %0, instret" : "=r"(n)::"memory");
    return n;
}

/* --- The operations --- */

static void do_nothing(int n)
{
    for (int i = 0; i < n; i++)
        __asm__ volatile("" ::: "memory");
}

static void null_call(int n)
{
    for (int i = 0; i < n; i++)
        getpid();
}

static void reap_partner(void)
{
    kill(partner);
    wait(0);
}

/* A process on the same cpu that yields all the time. */
static void setup_yield(void)
{
    must(setaffinity(1UL << getcpu()) == 0, "setaffinity");
    partner = fork();
    must(partner >= 0, "fork");
    if (partner == 0)
        for (;;)
            yield();
}

/* Each of our yields lets the partner run until one of its own: they count as two. */
static void yields(int n)
{
    for (int i = 0; i < n; i += 2)
        yield();
}

static void open_pipes(void)
{
    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
}

static void close_pipes(void)
{
    close(there[0]);
    close(there[1]);
    close(back[0]);
    close(back[1]);
    wait(0);
}

/* A process that answers each byte. It ends when the pipe to it is closed. */
static void setup_echo(void)
{
    char c;

    open_pipes();
    partner = fork();
    must(partner >= 0, "fork");
    if (partner == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            write(back[1], &c, 1);
        exit(0);
    }
}

static void round_trips(int n)
{
    char c = 'x';

    for (int i = 0; i < n; i++) {
        write(there[1], &c, 1);
        read(back[0], &c, 1);
    }
}

/* A process that sends blocks of 512 bytes for ever. */
static void setup_blocks(void)
{
    open_pipes();
    partner = fork();
    must(partner >= 0, "fork");
    if (partner == 0) {
        close(there[0]);
        while (write(there[1], block, 512) == 512)
            ;
        exit(0);
    }
}

static void teardown_blocks(void)
{
    kill(partner);
    close_pipes();
}

static void read_blocks(int n)
{
    int bytes = n * 512, got;

    while (bytes > 0) {
        got = read(there[0], block, bytes < 512 ? bytes : 512);
        must(got > 0, "read");
        bytes -= got;
    }
}

static void fork_wait(int n)
{
    for (int i = 0; i < n; i++) {
        int pid = fork();
        if (pid == 0)
            exit(0);
        must(pid > 0 && wait(0) == pid, "fork");
    }
}

static void fork_exec_wait(int n)
{
    char *argv[] = {"true", 0};

    for (int i = 0; i < n; i++) {
        int status, pid = fork();
        if (pid == 0) {
            exec("/true", argv);
            exit(1);
        }
        must(pid > 0 && wait(&status) == pid && status == 0, "exec of /true");
    }
}

static char *heap;

static void setup_heap(void)
{
    heap = sbrklazy(BATCHES * MAXITER * (int)PGSIZE);
    must(heap != SBRK_ERROR, "sbrk");
    heap = (char *)PGROUNDUP((uint64)heap);
}

static void teardown_heap(void)
{
    sbrk(-BATCHES * MAXITER * (int)PGSIZE);
}

static void page_faults(int n)
{
    for (int i = 0; i < n; i++, heap += PGSIZE)
        *(volatile char *)heap = 1;
}

/* A child holds the pages that we write to. */
static void setup_cow(void)
{
    heap = sbrk(BATCHES * MAXITER * (int)PGSIZE);
    must(heap != SBRK_ERROR, "sbrk");
    heap = (char *)PGROUNDUP((uint64)heap);
    partner = fork();
    must(partner >= 0, "fork");
    if (partner == 0)
        for (;;)
            pause(1000);
}

static void teardown_cow(void)
{
    reap_partner();
    teardown_heap();
}

static void setup_file(void)
{
    int fd = open("bench.tmp", O_CREATE | O_RDWR);

    must(fd >= 0 && write(fd, block, sizeof(block)) == sizeof(block), "write");
    close(fd);
}

static void teardown_file(void)
{
    must(unlink("bench.tmp") == 0, "unlink");
}

static void open_close(int n)
{
    for (int i = 0; i < n; i++)
        close(open("bench.tmp", O_RDONLY));
}

static void open_read_close(int n)
{
    for (int i = 0; i < n; i++) {
        int fd = open("bench.tmp", O_RDONLY);
        must(read(fd, block, sizeof(block)) == sizeof(block), "read");
        close(fd);
    }
}

static void create_unlink(int n)
{
    for (int i = 0; i < n; i++) {
        close(open("bench.new", O_CREATE | O_RDWR));
        must(unlink("bench.new") == 0, "unlink");
    }
}

static void create_write_unlink(int n)
{
    for (int i = 0; i < n; i++) {
        int fd = open("bench.new", O_CREATE | O_RDWR);
        must(write(fd, block, sizeof(block)) == sizeof(block), "write");
        close(fd);
        must(unlink("bench.new") == 0, "unlink");
    }
}

/*
 * The cost of a timer tick to a loop that computes. The loop reads the counter in each turn; a turn
 * that costs much more than the cheapest one was interrupted, and only ticks interrupt it. The first
 * one does not count, as the process's start is not over before it.
 */
static void measure_ticks(void)
{
    uint64 last = instructions(), turn = ~0UL, sum = 0;

    for (int ticks = 0; ticks < TICKS;) {
        uint64 now = instructions(), cost = now - last;

        last = now;
        if (cost < turn)
            turn = cost;
        if (cost > turn + 50 && ++ticks != 1)
            sum += cost - turn;
    }
    printf("bench timer_tick %lu\n", sum / (TICKS - 1));
}

static const struct item items[] = {
    {"null_call", null_call, 1000, 0, 0},
    {"yield", yields, 1000, setup_yield, reap_partner},
    {"pipe_round_trip", round_trips, 500, setup_echo, close_pipes},
    {"pipe_512_bytes", read_blocks, 500, setup_blocks, teardown_blocks},
    {"fork_exit_wait", fork_wait, 100, 0, 0},
    {"fork_exec_exit_wait", fork_exec_wait, 50, 0, 0},
    {"lazy_page_fault", page_faults, 500, setup_heap, teardown_heap},
    {"cow_page_fault", page_faults, 500, setup_cow, teardown_cow},
    {"open_close", open_close, 500, setup_file, teardown_file},
    {"open_read_close", open_read_close, 500, setup_file, teardown_file},
    {"create_unlink", create_unlink, 100, 0, 0},
    {"create_write_unlink", create_write_unlink, 100, 0, 0},
};

/* The threading core's own, measured inside the kernel (boot argument ktest=1). */
static const struct kt_bench kernel_items[] = {
    {"crit", 1000, 0},        {"token", 1000, 0},      {"yield", 1000, 0},    {"yield_many", 10, 0},
    {"yield_many", 10000, 0}, {"pingpong", 1000, 0},   {"schedule", 1000, 0}, {"signal", 1000, 0},
    {"message", 1000, 0},     {"create", 500, 0},      {"interrupt", 100, 0}, {"ipi", 200, 0},
    {"ipi_send", 150, 0},     {"ipi_process", 160, 0}, {"ipi_batch", 100, 0},
};
#define NKERNEL (sizeof(kernel_items) / sizeof(kernel_items[0]))

#define NITEMS (sizeof(items) / sizeof(items[0]))

/* --- The measurement --- */

/* Instructions of one batch. The call by pointer costs the same for all items. */
static uint64 batch(void (*run)(int), int n)
{
    uint64 start = instructions();

    run(n);
    return instructions() - start;
}

static uint64 cheapest(void (*run)(int), int n)
{
    uint64 best = ~0UL;

    for (int i = 0; i < BATCHES; i++) {
        uint64 cost = batch(run, n);
        best = cost < best ? cost : best;
    }
    return best;
}

static void measure(const struct item *it)
{
    uint64 cost, loop;

    if (it->setup != 0)
        it->setup();
    loop = cheapest(do_nothing, it->n);
    cost = cheapest(it->run, it->n);
    if (it->teardown != 0)
        it->teardown();
    cost = cost > loop ? cost - loop : 0;
    printf("bench %s %lu\n", it->name, (cost + (uint64)it->n / 2) / (uint64)it->n);
}

/* Print nothing where the kernel refuses: too few harts, or no ktest=1. */
static int measure_kernel(const struct kt_bench *item)
{
    struct kt_bench b = *item;

    if (ktest(KT_BENCH, &b, sizeof(b)) < 0)
        return 0;
    printf("bench kernel_%s", b.name);
    if (b.n > 1000 || b.n < 100)
        printf("_%d", b.n);
    printf(" %lu\n", (b.count + (uint64)b.n / 2) / (uint64)b.n);
    return 1;
}

static int begins(const char *name, const char *prefix)
{
    while (*prefix != 0)
        if (*name++ != *prefix++)
            return 0;
    return 1;
}

static int is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (begins(name, argv[i]))
            return 1;
    return argc == 1;
}

static uint64 value_of(const char *name)
{
    uint64 value;

    must(sysctl(name, &value, 0) == 0, name);
    return value;
}

int main(int argc, char **argv)
{
    uint64 start = instructions();
    int wanted = 0;

    if (is_wanted("boot", argc, argv) && ++wanted)
        printf("bench boot %lu\n", start - value_of("kern.boot_instret"));
    if (is_wanted("pages_in_use", argc, argv) && ++wanted)
        printf("bench pages_in_use %lu\n", value_of("vm.total_pages") - value_of("vm.free_pages") -
                                               value_of("vfs.cache_pages"));
    for (uint i = 0; i < NITEMS; i++) {
        if (is_wanted(items[i].name, argc, argv)) {
            measure(&items[i]);
            wanted++;
        }
    }
    if (is_wanted("timer_tick", argc, argv)) {
        measure_ticks();
        wanted++;
    }
    for (uint i = 0; i < NKERNEL; i++)
        if (is_wanted(kernel_items[i].name, argc, argv))
            wanted += measure_kernel(&kernel_items[i]);
    if (wanted == 0)
        fprintf(2, "bench: no such item\n");
    exit(wanted == 0);
}
