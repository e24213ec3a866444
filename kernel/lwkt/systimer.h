/*
 * Systimers: functions that this cpu calls at a time, from its timer interrupt. Each cpu has a queue
 * sorted by time over its one-shot timer; a systimer lives on the cpu that started it.
 * Callbacks run as IPI bodies do: in a critical section, no blocking, wakeups allowed.
 */
#ifndef LWKT_SYSTIMER_H
#define LWKT_SYSTIMER_H

#include "lwkt/thread.h"

struct systimer {
    struct list st_node; /* gd_systimerq while queued */
    uint64 st_time;      /* when, in cpu_time() ticks */
    uint64 st_period;    /* 0: once */
    void (*st_func)(struct systimer *);
    void *st_arg;
    struct globaldata *st_gd; /* cpu that it is queued on; NULL: it is not */
};

/* Call func(st) at `when`, once, on this cpu; st must not be queued. */
void systimer_init_oneshot(struct systimer *st, void (*func)(struct systimer *), void *arg,
                           uint64 when);

/* Call func(st) every `period` ticks on this cpu. Missed periods are skipped. */
void systimer_init_periodic(struct systimer *st, void (*func)(struct systimer *), void *arg,
                            uint64 period);

/* The same on another cpu: func runs there, and st is that cpu's. It is queued some time after the
 * return, so it may fire late by that. */
void systimer_init_oneshot_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                              void *arg, uint64 when);
void systimer_init_periodic_on(int cpu, struct systimer *st, void (*func)(struct systimer *),
                               void *arg, uint64 period);

/* Have a periodic systimer of this cpu next fire one `period` from now, and every period from then. */
void systimer_set_period(struct systimer *st, uint64 period);

/* Take st off its queue, if it is on one. On the cpu that started it. */
void systimer_del(struct systimer *st);

/* Let the calling thread sleep for so many ticks. Thread context, perhaps in a critical section. */
void lwkt_pause(uint64 ticks);

/* The timer interrupt's work, in a critical section. */
void systimer_intr(void);

#endif
