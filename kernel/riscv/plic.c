/* SPDX-License-Identifier: BSD-3-Clause
 * The platform-level interrupt controller (RISC-V PLIC specification, "Memory Map").
 *
 * A source (1 .. NIRQ-1) is enabled in the contexts that may take it; here that is cpu 0's S-mode
 * context alone, so handlers run on cpu 0 only and need no lock among themselves. A hart claims a
 * pending source, which holds that source off until the same hart completes it: the trap claims, the
 * source's thread completes (sync/ithread.c). Registration happens at boot, by one thread at a time.
 */
#include "riscv/plic.h"

#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/mmio.h"

/* Byte offsets of the registers. A context is one mode of one hart. */
#define PRIORITY(irq) (4UL * (irq))
#define ENABLE(context, irq) (0x2000UL + 0x80UL * (context) + 4UL * ((irq) / 32))
#define THRESHOLD(context) (0x200000UL + 0x1000UL * (context))
#define CLAIM(context) (0x200004UL + 0x1000UL * (context))

static uint64 reg(uint64 offset)
{
    return (uint64)PA_TO_KVA(board.plic.base + offset);
}

/* Boot hart, before interrupts: disable every source in every context, whatever the firmware left. */
void plic_init(void)
{
    if (board.plic.base == 0)
        panic("device tree: no PLIC; QEMU's virt has one unless it was given aia=");
    for (uint32 irq = 1; irq < NIRQ; irq++)
        mmio_write32(reg(PRIORITY(irq)), 0);
    for (int i = 0; i < board.nharts; i++) {
        if (board.plic_context[i] == NO_PLIC_CONTEXT)
            continue;
        for (uint32 irq = 0; irq < NIRQ; irq += 32)
            mmio_write32(reg(ENABLE(board.plic_context[i], irq)), 0);
    }
}

/* A hart without a context takes no external interrupts, and so never claims one. */
void plic_inithart(int cpu)
{
    if (cpu_plic_context(cpu) != NO_PLIC_CONTEXT)
        mmio_write32(reg(THRESHOLD(cpu_plic_context(cpu))), 0);
}

void plic_enable(uint32 irq)
{
    if (cpu_plic_context(0) == NO_PLIC_CONTEXT)
        panic("cpu 0 is not connected to the interrupt controller");

    uint64 enable = reg(ENABLE(cpu_plic_context(0), irq));
    mmio_write32(enable, mmio_read32(enable) | 1U << irq % 32);
    mmio_write32(reg(PRIORITY(irq)), 1);
}

uint32 plic_claim(int cpu)
{
    return mmio_read32(reg(CLAIM(cpu_plic_context(cpu))));
}

void plic_complete(int cpu, uint32 irq)
{
    mmio_write32(reg(CLAIM(cpu_plic_context(cpu))), irq);
}
