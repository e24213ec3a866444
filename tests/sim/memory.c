/* SPDX-License-Identifier: BSD-3-Clause
 * What a primitive of lib/atomic.h does. Memory itself always has the newest value of each word; what else a load
 * may return in the instrumented build, views.c says.
 */
#include "cpu.h"
#include "views.h"

#define DETECTOR(p, size, read, write) \
    races_atomic((p), (size), (read), (write), __builtin_return_address(0))

uint64 memory_load(const volatile void *p, size_t size)
{
    switch (size) {
    case 1:
        return *(const volatile unsigned char *)p;
    case 4:
        return *(const volatile uint32 *)p;
    default:
        return *(const volatile uint64 *)p;
    }
}

static void raw_store(volatile void *p, size_t size, uint64 v)
{
    switch (size) {
    case 1:
        *(volatile unsigned char *)p = (unsigned char)v;
        break;
    case 4:
        *(volatile uint32 *)p = (uint32)v;
        break;
    default:
        *(volatile uint64 *)p = v;
    }
}

static uint64 cut(uint64 v, size_t size)
{
    return size == 8 ? v : v & ((1UL << (8 * size)) - 1);
}

static void point(const volatile void *p, bool write)
{
    if (exploring)
        explore_point(POINT_PRIMITIVE, p, write);
    else
        sim_point();
}

/* Outside critical sections another cpu's turn just after an access is not that just before the next one: an
 * interrupt that the other cpu sends may come at once, and the next one may be inside a section. */
static void point_after(const volatile void *p)
{
    if (running && exploring && curthread->td_critcount == 0 && cpus[self].intr_on)
        explore_point(POINT_PRIMITIVE, p, false);
}

uint64 sim_load(const volatile void *p, size_t size, const struct sim_site *site)
{
    if (!running)
        return memory_load(p, size);
    point(p, false);
    DETECTOR(p, size, true, false);
    uint64 v = views_load(p, size, site);
    point_after(p);
    return v;
}

void sim_store(volatile void *p, size_t size, uint64 v, const struct sim_site *site)
{
    if (running) {
        point(p, true);
        DETECTOR(p, size, false, true);
        views_store(p, size, cut(v, size), site);
    }
    raw_store(p, size, v);
    point_after(p);
}

static uint64 amo_result(enum sim_amo op, uint64 old, uint64 v)
{
    switch (op) {
    case AMO_OR:
        return old | v;
    case AMO_AND:
        return old & v;
    case AMO_XOR:
        return old ^ v;
    case AMO_ADD:
        return old + v;
    default:
        return v;
    }
}

uint64 sim_amo(volatile void *p, size_t size, enum sim_amo op, uint64 v,
               const struct sim_site *site)
{
    if (running) {
        point(p, true);
        DETECTOR(p, size, true, true);
    }
    uint64 old = memory_load(p, size), new = cut(amo_result(op, old, v), size);

    if (running) {
        views_amo(p, size, new, site);
        explore_event(site, p, new, 0);
    }
    raw_store(p, size, new);
    point_after(p);
    return old;
}

uint64 sim_cas_value(volatile void *p, size_t size, uint64 old, uint64 v,
                     const struct sim_site *site)
{
    if (running) {
        point(p, true);
        DETECTOR(p, size, true, true);
    }
    uint64 seen = memory_load(p, size);
    bool same = seen == cut(old, size);

    if (running && same)
        views_amo(p, size, cut(v, size), site);
    else if (running)
        views_failed_cas(p, size, site);
    if (running)
        explore_event(site, p, same ? cut(v, size) : seen, 0);
    if (same)
        raw_store(p, size, v);
    point_after(p);
    return seen;
}

bool sim_cas(volatile void *p, size_t size, uint64 old, uint64 v, const struct sim_site *site)
{
    return sim_cas_value(p, size, old, v, site) == cut(old, size);
}

void sim_fence(const struct sim_site *site)
{
    if (!running)
        return;
    point(NULL, false);
    views_fence(site);
}
