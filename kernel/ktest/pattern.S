/* SPDX-License-Identifier: BSD-3-Clause
 * Loops that detect changes that an interrupt or a switch must not make: to registers, and to
 * reservations. For pattern.c.
 *
 * void pattern_interrupted(uint64 reg[32], uint64 loops)
 *      Load every register but x0, sp and tp with reg[its number], count t6 down and t5 up `loops`
 *      times, and store all but x0 into reg. sp and tp cannot hold a pattern: reg[2] and reg[4] get
 *      their values before XOR those after.
 *
 * void pattern_call(uint64 reg[32], void (*func)(void *), void *arg)
 *      The same over func(arg), with the registers that a call keeps: s0 to s11, sp and tp.
 *
 * uint64 lrsc_add(uint64 *word, uint32 *runs, uint64 delay)
 *      Add 1 to *word, with `delay` turns of a loop between LR and SC. Returns 1 if the SC that succeeded
 *      did so although *runs changed since its LR: 0 if reservations end with a switch.
 *
 * uint64 lrsc_call(uint64 *word, void (*func)(void))
 *      Returns 1 if an SC to *word succeeds although func() was called since its LR, otherwise 0.
 */
#include "kernel/riscv.h"

#define FRAME 128

        .macro KEEP
        addi    sp, sp, -FRAME
        sd      ra, 0(sp)
        sd      gp, 104(sp)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        sd      s\n, 8 + 8 * \n(sp)
        .endr
        sd      a0, 112(sp)
        sd      tp, 16(a0)              /* until SP_AND_TP: reg[2] is tp, reg[4] is sp */
        sd      sp, 32(a0)
        .endm

        .macro FORGET
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        ld      s\n, 8 + 8 * \n(sp)
        .endr
        ld      gp, 104(sp)
        ld      ra, 0(sp)
        addi    sp, sp, FRAME
        ret
        .endm

/* a0: reg. Every other register may be used. */
        .macro SP_AND_TP
        ld      t0, 32(a0)
        ld      t1, 16(a0)
        xor     t0, t0, sp
        xor     t1, t1, tp
        sd      t0, 16(a0)
        sd      t1, 32(a0)
        .endm

        .text
        .globl  pattern_interrupted
pattern_interrupted:
        KEEP
        sd      a1, 120(sp)
        .irp    n, 1, 3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
        ld      x\n, 8 * \n(a0)
        .endr
        ld      a0, 80(a0)
        ld      t6, 120(sp)
1:      addi    t6, t6, -1
        addi    t5, t5, 1
        bnez    t6, 1b
        sd      a0, 120(sp)
        ld      a0, 112(sp)
        .irp    n, 1, 3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        sd      x\n, 8 * \n(a0)
        .endr
        ld      t0, 120(sp)
        sd      t0, 80(a0)
        SP_AND_TP
        FORGET

        .globl  pattern_call
pattern_call:
        KEEP
        .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
        ld      x\n, 8 * \n(a0)
        .endr
        mv      a0, a2
        jalr    a1
        ld      a0, 112(sp)
        .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
        sd      x\n, 8 * \n(a0)
        .endr
        SP_AND_TP
        FORGET

        .globl  lrsc_add
lrsc_add:
        mv      a3, a0
        li      a0, 0
1:      lr.d    t0, (a3)
        lw      t1, 0(a1)
        mv      t2, a2
2:      addi    t2, t2, -1
        bgtz    t2, 2b
        addi    t0, t0, 1
        lw      t3, 0(a1)
        sc.d    t4, t0, (a3)
        bnez    t4, 1b
        beq     t1, t3, 3f
        li      a0, 1
3:      ret

        .globl  lrsc_call
lrsc_call:
        addi    sp, sp, -16
        sd      ra, 0(sp)
        sd      s1, 8(sp)
        mv      s1, a0
        lr.d    t0, (s1)
        jalr    a1
        ld      t0, 0(s1)
        sc.d    a0, t0, (s1)
        seqz    a0, a0
        ld      s1, 8(sp)
        ld      ra, 0(sp)
        addi    sp, sp, 16
        ret
