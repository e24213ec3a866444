/*
 * Mutexes: locks whose waiters sleep. For data that a thread keeps over something slow, such as a
 * disk transfer. Not recursive. Uncontended, lock and unlock are one atomic operation each. Thread
 * context, holding no spin lock.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include <stdbool.h>

#include "kernel/types.h"

struct mutex {
    uint64 owner; /* thread address; bit 0: somebody waits; 0: free */
    const char *name;
};

#define MUTEX(name_)                \
    {                               \
        .owner = 0, .name = (name_) \
    }

void mutex_init(struct mutex *m, const char *name);
void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
/* True when the calling thread owns it. */
bool mutex_held(const struct mutex *m);

#endif
