/*
 * The slow path of spin locks.
 */
#include "lwkt/spin.h"

/*
 * Wait for the lock, then take it. In a critical section. While it waits it tests the lock with plain
 * loads, so that the waiters do not compete for the cache line.
 */
void spin_lock_contested(struct spinlock *l)
{
    do {
        while (peek(&l->held) != 0)
            cpu_relax();
    } while (amo_swap_acq(&l->held, 1) != 0);
}
