/*
 * struct thread *cpu_switch(struct thread *from, struct thread *to)
 *
 * Save what a C function must keep on from's stack, take to's. tp is the thread, so it is not saved
 * but set. Called and left with the same interrupt state, in a critical section: an interrupt between
 * two of these instructions only notes itself in gd_reqflags, through tp, which is valid throughout;
 * it uses the stack that sp names, which is valid throughout too, because sp and tp change together
 * with interrupts off.
 *
 * The new stack is read through a1 before sp goes there, so that a fault in it is taken on the old.
 */
#include "kernel/riscv.h"
#include "riscv/asm.h"

        .text
        .globl  cpu_switch
cpu_switch:
        /* lab 2: from here */
        addi    sp, sp, -SF_SIZE
        sd      ra, 0(sp)
        sd      s0, 8(sp)
        sd      s1, 16(sp)
        sd      s2, 24(sp)
        sd      s3, 32(sp)
        sd      s4, 40(sp)
        sd      s5, 48(sp)
        sd      s6, 56(sp)
        sd      s7, 64(sp)
        sd      s8, 72(sp)
        sd      s9, 80(sp)
        sd      s10, 88(sp)
        sd      s11, 96(sp)
        sd      sp, MD_SP(a0)

        ld      a2, MD_SP(a1)
        ld      ra, 0(a2)
        ld      s0, 8(a2)
        ld      s1, 16(a2)
        ld      s2, 24(a2)
        ld      s3, 32(a2)
        ld      s4, 40(a2)
        ld      s5, 48(a2)
        ld      s6, 56(a2)
        ld      s7, 64(a2)
        ld      s8, 72(a2)
        ld      s9, 80(a2)
        ld      s10, 88(a2)
        ld      s11, 96(a2)

        csrrci  a3, sstatus, SSTATUS_SIE
        addi    sp, a2, SF_SIZE
        mv      tp, a1
        sc.d    zero, zero, (a2)        /* a reservation never crosses threads */
        csrs    sstatus, a3
        ret                             /* a0: the thread that ran before */
        /* lab 2: to here */

/*
 * Where a new thread's first switch lands: a0 is the thread before, s1 and s2 the function and its
 * argument (cpu_thread_setup). s0 is 0, the end of the chain of frames.
 */
        .globl  cpu_thread_first
cpu_thread_first:
        sfence.vma                      /* its stack may have been mapped by another hart */
        mv      a1, s1
        mv      a2, s2
        call    lwkt_thread_start
        j       .
