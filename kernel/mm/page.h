/*
 * Physical pages. Free pages lie in per-cpu lists, refilled from and drained to a common pool in
 * batches, so that work on one cpu writes no line that others use. Every page has a reference count,
 * which copy-on-write uses. Addresses are those of the direct map.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>

#include "kernel/types.h"

/* Take over [start, end) of physical memory; boot hart, before other harts run. May be called for
 * several ranges. Its own table of reference counts comes out of the first range. */
void page_init(uint64 start, uint64 end);

/* One page with reference count 1, or NULL when memory is out. Any context but an interrupt's.
 * page_alloc's content is arbitrary; page_zalloc's is 0. */
void *page_alloc(void);
void *page_zalloc(void);

/* Count a further holder. / Drop one; the last frees the page. Any cpu. */
void page_ref(void *page);
void page_unref(void *page);

/* True when the caller is the only holder: it may then write without copying. */
bool page_sole(void *page);

/* Pages not in use, per-cpu lists included: exact when nothing allocates meanwhile. */
uint64 page_count_free(void);
uint64 page_count_all(void);

#endif
