/* SPDX-License-Identifier: BSD-3-Clause
 * Systimers: functions that a cpu calls at a given time, from its timer interrupt. Each cpu has a
 * queue, sorted by time, over its one-shot timer. A systimer belongs to the cpu on whose queue it is.
 * Functions run as IPI bodies do: in a critical section; they must not block, and may wake threads.
 */
#ifndef LWKT_SYSTIMER_H
#define LWKT_SYSTIMER_H

#include "lwkt/thread.h"

struct systimer {
    struct list st_node; /* gd_systimerq while queued */
    uint64 st_time;      /* when it fires, in cpu_time() ticks */
    uint64 st_period;    /* 0: once */
    void (*st_func)(struct systimer *);
    void *st_arg;
    struct globaldata *st_gd; /* the cpu on whose queue it is, or NULL */
};

/* Call func(st) once, at `when`, on this cpu. st must not be queued. */
void systimer_init_oneshot(struct systimer *st, void (*func)(struct systimer *), void *arg,
                           uint64 when);

/* Call func(st) every `period` ticks on this cpu. If it is late by a period or more, the missed ones
 * are skipped, and the next call is one period after the late one. */
void systimer_init_periodic(struct systimer *st, void (*func)(struct systimer *), void *arg,
                            uint64 period);

/* The same on another cpu: func runs there, and st belongs to that cpu. It is queued some time after
 * this returns, and may fire that much later. */
void systimer_init_oneshot_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                              void *arg, uint64 when);
void systimer_init_periodic_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                               void *arg, uint64 period);

/* Let a periodic systimer of this cpu fire one `period` from now, and then every period. */
void systimer_set_period(struct systimer *st, uint64 period);

/* Take st off its queue, if it is on one. Called on the cpu that it belongs to. */
void systimer_del(struct systimer *st);

/* Put the calling thread to sleep for so many ticks. Thread context; a critical section is allowed. */
void lwkt_pause(uint64 ticks);

/* The work of the timer interrupt. In a critical section. */
void systimer_intr(void);

#endif
