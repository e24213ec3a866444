/* SPDX-License-Identifier: BSD-3-Clause
 * The first and only code of a hart that a scene starts and that is no cpu, for bootsteps.c. It
 * runs without paging, as the firmware starts it: a0 is the hart's id, and a1 the physical address
 * of a word. It stores its id plus 1 there, so that id 0 differs from a word that nobody wrote, and
 * halts.
 */
        .section .text
        .globl  spare_hart
spare_hart:
        addi    a0, a0, 1
        sd      a0, 0(a1)
1:      wfi
        j       1b
