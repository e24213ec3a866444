/* SPDX-License-Identifier: BSD-3-Clause
 * Offsets that assembly uses; machine.c checks each against the C structures.
 */
#ifndef RISCV_ASM_H
#define RISCV_ASM_H

#define MD_SP 0 /* struct thread: td_mach */
#define MD_STACK_TOP 8
#define MD_STACK_BASE 16
#define MD_SCRATCH 24
#define MD_WHOLE 40

#define BOOT_STACK_SIZE 16384
#define PA_PTE(pa) (((pa) >> 2) | 0xef) /* leaf: V R W X G A D, no U */

#define SF_SIZE 112 /* switch frame: ra, s0 .. s11, in this order, and 8 bytes unused */

#endif
