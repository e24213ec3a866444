/*
 * Harts and cpus: a cpu number counts from 0 without gaps, a hart id is what the firmware calls the
 * same thing. Cpu 0 is the hart that booted.
 */
#ifndef RISCV_HART_H
#define RISCV_HART_H

#include <stdbool.h>

#include "kernel/types.h"

/* Of cpu 0 .. ncpus - 1 (and of the one that is being started). */
uint64 cpu_hartid(int cpu);
uint32 cpu_plic_context(int cpu);
uint32 cpu_sswi_index(int cpu);

/* Where struct threads come from; after zone_init. */
void machine_zones_init(void);

/* Start the other harts; one that does not come up is reported and left out. Cpu 0, thread context,
 * interrupts on. */
void hart_start_all(void);

/* timer.c: pick stimecmp or SBI by the board. ipi.c: pick SSWI or SBI. Boot hart, after fdt_parse. */
void timer_init(void);
void ipi_init(void);

/* Raise a software interrupt by one back end, for the benchmark; false: it is not there. */
bool ipi_raise_sbi(int cpu);
bool ipi_raise_sswi(int cpu);
/* Use that back end from now on; false: it is not there. The default is SSWI where it is. */
bool ipi_use_sswi(bool sswi);

/* Deterministic mode (boot argument det=1; DESIGN.md section 1). */
extern bool deterministic;

/* Met by main.c: what a hart does once it runs C on a stack of its own. The boot hart's returns when
 * threads can run; then both fall into the idle loop. */
void main_boot(void);
void main_secondary(void);

#endif
