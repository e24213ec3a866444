/* SPDX-License-Identifier: BSD-3-Clause
 * The user scheduler: the time that a process may have had less, or more, than the others that it comes
 * to. Called by the process itself, or by the one that puts it into a queue, in a critical section.
 *
 * A process that comes to wait has at most LATENCY_MS of credit over the others that are there, or it
 * would keep the cpu until it has had as much time as they; and MOST_DEBT times that of debt, so that
 * it does not wait for ever. A shell and its command go before their equals, until this has saved them
 * FAVOR_MS for a command (use_favor): so what is typed is answered at once among a thousand processes.
 */
#include "proc/usched_queue.h"

#define MOST_DEBT 5 /* times the latency */
#define FAVOR_MS 1000

/* The least time that another process of p's level, waiting for this cpu or running on it, has had; if
 * there is none, p's own. */
static uint64 least_vruntime(const struct proc *p, int cpu)
{
    uint64 least = peek(&usched_cpus[cpu].least[p->p_upri]);
    const struct proc *q = usched_current(globaldata_of[cpu]);

    if (q != NULL && q != p && peek(&usched_cpus[cpu].level) == p->p_upri &&
        peek(&usched_cpus[cpu].vruntime) < least)
        least = peek(&usched_cpus[cpu].vruntime);
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

void usched_limit_credit_at(struct proc *p, int cpu)
{
    uint64 least = least_vruntime(p, cpu), latency = usched_latency();

    if (p->p_vruntime + latency < least)
        p->p_vruntime = least - latency;
    else if (p->p_vruntime > least + MOST_DEBT * latency)
        p->p_vruntime = least + MOST_DEBT * latency;
    if (p->p_favor != 0 && p->p_vruntime >= least)
        use_favor(p, least);
}

void usched_favor(struct proc *p)
{
    p->p_favor = cpu_timebase / 1000 * FAVOR_MS;
}

void usched_limit_credit(struct proc *p)
{
    int cpu = mycpuid;

    if ((peek(&usched_waiting) & CPUMASK(cpu)) != 0 || usched_current(mycpu) != NULL)
        usched_limit_credit_at(p, cpu); /* otherwise there are no others here */
}

void usched_fall_behind(struct proc *p)
{
    const struct usched_cpu *own = &usched_cpus[mycpuid];

    for (int level = USCHED_LEVELS - 1; level >= p->p_upri; level--) {
        uint64 least = peek(&own->least[level]);
        if (least != ~0UL) {
            if (least >= p->p_vruntime)
                p->p_vruntime = least + 1;
            return;
        }
    }
}
