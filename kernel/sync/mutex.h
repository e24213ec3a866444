/* SPDX-License-Identifier: BSD-3-Clause
 * Mutexes: locks whose waiters sleep. For data that a thread keeps locked during something slow, such
 * as a disk transfer. Not recursive. Without contention, lock and unlock are one atomic operation each.
 * Thread context, holding no spin lock.
 *
 * The name is also the mutex's kind. With INVARIANTS, taking locks of two kinds in both orders is a
 * panic (lockorder.c), and so is taking two of one kind, other than by mutex_lock_nested().
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include <stdbool.h>

#include "kernel/types.h"

struct mutex {
    uint64 owner; /* thread address; bit 0: a thread waits; 0: free */
    const char *name;
#ifdef INVARIANTS
    uint32 kind; /* lockorder_kind(name); 0: not looked up yet */
#endif
};

#define MUTEX(name_)                \
    {                               \
        .owner = 0, .name = (name_) \
    }

void mutex_init(struct mutex *m, const char *name);
void mutex_lock(struct mutex *m);
/* As mutex_lock, for a thread that may hold a mutex of the same kind and knows that this one comes
 * after it. */
#ifdef INVARIANTS
void mutex_lock_nested(struct mutex *m);
#else
static inline void mutex_lock_nested(struct mutex *m)
{
    mutex_lock(m);
}
#endif
void mutex_unlock(struct mutex *m);

#endif
