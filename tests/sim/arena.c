/* SPDX-License-Identifier: BSD-3-Clause
 * Memory of the simulated machine: one block of address space at a fixed place, so that an address means
 * the same in every execution and in every process, and nothing of it from malloc.
 *
 * Objects are never reused within a run: the use of one that was freed is found (by the sanitizer, or
 * the race detector). Stacks are, by size. What a run has changed is put back by snapshot_restore: the
 * program's variables, the objects, and of each stack the part that was in use at the snapshot. What must
 * outlive that is in memory of its own (host_alloc).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu.h"
#include "lwkt/ring.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#endif
#endif
#ifndef POISON
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

#define GAP CACHE_LINE /* between objects */
#define STACKS 256

/* In variables, so that a restore takes the allocations back, too. */
static size_t used;
static struct stack {
    char *base;
    size_t size;
    bool free;
    uint64 mapping; /* the number of the mapping that it has now */
} stacks[STACKS];
static int nstacks;

/* Stacks are mapped one after the other. A cpu knows a mapping for sure if it has fenced since then. */
static uint64 mappings;
static uint64 fenced[SIM_CPUS];
static size_t stacks_used;
static int nstructs; /* threads' */
static uint32 ring_size, ring_start;
size_t stack_extra = 56 * 1024;

static struct snapshot {
    char *variables, *objects;
    size_t objects_size;
    struct {
        char *live, *copy;
        size_t size;
    } stack[STACKS];
    int nstacks;
} * snap;

/* What a restore leaves as it is: the counters of a build that measures coverage. */
#define SPARED_MAX 8192
static struct spared {
    char *p;
    size_t size;
    char kept[256];
} * spared;
static int nspared;

extern char __data_start[], _end[]; /* the linker's */

void *host_alloc(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return p;
}

void arena_begin(void)
{
    void *p = mmap((void *)ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (p != (void *)ARENA) {
        perror("the simulated machine's memory");
        exit(2);
    }
    POISON((void *)ARENA, ARENA_SIZE);
}

/* Zeroed, aligned to CACHE_LINE. */
void *sim_alloc(size_t size)
{
    char *p = (char *)ARENA + used;

    size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    if (used + size + GAP > ARENA_OBJECTS)
        panic("the simulated machine has no memory");
    used += size + GAP;
    UNPOISON(p, size);
    memset(p, 0, size);
    races_written(p, size);
    return p;
}

void sim_free(void *p, size_t size)
{
    POISON(p, size);
    races_free(p, size);
}

void sim_memory_end(void)
{
    UNPOISON((void *)ARENA, used);
    races_forget((void *)ARENA, used);
    used = stacks_used = 0;
    nstacks = nstructs = 0;
    mappings = 0;
    memset(fenced, 0, sizeof(fenced));
}

void cpu_thread_arrive(void)
{
    fenced[self] = mappings;
}

bool sim_stack_is_mapped(const struct thread *td)
{
    char *base = (char *)td->td_kstack - stack_extra;

    for (const struct stack *s = stacks; s < stacks + nstacks; s++)
        if (s->base == base)
            return s->mapping <= fenced[self];
    return true; /* not one of cpu_stack_alloc's */
}

void *cpu_stack_alloc(size_t size)
{
    size_t whole = size + stack_extra;
    struct stack *s = stacks;

    while (s < stacks + nstacks && !(s->free && s->size == whole))
        s++;
    if (s == stacks + nstacks) {
        if (nstacks++ == STACKS || ARENA_OBJECTS + stacks_used + whole > ARENA_SIZE)
            panic("the simulated machine has no memory for stacks");
        s->base = (char *)ARENA + ARENA_OBJECTS + stacks_used;
        s->size = whole;
        stacks_used += whole;
    }
    s->free = false;
    s->mapping = ++mappings;
    cpu_thread_arrive(); /* the maker's fence */
    UNPOISON(s->base, whole);
    return s->base + stack_extra;
}

void cpu_stack_free(void *base, size_t size)
{
    char *start = (char *)base - stack_extra;

    for (struct stack *s = stacks; s < stacks + nstacks; s++)
        if (s->base == start) {
            CHECK(!s->free && s->size == size + stack_extra, "a stack is freed twice");
            s->free = true;
            POISON(start, s->size);
            return;
        }
    panic("no stack is at %p", base);
}

int sim_stacks(void)
{
    int n = 0;

    for (int i = 0; i < nstacks; i++)
        n += !stacks[i].free;
    return n;
}

int sim_structs(void)
{
    return nstructs;
}

struct thread *cpu_thread_struct_alloc(void)
{
    nstructs++;
    return sim_alloc(sizeof(struct thread));
}

void cpu_thread_struct_free(struct thread *td)
{
    nstructs--;
    sim_free(td, sizeof(*td));
}

void sim_rings(uint32 size, uint32 start)
{
    ring_size = size;
    ring_start = start;
}

struct lwkt_ipiq *cpu_ring_alloc(void)
{
    struct lwkt_ipiq *ip = sim_alloc(sizeof(*ip));

    ip->ip_size = ring_size;
    ip->ip_windex = ip->ip_rindex = ip->ip_xindex = ring_start;
    return ip;
}

/* --- the snapshot --- */

/* Where the thread that owns the stack left it: with the turn, off the cpu, or never begun. */
static uint64 stack_pointer(const struct stack *s, uint64 mark_sp)
{
    uint64 low = (uint64)s->base, high = low + s->size, sp = low;

    for (int i = 0; i < ncpus; i++)
        list_foreach(node, &globaldata_of[i]->gd_tdallq)
        {
            uint64 p = list_entry(node, struct thread, td_allq)->td_mach.md_sp;
            if (p > low && p < high)
                sp = p;
        }
    for (int i = 0; i < ncpus; i++)
        if (i != self && cpus[i].sp > low && cpus[i].sp < high)
            sp = cpus[i].sp;
    return mark_sp > low && mark_sp < high ? mark_sp : sp;
}

static char *copy_of(const void *p, size_t size)
{
    return memcpy(host_alloc(size), p, size);
}

void snapshot_take(uint64 mark_sp)
{
    snap = host_alloc(sizeof(*snap));
    for (int i = 0; i < nstacks; i++) {
        uint64 sp = stack_pointer(&stacks[i], mark_sp);
        size_t size = (uint64)stacks[i].base + stacks[i].size - sp;
        snap->stack[i].live = (char *)sp;
        snap->stack[i].size = size;
        snap->stack[i].copy = copy_of((char *)sp, size);
    }
    snap->nstacks = nstacks;
    snap->objects = copy_of((void *)ARENA, used);
    snap->objects_size = used;
    snap->variables = copy_of(__data_start, (size_t)(_end - __data_start));
}

void snapshot_spare(char *p, size_t size)
{
    if (spared == NULL)
        spared = host_alloc(SPARED_MAX * sizeof(*spared));
    for (; size > 0 && nspared < SPARED_MAX; nspared++) {
        size_t part = size < sizeof(spared->kept) ? size : sizeof(spared->kept);
        spared[nspared].p = p;
        spared[nspared].size = part;
        p += part;
        size -= part;
    }
}

void snapshot_restore(void)
{
    struct snapshot *s = snap;

    for (int i = 0; i < nspared; i++)
        memcpy(spared[i].kept, spared[i].p, spared[i].size);
    memcpy(__data_start, s->variables, (size_t)(_end - __data_start));
    memcpy((void *)ARENA, s->objects, s->objects_size);
    for (int i = 0; i < s->nstacks; i++)
        memcpy(s->stack[i].live, s->stack[i].copy, s->stack[i].size);
    for (int i = 0; i < nspared; i++)
        memcpy(spared[i].p, spared[i].kept, spared[i].size);
}
