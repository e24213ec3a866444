/* SPDX-License-Identifier: BSD-3-Clause
 * The tick of each cpu.
 */
#ifndef PROC_CLOCK_H
#define PROC_CLOCK_H

#include "lwkt/thread.h"

/* Start this cpu's tick. Each cpu, at its start. */
void clock_start_cpu(void);

/* Tick at full rate from now on, if this cpu was idle: a process has it, and others may wait. In a
 * critical section. */
extern bool clock_slow[NCPU]; /* each cpu's own: it ticks at the idle rate */
void clock_hurry(void);

static inline void clock_wake(void)
{
    if (clock_slow[mycpuid])
        clock_hurry();
}

/* Ticks of UHZ since boot, for uptime(). */
uint64 clock_uticks(void);

#endif
