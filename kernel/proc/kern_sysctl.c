/* SPDX-License-Identifier: BSD-3-Clause
 * The system calls sysctl and sysctlname, and the kern.* values that belong to no other file: facts
 * about this machine and this kernel.
 *
 * Values are set under a token. So a program that stores the old value and sets a new one swaps them:
 * of the calls that set a value each sees what the one before it has set. And a node's `set` function
 * runs in one thread at a time, unless it blocks. It may block: then the token is free until it goes
 * on, and others set values meanwhile. (A mutex would make them wait, for vfs.drop_caches until the
 * disk has been written.)
 */
#include "kernel/syscall.h"
#include "lib/string.h"
#include "lib/sysctl.h"
#include "lib/sysent.h"
#include "lwkt/token.h"
#include "proc/clock.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"

#define SYSCTL_NAME_MAX 64

static struct lwkt_token set_token;

void sysctl_init(void)
{
    lwkt_token_init(&set_token);
}

/* Set the value, and store the old one in *old. Between the two nothing may end a critical section,
 * since the thread can lose the token there. */
static int swap(const struct sysctl_node *node, uint64 *old, uint64 value)
{
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &set_token);
    *old = sysctl_read(node);
    int result = sysctl_write(node, value);
    lwkt_reltoken(&ref);
    return result;
}

/*
 * sysctl(name, old, new): store the value at *old and set it from *new, each unless its address is 0.
 * 0; SYSCTL_UNKNOWN, SYSCTL_READONLY, SYSCTL_RANGE; or -1: a bad address, and nothing is set. To be
 * sure of that, *old is stored before anything is set, and again if the value was another one by then.
 */
int64 sys_sysctl(const uint64 *arg)
{
    char name[SYSCTL_NAME_MAX];
    const struct sysctl_node *node;
    uint64 seen, old, value;
    int result = 0;

    if (copyinstr(name, arg[0], sizeof(name)) < 0)
        return -1;
    if ((node = sysctl_find(name)) == NULL)
        return SYSCTL_UNKNOWN;
    seen = old = sysctl_read(node);
    if (arg[1] != 0 && copyout(arg[1], &seen, sizeof(seen)) < 0)
        return -1;
    if (arg[2] != 0) {
        if (copyin(&value, arg[2], sizeof(value)) < 0)
            return -1;
        result = swap(node, &old, value);
    }
    if (arg[1] != 0 && old != seen && copyout(arg[1], &old, sizeof(old)) < 0)
        return -1;
    return result;
}

/* sysctlname(i, buf, len): copy out the i-th name, with its NUL. Returns its length; -1: there is no
 * such name, or no room. */
int64 sys_sysctlname(const uint64 *arg)
{
    const struct sysctl_node *node = sysctl_nth((int)arg[0]);
    size_t len;

    if (node == NULL)
        return -1;
    len = strlen(node->name);
    if ((int)arg[2] <= 0 || len >= (size_t)(int)arg[2] || copyout(arg[1], node->name, len + 1) < 0)
        return -1;
    return (int64)len;
}

/* --- kern.* --- */

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
static uint64 get_boot_instret(void)
{
    return boot_instret;
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
static uint64 get_heartbeat(void)
{
    return mycpu->gd_heartbeat;
}

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
SYSCTL(kern_boot_instret, "kern.boot_instret", get_boot_instret, NULL);
SYSCTL(kern_deterministic, "kern.deterministic", get_deterministic, NULL);
SYSCTL(kern_seed, "kern.seed", get_seed, NULL);
SYSCTL(kern_uptime_ms, "kern.uptime_ms", get_uptime_ms, NULL);
SYSCTL(kern_heartbeat, "kern.heartbeat", get_heartbeat, NULL);
SYSCTL(kern_ticks, "kern.ticks", get_ticks, NULL);
SYSCTL(kern_invariants, "kern.invariants", get_invariants, NULL);
