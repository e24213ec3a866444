/* SPDX-License-Identifier: BSD-3-Clause
 * liblwkt: the kernel's threading core (kernel/lwkt) in a program. Include this, begin with
 * lwkt_run, and use the core by its own names: lwkt_create, lwkt_schedule, lwkt_gettoken,
 * lwkt_sendmsg, ...
 *
 * What a program has to know:
 *   - A thread is preempted by interrupt threads only, and only outside critical sections. Others have to
 *     wait until it blocks, yields or exits.
 *   - On Linux, functions of the C library that keep something between calls (malloc, stdio) must be
 *     called in a critical section (crit_enter, crit_exit), so that no other thread of the same cpu comes
 *     in between. printf may be called anywhere; on Nymph so may malloc.
 *   - A blocking system call blocks the cpu with all its threads.
 */
#ifndef LIBLWKT_LWKT_H
#define LIBLWKT_LWKT_H

#include "lib/assert.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/mplock.h"
#include "lwkt/msgport.h"
#include "lwkt/preempt.h"
#include "lwkt/systimer.h"
#include "lwkt/thread.h"
#include "lwkt/token.h"
#include "lwkt/wait.h"

#define LWKT_CPUS_MAX 16
#define LWKT_IRQS 8

/*
 * Make `cpus` cpus, 1 to LWKT_CPUS_MAX, and run first(arg) as a thread of cpu 0, without the MP
 * lock. Its result ends the process, whatever other threads do. A bad count, or no memory, ends it
 * with status 2. Once in a process, from its main thread.
 *
 * On Linux, if the environment has LWKT_TRACE=file, all events are recorded, and the last of them are
 * written to that file at the end, as ktrdump prints them: tools/trace draws it.
 */
void lwkt_run(int cpus, int (*first)(void *), void *arg) __attribute__((noreturn));

/* End the process, from any thread. */
void lwkt_finish(int status) __attribute__((noreturn));

/*
 * Make func(arg) the work of an interrupt thread of this cpu, for source irq (0 to LWKT_IRQS - 1):
 * it runs after each lwkt_interrupt, at once when the cpu is in no critical section, in place of
 * any thread that is no better. Several interrupts may become one run. -1: no memory. Thread
 * context.
 */
int lwkt_interrupt_thread(int irq, void (*func)(void *), void *arg, const char *name);

/* Source irq interrupts that cpu. Any context, and any other pthread of the process. */
void lwkt_interrupt(int cpu, int irq);

/* A thread of this cpu or another one (cpu -1: this one), without the MP lock, scheduled. NULL: no
 * memory. Thread context. */
thread_t lwkt_start(int cpu, void (*func)(void *), void *arg, const char *name);

#endif
