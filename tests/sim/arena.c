/* SPDX-License-Identifier: BSD-3-Clause
 * Memory of the simulated machine: one block of address space at a fixed place, so that an address means
 * the same in every execution and in every process, and nothing of it from malloc.
 *
 * Objects are never reused within a run: the use of one that was freed is found (by the sanitizer, or
 * the race detector). Stacks are, by size. snapshot.c puts all of it back. What must outlive that is in memory
 * of its own (host_alloc).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "views.h"
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
#define OBJECTS_MAX 2000

/* In variables, so that a restore takes the allocations back, too. */
static size_t used;
static struct stack {
    char *base;
    size_t size;
    bool free;
    uint64 mapping; /* the number of the mapping that it has now */
} stacks[STACKS];
static int nstacks;

static struct object {
    char *base;
    size_t size;
    const char *what;
} objects[OBJECTS_MAX]; /* for reports; those beyond the last place have no name */
static int nobjects;

/* Stacks are mapped one after the other. A cpu knows a mapping for sure if it has fenced since then. */
static uint64 mappings;
static uint64 fenced[SIM_CPUS];
static size_t stacks_used;
static int nstructs; /* threads' */
static uint32 ring_size, ring_start;
size_t stack_extra = 56 * 1024;

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
void *sim_alloc(size_t size, const char *what)
{
    char *p = (char *)ARENA + used;

    if (nobjects < OBJECTS_MAX)
        objects[nobjects++] = (struct object){p, size, what};

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
    nstacks = nstructs = nobjects = 0;
    mappings = 0;
    memset(fenced, 0, sizeof(fenced));
}

/* Nothing is kept for a thread that leaves, but it must still be this cpu's. The peek is a point at which
 * another cpu may run. */
void cpu_thread_leave(struct thread *td)
{
    if (peek(&td->td_gd) != mycpu)
        panic("%s has left cpu %d before cpu_thread_leave", td->td_comm, mycpuid);
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

const char *sim_object(uint64 address, uint64 *offset)
{
    for (const struct object *o = objects; o < objects + nobjects; o++) {
        *offset = address - (uint64)o->base;
        if (*offset < o->size)
            return o->what;
    }
    *offset = 0;
    return address - ARENA < ARENA_SIZE ? "a stack" : "a variable";
}

size_t sim_objects(void)
{
    return used;
}

bool sim_stack(int i, char **base, size_t *size)
{
    *base = stacks[i].base;
    *size = stacks[i].size;
    return i < nstacks;
}

int sim_structs(void)
{
    return nstructs;
}

struct thread *cpu_thread_struct_alloc(void)
{
    nstructs++;
    return sim_alloc(sizeof(struct thread), "struct thread");
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
    struct lwkt_ipiq *ip = sim_alloc(sizeof(*ip), "struct lwkt_ipiq");

    ip->ip_size = ring_size;
    ip->ip_windex = ip->ip_rindex = ip->ip_xindex = ring_start;
    return ip;
}
