/* SPDX-License-Identifier: BSD-3-Clause
 * The way into and out of traps. sscratch tells where a trap came from: it holds the thread in user
 * mode and 0 in the kernel. A frame (trapframe.h) is made on the thread's kernel stack: at its top for
 * a trap from user mode, below sp for one from the kernel. An interrupt of the kernel leaves the
 * registers out of its frame that C preserves.
 *
 * Interrupts are off from the trap until C turns them on.
 *
 * The .cfi lines tell gdb where the registers of the interrupted code are, so that a backtrace goes on
 * there. Column 64 stands for its pc, because ra has a value of its own.
 */
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "riscv/asm.h"
#include "riscv/trapframe.h"

        .cfi_sections .debug_frame

/* What gdb should know about code that a trap of the kernel leads to, and that has moved sp by `size`. */
.macro CFI_KERNEL_TRAP size
        .cfi_startproc
        .cfi_signal_frame
        .cfi_return_column 64
        .cfi_register 64, 4096 + 0x141  /* sepc, as DWARF counts CSRs */
        .cfi_def_cfa sp, \size
.endm

/* Save the registers that a C function may change, and s0, the frame pointer; but not t0, which the
 * entries save in their own ways, and not gp, sp and tp, which the kernel's C does not change. */
.macro SAVE_CALLER
        sd      ra, TF_X(1)(sp)
        sd      t1, TF_X(6)(sp)
        sd      t2, TF_X(7)(sp)
        sd      s0, TF_X(8)(sp)
        sd      a0, TF_X(10)(sp)
        sd      a1, TF_X(11)(sp)
        sd      a2, TF_X(12)(sp)
        sd      a3, TF_X(13)(sp)
        sd      a4, TF_X(14)(sp)
        sd      a5, TF_X(15)(sp)
        sd      a6, TF_X(16)(sp)
        sd      a7, TF_X(17)(sp)
        sd      t3, TF_X(28)(sp)
        sd      t4, TF_X(29)(sp)
        sd      t5, TF_X(30)(sp)
        sd      t6, TF_X(31)(sp)
        .irp    n, 1, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
        .cfi_offset \n, TF_X(\n) - TF_SIZE
        .endr
.endm

/* Save the others but sp and tp, and sstatus. */
.macro SAVE_CALLEE
        sd      s1, TF_X(9)(sp)
        sd      s2, TF_X(18)(sp)
        sd      s3, TF_X(19)(sp)
        sd      s4, TF_X(20)(sp)
        sd      s5, TF_X(21)(sp)
        sd      s6, TF_X(22)(sp)
        sd      s7, TF_X(23)(sp)
        sd      s8, TF_X(24)(sp)
        sd      s9, TF_X(25)(sp)
        sd      s10, TF_X(26)(sp)
        sd      s11, TF_X(27)(sp)
        .irp    n, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
        .cfi_offset \n, TF_X(\n) - TF_SIZE
        .endr
        csrr    t2, sstatus
        sd      t2, TF_SSTATUS(sp)
.endm

/* For a panic: all but t0, sp and tp. */
.macro SAVE_MOST
        SAVE_CALLER
        SAVE_CALLEE
        csrr    t1, sepc
        sd      gp, TF_X(3)(sp)
        sd      t1, TF_SEPC(sp)
        .cfi_offset 64, TF_SEPC - TF_SIZE
.endm

/* The inverse of SAVE_CALLER, with t0, and without s0, which C gives back. */
.macro RESTORE_CALLER
        ld      ra, TF_X(1)(sp)
        ld      t0, TF_X(5)(sp)
        ld      t1, TF_X(6)(sp)
        ld      t2, TF_X(7)(sp)
        ld      a0, TF_X(10)(sp)
        ld      a1, TF_X(11)(sp)
        ld      a2, TF_X(12)(sp)
        ld      a3, TF_X(13)(sp)
        ld      a4, TF_X(14)(sp)
        ld      a5, TF_X(15)(sp)
        ld      a6, TF_X(16)(sp)
        ld      a7, TF_X(17)(sp)
        ld      t3, TF_X(28)(sp)
        ld      t4, TF_X(29)(sp)
        ld      t5, TF_X(30)(sp)
        ld      t6, TF_X(31)(sp)
.endm

        .text
        .balign 4
        .globl  trap_entry
trap_entry:
        CFI_KERNEL_TRAP 0
        csrrw   tp, sscratch, tp
        bnez    tp, from_user
        csrrw   tp, sscratch, tp        /* from the kernel: tp was right, sscratch is 0 again */

        sd      t0, MD_SCRATCH(tp)
        ld      t0, MD_STACK_BASE(tp)
        .cfi_remember_state
        addi    sp, sp, -TF_SIZE
        .cfi_def_cfa_offset TF_SIZE
        bltu    sp, t0, overflow
        ld      t0, MD_SCRATCH(tp)
        sd      t0, TF_X(5)(sp)
        .cfi_offset t0, TF_X(5) - TF_SIZE
        csrr    t0, scause
        bgez    t0, kernel_exception
        SAVE_CALLER
        csrr    t1, sepc
        csrr    t2, sstatus
        sd      t1, TF_SEPC(sp)
        sd      t2, TF_SSTATUS(sp)
        .cfi_offset 64, TF_SEPC - TF_SIZE
        mv      a0, t0
        call    kernel_interrupt
        ld      t1, TF_SEPC(sp)
        ld      t2, TF_SSTATUS(sp)
        csrw    sepc, t1
        csrw    sstatus, t2
        RESTORE_CALLER
        addi    sp, sp, TF_SIZE         /* tp never changes within a thread */
        .cfi_restore_state
        sret
        .cfi_endproc

/* A bug in the kernel. The panic shows all registers. */
kernel_exception:
        CFI_KERNEL_TRAP TF_SIZE
        .cfi_offset t0, TF_X(5) - TF_SIZE
        SAVE_MOST
        addi    t1, sp, TF_SIZE
        sd      t1, TF_X(2)(sp)
        sd      tp, TF_X(4)(sp)
        mv      a0, sp
        call    kernel_trap
        j       .                       /* gdb looks up the address to return to */
        .cfi_endproc

/*
 * A frame does not fit: the thread has used up its stack, or almost. All that can be done is to panic,
 * on a stack kept for that; a second hart that comes here waits. The frame shows where sp was.
 */
overflow:
        CFI_KERNEL_TRAP TF_SIZE
        la      t0, overflow_busy
        amoswap.w.aq t0, sp, (t0)
        beqz    t0, 1f
2:      wfi
        j       2b
1:      addi    t0, sp, TF_SIZE
        la      sp, overflow_stack + BOOT_STACK_SIZE - TF_SIZE
        sd      t0, TF_X(2)(sp)
        .cfi_offset sp, TF_X(2) - TF_SIZE
        ld      t0, MD_SCRATCH(tp)
        sd      t0, TF_X(5)(sp)
        .cfi_offset t0, TF_X(5) - TF_SIZE
        sd      tp, TF_X(4)(sp)
        SAVE_MOST
        mv      a0, sp
        call    stack_overflow
        j       .
        .cfi_endproc

/*
 * A trap from user mode. C functions give s1 to s11 back as they found them, so these are saved only
 * for fork, which copies them to the child; for exec, which replaces them; and for a process that has
 * upcalls (MD_WHOLE), or is about to, because an upcall stores them and brings them back. sstatus is not
 * saved, either: user mode needs only that SPP is 0, which a trap from the kernel may have changed
 * meanwhile.
 */
        .globl  from_user
from_user:
        .cfi_startproc
        .cfi_return_column 64
        .cfi_undefined 64               /* a backtrace ends here */
        sd      sp, MD_SCRATCH(tp)
        ld      sp, MD_STACK_TOP(tp)
        addi    sp, sp, -TF_SIZE
        .cfi_def_cfa_offset TF_SIZE
        sd      t0, TF_X(5)(sp)
        SAVE_CALLER
        sd      gp, TF_X(3)(sp)
        csrrw   t0, sscratch, zero      /* the program's tp; from here on the thread is in the kernel */
        sd      t0, TF_X(4)(sp)
        ld      t0, MD_SCRATCH(tp)
        sd      t0, TF_X(2)(sp)
        csrr    t0, scause
        csrr    t1, sepc
        mv      s0, zero                /* end of the chain of frames */
        mv      a0, sp
        addi    t0, t0, -EXC_ECALL_U
        bnez    t0, other_trap
system_call:
        addi    t1, t1, 4               /* past the ecall */
        sd      t1, TF_SEPC(sp)
        li      t0, (1 << SYS_fork) | (1 << SYS_exec) | (1 << SYS_upcall)
        ld      t1, MD_WHOLE(tp)
        srl     t0, t0, a7
        andi    t0, t0, 1
        or      t0, t0, t1
        bnez    t0, whole_call          /* also for some numbers above 63, which are no calls */
        csrsi   sstatus, SSTATUS_SIE
        call    proc_syscall
        sd      a0, TF_X(10)(sp)
        call    trap_prepare_user_return
to_user:
        li      t0, SSTATUS_SPP
        csrc    sstatus, t0
        ld      t0, TF_SEPC(sp)
        csrw    sepc, t0
        csrw    sscratch, tp
        ld      s0, TF_X(8)(sp)
to_program:
        ld      gp, TF_X(3)(sp)
        RESTORE_CALLER
        ld      tp, TF_X(4)(sp)
        ld      sp, TF_X(2)(sp)
        sret

other_trap:
        sd      t1, TF_SEPC(sp)
        ld      t0, MD_WHOLE(tp)
        bnez    t0, whole_trap
        call    user_trap
        j       to_user

whole_trap:
        SAVE_CALLEE
        call    user_trap
        j       user_return

whole_call:
        SAVE_CALLEE
        csrsi   sstatus, SSTATUS_SIE
        call    proc_syscall
        sd      a0, TF_X(10)(sp)
        call    trap_prepare_user_return

/*
 * To user mode, by the frame at the top of the current thread's stack, with all registers; interrupts
 * are off. New processes start here.
 */
        .globl  user_return
user_return:
        ld      sp, MD_STACK_TOP(tp)
        addi    sp, sp, -TF_SIZE
        csrw    sscratch, tp
        ld      t1, TF_SEPC(sp)
        ld      t2, TF_SSTATUS(sp)
        csrw    sepc, t1
        csrw    sstatus, t2
        ld      s0, TF_X(8)(sp)
        ld      s1, TF_X(9)(sp)
        ld      s2, TF_X(18)(sp)
        ld      s3, TF_X(19)(sp)
        ld      s4, TF_X(20)(sp)
        ld      s5, TF_X(21)(sp)
        ld      s6, TF_X(22)(sp)
        ld      s7, TF_X(23)(sp)
        ld      s8, TF_X(24)(sp)
        ld      s9, TF_X(25)(sp)
        ld      s10, TF_X(26)(sp)
        ld      s11, TF_X(27)(sp)
        j       to_program
        .cfi_endproc

        .section .bss
        .balign 16
        .globl  overflow_stack
overflow_stack:
        .zero   BOOT_STACK_SIZE
overflow_busy:
        .word   0
        .balign 8
