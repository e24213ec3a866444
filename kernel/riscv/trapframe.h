/* SPDX-License-Identifier: BSD-3-Clause
 * What a trap saves, on the kernel stack of the thread that took it. boot/trap.S knows the offsets, and
 * boot/trap.c checks them.
 */
#ifndef RISCV_TRAPFRAME_H
#define RISCV_TRAPFRAME_H

#ifdef __ASSEMBLER__
#define TF_X(n) (((n)-1) * 8)
#define TF_SEPC (31 * 8)
#define TF_SSTATUS (32 * 8)
#define TF_SIZE 288
#else

#include "kernel/types.h"

struct trapframe {
    uint64 ra, sp, gp, tp, t0, t1, t2, s0, s1;
    uint64 a0, a1, a2, a3, a4, a5, a6, a7;
    uint64 s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
    uint64 t3, t4, t5, t6;
    uint64 sepc;    /* where to continue */
    uint64 sstatus; /* mode and interrupt state to return to */
    uint64 scause;  /* written by C, for panics and gdb only */
    uint64 stval;
} __attribute__((aligned(16)));

#endif
#endif
