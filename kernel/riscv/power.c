/* SPDX-License-Identifier: BSD-3-Clause
 * Ending the machine. QEMU's `virt` board has a test device (compatible "sifive,test0") whose one
 * register ends QEMU: 0x5555 with status 0, 0x3333 with the status in the upper 16 bits. Without
 * that device the firmware powers the machine off, and the status is lost.
 *
 * The console driver may hold text that has not left yet: machine_halt waits for it first.
 */
#include "riscv/power.h"

#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/printf.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"
#include "riscv/sbi.h"

#define TEST_PASS 0x5555U
#define TEST_FAIL 0x3333U

void machine_halt(int status)
{
    if (printf_drain != NULL)
        printf_drain();
    if (board.test.base != 0) {
        uint32 word = status == 0 ? TEST_PASS : (uint32)status << 16 | TEST_FAIL;
        mmio_write32((uint64)PA_TO_KVA(board.test.base), word);
        /* QEMU ends soon, not at once, and the firmware would write another status to this device. */
        hart_park();
    }
    sbi_shutdown();
    hart_park();
}

/* With no interrupt enabled in sie, wfi has no reason to return. */
void hart_park(void)
{
    clear_sie(~0UL);
    for (;;)
        wfi();
}
