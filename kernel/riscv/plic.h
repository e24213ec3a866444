/* SPDX-License-Identifier: BSD-3-Clause
 * The platform-level interrupt controllers. sync/ithread.c gives each source that is used a thread.
 *
 * An interrupt's number (irq; fdt.h has it for each device) names the PLIC and the source.
 */
#ifndef RISCV_PLIC_H
#define RISCV_PLIC_H

#include <stdbool.h>

#include "kernel/param.h"
#include "kernel/types.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"

/* Of each cpu, written by plic_inithart: the number of its PLIC's first interrupt; the kernel address
 * of its claim register, or 0 if it is connected to no PLIC. */
extern uint32 plic_first[NCPU];
extern uint64 plic_claims[NCPU];

/* Boot hart, before interrupts: disable every source. / Each hart, at its start: let sources of any
 * priority through to `cpu`. */
void plic_init(void);
void plic_inithart(int cpu);

/* Whether a cpu that was started is connected to the PLIC of this interrupt. / Let it interrupt that
 * cpu. Thread context. */
bool plic_reaches(uint32 irq, int cpu);
void plic_enable(uint32 irq, int cpu);

/* Claim a pending source of its PLIC for `cpu`, the calling hart's own number: the source's number (0:
 * none is pending). The source is held off until it is completed for the same cpu. Any context. */
static inline uint32 plic_claim(int cpu)
{
    return mmio_read32(plic_claims[cpu]);
}

static inline void plic_complete(int cpu, uint32 irq)
{
    mmio_write32(plic_claims[cpu], irq % NIRQ);
}

#endif
