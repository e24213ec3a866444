/* SPDX-License-Identifier: BSD-3-Clause
 * The virtual address space (Sv39), the same upper half for every process.
 *
 *   0 .. USERTOP                  user: text and data, heap above, stack pages between them
 *   KERNBASE + pa                 direct map of all physical memory and devices, global pages;
 *                                 the kernel's image is linked at KERNBASE + its load address
 *   KSTACKS ..                    kernel stacks, each with an unmapped guard below it
 */
#ifndef KERNEL_MEMLAYOUT_H
#define KERNEL_MEMLAYOUT_H

#define MAXVA (1UL << 38)        /* end of the lower half */
#define USERTOP (MAXVA - 0x2000) /* user addresses are below this, as in xv6 */
#define TRAPFRAME USERTOP        /* xv6's name for the limit of the heap; nothing lies there */
#define KERNBASE 0xffffffc000000000UL
#define KERNLOAD 0x80200000UL /* where OpenSBI enters: the image's physical address */
#define KSTACKS 0xffffffe000000000UL

#define PA_TO_KVA(pa) ((void *)((uint64)(pa) + KERNBASE))
#define KVA_TO_PA(va) ((uint64)(va)-KERNBASE)

#endif
