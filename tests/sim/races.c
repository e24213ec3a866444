/* SPDX-License-Identifier: BSD-3-Clause
 * The runtime of the instrumented build: gcc -fsanitize=thread calls it before each plain access to memory
 * of the core and of the scenes; memory.c tells it of the primitives'. It looks for data races.
 *
 * A race: two cpus access the same word, one of them writes, not both by primitives, and nothing orders
 * the two. Order comes from release and acquire only, and from interrupts between cpus, as memory.c
 * says: so a missing publish shows although the host reorders nothing. A word that one cpu writes while
 * others look at it is written with poke.
 *
 * Since each unordered access is an error, cpus need to take turns at primitives only. An interrupt of
 * the cpu's own is another matter: it may come at every access.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views.h"

/* What is known of four bytes: the last write, and each cpu's last read. */
struct shadow {
    uint32 epoch; /* of another one: nothing */
    uint32 write_clock;
    signed char write_cpu; /* -1: none */
    bool write_atomic;
    bool freed;
    uint32 write_pc; /* the program lies low */
    uint32 read_clock[SIM_CPUS];
    uint32 read_pc[SIM_CPUS];
};

static struct shadow *shadows;
static uint32 epoch;

static struct shadow *shadow_of(int64 word)
{
    struct shadow *s = &shadows[word];

    if (s->epoch != epoch) {
        memset(s, 0, sizeof(*s));
        s->epoch = epoch;
        s->write_cpu = -1;
    }
    return s;
}

/* Nothing has been accessed yet. */
void races_begin(void)
{
    static uint32 *last;

    if (shadows == NULL) {
        shadows = host_alloc(WORDS_MAX * sizeof(*shadows));
        last = host_alloc(sizeof(*last)); /* a restore would take it back */
    }
    epoch = ++*last;
}

/* The memory is another object's from now on. */
void races_forget(const void *start, size_t size)
{
    int64 word = word_of(start), end = word + (int64)(size / 4);

    memory_forget(start, size);
    for (; shadows != NULL && word < end; word++)
        shadows[word].epoch = 0;
}

/* Nobody may use it from now on. */
void races_free(const void *start, size_t size)
{
    int64 word = word_of(start), end = word + (int64)(size / 4);

    memory_forget(start, size);
    for (; shadows != NULL && word < end; word++) {
        shadows[word].epoch = 0;
        shadow_of(word)->freed = true;
    }
}

static void report(const char *what, const volatile void *p, int other, uint32 other_pc,
                   const void *pc)
{
    panic("data race at %p: %s; cpu %d at %x, cpu %d at %lx", (const void *)p, what, other,
          other_pc, self, (uint64)pc);
}

static bool seen(int other, uint32 when)
{
    return sim_clock(self)[other] >= when;
}

static void on_access(struct shadow *s, const volatile void *p, bool write, bool atomic,
                      const void *pc)
{
    int w = s->write_cpu;

    if (s->freed)
        panic("use of freed memory at %p, by %lx", (const void *)p, (uint64)pc);
    if (w >= 0 && w != self && !seen(w, s->write_clock) && !(atomic && s->write_atomic))
        report(write ? "written, written" : "written, read", p, w, s->write_pc, pc);
    if (!write && !atomic) {
        s->read_clock[self] = sim_clock(self)[self];
        s->read_pc[self] = (uint32)(uint64)pc;
    }
    if (!write)
        return;
    for (int i = 0; i < ncpus; i++)
        if (i != self && s->read_clock[i] != 0 && !seen(i, s->read_clock[i]))
            report("read, written", p, i, s->read_pc[i], pc);
    s->write_cpu = (signed char)self;
    s->write_clock = sim_clock(self)[self];
    s->write_atomic = atomic;
    s->write_pc = (uint32)(uint64)pc;
}

static void on_words(const volatile void *p, size_t size, bool write, bool atomic, const void *pc)
{
    int64 word = word_of(p), last = word_of((const volatile char *)p + size - 1);

    lines_access(p, size, write, pc);
    for (; word >= 0 && word <= last; word++)
        on_access(shadow_of(word), p, write, atomic, pc);
}

void races_written(const void *start, size_t size)
{
    if (running && (!exploring || explore_marked()))
        on_words(start, size, true, false, __builtin_return_address(0));
}

void races_atomic(const volatile void *p, size_t size, bool read, bool write, const void *pc)
{
    if (!running || (exploring && !explore_marked()))
        return;
    if (read)
        on_words(p, size, false, true, pc);
    if (write)
        on_words(p, size, true, true, pc);
}

static void plain(const volatile void *p, size_t size, bool write, const void *pc)
{
    if (!running || word_of(p) < 0)
        return;
    if (exploring)
        explore_point(POINT_ACCESS, p, write);
    else
        sim_point();
    if (exploring && !explore_marked())
        return;
    on_words(p, size, write, false, pc);
    if (write)
        memory_plain_write(p);
}

/* --- what the compiler calls; the names are its runtime's --- */

#define PC __builtin_return_address(0)

#define PLAIN(n)                                   \
    void __tsan_read##n(const void *p);            \
    void __tsan_read##n(const void *p)             \
    {                                              \
        plain(p, n, false, PC);                    \
    }                                              \
    void __tsan_write##n(const void *p);           \
    void __tsan_write##n(const void *p)            \
    {                                              \
        plain(p, n, true, PC);                     \
    }                                              \
    void __tsan_unaligned_read##n(const void *p);  \
    void __tsan_unaligned_read##n(const void *p)   \
    {                                              \
        plain(p, n, false, PC);                    \
    }                                              \
    void __tsan_unaligned_write##n(const void *p); \
    void __tsan_unaligned_write##n(const void *p)  \
    {                                              \
        plain(p, n, true, PC);                     \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(const void *p, size_t size);
void __tsan_read_range(const void *p, size_t size)
{
    plain(p, size, false, PC);
}
void __tsan_write_range(const void *p, size_t size);
void __tsan_write_range(const void *p, size_t size)
{
    plain(p, size, true, PC);
}
void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
    (void)pc;
}
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}
