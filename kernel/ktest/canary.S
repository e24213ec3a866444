/*
 * int kt_canary(void (*func)(void *), void *arg, uint64 seed), for the scheduler tests: call func(arg)
 * with values made of seed in every register that a call must keep, but sp and tp, and in 16 words of
 * the stack. Returns how many of them are different afterwards.
 */
#define FRAME 256
#define SEED 104
#define WORDS 128

        .text
        .globl  kt_canary
kt_canary:
        addi    sp, sp, -FRAME
        sd      ra, 0(sp)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        sd      s\n, 8 + 8 * \n(sp)
        .endr
        sd      a2, SEED(sp)
        mv      t0, a0
        mv      a0, a1
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        addi    s\n, a2, 1 + \n
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        addi    t1, a2, 100 + \n
        sd      t1, WORDS + 8 * \n(sp)
        .endr
        jalr    t0

        li      a0, 0
        ld      a2, SEED(sp)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        addi    t1, a2, 1 + \n
        sub     t1, t1, s\n
        snez    t1, t1
        add     a0, a0, t1
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        addi    t1, a2, 100 + \n
        ld      t2, WORDS + 8 * \n(sp)
        sub     t1, t1, t2
        snez    t1, t1
        add     a0, a0, t1
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        ld      s\n, 8 + 8 * \n(sp)
        .endr
        ld      ra, 0(sp)
        addi    sp, sp, FRAME
        ret
