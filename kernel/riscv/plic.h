/* SPDX-License-Identifier: BSD-3-Clause
 * The platform-level interrupt controller. sync/ithread.c gives each source that is used a thread.
 */
#ifndef RISCV_PLIC_H
#define RISCV_PLIC_H

#include "kernel/types.h"

#define NIRQ 128 /* sources 1 .. NIRQ - 1 */

/* Boot hart, before interrupts: disable every source. / Each hart, at its start: let sources of any
 * priority through to `cpu`. / Let a source interrupt cpu 0. Thread context. */
void plic_init(void);
void plic_inithart(int cpu);
void plic_enable(uint32 irq);

/* Claim a pending source for `cpu`, the calling hart's own number (0: none is pending). The source is
 * held off until it is completed for the same cpu. Any context. */
uint32 plic_claim(int cpu);
void plic_complete(int cpu, uint32 irq);

#endif
