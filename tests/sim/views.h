/* SPDX-License-Identifier: BSD-3-Clause
 * What happened before what, and which value a load may return: views.c, and the race detector, races.c, in the
 * instrumented build. In the other one memory is what it is, and nothing is looked for.
 */
#ifndef SIM_VIEWS_H
#define SIM_VIEWS_H

#include "cpu.h"

/* A word's newest value. memory.c */
uint64 memory_load(const volatile void *p, size_t size);

#ifdef DETECT

/* How much of each cpu's past a cpu has seen: for the race detector. */
uint32 *sim_clock(int cpu);

/* A run begins, with or without old values. / All cpus see all there is so far. / The memory is another object's.
 * / Before a plain store. */
void memory_begin(bool views);
void memory_sync_all(void);
void memory_forget(const void *start, size_t size);
void memory_plain_write(const volatile void *p);

/* What the primitives do beside memory itself, before it. */
uint64 views_load(const volatile void *p, size_t size, const struct sim_site *site);
void views_store(volatile void *p, size_t size, uint64 v, const struct sim_site *site);
void views_amo(volatile void *p, size_t size, uint64 v, const struct sim_site *site);
void views_failed_cas(const volatile void *p, size_t size, const struct sim_site *site);
void views_fence(const struct sim_site *site);
void sim_ipi_release(int cpu);
void sim_ipi_acquire(void);

void races_begin(void);
void races_forget(const void *start, size_t size);
void races_free(const void *start, size_t size);
void races_written(const void *start, size_t size); /* by the machine, for this cpu */
void races_atomic(const volatile void *p, size_t size, bool read, bool write, const void *pc);
void lines_access(const volatile void *p, size_t size, bool write, const void *pc);

#else

#define memory_begin(views) ((void)(views))
#define memory_sync_all() ((void)0)
#define sim_ipi_release(cpu) ((void)(cpu))
#define sim_ipi_acquire() ((void)0)
#define races_begin() ((void)0)
#define races_forget(start, size) ((void)(start), (void)(size))
#define races_free(start, size) ((void)(start), (void)(size))
#define races_written(start, size) ((void)(start), (void)(size))
#define races_atomic(p, size, read, write, pc) ((void)0)
#define views_amo(p, size, v, site) ((void)(v))
#define views_failed_cas(p, size, site) ((void)0)

static inline uint64 views_load(const volatile void *p, size_t size, const struct sim_site *site)
{
    uint64 v = memory_load(p, size);

    explore_event(site, p, v, 0);
    return v;
}

static inline void views_store(volatile void *p, size_t size, uint64 v, const struct sim_site *site)
{
    (void)size;
    explore_event(site, p, v, 0);
}

static inline void views_fence(const struct sim_site *site)
{
    explore_event(site, NULL, 0, 0);
}

#endif

#endif
