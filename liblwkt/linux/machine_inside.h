/* SPDX-License-Identifier: BSD-3-Clause
 * What the library's own files share.
 */
#ifndef LIBLWKT_MACHINE_INSIDE_H
#define LIBLWKT_MACHINE_INSIDE_H

#include <pthread.h>
#include <time.h>

#include "lwkt.h"

struct cpu {
    pthread_t pthread;
    timer_t timer;
    bool intr_on; /* its own */
    uint64 armed; /* when the timer fires, ~0: never; its own */
    uint32
        external; /* sources that have interrupted, and whose threads are to be scheduled; its own */
    struct thread *before; /* of a switch under way: the thread that was left, */
    uint64
        intr_saved; /* and whether interrupts were on. It is the cpu that has them on, not a thread */
    uint32 pending __attribute__((aligned(CACHE_LINE))); /* AMO */
};

extern struct cpu cpus[LWKT_CPUS_MAX];

struct cpu *cpu_self(void);
void machine_init(void);
void machine_enter(struct cpu *c, struct thread *idle);

/* Schedule the thread of that source, on its cpu. In a critical section. */
void interrupt_thread_wake(int irq);

#endif
