/* SPDX-License-Identifier: BSD-3-Clause
 * The machine on Nymph: cpus that are processes, and their interrupts, which are upcalls. The handler
 * runs on the stack of the thread that it interrupts; the kernel has masked further ones.
 */
#include "kernel/riscv.h"
#include "kernel/upcall.h"
#include "inside.h"
#include "lwkt/ring.h"
#include "lwkt/spin.h"
#include "nymph/machine_inside.h"

/* Of this layout: a guard page, BELOW bytes that the core does not know of, for frames of upcalls, and
 * its stack. */
#define BELOW 8192UL

#define FRAME_WORDS 14 /* switch.S */

_Static_assert(offsetof(struct thread, td_mach.md_sp) == 0, "switch.S");
_Static_assert(offsetof(struct cpu, masked) == offsetof(struct upcall, masked), "upcall.h");
_Static_assert(offsetof(struct cpu, pending) == offsetof(struct upcall, pending), "upcall.h");
_Static_assert(PENDING_TIMER == UPCALL_TIMER, "upcall.h");

uint64 cpu_timebase = 10000000;

struct cpu *cpu_self(void)
{
    return &cpus[mycpuid];
}

/* --- interrupts --- */

static void handle(struct upcall_frame *frame)
{
    intr_serve();
    upcall_return(frame);
}

void machine_enter(struct cpu *c)
{
    upcall(handle, (struct upcall *)&c->masked);
}

void host_interrupt(struct cpu *c)
{
    upcall_notify(c->host.pid);
}

void cpu_thread_leave(struct thread *td)
{
    (void)td; /* all threads share one address space */
}

/* Other processes may have to run first. */
void cpu_relax(void)
{
    yield();
    if (cpu_self()->masked == 0)
        cpu_intr_enable();
}

/* Interrupts are off, so what comes makes no upcall, and upcall_wait returns when something is there. */
void cpu_idle_wait(void)
{
    upcall_wait();
    intr_note();
}

void cpu_timer_arm(uint64 when)
{
    upcall_timer(when);
}

/* It fires once for each time that it is armed, so there is nothing to hold off. */
void cpu_timer_unmask(void) {}

/* --- memory --- */

/* A new stack, or NULL. */
static void *make_stack(size_t size)
{
    char *p = malloc((uint)(2 * PGSIZE + BELOW + size));

    if (p == NULL)
        return NULL;
    char *guard = (char *)PGROUNDUP((uint64)p);
    if (guard_page(guard, 1) < 0) {
        free(p);
        return NULL;
    }
    return guard + PGSIZE + BELOW;
}

/* Stacks that are free keep their guards, because a page that is in use becomes a guard slowly. The link
 * lies in the stack's first word. */
static struct {
    struct spinlock lock;
    void *first;
} stacks = {.lock = SPINLOCK("stacks")};

void *cpu_stack_alloc(size_t size)
{
    void *stack;

    if (curthread == NULL || size != LWKT_THREAD_STACK)
        return make_stack(size);
    spin_lock(&stacks.lock);
    if ((stack = stacks.first) != NULL)
        stacks.first = *(void **)stack;
    spin_unlock(&stacks.lock);
    return stack != NULL ? stack : make_stack(size);
}

/* A stack of another size is not used again: no caller of the core asks for one but for tests. */
void cpu_stack_free(void *base, size_t size)
{
    if (size != LWKT_THREAD_STACK)
        return;
    spin_lock(&stacks.lock);
    *(void **)base = stacks.first;
    stacks.first = base;
    spin_unlock(&stacks.lock);
}

struct thread *cpu_thread_struct_alloc(void)
{
    struct thread *td = malloc(sizeof(*td));

    if (td != NULL)
        memset(td, 0, sizeof(*td));
    return td;
}

void cpu_thread_struct_free(struct thread *td)
{
    free(td);
}

struct lwkt_ipiq *cpu_ring_alloc(void)
{
    struct lwkt_ipiq *ip = host_memory(sizeof(*ip));

    if (ip != NULL)
        ip->ip_size = LWKT_IPIQ_SIZE;
    return ip;
}

/* --- a thread's first frame --- */

void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg)
{
    uint64 *top = (uint64 *)(void *)((char *)td->td_kstack + td->td_kstack_size);
    uint64 *frame = top - FRAME_WORDS;

    frame[0] = (uint64)cpu_thread_first;
    frame[1] = 0;
    frame[2] = (uint64)func;
    frame[3] = (uint64)arg;
    td->td_mach = (struct md_thread){
        .md_sp = (uint64)frame, .md_stack_top = (uint64)top, .md_func = func, .md_arg = arg};
}
