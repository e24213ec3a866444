/* SPDX-License-Identifier: BSD-3-Clause
 * The one-shot timer: stimecmp where the ISA string has Sstc, else the firmware's. Its interrupt
 * stays pending until the compare value is ahead of time again, so sie.STIE is what holds it off, and
 * the code that serves it arms the next time before it unmasks it.
 */
#include "kernel/riscv.h"
#include "machine.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/sbi.h"

uint64 cpu_timebase;

void timer_init(void)
{
    cpu_timebase = board.timebase;
}

void cpu_timer_arm(uint64 when)
{
    if (board.sstc)
        __asm__ volatile("csrw 0x14d, %0" ::"r"(when) : "memory"); /* stimecmp */
    else
        sbi_set_timer(when);
}

void cpu_timer_unmask(void)
{
    set_sie(SIE_STIE);
}
