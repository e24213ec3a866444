/* SPDX-License-Identifier: BSD-3-Clause
 * The part of kernel/riscv/machine.h that is declared alike for all machines that are no hart: a process
 * on Linux, processes of Nymph, and the simulation of the tests. Their machine.h has the rest, and
 * includes this at its end; kernel/riscv/machine.h says what each function does.
 */
#ifndef LIBLWKT_HOSTED_H
#define LIBLWKT_HOSTED_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/types.h"

#define CACHE_LINE 64

uint64 cpu_intr_save(void);
void cpu_intr_restore(uint64 saved);
void cpu_intr_enable(void);
void cpu_intr_disable(void);
bool cpu_intr_enabled(void);

extern uint64 cpu_timebase;

void cpu_switch(struct thread *from, struct thread *to);
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg);

/* An ordinary call: here it does not matter which registers a caller saves. (The assembly hides from the
 * compiler that func may have fewer arguments.) */
#define cpu_call_rarely(func, a, b, c)                                                   \
    ({                                                                                   \
        void *cpu_rare_ = (void *)(func);                                                \
        __asm__("" : "+r"(cpu_rare_));                                                   \
        ((void (*)(uint64, uint64, uint64, uint64))cpu_rare_)(                           \
            (uint64)(a), (uint64)(b), (uint64)(c), (uint64)__builtin_return_address(0)); \
    })

/* All threads share one address space. */
static inline bool cpu_thread_has_space(const struct md_thread *md)
{
    (void)md;
    return false;
}
static inline void cpu_thread_enter(struct thread *td)
{
    (void)td;
}
void cpu_thread_leave(struct thread *td);

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
