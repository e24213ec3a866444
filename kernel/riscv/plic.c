/* SPDX-License-Identifier: BSD-3-Clause
 * The platform-level interrupt controllers (RISC-V PLIC specification, "Memory Map"). A machine has
 * one, or one for each socket, to which only the harts of that socket are connected.
 *
 * A source (1 .. NIRQ-1) is enabled in the contexts that may take it; here that is the S-mode
 * context of one cpu alone, the lowest that is connected to this PLIC (sync/ithread.c), so the
 * handlers of its sources need no lock among themselves. With one PLIC that is cpu 0. A hart claims
 * a pending source, which holds that source off until the same hart completes it: the trap claims,
 * the source's thread completes (sync/ithread.c). Registration happens at boot, by one thread at a
 * time.
 */
#include "riscv/plic.h"

#include "kernel/memlayout.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/mmio.h"

/* Byte offsets of the registers. A context is one mode of one hart. */
#define PRIORITY(source) (4UL * (source))
#define ENABLE(context, source) (0x2000UL + 0x80UL * (context) + 4UL * ((source) / 32))
#define THRESHOLD(context) (0x200000UL + 0x1000UL * (context))
#define CLAIM(context) (0x200004UL + 0x1000UL * (context))

uint64 plic_claims[NCPU];
uint32 plic_first[NCPU];

static uint64 reg(int plic, uint64 offset)
{
    return (uint64)PA_TO_KVA(board.plic[plic].base + offset);
}

static void disable_all(int plic)
{
    for (uint32 source = 1; source < NIRQ; source++)
        mmio_write32(reg(plic, PRIORITY(source)), 0);
    for (int i = 0; i < board.nharts; i++) {
        if (board.plic_context[i] == NO_PLIC_CONTEXT || board.hart_plic[i] != plic)
            continue;
        for (uint32 source = 0; source < NIRQ; source += 32)
            mmio_write32(reg(plic, ENABLE(board.plic_context[i], source)), 0);
    }
}

/* Boot hart, before interrupts: disable every source in every context, whatever the firmware left. A
 * machine may have no PLIC: then no device has an interrupt. */
void plic_init(void)
{
    for (int plic = 0; plic < board.nplic; plic++)
        disable_all(plic);
}

/* A hart without a context takes no external interrupts, and so never claims one. */
void plic_inithart(int cpu)
{
    uint32 context = cpu_plic_context(cpu);

    if (context == NO_PLIC_CONTEXT)
        return;
    plic_first[cpu] = (uint32)cpu_plic(cpu) * NIRQ;
    plic_claims[cpu] = reg(cpu_plic(cpu), CLAIM(context));
    mmio_write32(reg(cpu_plic(cpu), THRESHOLD(context)), 0);
}

bool plic_reaches(uint32 irq, int cpu)
{
    return cpu_plic_context(cpu) != NO_PLIC_CONTEXT && cpu_plic(cpu) == (int)(irq / NIRQ);
}

void plic_enable(uint32 irq, int cpu)
{
    int plic = (int)(irq / NIRQ);
    uint32 source = irq % NIRQ;
    uint64 enable = reg(plic, ENABLE(cpu_plic_context(cpu), source));

    mmio_write32(enable, mmio_read32(enable) | 1U << source % 32);
    mmio_write32(reg(plic, PRIORITY(source)), 1);
}
