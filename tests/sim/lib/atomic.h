/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/lib/atomic.h for the simulation: the same primitives with the same orders, done by memory.c.
 * Before each of them the other simulated cpus may run and interrupts may come. compiler_barrier() is
 * where the core says that an interrupt of its own cpu matters, so one may come there, too.
 *
 * Each use is a site of its own, with a number and an order that a run may weaken (explore -w).
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include "machine.h"

/* What an order is made of. A full one takes part in the one order of all full ones, too. */
#define ORDER_RELAXED 0
#define ORDER_ACQUIRE 1
#define ORDER_RELEASE 2
#define ORDER_ACQREL 3
#define ORDER_FULL 7

struct sim_site {
    const char *file;
    int line;
    int number; /* the same for all copies of an inline function's; -1: no line's (builtins.c) */
    const char *name;
    const char *word; /* its argument as it was written */
    uint32 order;
    uint32 whole; /* the order as it was written */
};

enum sim_amo { AMO_OR, AMO_AND, AMO_XOR, AMO_ADD, AMO_SWAP };

uint64 sim_load(const volatile void *p, size_t size, const struct sim_site *site);
void sim_store(volatile void *p, size_t size, uint64 v, const struct sim_site *site);
uint64 sim_amo(volatile void *p, size_t size, enum sim_amo op, uint64 v,
               const struct sim_site *site);
/* What was there; it is v now if that was old. */
uint64 sim_cas_value(volatile void *p, size_t size, uint64 old, uint64 v,
                     const struct sim_site *site);
bool sim_cas(volatile void *p, size_t size, uint64 old, uint64 v, const struct sim_site *site);
void sim_fence(const struct sim_site *site);
uint64 sim_glance(const volatile void *p, size_t size);

#define SITE_PASTE(a, b) a##b
#define SITE_NAME(n) SITE_PASTE(sim_site_, n)
#define SITE(id, what, word, order_)                                                      \
    static struct sim_site id __attribute__((section("sim_sites"), aligned(8), used)) = { \
        __FILE__, __LINE__, 0, what, word, (order_), (order_)}

#define LOAD(id, what, p, order)                            \
    ({                                                      \
        SITE(id, what, #p, order);                          \
        (__typeof__(*(p)))sim_load((p), sizeof(*(p)), &id); \
    })
#define STORE(id, what, p, v, order)                    \
    ({                                                  \
        SITE(id, what, #p, order);                      \
        sim_store((p), sizeof(*(p)), (uint64)(v), &id); \
    })
#define AMO(id, what, p, op, v, order)                                      \
    ({                                                                      \
        SITE(id, what, #p, order);                                          \
        (__typeof__(*(p)))sim_amo((p), sizeof(*(p)), op, (uint64)(v), &id); \
    })
#define CAS(id, what, p, old, v, order)                              \
    ({                                                               \
        SITE(id, what, #p, order);                                   \
        sim_cas((p), sizeof(*(p)), (uint64)(old), (uint64)(v), &id); \
    })
#define FENCE(id, what, order)     \
    ({                             \
        SITE(id, what, "", order); \
        sim_fence(&id);            \
    })
#define NEW_SITE SITE_NAME(__COUNTER__)

#define publish(p, v) STORE(NEW_SITE, "publish", p, v, ORDER_RELEASE)
#define consume(p) LOAD(NEW_SITE, "consume", p, ORDER_ACQUIRE)
#define peek(p) LOAD(NEW_SITE, "peek", p, ORDER_RELAXED)
/* What is there, whoever writes it: the race detector is not told. */
#define glance(p) ((__typeof__(*(p)))sim_glance((p), sizeof(*(p))))
#define poke(p, v) STORE(NEW_SITE, "poke", p, v, ORDER_RELAXED)
#define fence() FENCE(NEW_SITE, "fence", ORDER_FULL)
#define fence_acq() FENCE(NEW_SITE, "fence_acq", ORDER_ACQUIRE)
#define fence_rel() FENCE(NEW_SITE, "fence_rel", ORDER_RELEASE)
#define compiler_barrier() sim_barrier()

#define amo_or(p, v) AMO(NEW_SITE, "amo_or", p, AMO_OR, v, ORDER_RELAXED)
#define amo_or_rel(p, v) AMO(NEW_SITE, "amo_or_rel", p, AMO_OR, v, ORDER_RELEASE)
#define amo_and(p, v) AMO(NEW_SITE, "amo_and", p, AMO_AND, v, ORDER_RELAXED)
#define amo_add(p, v) AMO(NEW_SITE, "amo_add", p, AMO_ADD, v, ORDER_RELAXED)
#define amo_add_rel(p, v) AMO(NEW_SITE, "amo_add_rel", p, AMO_ADD, v, ORDER_RELEASE)
#define amo_add_acqrel(p, v) AMO(NEW_SITE, "amo_add_acqrel", p, AMO_ADD, v, ORDER_ACQREL)
#define amo_swap_acq(p, v) AMO(NEW_SITE, "amo_swap_acq", p, AMO_SWAP, v, ORDER_ACQUIRE)
#define amo_or_full(p, v) AMO(NEW_SITE, "amo_or_full", p, AMO_OR, v, ORDER_FULL)
#define amo_cas(p, old, v) CAS(NEW_SITE, "amo_cas", p, old, v, ORDER_ACQREL)
#define amo_cas_acq(p, old, v) CAS(NEW_SITE, "amo_cas_acq", p, old, v, ORDER_ACQUIRE)

#endif
