/* SPDX-License-Identifier: BSD-3-Clause
 * The lwkt.* values: counters that say what the threading core has done, and switches that change
 * what it does.
 *
 * Each cpu counts for itself, with plain additions in critical sections or where nothing else of its
 * cpu can come between, and a reader adds them up. So a reading is no snapshot: every cpu's part is
 * exact at the moment when it is read, and the sum is exact when nothing is counted meanwhile.
 *
 * Some can be written, with 0 only: each cpu is told to start from 0 again, and the write returns when
 * all have. Events that happen meanwhile may count or not.
 *
 * Differences from DragonFly: there each counter is one global variable, to which any value can be
 * written, and two cpus that count at the same time can lose a count.
 */
#include <stddef.h>

#include "lib/atomic.h"
#include "lib/sysctl.h"
#include "lwkt/ipiq.h"

int lwkt_untimely_switch;
int lwkt_panic_on_cscount;
int lwkt_token_debug;
int lwkt_verbose;
int lwkt_ipiq_optimized = 1;

/* A counter is identified by its offset in struct lwkt_counters. */
static uint64 *counter_of(globaldata_t gd, uint64 offset)
{
    return (uint64 *)(void *)((char *)&gd->gd_cnt + offset);
}

static uint64 counter_sum(uint64 offset)
{
    uint64 sum = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        sum += peek(counter_of(globaldata_of[cpu], offset));
    return sum;
}

static void reset_here(void *arg)
{
    *counter_of(mycpu, (uint64)arg) = 0;
}

/* Set a counter to 0 on all cpus. Returns -1 for any other value. Thread context. */
static int counter_reset(uint64 offset, uint64 value)
{
    if (value != 0)
        return -1;
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, reset_here, (void *)offset));
    return 0;
}

#define COUNTER(name, field, set) \
    SYSCTL_OF(lwkt_##name, "lwkt." #name, counter_sum, set, offsetof(struct lwkt_counters, field))

COUNTER(switch_count, switch_count, counter_reset);
COUNTER(preempt_hit, preempt_hit, counter_reset);
COUNTER(preempt_miss, preempt_miss, counter_reset);
COUNTER(preempt_weird, preempt_weird, counter_reset);
#ifdef INVARIANTS
COUNTER(token_contention_count, token_contention, counter_reset);
COUNTER(mplock_contention_count, mplock_contention, counter_reset);
COUNTER(spin_shared, spin_shared, NULL);
#endif
COUNTER(ipiq_count, ipiq_count, NULL);
COUNTER(ipiq_fifofull, ipiq_fifofull, NULL);
COUNTER(ipiq_avoided, ipiq_avoided, NULL);
COUNTER(ipiq_passive, ipiq_passive, NULL);
COUNTER(ipiq_cscount, ipiq_cscount, NULL);
COUNTER(ipiq_hardware, ipiq_hardware, NULL);
COUNTER(idle_waits, idle_waits, NULL);
COUNTER(migrations, migrations, NULL);

SYSCTL_FLAG(lwkt_untimely_switch, "lwkt.untimely_switch", lwkt_untimely_switch);
#ifdef INVARIANTS
SYSCTL_FLAG(lwkt_panic_on_cscount, "lwkt.panic_on_cscount", lwkt_panic_on_cscount);
#endif
SYSCTL_FLAG(lwkt_token_debug, "lwkt.token_debug", lwkt_token_debug);
SYSCTL_FLAG(lwkt_verbose, "lwkt.verbose", lwkt_verbose);
SYSCTL_FLAG(lwkt_ipiq_optimized, "lwkt.ipiq_optimized", lwkt_ipiq_optimized);
