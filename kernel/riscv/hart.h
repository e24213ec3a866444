/* SPDX-License-Identifier: BSD-3-Clause
 * Harts and cpus: cpu numbers count from 0 without gaps; a hart id is the firmware's number for the
 * same thing. Cpu 0 is the hart that booted.
 */
#ifndef RISCV_HART_H
#define RISCV_HART_H

#include <stdbool.h>

#include "kernel/types.h"

/* Of cpu 0 .. ncpus - 1, and of the one that is being started. Any context. */
uint64 cpu_hartid(int cpu);
uint32 cpu_plic_context(int cpu);
int cpu_plic(int cpu); /* the PLIC with that context */
uint32 cpu_sswi_index(int cpu);

/* From now on cpu is the board's i-th hart (0 .. board.nharts - 1). Boot hart, before it runs. */
void cpu_set_hart(int cpu, int i);

/* timer.c: pick stimecmp or SBI by the board. ipi.c: pick SSWI or SBI. Boot hart, after fdt_parse. */
void timer_init(void);
void ipi_init(void);

/* Raise a software interrupt at a cpu, by the back end in use or by the one that is named (false: the
 * machine does not have it). The handler sees all that this hart wrote before. Any context. */
void ipi_raise(int cpu);
bool ipi_raise_sbi(int cpu);
bool ipi_raise_sswi(int cpu);

/* What instret was when the boot hart came out of the firmware: boot is counted from here. */
extern uint64 boot_instret;

/* Deterministic mode (boot argument det=1; docs/design.md, "Facts"). Set once, at boot. */
extern bool deterministic;

#endif
