/* SPDX-License-Identifier: BSD-3-Clause
 * Ending the machine, and ending a hart.
 */
#ifndef RISCV_POWER_H
#define RISCV_POWER_H

/* End the machine at once; QEMU exits with this status (0 to 255). Any context. Nothing is written to
 * the disk any more. */
void machine_halt(int status) __attribute__((noreturn));

/* Halt this hart for good, at no cost to the host. Any context. */
void hart_park(void) __attribute__((noreturn));

#endif
