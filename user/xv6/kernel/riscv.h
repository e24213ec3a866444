/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv.h for programs, with names that xv6's programs use.
 */
#include_next "kernel/riscv.h"

#ifndef XV6_RISCV_H
#define XV6_RISCV_H

#include "kernel/memlayout.h" /* MAXVA */

#define PA2PTE(pa) PA_TO_PTE(pa)
#define PTE2PA(pte) PTE_TO_PA(pte)
#define PXMASK 0x1ff
#define PXSHIFT(level) (PGSHIFT + 9 * (level))

/* Pages of 2 MiB, of which the page table lab's test programs speak. */
#define SUPERPGSIZE (512 * PGSIZE)
#define SUPERPGROUNDUP(sz) (((sz) + SUPERPGSIZE - 1) & ~(SUPERPGSIZE - 1))
#define SUPERPGROUNDDOWN(a) ((a) & ~(SUPERPGSIZE - 1))

#endif
