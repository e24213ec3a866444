/* SPDX-License-Identifier: BSD-3-Clause
 * What the threading core (kernel/lwkt) asks of a machine. boot/machine.c, mm/kstack.c and riscv/
 * implement it. lwkt/ includes this file by its bare name and nothing else of the machine, so that a
 * simulation can take its place (tests/sim/machine.h).
 *
 * Throughout: interrupts "on" and "off" mean sstatus.SIE; cpus are numbered from 0 without gaps
 * (hart ids are not); times are ticks of the `time` CSR.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/types.h"

#define CACHE_LINE 64

/*
 * The current thread, in tp from its first instruction to its last, on whichever hart it runs. It is
 * a constant for the thread, so the compiler may keep it in a register across a switch.
 */
struct thread;
register struct thread *curthread __asm__("tp");

/*
 * The machine's part of a thread; it comes first in struct thread. Assembly knows the offsets (asm.h).
 */
struct md_thread {
    uint64 md_sp;         /* saved sp while the thread is off the cpu */
    uint64 md_stack_top;  /* where the frame of a trap from user mode ends */
    uint64 md_stack_base; /* lowest valid address: an sp below it has overflowed */
    uint64 md_scratch;    /* for the trap entry, with interrupts off */
    uint64 md_satp;       /* address space to run in; 0: any will do (kernel threads) */
    uint64 md_whole;      /* 1: a trap from user mode saves all registers */
};

/* Interrupts of this hart. cpu_intr_restore takes what cpu_intr_save returned. */
static inline uint64 cpu_intr_save(void)
{
    uint64 old;
    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(old)::"memory");
    return old & SSTATUS_SIE;
}

static inline void cpu_intr_restore(uint64 saved)
{
    __asm__ volatile("csrs sstatus, %0" ::"r"(saved) : "memory");
}

static inline void cpu_intr_enable(void)
{
    __asm__ volatile("csrsi sstatus, 2" ::: "memory");
}

static inline void cpu_intr_disable(void)
{
    __asm__ volatile("csrci sstatus, 2" ::: "memory");
}

static inline bool cpu_intr_enabled(void)
{
    return (r_sstatus() & SSTATUS_SIE) != 0;
}

/* Now, in ticks of the time CSR; the same clock on all harts. cpu_timebase: ticks a second. */
static inline uint64 cpu_time(void)
{
    return r_time();
}
extern uint64 cpu_timebase;

/* Run `to` in place of `from`, the current thread. In a critical section; interrupts as they are, for
 * both. Continues in lwkt_switch_return(from) on the stack of `to`, which returns to where `to` called
 * this function. Returns to `from` when a thread switches to it, perhaps on another hart. */
void cpu_switch(struct thread *from, struct thread *to);

/*
 * Call func(a, b, c, pc), where pc is the address of this call, and keep all registers. For calls that
 * are rare, in functions that are not: an ordinary call would make such a function save registers each
 * time, whether or not it comes to the call. The arguments are words; func may do without the last
 * ones, and its result is lost. riscv/switch.S takes the arguments off the stack.
 */
#define cpu_call_rarely(func, a, b, c)                                   \
    __asm__ volatile("addi sp, sp, -32\n\t"                              \
                     "sd %0, 0(sp)\n\t"                                  \
                     "sd %1, 8(sp)\n\t"                                  \
                     "sd %2, 16(sp)\n\t"                                 \
                     "la t1, %3\n\t"                                     \
                     "call t0, cpu_call_keeping_all" ::"r"((uint64)(a)), \
                     "r"((uint64)(b)), "r"((uint64)(c)), "i"(func)       \
                     : "t0", "t1", "memory")

/* Lay the first frame on td's stack: the first switch to td enters lwkt_thread_start(func, arg).
 * td_kstack must be set. Any cpu; td must not run yet. */
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg);
void cpu_thread_first(void); /* switch.S: where that first switch lands */

/* Whether a thread needs an address space; kernel threads do not. / Load it, if this hart has another
 * one loaded: lwkt_switch_return calls this on td's own stack, interrupts as in the switch. */
static inline bool cpu_thread_has_space(const struct md_thread *md)
{
    return md->md_satp != 0;
}
void cpu_thread_enter(struct thread *td);

/* td, which is off this cpu, is about to move to another one: this hart must not keep its address space
 * loaded, because it may be freed there. */
void cpu_thread_leave(struct thread *td);

/* A thread has come from another cpu, or was created by one, and will run here: its stack may be new to
 * this hart's TLB, and its program's code to this hart's instruction cache. */
static inline void cpu_thread_arrive(void)
{
    sfence_vma();
    fence_i();
}

/* Kernel stacks with an unmapped guard below. size is a multiple of the page size; NULL: no memory.
 * Thread context. The mapping may be new to other harts: cpu_thread_arrive. */
void *cpu_stack_alloc(size_t size);
void cpu_stack_free(void *base, size_t size);

/* Memory for a struct thread, zeroed, or NULL. free: any context. */
struct thread *cpu_thread_struct_alloc(void);
void cpu_thread_struct_free(struct thread *td);

/* Memory for a ring of IPI messages, zeroed, aligned to CACHE_LINE, never freed, or NULL. Boot, one cpu
 * at a time. */
struct lwkt_ipiq;
struct lwkt_ipiq *cpu_ring_alloc(void);

/* Make cpu take a software interrupt soon. The handler sees all that this hart wrote before. */
void cpu_ipi_raise(int cpuid);

/*
 * Every loop that waits for another hart calls this. It lets the others run where the emulator runs one
 * at a time (docs/design.md, "Facts"). It may swallow a software interrupt of this hart, and so it
 * sets RQF_IPIQ: the caller, or the end of its critical section, looks at the IPI queues.
 */
void cpu_relax(void);

/* The idle thread's wait, with interrupts off: returns when an interrupt is pending, or without a
 * reason. Relaxes instead of halting where a hart must stay awake (docs/design.md, "Facts"). */
void cpu_idle_wait(void);

/* Have the timer interrupt at `when`, or at once if that is past. ~0: never. */
void cpu_timer_arm(uint64 when);

/* splz ends deferrals with these: let the timer interrupt come again; schedule the threads of the
 * external interrupts that were claimed and held, which may preempt the caller (interrupts off at entry
 * and at return, on while threads are scheduled; not inside an interrupt). */
void cpu_timer_unmask(void);
void cpu_intpend_run(void);

#endif
