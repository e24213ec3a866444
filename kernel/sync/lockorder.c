/*
 * The order of locks, checked at run time (INVARIANTS).
 *
 * Two threads that take two locks in opposite orders wait for each other for ever, but only when both
 * are there at the same moment, which a test may never see. So we look at orders, not at waits: locks
 * are of kinds, by name, and when a thread that holds one of kind a asks for one of kind b, "b after a"
 * is noted, with the calls that led there. A request that closes a circle of notes is a panic that
 * names both places, whether or not another thread is there to meet.
 *
 * Called by mutexes, in thread context, before they wait; and for transactions of the file system,
 * which are no mutexes but are waited for (fs/log.c). What a thread holds is in the thread itself
 * (td_locks), which only it touches. Notes are only ever added, under a spin lock; the bits that say
 * which there are may be read without it, as a bit that is seen too late only leads to a second look.
 *
 * Two locks of one kind have no order by kind. Code that takes two (a directory, then an inode that it
 * names) says so with mutex_lock_nested(); otherwise the second one is a panic, too.
 */
#include "sync/lockorder.h"

#include "lib/backtrace.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lwkt/spin.h"
#include "lwkt/thread.h"

#ifdef INVARIANTS

#define MAXKINDS 32 /* bits of a word */
#define MAXNOTES 96
#define CALLS 6

static struct spinlock order_lock = SPINLOCK("lockorder");
static const char *kinds[MAXKINDS]; /* in use up to the first NULL */
static uint32 after[MAXKINDS];      /* bit b of after[a]: "b after a" is noted. Peek, without it */

/* "b after a" was first seen with these calls, the innermost first. */
static struct note {
    uint8 a, b;
    uint64 calls[CALLS];
} notes[MAXNOTES];
static int nnotes;

/* The number of a kind; a new one is added. A few names, which are compared by address first. */
static uint32 kind_of(const char *name)
{
    for (uint32 k = 0; k < MAXKINDS && peek(&kinds[k]) != NULL; k++)
        if (peek(&kinds[k]) == name)
            return k;
    spin_lock(&order_lock);
    uint32 k = 0;
    while (k < MAXKINDS && kinds[k] != NULL && strcmp(kinds[k], name) != 0)
        k++;
    KASSERT(k < MAXKINDS, "too many kinds of locks: %s", name);
    poke(&kinds[k], name);
    spin_unlock(&order_lock);
    return k;
}

/* Of a chain of notes that leads from kind `from` to kind `to`, the first; NULL: there is no chain. The
 * notes have no circle, so this ends. */
static const struct note *chain(uint32 from, uint32 to)
{
    for (const struct note *n = notes; n < notes + nnotes; n++)
        if (n->a == from && (n->b == to || chain(n->b, to) != NULL))
            return n;
    return NULL;
}

/* Panic: b is asked for with a held, and a chain of notes leads from b to a. */
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

/* Note "b after a", unless the notes say that a comes after b. fp: frame of lockorder_check. */
static void add_note(uint32 a, uint32 b, uint64 fp)
{
    uint64 calls[CALLS];

    backtrace_save(fp, calls, CALLS);
    spin_lock(&order_lock);
    bool wrong = chain(b, a) != NULL;
    if (!wrong && (after[a] & (1U << b)) == 0) {
        KASSERT(nnotes < MAXNOTES, "too many orders of locks");
        struct note *n = &notes[nnotes++];
        n->a = (uint8)a;
        n->b = (uint8)b;
        memcpy(n->calls, calls, sizeof(calls));
        poke(&after[a], after[a] | 1U << b);
    }
    spin_unlock(&order_lock);
    if (wrong)
        wrong_order(a, b);
}

void lockorder_check(const char *name, bool nested)
{
    thread_t td = curthread;

    if (td->td_nlocks == 0)
        return;
    uint32 b = kind_of(name);
    for (int i = 0; i < td->td_nlocks; i++) {
        uint32 a = td->td_locks[i].kind;
        if (a == b)
            KASSERT(nested, "a second lock of the kind %s", name);
        else if ((peek(&after[a]) & (1U << b)) == 0)
            add_note(a, b, (uint64)__builtin_frame_address(0));
    }
}

void lockorder_taken(const void *lock, const char *name)
{
    thread_t td = curthread;

    KASSERT(td->td_nlocks < TD_MAXLOCKS, "thread %s holds %d locks", td->td_comm, td->td_nlocks);
    td->td_locks[td->td_nlocks].lock = lock;
    td->td_locks[td->td_nlocks++].kind = kind_of(name);
}

void lockorder_given_up(const void *lock)
{
    thread_t td = curthread;
    int i = td->td_nlocks;

    do {
        KASSERT(i > 0, "thread %s gives up a lock that it does not hold", td->td_comm);
    } while (td->td_locks[--i].lock != lock);
    td->td_locks[i] = td->td_locks[--td->td_nlocks];
}

#endif
