/* SPDX-License-Identifier: BSD-3-Clause
 * Interrupt threads: how a driver takes the interrupts of its device (ithread.c).
 */
#ifndef SYNC_INTR_H
#define SYNC_INTR_H

#include "kernel/types.h"

typedef void (*intr_fn)(void *arg);

/* Have handler(arg) called for PLIC source irq, on cpu 0, by an interrupt thread named `name`, and
 * enable the source. The source is held off while the handler runs, so the handler must not wait for
 * another interrupt of it. Thread context, at boot. */
void intr_register(uint32 irq, intr_fn handler, void *arg, const char *name);

/* Make the thread of a source run its handler, and run it once more if it is running now. Cpu 0, any
 * context. */
void sched_ithd(uint32 irq);

#endif
