/* SPDX-License-Identifier: BSD-3-Clause
 * The user scheduler's queues: the processes that want to be in user mode and have no cpu, and the
 * handing out of free cpus to them. usched.c calls all this, on any cpu; which process enters a queue,
 * and when one gives up its cpu, is decided there.
 *
 * Each cpu has a queue of its own, with a lock, so that cpus with enough to do leave each other alone.
 * A process waits in the queue of one cpu that it may use (choose_queue), until that cpu is free, or
 * another one is idle; or until another cpu's process has had clearly more time than it
 * (look_elsewhere).
 *
 * Always true, under a queue's lock: for each level (setpri) there is a heap of its processes by
 * p_vruntime, the time had as current process; those that are equal go in the order in which they came.
 * p_queued is set exactly while p is in a queue, that of cpu p_queue. Neither p_upri nor p_vruntime nor
 * p_affinity changes meanwhile.
 *
 * gd_uschedcp is shared: it goes from NULL to a process by compare-and-swap, on any cpu; from a
 * process to NULL, or to another process, only on the cpu where that process is, which is not this one
 * while the process, picked, is on its way. So the process that gd_uschedcp names may be reaped at any
 * time: other cpus only compare the pointer. A current process that has arrived has td_release set, or
 * is its cpu's gd_uschedparked.
 *
 * The hard part: freeing a cpu and queueing a process are the two sides of a store-load race (Dekker).
 * The cpu that frees itself clears gd_uschedcp, fences and looks at the queues (usched_vacate); the one
 * that queues a process fences after that, and looks for a free cpu (usched_offer, usched_wake_idle).
 * One of the two sees the other's store, so no cpu is idle while a process that may use it waits. A cpu
 * where processes run in the kernel does not look (others_come): one of them may be about to want it,
 * and then nothing need move. If none does, the cpu becomes idle, and looks then (usched_idle): the
 * same race, with gd_idlelook in gd_uschedcp's place.
 *
 * Level real goes before all others, but does not shut them out: of each PERIOD ticks that find a
 * process of this level on a cpu, and another one waiting for it, the cpu is lent to the other after
 * the last ones. That one goes first then, the one exception from the order (lend).
 */
#include "proc/usched_queue.h"

#include "kernel/syscall.h"
#include "lib/bits.h"
#include "lwkt/runq.h"
#include "proc/usched_heap.h"

#define PERIOD 50 /* ticks: HOLD of them for level real, and the others are lent */
#define HOLD 45
#define LOAN 2 /* ticks until a borrower gives way: one, after it has come from another cpu */

/* A queue's words are written under its lock; `length` is read without it, as a hint. */
struct queue {
    struct spinlock lock;
    uint32 length;
    uint32 arrivals;                  /* of processes, so far */
    struct proc *heap[USCHED_LEVELS]; /* the first one of each level, with the others below it */
    struct proc *lent;                /* goes first, or NULL */
    uint32 realticks;                 /* ticks that have found that a loan is due or not yet, */
    uint64 lentbeat;                  /* and this cpu's heartbeat at the last loan */
    int elsewhere;                    /* for this cpu alone: queue to look at first, or -1 */
} __attribute__((aligned(CACHE_LINE)));

static struct queue queues[NCPU];
struct usched_cpu usched_cpus[NCPU];
cpumask_t usched_waiting; /* AMO: a bit changes under that queue's lock */

/* p goes before q. */
static bool before(const struct proc *p, const struct proc *q)
{ /* lab 8 */
    return p->p_upri != q->p_upri ? p->p_upri > q->p_upri : p->p_vruntime < q->p_vruntime;
}

/* --- a queue: its lock is held --- */

/* The order in a heap: equals go as they came. */
static bool heap_before(const struct proc *p, const struct proc *q)
{
    return before(p, q) || (!before(q, p) && (int)(p->p_arrival - q->p_arrival) < 0);
}

/* The first process of one level that may use this cpu, if the heap's first one may not. */
static __attribute__((noinline)) struct proc *level_search(struct proc *first, int cpu)
{
    struct proc *best = NULL;

    for (struct proc *p = first; p != NULL; p = heap_walk(p))
        if (usched_may_use(p, cpu) && (best == NULL || heap_before(p, best)))
            best = p;
    return best;
}

/* The first process in the queue that may use this cpu: of the best level, the heap's first one, but
 * for processes with other masks, which wait for another cpu. */
static inline __attribute__((always_inline)) struct proc *queue_first(struct queue *q, int cpu)
{
    struct proc *p = NULL;

    if (q->lent != NULL && usched_may_use(q->lent, cpu))
        return q->lent;
    for (int level = USCHED_LEVELS - 1; level >= 0 && p == NULL; level--)
        if ((p = q->heap[level]) != NULL && !usched_may_use(p, cpu))
            p = level_search(p, cpu);
    return p;
}

static inline uint64 *least_of(const struct queue *q, int level)
{
    return &usched_cpus[q - queues].least[level];
}

static void show_least(struct queue *q, int level)
{
    poke(least_of(q, level), q->heap[level] != NULL ? q->heap[level]->p_vruntime : ~0UL);
}

/* p will be in the queue. */
static inline void queue_enter(struct queue *q, struct proc *p, int cpu)
{
    KASSERT(!p->p_queued, "process %d is put into a queue while it waits in one", p->p_pid);
    KASSERT(cpu >= 0 && q == &queues[cpu], "process %d is put into queue %d", p->p_pid, cpu);
    p->p_arrival = q->arrivals++;
    p->p_queue = cpu;
    p->p_queued = true;
}

/* p is in the queue no more. */
static inline void queue_leave(struct queue *q, struct proc *p)
{
    p->p_queued = false;
    if (q->lent == p)
        q->lent = NULL;
}

static inline void queue_insert(struct queue *q, struct proc *p)
{
    queue_enter(q, p, (int)(q - queues));
    heap_insert(&q->heap[p->p_upri], p, heap_before);
    show_least(q, p->p_upri);
    if (q->length == 0)
        amo_or(&usched_waiting, CPUMASK(p->p_queue));
    poke(&q->length, q->length + 1);
}

static inline void queue_remove(struct queue *q, struct proc *p)
{
    heap_remove(&q->heap[p->p_upri], p, heap_before);
    show_least(q, p->p_upri);
    queue_leave(q, p);
    poke(&q->length, q->length - 1);
    if (q->length == 0)
        amo_and(&usched_waiting, ~CPUMASK(p->p_queue));
}

/* Whether one that waits in the queue goes before p, and has had less time by that much or has a better
 * level. */
static bool waits_longer(const struct queue *q, const struct proc *p, uint64 margin)
{
    if (peek(&q->length) == 0)
        return false;
    for (int level = USCHED_LEVELS - 1; level > p->p_upri; level--)
        if (peek(least_of(q, level)) != ~0UL)
            return true;
    uint64 least = peek(least_of(q, p->p_upri));
    return least != ~0UL && least + margin < p->p_vruntime;
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

/* Give the free cpu gd to the first in that queue that may use it. True: there was one, and the cpu was
 * still free. Any cpu, in a critical section or not. */
static bool pick_from(struct queue *q, globaldata_t gd)
{ /* lab 8 */
    if (peek(&q->length) == 0)
        return false;
    spin_lock(&q->lock);
    struct proc *p = queue_first(q, gd->gd_cpuid);
    if (p != NULL && claim(gd, p)) {
        queue_remove(q, p);
        p->p_target = gd->gd_cpuid;
    } else {
        p = NULL;
    }
    spin_unlock(&q->lock);
    if (p != NULL)
        lwkt_schedule(p->p_thread);
    return p != NULL;
}

/* Priorities of processes that run in the kernel without a cpu: after pass_on, that of their level. */
#define MAY_COME \
    (1u << TDPRI_KERN_USER | 1u << TDPRI_USER_REAL | 1u << TDPRI_USER_NORM | 1u << TDPRI_USER_IDLE)

/* Whether the free cpu gd is in the kernel, with processes other than the caller that may take it. If
 * they do not, it becomes idle, and then it looks for one. */
static bool others_come(globaldata_t gd)
{
    if (gd != mycpu)
        return peek(&gd->gd_idlelook) != 0;
    uint32 mask = gd->gd_runqmask & MAY_COME;
    if ((curthread->td_flags & TDF_RUNQ) && runq_is_alone(curthread))
        mask &= ~(1u << curthread->td_pri);
    return mask != 0;
}

/* Give the free cpu gd to one that waits: in its own queue, or else in another. */
static void pick_for(globaldata_t gd)
{
    cpumask_t mask = peek(&usched_waiting);
    struct queue *own = &queues[gd->gd_cpuid];

    if (mask == 0)
        return;
    if (others_come(gd)) {
        if (gd == mycpu) /* for those that do not come: the idle thread may have looked already */
            poke(&gd->gd_idlelook, 1);
        return;
    }
    if (gd == mycpu && own->elsewhere >= 0) {
        struct queue *first = &queues[own->elsewhere];
        own->elsewhere = -1;
        if (pick_from(first, gd))
            return;
    }
    if (pick_from(own, gd))
        return;
    for (; mask != 0; mask &= mask - 1)
        if (pick_from(&queues[bit_lowest64(mask)], gd))
            return;
}

int usched_claim_any(struct proc *p)
{ /* lab 8 */
    int own = mycpuid;

    if (usched_may_use(p, own) && !waits_longer(&queues[own], p, usched_latency()) &&
        claim(mycpu, p))
        return own;
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (usched_may_use(p, cpu) && usched_is_idle(cpu) && claim(globaldata_of[cpu], p))
            return cpu;
    return -1;
}

void usched_vacate(globaldata_t gd)
{ /* lab 8 */
    /* consume: claim, so that stores to the hints have an order */
    publish(&gd->gd_uschedcp, NULL);
    fence(); /* before the look at the queues: see the top */
    pick_for(gd);
}

/* This cpu has nothing to run. Its idle thread calls this once after each process that has had the cpu:
 * from then on those that queue a process see that it is idle. */
static void usched_idle(void)
{
    globaldata_t gd = mycpu;

    poke(&gd->gd_idlelook, 0);
    fence(); /* before the look at the queues: see the top */
    if (usched_current(gd) == NULL)
        pick_for(gd);
}

/* --- what processes do with the queues --- */

void usched_init(void)
{
    for (int cpu = 0; cpu < NCPU; cpu++) {
        struct queue *q = &queues[cpu];
        spin_init(&q->lock, "usched");
        q->elsewhere = -1;
        for (int level = 0; level < USCHED_LEVELS; level++)
            show_least(q, level);
    }
    lwkt_idle_work = usched_idle;
}

/*
 * The cpu in whose queue p, a process of this cpu, waits: this one, unless it may not use it, or the
 * process here has not had more time and that of another cpu has had clearly more, or another queue is
 * shorter by two.
 */
static int choose_queue(const struct proc *p)
{
    int own = mycpuid, best = usched_may_use(p, own) ? own : -1;
    uint64 latency = usched_latency();

    if (best == own && (ncpus == 1 || usched_is_ahead(own, p, latency / 4)))
        return own;
    for (int cpu = 0; cpu < ncpus; cpu++) {
        if (cpu == own || !usched_may_use(p, cpu))
            continue;
        if (usched_is_ahead(cpu, p, latency))
            return cpu;
        if (best < 0 || peek(&queues[cpu].length) + 1 < peek(&queues[best].length))
            best = cpu;
    }
    return best;
}

/* p waits in a queue: idle cpus that p may use look for a process. */
static inline void wake_idle(const struct proc *p)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (usched_may_use(p, cpu) && usched_is_idle(cpu))
            pick_for(globaldata_of[cpu]);
}

void usched_offer(struct proc *p)
{
    int target = choose_queue(p);
    struct queue *q = &queues[target];

    spin_lock(&q->lock);
    usched_limit_credit_at(p, target);
    queue_insert(q, p);
    spin_unlock(&q->lock);
    fence(); /* before the look for a free cpu: see the top */
    if (usched_current(mycpu) == NULL)
        pick_for(mycpu);
    wake_idle(p);
}

void usched_wake_idle(const struct proc *p)
{
    fence(); /* before the look for an idle cpu: see the top */
    wake_idle(p);
}

/* Put p into the queue of a cpu, behind `first` of its level, which leaves it. */
static inline void queue_replace(struct queue *q, struct proc *first, struct proc *p, int cpu)
{
    if (p->p_vruntime <= first->p_vruntime)
        p->p_vruntime = first->p_vruntime + 1;
    queue_enter(q, p, cpu);
    queue_leave(q, first);
}

/* usched_exchange for a queue with several processes, or with one of another level. */
static __attribute__((noinline)) struct proc *exchange_one(struct queue *q, struct proc *p)
{
    struct proc *first = queue_first(q, mycpuid);

    if (first == NULL || first->p_upri != p->p_upri)
        return NULL;
    heap_remove(&q->heap[p->p_upri], first, heap_before);
    queue_replace(q, first, p, mycpuid);
    heap_insert(&q->heap[p->p_upri], p, heap_before);
    show_least(q, p->p_upri);
    return first;
}

struct proc *usched_exchange(struct proc *p)
{
    globaldata_t gd = mycpu;
    int cpu = gd->gd_cpuid, level = p->p_upri;
    struct queue *own = &queues[cpu];

    if (peek(&own->length) == 0)
        return NULL;
    spin_lock(&own->lock);
    struct proc *first = own->heap[level];
    if (first != NULL && peek(&own->length) == 1 && usched_may_use(first, cpu)) {
        queue_replace(own, first, p, cpu);
        own->heap[level] = p;
        poke(&usched_cpus[cpu].least[level], p->p_vruntime);
    } else {
        first = exchange_one(own, p);
    }
    if (first != NULL) {
        first->p_target = cpu;
        poke(&gd->gd_uschedcp, first);
        usched_show(cpu, first);
    }
    spin_unlock(&own->lock);
    return first;
}

/* p, a process of this cpu, was killed: it waits no longer. td_killed is set, and p looks at it in
 * become_current's loop: either that look sees it, or we find p in its queue. IPI body. */
void usched_killed(struct proc *p)
{
    struct queue *q = &queues[p->p_queue];

    spin_lock(&q->lock);
    bool waits = p->p_queued;
    if (waits)
        queue_remove(q, p);
    spin_unlock(&q->lock);
    if (waits)
        lwkt_schedule(p->p_thread);
}

bool usched_is_queued(const struct proc *p)
{
    struct queue *q = &queues[p->p_queue];

    spin_lock(&q->lock);
    bool queued = p->p_queued;
    spin_unlock(&q->lock);
    return queued;
}

/* This cpu's current process has level real, and something waits in its queue. If it is time for a
 * loan, the first process of a lower level goes first, and true is returned. Queue locked. */
static bool lend(struct queue *q)
{
    struct proc *p = NULL;

    for (int level = USER_PRI_REAL - 1; level >= 0 && p == NULL; level--)
        p = q->heap[level];
    if (p == NULL || q->realticks++ % PERIOD < HOLD)
        return false;
    q->lentbeat = mycpu->gd_heartbeat;
    q->lent = p;
    return true;
}

/* Whether one that waits for another cpu has had clearly less time than p, this cpu's current process.
 * Then this cpu looks into that queue first. */
static bool look_elsewhere(struct queue *own, const struct proc *p)
{
    cpumask_t mask = peek(&usched_waiting) & ~CPUMASK(mycpuid);

    for (; mask != 0; mask &= mask - 1) {
        int cpu = bit_lowest64(mask);
        if (waits_longer(&queues[cpu], p, usched_latency())) {
            own->elsewhere = cpu;
            return true;
        }
    }
    return false;
}

bool usched_is_behind(const struct proc *p)
{
    struct queue *q = &queues[mycpuid];
    bool behind = false, borrows = false;

    q->elsewhere = -1;
    if (peek(&q->length) != 0) {
        spin_lock(&q->lock);
        const struct proc *first = queue_first(q, mycpuid);
        behind = first != NULL && before(first, p);
        if (first != NULL && p->p_upri == USER_PRI_REAL)
            behind |= lend(q);
        else if (behind && first->p_upri == USER_PRI_REAL)
            borrows = mycpu->gd_heartbeat < q->lentbeat + LOAN;
        spin_unlock(&q->lock);
    }
    return !borrows && (behind || look_elsewhere(q, p));
}
