/* SPDX-License-Identifier: BSD-3-Clause
 * cpusync: stop other cpus in a known place, do something, and let them go on; or run a function on
 * several cpus at once. For what all cpus must see together, such as a change of the kernel's page
 * table.
 *
 * Between lwkt_cpusync_start and lwkt_cpusync_finish the target cpus run no thread. They stand where
 * they take IPI messages, and serve messages only. That can be inside a critical section, if the
 * section itself serves messages (crit.h): when it sends one and has to wait for room, waits for
 * another cpu, or releases a token that others asked for. The stopped thread may also hold tokens. So
 * what the master looks at meanwhile must be right at each such place. The master is in a critical
 * section; it must not switch, take a token that another cpu may have, or wait for another cpu in any
 * way. Two masters may work at the same time: they stop each other's targets, and each other, but do
 * not keep each other's code between start and finish from running. If that matters, a lock has to be
 * taken before.
 *
 * Masters: thread context (not in an interrupt or IPI body), holding no spin lock; one sync at a time.
 */
#ifndef LWKT_CPUSYNC_H
#define LWKT_CPUSYNC_H

#include "lwkt/thread.h"

struct lwkt_cpusync;
typedef struct lwkt_cpusync *lwkt_cpusync_t;
typedef void (*cpusync_func_t)(lwkt_cpusync_t poll);
typedef void (*cpusync_func2_t)(void *data);

/* The functions run on each target as IPI bodies, and on the master, too, if the mask includes it.
 * NULL: none. */
struct lwkt_cpusync {
    cpusync_func_t cs_run_func;   /* when the cpu stops: before start (or add) returns */
    cpusync_func_t cs_fin1_func;  /* when the cpu is let go: before finish returns */
    cpusync_func2_t cs_fin2_func; /* after that, perhaps after finish has returned; gets
                                        cs_data, which must outlive it */
    void *cs_data;
    /* lwkt_cpusync_start sets what follows. */
    int cs_master;     /* the master's cpu */
    int cs_maxcount;   /* targets */
    int cs_count;      /* see cpusync.c: AMO, publish, consume */
    cpumask_t cs_mask; /* targets, and the master if it was in the mask */
};

/* Stop the cpus of mask. / Stop more cpus. / Let all of them go. Cpus that do not exist are left out of
 * a mask, and so are those that are stopped already. */
void lwkt_cpusync_start(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_add(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_finish(lwkt_cpusync_t poll);

/* Stop the cpus of mask, run func (as cs_fin1_func) on each, and wait until all have run it. */
void lwkt_cpusync_simple(cpumask_t mask, cpusync_func_t func, void *data);

/* Stop the cpus of mask, let them go, and have func(data) run on each. Does not wait for func. */
void lwkt_cpusync_fastdata(cpumask_t mask, cpusync_func2_t func, void *data);

/* The mask of all cpus. */
cpumask_t lwkt_all_cpus(void);

/* One turn of a cpu that has been stopped: it serves messages, and does nothing else. In a critical
 * section. */
void lwkt_smp_stopped(void);

/* For lwkt_process_ipiq: a master has stopped this cpu (gd_cpusyncmask). Returns when no master does so
 * any more, or at once if this cpu is a master itself. In a critical section. */
void lwkt_cpusync_stopped(void);

/* For lwkt_switch: td switches while it is a master (td_cscount). Prints that, or panics. */
void lwkt_cpusync_switched(thread_t td);

#endif
