/* SPDX-License-Identifier: BSD-3-Clause
 * What to do when no page is left: take back what is only kept for later. Free pages lie in lists
 * of other cpus, empty slabs and page tables in theirs, stacks of dead threads are kept for the next
 * ones, and cached blocks take whatever is free. All of these are given up, so that a program gets
 * all the memory that nobody uses, and counts the same number of pages each time it tries (xv6's
 * usertests do).
 */
#include "mm/reclaim.h"

#include "lwkt/ipiq.h"
#include "mm/memstat.h"
#include "mm/page.h"

/* What programs cannot have by sbrk: the reserve for the user at the console, and room for the
 * kernel's own objects. */
#define KEPT (PAGES_RESERVED + 96 + 32 * (uint64)ncpus)

uint64 (*reclaim_count_caches)(void);
void (*reclaim_drop_caches)(bool may_wait);

/* IPI body: process all messages, passive ones too, and give up what this cpu keeps. */
static void give_up_ipi(void *arg)
{
    (void)arg;
    lwkt_poll_ipiq();
    lwkt_trim_cache(0);
    zone_drain();
    pmap_drain();
    page_drain();
}

void reclaim_settle(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++) {
        globaldata_t gd = globaldata_of[cpu];
        lwkt_wait_ipiq(gd, lwkt_send_ipiq(gd, give_up_ipi, NULL));
    }
}

/* Twice, since the first round sends home what belongs to other cpus. */
bool memory_reclaim(bool may_wait)
{
    uint64 caches = reclaim_count_caches != NULL ? reclaim_count_caches() : 0;

    if (page_count_free() + zone_count_reserve() + kstack_count_reserve() + pmap_count_reserve() +
            caches ==
        0)
        return false;
    if (caches > 0)
        reclaim_drop_caches(may_wait);
    reclaim_settle();
    kstack_drain();
    reclaim_settle();
    return true;
}

/*
 * Which slabs and tables for stacks the kernel has at a time depends on which cpu does what, and on how
 * many processes there were. So that a program finds the same number of pages each time, what they take
 * counts towards what is kept.
 */
bool memory_has(uint64 pages)
{
    uint64 free = page_count_free();

    if (thread_may_use_reserve())
        return pages <= free;
    return pages + KEPT <= free ||
           pages + KEPT <= free + zone_count_pages() + pmap_count_stack_tables();
}

/* Giving up may block, and so lose the caller's tokens in the middle of its work. */
static bool reclaimed(void)
{
    return curthread->td_toks == NULL && memory_reclaim(false);
}

void *page_alloc_reclaimed(void)
{
    return reclaimed() ? page_alloc() : NULL;
}

void *page_zalloc_reclaimed(void)
{
    return reclaimed() ? page_zalloc() : NULL;
}
