/*
 * The runtime of the instrumented build: gcc -fsanitize=thread calls it before each access to memory
 * of the core and of the scenes, and for each atomic one. Each call is a sim_point(), so cpus take turns,
 * and interrupts come, between any two accesses; and it looks for data races.
 *
 * A race: two cpus access the same word, one of them writes, and nothing orders the two. Order comes
 * from release and acquire only (publish, consume, the AMOs that say so, fence), as it does on a
 * machine that reorders all else: so a missing publish shows although the host reorders nothing.
 * Vector clocks: clock[c][d] is how much of cpu d's past cpu c has seen. An interrupt between cpus
 * orders nothing here, which is less than machine.h promises.
 *
 * An atomic access (peek, poke, an AMO, ...) that meets a plain one is a race like any other: a word that
 * one cpu writes while others look at it is written with poke and read with peek or consume.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* What is known of four bytes: the last write, and each cpu's last read. */
struct shadow {
    uint64 word; /* address / 4; 0: free */
    uint32 write_clock;
    int write_cpu;
    bool write_atomic;
    const void *write_pc;
    uint32 read_clock[SIM_CPUS];
    const void *read_pc[SIM_CPUS];
};

/* What releases to a word carry. */
struct sync {
    uint64 address;
    uint32 clock[SIM_CPUS];
};

#define SHADOWS (1 << 18)
#define SYNCS (1 << 14)
static struct shadow *shadows;
static uint32 shadows_used[SHADOWS], nused;
static struct sync *syncs;
static uint32 syncs_used[SYNCS], nsyncs;
static uint32 clock_of[SIM_CPUS][SIM_CPUS];
static uint32 fence_clock[SIM_CPUS];

static uint64 hash(uint64 x)
{
    return (x * 0x9e3779b97f4a7c15UL) >> 32;
}

static struct shadow *shadow_of(uint64 word)
{
    uint64 i = hash(word) % SHADOWS;

    while (shadows[i].word != word) {
        if (shadows[i].word == 0) {
            if (nused == SHADOWS / 2)
                panic("the race detector has no room");
            shadows_used[nused++] = (uint32)i;
            shadows[i].word = word;
            shadows[i].write_cpu = -1;
            break;
        }
        i = (i + 1) % SHADOWS;
    }
    return &shadows[i];
}

static struct sync *sync_of(uint64 address)
{
    uint64 i = hash(address) % SYNCS;

    while (syncs[i].address != address) {
        if (syncs[i].address == 0) {
            if (nsyncs == SYNCS / 2)
                panic("the race detector has no room");
            syncs_used[nsyncs++] = (uint32)i;
            syncs[i].address = address;
            break;
        }
        i = (i + 1) % SYNCS;
    }
    return &syncs[i];
}

void races_begin(void)
{
    if (shadows == NULL) {
        shadows = calloc(SHADOWS, sizeof(*shadows));
        syncs = calloc(SYNCS, sizeof(*syncs));
    }
    while (nused > 0)
        memset(&shadows[shadows_used[--nused]], 0, sizeof(*shadows));
    while (nsyncs > 0)
        memset(&syncs[syncs_used[--nsyncs]], 0, sizeof(*syncs));
    memset(clock_of, 0, sizeof(clock_of));
    memset(fence_clock, 0, sizeof(fence_clock));
    for (int i = 0; i < SIM_CPUS; i++)
        clock_of[i][i] = 1;
}

/* The memory is another object's from now on. */
void races_forget(const void *start, size_t size)
{
    uint64 first = (uint64)start / 4, last = ((uint64)start + size - 1) / 4;

    for (uint32 n = 0; n < nused; n++) {
        struct shadow *s = &shadows[shadows_used[n]];
        if (s->word < first || s->word > last)
            continue;
        uint64 word = s->word;
        memset(s, 0, sizeof(*s));
        s->word = word;
        s->write_cpu = -1;
    }
}

static void report(const char *what, uint64 word, int other, const void *other_pc, const void *pc)
{
    fprintf(stderr, "race at %lx: %s; cpu %d at %p, cpu %d at %p\n", word * 4, what, other,
            other_pc, sim_cpu(), pc);
    panic("data race");
}

static bool seen(int self, int other, uint32 when)
{
    return clock_of[self][other] >= when;
}

static void on_read(struct shadow *s, bool atomic, const void *pc)
{
    int me = sim_cpu(), w = s->write_cpu;

    if (w >= 0 && w != me && !seen(me, w, s->write_clock) && !(atomic && s->write_atomic))
        report("written, read", s->word, w, s->write_pc, pc);
    if (!atomic) {
        s->read_clock[me] = clock_of[me][me];
        s->read_pc[me] = pc;
    }
}

static void on_write(struct shadow *s, bool atomic, const void *pc)
{
    int me = sim_cpu(), w = s->write_cpu;

    if (w >= 0 && w != me && !seen(me, w, s->write_clock) && !(atomic && s->write_atomic))
        report("written, written", s->word, w, s->write_pc, pc);
    for (int i = 0; i < SIM_CPUS; i++)
        if (i != me && s->read_clock[i] != 0 && !seen(me, i, s->read_clock[i]))
            report("read, written", s->word, i, s->read_pc[i], pc);
    s->write_cpu = me;
    s->write_clock = clock_of[me][me];
    s->write_atomic = atomic;
    s->write_pc = pc;
}

static void join(uint32 *into, const uint32 *from)
{
    for (int i = 0; i < SIM_CPUS; i++)
        if (from[i] > into[i])
            into[i] = from[i];
}

static void acquire(uint64 address)
{
    join(clock_of[sim_cpu()], sync_of(address)->clock);
}

/* A store that releases nothing ends what the word carried; an AMO goes on with it. */
static void release(uint64 address, bool releases, bool amo)
{
    struct sync *s = sync_of(address);
    int me = sim_cpu();

    if (!amo)
        memset(s->clock, 0, sizeof(s->clock));
    if (!releases)
        return;
    join(s->clock, clock_of[me]);
    ++clock_of[me][me];
}

void sim_fence(void)
{
    int me = sim_cpu();

    sim_point();
    join(clock_of[me], fence_clock);
    join(fence_clock, clock_of[me]);
    ++clock_of[me][me];
}

/* All cpus see all there is so far: their start. */
void races_sync_all(void)
{
    for (int i = 0; i < SIM_CPUS; i++)
        for (int k = 0; k < SIM_CPUS; k++)
            join(clock_of[i], clock_of[k]);
    for (int i = 0; i < SIM_CPUS; i++)
        ++clock_of[i][i];
}

static void access_range(const void *p, size_t size, bool write, const void *pc)
{
    sim_point();
    for (uint64 word = (uint64)p / 4; word <= ((uint64)p + size - 1) / 4; word++) {
        if (write)
            on_write(shadow_of(word), false, pc);
        else
            on_read(shadow_of(word), false, pc);
    }
}

static void atomic_access(const void *p, size_t size, bool read, bool write, const void *pc)
{
    for (uint64 word = (uint64)p / 4; word <= ((uint64)p + size - 1) / 4; word++) {
        if (read)
            on_read(shadow_of(word), true, pc);
        if (write)
            on_write(shadow_of(word), true, pc);
    }
}

static bool acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static void before_amo(const void *p, size_t size, int order, const void *pc)
{
    sim_point();
    atomic_access(p, size, true, true, pc);
    if (acquires(order))
        acquire((uint64)p);
    release((uint64)p, releases(order), true);
}

/* --- what the compiler calls; the names are its runtime's --- */

#define PC __builtin_return_address(0)

#define PLAIN(n)                                   \
    void __tsan_read##n(const void *p);            \
    void __tsan_read##n(const void *p)             \
    {                                              \
        access_range(p, n, false, PC);             \
    }                                              \
    void __tsan_write##n(const void *p);           \
    void __tsan_write##n(const void *p)            \
    {                                              \
        access_range(p, n, true, PC);              \
    }                                              \
    void __tsan_unaligned_read##n(const void *p);  \
    void __tsan_unaligned_read##n(const void *p)   \
    {                                              \
        access_range(p, n, false, PC);             \
    }                                              \
    void __tsan_unaligned_write##n(const void *p); \
    void __tsan_unaligned_write##n(const void *p)  \
    {                                              \
        access_range(p, n, true, PC);              \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(const void *p, size_t size);
void __tsan_read_range(const void *p, size_t size)
{
    access_range(p, size, false, PC);
}
void __tsan_write_range(const void *p, size_t size);
void __tsan_write_range(const void *p, size_t size)
{
    access_range(p, size, true, PC);
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

#define AMO(bits, type, name)                                               \
    type __tsan_atomic##bits##_##name(volatile void *p, type v, int order); \
    type __tsan_atomic##bits##_##name(volatile void *p, type v, int order)  \
    {                                                                       \
        before_amo((const void *)p, sizeof(type), order, PC);               \
        return AMO_##name((volatile type *)p, v);                           \
    }

#define AMO_exchange(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define AMO_fetch_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define AMO_fetch_sub(p, v) __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST)
#define AMO_fetch_or(p, v) __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define AMO_fetch_and(p, v) __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)

#define ATOMIC(bits, type)                                                                  \
    type __tsan_atomic##bits##_load(const volatile void *p, int order);                     \
    type __tsan_atomic##bits##_load(const volatile void *p, int order)                      \
    {                                                                                       \
        sim_point();                                                                        \
        atomic_access((const void *)p, sizeof(type), true, false, PC);                      \
        if (acquires(order))                                                                \
            acquire((uint64)p);                                                             \
        return *(const volatile type *)p;                                                   \
    }                                                                                       \
    void __tsan_atomic##bits##_store(volatile void *p, type v, int order);                  \
    void __tsan_atomic##bits##_store(volatile void *p, type v, int order)                   \
    {                                                                                       \
        sim_point();                                                                        \
        atomic_access((const void *)p, sizeof(type), false, true, PC);                      \
        release((uint64)p, releases(order), false);                                         \
        *(volatile type *)p = v;                                                            \
    }                                                                                       \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile void *p, type *old, type v,  \
                                                      int order, int fail_order);           \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile void *p, type *old, type v,  \
                                                      int order, int fail_order)            \
    {                                                                                       \
        (void)fail_order;                                                                   \
        before_amo((const void *)p, sizeof(type), order, PC);                               \
        return __atomic_compare_exchange_n((volatile type *)p, old, v, 0, __ATOMIC_SEQ_CST, \
                                           __ATOMIC_SEQ_CST);                               \
    }                                                                                       \
    AMO(bits, type, exchange)                                                               \
    AMO(bits, type, fetch_add)                                                              \
    AMO(bits, type, fetch_sub)                                                              \
    AMO(bits, type, fetch_or)                                                               \
    AMO(bits, type, fetch_and)

ATOMIC(32, uint32)
ATOMIC(64, uint64)
