/* SPDX-License-Identifier: BSD-3-Clause
 * Software interrupts between harts. Two back ends, picked at boot from the device tree: a store to
 * the ACLINT's SSWI device, which raises SSIP at the target directly, or a call into the firmware,
 * which costs some hundred instructions on each side.
 *
 * Order: a fence before the store or the call makes what the sender wrote visible before the
 * interrupt; its partner is the consume of the ring's index at the target (lwkt/ipiq.c).
 */
#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/sbi.h"

static bool use_sswi;

/* Orders memory writes before it with device writes and firmware calls after it. */
static inline void fence_before_ipi(void)
{
    __asm__ volatile("fence rw, orw" ::: "memory");
}

void ipi_init(void)
{
    use_sswi = board.sswi.base != 0;
}

bool ipi_raise_sswi(int cpu)
{ /* lab 4 */
    if (board.sswi.base == 0)
        return false;
    fence_before_ipi();
    *(volatile uint32 *)PA_TO_KVA(board.sswi.base + 4UL * cpu_sswi_index(cpu)) = 1;
    return true;
}

bool ipi_raise_sbi(int cpu)
{ /* lab 4 */
    fence_before_ipi();
    return sbi_send_ipi(1, cpu_hartid(cpu)) == 0;
}

void ipi_raise(int cpu)
{
    if (use_sswi)
        ipi_raise_sswi(cpu);
    else
        ipi_raise_sbi(cpu);
}
