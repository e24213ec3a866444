/* SPDX-License-Identifier: BSD-3-Clause
 * uint64 whole(uint64 turns, volatile uint *more)
 *
 * Put a value into each register, then count to `turns`, or until *more is 0; in each turn add all
 * registers up, and make a system call. Returns how many turns found another sum. An upcall that came
 * meanwhile must have left every register as it was. (sp is a stack pointer throughout.)
 */
#include "kernel/syscall.h"

        .globl  whole
whole:
        addi    sp, sp, -160
        sd      ra, 0(sp)
        sd      gp, 8(sp)
        sd      tp, 16(sp)
        sd      s0, 24(sp)
        sd      s1, 32(sp)
        sd      s2, 40(sp)
        sd      s3, 48(sp)
        sd      s4, 56(sp)
        sd      s5, 64(sp)
        sd      s6, 72(sp)
        sd      s7, 80(sp)
        sd      s8, 88(sp)
        sd      s9, 96(sp)
        sd      s10, 104(sp)
        sd      s11, 112(sp)
        mv      a2, a0                  /* turns left */
        li      a0, -1                  /* the result: the first turn compares with 0 */
        sd      zero, 120(sp)
        li      ra, 0x100001
        li      gp, 0x300003
        li      tp, 0x500007
        li      t0, 0x70000f
        li      t1, 0x90001f
        li      t2, 0xb0003f
        li      s0, 0xd0007f
        li      s1, 0xf000ff
        li      a3, 0x1001ff
        li      a4, 0x1203ff
        li      a5, 0x1407ff
        li      a6, 0x160fff
        li      a7, SYS_getpid
        li      s2, 0x1a3fff
        li      s3, 0x1c7fff
        li      s4, 0x1effff
        li      s5, 0x20fffe
        li      s6, 0x22fffc
        li      s7, 0x24fff8
        li      s8, 0x26fff0
        li      s9, 0x28ffe0
        li      s10, 0x2affc0
        li      s11, 0x2cff80
        li      t3, 0x2eff00
        li      t4, 0x30fe00
1:      add     t5, ra, gp
        add     t5, t5, tp
        slli    t5, t5, 1
        add     t5, t5, t0
        add     t5, t5, t1
        slli    t5, t5, 1
        add     t5, t5, t2
        add     t5, t5, s0
        slli    t5, t5, 1
        add     t5, t5, s1
        add     t5, t5, a3
        slli    t5, t5, 1
        add     t5, t5, a4
        add     t5, t5, a5
        slli    t5, t5, 1
        add     t5, t5, a6
        add     t5, t5, a7
        slli    t5, t5, 1
        add     t5, t5, s2
        add     t5, t5, s3
        slli    t5, t5, 1
        add     t5, t5, s4
        add     t5, t5, s5
        slli    t5, t5, 1
        add     t5, t5, s6
        add     t5, t5, s7
        slli    t5, t5, 1
        add     t5, t5, s8
        add     t5, t5, s9
        slli    t5, t5, 1
        add     t5, t5, s10
        add     t5, t5, s11
        add     t5, t5, t3
        add     t5, t5, t4
        ld      t6, 120(sp)
        sd      t5, 120(sp)
        beq     a2, zero, 3f
        beq     t6, t5, 2f
        addi    a0, a0, 1
2:      sd      a0, 128(sp)
        ecall                           /* so that upcalls come at the end of calls, too */
        ld      a0, 128(sp)
        addi    a2, a2, -1
        lw      t6, 0(a1)
        bne     t6, zero, 1b
3:      ld      ra, 0(sp)
        ld      gp, 8(sp)
        ld      tp, 16(sp)
        ld      s0, 24(sp)
        ld      s1, 32(sp)
        ld      s2, 40(sp)
        ld      s3, 48(sp)
        ld      s4, 56(sp)
        ld      s5, 64(sp)
        ld      s6, 72(sp)
        ld      s7, 80(sp)
        ld      s8, 88(sp)
        ld      s9, 96(sp)
        ld      s10, 104(sp)
        ld      s11, 112(sp)
        addi    sp, sp, 160
        ret
