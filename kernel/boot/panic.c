/* SPDX-License-Identifier: BSD-3-Clause
 * Panics. panic() may be called anywhere: on any cpu, with interrupts on or off, with locks held, and
 * before threads exist. It uses no lock, no scheduler, and no memory but the stack.
 *
 *   this cpu                          each other cpu
 *   panic_owner = me (first one wins)
 *   software interrupt to all  ---->  panic_stop_if_asked(): stores its frame,
 *   waits, for a limited time  <----  sets its bit in panic_stopped, halts
 *   prints the report
 *   ends the machine, or halts
 *
 * The others run no messages any more. So a part of the panic that sends one does not wait: whenever
 * this cpu would, it counts its messages as finished (lwkt_ipiq_forget).
 *
 * A panic switches no threads, and writes nothing to the disk. What the disk has is a whole state as of
 * the last commit (fs/log.c), whatever has happened since, and the next boot finds it. What memory has
 * is what a kernel with a bug has left there: to write that would commit the damage, with a checksum.
 *
 * The report names a cpu that does not answer (its interrupts are off for good); that cpu stops as soon
 * as it prints or relaxes. A panic inside the panic prints the first message if that has not been
 * printed yet, then its own message and backtrace, and ends; a third one just ends.
 */
#include "lib/panic.h"

#include <stdarg.h>

#include "lib/assert.h"
#include "lib/backtrace.h"
#include "lib/printf.h"
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/power.h"
#include "riscv/trapframe.h"

#define PANIC_STATUS 101 /* exit status of QEMU with panic=exit */
#define LAST_EVENTS 8    /* of each cpu, if tracing was on */
#define STOP_SECONDS 1   /* longest wait for the others: a busy host may stop a hart for long */

uint32 panic_owner;
static cpumask_t panic_stopped; /* cpus that have halted: AMO */
static uint64 stopped_fp[NCPU]; /* its frame: written before the bit, by the cpu itself */
static int panic_depth;         /* the owner's calls of panic, one inside the other */
static bool others_stopped;     /* or did not in time; the owner has waited for them */

/* The first panic's message until it is printed. Its arguments stay on the stack, below both panics. */
static struct {
    const char *fmt;
    va_list ap;
} unsaid;

/* 1 + this cpu's number; the boot hart is cpu 0 before its globaldata is set up. */
static uint32 self(void)
{
    return mycpu == NULL ? 1 : (uint32)mycpuid + 1;
}

bool panic_is_mine(void)
{
    return peek(&panic_owner) == self();
}

void panic_stop(void)
{
    if (panic_is_mine()) {
        if (others_stopped)
            lwkt_ipiq_forget();
        return;
    }
    uint32 cpu = self() - 1;
    stopped_fp[cpu] = (uint64)__builtin_frame_address(0);
    __atomic_fetch_or(&panic_stopped, CPUMASK(cpu), __ATOMIC_RELEASE); /* consumed by stop_others */
    hart_park();
}

/* Interrupt the other cpus and give them some time to stop. */
static void stop_others(void)
{
    cpumask_t others = 0;
    uint64 start = cpu_time();

    for (int i = 0; i < ncpus; i++) {
        if (i == (int)self() - 1)
            continue;
        others |= CPUMASK(i);
        cpu_ipi_raise(i);
    }
    /* Pairs with the release in panic_stop. */
    while ((consume(&panic_stopped) & others) != others &&
           cpu_time() - start < cpu_timebase * STOP_SECONDS)
        cpu_relax();
    others_stopped = others != 0;
}

static const char *thread_name(const struct thread *td)
{
    return !backtrace_valid_thread(td) ? "no thread" : td->td_comm;
}

static void print_registers(const struct trapframe *tf)
{
    static const char names[][4] = {"ra", "sp",  "gp",  "tp", "t0", "t1", "t2", "s0",
                                    "s1", "a0",  "a1",  "a2", "a3", "a4", "a5", "a6",
                                    "a7", "s2",  "s3",  "s4", "s5", "s6", "s7", "s8",
                                    "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    const uint64 *x = &tf->ra;

    printf("sepc %016lx scause %lx stval %016lx sstatus %lx\n", tf->sepc, tf->scause, tf->stval,
           tf->sstatus);
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        printf("%4s %016lx%s", names[i], x[i], i % 4 == 3 ? "\n" : "");
    printf("\n");
}

/* Print what the other cpus were doing when they stopped, a line each. */
static void print_others(void)
{
    for (int i = 0; i < ncpus; i++) {
        if (i == (int)self() - 1)
            continue;
        const struct thread *td = peek(&globaldata_of[i]->gd_curthread);
        printf("cpu %d (hart %lu) ran %s%s", i, cpu_hartid(i), thread_name(td),
               peek(&panic_stopped) & CPUMASK(i) ? ":" : ", and does not stop");
        if (peek(&panic_stopped) & CPUMASK(i))
            backtrace_print_short(td, stopped_fp[i]);
        printf("\n");
    }
}

/* Print the first panic's message, once. */
static void say_message(void)
{
    const char *fmt = unsaid.fmt;

    unsaid.fmt = NULL;
    if (fmt == NULL)
        return;
    printf("\npanic: ");
    vprintf(fmt, unsaid.ap);
}

/* tf: the trap that the panic is about, or NULL. fp: the frame of the function that panicked. */
static void report(const struct trapframe *tf, uint64 fp)
{
    int cpu = (int)self() - 1;

    say_message();
    printf("\ncpu %d (hart %lu), thread %p (%s), in %d critical sections\n", cpu, cpu_hartid(cpu),
           (void *)curthread, thread_name(curthread), curthread->td_critcount);
    if (tf != NULL)
        print_registers(tf);
    printf("backtrace:\n");
    backtrace_print(curthread, fp, tf);
    print_others();
    ktr_print_last(LAST_EVENTS);
}

static void __attribute__((noreturn)) end(void)
{
    char how[8];

    if (bootarg("panic", how, sizeof(how)) != NULL && how[0] == 'e')
        machine_halt(PANIC_STATUS);
    printf("The machine has stopped. Ctrl-A X leaves QEMU.\n");
    hart_park();
}

static void __attribute__((noreturn))
vpanic(const struct trapframe *tf, uint64 fp, const char *fmt, va_list ap)
{
    cpu_intr_disable();
    if (!amo_cas(&panic_owner, 0, self()))
        panic_stop(); /* returns only to the cpu that panics already */
    printf_output = NULL;
    poke(&curthread->td_flags, curthread->td_flags | TDF_NOSLEEP);
    if (++panic_depth == 1) {
        unsaid.fmt = fmt;
        va_copy(unsaid.ap, ap);
        stop_others();
        if (printf_drain != NULL)
            printf_drain();
        report(tf, fp);
    } else if (panic_depth == 2) {
        say_message();
        printf("\npanic inside the panic: ");
        vprintf(fmt, ap);
        printf("\nbacktrace:\n");
        backtrace_print(curthread, fp, tf);
    }
    end();
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vpanic(NULL, (uint64)__builtin_frame_address(0), fmt, ap);
}

void panic_trap(const struct trapframe *tf, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vpanic(tf, tf->s0, fmt, ap);
}
