/*
 * Software interrupts between harts. Two back ends, picked at boot from the device tree: a store to
 * the ACLINT's SSWI device, which raises SSIP at the target directly, or a call into the firmware,
 * which costs some hundred instructions on each side.
 *
 * Order: what the sender wrote is visible before the interrupt is (fence before the store or the
 * call); the target's half is the consume of the ring's index (lwkt/ipiq.c).
 */
#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "lib/testpoint.h"
#include "lwkt/thread.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/sbi.h"

static bool use_sswi;

/* Memory writes before, device writes and firmware calls after. */
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

void cpu_ipi_raise(int cpu)
{
    if (use_sswi)
        ipi_raise_sswi(cpu);
    else
        ipi_raise_sbi(cpu);
    testpoint(TP_STALL_IPI);
}

bool ipi_use_sswi(bool sswi)
{
    if (sswi && board.sswi.base == 0)
        return false;
    use_sswi = sswi;
    return true;
}
