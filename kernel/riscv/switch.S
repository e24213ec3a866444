/* SPDX-License-Identifier: BSD-3-Clause
 * void cpu_switch(struct thread *from, struct thread *to)
 *
 * Save the registers that a C function must preserve on from's stack, and load to's from its stack.
 * tp is the thread, so it is set and not saved. Ends in lwkt_switch_return(from), whose return is to's
 * return from its own call of cpu_switch.
 *
 * Called in a critical section, and left with interrupts as they were: an interrupt on the way is only
 * recorded in gd_reqflags, through tp. It uses the stack that sp names. Both are valid throughout, and
 * belong to the same thread, because sp and tp change with interrupts off.
 *
 * The new stack is read through a1 before sp goes there, so that a fault in it is taken on the old one.
 */
#include "kernel/riscv.h"
#include "riscv/asm.h"

        .cfi_sections .debug_frame      /* what gdb's backtraces go by */
        .section .text.watched, "ax"    /* kernel.ld */
        .globl  cpu_switch
cpu_switch:
        /* lab 2: from here */
        .cfi_startproc
        .cfi_remember_state
        addi    sp, sp, -SF_SIZE
        .cfi_def_cfa_offset SF_SIZE
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
        .cfi_offset ra, -SF_SIZE
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        .cfi_offset s\n, 8 + 8 * \n - SF_SIZE
        .endr
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
        .cfi_restore_state
        mv      tp, a1
        sc.d    zero, zero, (a2)        /* a reservation never crosses threads */
        csrs    sstatus, a3
        tail    lwkt_switch_return      /* a0: the thread that ran before */
        .cfi_endproc
        /* lab 2: to here */

/*
 * Where the first switch to a new thread returns to: s1 and s2 are the function and its argument
 * (cpu_thread_setup). s0 is 0, the end of the chain of frames. For gdb the chain ends here, too: it looks
 * up the function of an address to return to just before that address, where nothing is ever executed.
 */
        .text
        .globl  cpu_thread_first
thread_begins:
        .cfi_startproc
        .cfi_undefined ra
        nop
cpu_thread_first:
        mv      a0, s1
        mv      a1, s2
        call    lwkt_thread_start
        .cfi_endproc

/*
 * cpu_call_rarely (machine.h): call the function t1 with the three words on the stack and the address
 * to return to, which is in t0. Take the words off the stack, and keep all other registers.
 * The caller may be a function that has not saved ra: the place to return to has a column of its own.
 */
        .globl  cpu_call_keeping_all
cpu_call_keeping_all:
        .cfi_startproc
        .cfi_return_column t0
        .cfi_def_cfa_offset 32          /* sp as it is after the return */
        .cfi_remember_state
        addi    sp, sp, -128
        .cfi_def_cfa_offset 128 + 32
        sd      ra, 0(sp)
        sd      t0, 8(sp)
        sd      t1, 16(sp)
        sd      t2, 24(sp)
        sd      a0, 32(sp)
        sd      a1, 40(sp)
        sd      a2, 48(sp)
        sd      a3, 56(sp)
        sd      a4, 64(sp)
        sd      a5, 72(sp)
        sd      a6, 80(sp)
        sd      a7, 88(sp)
        sd      t3, 96(sp)
        sd      t4, 104(sp)
        sd      t5, 112(sp)
        sd      t6, 120(sp)
        .cfi_offset ra, 0 - 160
        .cfi_offset t0, 8 - 160
        ld      a0, 128(sp)
        ld      a1, 136(sp)
        ld      a2, 144(sp)
        mv      a3, t0
        jalr    t1
        ld      ra, 0(sp)
        ld      t0, 8(sp)
        ld      t1, 16(sp)
        ld      t2, 24(sp)
        ld      a0, 32(sp)
        ld      a1, 40(sp)
        ld      a2, 48(sp)
        ld      a3, 56(sp)
        ld      a4, 64(sp)
        ld      a5, 72(sp)
        ld      a6, 80(sp)
        ld      a7, 88(sp)
        ld      t3, 96(sp)
        ld      t4, 104(sp)
        ld      t5, 112(sp)
        ld      t6, 120(sp)
        addi    sp, sp, 128 + 32
        .cfi_restore_state
        .cfi_def_cfa_offset 0
        jr      t0
        .cfi_endproc
