/* SPDX-License-Identifier: BSD-3-Clause
 * The machine on Linux: cpus that are pthreads, interrupts that are signals, a POSIX timer for each.
 * The handler runs on the stack of the thread that it interrupts.
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

static void on_signal(int signal)
{
    int saved = errno;

    (void)signal;
    if (cpu_self()->masked == 0)
        cpu_intr_enable();
    errno = saved;
}

/* Its timer fires for a cpu; the handler runs on that cpu's pthread. */
static void on_timer(int signal)
{
    amo_or_rel(&cpu_self()->pending, PENDING_TIMER);
    on_signal(signal);
}

void host_interrupt(struct cpu *c)
{
    pthread_kill(c->host.pthread, SIGNAL);
}

/* --- waiting --- */

/* If the timer's time has come, what its signal does: a sanitizer may have kept that back. */
static void look_at_timer(struct cpu *c)
{
    if (c->host.armed != ~0UL && cpu_time() >= c->host.armed) {
        c->host.armed = ~0UL;
        amo_or_rel(&c->pending, PENDING_TIMER);
    }
}

void cpu_thread_leave(struct thread *td)
{
    (void)td; /* all threads share one address space */
}

/* The host may have fewer processors than there are cpus. */
void cpu_relax(void)
{
    sched_yield();
    look_at_timer(cpu_self());
    if (cpu_self()->masked == 0)
        cpu_intr_enable();
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
    if (consume(&c->pending) == 0) {
        uint64 armed = c->host.armed;
        uint64 ticks = armed != ~0UL ? armed - cpu_time() : 0; /* a late signal is waited for */
        left.tv_sec = (time_t)(ticks / cpu_timebase);
        left.tv_nsec = (long)(ticks % cpu_timebase) * 100;
        ppoll(NULL, 0, armed != ~0UL && (int64)ticks > 0 ? &left : NULL, &none);
    }
    look_at_timer(c);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    intr_note();
}

/* --- the timer --- */

void cpu_timer_arm(uint64 when)
{
    struct itimerspec at = {0};

    cpu_self()->host.armed = when;
    if (when != ~0UL) {
        at.it_value.tv_sec = (time_t)(when / cpu_timebase);
        at.it_value.tv_nsec = (long)(when % cpu_timebase) * 100 + 1; /* 0 would disarm it */
    }
    timer_settime(cpu_self()->host.timer, TIMER_ABSTIME, &at, NULL);
}

/* It fires once for each time that it is armed, so there is nothing to hold off. */
void cpu_timer_unmask(void) {}

static void make_timer(struct cpu *c)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};

    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &c->host.timer) != 0)
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
    return host_memory(sizeof(struct thread));
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
    struct lwkt_ipiq *ip = host_memory(sizeof(*ip));

    if (ip != NULL)
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
    struct thread *before = cpu_self()->host.before;

    arrived();
    cpu_intr_restore(cpu_self()->host.intr_saved);
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

    cpu_self()->host.intr_saved = saved;
    cpu_self()->host.before = from;
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

void machine_enter(struct cpu *c, struct thread *idle)
{
    uint64 unused;

    ((uint64 *)idle->td_mach.md_sp)[SWITCH_PC] = (uint64)idle_enter;

    lwkt_cpu = c;
    c->host.armed = ~0UL;
    lwkt_current = idle;
    c->host.pthread = pthread_self();
    make_timer(c);
    leaving(idle);
    host_switch(&unused, idle->td_mach.md_sp);
}
