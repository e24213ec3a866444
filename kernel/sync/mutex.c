/* SPDX-License-Identifier: BSD-3-Clause
 * Mutexes. The owner word holds the owner's thread, and bit 0, the mark, when a thread waits: the
 * unlock of a marked mutex frees it and wakes one waiter, which tries again against all others.
 */
#include "sync/mutex.h"

#include "lwkt/crit.h"
#include "sync/lockorder.h"
#include "sync/sleep.h"

#define CONTESTED 1UL

void mutex_init(struct mutex *m, const char *name)
{
    *m = (struct mutex)MUTEX(name);
}

static inline uint32 kind_of(struct mutex *m)
{
#ifdef INVARIANTS
    uint32 kind = peek(&m->kind);

    if (kind == 0) { /* several cpus may look it up at once, and find the same */
        kind = lockorder_kind(m->name);
        amo_or(&m->kind, kind);
    }
    return kind;
#else
    (void)m;
    return 0;
#endif
}

/* Take m if it is free. */
static inline bool try_take(struct mutex *m)
{
    return amo_cas(&m->owner, 0UL, (uint64)curthread); /* acquire; release: mutex_unlock */
}

/*
 * Take the mutex if it is free; else leave the mark, so that its unlock wakes a waiter. A thread that
 * gets the mutex after a wait cannot know whether others wait too, so it sets the mark as well.
 */
static bool take_or_mark(void *arg)
{
    struct mutex *m = arg;

    for (;;) {
        uint64 owner = peek(&m->owner);

        KASSERT((owner & ~CONTESTED) != (uint64)curthread, "%s is locked by the caller", m->name);
        if (owner == 0 && amo_cas(&m->owner, 0UL, (uint64)curthread | CONTESTED))
            return true; /* acquire; release: mutex_unlock */
        /* The mark needs no order: the owner's compare and swap sees the newest value. */
        if (owner != 0 && ((owner & CONTESTED) || amo_cas(&m->owner, owner, owner | CONTESTED)))
            return false;
    }
}

static void lock_contested(struct mutex *m)
{
    tsleep_until(m, 0, m->name, take_or_mark, m);
}

void mutex_lock(struct mutex *m)
{
    lockorder_check(kind_of(m), false);
    if (!try_take(m))
        lock_contested(m);
    lockorder_taken(kind_of(m));
}

#ifdef INVARIANTS
void mutex_lock_nested(struct mutex *m)
{
    lockorder_check(kind_of(m), true);
    if (!try_take(m))
        lock_contested(m);
    lockorder_taken(kind_of(m));
}
#endif

void mutex_unlock(struct mutex *m)
{
    KASSERT((peek(&m->owner) & ~CONTESTED) == (uint64)curthread, "%s is not locked by the caller",
            m->name);
    uint64 self = (uint64)curthread;

    lockorder_given_up(kind_of(m));
    if (!amo_cas(&m->owner, self, 0UL)) {
        publish(&m->owner, 0UL); /* acquire: try_take, take_or_mark */
        wakeup_one(m);
    }
}
