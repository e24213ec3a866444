/* SPDX-License-Identifier: BSD-3-Clause
 * Traps, the C half. Interrupts are off on entry, and a trap from the kernel leaves them so.
 *
 * An interrupt is first recorded: its bit in gd_reqflags is set, and its source is held off (SSIP is
 * cleared, STIE is cleared, the PLIC's source is claimed and not completed). splz runs what was
 * recorded: at once, unless the interrupted thread is in a critical section, and otherwise at the end
 * of that section. So both cases take one path, and critical sections leave interrupts enabled.
 */
#include "boot/boot.h"
#include "kernel/riscv.h"
#include "lib/panic.h"
#include "lib/testpoint.h"
#include "lwkt/crit.h"
#include "lwkt/ktr.h"
#include "proc/usertrap.h"
#include "riscv/plic.h"
#include "riscv/trap.h"
#include "sync/intr.h"

_Static_assert(sizeof(struct trapframe) == 288, "TF_SIZE");
_Static_assert(__builtin_offsetof(struct trapframe, sepc) == 31 * 8, "TF_SEPC");
_Static_assert(__builtin_offsetof(struct trapframe, t6) == 30 * 8, "TF_X");

/* Sources of the PLIC that were claimed and not yet run; each is held off meanwhile, so it is here
 * once. Own cpu only, interrupts off. */
#define PENDING_MAX 63
static struct {
    uint8 count;
    uint8 source[PENDING_MAX];
} __attribute__((aligned(CACHE_LINE))) pending[NCPU];

_Static_assert(NIRQ <= 256, "a source is a byte");

/* Claim an external interrupt that the PLIC has for this hart, and record it. If there is another one,
 * the hart is interrupted again. Interrupts off. */
static inline void pending_claim(void)
{
    int cpu = mycpuid;
    uint32 source = plic_claim(cpu);

    if (source == 0)
        return;
    if (pending[cpu].count == PENDING_MAX)
        panic("%d devices interrupt cpu %d", PENDING_MAX + 1, cpu);
    pending[cpu].source[pending[cpu].count++] = (uint8)source;
    ktr(KTR_INTR, source, 0);
}

/* For splz (machine.h). A source is off the list before its thread is scheduled, because the thread may
 * run at once. */
void cpu_intpend_run(void)
{
    int cpu = mycpuid;

    while (pending[cpu].count != 0) {
        uint32 source = pending[cpu].source[--pending[cpu].count];
        cpu_intr_enable();
        sched_ithd(plic_first[cpu] + source);
        cpu_intr_disable();
    }
}

/*
 * Record an interrupt and hold its source off, in any order, because interrupts are off.
 */
static inline void interrupt_note(uint64 code)
{ /* lab 3 */
    globaldata_t gd = mycpu;

    switch (code) {
    case IRQ_S_SOFT:
        clear_sip(SIE_SSIE);
        panic_stop_if_asked();
        amo_or(&gd->gd_reqflags, RQF_IPIQ);
        break;
    case IRQ_S_TIMER:
        clear_sie(SIE_STIE);
        amo_or(&gd->gd_reqflags, RQF_TIMER);
        break;
    case IRQ_S_EXT:
        pending_claim();
        amo_or(&gd->gd_reqflags, RQF_INTPEND);
        break;
    default:
        panic("interrupt %lu was not enabled", code);
    }
}

static inline void interrupt(uint64 scause)
{
    interrupt_note(scause & ~SCAUSE_INTR);
    if (curthread->td_critcount == 0 && curthread->td_nest_count < 2) {
        splz();
        testpoint(TP_FORCE_PREEMPT);
    }
}

static const char *exception_name(uint64 cause)
{
    static const char *const names[] = {
        "instruction address misaligned",
        "instruction access fault",
        "illegal instruction",
        "breakpoint",
        "load address misaligned",
        "load access fault",
        "store address misaligned",
        "store access fault",
        "system call",
        "system call from the kernel",
        "exception 10",
        "exception 11",
        "instruction page fault",
        "load page fault",
        "exception 14",
        "store page fault",
    };
    return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "unknown exception";
}

static void note_cause(struct trapframe *tf, uint64 scause)
{
    tf->scause = scause;
    tf->stval = r_stval();
}

/* An interrupt in S-mode. */
void kernel_interrupt(uint64 scause);
void kernel_interrupt(uint64 scause)
{
    interrupt(scause);
}

/* An exception in S-mode: a bug in the kernel. */
void kernel_trap(struct trapframe *tf) __attribute__((noreturn));
void kernel_trap(struct trapframe *tf)
{
    uint64 scause = r_scause();

    note_cause(tf, scause);
    ++mycpu->gd_trap_nesting_level;
    panic_trap(tf, "%s in the kernel, address %p", exception_name(scause), (void *)tf->stval);
}

void stack_overflow(struct trapframe *tf);
void stack_overflow(struct trapframe *tf)
{
    note_cause(tf, r_scause());
    ++mycpu->gd_trap_nesting_level;
    panic_trap(tf, "kernel stack overflow in thread %s", curthread->td_comm);
}

/* An exception of a user program that is not a system call; interrupts on. */
static void user_exception(struct trapframe *tf, uint64 scause)
{
    bool page_fault =
        scause == EXC_INST_PAGE || scause == EXC_LOAD_PAGE || scause == EXC_STORE_PAGE;

    if (!page_fault || !proc_page_fault(tf->stval, scause))
        proc_user_exception(tf);
}

/* Both words of flags are looked at in one load. */
static inline bool user_return_ready(void)
{
    typedef uint64 __attribute__((may_alias)) both;

    _Static_assert(offsetof(struct globaldata, gd_reqflags) % 8 == 0 &&
                       offsetof(struct globaldata, gd_astflags) ==
                           offsetof(struct globaldata, gd_reqflags) + 4,
                   "not one doubleword");
    return peek((both *)&mycpu->gd_reqflags) == 0 && curthread->td_release != NULL;
}

void trap_prepare_user_return(void)
{
    cpu_intr_disable();
    while (!user_return_ready()) {
        cpu_intr_enable();
        if (peek(&mycpu->gd_reqflags) != 0)
            splz();
        proc_user_return();
        cpu_intr_disable();
    }
    KASSERT(curthread->td_critcount == 0, "return to user mode with %d critical sections",
            curthread->td_critcount);
}

/* A trap in user mode that is no system call: those go from trap.S to proc_syscall. */
void user_trap(struct trapframe *tf);
void user_trap(struct trapframe *tf)
{
    uint64 scause = r_scause();

    if (scause & SCAUSE_INTR) {
        interrupt(scause);
    } else {
        note_cause(tf, scause);
        cpu_intr_enable();
        user_exception(tf, scause);
    }
    trap_prepare_user_return();
}
