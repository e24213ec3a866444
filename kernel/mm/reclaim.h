/* SPDX-License-Identifier: BSD-3-Clause
 * Taking back what is only kept for later, when no page is left. Thread context, without spin locks.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include <stdbool.h>

#include "lib/string.h"
#include "mm/page.h"

/* Give up all pages that are only kept. may_wait: the caller holds no lock of the file system and
 * is in no transaction, so blocks that the log still needs may be written first. False: nothing was
 * kept. */
bool memory_reclaim(bool may_wait);

/* Whether a program may have so many pages more. Exact if nothing allocates meanwhile. */
bool memory_has(uint64 pages);

/* Its middle: every cpu gives up its lists, and takes home what others have freed. */
void reclaim_settle(void);

/* A page for a program: page_alloc and page_zalloc, but what is kept is taken back before NULL, unless
 * the caller holds a token. It may hold locks of the file system, but not the block cache's. */
void *page_alloc_reclaimed(void);
void *page_zalloc_reclaimed(void);
static inline void *page_alloc_user(void)
{
    void *page = page_alloc();

    return __builtin_expect(page != NULL, 1) ? page : page_alloc_reclaimed();
}
static inline void *page_zalloc_user(void)
{
    void *page = page_zalloc();

    return __builtin_expect(page != NULL, 1) ? page : page_zalloc_reclaimed();
}

/* The file system's caches, which it enters here: pages that could be given up, and giving them up. */
extern uint64 (*reclaim_count_caches)(void);
extern void (*reclaim_drop_caches)(bool may_wait);

#endif
