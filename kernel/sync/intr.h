/* SPDX-License-Identifier: BSD-3-Clause
 * Interrupt threads: how a driver takes the interrupts of its device (ithread.c).
 */
#ifndef SYNC_INTR_H
#define SYNC_INTR_H

#include "kernel/types.h"

typedef void (*intr_fn)(void *arg);

/* Have handler(arg) called for an interrupt (device_range, riscv/fdt.h), by a thread named `name` on
 * the lowest cpu that can take it, and enable the source. The source is held off while the handler
 * runs, so the handler must not wait for another interrupt of it. With irq 0 the device has no
 * interrupt: the handler is called from time to time instead, on cpu 0. Returns the cpu. Thread
 * context, at boot, with all cpus up. */
int intr_register(uint32 irq, intr_fn handler, void *arg, const char *name);

/* Make the thread of a source run its handler, and run it once more if it is running now. On that cpu,
 * any context. */
void sched_ithd(uint32 irq);

#endif
