/* SPDX-License-Identifier: BSD-3-Clause
 * The tick of each cpu.
 */
#ifndef PROC_CLOCK_H
#define PROC_CLOCK_H

#include "kernel/types.h"

/* Start this cpu's tick. Each cpu, at its start. */
void clock_start_cpu(void);

/* Tick at full rate from now on, if this cpu was idle: there is work to share. */
void clock_wake(void);

/* Ticks of UHZ since boot, for uptime(). */
uint64 clock_uticks(void);

#endif
