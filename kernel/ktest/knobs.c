/*
 * The tests' knobs: they make rare races certain, and random ones repeatable. Set by boot arguments of
 * the same names, by `sysctl debug.NAME=value`, or by a scene (K_KNOB) for its own time; all need
 * ktest=1. Their points are named in lwkt/knob.h's callers.
 *
 *   hold_ipi        mask of cpus that leave their IPI messages lying until it is 0 again
 *   stall_running   microseconds between the switch away from a thread and its "off the cpu"
 *   stall_setcpu    microseconds between a thread's decision to migrate and its last switch
 *   stall_idle      microseconds between the idle thread's last look for work and its wait
 *   stall_ipi       microseconds between an interrupt that is raised at another cpu and what follows
 *   stall_defer     microseconds between a process's look, on its way to user mode, whether those that
 *                   were woken can wait for the next tick, and what follows; once
 *   spin_delay      up to so many turns more in each cpu_relax(), drawn from the seed
 *   force_preempt   at every so many interrupts outside of critical sections, an interrupt thread
 *                   that does nothing preempts what was interrupted
 *
 * A stall lets the other harts run. It does so by cpu_relax(), which looks at no IPI queue by itself
 * but leaves RQF_IPIQ set; where that would hide the race (stall_idle: a flag that is set after the
 * last look), the hart sleeps with a timer instead, and an IPI that comes stays pending.
 */
#include "kernel/riscv.h"
#include "ktest/ktest.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lwkt/crit.h"
#include "lwkt/knob.h"
#include "lwkt/preempt.h"
#include "riscv/fdt.h"

static const char *const names[KN_COUNT] = {
    [KN_HOLD_IPI] = "hold_ipi",         [KN_STALL_RUNNING] = "stall_running",
    [KN_STALL_SETCPU] = "stall_setcpu", [KN_STALL_IDLE] = "stall_idle",
    [KN_STALL_IPI] = "stall_ipi",       [KN_STALL_DEFER] = "stall_defer",
    [KN_SPIN_DELAY] = "spin_delay",     [KN_FORCE_PREEMPT] = "force_preempt",
};

static uint64 value[KN_COUNT]; /* peek, poke */
static uint64 at_boot[KN_COUNT];

/* Each cpu's random numbers: xorshift64, which must not start at 0. */
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

/* What preempts by force: an interrupt thread of each cpu, made when first wanted, and kept. */
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

/* Thread context. Without memory for its thread, a cpu goes without. */
static void make_preempters(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++) {
        thread_t td;
        if (preempters[cpu].td != NULL ||
            lwkt_create(preempter, NULL, &td, NULL, TDF_STOPREQ | TDF_MPSAFE, cpu, "force%d", cpu) <
                0)
            continue;
        td->td_pri = TDPRI_INT_LOW; /* nobody else knows it yet */
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

/* The scene has preempters of its own: one of them. Interrupts off. */
static bool force_scene(uint64 every)
{
    bool has;

    cpu_intr_enable();
    has = kt_force(every);
    cpu_intr_disable();
    return has;
}

/* At a point whose knob is set. Any context. */
static uint32 reached(enum kt_knob which)
{
    uint64 v = which == KN_WATCH ? 0 : peek(&value[which]);

    switch ((int)which) {
    case KN_WATCH:
        kt_watch();
        return 0;
    case KN_HOLD_IPI:
        return (v & CPUMASK(mycpuid)) != 0;
    case KN_SPIN_DELAY:
        return (uint32)(next_random() % (v + 1));
    case KN_FORCE_PREEMPT:
        ++curthread->td_nest_count; /* as splz does: no untimely switch of what was interrupted */
        if (v != 0 && !force_scene(v))
            force_preempt(v);
        --curthread->td_nest_count;
        return 0;
    case KN_STALL_IDLE:
        stall_asleep(v);
        return 0;
    case KN_STALL_DEFER: /* once: a process that is late at each look never gets on */
        poke(&value[which], 0);
        amo_and(&knobs_on, ~(1u << which));
        stall(v);
        return 0;
    default:
        stall(v);
        return 0;
    }
}

/* Whoever was held looks at its queues now. */
static void release_held(uint64 cpus)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (cpus & CPUMASK(cpu))
            cpu_ipi_raise(cpu);
}

bool knob_valid(int which, int64 v)
{
    return which >= 0 && which < KN_COUNT && v >= 0 && v <= 1000000;
}

/* Thread context. */
void knob_set(enum kt_knob which, uint64 v)
{
    uint64 old = peek(&value[which]);

    if (which == KN_FORCE_PREEMPT && v != 0)
        make_preempters();
    poke(&value[which], v);
    if (v != 0)
        amo_or(&knobs_on, 1u << which);
    else
        amo_and(&knobs_on, ~(1u << which));
    if (which == KN_HOLD_IPI)
        release_held(old & ~v);
}

void knobs_reset(void)
{
    for (int k = 0; k < KN_COUNT; k++)
        if (peek(&value[k]) != at_boot[k])
            knob_set(k, at_boot[k]);
}

void knobs_boot(void)
{
    uint64 seed = bootarg_u64("seed", 0);

    if (!ktest_is_open())
        return;
    for (int cpu = 0; cpu < ncpus; cpu++)
        randoms[cpu].state = (seed + 1) * NCPU + (uint64)cpu;
    knob_reached = reached;
    printf("ktest: seed %lu", seed);
    for (int k = 0; k < KN_COUNT; k++) {
        uint64 v = bootarg_u64(names[k], 0);
        if (v == 0 || !knob_valid(k, (int64)v))
            continue;
        at_boot[k] = v;
        knob_set(k, v);
        printf(", %s %lu", names[k], v);
    }
    printf("\n");
}

static uint64 get_knob(uint64 which)
{
    return peek(&value[which]);
}

static int set_knob(uint64 which, uint64 v)
{
    if (!ktest_is_open() || !knob_valid((int)which, (int64)v))
        return -1;
    knob_set(which, v);
    return 0;
}

SYSCTL_OF(debug_hold_ipi, "debug.hold_ipi", get_knob, set_knob, KN_HOLD_IPI);
SYSCTL_OF(debug_stall_running, "debug.stall_running", get_knob, set_knob, KN_STALL_RUNNING);
SYSCTL_OF(debug_stall_setcpu, "debug.stall_setcpu", get_knob, set_knob, KN_STALL_SETCPU);
SYSCTL_OF(debug_stall_idle, "debug.stall_idle", get_knob, set_knob, KN_STALL_IDLE);
SYSCTL_OF(debug_stall_ipi, "debug.stall_ipi", get_knob, set_knob, KN_STALL_IPI);
SYSCTL_OF(debug_stall_defer, "debug.stall_defer", get_knob, set_knob, KN_STALL_DEFER);
SYSCTL_OF(debug_spin_delay, "debug.spin_delay", get_knob, set_knob, KN_SPIN_DELAY);
SYSCTL_OF(debug_force_preempt, "debug.force_preempt", get_knob, set_knob, KN_FORCE_PREEMPT);
