/* SPDX-License-Identifier: BSD-3-Clause
 * Spin locks, for a few instructions on data that several cpus share. The holder is in a critical
 * section. It must not block, and must not send an IPI message, because the target may be spinning on
 * this very lock and not look at its ring; so it must not call wakeup(), nor lwkt_schedule() for a
 * thread of another cpu. INVARIANTS checks both. Any context, interrupts and IPI bodies included.
 */
#ifndef LWKT_SPIN_H
#define LWKT_SPIN_H

#include "lwkt/crit.h"

struct spinlock {
    uint32 held; /* 0 or 1 */
    int cpu;     /* with INVARIANTS: the one that held it last */
    const char *name;
};

#define SPINLOCK(name_)            \
    {                              \
        .held = 0, .name = (name_) \
    }

static inline void spin_init(struct spinlock *l, const char *name)
{
    l->held = 0;
    l->name = name;
}

void spin_lock_contested(struct spinlock *l);

/* The AMO's acquire pairs with the publish in spin_unlock. */
static inline void spin_lock(struct spinlock *l)
{
    crit_enter();
    if (amo_swap_acq(&l->held, 1) != 0)
        spin_lock_contested(l);
#ifdef INVARIANTS
    if (l->cpu != mycpuid) {
        l->cpu = mycpuid;
        ++mycpu->gd_cnt.spin_shared;
    }
    ++mycpu->gd_spinlocks;
#endif
}

static inline void spin_unlock(struct spinlock *l)
{
    KASSERT(peek(&l->held), "%s is not held", l->name);
#ifdef INVARIANTS
    --mycpu->gd_spinlocks;
#endif
    publish(&l->held, 0);
    crit_exit();
}

#endif
