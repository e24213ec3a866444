/*
 * kernel/lib/atomic.h for the simulation: the same primitives with the same orders, and before each of
 * them the other simulated cpus may run and interrupts may come. compiler_barrier() is where the
 * core says that an interrupt of its own cpu matters, so one may come there, too.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include "machine.h"

#define publish(p, v) (sim_point(), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define consume(p) (sim_point(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define peek(p) (sim_point(), __atomic_load_n((p), __ATOMIC_RELAXED))
#define poke(p, v) (sim_point(), __atomic_store_n((p), (v), __ATOMIC_RELAXED))

/* Orders all cpus' accesses for the race detector (races.c); one host thread needs nothing. */
void sim_fence(void);
#define fence() sim_fence()
#define compiler_barrier() sim_point()

#define amo_or(p, v) (sim_point(), __atomic_fetch_or((p), (v), __ATOMIC_RELAXED))
#define amo_and(p, v) (sim_point(), __atomic_fetch_and((p), (v), __ATOMIC_RELAXED))
#define amo_add(p, v) (sim_point(), __atomic_fetch_add((p), (v), __ATOMIC_RELAXED))
#define amo_add_rel(p, v) (sim_point(), __atomic_fetch_add((p), (v), __ATOMIC_RELEASE))
#define amo_add_acqrel(p, v) (sim_point(), __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL))
#define amo_swap_acq(p, v) (sim_point(), __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE))
#define amo_or_full(p, v) (sim_point(), __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST))
#define amo_and_full(p, v) (sim_point(), __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST))
#define amo_swap_full(p, v) (sim_point(), __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))

#define amo_cas(p, old, new)                                                         \
    ({                                                                               \
        __typeof__(*(p)) amo_expected_ = (old);                                      \
        sim_point();                                                                 \
        __atomic_compare_exchange_n((p), &amo_expected_, (new), 0, __ATOMIC_ACQ_REL, \
                                    __ATOMIC_ACQUIRE);                               \
    })

#endif
