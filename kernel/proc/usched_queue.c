/* SPDX-License-Identifier: BSD-3-Clause
 * The user scheduler's queue: the processes that want to be in user mode and have no cpu, and the
 * handing out of free cpus to them. usched.c calls all this, on any cpu; which process enters the
 * queue, and when one gives up its cpu, is decided there.
 *
 * Always true, under queue_lock: the queue is sorted, by level first (setpri), then by p_vruntime, the
 * time had as current process, least first; processes that are equal stay in the order in which they
 * came. p_runnode is linked exactly while p is in the queue. Neither p_upri nor p_vruntime changes
 * while it is.
 *
 * gd_uschedcp is shared: it goes from NULL to a process by compare-and-swap, on any cpu; from a
 * process to NULL, or to another process, only on the cpu where that process is, which is not this one
 * while the process, picked, is on its way. So the process that gd_uschedcp names may be reaped at any
 * time: other cpus only compare the pointer. A current process that has arrived has td_release set, or
 * is its cpu's gd_uschedparked.
 *
 * The hard part: freeing a cpu and queueing a process are the two sides of a store-load race (Dekker).
 * The cpu that frees itself clears gd_uschedcp, fences and looks at the queue (usched_vacate); the one
 * that queues a process fences after that, and looks for a free cpu (usched_offer). One of the two sees
 * the other's store, so no cpu is idle while a process that may use it waits.
 *
 * A process that comes to wait has at most LATENCY_MS of credit over the others that are there, or it
 * would keep the cpu until it has had as much time as they; and MOST_DEBT times that of debt, so that
 * it does not wait for ever. A shell and its command go before their equals, until this has saved them
 * FAVOR_MS for a command (use_favor): so what is typed is answered at once among a thousand processes.
 *
 * Level real goes before all others, but does not shut them out: of each PERIOD ticks that find a
 * process of this level on a cpu, and another one waiting for it, the cpu is lent to the other after
 * the last ones. It is moved to the queue's head for that, the one exception from the order (lend).
 */
#include "proc/usched_queue.h"

#include "kernel/syscall.h"
#include "proc/clock.h"

#define MOST_DEBT 5 /* times the latency */
#define FAVOR_MS 1000
#define PERIOD 50 /* ticks: HOLD of them for level real, and the others are lent */
#define HOLD 45
#define LOAN 2 /* ticks until a borrower gives way: one, after it has come from another cpu */

struct usched_cpu usched_cpus[NCPU];
uint32 usched_queue_length; /* written under queue_lock */

static struct spinlock queue_lock = SPINLOCK("usched");
static struct list queue = {&queue, &queue};

/* p goes before q. */
static bool before(const struct proc *p, const struct proc *q)
{ /* lab 8 */
    return p->p_upri != q->p_upri ? p->p_upri > q->p_upri : p->p_vruntime < q->p_vruntime;
}

/* --- the queue: queue_lock held --- */

/* The first process in the queue that may use this cpu. */
static struct proc *queue_first(int cpu)
{
    list_foreach(node, &queue)
    {
        struct proc *p = list_entry(node, struct proc, p_runnode);
        if (usched_may_use(p, cpu))
            return p;
    }
    return NULL;
}

static void queue_insert(struct proc *p)
{
    struct list *after = queue.prev;

    while (after != &queue && before(p, list_entry(after, struct proc, p_runnode)))
        after = after->prev;
    list_insert_before(after->next, &p->p_runnode);
    poke(&usched_queue_length, usched_queue_length + 1);
}

static void queue_remove(struct proc *p)
{
    list_remove(&p->p_runnode);
    poke(&usched_queue_length, usched_queue_length - 1);
}

/* The least time that another process of p's level, waiting or running, has had; if there is none,
 * p's own. */
static uint64 least_vruntime(const struct proc *p)
{
    uint64 least = ~0UL;

    list_foreach(node, &queue)
    {
        const struct proc *q = list_entry(node, struct proc, p_runnode);
        if (q->p_upri == p->p_upri && q->p_vruntime < least)
            least = q->p_vruntime;
    }
    for (int cpu = 0; cpu < ncpus; cpu++) {
        const struct proc *q = usched_current(globaldata_of[cpu]);
        if (q != NULL && q != p && peek(&usched_cpus[cpu].level) == p->p_upri &&
            peek(&usched_cpus[cpu].vruntime) < least)
            least = peek(&usched_cpus[cpu].vruntime);
    }
    return least == ~0UL ? p->p_vruntime : least;
}

/* p is a shell or its command, and has had more time than another one: as far as its favor goes,
 * this is forgiven. */
static void use_favor(struct proc *p, uint64 least)
{
    uint64 over = p->p_vruntime + 1 - least;

    if (over > p->p_favor)
        over = p->p_favor;
    p->p_vruntime -= over;
    p->p_favor -= over;
}

static inline void limit_credit(struct proc *p)
{
    uint64 least = least_vruntime(p), latency = usched_latency();

    if (p->p_vruntime + latency < least)
        p->p_vruntime = least - latency;
    else if (p->p_vruntime > least + MOST_DEBT * latency)
        p->p_vruntime = least + MOST_DEBT * latency;
    if (p->p_favor != 0 && p->p_vruntime >= least)
        use_favor(p, least);
}

/* --- free cpus --- */

/* Make p the cpu's current process if the cpu is free, whether p is there already or not. The hints are
 * set at once: a process that is queued a moment later is compared with them. */
static inline bool claim(globaldata_t gd, struct proc *p)
{
    if (peek(&gd->gd_uschedcp) != NULL || !amo_cas(&gd->gd_uschedcp, NULL, (void *)p))
        return false;
    usched_show(gd->gd_cpuid, p);
    return true;
}

/* Give the free cpu gd to the first in the queue that may use it, if any. Any cpu, in a critical
 * section or not. */
static void pick_for(globaldata_t gd)
{ /* lab 8 */
    if (peek(&usched_queue_length) == 0)
        return;
    spin_lock(&queue_lock);
    struct proc *p = queue_first(gd->gd_cpuid);
    if (p != NULL && claim(gd, p)) {
        queue_remove(p);
        p->p_target = gd->gd_cpuid;
    } else {
        p = NULL;
    }
    spin_unlock(&queue_lock);
    if (p != NULL)
        lwkt_schedule(p->p_thread);
}

int usched_claim_any(struct proc *p)
{ /* lab 8 */
    int own = mycpuid;

    if (usched_may_use(p, own) && claim(mycpu, p))
        return own;
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (usched_may_use(p, cpu) && claim(globaldata_of[cpu], p))
            return cpu;
    return -1;
}

void usched_vacate(globaldata_t gd)
{ /* lab 8 */
    /* consume: claim, so that stores to the hints have an order */
    publish(&gd->gd_uschedcp, NULL);
    fence(); /* before the look at the queue: see the top */
    pick_for(gd);
}

/* --- what processes do with the queue --- */

void usched_favor(struct proc *p)
{
    spin_lock(&queue_lock);
    p->p_favor = cpu_timebase / 1000 * FAVOR_MS;
    spin_unlock(&queue_lock);
}

void usched_limit_credit(struct proc *p)
{
    spin_lock(&queue_lock);
    limit_credit(p);
    spin_unlock(&queue_lock);
}

void usched_offer(struct proc *p)
{
    spin_lock(&queue_lock);
    limit_credit(p);
    queue_insert(p);
    spin_unlock(&queue_lock);
    fence(); /* before the look for a free cpu: see the top */
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (usched_may_use(p, cpu) && usched_current(globaldata_of[cpu]) == NULL)
            pick_for(globaldata_of[cpu]);
    clock_wake();
}

/* p, a process of this cpu, was killed: it waits no longer. td_killed is set, and p looks at it in
 * become_current's loop: either that look sees it, or we find p in the queue. IPI body. */
void usched_killed(struct proc *p)
{
    spin_lock(&queue_lock);
    bool waits = list_linked(&p->p_runnode);
    if (waits)
        queue_remove(p);
    spin_unlock(&queue_lock);
    if (waits)
        lwkt_schedule(p->p_thread);
}

bool usched_is_queued(const struct proc *p)
{
    spin_lock(&queue_lock);
    bool queued = list_linked(&p->p_runnode);
    spin_unlock(&queue_lock);
    return queued;
}

/* What a cpu knows about its loans: how many ticks have found that one is due or not yet, and its
 * heartbeat at the last one. Each cpu uses its own. */
static struct {
    uint32 ticks;
    uint64 lent;
} loans[NCPU];

/*
 * This cpu's current process has level real, and something waits. If it is time for a loan, move the
 * first waiting process of a lower level to the queue's head, and return true. Queue locked.
 */
static bool lend(void)
{
    int cpu = mycpuid;

    list_foreach(node, &queue)
    {
        struct proc *p = list_entry(node, struct proc, p_runnode);
        if (p->p_upri == USER_PRI_REAL || !usched_may_use(p, cpu))
            continue;
        if (loans[cpu].ticks++ % PERIOD < HOLD)
            return false;
        loans[cpu].lent = mycpu->gd_heartbeat;
        list_remove(&p->p_runnode);
        list_insert_head(&queue, &p->p_runnode);
        return true;
    }
    return false;
}

bool usched_is_behind(const struct proc *p)
{
    spin_lock(&queue_lock);
    struct proc *first = queue_first(mycpuid);
    bool behind = first != NULL && before(first, p);
    if (first != NULL && p->p_upri == USER_PRI_REAL)
        behind |= lend();
    else if (behind && first->p_upri == USER_PRI_REAL)
        behind = mycpu->gd_heartbeat >= loans[mycpuid].lent + LOAN; /* else p is a borrower */
    spin_unlock(&queue_lock);
    return behind;
}

void usched_fall_behind(struct proc *p)
{
    spin_lock(&queue_lock);
    struct proc *first = queue_first(mycpuid);
    if (first != NULL && first->p_upri >= p->p_upri && first->p_vruntime >= p->p_vruntime)
        p->p_vruntime = first->p_vruntime + 1;
    spin_unlock(&queue_lock);
}
