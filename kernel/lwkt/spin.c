/*
 * The slow path of spin locks.
 */
#include "lwkt/spin.h"

/*
 * Wait for the lock in a critical section, then take it. It is tested with plain loads in between, so
 * that the waiters do not fight for the cache line.
 */
void spin_lock_contested(struct spinlock *l)
{
    do {
        while (peek(&l->held) != 0)
            cpu_relax();
    } while (amo_swap_acq(&l->held, 1) != 0);
}
