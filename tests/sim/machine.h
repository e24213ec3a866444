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

#include <stdbool.h>
#include <stddef.h>

#include "kernel/param.h"
#include "kernel/types.h"
#include "liblwkt/call.h"

#define CACHE_LINE 64

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

uint64 cpu_intr_save(void);
void cpu_intr_restore(uint64 saved);
void cpu_intr_enable(void);
void cpu_intr_disable(void);
bool cpu_intr_enabled(void);

/* Virtual time: a tick a point, and what all cpus sleep through together. */
uint64 cpu_time(void);
extern uint64 cpu_timebase;

void cpu_switch(struct thread *from, struct thread *to);
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg);

/* There are no address spaces. */
static inline bool cpu_thread_has_space(const struct md_thread *md)
{
    (void)md;
    return false;
}

static inline void cpu_thread_enter(struct thread *td)
{
    (void)td;
}
static inline void cpu_thread_leave(struct thread *td)
{
    (void)td;
}
void cpu_thread_arrive(void);

void *cpu_stack_alloc(size_t size);
void cpu_stack_free(void *base, size_t size);
struct thread *cpu_thread_struct_alloc(void);
void cpu_thread_struct_free(struct thread *td);
struct lwkt_ipiq;
struct lwkt_ipiq *cpu_ring_alloc(void);

void cpu_ipi_raise(int cpuid);
void cpu_relax(void);
void cpu_idle_wait(void);
void cpu_timer_arm(uint64 when);
void cpu_timer_unmask(void);
void cpu_intpend_run(void);

#endif
