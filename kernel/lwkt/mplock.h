/* SPDX-License-Identifier: BSD-3-Clause
 * The MP lock: one lock for code that has none of its own. A cpu owns it, and threads count how often
 * they need it (td_mpcount). A thread with a count runs only on the cpu that owns the lock; the switch
 * takes and frees the lock as the next thread's count says, so a sleeping thread never keeps it.
 *
 * New threads have a count of 1 unless they are created with TDF_MPSAFE. The kernel's own paths do
 * not need the lock; sysctl kern.giant=1 puts every system call under it.
 *
 * It keeps other cpus out, not this one's interrupts: an interrupt thread that preempts the holder
 * inherits the lock until it goes back, so it may run in the middle of what the lock protects. What an
 * interrupt thread touches too needs a critical section.
 *
 * Differences from DragonFly: gd_mpheld says whether this cpu owns the lock. There every switch looks
 * at mp_lock, the owner's number or -1; here that shared word is touched only to take and to free the
 * lock.
 */
#ifndef LWKT_MPLOCK_H
#define LWKT_MPLOCK_H

#include "lwkt/crit.h"

/* Take the lock, or count it once more; this may switch. / The same without waiting: returns false if
 * another cpu has the lock. / Count down; the last call frees the lock. Thread context. */
void get_mplock(void);
bool try_mplock(void);
void rel_mplock(void);

/* For the switch, in a critical section: make this cpu the owner if the lock is free, and return
 * whether it is the owner. / Free the lock. */
bool cpu_try_mplock(globaldata_t gd);
void cpu_rel_mplock(globaldata_t gd);

/* The cpu that owns the lock, or -1. A hint. */
int lwkt_mplock_owner(void);

#endif
