/* SPDX-License-Identifier: BSD-3-Clause
 * Between the parts of the user scheduler, usched*.c: the processes that wait for a cpu, and who has
 * which cpu. A cpu's current process is in gd_uschedcp; NULL: the cpu is free.
 */
#ifndef PROC_USCHED_QUEUE_H
#define PROC_USCHED_QUEUE_H

#include "proc/proc.h"

#define USCHED_LEVELS (USER_PRI_REAL + 1)

/* The cpus whose queues hold processes. Only a hint, as the queues' locks are private to
 * usched_queue.c. */
extern cpumask_t usched_waiting;

/* What may be known without a lock about a cpu's current process, as of its last charge, and about its
 * queue. Hints. */
struct usched_cpu {
    uint64 vruntime;             /* its p_vruntime */
    int level;                   /* its p_upri */
    uint64 least[USCHED_LEVELS]; /* p_vruntime of the first one in the queue; ~0: there is none */
} __attribute__((aligned(CACHE_LINE)));

extern struct usched_cpu usched_cpus[NCPU];

static inline bool usched_may_use(const struct proc *p, int cpu)
{
    return (p->p_affinity & CPUMASK(cpu)) != 0;
}

static inline struct proc *usched_current(globaldata_t gd)
{
    return peek(&gd->gd_uschedcp); /* only compared; a claim acquires */
}

/* Whether a cpu is free, and its idle thread has looked for a process since it had one. */
static inline bool usched_is_idle(int cpu)
{
    globaldata_t gd = globaldata_of[cpu];

    return peek(&gd->gd_idlelook) == 0 && usched_current(gd) == NULL;
}

/* Show others how much time p, a cpu's current process, has had. */
static inline void usched_show(int cpu, const struct proc *p)
{
    poke(&usched_cpus[cpu].vruntime, p->p_vruntime);
    poke(&usched_cpus[cpu].level, p->p_upri);
}

/* Whether the cpu's current process has had more time than p by that much, or has a lower level. */
static inline bool usched_is_ahead(int cpu, const struct proc *p, uint64 margin)
{
    int level = peek(&usched_cpus[cpu].level);

    return level != p->p_upri ? level < p->p_upri
                              : peek(&usched_cpus[cpu].vruntime) > p->p_vruntime + margin;
}

/* Charge p, which has been the current process until now, for its time. On its cpu. */
static inline void usched_charge(struct proc *p)
{
    uint64 now = cpu_time();

    p->p_vruntime += now - p->p_since;
    p->p_since = now;
}

/* gd_uschedcp, this cpu's, has just gone from p, the caller, which was charged, to q, whose thread is
 * here: q is designated before it runs. */
static inline void usched_designate(globaldata_t gd, struct proc *q, struct proc *p)
{
    q->p_since = p->p_since;
    q->p_heartbeat = gd->gd_heartbeat;
    q->p_thread->td_release = curthread->td_release;
    curthread->td_release = NULL;
}

/* The LWKT priority of each level in user mode. */
extern const int usched_level_pri[USCHED_LEVELS];

/* usched.c: the caller, a process, gives up its designation, if it has one. */
void usched_release(thread_t td);

/* usched_pass.c: td_release of a current process, which blocks. Called by lwkt_switch. */
void usched_block(thread_t td);

/* Claim a free cpu for p, this one first. Its number, or -1. */
int usched_claim_any(struct proc *p);

/* Free the cpu, whose process was current until now, and give it to the next that waits. In a critical
 * section. */
void usched_vacate(globaldata_t gd);

/* Limit the credit and the debt of p, which comes to wait. / For that cpu. */
void usched_limit_credit(struct proc *p);
void usched_limit_credit_at(struct proc *p, int cpu);

/* Put p into a queue, for whichever cpu is free or will be. In a critical section. */
void usched_offer(struct proc *p);

/* If the first process in this cpu's queue has the level of p, the caller and current process here, it
 * becomes current, whatever times the two have had, and p is put into the queue. Returns that process,
 * for the caller to schedule, or NULL. In a critical section. After it, when p has left the run queue:
 * let idle cpus look for a process. */
struct proc *usched_exchange(struct proc *p);
void usched_wake_idle(const struct proc *p);

/* Whether p is in a queue. Code that takes it out schedules it after that. */
bool usched_is_queued(const struct proc *p);

/* Whether one that waits, and may use this cpu, goes before p, this cpu's current process. */
bool usched_is_behind(const struct proc *p);

/* p, this cpu's current process, lets the first in the queue go before it, whatever time p has had. */
void usched_fall_behind(struct proc *p);

/* The time that a process may have had less than others, in cpu_time() ticks. */
#define LATENCY_MS 20
static inline uint64 usched_latency(void)
{
    return cpu_timebase / (1000 / LATENCY_MS);
}

#endif
