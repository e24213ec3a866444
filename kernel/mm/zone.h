/* SPDX-License-Identifier: BSD-3-Clause
 * Zones: objects of one size, smaller than a page. Each cpu has free objects of its own; an object that
 * another cpu frees goes home by a passive IPI message. Pages without an object go back to the page
 * allocator, except for a small reserve.
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "kernel/types.h"
#include "lwkt/spin.h"

struct zone;

/* A zone for objects of `size` bytes (at most 2048), aligned to 16. name: for people. Boot, or thread
 * context; zones are never destroyed. Panics if no memory is left (zones are made at boot). */
struct zone *zone_create(const char *name, size_t size);

/* One object, zeroed, or NULL if no memory is left. Thread context. */
void *zalloc(struct zone *z);

/* Give an object back; any cpu, thread context or IPI body (not while holding a spin lock). */
void zfree(struct zone *z, void *obj);

/* Memory of any size from 1 byte to 2048, from zones of powers of two; zeroed. NULL: out of memory. */
void *kmalloc(size_t size);
void kfree(void *obj);

void zone_init(void);

#endif
