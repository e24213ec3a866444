/* SPDX-License-Identifier: BSD-3-Clause
 * The tick: HZ times a second on a busy cpu, IDLE_FACTOR times less often on an idle one, so that an
 * idle machine costs its host next to nothing. It drives the user scheduler's turns, runs passive IPI
 * messages, and shows other cpus that this one is alive (gd_heartbeat).
 *
 * The time CSR keeps the time, and no tick counts it, so a late tick loses nothing.
 *
 * In deterministic mode each cpu's period depends on the seed: another seed gives another schedule.
 */
#include "proc/clock.h"

#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/systimer.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"

#define IDLE_FACTOR 10

struct clock {
    struct systimer timer;
    uint64 period; /* at full rate, in time ticks */
} __attribute__((aligned(CACHE_LINE)));

static struct clock clocks[NCPU];
bool clock_slow[NCPU];

/* Tick at the idle rate, or at the full one. The period may have become longer: outlast_the_others. */
static void set_slow(struct clock *c, bool slow)
{
    uint64 period = slow ? c->period * IDLE_FACTOR : c->period;

    clock_slow[mycpuid] = slow;
    if (c->timer.st_period != period)
        systimer_set_period(&c->timer, period);
}

/*
 * If the emulator runs one hart at a time, setting the timer passes the turn to another hart, as QEMU
 * then computes anew until when this hart may run. This hart may be away for longer than its period, as
 * other harts' ticks can be further apart. Its next tick would be due as soon as it is back, each time,
 * and no thread would ever run here. So the period grows until a good part of it is still to come.
 */
static void outlast_the_others(struct clock *c)
{
    uint64 period = c->timer.st_period;

    while (c->timer.st_time < cpu_time() + c->period / 4) {
        period += c->period / 2;
        systimer_set_period(&c->timer, period);
    }
}

/*
 * If the emulator runs one hart at a time, a thread that spins without ever waiting would keep the
 * other harts from running, so each tick passes the turn (cpu_relax), unless this hart is alone.
 */
static void hardclock(struct systimer *st)
{
    struct clock *c = st->st_arg;
    globaldata_t gd = mycpu;

    ++gd->gd_heartbeat;
    ktr(KTR_TICK, gd->gd_heartbeat, gd->gd_runqmask);
    if (ncpus > 1)
        lwkt_poll_ipiq();
    usched_raise();
    usched_tick();
    set_slow(c, gd->gd_runqmask == 0);
    if (ncpus > 1) {
        cpu_relax();
        if (deterministic)
            outlast_the_others(c);
    }
}

/* Mix the bits of x, as splitmix64 does. */
static uint64 mix(uint64 x)
{
    x += 0x9e3779b97f4a7c15UL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebUL;
    return x ^ (x >> 31);
}

/* A period between half the nominal one and one and a half times that, from the seed and the cpu. */
static uint64 seeded_period(uint64 nominal, int cpu)
{
    uint64 r = mix(bootarg_u64("seed", 0) * NCPU + (uint64)cpu);
    return nominal / 2 + r % nominal;
}

void clock_start_cpu(void)
{
    struct clock *c = &clocks[mycpuid];
    uint64 nominal = cpu_timebase / HZ;

    c->period = deterministic ? seeded_period(nominal, mycpuid) : nominal;
    systimer_init_periodic(&c->timer, hardclock, c, c->period);
}

void clock_hurry(void)
{
    set_slow(&clocks[mycpuid], false);
}

uint64 clock_uticks(void)
{
    return cpu_time() / (cpu_timebase / UHZ);
}
