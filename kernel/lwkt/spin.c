/* SPDX-License-Identifier: BSD-3-Clause
 * The slow path of spin locks.
 */
#include "lwkt/spin.h"

#include "lwkt/cpusync.h"
#include "lwkt/waitwarn.h"

/*
 * Wait for the lock, then take it. In a critical section. While it waits it tests the lock with plain
 * loads, so that the waiters do not compete for the cache line.
 */
void spin_lock_contested(struct spinlock *l)
{
#ifdef INVARIANTS
    struct waitwarn w = {0};
#endif

    do {
        while (peek(&l->held) != 0) {
            cpu_relax();
#ifdef INVARIANTS
            if (wait_turn(&w))
                w.since = lwkt_wait_lasts(w.since, curthread, __func__, l->name, lwkt_all_cpus());
#endif
        }
    } while (amo_swap_acq(&l->held, 1) != 0);
}
