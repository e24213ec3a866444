/* SPDX-License-Identifier: BSD-3-Clause
 * The first and only code of a hart that a scene starts and that is no cpu, for bootsteps.c. It
 * runs without paging, as the firmware starts it: a0 is the hart's id, and a1 the physical address
 * of kt_spare. It stores its id plus 1 there, so that id 0 differs from a word that nobody wrote, and
 * halts. If a1 is something else, it stores nothing: a fault would be the end of the machine's time.
 */
        .section .text
        .globl  spare_hart
spare_hart:
        la      t0, kt_spare
        bne     a1, t0, 1f
        addi    a0, a0, 1
        sd      a0, 0(a1)
1:      wfi
        j       1b
