/* SPDX-License-Identifier: BSD-3-Clause
 * Linux's part of a cpu.
 */
#ifndef LIBLWKT_HOST_H
#define LIBLWKT_HOST_H

#include <pthread.h>
#include <time.h>

#include "kernel/types.h"

struct host_cpu {
    pthread_t pthread;
    timer_t timer;
    uint64 armed;          /* when the timer fires, ~0: never; its own */
    struct thread *before; /* of a switch under way: the thread that was left, */
    uint64 intr_saved;     /* and whether interrupts were on: the cpu has them on, not a thread */
};

#endif
