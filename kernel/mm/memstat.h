/* SPDX-License-Identifier: BSD-3-Clause
 * How much memory there is, for people and for tests that look for leaks (sysctl vm.free_pages,
 * vm.total_pages; memstat.c), and what the other files of mm/ hold in reserve.
 */
#ifndef MM_MEMSTAT_H
#define MM_MEMSTAT_H

#include "kernel/types.h"

/* Pages of slabs without an object in use (zone.c). / Free those of this cpu: thread context or IPI
 * body. */
uint64 zone_count_reserve(void);
void zone_drain(void);

/* Pages of all slabs. */
uint64 zone_count_pages(void);

/* Page tables for kernel stacks, but for the first: they are made when stacks need them, and kept for
 * the next stacks, so a test that runs many processes must not take them for a leak (pmap.c). */
uint64 pmap_count_stack_tables(void);

/* Page tables kept for reuse, those included (pmap.c). / Free the others of this cpu: thread context or
 * IPI body. */
uint64 pmap_count_reserve(void);
void pmap_drain(void);

/* Give this cpu's lists of free pages to the pool (page.c); thread context or IPI body. */
void page_drain(void);

/* Pages of kernel stacks that are kept for reuse or are just being unmapped (kstack.c). */
uint64 kstack_count_reserve(void);

/* Free those that are kept for reuse. Thread context, no spin lock held. */
void kstack_drain(void);

#endif
