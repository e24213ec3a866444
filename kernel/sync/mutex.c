/*
 * Mutexes. The owner word holds the owner's thread, and bit 0 when somebody waits: who unlocks such a
 * mutex frees it and wakes one waiter, who tries again against all others.
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
    if (peek(&m->kind) == 0)
        poke(&m->kind, lockorder_kind(m->name));
    return m->kind;
#else
    (void)m;
    return 0;
#endif
}

/* Take it if it is free. */
static inline bool acquire(struct mutex *m)
{
    return amo_cas(&m->owner, 0UL, (uint64)curthread); /* acquire; release: mutex_unlock */
}

bool mutex_trylock(struct mutex *m)
{
    bool taken = acquire(m);

    if (taken)
        lockorder_taken(kind_of(m));
    return taken;
}

/*
 * Wait and take it. We mark it contested before we sleep and after the interlock, so the unlock that
 * sees the mark comes after our interlock and its wakeup finds us. Whoever got it after a wait cannot
 * know whether others wait too: it keeps the mark.
 */
static void lock_contested(struct mutex *m)
{
    for (;;) {
        uint64 owner = peek(&m->owner);

        if (owner == 0) {
            if (amo_cas(&m->owner, 0UL, (uint64)curthread | CONTESTED))
                return;
            continue;
        }
        KASSERT((owner & ~CONTESTED) != (uint64)curthread, "%s is locked by the caller", m->name);
        tsleep_interlock(m, 0);
        owner = peek(&m->owner);
        if (owner != 0 && ((owner & CONTESTED) || amo_cas(&m->owner, owner, owner | CONTESTED)))
            tsleep(m, PINTERLOCKED, m->name, 0);
        else
            tsleep_remove();
    }
}

void mutex_lock(struct mutex *m)
{
    lockorder_check(kind_of(m), false);
    if (!acquire(m))
        lock_contested(m);
    lockorder_taken(kind_of(m));
}

#ifdef INVARIANTS
void mutex_lock_nested(struct mutex *m)
{
    lockorder_check(kind_of(m), true);
    if (!acquire(m))
        lock_contested(m);
    lockorder_taken(kind_of(m));
}
#endif

void mutex_unlock(struct mutex *m)
{
    KASSERT(mutex_held(m), "%s is not locked by the caller", m->name);
    uint64 self = (uint64)curthread;

    lockorder_given_up(kind_of(m));
    if (!amo_cas(&m->owner, self, 0UL)) {
        publish(&m->owner, 0UL); /* acquire: acquire() */
        wakeup_one(m);
    }
}

bool mutex_held(const struct mutex *m)
{
    return (peek(&m->owner) & ~CONTESTED) == (uint64)curthread;
}
