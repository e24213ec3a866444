/* SPDX-License-Identifier: BSD-3-Clause
 * A program's beginning and end: cpus start, the first thread runs, the trace is written. What the
 * kernel's boot does for the core (kernel/boot/start.c, main.c), and what the core calls of lib/
 * (printf, panic).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "linux/machine_inside.h"
#include "lwkt/ktr.h"
#include "lwkt/waitwarn.h"

#define HZ_IDLE 10 /* ticks a second, in which a cpu looks for messages that nobody told it of */

struct cpu cpus[LWKT_CPUS_MAX];
static struct thread *idle_of[LWKT_CPUS_MAX];
static struct systimer ticks[LWKT_CPUS_MAX];
static uint32 arrived;
static int (*first_func)(void *);
static void *first_arg;

/* --- lib/ --- */

/* One write, so that lines of different threads do not mix; no lock, so that any context may call it. */
int vprintf(const char *fmt, va_list ap)
{
    char text[1024];
    int n = vsnprintf(text, sizeof(text), fmt, ap);

    if (n > 0 &&
        write(STDOUT_FILENO, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1) < 0)
        return -1;
    return n;
}

int printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vprintf(fmt, ap);
    va_end(ap);
    return n;
}

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
    abort();
}

/* --- the trace --- */

static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void trace_begin(void)
{
    if (getenv("LWKT_TRACE") == NULL)
        return;
    for (int cpu = 0; cpu < ncpus; cpu++)
        for (int i = 0; i < KTR_PAGES; i++) {
            struct ktr_entry *page = map(KTR_PER_PAGE * sizeof(*page));
            if (page == NULL) {
                printf("liblwkt: no memory for a trace\n");
                exit(2);
            }
            ktr_attach(cpu, i, page);
        }
    ktr_set_mask(KTR_ALL & ~KTR_TICKS);
}

/* ktr_print_last prints to standard output, which becomes the file meanwhile. */
static void trace_end(void)
{
    const char *name = getenv("LWKT_TRACE");
    int file, out;

    if (name == NULL || (file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0)
        return;
    ktr_set_mask(0);
    out = dup(STDOUT_FILENO);
    dup2(file, STDOUT_FILENO);
    printf("ktr dropped=%lu\n", ktr_dropped());
    ktr_print_last(KTR_ENTRIES);
    dup2(out, STDOUT_FILENO);
    printf("the trace is in %s; to see it: tools/trace %s\n", name, name);
}

void lwkt_finish(int status)
{
    crit_enter();
    trace_end();
    _exit(status);
}

/* --- the beginning --- */

static void tick(struct systimer *st)
{
    (void)st;
    ++mycpu->gd_heartbeat;
    lwkt_poll_ipiq();
}

static void first_thread(void *arg)
{
    (void)arg;
    lwkt_finish(first_func(first_arg));
}

/* In a cpu's idle thread. Threads run when all cpus have come, and their rings are there. */
static void cpu_enter(void *arg)
{
    int cpu = mycpuid;

    (void)arg;
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

static void make_cpu(int cpu)
{
    globaldata_t gd = map(sizeof(*gd));
    void *stack = cpu_stack_alloc(LWKT_THREAD_STACK);

    if (gd == NULL || stack == NULL) {
        printf("liblwkt: no memory for cpu %d\n", cpu);
        exit(2);
    }
    lwkt_gdinit(gd, cpu);
    lwkt_init_thread(&gd->gd_idlethread, stack, LWKT_THREAD_STACK, TDF_RUNNING, gd);
    lwkt_set_comm(&gd->gd_idlethread, "idle%d", cpu);
    gd->gd_curthread = idle_of[cpu] = &gd->gd_idlethread;
    cpu_thread_setup(idle_of[cpu], cpu_enter, NULL);
}

static void *enter(void *arg)
{
    int cpu = (int)(long)arg;

    machine_enter(&cpus[cpu], idle_of[cpu]);
    return NULL;
}

void lwkt_run(int n, int (*func)(void *), void *arg)
{
    pthread_t pthread;

    if (n < 1 || n > LWKT_CPUS_MAX) {
        printf("liblwkt: %d cpus; give 1 to %d\n", n, LWKT_CPUS_MAX);
        exit(2);
    }
    first_func = func;
    first_arg = arg;
    machine_init();
    for (int i = 0; i < n; i++)
        make_cpu(i);
    for (int i = 0; i < n; i++)
        if (!lwkt_ipiq_connect(globaldata_of[i])) {
            printf("liblwkt: no memory for cpu %d\n", i);
            exit(2);
        }
    ncpus = n;
    trace_begin();
    for (int i = 1; i < n; i++)
        if (pthread_create(&pthread, NULL, enter, (void *)(long)i) != 0) {
            printf("liblwkt: the host gives no thread for cpu %d\n", i);
            exit(2);
        }
    enter(NULL);
    __builtin_unreachable();
}

thread_t lwkt_start(int cpu, void (*func)(void *), void *arg, const char *name)
{
    thread_t td;

    return lwkt_create(func, arg, &td, NULL, TDF_MPSAFE, cpu, "%s", name) < 0 ? NULL : td;
}

/* --- interrupt threads --- */

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
