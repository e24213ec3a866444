/* SPDX-License-Identifier: BSD-3-Clause
 * A run of the simulation: its manner drawn from the seed, the cpus' first steps, its end, good or bad.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "views.h"
#include "lib/testpoint.h"
#include "lwkt/ktr.h"
#include "lwkt/token.h"
#include "lwkt/waitwarn.h"

uint64 sim_seed;
bool sim_trace;
uint64 host_sp;

/* Some seeds have a tick, as the kernel has. Without one, a message that nobody was told of stays. */
static void tick(struct systimer *st)
{
    (void)st;
    ++mycpu->gd_heartbeat;
    lwkt_poll_ipiq();
    cpu_relax();
}

static void stop_tick(void *arg)
{
    (void)arg;
    systimer_del(&cpus[self].tick);
}

static const struct scene *scene;
static uint64 tick_period;

static void first_thread(void *arg)
{
    (void)arg;
    scene->play();
    sim_join();
    for (int i = 0; i < ncpus; i++)
        for (int irq = 0; irq < SIM_IRQS; irq++)
            sim_irq_rate(i, irq, 0);
    for (int i = 0; i < ncpus; i++)
        lwkt_send_ipiq_bycpu(i, stop_tick, NULL);
    lwkt_pause(20000);
    running = false;
    sim_audit();
    end_run();
}

void end_run(void)
{
    uint64 unused;

    jump(&unused, host_sp, NULL);
    __builtin_unreachable();
}

/* A cpu's first steps: what kernel/boot/start.c and kernel/boot/main.c do, for the core. */
static void cpu_enter(void)
{
    arrive();
    if (self == 0 && lwkt_create(first_thread, NULL, NULL, NULL, TDF_MPSAFE, 0, "first") < 0)
        panic("no memory");
    if (tick_period != 0)
        systimer_init_periodic(&cpus[self].tick, tick, NULL, tick_period + sim_random(tick_period));
    lwkt_idle_loop();
}

static void cpu_init(int cpu)
{
    globaldata_t gd = sim_alloc(sizeof(*gd), "struct globaldata");
    thread_t idle = &gd->gd_idlethread;
    char *stack = cpu_stack_alloc(LWKT_THREAD_STACK);

    cpus[cpu] = (struct cpu){.timer_on = true, .timer = ~0UL, .current = idle};
    lwkt_gdinit(gd, cpu);
    lwkt_init_thread(idle, stack, LWKT_THREAD_STACK, TDF_RUNNING, gd);
    lwkt_set_comm(idle, "idle%d", cpu);
    gd->gd_curthread = idle;
    cpus[cpu].sp = sim_frame(stack + LWKT_THREAD_STACK, cpu_enter);
}

static void print_cpu(int cpu)
{
    const struct cpu *c = &cpus[cpu];
    const struct globaldata *gd = globaldata_of[cpu];
    const struct thread *td = cpu == self ? curthread : c->current;

    fprintf(stderr,
            "  cpu %d: %s, crit %d, nest %d, pri %d, flags %x; reqflags %x, runq %x, ipimask %lx,"
            " nesting %d%s%s%s\n",
            cpu, td->td_comm, td->td_critcount, td->td_nest_count, td->td_pri, td->td_flags,
            gd->gd_reqflags, gd->gd_runqmask, gd->gd_ipimask, gd->gd_intr_nesting_level,
            c->waits ? ", waits" : "", c->soft ? ", soft pending" : "",
            gd->gd_mpheld ? ", MP lock" : "");
}

void print_cpus(void)
{
    for (int i = 0; i < ncpus; i++) {
        print_cpu(i);
        sim_print_rings(i);
    }
}

/* The end of the program, or of an execution that is explored. */
void panic(const char *fmt, ...)
{
    va_list ap;

    running = false;
    if (exploring) {
        static char message[300];

        va_start(ap, fmt);
        vsnprintf(message, sizeof(message), fmt, ap);
        va_end(ap);
        explore_failed(message);
    }
    fprintf(stderr, "%s, %d cpus, seed %lu: cpu %d, thread %s, point %lu:\n  ", scene->name, ncpus,
            sim_seed, self, curthread->td_comm, points);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr,
            "\n  once in %lu points another cpu, in %lu an interrupt, in %lu frozen; tick %lu, "
            "test points %x, untimely %d\n",
            switch_rate, intr_rate, freeze_rate, tick_period, testpoints_on, lwkt_untimely_switch);
    fprintf(stderr, "  again: sim -s %s -c %d -r %lu\n", scene->name, ncpus, sim_seed);
    print_cpus();
    fflush(stdout);
    if (ktr_get_mask() != 0)
        ktr_print_last(40);
    fflush(stdout);
    _exit(1);
}

/* At a point in the middle of a protocol: leave the others time for all of theirs. */
static uint32 stall(enum testpoint which)
{
    if (which == TP_HOLD_IPI) {
        if (!chance(4))
            return 0;
        cpus[self].soft = true; /* it looks again later */
        return 1;
    }
    if (chance(4)) {
        cpus[self].frozen = now + sim_random(1000);
        pass_turn(self);
    }
    return 0;
}

static void draw_manner(void)
{
    static const uint64 rates[] = {2, 3, 4, 8, 16, 64, 256};

    switch_rate = rates[sim_random(7)];
    intr_rate = rates[sim_random(5)] / 2;
    freeze_rate = sim_random(2) ? 0 : 50 + sim_random(1000);
    tick_period = sim_random(2) ? 0 : 300 + sim_random(1000);
    testpoints_on = sim_random(3) ? 0 : ~0u;
    lwkt_untimely_switch = !scene->strict && sim_random(4) == 0;
    lwkt_ipiq_optimized = sim_random(8) != 0;
    sim_rings(sim_random(2) ? 16 : 4,
              sim_random(2) ? 0 : 0x7ffffffa + (uint32)sim_random(2) * 0x80000000u);
}

/* Play it, from the machine's start. Comes back at the end, or at the mark of what is explored. */
void run_begin(const struct scene *s, int n)
{
    scene = s;
    now = points = 0;
    races_begin();
    memory_begin(false);
    for (int i = 0; i < n; i++)
        cpu_init(i);
    for (int i = 0; i < n; i++)
        CHECK(lwkt_ipiq_connect(globaldata_of[i]), "no memory");
    ncpus = n;
    if (sim_trace)
        ktr_set_mask((1u << KTR_NEVENTS) - 1);
    self = 0;
    curthread = cpus[0].current;
    if (sim_trace)
        ktr_set_mask((1u << KTR_NEVENTS) - 1);
    lwkt_wait_warn = lwkt_wait_panic = 0; /* a run that hangs is noticed otherwise */
    lwkt_token_pool_init();
    memory_sync_all();
    running = true;
    jump(&host_sp, cpus[0].sp, curthread);
}

void sim_run(const struct scene *s, int n, uint64 seed)
{
    sim_seed = seed;
    state = (seed + 1) * 0x9e3779b97f4a7c15UL + (uint64)n;
    scene = s;
    testpoint_reached = stall;
    for (int i = 0; i < 10; i++)
        sim_random(2);
    draw_manner();
    run_begin(s, n);
    sim_memory_end();
}
