/* SPDX-License-Identifier: BSD-3-Clause
 * The simulated machine: cpus that take turns in one host thread.
 *
 * Each cpu has a current thread, an interrupt enable, a pending software interrupt, a timer and
 * external interrupts, as a RISC-V hart has. Which cpu runs next, and when an interrupt that is
 * pending is taken, is the explorer's choice (explore.c), or is drawn from the seed at each sim_point():
 * every primitive, every function of machine.h, and in the instrumented build every access to memory. So
 * a run is a function of scene, number of cpus and seed, and another seed is another interleaving. Some
 * seeds also freeze a cpu now and then, wherever it is, for so long that the others get through whole
 * protocols meanwhile.
 *
 * What an interrupt does is what kernel/boot/trap.c does: note it, hold its source off, and splz unless
 * a critical section is in the way.
 *
 * Where all cpus wait and no timer is armed, nothing can ever happen again: that is a lost wakeup, and
 * ends the run. So does a run of more than POINTS_MAX points, which is a livelock.
 */
#include "explore.h"
#include "views.h"

#include <string.h>

#include "lwkt/switch.h"
#include "lwkt/systimer.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define ASAN 1
#endif
#endif

#define POINTS_MAX 6000000
#define INTERRUPTS_MAX 60 /* of a source: a flood leaves the threads no time */

struct thread *curthread;
uint64 cpu_timebase = 2000 * HZ;

struct cpu cpus[SIM_CPUS];

int self;
bool running, exploring;
uint64 now, points, switch_rate, intr_rate, freeze_rate;
static void (*irq_handlers[SIM_IRQS])(int irq);

/* --- randomness: xorshift64 --- */

uint64 state;

uint64 sim_random(uint64 n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 20) % n;
}

bool chance(uint64 rate)
{
    return rate != 0 && sim_random(rate) == 0;
}

/* --- stacks --- */

#ifdef ASAN
static const void *host_stack;
static size_t host_size;
#endif

/* Go to another stack, that of `to` (NULL: the host's own). The sanitizer is told. */
void jump(uint64 *save, uint64 load, struct thread *to)
{
#ifdef ASAN
    const void *bottom = to != NULL ? (char *)to->td_kstack - (long)stack_extra : host_stack;

    __sanitizer_start_switch_fiber(NULL, bottom,
                                   to != NULL ? to->td_kstack_size + stack_extra : host_size);
    host_switch(save, load);
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#else
    (void)to;
    host_switch(save, load);
#endif
}

/* The first function on a new stack begins with this. */
void arrive(void)
{
#ifdef ASAN
    if (host_stack == NULL)
        __sanitizer_finish_switch_fiber(NULL, &host_stack, &host_size);
    else
        __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
}

/* The first frame of a stack: host_switch's registers, and where it goes. */
#ifdef __aarch64__
#define SWITCH_WORDS 20
#define SWITCH_PC 1
#else
#define SWITCH_WORDS 10 /* with a caller's return address, and aligned as a call would be */
#define SWITCH_PC 6
#endif

uint64 sim_frame(void *top, void (*enter)(void))
{
    uint64 *frame = (uint64 *)top - SWITCH_WORDS;

    memset(frame, 0, SWITCH_WORDS * sizeof(*frame));
    frame[SWITCH_PC] = (uint64)enter;
    return (uint64)frame;
}

/* A failure looks at the stacks of the threads that wait: it goes to each, where that comes back at once. */
static struct {
    thread_t td; /* whose turn it is; NULL: nobody looks */
    uint64 sp;
} visitor;

static void go_back_if_visited(uint64 *sp)
{
    while (visitor.td != NULL)
        jump(sp, visitor.sp, visitor.td);
}

static void visit_waiters(void)
{
    visitor.td = curthread;
    for (int i = 0; i < ncpus; i++)
        list_foreach(node, &globaldata_of[i]->gd_tdallq)
        {
            thread_t td = list_entry(node, struct thread, td_allq);
            if ((td->td_flags & TDF_RUNNING) == 0)
                jump(&visitor.sp, td->td_mach.md_sp, td);
        }
    visitor.td = NULL;
}

static void thread_enter(void)
{
    struct md_thread *md = &curthread->td_mach;
    uint64 unused;

    arrive();
    go_back_if_visited(&unused);
    lwkt_switch_return(cpus[self].before);
    lwkt_thread_start(md->md_func, md->md_arg);
}

/* What ran on this stack before left its marks in the sanitizer's books, and in the detector's. */
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg)
{
    char *bottom = (char *)td->td_kstack - (long)stack_extra;
    size_t size = td->td_kstack_size + stack_extra;

#ifdef ASAN
    __asan_unpoison_memory_region(bottom, size);
#endif
    races_forget(bottom, size);
    td->td_mach.md_func = func;
    td->td_mach.md_arg = arg;
    td->td_mach.md_sp = sim_frame(bottom + size, thread_enter);
}

void cpu_switch(struct thread *from, struct thread *to)
{
    CHECK(from == curthread, "%s switches for %s", curthread->td_comm, from->td_comm);
    CHECK(sim_stack_is_mapped(to), "cpu %d: %s's stack may not be mapped", self, to->td_comm);
    sim_barrier();
    curthread = to;
    cpus[self].before = from;
    if (exploring)
        explore_note('>', to->td_comm);
    jump(&from->td_mach.md_sp, to->td_mach.md_sp, to);
    if (visitor.td != NULL)
        loops_waiter(from->td_comm);
    go_back_if_visited(&from->td_mach.md_sp);
    sim_barrier();
    lwkt_switch_return(cpus[self].before);
}

/* --- interrupts --- */

/* The machine's part of the interrupt's entry, and of cpu_relax: a store of this cpu, which its loads see. */
static void request(uint32 flags)
{
#ifdef DETECT
    if (running && (mycpu->gd_reqflags & flags) != flags)
        memory_plain_write(&mycpu->gd_reqflags);
#endif
    mycpu->gd_reqflags |= flags;
}

/* Note what is pending, and hold its source off. The core's words without points: interrupts are off. */
static void note(struct cpu *c)
{
    uint32 flags = 0;

    c->delayed = false;
    if (c->soft) {
        c->soft = false;
        sim_ipi_acquire();
        flags |= RQF_IPIQ;
    }
    if (c->timer_on && now >= c->timer) {
        c->timer_on = false;
        flags |= RQF_TIMER;
    }
    if (c->ext & ~c->ext_held) {
        c->ext_noted |= c->ext & ~c->ext_held;
        c->ext_held |= c->ext;
        c->ext &= ~c->ext_noted;
        flags |= RQF_INTPEND;
    }
    request(flags);
}

/* kernel/boot/trap.c's interrupt(). */
void take_interrupt(void)
{
    cpus[self].intr_on = false;
    note(&cpus[self]);
    if (curthread->td_critcount == 0 && curthread->td_nest_count < 2)
        splz();
    cpus[self].intr_on = true; /* the thread may be on another cpu: on is what its trap restores */
}

uint64 cpu_intr_save(void)
{
    uint64 was = cpus[self].intr_on;

    sim_barrier();
    cpus[self].intr_on = false;
    return was;
}

void cpu_intr_disable(void)
{
    cpu_intr_save();
}

/* What is pending is taken before the next instruction. */
void cpu_intr_enable(void)
{
    cpus[self].intr_on = true;
    if (pending(&cpus[self]))
        take_interrupt();
    sim_barrier();
}

void cpu_intr_restore(uint64 saved)
{
    if (saved)
        cpu_intr_enable();
}

bool cpu_intr_enabled(void)
{
    return cpus[self].intr_on;
}

void cpu_ipi_raise(int cpuid)
{
    CHECK(cpuid >= 0 && cpuid < ncpus && cpuid != self, "an interrupt for cpu %d", cpuid);
    if (exploring)
        explore_point(POINT_PRIMITIVE, NULL, true);
    sim_ipi_release(cpuid);
    cpus[cpuid].soft = true;
    if (!exploring)
        sim_point();
}

void cpu_timer_arm(uint64 when)
{
    cpus[self].timer = when;
}

void cpu_timer_unmask(void)
{
    cpus[self].timer_on = true;
}

uint64 cpu_time(void)
{
    sim_barrier();
    return now;
}

void cpu_intpend_run(void)
{
    while (cpus[self].ext_noted != 0) {
        int irq = __builtin_ctz(cpus[self].ext_noted);

        cpus[self].ext_noted &= ~(1u << irq);
        cpu_intr_enable();
        irq_handlers[irq](irq);
        cpu_intr_disable();
    }
}

/* --- external interrupts, for scenes --- */

void sim_irq_handler(int irq, void (*handler)(int irq))
{
    irq_handlers[irq] = handler;
}

void sim_irq_raise(int cpu, int irq)
{
    if ((cpus[cpu].ext & (1u << irq)) == 0)
        ++cpus[cpu].ext_count[irq];
    cpus[cpu].ext |= 1u << irq;
}

void sim_irq_arm(int cpu, int irq)
{
    cpus[cpu].ext_armed |= 1u << irq;
}

void sim_irq_complete(int cpu, int irq)
{
    cpus[cpu].ext_held &= ~(1u << irq);
}

bool sim_irq_held(int cpu, int irq)
{
    return (cpus[cpu].ext_held & (1u << irq)) != 0;
}

void sim_irq_rate(int cpu, int irq, uint64 rate)
{
    cpus[cpu].ext_rate[irq] = rate;
}

uint64 sim_irq_count(int cpu, int irq)
{
    return cpus[cpu].ext_count[irq];
}

/* For reports that the core prints: neither a point nor an access. */
uint64 sim_glance(const volatile void *p, size_t size)
{
    return size == 4 ? *(const volatile uint32 *)p : *(const volatile uint64 *)p;
}

/* --- turns --- */

int sim_cpu(void)
{
    return self;
}
uint64 sim_points(void)
{
    return points;
}

bool runnable(const struct cpu *c)
{
    return !c->waits || pending(c);
}

/* Give the turn to that cpu; comes back when it has come back. */
void give_turn(int cpu)
{
    struct cpu *from = &cpus[self];

    for (int i = 0; i < ncpus; i++) {
        cpus[i].behind &= ~(1u << cpu);
        cpus[i].stepped |= 1u << cpu;
        if (i != cpu)
            cpus[i].relaxed = false;
    }

    if (cpu == self)
        return;
    from->current = curthread;
    self = cpu;
    curthread = cpus[cpu].current;
    jump(&from->sp, cpus[cpu].sp, curthread);
}

/* A random cpu that can run; preferably not one that is frozen, nor `not`. -1: all wait. */
static int pick(int not )
{
    int thawed[SIM_CPUS], any[SIM_CPUS], n = 0, m = 0;

    for (int i = 0; i < ncpus; i++) {
        if (!runnable(&cpus[i]) || i == not )
            continue;
        any[m++] = i;
        if (cpus[i].frozen <= now)
            thawed[n++] = i;
    }
    if (n > 0)
        return thawed[sim_random((uint64)n)];
    if (m > 0)
        return any[sim_random((uint64)m)];
    return not >= 0 && runnable(&cpus[not ]) ? not : -1;
}

/* All cpus wait: devices that a scene has armed do something, or else it is on to the first timer. */
void sleep_together(void)
{
    uint64 first = ~0UL;

    for (int i = 0; i < ncpus; i++)
        if (explore_marked() && cpus[i].ext_armed != 0) {
            cpus[i].ext |= cpus[i].ext_armed;
            cpus[i].ext_armed = 0;
            return;
        }

    for (int i = 0; i < ncpus; i++)
        if (cpus[i].timer_on && cpus[i].timer < first)
            first = cpus[i].timer;
    if (first == ~0UL && exploring)
        visit_waiters();
    if (first == ~0UL)
        panic("all cpus wait, and nothing is left that could wake one");
    now = first > now ? first : now;
}

void pass_turn(int not )
{
    int next;

    if (exploring) {
        explore_pass_turn(not );
        return;
    }
    while ((next = pick(not )) < 0)
        sleep_together();
    give_turn(next);
}

static void count_point(void)
{
    ++now; /* time passes for a cpu that relaxes, too */
    if (++points > POINTS_MAX)
        panic("no end after %d points", POINTS_MAX);
}

/* Devices do something. */
static void stir(void)
{
    struct cpu *c = &cpus[self];

    for (int irq = 0; irq < SIM_IRQS; irq++)
        if (c->ext_count[irq] < INTERRUPTS_MAX && chance(c->ext_rate[irq] * POINT_DENSITY))
            sim_irq_raise(self, irq);
}

void sim_barrier(void)
{
    if (running && exploring)
        explore_point(POINT_BARRIER, NULL, false);
    else
        sim_point();
}

void sim_point(void)
{
    if (!running)
        return;
    if (exploring) {
        explore_point(POINT_PRIMITIVE, NULL, false);
        return;
    }
    count_point();
    stir();
    if (chance(freeze_rate)) {
        cpus[self].frozen = now + sim_random(3000);
        pass_turn(self);
    } else if (chance(switch_rate)) {
        pass_turn(-1);
    }
    if (cpus[self].intr_on && pending(&cpus[self]) && chance(intr_rate))
        take_interrupt();
}

/* A turn for the others; a software interrupt is swallowed. */
void cpu_relax(void)
{
    bool was = cpus[self].intr_on;

    cpus[self].intr_on = false;
    count_point();
    cpus[self].relaxed = true;
    pass_turn(self);
    if (cpus[self].soft)
        sim_ipi_acquire();
    cpus[self].soft = cpus[self].delayed = false;
    request(RQF_IPIQ);
    cpus[self].intr_on = was;
    if (was && pending(&cpus[self]))
        take_interrupt();
}

void cpu_idle_wait(void)
{
    CHECK(!cpus[self].intr_on, "the idle thread waits with interrupts on");
    count_point();
    cpus[self].waits = true;
    pass_turn(-1);
    cpus[self].waits = false;
}
