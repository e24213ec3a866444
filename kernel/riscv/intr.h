/*
 * External interrupts: the controller (plic.c) and the threads that handle them (ithread.c).
 */
#ifndef RISCV_INTR_H
#define RISCV_INTR_H

#include "kernel/types.h"

#define NIRQ 128 /* sources 1 .. NIRQ - 1 */

typedef void (*intr_fn)(void *arg);

/* Have handler(arg) called for PLIC source irq, on cpu 0, by an interrupt thread named `name`, and
 * enable it. The handler must not wait for the source itself; it holds it off. Thread context, boot. */
void intr_register(uint32 irq, intr_fn handler, void *arg, const char *name);

/* Have the thread of a source run its handler, once more if it is at it. On cpu 0, any context. */
void sched_ithd(uint32 irq);

/* The controller: nothing is enabled; this hart's threshold is 0 (every hart, at its start); a source
 * may interrupt cpu 0. */
void plic_init(void);
void plic_inithart(void);
void plic_enable(uint32 irq);

/* Claim a source (0: none is pending), which holds it off until it is completed on the same hart. */
uint32 plic_claim(void);
void plic_complete(uint32 irq);

#endif
