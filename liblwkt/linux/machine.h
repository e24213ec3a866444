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

#include "kernel/param.h"
#include "kernel/types.h"

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

/* CLOCK_MONOTONIC in units of 100 ns, as the time CSR of QEMU's virt counts. */
uint64 cpu_time(void);

static inline void cpu_thread_arrive(void) {}

#include "liblwkt/hosted.h"

#endif
