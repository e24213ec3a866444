/*
 * External interrupts: the platform-level interrupt controller (RISC-V PLIC specification, "Memory
 * Map") and the table of their handlers.
 *
 * A source (1 .. NIRQ-1) is enabled in the contexts that may take it; here that is cpu 0's S-mode
 * context alone, so handlers run on cpu 0 only and need no lock among themselves. A hart claims a
 * pending source, which holds that source off until the same hart completes it:
 *
 *   trap:     irq = plic_claim()            in a critical section it is held until splz
 *   later:    intr_dispatch(irq)            handler, then plic_complete(irq)
 *
 * Handlers run in a critical section on cpu 0. Registration happens at boot, by one thread at a time.
 */
#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/sysctl.h"
#include "lwkt/thread.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/intr.h"
#include "riscv/mmio.h"

#define NIRQ 128

/* Byte offsets of the registers. A context is one mode of one hart. */
#define PRIORITY(irq) (4UL * (irq))
#define ENABLE(context, irq) (0x2000UL + 0x80UL * (context) + 4UL * ((irq) / 32))
#define THRESHOLD(context) (0x200000UL + 0x1000UL * (context))
#define CLAIM(context) (0x200004UL + 0x1000UL * (context))

struct irq {
    intr_fn handler; /* published by intr_register, consumed by intr_dispatch */
    void *arg;
    const char *name;
};

static struct irq irqs[NIRQ];
static uint64 count;    /* dispatched; cpu 0 only */
static uint64 spurious; /* of these, how many had no handler */

static uint64 reg(uint64 offset)
{
    return (uint64)PA_TO_KVA(board.plic.base + offset);
}

static uint64 get_count(void)
{
    return peek(&count);
}

static uint64 get_spurious(void)
{
    return peek(&spurious);
}

SYSCTL(intr_count, "intr.count", get_count, NULL);
SYSCTL(intr_spurious, "intr.spurious", get_spurious, NULL);

/* Boot hart, before interrupts: nothing is enabled anywhere, whatever the firmware left. */
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
void plic_inithart(void)
{
    if (cpu_plic_context(mycpuid) != NO_PLIC_CONTEXT)
        mmio_write32(reg(THRESHOLD(cpu_plic_context(mycpuid))), 0);
}

void intr_register(uint32 irq, intr_fn handler, void *arg, const char *name)
{
    if (irq == 0 || irq >= NIRQ)
        panic("%s: there is no interrupt %u (1 to %d)", name, irq, NIRQ - 1);
    if (peek(&irqs[irq].handler) != NULL)
        panic("%s: interrupt %u belongs to %s", name, irq, irqs[irq].name);
    if (cpu_plic_context(0) == NO_PLIC_CONTEXT)
        panic("%s: cpu 0 is not connected to the interrupt controller", name);
    irqs[irq].arg = arg;
    irqs[irq].name = name;
    publish(&irqs[irq].handler, handler); /* consumed by intr_dispatch */

    uint64 enable = reg(ENABLE(cpu_plic_context(0), irq));
    mmio_write32(enable, mmio_read32(enable) | 1U << irq % 32);
    mmio_write32(reg(PRIORITY(irq)), 1);
}

uint32 plic_claim(void)
{
    return mmio_read32(reg(CLAIM(cpu_plic_context(mycpuid))));
}

void plic_complete(uint32 irq)
{
    mmio_write32(reg(CLAIM(cpu_plic_context(mycpuid))), irq);
}

/* In a critical section, on the hart that claimed it. A source without a handler is counted. */
void intr_dispatch(uint32 irq)
{
    intr_fn handler = irq < NIRQ ? consume(&irqs[irq].handler) : NULL; /* from intr_register */

    count++;
    if (handler != NULL)
        handler(irqs[irq].arg);
    else
        spurious++;
    plic_complete(irq);
}
