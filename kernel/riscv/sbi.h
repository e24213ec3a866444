/* SPDX-License-Identifier: BSD-3-Clause
 * Calls into the firmware (RISC-V SBI specification; section names given). Results: 0, or a negative
 * SBI error.
 */
#ifndef RISCV_SBI_H
#define RISCV_SBI_H

#include "kernel/types.h"

int64 sbi_hart_start(uint64 hartid, uint64 entry_pa, uint64 opaque); /* HSM */
int64 sbi_send_ipi(uint64 hart_mask, uint64 hart_base);              /* sPI */
void sbi_set_timer(uint64 when);                                     /* TIME */
void sbi_shutdown(void);                                             /* SRST; returns if refused */

/* The firmware's console: DBCN, or the legacy calls 0x01 and 0x02. getchar: -1, nothing was typed. One
 * cpu at a time calls it. */
void sbi_console_putchar(int c);
int sbi_console_getchar(void);

#endif
