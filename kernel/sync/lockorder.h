/*
 * The order of locks, checked at run time: a part of INVARIANTS, gone without it. See lockorder.c.
 *
 * For locks whose waiters sleep. Spin locks need none of it: their holders take nothing else.
 */
#ifndef SYNC_LOCKORDER_H
#define SYNC_LOCKORDER_H

#include <stdbool.h>

#ifdef INVARIANTS

/* The caller is about to ask for a lock of kind `name`: panics if that is against an order that was
 * noted. nested: it may hold one of the same kind already. */
void lockorder_check(const char *name, bool nested);

/* The calling thread has taken `lock`, or gives it up. */
void lockorder_taken(const void *lock, const char *name);
void lockorder_given_up(const void *lock);

#else

static inline void lockorder_check(const char *name, bool nested)
{
    (void)name, (void)nested;
}

static inline void lockorder_taken(const void *lock, const char *name)
{
    (void)lock, (void)name;
}

static inline void lockorder_given_up(const void *lock)
{
    (void)lock;
}

#endif

#endif
