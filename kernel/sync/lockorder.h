/* SPDX-License-Identifier: BSD-3-Clause
 * The order of locks, checked at run time, in kernels with INVARIANTS; otherwise this is empty. See
 * lockorder.c.
 *
 * For locks whose waiters sleep. Spin locks do not need it: their holders take no other lock.
 */
#ifndef SYNC_LOCKORDER_H
#define SYNC_LOCKORDER_H

#include <stdbool.h>

#include "lib/assert.h"
#include "lib/atomic.h"
#include "lwkt/thread.h"

#ifdef INVARIANTS

#define LOCK_KINDS 32                 /* kinds 1 to 31: two bits of td_locks each */
#define LOCK_LOW 0x5555555555555555UL /* the lower bit of each pair */
#define LOCK_BIT(kind) (1UL << 2 * (kind))

/* LOCK_BIT(a) is set in element b: "b after a" was noted. Read with peek(). */
extern uint64 lockorder_before[LOCK_KINDS];

/* The number of the kind of lock with this name; a new name makes a new kind. */
uint32 lockorder_kind(const char *name);

/* The slow part of lockorder_check: locks of the kinds in `held` (LOCK_BIT of each) are held, and not
 * all of these kinds are known to come before `kind`. */
void lockorder_look(uint32 kind, bool nested, uint64 held);

/* The caller is about to ask for a lock of this kind. Panics if that violates an order that was noted.
 * nested: the caller may hold one of the same kind already. */
static inline void lockorder_check(uint32 kind, bool nested)
{
    uint64 held = (curthread->td_locks | curthread->td_locks >> 1) & LOCK_LOW;

    if ((held & ~peek(&lockorder_before[kind])) != 0)
        lockorder_look(kind, nested, held);
}

/* The calling thread has taken a lock of this kind, or gives it up. */
static inline void lockorder_taken(uint32 kind)
{
    KASSERT((curthread->td_locks >> 2 * kind & 3) != 3, "too many locks of kind %u", kind);
    curthread->td_locks += LOCK_BIT(kind);
}

static inline void lockorder_given_up(uint32 kind)
{
    KASSERT((curthread->td_locks >> 2 * kind & 3) != 0, "no lock of kind %u is held", kind);
    curthread->td_locks -= LOCK_BIT(kind);
}

#else

static inline uint32 lockorder_kind(const char *name)
{
    (void)name;
    return 0;
}

static inline void lockorder_check(uint32 kind, bool nested)
{
    (void)kind, (void)nested;
}

static inline void lockorder_taken(uint32 kind)
{
    (void)kind;
}

static inline void lockorder_given_up(uint32 kind)
{
    (void)kind;
}

#endif

#endif
