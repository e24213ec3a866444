/* SPDX-License-Identifier: BSD-3-Clause
 * The compiler's own atomic operations (__atomic_fetch_add and so on) in the simulation, for kernels that use them
 * beside lib/atomic.h. The instrumented build calls these functions instead; each does what the primitive of
 * lib/atomic.h with that order does. A load or store of the order seq_cst has a fence beside it, as on a hart.
 *
 * An operation of an order is one site, whatever its line: a timeline does not say where it is.
 */
#include "cpu.h"

#define SITES(id, name_)                                                                   \
    static const struct sim_site id[] = {                                                  \
        {"", 0, -1, name_, "", ORDER_RELAXED, ORDER_RELAXED}, /* the compiler's numbers */ \
        {"", 0, -1, name_, "", ORDER_ACQUIRE, ORDER_ACQUIRE}, /* "consume" */              \
        {"", 0, -1, name_, "", ORDER_ACQUIRE, ORDER_ACQUIRE},                              \
        {"", 0, -1, name_, "", ORDER_RELEASE, ORDER_RELEASE},                              \
        {"", 0, -1, name_, "", ORDER_ACQREL, ORDER_ACQREL},                                \
        {"", 0, -1, name_, "", ORDER_FULL, ORDER_FULL}}

SITES(loads, "consume");
SITES(stores, "publish");
SITES(amos, "amo");
SITES(fences, "fence");

#define SEQ_CST __ATOMIC_SEQ_CST

#define BUILTIN_AMO(bits, name, op, operand)                                                  \
    uint##bits __tsan_atomic##bits##_##name(volatile uint##bits *p, uint##bits v, int order); \
    uint##bits __tsan_atomic##bits##_##name(volatile uint##bits *p, uint##bits v, int order)  \
    {                                                                                         \
        return (uint##bits)sim_amo(p, sizeof(*p), op, (operand), &amos[order]);               \
    }

/* "failed" is the order of a compare that fails; the model reads with that of success. */
#define BUILTIN_CAS(bits, name)                                                              \
    bool __tsan_atomic##bits##_##name(volatile uint##bits *p, uint##bits *old, uint##bits v, \
                                      int order, int failed);                                \
    bool __tsan_atomic##bits##_##name(volatile uint##bits *p, uint##bits *old, uint##bits v, \
                                      int order, int failed)                                 \
    {                                                                                        \
        uint##bits wanted = *old;                                                            \
        (void)failed;                                                                        \
        *old = (uint##bits)sim_cas_value(p, sizeof(*p), wanted, v, &amos[order]);            \
        return *old == wanted;                                                               \
    }

#define OPERATIONS(bits)                                                               \
    uint##bits __tsan_atomic##bits##_load(const volatile uint##bits *p, int order);    \
    uint##bits __tsan_atomic##bits##_load(const volatile uint##bits *p, int order)     \
    {                                                                                  \
        if (order == SEQ_CST)                                                          \
            sim_fence(&fences[SEQ_CST]);                                               \
        return (uint##bits)sim_load(p, sizeof(*p), &loads[order]);                     \
    }                                                                                  \
    void __tsan_atomic##bits##_store(volatile uint##bits *p, uint##bits v, int order); \
    void __tsan_atomic##bits##_store(volatile uint##bits *p, uint##bits v, int order)  \
    {                                                                                  \
        sim_store(p, sizeof(*p), v, &stores[order]);                                   \
        if (order == SEQ_CST)                                                          \
            sim_fence(&fences[SEQ_CST]);                                               \
    }                                                                                  \
    BUILTIN_AMO(bits, exchange, AMO_SWAP, v)                                           \
    BUILTIN_AMO(bits, fetch_add, AMO_ADD, v)                                           \
    BUILTIN_AMO(bits, fetch_sub, AMO_ADD, -(uint64)v)                                  \
    BUILTIN_AMO(bits, fetch_or, AMO_OR, v)                                             \
    BUILTIN_AMO(bits, fetch_and, AMO_AND, v)                                           \
    BUILTIN_AMO(bits, fetch_xor, AMO_XOR, v)                                           \
    BUILTIN_CAS(bits, compare_exchange_strong)                                         \
    BUILTIN_CAS(bits, compare_exchange_weak)

OPERATIONS(8)
OPERATIONS(32)
OPERATIONS(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    sim_fence(&fences[order]);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    sim_barrier();
}
