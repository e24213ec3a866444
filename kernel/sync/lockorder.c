/* SPDX-License-Identifier: BSD-3-Clause
 * The order of locks, checked at run time (INVARIANTS).
 *
 * Two threads that take two locks in opposite orders wait for each other for ever, but only if both do
 * so at the same moment, which a test may never see. So this code looks at orders, not at waits. Each
 * lock has a kind, its name. When a thread that holds a lock of kind a asks for one of kind b, "b after
 * a" is noted, with the calls that led there. A request that would close a circle of notes panics and
 * names both places, whether or not another thread is in the way at that moment.
 *
 * Mutexes call this before they wait, in thread context. So does the file system for its transactions,
 * which are not mutexes but are waited for (fs/log.c). Each thread counts how many locks of each kind
 * it holds (td_locks, two bits for a kind), and only it touches the count. Notes are only added, under
 * a spin lock. The bits that say which notes exist may be read without it: a bit that is seen too late
 * only leads to a second look. So a lock whose orders are known costs a few instructions.
 *
 * Two locks of one kind have no order. Code that takes two (a directory, then an inode that it names)
 * uses mutex_lock_nested(); otherwise the second one panics, too.
 */
#include "sync/lockorder.h"

#include "lib/backtrace.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lwkt/spin.h"
#include "lwkt/thread.h"

#ifdef INVARIANTS

#define MAXNOTES 96
#define CALLS 6

static struct spinlock order_lock = SPINLOCK("lockorder");
static const char *kinds[LOCK_KINDS]; /* in use from 1 up to the first NULL */
uint64 lockorder_before[LOCK_KINDS];

/* "b after a" was first seen with these calls, the innermost first. */
static struct note {
    uint8 a, b;
    uint64 calls[CALLS];
} notes[MAXNOTES];
static int nnotes;

uint32 lockorder_kind(const char *name)
{
    uint32 k = 1;

    spin_lock(&order_lock);
    while (k < LOCK_KINDS && kinds[k] != NULL && strcmp(kinds[k], name) != 0)
        k++;
    KASSERT(k < LOCK_KINDS, "too many kinds of locks: %s", name);
    poke(&kinds[k], name); /* peek: lockorder_look, without the lock */
    spin_unlock(&order_lock);
    return k;
}

/* The first note of a chain that leads from kind `from` to kind `to`; NULL: there is no chain. The
 * notes contain no circle, so this ends. */
static const struct note *chain(uint32 from, uint32 to)
{
    for (const struct note *n = notes; n < notes + nnotes; n++)
        if (n->a == from && (n->b == to || chain(n->b, to) != NULL))
            return n;
    return NULL;
}

/* Panic: a thread that holds a asks for b, and a chain of notes leads from b to a. */
static void __attribute__((noreturn)) wrong_order(uint32 a, uint32 b)
{
    char text[400] = "";
    size_t used = 0;

    for (uint32 from = b; from != a && used < sizeof(text);) {
        const struct note *n = chain(from, a);
        char calls[150];
        backtrace_names(calls, sizeof(calls), n->calls, CALLS);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "; %s after %s in%s",
                                 kinds[n->b], kinds[from], calls);
        from = n->b;
    }
    panic("lock order: %s after %s here%s", kinds[b], kinds[a], text);
}

/* Note "b after a", or panic if the notes say that a comes after b. fp: frame of lockorder_look. */
static void add_note(uint32 a, uint32 b, uint64 fp)
{
    uint64 calls[CALLS];

    backtrace_save(fp, calls, CALLS);
    spin_lock(&order_lock);
    bool wrong = chain(b, a) != NULL;
    if (!wrong && (lockorder_before[b] & LOCK_BIT(a)) == 0) {
        KASSERT(nnotes < MAXNOTES, "too many orders of locks");
        struct note *n = &notes[nnotes++];
        n->a = (uint8)a;
        n->b = (uint8)b;
        memcpy(n->calls, calls, sizeof(calls));
        poke(&lockorder_before[b], lockorder_before[b] | LOCK_BIT(a));
    }
    spin_unlock(&order_lock);
    if (wrong)
        wrong_order(a, b);
}

void lockorder_look(uint32 kind, bool nested, uint64 held)
{
    KASSERT(nested || (held & LOCK_BIT(kind)) == 0, "a second lock of the kind %s",
            peek(&kinds[kind]));
    uint64 unknown = held & ~LOCK_BIT(kind) & ~peek(&lockorder_before[kind]);
    for (uint32 a = 1; unknown != 0 && a < LOCK_KINDS; a++)
        if (unknown & LOCK_BIT(a))
            add_note(a, kind, (uint64)__builtin_frame_address(0));
}

#endif
