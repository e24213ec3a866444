/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/machine.h's promises to the threading core, met by processes of Nymph that share memory:
 * a cpu is a process, an interrupt an upcall (kernel/upcall.h). kernel/lwkt/ compiles against this file
 * unchanged (it comes first on the include path). machine.c implements it.
 */
#ifndef MACHINE_H
#define MACHINE_H

#ifndef __ASSEMBLER__

#include "kernel/param.h"
#include "kernel/types.h"

/* The current thread, in tp, as in the kernel. */
struct thread;
register struct thread *curthread __asm__("tp");

struct md_thread {
    uint64 md_sp; /* saved sp while the thread is off the cpu; switch.S knows that it comes first */
    uint64 md_stack_top;     /* for tests that measure stacks */
    void (*md_func)(void *); /* of an idle thread, which is not switched to at first */
    void *md_arg;
};

static inline uint64 cpu_time(void)
{
    uint64 now;

    __asm__ volatile("rdtime %0" : "=r"(now));
    return now;
}

void cpu_thread_first(void);
static inline void cpu_thread_arrive(void) {}

#include "liblwkt/hosted.h"

#endif
#endif
