/* SPDX-License-Identifier: BSD-3-Clause
 * The named orderings that all cross-cpu code uses, and nothing else: no bare volatile, no bare
 * fence. RISC-V orders little by itself (RVWMO), so every publish() names its consume() in a
 * comment and the other way round.
 *
 *   publish(p, v)   store v; a hart that consumes v sees all that this hart wrote before
 *   consume(p)      load; from here on this hart sees all that the publisher wrote before
 *   peek(p)         load that orders nothing: a hint, or a word that only this cpu writes
 *   poke(p, v)      store that orders nothing; other cpus see all of it or nothing of it
 *   glance(p)       as peek, of a word that its cpu writes plainly: only for what is shown to people
 *   fence()         everything before is visible before anything after (store to load too)
 *   fence_acq()     loads before come before anything after
 *   fence_rel()     anything before comes before stores after
 *
 * The amo functions name their ordering: _rel and _acq as above; without a suffix they order nothing.
 * With _full they are an acquire and a release, and a fence after one of them sees it; but none of them
 * is a fence: a load that must not come before its store needs fence() in between.
 * An interrupt cannot divide an AMO, but it can divide a C `|=`, which is three instructions.
 *
 * They are macros because they work on any integer or pointer type.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#define consume(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define peek(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define glance(p) peek(p)
/* A plain store to the compiler: for __atomic_store_n gcc 12 emits an AMO. */
#define poke(p, v) (*(volatile __typeof__(*(p)) *)(p) = (v))
#define publish(p, v)                            \
    do {                                         \
        __atomic_thread_fence(__ATOMIC_RELEASE); \
        poke((p), (v));                          \
    } while (0)
#define fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define fence_acq() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define fence_rel() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Keeps the compiler from moving memory accesses across it; emits no instruction. Enough between a
 * thread and the interrupts of its own hart. */
#define compiler_barrier() __asm__ volatile("" ::: "memory")

/* Each returns the old value. */
#define amo_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define amo_or_rel(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELEASE)
#define amo_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define amo_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define amo_add_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define amo_add_acqrel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define amo_swap_acq(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define amo_or_full(p, v) __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)

/* Compare and swap: true if *p was `old` and is `new` now. Success is an acquire and a release; with
 * _acq, an acquire only. */
#define amo_cas(p, old, new) amo_cas_ordered((p), (old), (new), __ATOMIC_ACQ_REL)
#define amo_cas_acq(p, old, new) amo_cas_ordered((p), (old), (new), __ATOMIC_ACQUIRE)
#define amo_cas_ordered(p, old, new, order)                                                    \
    ({                                                                                         \
        __typeof__(*(p)) amo_expected_ = (old);                                                \
        __atomic_compare_exchange_n((p), &amo_expected_, (new), 0, (order), __ATOMIC_ACQUIRE); \
    })

#endif
