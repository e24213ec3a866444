/* SPDX-License-Identifier: BSD-3-Clause
 * cpusync: see cpusync.h.
 *
 *   master                                        each target
 *   ------                                        -----------
 *   start: message remote1     ---------------->  cs_run_func
 *                                                 gd_cpusyncq[master] = poll
 *   serves messages until      <-- AMO, rl -----  cs_count + 1
 *     cs_count == cs_maxcount                     stops: serves messages, and looks at all polls of
 *   (the caller does its work)                      gd_cpusyncq (remote2) until none is left
 *   finish: publish cs_count = -1  ------------>  consume cs_count: below 0
 *                                                 cs_fin1_func
 *   serves messages until      <-- AMO, rl -----  cs_count - 1; poll is the master's again
 *     cs_count == -1 - cs_maxcount                cs_fin2_func(cs_data)
 *                                                 goes on with what it did
 *
 * A target that is a master itself does not stop: it has to get on with its own sync, and stops when
 * it has finished that. It has counted for the other master, though, so neither waits for the other.
 * Targets serve messages all the time, so a third cpu that waits for one of them is not held up, and
 * a master's remote1 finds even a target that waits for room in a ring.
 *
 * Differences from DragonFly:
 *   - cs_run_func runs before its cpu counts itself. There it counted first, so the function's effects
 *     were not sure to be seen when start returned.
 *   - gd_cpusyncq is an array by master instead of a FIFO of the cpu to itself: it cannot fill up,
 *     since a cpu masters one sync at a time, and no message is sent for each look.
 *   - There, a master with work left in gd_cpusyncq raised RQF_IPIQ each time that it looked. Here
 *     finish does, once.
 */
#include "lwkt/cpusync.h"

#include "lib/bits.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/waitwarn.h"

cpumask_t lwkt_all_cpus(void)
{
    return CPUMASK(ncpus - 1) | (CPUMASK(ncpus - 1) - 1);
}

/* IPI body on a target, which stops as soon as it has served its messages. */
static void lwkt_cpusync_remote1(void *arg)
{ /* lab 9 */
    lwkt_cpusync_t poll = arg;
    globaldata_t gd = mycpu;

    if (poll->cs_run_func != NULL)
        poll->cs_run_func(poll);
    gd->gd_cpusyncq[poll->cs_master] = poll;
    gd->gd_cpusyncmask |= CPUMASK(poll->cs_master);
    amo_add_rel(&poll->cs_count, 1); /* consume: wait_for_count */
}

/* Let this target go if that master has finished. On a target, in a critical section. */
static void lwkt_cpusync_remote2(globaldata_t gd, int master)
{ /* lab 9 */
    lwkt_cpusync_t poll = gd->gd_cpusyncq[master];

    if (consume(&poll->cs_count) >= 0) /* publish: lwkt_cpusync_finish */
        return;
    gd->gd_cpusyncmask &= ~CPUMASK(master); /* first: fin1 may serve messages, and so come here */
    if (poll->cs_fin1_func != NULL)
        poll->cs_fin1_func(poll);
    cpusync_func2_t fin2 = poll->cs_fin2_func;
    void *data = poll->cs_data;
    amo_add_rel(&poll->cs_count, -1); /* consume: wait_for_count */
    if (fin2 != NULL)
        fin2(data);
}

void lwkt_smp_stopped(void)
{
    cpu_relax();
    lwkt_drain_ipiq();
}

void lwkt_cpusync_stopped(void)
{
    globaldata_t gd = mycpu;
    struct waitwarn w = {0};

    ++gd->gd_intr_nesting_level;
    for (;;) {
        for (cpumask_t mask = gd->gd_cpusyncmask; mask != 0; mask &= mask - 1)
            lwkt_cpusync_remote2(gd, bit_lowest64(mask));
        if (gd->gd_cpusyncmask == 0 || curthread->td_cscount != 0)
            break;
        lwkt_smp_stopped();
        if (wait_turn(&w))
            w.since = lwkt_wait_lasts(w.since, curthread, __func__, "the master to finish",
                                      gd->gd_cpusyncmask);
    }
    --gd->gd_intr_nesting_level;
}

/* The master waits for its targets, serving messages: other masters may wait for it. */
static void wait_for_count(lwkt_cpusync_t poll, int count)
{
    struct waitwarn w = {0};

    while (consume(&poll->cs_count) != count) { /* release: remote1, remote2 */
        cpu_relax();
        lwkt_process_ipiq();
        if (wait_turn(&w))
            w.since = lwkt_wait_lasts(w.since, curthread, __func__,
                                      count < 0 ? "its targets to go on" : "its targets to stop",
                                      poll->cs_mask);
    }
}

/* Run the master's own part of a step as that of its targets. */
static void run_here(void (*func)(lwkt_cpusync_t), lwkt_cpusync_t poll)
{
    if (func == NULL || (poll->cs_mask & CPUMASK(mycpuid)) == 0)
        return;
    ++mycpu->gd_intr_nesting_level;
    func(poll);
    --mycpu->gd_intr_nesting_level;
}

void lwkt_cpusync_add(cpumask_t mask, lwkt_cpusync_t poll)
{ /* lab 9 */
    cpumask_t self = CPUMASK(mycpuid);
    bool self_is_new = (mask & ~poll->cs_mask & self) != 0;

    KASSERT(curthread->td_cscount == 1, "%s is not mastering", curthread->td_comm);
    mask &= ~poll->cs_mask & lwkt_all_cpus();
    poll->cs_mask |= mask;
    if (self_is_new)
        run_here(poll->cs_run_func, poll);
    poll->cs_maxcount += lwkt_send_ipiq_mask(mask & ~self, lwkt_cpusync_remote1, poll);
    wait_for_count(poll, poll->cs_maxcount);
}

void lwkt_cpusync_start(cpumask_t mask, lwkt_cpusync_t poll)
{ /* lab 9 */
    crit_enter();
    globaldata_t gd = mycpu;

    KASSERT(gd->gd_intr_nesting_level == 0, "a cpusync in an interrupt or IPI body");
    KASSERT(curthread->td_cscount == 0, "%s masters a cpusync already", curthread->td_comm);
    ++curthread->td_cscount;
    ++gd->gd_cnt.ipiq_cscount;
    poll->cs_master = gd->gd_cpuid;
    poll->cs_maxcount = 0;
    poll->cs_count = 0;
    poll->cs_mask = 0;
    lwkt_cpusync_add(mask, poll);
}

/*
 * From -1 the count goes down by one for each target that will not touch poll again. If another master
 * has stopped this cpu meanwhile, it waits for that one when the critical section ends.
 */
void lwkt_cpusync_finish(lwkt_cpusync_t poll)
{ /* lab 9 */
    globaldata_t gd = mycpu;

    KASSERT(curthread->td_cscount == 1 && poll->cs_master == gd->gd_cpuid, "%s is not mastering",
            curthread->td_comm);
    if (poll->cs_maxcount > 0) {
        publish(&poll->cs_count, -1); /* consume: remote2 */
        wait_for_count(poll, -1 - poll->cs_maxcount);
    }
    run_here(poll->cs_fin1_func, poll);
    if (poll->cs_fin2_func != NULL && (poll->cs_mask & CPUMASK(gd->gd_cpuid)))
        poll->cs_fin2_func(poll->cs_data);
    --curthread->td_cscount;
    if (gd->gd_cpusyncmask != 0)
        amo_or(&gd->gd_reqflags, RQF_IPIQ);
    crit_exit();
}

void lwkt_cpusync_simple(cpumask_t mask, cpusync_func_t func, void *data)
{
    struct lwkt_cpusync poll = {.cs_fin1_func = func, .cs_data = data};

    lwkt_cpusync_start(mask, &poll);
    lwkt_cpusync_finish(&poll);
}

void lwkt_cpusync_fastdata(cpumask_t mask, cpusync_func2_t func, void *data)
{
    struct lwkt_cpusync poll = {.cs_fin2_func = func, .cs_data = data};

    lwkt_cpusync_start(mask, &poll);
    lwkt_cpusync_finish(&poll);
}

void lwkt_cpusync_switched(thread_t td)
{
    if (peek(&lwkt_panic_on_cscount) != 0)
        panic("lwkt_switch: %s switches while mastering a cpusync", td->td_comm);
    printf("lwkt_switch: %s switches while mastering a cpusync, count %d\n", td->td_comm,
           td->td_cscount);
}
