/* SPDX-License-Identifier: BSD-3-Clause
 * Stand-in for kernel/lwkt/spin.h on the host: a pthread mutex.
 */
#ifndef LWKT_SPIN_H
#define LWKT_SPIN_H

#include <pthread.h>

#include "lib/assert.h"
#include "lib/atomic.h"

struct spinlock {
    pthread_mutex_t mutex;
};

#define SPINLOCK(name_)                      \
    {                                        \
        .mutex = PTHREAD_MUTEX_INITIALIZER,  \
    }

static inline void spin_init(struct spinlock *l, const char *name)
{
    (void)name;
    pthread_mutex_init(&l->mutex, NULL);
}

static inline void spin_lock(struct spinlock *l)
{
    pthread_mutex_lock(&l->mutex);
}

static inline void spin_unlock(struct spinlock *l)
{
    pthread_mutex_unlock(&l->mutex);
}

#endif
