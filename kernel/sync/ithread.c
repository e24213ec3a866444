/* SPDX-License-Identifier: BSD-3-Clause
 * Interrupt threads: each source that has a handler has a thread of its own, on the lowest cpu that is
 * connected to its interrupt controller, usually cpu 0. The interrupt itself only schedules the thread,
 * which preempts whatever runs outside a critical section (lwkt_preempt). So a handler may do all that
 * a thread may, except sleep for long: its source is held off until it has finished.
 *
 *   trap: claim, note          splz: sched_ithd -> the thread runs:
 *   (the source is held off)           again: running = false
 *                                             handler
 *                                             running? again
 *                                             deschedule
 *                                             complete the claim (the source may come again)
 *                                             switch
 *
 * No interrupt is lost: `running` is cleared before the handler looks at its device, so a call of
 * sched_ithd that comes later makes the thread look again. And the thread is in one critical section
 * except for a gap after each run, so nothing can come in between its last look at `running` and the
 * switch.
 *
 * A source that never stops would take the whole cpu. So once it exceeds LIVELOCK_LIMIT interrupts a
 * second, the thread waits after each run, which allows LIVELOCK_FALLBACK runs a second, until the rate
 * is below half of that. DragonFly's kern_intr.c of that time does the same.
 */
#include "sync/intr.h"

#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/preempt.h"
#include "lwkt/systimer.h"
#include "riscv/fdt.h"
#include "riscv/plic.h"

#define LIVELOCK_LIMIT 50000
#define LIVELOCK_FALLBACK 20000
#define WINDOWS 20 /* how many times a second the rate is checked */
#define POLL_HZ 1000
#define MAXPOLLED 4 /* devices */

struct intr_info {
    intr_fn handler; /* published by intr_register, consumed by sched_ithd */
    void *arg;
    const char *name;
    uint32 irq;
    bool running; /* an interrupt has come: the handler is to look at the device (again) */
    bool limited;
    thread_t thread;
    uint64 count;        /* runs of the handler */
    uint64 window_start; /* time, */
    uint64 window_count; /* and count, when the rate was last checked */
};

#define NINFO (MAXPLIC * NIRQ)

static struct intr_info infos[NINFO];
static uint64 spurious;      /* of any cpu that takes interrupts */
static uint64 limited_count; /* how often a source was found too fast */

static uint64 get_count(void)
{
    uint64 n = 0;

    for (int irq = 0; irq < NINFO; irq++)
        n += peek(&infos[irq].count);
    return n;
}

static uint64 get_spurious(void)
{
    return peek(&spurious);
}
static uint64 get_limited(void)
{
    return peek(&limited_count);
}

SYSCTL(intr_count, "intr.count", get_count, NULL);
SYSCTL(intr_spurious, "intr.spurious", get_spurious, NULL);
SYSCTL(intr_livelock, "intr.livelock", get_limited, NULL);

/* At the end of each window, check whether the source is too fast, or slow enough again. */
static void check_rate(struct intr_info *info)
{
    uint64 now = cpu_time(), window = cpu_timebase / WINDOWS;
    uint64 runs = info->count - info->window_count;

    if (now - info->window_start < window)
        return;
    runs = runs * window / (now - info->window_start);
    if (!info->limited && runs > LIVELOCK_LIMIT / WINDOWS) {
        info->limited = true;
        ++limited_count;
        printf("%s: more than %d interrupts a second: limited\n", info->name, LIVELOCK_LIMIT);
    } else if (info->limited && runs < LIVELOCK_FALLBACK / WINDOWS / 2) {
        info->limited = false;
    }
    info->window_start = now;
    info->window_count = info->count;
}

/* The body of the thread, all in one critical section except for a gap after each run, in which
 * interrupts with a better priority come in. */
static void ithread_loop(void *arg)
{ /* lab 5 */
    struct intr_info *info = arg;

    crit_enter();
    for (;;) {
        info->running = false;
        info->count++;
        info->handler(info->arg);
        crit_exit();
        crit_enter();
        check_rate(info);
        if (info->limited)
            lwkt_pause(cpu_timebase / LIVELOCK_FALLBACK); /* one run's share of a second */
        if (!info->running) {
            lwkt_deschedule_self(curthread);
            plic_complete(mycpuid, info->irq);
            lwkt_switch();
        }
    }
}

/* The body of the thread of a device without an interrupt. A critical section keeps the cpu's other
 * threads out, as it does while an interrupt is handled. */
static void poll_loop(void *arg)
{
    struct intr_info *info = arg;

    for (;;) {
        crit_enter();
        info->handler(info->arg);
        crit_exit();
        lwkt_pause(cpu_timebase / POLL_HZ);
    }
}

/* Poll a device on cpu 0. */
static void poll_register(intr_fn handler, void *arg, const char *name)
{
    static struct intr_info polled[MAXPOLLED];
    static int npolled;
    struct intr_info *info = &polled[npolled++];

    if (npolled > MAXPOLLED)
        panic("%s: more than %d devices without an interrupt", name, MAXPOLLED);
    printf("%s: no interrupt that this kernel can take: polled\n", name);
    *info = (struct intr_info){.handler = handler, .arg = arg, .name = name};
    if (lwkt_create(poll_loop, info, &info->thread, NULL, TDF_STOPREQ | TDF_MPSAFE, 0, "%s", name) <
        0)
        panic("%s: no memory for the thread that polls it", name);
    info->thread->td_pri = TDPRI_INT_MED; /* no other code knows it yet */
    info->thread->td_preemptable = lwkt_preempt;
    lwkt_schedule(info->thread);
}

int intr_register(uint32 irq, intr_fn handler, void *arg, const char *name)
{
    struct intr_info *info = &infos[irq];
    int cpu = 0; /* the lowest that can take it */

    if (irq == 0) {
        poll_register(handler, arg, name);
        return 0;
    }
    while (cpu < ncpus && !plic_reaches(irq, cpu))
        cpu++;
    if (cpu == ncpus)
        panic("%s: no cpu is connected to its interrupt controller", name);
    if (irq % NIRQ == 0 || irq >= NINFO)
        panic("%s: there is no interrupt %u", name, irq);
    if (peek(&info->handler) != NULL)
        panic("%s: interrupt %u belongs to %s", name, irq, info->name);
    info->arg = arg;
    info->name = name;
    info->irq = irq;
    if (lwkt_create(ithread_loop, info, &info->thread, NULL, TDF_STOPREQ | TDF_MPSAFE, cpu, "%s",
                    name) < 0)
        panic("%s: no memory for its interrupt thread", name);
    info->thread->td_pri = TDPRI_INT_MED; /* no other code knows it yet */
    info->thread->td_preemptable = lwkt_preempt;
    /* Its cpu has it, and its stack, before an interrupt can come, which need not wait for messages. */
    lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
    publish(&info->handler, handler); /* consume: sched_ithd */
    plic_enable(irq, cpu);
    return cpu;
}

/* On the cpu that takes it. A source without a handler is counted. */
void sched_ithd(uint32 irq)
{ /* lab 5 */
    struct intr_info *info = irq < NINFO ? &infos[irq] : NULL;

    if (info == NULL || consume(&info->handler) == NULL) { /* publish: intr_register */
        spurious++;
        plic_complete(mycpuid, irq);
        return;
    }
    info->running = true;
    lwkt_schedule(info->thread);
}
