/* SPDX-License-Identifier: BSD-3-Clause
 * The page allocator. page_alloc, page_ref and page_unref: any cpu, thread context or IPI body (not
 * interrupt handlers), spin locks may be held.
 *
 *   per cpu     ready   up to BATCH free pages, allocated and freed one by one
 *               spare   one whole batch, or none
 *   pool        batches of BATCH pages, and the ranges of memory that were never handed out
 *
 * A cpu goes to the pool, whose lock all cpus share, at most once in BATCH allocations or frees: with
 * two lists, a thread that allocates and frees around a batch's edge does not go there each time.
 * Memory that never left the pool is not touched, so boot costs the same with 128 MiB and 8 GiB.
 *
 * RESERVED pages are kept for the user at the console, so that hogs can be ended (docs/design.md): one
 * by one, and only when the pool is empty, a thread that may (thread_may_use_reserve) gets them.
 * While any of them is in use, every page that is freed fills the reserve up first. For that purpose
 * the limit of each cpu's ready list is 0 meanwhile, which sends all frees to the slow path; a cpu
 * that sees the old limit keeps one page more.
 *
 * Invariants: a page is free if and only if its count is 0; the lists of a cpu are touched only by
 * that cpu in a critical section; free pages are linked through their own first words. A cpu may keep
 * up to 2 * BATCH free pages: when the pool is empty, another cpu's allocation fails although they
 * exist. They count as free.
 */
#include "mm/page.h"

#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lib/testpoint.h"
#include "lwkt/spin.h"
#include "mm/memstat.h"
#include "riscv/fdt.h"

#define BATCH 32
#define MAXRANGES (MAXRESERVED + 4)
#define RESERVED PAGES_RESERVED

/* A free page. The first page of a batch also links the batches and holds the size of its own. */
struct freepage {
    struct freepage *next;
    struct freepage *next_batch;
    uint32 count;
};

struct page_cpu {
    struct freepage *ready;
    uint32 nready;
    uint32 limit;           /* BATCH; 0 while the reserve is not full (any cpu: peek, poke) */
    struct freepage *spare; /* BATCH pages, or NULL */
} __attribute__((aligned(CACHE_LINE)));

static struct page_cpu page_cpus[NCPU];

/* Memory that was never handed out, as addresses in the direct map: [next, end). */
struct fresh_range {
    uint64 next, end;
};

static struct {
    struct spinlock lock;
    struct freepage *batches;
    struct fresh_range fresh[MAXRANGES];
    int nfresh;
    uint64 nfree; /* pages in batches and fresh ranges */
    struct freepage *reserve;
    uint32 nreserve;
} pool = {.lock = SPINLOCK("page pool")};

static uint64 npages; /* pages that page_init was given, without the table */
uint64 page_counts;   /* the table has a count for each page of RAM */

/*
 * Put the table of counts, which covers all RAM, at the start of a range. Returns the address after it,
 * which is beyond the range if the range has no room. A count is set to 0 when its page first leaves
 * the pool; before that nothing reads it.
 */
static uint64 refs_init(uint64 start, uint64 end)
{
    uint64 after = PGROUNDUP(start + (board.mem_end - board.mem_base) / PGSIZE * sizeof(uint32));

    if (after < end) {
        uint64 first = (uint64)PA_TO_KVA(board.mem_base) >> PGSHIFT;
        page_counts = start - first * sizeof(uint32);
    }
    return after;
}

void page_init(uint64 start, uint64 end)
{
    uint64 first = (uint64)PA_TO_KVA(PGROUNDUP(start));
    uint64 last = (uint64)PA_TO_KVA(PGROUNDDOWN(end));

    if (start >= end || first >= last)
        return;
    if (page_counts == 0 && (first = refs_init(first, last)) >= last)
        return;
    if (pool.nfresh == MAXRANGES)
        panic("memory: more than %d ranges", MAXRANGES);
    pool.fresh[pool.nfresh++] = (struct fresh_range){first, last};
    pool.nfree += (last - first) / PGSIZE;
    npages += (last - first) / PGSIZE;
}

/*
 * Put up to n pages of memory that was never used before a list; returns how many. Pool locked.
 */
static uint32 fresh_pages(struct freepage **list, uint32 n)
{
    uint32 count = 0;

    while (pool.nfresh > 0 && count < n) {
        struct fresh_range *r = &pool.fresh[pool.nfresh - 1];
        for (; r->next < r->end && count < n; r->next += PGSIZE, count++) {
            struct freepage *p = (struct freepage *)r->next;
            *page_refp(p) = 0;
            p->next = *list;
            *list = p;
        }
        if (r->next == r->end)
            pool.nfresh--;
    }
    poke(&pool.nfree, pool.nfree - count);
    return count;
}

static void set_limits(uint32 limit)
{
    for (int i = 0; i < NCPU; i++)
        poke(&page_cpus[i].limit, limit);
}

/*
 * A page of the reserve as a batch of its own, or NULL. Pool locked.
 */
static struct freepage *reserve_get(void)
{
    struct freepage *page = pool.reserve;

    if (page == NULL || !thread_may_use_reserve())
        return NULL;
    if (pool.nreserve == RESERVED)
        set_limits(0);
    pool.reserve = page->next;
    poke(&pool.nreserve, pool.nreserve - 1);
    page->next = NULL;
    page->count = 1;
    return page;
}

/*
 * Put a free page into the reserve; false: the reserve is full.
 */
static bool reserve_put(struct freepage *page)
{
    spin_lock(&pool.lock);
    bool room = pool.nreserve < RESERVED;
    if (room) {
        page->next = pool.reserve;
        pool.reserve = page;
        poke(&pool.nreserve, pool.nreserve + 1);
        if (pool.nreserve == RESERVED)
            set_limits(BATCH);
    }
    spin_unlock(&pool.lock);
    return room;
}

/*
 * A batch from the pool, or NULL. list->count says how many pages it has.
 */
static struct freepage *pool_get(void)
{
    spin_lock(&pool.lock);
    struct freepage *list = pool.batches;
    if (list != NULL) {
        pool.batches = list->next_batch;
        poke(&pool.nfree, pool.nfree - list->count);
    } else {
        uint32 count = fresh_pages(&list, BATCH);
        if (list != NULL)
            list->count = count;
        else
            list = reserve_get();
    }
    spin_unlock(&pool.lock);
    return list;
}

static void pool_put(struct freepage *list, uint32 count)
{
    spin_lock(&pool.lock);
    list->count = count;
    list->next_batch = pool.batches;
    pool.batches = list;
    poke(&pool.nfree, pool.nfree + count);
    spin_unlock(&pool.lock);
}

/* Take the first of the ready pages, of which there is one. */
static inline struct freepage *take_ready(struct page_cpu *pc)
{
    struct freepage *page = pc->ready;

    pc->ready = page->next;
    poke(&pc->nready, pc->nready - 1);
    KASSERT(*page_refp(page) == 0, "free page %p has %u holders", (void *)page, *page_refp(page));
    poke(page_refp(page), 1);
    return page;
}

/*
 * This cpu has no ready page: make ready the spare batch, or one from the pool. NULL: no memory is
 * left. A function of its own, so that the usual allocation saves few registers.
 */
static struct freepage *__attribute__((noinline)) page_alloc_slow(struct page_cpu *pc)
{
    struct freepage *list = pc->spare;

    if (list != NULL) {
        poke(&pc->spare, NULL);
        poke(&pc->nready, BATCH);
    } else {
        list = pool_get();
        if (list == NULL)
            return NULL;
        poke(&pc->nready, list->count);
    }
    pc->ready = list;
    return take_ready(pc);
}

void *page_alloc(void)
{
    if (testpoint(TP_FAIL_ALLOC))
        return NULL;
    crit_enter();
    struct page_cpu *pc = &page_cpus[mycpuid];
    struct freepage *page = pc->ready != NULL ? take_ready(pc) : page_alloc_slow(pc);
    crit_exit();
    return page;
}

void *page_zalloc(void)
{
    void *page = page_alloc();

    if (page != NULL)
        memset(page, 0, PGSIZE);
    return page;
}

/* Put a page on this cpu's ready list. */
static inline void make_ready(struct page_cpu *pc, struct freepage *page)
{
    page->next = pc->ready;
    pc->ready = page;
    poke(&pc->nready, pc->nready + 1);
}

/*
 * The reserve is not full, or this cpu's ready list is: that becomes the spare batch. A function of its
 * own, so that the usual free saves no registers.
 */
static void __attribute__((noinline)) page_free_slow(struct page_cpu *pc, struct freepage *page)
{
    if (reserve_put(page))
        return;
    if (pc->nready == BATCH) {
        if (pc->spare != NULL)
            pool_put(pc->spare, BATCH);
        poke(&pc->spare, pc->ready);
        pc->ready = NULL;
        poke(&pc->nready, 0);
    }
    make_ready(pc, page);
}

/*
 * Put a page into the reserve, or on this cpu's lists, whichever cpu allocated it: pages belong to no
 * cpu.
 */
static void page_free(struct freepage *page)
{
    crit_enter();
    struct page_cpu *pc = &page_cpus[mycpuid];
    if (pc->nready < peek(&pc->limit))
        make_ready(pc, page);
    else
        page_free_slow(pc, page);
    crit_exit();
}

void page_drain(void)
{
    crit_enter();
    struct page_cpu *pc = &page_cpus[mycpuid];
    if (pc->spare != NULL)
        pool_put(pc->spare, BATCH);
    if (pc->ready != NULL)
        pool_put(pc->ready, pc->nready);
    pc->ready = NULL;
    poke(&pc->spare, NULL);
    poke(&pc->nready, 0);
    crit_exit();
}

/*
 * Release: what this holder did with the page comes before. Acquire: the holder that drops the last
 * reference, and frees the page, comes after all that. Pairs with itself on the other holders' cpus.
 */
void page_unref(void *page)
{
    uint32 old = amo_add_acqrel(page_refp(page), -1u);

    KASSERT(old > 0, "page %p is free already", page);
    if (old == 1)
        page_free(page);
}

/*
 * For a page whose last holder has more to free. Of two that do this at once, one is the last, so the
 * count cannot be looked at first. Ordered as in page_unref.
 */
bool page_unref_shared(void *page)
{
    if (amo_add_acqrel(page_refp(page), -1u) != 1)
        return true;
    poke(page_refp(page), 1);
    return false;
}

void page_fill_reserve(void)
{
    if (page_counts == 0)
        panic("memory: no range has room for the page counts of %#lx..%#lx", board.mem_base,
              board.mem_end);
    spin_lock(&pool.lock);
    poke(&pool.nreserve, fresh_pages(&pool.reserve, RESERVED));
    if (pool.nreserve == RESERVED)
        set_limits(BATCH);
    spin_unlock(&pool.lock);
}

uint64 page_count_free(void)
{
    uint64 n = peek(&pool.nfree) + peek(&pool.nreserve);

    for (int i = 0; i < ncpus; i++)
        n += peek(&page_cpus[i].nready) + (peek(&page_cpus[i].spare) != NULL ? BATCH : 0);
    return n;
}

uint64 page_count_all(void)
{
    return npages;
}
