/* SPDX-License-Identifier: BSD-3-Clause
 * Kernel stacks (machine.h: cpu_stack_alloc, cpu_stack_free).
 *
 *   slot i, at KSTACKS + i * KSTACK_SLOT:   [ guard: unmapped, 16 KiB or more | stack ]
 *
 * Freed stacks stay mapped for reuse. When more than CACHE_MAX are kept, REAP_BATCH of them are
 * unmapped, and a cpusync makes all cpus drop their translations before the pages are freed: no page
 * is reused while some hart could still write to it through an old translation.
 *
 * Both functions: any cpu, thread context, also in critical sections, but with no spin lock held (a
 * free may stop the other cpus). An IPI body may free, too; it leaves the reaping to a later free. Kept
 * stacks count as free memory (memstat.h), though page_alloc cannot have their pages: at most CACHE_MAX
 * stacks, plus those that IPI bodies have freed.
 */
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/bits.h"
#include "lib/sysctl.h"
#include "lwkt/cpusync.h"
#include "lwkt/spin.h"
#include "mm/memstat.h"
#include "mm/page.h"
#include "mm/vm.h"

#define NSLOTS (KSTACKS_SIZE / KSTACK_SLOT)
#define CACHE_MAX 32 /* stacks kept for reuse, of both kinds together */
#define REAP_BATCH 16
#define MAX_PAGES 4 /* of a stack; the rest of its slot is guard */

/* A free stack. This lies in the stack's lowest page, and is used by its address in the direct map,
 * because this hart may not have fenced since the stack was mapped. */
struct freestack {
    struct freestack *next;
    void *base; /* the address as a stack */
};

/* Stacks come in two sizes. */
enum { SMALL, LARGE, NKINDS };
static const uint32 kind_pages[NKINDS] = {2, MAX_PAGES};

static struct {
    struct spinlock lock;
    struct freestack *cached[NKINDS];
    uint32 ncached;
    uint64 npages;                 /* of stacks cached and being reaped; others may peek */
    uint64 slot_used[NSLOTS / 64]; /* a bit per slot */
} stacks = {.lock = SPINLOCK("kernel stacks")};

/* Stacks on their way out of the address space. */
struct batch {
    uint32 nstacks, npages;
    uint64 slot[REAP_BATCH];
    void *page[REAP_BATCH * MAX_PAGES];
};

static uint64 slot_of(const void *base)
{
    return ((uint64)base - KSTACKS) / KSTACK_SLOT;
}

static uint64 stack_base(uint64 slot, uint32 npages)
{
    return KSTACKS + (slot + 1) * KSTACK_SLOT - npages * PGSIZE;
}

/* The kind of a stack of this size in bytes; -1: too large. */
static int kind_of(size_t size)
{
    for (int kind = 0; kind < NKINDS; kind++)
        if (size <= kind_pages[kind] * PGSIZE)
            return kind;
    return -1;
}

/* Reserve the lowest free slot, so that few page tables are needed; -1: all are taken. */
static int64 slot_alloc(void)
{
    int64 slot = -1;

    spin_lock(&stacks.lock);
    for (uint64 w = 0; w < NSLOTS / 64 && slot < 0; w++)
        if (stacks.slot_used[w] != ~0UL) {
            int bit = bit_lowest64(~stacks.slot_used[w]);
            stacks.slot_used[w] |= 1UL << bit;
            slot = (int64)(w * 64) + bit;
        }
    spin_unlock(&stacks.lock);
    return slot;
}

/* With stacks.lock held. */
static void slot_free(uint64 slot)
{
    stacks.slot_used[slot / 64] &= ~(1UL << (slot % 64));
}

/*
 * A stack from the cache, or NULL. Its pages stop counting as a reserve, unless it is to be reaped.
 */
static void *cache_get(int kind, bool to_reap)
{
    void *base = NULL;

    spin_lock(&stacks.lock);
    struct freestack *s = stacks.cached[kind];
    if (s != NULL) {
        base = s->base;
        stacks.cached[kind] = s->next;
        stacks.ncached--;
        if (!to_reap)
            poke(&stacks.npages, stacks.npages - kind_pages[kind]);
    }
    spin_unlock(&stacks.lock);
    return base;
}

/*
 * Map pages as the stack of a slot. All pages were allocated before the first is mapped, and one page
 * table serves the whole slot, so this fails at the first page or not at all: it never has to undo a
 * mapping that other harts may have used already.
 */
static bool map_pages(uint64 base, void **page, uint32 npages)
{
    for (uint32 i = 0; i < npages; i++)
        if (pmap_kernel_map(base + i * PGSIZE, KVA_TO_PA(page[i]), PTE_R | PTE_W) < 0) {
            KASSERT(i == 0, "a slot needs one page table");
            return false;
        }
    return true;
}

/* A stack in a slot of its own, or NULL. */
static void *stack_create(uint32 npages)
{
    void *page[MAX_PAGES];
    uint32 n = 0;
    int64 slot = slot_alloc();

    if (slot < 0)
        return NULL;
    while (n < npages && (page[n] = page_alloc()) != NULL)
        n++;
    uint64 base = stack_base((uint64)slot, npages);
    if (n == npages && map_pages(base, page, npages))
        return (void *)base;

    while (n > 0)
        page_unref(page[--n]);
    spin_lock(&stacks.lock);
    slot_free((uint64)slot);
    spin_unlock(&stacks.lock);
    return NULL;
}

void *cpu_stack_alloc(size_t size)
{
    int kind = kind_of(size);
    char *base;

    if (kind < 0)
        return NULL;
    base = cache_get(kind, false);
    if (base == NULL)
        base = stack_create(kind_pages[kind]);
    /* This hart may remember that nothing was mapped there, and will lay the first frame. */
    sfence_vma();
    return base == NULL ? NULL : base + kind_pages[kind] * PGSIZE - PGROUNDUP(size);
}

/* Take one stack out of its slot's page table, and add it to the batch. */
static void unmap_stack(struct batch *b, const void *base, uint32 npages)
{
    b->slot[b->nstacks++] = slot_of(base);
    for (uint32 i = 0; i < npages; i++)
        b->page[b->npages++] = PA_TO_KVA(pmap_kernel_unmap((uint64)base + i * PGSIZE));
}

/* Take a batch out of the cache and unmap it, large ones first. */
static void unmap_batch(struct batch *b)
{
    b->nstacks = b->npages = 0;
    for (int kind = NKINDS - 1; kind >= 0; kind--) {
        void *base;
        while (b->nstacks < REAP_BATCH && (base = cache_get(kind, true)) != NULL)
            unmap_stack(b, base, kind_pages[kind]);
    }
}

static uint64 shootdowns; /* AMO */

static uint64 get_shootdowns(void)
{
    return peek(&shootdowns);
}

SYSCTL(vm_shootdowns, "vm.shootdowns", get_shootdowns, NULL);

static void drop_translations(lwkt_cpusync_t poll)
{
    (void)poll;
    sfence_vma();
}

/* Unmap a batch of cached stacks, make all cpus forget them, and free their pages and slots. */
static void reap(void)
{
    struct batch b;

    unmap_batch(&b);
    lwkt_cpusync_simple(lwkt_all_cpus(), drop_translations, NULL);
    amo_add(&shootdowns, 1);
    for (uint32 i = 0; i < b.npages; i++)
        page_unref(b.page[i]);
    spin_lock(&stacks.lock);
    for (uint32 i = 0; i < b.nstacks; i++)
        slot_free(b.slot[i]);
    poke(&stacks.npages, stacks.npages - b.npages);
    spin_unlock(&stacks.lock);
}

void cpu_stack_free(void *base, size_t size)
{
    int kind = kind_of(size);

    KASSERT(kind >= 0, "a stack of %lu bytes is too large", size);
    uint64 low = (uint64)base + PGROUNDUP(size) - kind_pages[kind] * PGSIZE;
    struct freestack *s = PA_TO_KVA(pmap_kernel_pa(low));
    KASSERT(low == stack_base(slot_of(base), kind_pages[kind]), "%p, %lu bytes, is not a stack",
            base, size);
    s->base = (void *)low;
    spin_lock(&stacks.lock);
    s->next = stacks.cached[kind];
    stacks.cached[kind] = s;
    poke(&stacks.npages, stacks.npages + kind_pages[kind]);
    bool full = ++stacks.ncached > CACHE_MAX;
    spin_unlock(&stacks.lock);
    if (full && mycpu->gd_intr_nesting_level == 0)
        reap();
}

void kstack_drain(void)
{
    while (peek(&stacks.ncached) > 0)
        reap();
}

uint64 kstack_count_reserve(void)
{
    return peek(&stacks.npages);
}
