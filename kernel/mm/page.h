/* SPDX-License-Identifier: BSD-3-Clause
 * Physical pages. Free pages lie in per-cpu lists, which exchange batches with a common pool, so that
 * work on one cpu rarely writes a cache line that others use. Every page has a reference count, which
 * copy-on-write uses. Addresses are those of the direct map.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>

#include "kernel/riscv.h"
#include "kernel/types.h"
#include "lib/assert.h"
#include "lib/atomic.h"

/* Take over [start, end) of physical memory; boot hart, before other harts run. May be called for
 * several ranges. The table of reference counts is taken out of the first range that has room;
 * ranges before that stay unused. */
void page_init(uint64 start, uint64 end);

/* Keep some pages for the user at the console, 1 MiB: a shell, and some commands at a time. Boot
 * hart, after all calls of page_init. */
#define PAGES_RESERVED 256
void page_fill_reserve(void);

/* One page with reference count 1, or NULL if no memory is left for this thread. Any context but an
 * interrupt handler. page_alloc's content is arbitrary; page_zalloc's is 0. */
void *page_alloc(void);
void *page_zalloc(void);

/* A page's count of holders: page_counts is where the count of the page at address 0 would be. AMO. */
extern uint64 page_counts;
static inline uint32 *page_refp(const void *page)
{
    return (uint32 *)(page_counts + ((uint64)page >> PGSHIFT) * sizeof(uint32));
}

/* Add a holder. / Remove one; the last one frees the page. Any cpu. */
static inline void page_ref(void *page)
{
    uint32 old = amo_add(page_refp(page), 1);

    KASSERT(old > 0, "page %p is free", page);
    (void)old;
}
void page_unref(void *page);

/* Give up the caller's hold unless it is the only one. False: it is, so it still holds the page. */
bool page_unref_shared(void *page);

/* True if the caller is the only holder: then it may write without copying. Pairs with the release in
 * page_unref: if the caller is alone, the others' reads have happened. */
static inline bool page_sole(void *page)
{
    return consume(page_refp(page)) == 1;
}

/* Pages not in use, per-cpu lists included; exact if nothing allocates meanwhile. */
uint64 page_count_free(void);
uint64 page_count_all(void);

#endif
