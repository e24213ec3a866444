/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/machine.h's promises to the threading core, met by a process on Linux: a cpu is a
 * pthread, an interrupt a signal. kernel/lwkt/ compiles against this file unchanged (it comes first
 * on the include path). machine.c implements it.
 *
 * "Interrupts off" is a variable of the cpu, not a mask of signals, because a system call for each
 * would cost more than all the rest: a signal that comes meanwhile leaves a bit, and
 * cpu_intr_enable looks.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/param.h"
#include "kernel/types.h"
#include "liblwkt/call.h"

#define CACHE_LINE 64

/*
 * The current thread, in a variable of the pthread. A thread can continue on another pthread after any
 * switch, so the compiler must not keep the variable's address: hence the assembly.
 */
struct thread;
static inline struct thread *cpu_curthread(void)
{
    struct thread *td;

#if defined(__x86_64__)
    __asm__ volatile("movq %%fs:lwkt_current@tpoff, %0" : "=r"(td));
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, tpidr_el0\n\t"
                     "add %0, %0, #:tprel_hi12:lwkt_current, lsl #12\n\t"
                     "ldr %0, [%0, #:tprel_lo12_nc:lwkt_current]"
                     : "=&r"(td));
#else
#error "liblwkt runs on x86-64 and aarch64"
#endif
    return td;
}
#define curthread cpu_curthread()

struct md_thread {
    uint64 md_sp;            /* saved sp while the thread is off the cpu */
    void (*md_func)(void *); /* what it runs, for its first switch */
    void *md_arg;
    void *md_fiber; /* what a sanitizer knows it by */
};

uint64 cpu_intr_save(void);
void cpu_intr_restore(uint64 saved);
void cpu_intr_enable(void);
void cpu_intr_disable(void);
bool cpu_intr_enabled(void);

/* CLOCK_MONOTONIC in units of 100 ns, as the time CSR of QEMU's virt counts. */
uint64 cpu_time(void);
extern uint64 cpu_timebase;

void cpu_switch(struct thread *from, struct thread *to);
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg);

/* All threads share the process's address space. */
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
