/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/machine.h's promises to the threading core, met by processes of Nymph that share memory:
 * a cpu is a process, an interrupt an upcall (kernel/upcall.h). kernel/lwkt/ compiles against this file
 * unchanged (it comes first on the include path). machine.c implements it.
 */
#ifndef MACHINE_H
#define MACHINE_H

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>

#include "kernel/param.h"
#include "kernel/types.h"
#include "liblwkt/call.h"

#define CACHE_LINE 64

/* The current thread, in tp, as in the kernel. */
struct thread;
register struct thread *curthread __asm__("tp");

struct md_thread {
    uint64 md_sp; /* saved sp while the thread is off the cpu; switch.S knows that it comes first */
    uint64 md_stack_top;     /* for tests that measure stacks */
    void (*md_func)(void *); /* of an idle thread, which is not switched to at first */
    void *md_arg;
};

uint64 cpu_intr_save(void);
void cpu_intr_restore(uint64 saved);
void cpu_intr_enable(void);
void cpu_intr_disable(void);
bool cpu_intr_enabled(void);

static inline uint64 cpu_time(void)
{
    uint64 now;

    __asm__ volatile("rdtime %0" : "=r"(now));
    return now;
}
extern uint64 cpu_timebase;

void cpu_switch(struct thread *from, struct thread *to);
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg);
void cpu_thread_first(void);

/* All threads share the program's address space. */
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
static inline void cpu_thread_arrive(void) {}

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
#endif
