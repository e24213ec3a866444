/*
 * cpusync: stop other cpus in a known place, do something, and let them go on; or have a function run
 * on several cpus at once. For what must be seen by all cpus together: page tables, statistics, the
 * end of the machine.
 *
 * Between lwkt_cpusync_start and lwkt_cpusync_finish the target cpus run no thread: they stand
 * where they take IPI messages, and serve messages only. That can be inside a critical section, if
 * the section itself serves messages (crit.h): it sends one and has to wait for room, waits for
 * another cpu, or releases a token that others asked for. The stopped thread may also hold tokens.
 * So what the master looks at meanwhile must be right at each such place, and the master, which is
 * in a critical section, must not switch, take a token that another cpu may have, or wait for
 * another cpu in any way. Two masters at a time stop each other's targets, and each other, but not
 * each other's code between start and finish: that is for a lock, taken before.
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

/* Functions are run on each cpu of the sync, as IPI bodies; NULL: none. On the master, too, when its
 * mask says so. */
struct lwkt_cpusync {
    cpusync_func_t cs_run_func;   /* when it has stopped: before start (or add) returns */
    cpusync_func_t cs_fin1_func;  /* when it is let go: before finish returns */
    cpusync_func2_t cs_fin2_func; /* after that, perhaps after finish has returned: gets cs_data,
                                        which must outlive it */
    void *cs_data;
    /* lwkt_cpusync_start sets what follows. */
    int cs_master;     /* cpu */
    int cs_maxcount;   /* targets */
    int cs_count;      /* see cpusync.c: AMO, publish, consume */
    cpumask_t cs_mask; /* targets, and the master if it was in the mask */
};

/* Stop the cpus of mask. / Stop more cpus. / Let all go. */
void lwkt_cpusync_start(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_add(cpumask_t mask, lwkt_cpusync_t poll);
void lwkt_cpusync_finish(lwkt_cpusync_t poll);

/* Stop the cpus of mask, run func (as cs_fin1_func) on each, wait until all have. */
void lwkt_cpusync_simple(cpumask_t mask, cpusync_func_t func, void *data);

/* Stop the cpus of mask, let them go, and have func(data) run on each. Does not wait for func. */
void lwkt_cpusync_fastdata(cpumask_t mask, cpusync_func2_t func, void *data);

/* All cpus there are. */
cpumask_t lwkt_all_cpus(void);

/* One turn of a cpu that has been stopped: messages, and nothing else. In a critical section. */
void lwkt_smp_stopped(void);

/* For lwkt_process_ipiq: this cpu is stopped by somebody (gd_cpusyncmask). Comes back when nobody
 * does any more, or at once on a master. In a critical section. */
void lwkt_cpusync_stopped(void);

/* For lwkt_switch: the thread is a master (td_cscount), and switches. Says so. */
void lwkt_cpusync_switched(thread_t td);

#endif
