/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/machine.h's promises to the threading core, met by a simulation: several cpus in one
 * host thread, interleaved by a seeded scheduler. The core's files compile against this one unchanged
 * (it comes first on the include path), so whatever the core needs of a machine is listed here.
 *
 * A simulated cpu can lose its turn, and take an interrupt, before each primitive of lib/atomic.h and in
 * the functions below; see sim.c for the seeds' ways and explore.c for the explorer's.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "kernel/param.h"
#include "kernel/types.h"

/* The current thread of the simulated cpu that has the turn: as constant for a thread as tp is. */
struct thread;
extern struct thread *curthread;

struct md_thread {
    uint64 md_sp;            /* saved sp while the thread is off the cpu */
    void (*md_func)(void *); /* what it runs, for its first switch */
    void *md_arg;
    uint64 md_stack_top; /* for headers: nothing uses it here */
};

/* The other cpus may run here, and interrupts come. / Interrupts of this cpu alone may come. */
void sim_point(void);
void sim_barrier(void);

/* Virtual time: a tick a point, and what all cpus sleep through together. */
uint64 cpu_time(void);

void cpu_thread_arrive(void);

#include "liblwkt/hosted.h"

#endif
