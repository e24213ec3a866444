/* SPDX-License-Identifier: BSD-3-Clause
 * Stand-in for kernel/sync/mutex.h on the host: a pthread mutex, which checks its use.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include <pthread.h>
#include <stdbool.h>

struct mutex {
    pthread_mutex_t mutex;
    unsigned kind;
};

void mutex_init(struct mutex *m, const char *name);
void mutex_lock(struct mutex *m);
void mutex_lock_nested(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
