/* SPDX-License-Identifier: BSD-3-Clause
 * What the library's own files share. run.c and intr.c are the same for all hosts. What a host must
 * offer is here and in its machine.h and host.h; its machine.c and host.c implement it.
 */
#ifndef LIBLWKT_INSIDE_H
#define LIBLWKT_INSIDE_H

#include "host.h" /* struct host_cpu */
#include "lwkt.h"

/* A cpu. `masked` and `pending` are its interrupts, as a hart's sstatus.SIE and sip are; they come
 * first, in this order, because a host may know them (kernel/upcall.h). */
struct cpu {
    uint32 masked;   /* 1: interrupts are off. Its own */
    uint32 pending;  /* a bit for each source that interrupts it: AMO */
    uint32 external; /* sources whose threads are to be scheduled. Its own */
    struct host_cpu host;
} __attribute__((aligned(CACHE_LINE)));

extern struct cpu cpus[LWKT_CPUS_MAX];

/* Bits of `pending`. */
enum { PENDING_TIMER = 1, PENDING_IPI = 2, PENDING_EXTERNAL = 4 /* << irq */ };

/* --- intr.c --- */

/* Do what is pending. Interrupts are off, and stay off. The caller may be on another cpu afterwards. */
void intr_serve(void);
/* The same, at the end of a wait that is in a critical section: only note it. */
void intr_note(void);
/* Interrupt c; from any process or pthread. */
void intr_post(struct cpu *c, uint32 bit);

/* --- run.c --- */

/* The function of each cpu's idle thread, outside of all threads until then. Interrupts are off. */
void cpu_begin(void *unused) __attribute__((noreturn));

/* Schedule the thread of that source, on its cpu. In a critical section. */
void interrupt_thread_wake(int irq);

/* --- the host's --- */

/* The cpu of the caller, until the thread moves. */
struct cpu *cpu_self(void);

/* Make c look at `pending`, whose first bit the caller has just set. */
void host_interrupt(struct cpu *c);

/* Zeroed memory for ever, aligned to CACHE_LINE, or NULL. */
void *host_memory(size_t size);

/* Cpus 0 to n - 1 begin, each in its idle thread. / Every tick of a cpu. */
void host_run(int n, struct thread *const *idle) __attribute__((noreturn));
void host_tick(void);

/* The end of the program, before there are cpus; and after a panic. */
void host_exit(int status) __attribute__((noreturn));
void host_abort(void) __attribute__((noreturn));

#endif
