/*
 * Zones: objects of one size, smaller than a page. Each cpu keeps free objects of its own; what one
 * cpu freed of another's memory goes home by a passive IPI. Freed memory of a whole page goes back to
 * the page allocator, beyond a small reserve.
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "kernel/types.h"
#include "lwkt/spin.h"

struct zone;

/* A zone for objects of `size` bytes (at most 2048), aligned to 16. name: for people. Boot, or thread
 * context; zones are never destroyed. Panics when memory is out (zones are made at boot). */
struct zone *zone_create(const char *name, size_t size);

/* One object, zeroed, or NULL when memory is out. Thread context. */
void *zalloc(struct zone *z);

/* Give an object back; any cpu, thread context or IPI body (not while holding a spin lock). */
void zfree(struct zone *z, void *obj);

/* Memory of any size from 1 byte to 2048, from zones of powers of two; zeroed. NULL: out of memory. */
void *kmalloc(size_t size);
void kfree(void *obj);

void zone_init(void);

#endif
