/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/plic.h for the simulation, whose cpus have interrupts without a controller (host_proc.c).
 */
#ifndef RISCV_PLIC_H
#define RISCV_PLIC_H

#include <stdbool.h>

#include "kernel/types.h"
#include "riscv/fdt.h"

bool plic_reaches(uint32 irq, int cpu);
void plic_enable(uint32 irq, int cpu);
void plic_complete(int cpu, uint32 irq);

#endif
