/* SPDX-License-Identifier: BSD-3-Clause
 * The hart's control and status registers, page table format and page arithmetic (RISC-V
 * Privileged Architecture, "Supervisor-Level ISA"). User programs may include this file for PGSIZE.
 */
#ifndef KERNEL_RISCV_H
#define KERNEL_RISCV_H

#define PGSIZE 4096UL
#define PGSHIFT 12
#define PGROUNDUP(sz) (((sz) + PGSIZE - 1) & ~(PGSIZE - 1))
#define PGROUNDDOWN(a) ((a) & ~(PGSIZE - 1))

/* Sv39 page table entries: flags in the low 10 bits, physical page number from bit 10. */
#define PTE_V (1UL << 0)
#define PTE_R (1UL << 1)
#define PTE_W (1UL << 2)
#define PTE_X (1UL << 3)
#define PTE_U (1UL << 4)
#define PTE_G (1UL << 5)
#define PTE_A (1UL << 6)
#define PTE_D (1UL << 7)
#define PTE_COW (1UL << 8)   /* for software: shared until written */
#define PTE_GUARD (1UL << 9) /* for software: nothing is here, and nothing comes */
#define PTE_FLAGS(pte) ((pte)&0x3ffUL)
#define PA_TO_PTE(pa) (((uint64)(pa) >> 12) << 10)
#define PTE_TO_PA(pte) (((pte) >> 10) << 12)
#define PTE_LEAF(pte) (((pte) & (PTE_R | PTE_W | PTE_X)) != 0)
#define PX(level, va) (((uint64)(va) >> (PGSHIFT + 9 * (level))) & 0x1ff)

#define SATP_SV39 (8UL << 60)
#define MAKE_SATP(root_pa) (SATP_SV39 | ((uint64)(root_pa) >> 12))

#define SSTATUS_SIE (1UL << 1)  /* interrupts on */
#define SSTATUS_SPIE (1UL << 5) /* interrupts on before the trap */
#define SSTATUS_SPP (1UL << 8)  /* the trap came from S-mode */
#define SSTATUS_FS (3UL << 13)  /* floating point state; 0: off */
#define SSTATUS_SUM (1UL << 18) /* S-mode may touch user pages; never set here */

#define SIE_SSIE (1UL << 1) /* bits of sie and sip: software, */
#define SIE_STIE (1UL << 5) /* timer, */
#define SIE_SEIE (1UL << 9) /* external */

#define SCAUSE_INTR (1UL << 63)
#define IRQ_S_SOFT 1
#define IRQ_S_TIMER 5
#define IRQ_S_EXT 9
#define EXC_BREAKPOINT 3
#define EXC_ECALL_U 8
#define EXC_INST_PAGE 12
#define EXC_LOAD_PAGE 13
#define EXC_STORE_PAGE 15

#ifndef __ASSEMBLER__
#include "kernel/types.h"

/* xv6's programs use these names. */
typedef uint64 pte_t;
typedef uint64 *pagetable_t;
static inline uint64 r_sp(void)
{
    uint64 x;
    __asm__ volatile("mv %0, sp" : "=r"(x));
    return x;
}

#ifdef NYMPH_KERNEL

#define CSR_READ(name, csr)                                    \
    static inline uint64 r_##name(void)                        \
    {                                                          \
        uint64 x;                                              \
        __asm__ volatile("csrr %0, " csr : "=r"(x)::"memory"); \
        return x;                                              \
    }
#define CSR_WRITE(name, csr)                                      \
    static inline void w_##name(uint64 x)                         \
    {                                                             \
        __asm__ volatile("csrw " csr ", %0" ::"r"(x) : "memory"); \
    }

CSR_READ(sstatus, "sstatus")
CSR_WRITE(sstatus, "sstatus")
CSR_READ(sie, "sie")
CSR_READ(sip, "sip")
CSR_READ(scause, "scause")
CSR_READ(stval, "stval")
CSR_READ(sepc, "sepc")
CSR_WRITE(sepc, "sepc")
CSR_WRITE(stvec, "stvec")
CSR_WRITE(sscratch, "sscratch")
CSR_READ(satp, "satp")
CSR_WRITE(satp, "satp")
CSR_READ(time, "time")
CSR_READ(instret, "instret")
CSR_WRITE(scounteren, "scounteren")

/* Set or clear bits in one step. */
static inline void set_sie(uint64 bits)
{
    __asm__ volatile("csrs sie, %0" ::"r"(bits) : "memory");
}
static inline void clear_sie(uint64 bits)
{
    __asm__ volatile("csrc sie, %0" ::"r"(bits) : "memory");
}
static inline void set_sip(uint64 bits)
{
    __asm__ volatile("csrs sip, %0" ::"r"(bits) : "memory");
}
static inline void clear_sip(uint64 bits)
{
    __asm__ volatile("csrc sip, %0" ::"r"(bits) : "memory");
}

static inline void wfi(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

/* Make this hart read its translations, or those of one page, anew, and see its own earlier writes to
 * page tables. */
static inline void sfence_vma(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}
static inline void sfence_vma_page(uint64 va)
{
    __asm__ volatile("sfence.vma %0" ::"r"(va) : "memory");
}

/* Make this hart's instruction fetches see its earlier stores. Needed after code was written. */
static inline void fence_i(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}

#endif /* NYMPH_KERNEL */
#endif /* __ASSEMBLER__ */
#endif
