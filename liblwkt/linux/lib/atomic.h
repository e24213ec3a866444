/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/lib/atomic.h for hosts: the same primitives and orders, each an operation that ThreadSanitizer
 * understands. (The kernel's own publish is a fence and a plain store, which it would report.)
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#define consume(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define peek(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define glance(p) peek(p)
#define poke(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define publish(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* An AMO on a word of its own orders as a fence does, on both kinds of hosts, and is known to the
 * sanitizer. */
#ifdef __SANITIZE_THREAD__
extern unsigned lwkt_fence_word;
#define fence() ((void)__atomic_fetch_add(&lwkt_fence_word, 1, __ATOMIC_SEQ_CST))
#define fence_acq() fence()
#define fence_rel() fence()
#else
#define fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define fence_acq() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define fence_rel() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

#define amo_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define amo_or_rel(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELEASE)
#define amo_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define amo_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define amo_add_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define amo_add_acqrel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define amo_swap_acq(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define amo_or_full(p, v) __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)

#define amo_cas(p, old, new) amo_cas_ordered((p), (old), (new), __ATOMIC_ACQ_REL)
#define amo_cas_acq(p, old, new) amo_cas_ordered((p), (old), (new), __ATOMIC_ACQUIRE)
#define amo_cas_ordered(p, old, new, order)                                                    \
    ({                                                                                         \
        __typeof__(*(p)) amo_expected_ = (old);                                                \
        __atomic_compare_exchange_n((p), &amo_expected_, (new), 0, (order), __ATOMIC_ACQUIRE); \
    })

#endif
