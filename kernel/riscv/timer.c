/* SPDX-License-Identifier: BSD-3-Clause
 * The one-shot timer: stimecmp where all harts have Sstc, else the firmware's. Its interrupt
 * stays pending until the compare value is ahead of time again, so sie.STIE is what holds it off, and
 * the code that serves it arms the next time before it unmasks it.
 */
#include "kernel/riscv.h"
#include "machine.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/sbi.h"

uint64 cpu_timebase;

/*
 * Whether stimecmp can be read. The device tree may say so although the firmware has not switched it on
 * for S-mode (or, of QEMU's spike, although it is not there), so try: an illegal instruction goes to 1.
 * Boot hart, interrupts off.
 */
static bool has_stimecmp(void)
{
    uint64 works;

    __asm__ volatile("        la      t0, 1f\n"
                     "        csrrw   t0, stvec, t0\n"
                     "        li      %0, 0\n"
                     "        csrr    t1, 0x14d\n"
                     "        li      %0, 1\n"
                     "        .balign 4\n" /* as stvec demands */
                     "1:      csrw    stvec, t0\n"
                     : "=&r"(works)::"t0", "t1", "memory");
    return works != 0;
}

void timer_init(void)
{
    cpu_timebase = board.timebase;
    board.sstc = board.sstc && has_stimecmp();
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
