/* SPDX-License-Identifier: BSD-3-Clause
 * Interrupts of the library's cpus. What interrupts a cpu is a bit of its `pending`; whoever sets the
 * first bit has the host interrupt the cpu, by a signal or an upcall, on the stack of the thread that
 * runs there. That does what kernel/boot/trap.c does: it notes the interrupts in gd_reqflags and calls
 * splz, unless a critical section is in the way.
 *
 * "Interrupts off" is a word of the cpu (`masked`), because a system call for each would cost more than
 * all the rest. While it is set the host leaves the bits, and cpu_intr_enable looks at them. No
 * interrupt is lost: the bit is set before the cpu is interrupted, so a cpu that turns its interrupts
 * on either sees the bit or is interrupted afterwards.
 */
#include "inside.h"

#include "lib/bits.h"

struct cpu cpus[LWKT_CPUS_MAX];

void intr_note(void)
{
    struct cpu *c = cpu_self();
    uint32 pending = amo_swap_acq(&c->pending, 0), flags = 0;

    if (pending & PENDING_IPI)
        flags |= RQF_IPIQ;
    if (pending & PENDING_TIMER)
        flags |= RQF_TIMER;
    if (pending >= PENDING_EXTERNAL) {
        c->external |= pending / PENDING_EXTERNAL;
        flags |= RQF_INTPEND;
    }
    amo_or(&mycpu->gd_reqflags, flags);
}

void intr_serve(void)
{
    while (peek(&cpu_self()->pending) != 0) {
        intr_note();
        if (curthread->td_critcount == 0 && curthread->td_nest_count < 2)
            splz(); /* it may switch, and the thread may move */
    }
}

void intr_post(struct cpu *c, uint32 bit)
{
    if (amo_or_full(&c->pending, bit) == 0)
        host_interrupt(c);
}

static void set_masked(uint32 masked)
{
    compiler_barrier();
    poke(&cpu_self()->masked, masked);
    compiler_barrier();
}

uint64 cpu_intr_save(void)
{
    uint64 was = cpu_self()->masked;

    set_masked(1);
    return !was;
}

void cpu_intr_disable(void)
{
    set_masked(1);
}

void cpu_intr_enable(void)
{
    set_masked(0);
    while (peek(&cpu_self()->pending) != 0) {
        set_masked(1);
        intr_serve();
        set_masked(0);
    }
}

void cpu_intr_restore(uint64 saved)
{
    if (saved)
        cpu_intr_enable();
}

bool cpu_intr_enabled(void)
{
    return cpu_self()->masked == 0;
}

void cpu_ipi_raise(int cpuid)
{
    intr_post(&cpus[cpuid], PENDING_IPI);
}

/* Schedules the threads of the sources that have interrupted. */
void cpu_intpend_run(void)
{
    while (cpu_self()->external != 0) {
        struct cpu *c = cpu_self();
        int irq = bit_lowest64(c->external);

        c->external &= c->external - 1;
        cpu_intr_enable();
        interrupt_thread_wake(irq);
        cpu_intr_disable();
    }
}
