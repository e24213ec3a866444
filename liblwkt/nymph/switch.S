/* SPDX-License-Identifier: BSD-3-Clause
 * void cpu_switch(struct thread *from, struct thread *to)
 *
 * As the kernel's (kernel/riscv/switch.S). Upcalls may come at any instruction: the caller is in a
 * critical section, so the handler only notes them, on whichever of the two stacks sp names, below all
 * that is in use. Before tp changes it counts as `from`, which is of the same cpu.
 */
#define FRAME 112 /* ra, s0 .. s11, in this order, and 8 bytes unused; machine.c knows it, too */

        .cfi_sections .debug_frame      /* what gdb's backtraces go by */
        .text
        .globl  cpu_switch
cpu_switch:
        .cfi_startproc
        .cfi_remember_state
        addi    sp, sp, -FRAME
        .cfi_def_cfa_offset FRAME
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
        .cfi_offset ra, -FRAME
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        .cfi_offset s\n, 8 + 8 * \n - FRAME
        .endr
        sd      sp, 0(a0)

        ld      sp, 0(a1)
        mv      tp, a1
        ld      ra, 0(sp)
        ld      s0, 8(sp)
        ld      s1, 16(sp)
        ld      s2, 24(sp)
        ld      s3, 32(sp)
        ld      s4, 40(sp)
        ld      s5, 48(sp)
        ld      s6, 56(sp)
        ld      s7, 64(sp)
        ld      s8, 72(sp)
        ld      s9, 80(sp)
        ld      s10, 88(sp)
        ld      s11, 96(sp)
        sc.d    zero, zero, (sp)        /* a reservation never crosses threads */
        addi    sp, sp, FRAME
        .cfi_restore_state
        tail    lwkt_switch_return      /* a0: the thread that ran before */
        .cfi_endproc

/* Where the first switch to a thread returns to: s1 and s2 are the function and its argument. The nop is
 * never executed: it is where gdb looks up the function of the address to return to. */
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
