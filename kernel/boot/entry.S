/* SPDX-License-Identifier: BSD-3-Clause
 * The first instructions of every hart.
 *
 * OpenSBI enters the boot hart at _start (a0 = hart id, a1 = device tree) and the others at
 * _start_secondary (a0 = hart id), in S-mode, paging and interrupts off, at physical addresses. The
 * code is linked in the upper half, so until paging is on all addresses are formed relative to pc.
 *
 * OpenSBI before 1.2 marks a hart as started before it stores the start address, so a hart that is just
 * coming out of its own initialization may be sent to _start, with a useless a1. Hence only the first
 * hart at _start boots; the others find what they need in secondary_start (start.c).
 *
 * The image begins with the header of a Linux kernel image, by which boot loaders know where to put it
 * (2 MiB above the start of memory) and how large it is. The direct map gives each physical address one
 * virtual address, the image's included, so the image works only where it was linked. _start checks
 * that, and says so in the simplest way there is.
 */
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "riscv/asm.h"

        .cfi_sections .debug_frame

/*
 * Turn paging on with boot_root, and continue at the next instruction's address in the upper half.
 * Uses t0, t1.
 */
.macro ENTER_UPPER_HALF
        csrw    sie, zero
        li      t0, SSTATUS_SIE | SSTATUS_FS | SSTATUS_SUM
        csrc    sstatus, t0
        csrw    sscratch, zero
        la      t0, boot_root
        srli    t0, t0, PGSHIFT
        li      t1, SATP_SV39
        or      t0, t0, t1
        sfence.vma
        csrw    satp, t0
        sfence.vma
        la      t0, 1f
        li      t1, KERNBASE
        add     t0, t0, t1
        jr      t0
1:
.endm

        .section .text.entry, "ax"
        .globl  _start
_start:
        .option push
        .option norvc                   /* the header is counted in words of 4 bytes */
        j       start
        .word   0
        .option pop
        .dword  KERNLOAD - 0x80000000   /* where to, from the start of memory */
        .dword  __kernel_end - __kernel_start
        .dword  0                       /* flags: little-endian */
        .word   2, 0                    /* version 0.2 */
        .dword  0
        .ascii  "RISCV\0\0\0RSC\5"
        .word   0

start:
        .cfi_startproc
        .cfi_undefined ra               /* gdb's backtraces end here */
        la      t0, _start
        li      t1, KERNLOAD
        bne     t0, t1, misplaced
        la      t0, boot_taken
        li      t1, 1
        amoswap.w.aqrl t1, t1, (t0)
        bnez    t1, _start_secondary
        ENTER_UPPER_HALF
        la      t0, __bss_start
        la      t1, __bss_end
2:      .irp    word, 0, 1, 2, 3, 4, 5, 6, 7    /* .bss is whole pages */
        sd      zero, 8 * \word(t0)
        .endr
        addi    t0, t0, 64
        bltu    t0, t1, 2b
        la      sp, boot_stack + BOOT_STACK_SIZE
        mv      s0, zero                /* end of the chain of frames */
        call    start_boot
        j       .

        .globl  _start_secondary
_start_secondary:
        la      t0, late_harts
        ld      t1, 0(t0)
        srl     t1, t1, a0
        andi    t1, t1, 1
        bnez    t1, .Llate
.Lon_time:
        ENTER_UPPER_HALF
        la      t0, secondary_start
        ld      t1, 0(t0)               /* the id of the hart that is being started */
        bne     t1, a0, park
        ld      t1, 8(t0)               /* satp: its stack is not in boot_root */
        ld      tp, 16(t0)              /* its idle thread */
        csrw    satp, t1
        sfence.vma
        ld      sp, MD_STACK_TOP(tp)
        mv      s0, zero
        call    start_secondary

/* This hart is to come late (board.c). It gives the others their turns meanwhile, as cpu_relax does. */
.Llate:
        ld      t1, 8(t0)
        srli    t2, t1, 3               /* the next one is less late */
        sd      t2, 8(t0)
        rdtime  t0
        add     t1, t1, t0
        csrwi   sie, SIE_SSIE
1:      csrsi   sip, SIE_SSIE
        wfi
        csrci   sip, SIE_SSIE
        rdtime  t0
        bltu    t0, t1, 1b
        la      t0, ncpus
        lwu     t1, 0(t0)
        la      t0, late_harts
        sd      t1, 16(t0)
        j       .Lon_time

/* A hart that was given up and comes up after all. sie is 0, so wfi has no reason to return. */
park:
        wfi
        j       park
        .cfi_endproc

/*
 * Not where it was linked: say so on the firmware's console (SBI: DBCN's write, or the legacy call, a
 * byte each), and power off. No stack, and no address but those relative to pc.
 */
misplaced:
        la      s0, misplaced_text
1:      lbu     s1, 0(s0)
        beqz    s1, 3f
        mv      a0, s1
        li      a6, 2
        li      a7, 0x4442434e
        ecall
        beqz    a0, 2f
        mv      a0, s1
        li      a7, 1
        ecall
2:      addi    s0, s0, 1
        j       1b
3:      li      a0, 0
        li      a1, 0
        li      a6, 0
        li      a7, 0x53525354          /* SRST */
        ecall
        j       park

        .section .rodata
misplaced_text:
        .asciz  "Nymph: loaded at a wrong address; it works at 0x80200000 only\n"

/*
 * The first page table: 1 GiB pages, all of the direct map, readable, writable and executable, and
 * the gigabyte of RAM that holds the kernel also at its physical address, for the step to the upper
 * half. pmap_init replaces it.
 */
        .section .data
boot_taken:
        .word   0
        .balign 4096
boot_root:
        .zero   8 * 2
        .dword  PA_PTE(0x80000000)
        .zero   8 * (256 - 3)
        .set    gib, 0
        .rept   128
        .dword  PA_PTE(gib << 30)
        .set    gib, gib + 1
        .endr
        .zero   8 * 128

/* The stack of the boot hart's idle thread. Its lowest page is never touched (see start.c). */
        .section .bss
        .balign 4096
        .globl  boot_stack
boot_stack:
        .zero   BOOT_STACK_SIZE
