/* SPDX-License-Identifier: BSD-3-Clause
 * What a wait that lasts says: who waits where for whom, what the other cpus do, and which requests
 * wait. It prints this once, in lines that begin with "wait:", and goes on waiting. With INVARIANTS, a
 * wait that lasts much longer panics. See waitwarn.h for the callers; they are in critical sections and
 * may be IPI bodies. No lock is taken but those of printf.
 *
 * What is printed about another cpu is read while that cpu changes it. A number may be old, and a name
 * may be that of a thread that has just ended: its memory is still memory.
 *
 * The clock begins at the first look, WAIT_TURNS turns after the wait began. In deterministic mode it
 * is virtual time.
 *
 * Differences from DragonFly: there each loop counts its own turns and prints when there were some
 * millions, which is a time that depends on the machine. Here the limits are times, can be set, and
 * are the same for all waits.
 */
#include "lwkt/waitwarn.h"

#include "lib/assert.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lwkt/mplock.h"
#include "lwkt/ring.h"

#define SAID 1UL /* in `since`: the wait has been reported */
#define LIMIT_MAX 1000000000

uint64 lwkt_wait_warn = 5000;
uint64 lwkt_wait_panic = 60000;

/* A ring that is not empty, between two cpus. */
static void print_ring(int from, int to)
{
    struct lwkt_ipiq *ip = peek(&globaldata_of[from]->gd_ipiq[to]);

    if (ip == NULL)
        return;
    uint32 w = peek(&ip->ip_windex), r = peek(&ip->ip_rindex), x = peek(&ip->ip_xindex);
    if (w != x)
        printf("wait:   messages from cpu %d to cpu %d: %u not taken, %u not finished\n", from, to,
               w - r, w - x);
}

/* What a cpu does that is waited for. */
static void print_cpu(const struct globaldata *gd)
{
    const struct thread *td = glance(&gd->gd_curthread);

    printf("wait:   cpu %d runs %.15s, in %d critical sections and %d bodies, with %d spin locks; "
           "requests 0x%x, told by cpus 0x%lx, stopped by cpus 0x%lx, %lu ticks\n",
           gd->gd_cpuid, td->td_comm, glance(&td->td_critcount), glance(&gd->gd_intr_nesting_level),
           glance(&gd->gd_spinlocks), peek(&gd->gd_reqflags), peek(&gd->gd_ipimask),
           glance(&gd->gd_cpusyncmask), glance(&gd->gd_heartbeat));
}

static void report(thread_t td, uint64 ms, const char *where, const char *what, cpumask_t whom)
{
    globaldata_t gd = mycpu;

    printf("wait: %.15s on cpu %d has waited for %lu ms in %s for %s\n", td->td_comm, gd->gd_cpuid,
           ms, where, what);
    if (curthread != td || gd->gd_intr_nesting_level > 0)
        print_cpu(gd);
    for (; whom != 0; whom &= whom - 1) {
        int cpu = bit_lowest64(whom);
        if (cpu == gd->gd_cpuid)
            continue;
        print_cpu(globaldata_of[cpu]);
        print_ring(gd->gd_cpuid, cpu);
        print_ring(cpu, gd->gd_cpuid);
    }
    lwkt_token_report(gd);
}

/*
 * The report may itself have to wait for printf's locks; such a wait is not reported, but it can
 * panic.
 */
uint64 lwkt_wait_lasts(uint64 since, thread_t td, const char *where, const char *what,
                       cpumask_t whom)
{
    globaldata_t gd = mycpu;
    uint64 now = cpu_time() & ~SAID;

    if (since == 0)
        return now;

    uint64 ms = (now - (since & ~SAID)) * 1000 / cpu_timebase, warn = peek(&lwkt_wait_warn);

    if (warn != 0 && ms >= warn && (since & SAID) == 0 && !gd->gd_waitreport) {
        since |= SAID;
        crit_enter();
        gd->gd_waitreport = true;
        report(td, ms, where, what, whom);
        gd->gd_waitreport = false;
        crit_exit();
    }
#ifdef INVARIANTS
    uint64 limit = peek(&lwkt_wait_panic);

    if (limit != 0 && ms >= limit)
        panic("%s on cpu %d has waited for %lu ms in %s for %s", td->td_comm, gd->gd_cpuid, ms,
              where, what);
#endif
    return since;
}

/* The cpus that have what td lacks. */
static cpumask_t holders(thread_t td)
{
    cpumask_t whom = lwkt_token_holders(td);
    int owner = lwkt_mplock_owner();

    if (td->td_mpcount != 0 && owner >= 0)
        whom |= CPUMASK(owner);
    return whom;
}

/*
 * Looks are as frequent as switches, and more so on an idle cpu. One thread of a cpu is timed, the
 * first that cannot run, until it can. If it has not been looked at for a second, it waits for better
 * threads of its own cpu, or sleeps: then the next one takes its place.
 */
void lwkt_thread_waits(globaldata_t gd, thread_t td)
{
    if (gd->gd_waiter == td && (++gd->gd_waitturns & (WAIT_TURNS - 1)) != 0)
        return;

    uint64 now = cpu_time();

    if (gd->gd_waiter == NULL || now - gd->gd_waitlook > cpu_timebase) {
        gd->gd_waiter = td;
        gd->gd_waitsince = 0;
    }
    if (gd->gd_waiter != td)
        return;
    gd->gd_waitlook = now;
    gd->gd_waitsince = lwkt_wait_lasts(
        gd->gd_waitsince, td, "lwkt_switch",
        td->td_toks != NULL ? "its tokens, or the MP lock" : "the MP lock", holders(td));
}

static int set_limit(uint64 *limit, uint64 value)
{
    if (value > LIMIT_MAX)
        return -1;
    poke(limit, value);
    return 0;
}

static uint64 get_wait_warn(void)
{
    return peek(&lwkt_wait_warn);
}

static int set_wait_warn(uint64 value)
{
    return set_limit(&lwkt_wait_warn, value);
}

SYSCTL(lwkt_wait_warn, "lwkt.wait_warn", get_wait_warn, set_wait_warn);

#ifdef INVARIANTS
static uint64 get_wait_panic(void)
{
    return peek(&lwkt_wait_panic);
}

static int set_wait_panic(uint64 value)
{
    return set_limit(&lwkt_wait_panic, value);
}

SYSCTL(lwkt_wait_panic, "lwkt.wait_panic", get_wait_panic, set_wait_panic);
#endif
