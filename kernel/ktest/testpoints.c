/* SPDX-License-Identifier: BSD-3-Clause
 * What happens at the test points of lib/testpoint.h. They make rare races certain, and random ones
 * repeatable. Boot arguments of the same names set them, as do `sysctl debug.NAME=value` and, until it
 * ends, a scene (K_TESTPOINT); all need ktest=1.
 *
 *   hold_ipi        mask of cpus that leave their IPI messages in the rings until the mask is cleared
 *   stall_running   microseconds between the switch away from a thread and the clearing of TDF_RUNNING
 *   stall_setcpu    microseconds between a thread's decision to migrate and its last switch
 *   stall_idle      microseconds between the idle thread's last look for work and its wait
 *   stall_ipi       microseconds after an interrupt was raised at another cpu
 *   stall_defer     microseconds after a process on its way to user mode has looked whether the threads
 *                   that were woken can wait for the next tick; once
 *   spin_delay      at most so many more turns in each cpu_relax(), drawn from the seed
 *   force_preempt   at every so many interrupts outside of critical sections, an interrupt thread
 *                   that does nothing preempts what was interrupted
 *   fail_alloc      the allocation of a page or an object of that number from now on fails; once. It
 *                   reads as the number of allocations that are left until then
 *
 * A stall lets the other harts run. It does so by cpu_relax(), which looks at no IPI queue by itself
 * but leaves RQF_IPIQ set. Where that would hide the race (stall_idle: the flag would be set after the
 * last look), the hart sleeps with a timer instead, and an IPI that arrives stays pending.
 */
#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lib/testpoint.h"
#include "lwkt/crit.h"
#include "lwkt/preempt.h"
#include "riscv/fdt.h"

static struct {
    const char *name;
    enum testpoint point;
    uint64 at_boot; /* value */
} points[KP_COUNT] = {
    [KP_HOLD_IPI] = {"hold_ipi", TP_HOLD_IPI, 0},
    [KP_STALL_RUNNING] = {"stall_running", TP_STALL_RUNNING, 0},
    [KP_STALL_SETCPU] = {"stall_setcpu", TP_STALL_SETCPU, 0},
    [KP_STALL_IDLE] = {"stall_idle", TP_STALL_IDLE, 0},
    [KP_SPIN_DELAY] = {"spin_delay", TP_SPIN_DELAY, 0},
    [KP_STALL_IPI] = {"stall_ipi", TP_STALL_IPI, 0},
    [KP_STALL_DEFER] = {"stall_defer", TP_STALL_DEFER, 0},
    [KP_FORCE_PREEMPT] = {"force_preempt", TP_FORCE_PREEMPT, 0},
    [KP_FAIL_ALLOC] = {"fail_alloc", TP_FAIL_ALLOC, 0},
};

static uint64 value[TP_WATCHDOG]; /* by enum testpoint: peek, poke */

/* The random numbers of each cpu: xorshift64, which must not start at 0. */
static struct {
    uint64 state;
} __attribute__((aligned(CACHE_LINE))) randoms[NCPU];

static uint64 next_random(void)
{
    uint64 x = randoms[mycpuid].state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return randoms[mycpuid].state = x;
}

static uint64 ticks_of(uint64 us)
{
    return us * (cpu_timebase / 1000000);
}

static void stall(uint64 us)
{
    uint64 end = cpu_time() + ticks_of(us);

    while (cpu_time() < end)
        cpu_relax();
}

/* Interrupts are off: a timer or an IPI ends the sleep, and only the IPI is left pending. */
static void stall_asleep(uint64 us)
{
    uint64 end = cpu_time() + ticks_of(us), armed = mycpu->gd_systimer_armed;

    cpu_timer_arm(end < armed ? end : armed);
    wfi();
    cpu_timer_arm(armed);
}

/* The interrupt thread of each cpu that preempts by force, created at the first use, and kept. */
static struct preempter {
    thread_t td;
    uint32 interrupts; /* so far */
    bool busy;
} __attribute__((aligned(CACHE_LINE))) preempters[NCPU];

static void preempter(void *arg)
{
    (void)arg;
    crit_enter();
    for (;;) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
}

/* Thread context. A cpu for whose thread there is no memory has none. */
static void make_preempters(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++) {
        uint32 flags = TDF_STOPREQ | TDF_MPSAFE;
        thread_t td;
        if (preempters[cpu].td != NULL ||
            lwkt_create(preempter, NULL, &td, NULL, flags, cpu, "force%d", cpu) < 0)
            continue;
        td->td_pri = TDPRI_INT_LOW; /* nothing else refers to td yet */
        td->td_preemptable = lwkt_preempt;
        publish(&preempters[cpu].td, td); /* consume: force_preempt */
    }
}

/* At the end of an interrupt that came outside of critical sections; interrupts off. */
static void force_preempt(uint64 every)
{
    struct preempter *p = &preempters[mycpuid];
    thread_t td = consume(&p->td); /* publish: make_preempters */

    if (td == NULL || p->busy || ++p->interrupts % every != 0)
        return;
    p->busy = true;
    cpu_intr_enable();
    lwkt_schedule(td);
    cpu_intr_disable();
    p->busy = false;
}

/* The same with the preempters of the scene, if it has any; if not, false. */
static bool force_preempt_by_scene(uint64 every)
{
    bool has;

    cpu_intr_enable();
    has = kt_force(every);
    cpu_intr_disable();
    return has;
}

/* Count an allocation. True: it is the one that fails. */
static bool fail_alloc(void)
{
    uint64 left = amo_add(&value[TP_FAIL_ALLOC], -1);

    if (left <= 1)
        amo_and(&testpoints_on, ~(1u << TP_FAIL_ALLOC));
    if (left == 0) /* another cpu's was the one */
        amo_add(&value[TP_FAIL_ALLOC], 1);
    return left == 1;
}

/* testpoint_reached: the caller is at a point that is on. Any context. */
static uint32 point_reached(enum testpoint which)
{
    uint64 v = which == TP_WATCHDOG ? 0 : peek(&value[which]);

    switch (which) {
    case TP_WATCHDOG:
        kt_watchdog();
        return 0;
    case TP_HOLD_IPI:
        return (v & CPUMASK(mycpuid)) != 0;
    case TP_SPIN_DELAY:
        return (uint32)(next_random() % (v + 1));
    case TP_FORCE_PREEMPT:
        ++curthread->td_nest_count; /* as splz does: no untimely switch of what was interrupted */
        if (v != 0 && !force_preempt_by_scene(v))
            force_preempt(v);
        --curthread->td_nest_count;
        return 0;
    case TP_FAIL_ALLOC:
        return fail_alloc();
    case TP_STALL_DEFER: /* once: a process that is late at each look would never get on */
        poke(&value[which], 0);
        amo_and(&testpoints_on, ~(1u << which));
        stall(v);
        return 0;
    case TP_STALL_IDLE:
        stall_asleep(v);
        return 0;
    default:
        stall(v);
        return 0;
    }
}

/* Cpus that held their messages back take them now. */
static void release_held(uint64 cpus)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (cpus & CPUMASK(cpu))
            cpu_ipi_raise(cpu);
}

void kt_point_set(int which, uint64 v)
{
    enum testpoint point = points[which].point;
    uint64 old = peek(&value[point]);

    if (point == TP_FORCE_PREEMPT && v != 0)
        make_preempters();
    poke(&value[point], v);
    if (v != 0)
        amo_or(&testpoints_on, 1u << point);
    else
        amo_and(&testpoints_on, ~(1u << point));
    if (point == TP_HOLD_IPI)
        release_held(old & ~v);
}

static uint64 get_point(uint64 which)
{
    return peek(&value[points[which].point]);
}

void kt_points_reset(void)
{
    for (int i = 0; i < KP_COUNT; i++)
        if (get_point((uint64)i) != points[i].at_boot)
            kt_point_set(i, points[i].at_boot);
}

void kt_points_init(void)
{
    uint64 seed = bootarg_u64("seed", 0);

    for (int cpu = 0; cpu < ncpus; cpu++)
        randoms[cpu].state = (seed + 1) * NCPU + (uint64)cpu;
    testpoint_reached = point_reached;
    printf("ktest: seed %lu", seed);
    for (int i = 0; i < KP_COUNT; i++) {
        uint64 v = bootarg_u64(points[i].name, 0);
        if (v == 0 || v > KT_SETTING_MAX)
            continue;
        points[i].at_boot = v;
        kt_point_set(i, v);
        printf(", %s %lu", points[i].name, v);
    }
    printf("\n");
}

static int set_point(uint64 which, uint64 v)
{
    if (!kt_is_open() || v > KT_SETTING_MAX)
        return -1;
    kt_point_set((int)which, v);
    return 0;
}

SYSCTL_OF(debug_hold_ipi, "debug.hold_ipi", get_point, set_point, KP_HOLD_IPI);
SYSCTL_OF(debug_stall_running, "debug.stall_running", get_point, set_point, KP_STALL_RUNNING);
SYSCTL_OF(debug_stall_setcpu, "debug.stall_setcpu", get_point, set_point, KP_STALL_SETCPU);
SYSCTL_OF(debug_stall_idle, "debug.stall_idle", get_point, set_point, KP_STALL_IDLE);
SYSCTL_OF(debug_stall_ipi, "debug.stall_ipi", get_point, set_point, KP_STALL_IPI);
SYSCTL_OF(debug_stall_defer, "debug.stall_defer", get_point, set_point, KP_STALL_DEFER);
SYSCTL_OF(debug_spin_delay, "debug.spin_delay", get_point, set_point, KP_SPIN_DELAY);
SYSCTL_OF(debug_force_preempt, "debug.force_preempt", get_point, set_point, KP_FORCE_PREEMPT);
SYSCTL_OF(debug_fail_alloc, "debug.fail_alloc", get_point, set_point, KP_FAIL_ALLOC);
