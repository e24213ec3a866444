/* SPDX-License-Identifier: BSD-3-Clause
 * The MP lock; see mplock.h.
 *
 * td_mpcount is raised before the lock is taken, and dropped to 0 in the critical section that frees
 * the lock. So a preemption, which goes by the count, finds a thread that needs the lock, or one that
 * has released it, and goes back to it with the lock in the state that the count asks for.
 */
#include "lwkt/mplock.h"

static int mp_lock = -1; /* acquire: cpu_try_mplock; release: cpu_rel_mplock */

bool cpu_try_mplock(globaldata_t gd)
{ /* lab 6 */
    if (!gd->gd_mpheld && peek(&mp_lock) == -1 && amo_cas_acq(&mp_lock, -1, gd->gd_cpuid))
        gd->gd_mpheld = true;
    return gd->gd_mpheld;
}

void cpu_rel_mplock(globaldata_t gd)
{ /* lab 6 */
    KASSERT(peek(&mp_lock) == gd->gd_cpuid, "cpu %d frees the MP lock of cpu %d", gd->gd_cpuid,
            peek(&mp_lock));
    gd->gd_mpheld = false;
    publish(&mp_lock, -1);
}

int lwkt_mplock_owner(void)
{
    return peek(&mp_lock);
}

/*
 * While the count is up and another cpu has the lock, the switch does not choose this thread until its
 * own cpu has the lock.
 */
void get_mplock(void)
{ /* lab 6 */
    thread_t td = curthread;

    ++td->td_mpcount;
    crit_enter();
    while (!cpu_try_mplock(mycpu))
        lwkt_yield();
    crit_exit();
}

bool try_mplock(void)
{ /* lab 6 */
    thread_t td = curthread;
    bool got;

    ++td->td_mpcount;
    crit_enter();
    got = cpu_try_mplock(mycpu);
    if (!got)
        --td->td_mpcount;
    crit_exit();
    return got;
}

void rel_mplock(void)
{ /* lab 6 */
    thread_t td = curthread;

    KASSERT(td->td_mpcount > 0, "%s does not hold the MP lock", td->td_comm);
    crit_enter();
    if (td->td_mpcount == 1)
        cpu_rel_mplock(mycpu);
    --td->td_mpcount;
    crit_exit();
}
