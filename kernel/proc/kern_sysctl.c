/* SPDX-License-Identifier: BSD-3-Clause
 * The kern.* values that belong to no other file: facts about this machine and this kernel.
 */
#include "lib/sysctl.h"
#include "lwkt/thread.h"
#include "proc/clock.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"

static uint64 get_ncpus(void)
{
    return (uint64)ncpus;
}
static uint64 get_hz(void)
{
    return HZ;
}
static uint64 get_timebase(void)
{
    return cpu_timebase;
}
static uint64 get_boot_hart(void)
{
    return cpu_hartid(0);
}
static uint64 get_deterministic(void)
{
    return deterministic;
}
static uint64 get_seed(void)
{
    return bootarg_u64("seed", 0);
}

static uint64 get_uptime_ms(void)
{
    return cpu_time() / (cpu_timebase / 1000);
}

/* The ticks of all cpus together; idle ones take fewer. */
static uint64 get_ticks(void)
{
    uint64 n = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        n += peek(&globaldata_of[cpu]->gd_heartbeat);
    return n;
}

static uint64 get_invariants(void)
{
#ifdef INVARIANTS
    return 1;
#else
    return 0;
#endif
}

SYSCTL(kern_ncpus, "kern.ncpus", get_ncpus, NULL);
SYSCTL(kern_hz, "kern.hz", get_hz, NULL);
SYSCTL(kern_timebase, "kern.timebase", get_timebase, NULL);
SYSCTL(kern_boot_hart, "kern.boot_hart", get_boot_hart, NULL);
SYSCTL(kern_deterministic, "kern.deterministic", get_deterministic, NULL);
SYSCTL(kern_seed, "kern.seed", get_seed, NULL);
SYSCTL(kern_uptime_ms, "kern.uptime_ms", get_uptime_ms, NULL);
SYSCTL(kern_ticks, "kern.ticks", get_ticks, NULL);
SYSCTL(kern_invariants, "kern.invariants", get_invariants, NULL);
