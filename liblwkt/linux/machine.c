/* SPDX-License-Identifier: BSD-3-Clause
 * The machine: cpus that are pthreads.
 *
 * A cpu's pending interrupts are bits of one word. Whoever sets the first bit sends the signal. The
 * handler runs on the stack of the thread that it interrupts, and does what kernel/boot/trap.c
 * does: it notes the interrupts in gd_reqflags and calls splz, unless a critical section is in the
 * way. If the cpu has interrupts off, it leaves the bits, and cpu_intr_enable looks at them. No
 * wake-up is lost: the bit is set before the signal is sent, so a cpu that turns its interrupts on
 * either sees the bit or is interrupted afterwards.
 */
#define _GNU_SOURCE
#include "linux/machine_inside.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lwkt/ring.h"
#include "lwkt/switch.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
unsigned lwkt_fence_word;
#endif

#define SIGNAL SIGUSR1
#define BELOW \
    0x18000 /* bytes below a stack of the core's size: signal frames and the C library are hungry */
#define GUARD 0x1000

/* What is pending. */
enum { SOFT = 1, TIMER = 2, EXTERNAL = 4 /* << irq */ };

__thread struct thread *lwkt_current __attribute__((tls_model("local-exec")));
static __thread struct cpu *lwkt_cpu __attribute__((tls_model("local-exec")));

uint64 cpu_timebase = 10000000;

/* This cpu. Not inlined: its caller may continue on another pthread after a switch. */
__attribute__((noinline)) struct cpu *cpu_self(void)
{
    __asm__ volatile("");
    return lwkt_cpu;
}

__attribute__((noinline)) static void set_current(struct thread *td)
{
    __asm__ volatile("");
    lwkt_current = td;
}

uint64 cpu_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64)now.tv_sec * cpu_timebase + (uint64)now.tv_nsec / 100;
}

/* --- interrupts --- */

static void note(struct cpu *c, uint32 pending)
{
    uint32 flags = pending & SOFT ? RQF_IPIQ : 0;

    if (pending & TIMER)
        flags |= RQF_TIMER;
    if (pending >= EXTERNAL) {
        c->external |= pending / EXTERNAL;
        flags |= RQF_INTPEND;
    }
    amo_or(&mycpu->gd_reqflags, flags);
}

/* Take all that is pending. Interrupts are on, and are on afterwards. */
static void take_interrupts(void)
{
    struct cpu *c = cpu_self();
    uint32 pending;

    while ((pending = __atomic_load_n(&c->pending, __ATOMIC_ACQUIRE)) != 0) {
        c->intr_on = false;
        compiler_barrier();
        pending = __atomic_exchange_n(&c->pending, 0, __ATOMIC_ACQUIRE);
        note(c, pending);
        if (curthread->td_critcount == 0 && curthread->td_nest_count < 2)
            splz();
        c = cpu_self(); /* splz may have switched, and the thread may have moved */
        c->intr_on = true;
        compiler_barrier();
    }
}

static void on_signal(int signal)
{
    int saved = errno;

    (void)signal;
    if (cpu_self()->intr_on)
        take_interrupts();
    errno = saved;
}

/* Its timer fires for a cpu; the handler runs on that cpu's pthread. */
static void on_timer(int signal)
{
    __atomic_fetch_or(&cpu_self()->pending, TIMER, __ATOMIC_RELEASE);
    on_signal(signal);
}

static void post(struct cpu *c, uint32 bit)
{
    if (__atomic_fetch_or(&c->pending, bit, __ATOMIC_SEQ_CST) == 0 && c != cpu_self())
        pthread_kill(c->pthread, SIGNAL);
}

uint64 cpu_intr_save(void)
{
    struct cpu *c = cpu_self();
    uint64 was = c->intr_on;

    c->intr_on = false;
    compiler_barrier();
    return was;
}

void cpu_intr_disable(void)
{
    cpu_intr_save();
}

void cpu_intr_enable(void)
{
    struct cpu *c = cpu_self();

    compiler_barrier();
    c->intr_on = true;
    compiler_barrier();
    if (__atomic_load_n(&c->pending, __ATOMIC_RELAXED) != 0)
        take_interrupts();
}

void cpu_intr_restore(uint64 saved)
{
    if (saved)
        cpu_intr_enable();
}

bool cpu_intr_enabled(void)
{
    return cpu_self()->intr_on;
}

void cpu_ipi_raise(int cpuid)
{
    post(&cpus[cpuid], SOFT);
}

void lwkt_interrupt(int cpu, int irq)
{
    KASSERT(cpu >= 0 && cpu < ncpus && irq >= 0 && irq < LWKT_IRQS, "interrupt %d at cpu %d", irq,
            cpu);
    post(&cpus[cpu], EXTERNAL << irq);
    if (lwkt_current != NULL && cpu_self() == &cpus[cpu] && cpu_self()->intr_on)
        take_interrupts();
}

/* Schedules the threads of the sources that have interrupted. */
void cpu_intpend_run(void)
{
    struct cpu *c = cpu_self();

    while (c->external != 0) {
        int irq = __builtin_ctz(c->external);

        c->external &= c->external - 1;
        cpu_intr_enable();
        interrupt_thread_wake(irq);
        cpu_intr_disable();
        c = cpu_self();
    }
}

/* --- waiting --- */

/* If the timer's time has come, what its signal does: a sanitizer may have kept that back. */
static void look_at_timer(struct cpu *c)
{
    if (c->armed != ~0UL && cpu_time() >= c->armed) {
        c->armed = ~0UL;
        __atomic_fetch_or(&c->pending, TIMER, __ATOMIC_RELEASE);
    }
}

/* The host may have fewer processors than there are cpus. */
void cpu_relax(void)
{
    sched_yield();
    look_at_timer(cpu_self());
    if (cpu_self()->intr_on && __atomic_load_n(&cpu_self()->pending, __ATOMIC_RELAXED) != 0)
        take_interrupts();
}

/* Between the look at `pending` and the wait the signals are blocked; ppoll lets them in. */
void cpu_idle_wait(void)
{
    struct cpu *c = cpu_self();
    struct timespec left = {0};
    sigset_t ours, none;

    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGNAL);
    sigaddset(&ours, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
    look_at_timer(c);
    if (__atomic_load_n(&c->pending, __ATOMIC_ACQUIRE) == 0) {
        uint64 ticks =
            c->armed != ~0UL ? c->armed - cpu_time() : 0; /* a late signal is waited for */
        left.tv_sec = (time_t)(ticks / cpu_timebase);
        left.tv_nsec = (long)(ticks % cpu_timebase) * 100;
        ppoll(NULL, 0, c->armed != ~0UL && (int64)ticks > 0 ? &left : NULL, &none);
    }
    look_at_timer(c);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    note(c, __atomic_exchange_n(&c->pending, 0, __ATOMIC_ACQUIRE));
}

/* --- the timer --- */

void cpu_timer_arm(uint64 when)
{
    struct itimerspec at = {0};

    cpu_self()->armed = when;
    if (when != ~0UL) {
        at.it_value.tv_sec = (time_t)(when / cpu_timebase);
        at.it_value.tv_nsec = (long)(when % cpu_timebase) * 100 + 1; /* 0 would disarm it */
    }
    timer_settime(cpu_self()->timer, TIMER_ABSTIME, &at, NULL);
}

/* It fires once for each time that it is armed, so there is nothing to hold off. */
void cpu_timer_unmask(void) {}

static void make_timer(struct cpu *c)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};

    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &c->timer) != 0)
        panic("no timer: %s", strerror(errno));
}

/* --- stacks --- */

/* Of this layout: a guard page, BELOW bytes that the core does not know of, and its stack. */
void *cpu_stack_alloc(size_t size)
{
    char *p = mmap(NULL, GUARD + BELOW + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);

    if (p == MAP_FAILED || mprotect(p, GUARD, PROT_NONE) != 0)
        return NULL;
    return p + GUARD + BELOW;
}

void cpu_stack_free(void *base, size_t size)
{
    munmap((char *)base - BELOW - GUARD, GUARD + BELOW + size);
}

/* Never free under another cpu's feet: a page each, from the kernel. */
struct thread *cpu_thread_struct_alloc(void)
{
    void *p = mmap(NULL, sizeof(struct thread), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void cpu_thread_struct_free(struct thread *td)
{
#ifdef __SANITIZE_THREAD__
    if (td->td_mach.md_fiber != NULL)
        __tsan_destroy_fiber(td->td_mach.md_fiber);
#endif
    munmap(td, sizeof(*td));
}

struct lwkt_ipiq *cpu_ring_alloc(void)
{
    struct lwkt_ipiq *ip =
        mmap(NULL, sizeof(*ip), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (ip == MAP_FAILED)
        return NULL;
    ip->ip_size = LWKT_IPIQ_SIZE;
    return ip;
}

/* --- switching --- */

void host_switch(uint64 *save, uint64 load); /* switch.S */

#ifdef __aarch64__
#define SWITCH_WORDS 20
#define SWITCH_PC 1
#else
#define SWITCH_WORDS 10 /* with a caller's return address, and aligned as a call would be */
#define SWITCH_PC 6
#endif

/* The sanitizers are told: before the switch where it leads, and after it that it has happened. */
static void leaving(struct thread *to)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(NULL, (char *)to->td_kstack - BELOW, to->td_kstack_size + BELOW);
#elif defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(to->td_mach.md_fiber, 0); /* what one cpu does is in order */
#else
    (void)to;
#endif
}

static void arrived(void)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
}

/* The first thing on the stack that was switched to. */
static void switched(void)
{
    struct thread *before = cpu_self()->before;

    arrived();
    cpu_intr_restore(cpu_self()->intr_saved);
    lwkt_switch_return(before);
}

static void thread_enter(void)
{
    struct md_thread *md = &curthread->td_mach;

    switched();
    lwkt_thread_start(md->md_func, md->md_arg);
}

void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg)
{
    uint64 *frame = (uint64 *)((char *)td->td_kstack + td->td_kstack_size) - SWITCH_WORDS;

#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region((char *)td->td_kstack - BELOW, td->td_kstack_size + BELOW);
#elif defined(__SANITIZE_THREAD__)
    if (td->td_mach.md_fiber != NULL)
        __tsan_destroy_fiber(td->td_mach.md_fiber);
    td->td_mach.md_fiber = __tsan_create_fiber(0);
#endif
    memset(frame, 0, SWITCH_WORDS * sizeof(*frame));
    frame[SWITCH_PC] = (uint64)thread_enter;
    td->td_mach.md_func = func;
    td->td_mach.md_arg = arg;
    td->td_mach.md_sp = (uint64)frame;
}

/* A signal must find the stack and the current thread of one thread, so interrupts are off meanwhile. */
void cpu_switch(struct thread *from, struct thread *to)
{
    uint64 saved = cpu_intr_save();

    cpu_self()->intr_saved = saved;
    cpu_self()->before = from;
    set_current(to);
    leaving(to);
    host_switch(&from->td_mach.md_sp, to->td_mach.md_sp);
    switched();
}

/* --- a cpu's beginning --- */

void machine_init(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};

    sigaction(SIGNAL, &act, NULL);
    act.sa_handler = on_timer;
    sigaction(SIGRTMIN, &act, NULL);
}

/* An idle thread was not switched to by another thread. */
static void idle_enter(void)
{
    struct md_thread *md = &curthread->td_mach;

    arrived();
    md->md_func(md->md_arg);
}

/* The calling pthread becomes that cpu, in its idle thread. Does not return. */
void machine_enter(struct cpu *c, struct thread *idle)
{
    uint64 unused;

    ((uint64 *)idle->td_mach.md_sp)[SWITCH_PC] = (uint64)idle_enter;

    lwkt_cpu = c;
    c->armed = ~0UL;
    lwkt_current = idle;
    c->pthread = pthread_self();
    make_timer(c);
    leaving(idle);
    host_switch(&unused, idle->td_mach.md_sp);
}
