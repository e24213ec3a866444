/* SPDX-License-Identifier: BSD-3-Clause
 * A program's beginning: cpus start, the first thread runs. What the kernel's boot does for the core
 * (kernel/boot/start.c, main.c), and interrupt threads (kernel/sync/ithread.c).
 */
#include "inside.h"
#include "lwkt/ktr.h"

#define HZ_IDLE 10 /* ticks a second, in which a cpu looks for messages that nobody told it of */

static struct thread *idle_of[LWKT_CPUS_MAX];
static struct systimer ticks[LWKT_CPUS_MAX];
static uint32 arrived;
static int (*first_func)(void *);
static void *first_arg;

void panic(const char *fmt, ...)
{
    va_list ap;

    cpu_intr_disable();
    printf("panic: cpu %d, thread %s: ", mycpuid, curthread->td_comm);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    ktr_print_last(8);
    host_abort();
}

static void tick(struct systimer *st)
{
    (void)st;
    ++mycpu->gd_heartbeat;
    lwkt_poll_ipiq();
    host_tick();
}

static void first_thread(void *arg)
{
    (void)arg;
    lwkt_finish(first_func(first_arg));
}

/* Threads run when all cpus have come. */
void cpu_begin(void *unused)
{
    int cpu = mycpuid;

    (void)unused;
    if (cpu == 0)
        lwkt_token_pool_init();
    amo_add_acqrel(&arrived, 1);
    while (consume(&arrived) < (uint32)ncpus)
        cpu_relax();
    systimer_init_periodic(&ticks[cpu], tick, NULL, cpu_timebase / HZ_IDLE);
    if (cpu == 0 && lwkt_create(first_thread, NULL, NULL, NULL, TDF_MPSAFE, 0, "first") < 0)
        panic("no memory for the first thread");
    cpu_intr_enable();
    lwkt_idle_loop();
}

/* False: no memory. */
static bool make_cpu(int cpu)
{
    globaldata_t gd = host_memory(sizeof(*gd));
    void *stack = cpu_stack_alloc(LWKT_THREAD_STACK);

    if (gd == NULL || stack == NULL)
        return false;
    lwkt_gdinit(gd, cpu);
    lwkt_init_thread(&gd->gd_idlethread, stack, LWKT_THREAD_STACK, TDF_RUNNING, gd);
    lwkt_set_comm(&gd->gd_idlethread, "idle%d", cpu);
    gd->gd_curthread = idle_of[cpu] = &gd->gd_idlethread;
    cpu_thread_setup(idle_of[cpu], cpu_begin, NULL);
    cpus[cpu].masked = 1;
    return true;
}

void lwkt_run(int n, int (*func)(void *), void *arg)
{
    bool made = true;

    if (n < 1 || n > LWKT_CPUS_MAX) {
        printf("liblwkt: %d cpus; give 1 to %d\n", n, LWKT_CPUS_MAX);
        host_exit(2);
    }
    first_func = func;
    first_arg = arg;
    for (int i = 0; i < n && made; i++)
        made = make_cpu(i);
    for (int i = 0; i < n && made; i++)
        made = lwkt_ipiq_connect(globaldata_of[i]);
    if (!made) {
        printf("liblwkt: no memory for %d cpus\n", n);
        host_exit(2);
    }
    ncpus = n;
    host_run(n, idle_of);
}

thread_t lwkt_start(int cpu, void (*func)(void *), void *arg, const char *name)
{
    thread_t td;

    return lwkt_create(func, arg, &td, NULL, TDF_MPSAFE, cpu, "%s", name) < 0 ? NULL : td;
}

/* --- interrupt threads --- */

void lwkt_interrupt(int cpu, int irq)
{
    KASSERT(cpu >= 0 && cpu < ncpus && irq >= 0 && irq < LWKT_IRQS, "interrupt %d at cpu %d", irq,
            cpu);
    intr_post(&cpus[cpu], PENDING_EXTERNAL << irq);
}

static struct interrupt {
    void (*func)(void *);
    void *arg;
    thread_t thread;
    bool
        wanted; /* an interrupt has come since the work began. Its cpu only, in critical sections */
} interrupts[LWKT_IRQS];

/* In one critical section but for the work itself, so nothing comes between the last look at
 * `wanted` and the switch. */
static void interrupt_loop(void *arg)
{
    struct interrupt *in = arg;

    crit_enter();
    for (;;) {
        while (in->wanted) {
            in->wanted = false;
            crit_exit();
            in->func(in->arg);
            crit_enter();
        }
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
}

int lwkt_interrupt_thread(int irq, void (*func)(void *), void *arg, const char *name)
{
    struct interrupt *in = &interrupts[irq];

    KASSERT(irq >= 0 && irq < LWKT_IRQS && in->thread == NULL, "source %d", irq);
    in->func = func;
    in->arg = arg;
    if (lwkt_create(interrupt_loop, in, &in->thread, NULL, TDF_MPSAFE | TDF_STOPREQ, mycpuid, "%s",
                    name) < 0)
        return -1;
    in->thread->td_preemptable = lwkt_preempt;
    lwkt_setpri(in->thread, TDPRI_INT_MED);
    return 0;
}

void interrupt_thread_wake(int irq)
{
    struct interrupt *in = &interrupts[irq];

    if (in->thread == NULL)
        return;
    crit_enter();
    in->wanted = true;
    lwkt_schedule(in->thread);
    crit_exit();
}
