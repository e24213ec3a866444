/*
 * External interrupts (PLIC).
 */
#ifndef RISCV_INTR_H
#define RISCV_INTR_H

#include "kernel/types.h"

typedef void (*intr_fn)(void *arg);

/* Have handler(arg) called for PLIC source irq, and enable it, on cpu 0. The handler runs in a
 * critical section and must not block; wakeups are allowed. Boot, thread context. */
void intr_register(uint32 irq, intr_fn handler, void *arg, const char *name);

/* This hart's part of the PLIC: threshold 0. Every hart, at its start. */
void plic_inithart(void);
void plic_init(void);

/* Claim a source (0: none is pending), which holds it off until it is completed on the same hart. */
uint32 plic_claim(void);
void plic_complete(uint32 irq);

/* Run the handler of a claimed source, then complete it. */
void intr_dispatch(uint32 irq);

#endif
