/* SPDX-License-Identifier: BSD-3-Clause
 * Backtraces by frame pointer. The kernel is compiled with frame pointers: s0 holds the stack pointer
 * as it was at the function's entry, and below it lie
 *
 *      s0 ->  +------------------+
 *             | return address   |  s0 - 8
 *             | caller's s0      |  s0 - 16
 *
 * except that a function which calls nothing saves only the caller's s0, at s0 - 8.
 *
 * Called in a panic, when the kernel is broken. A frame pointer is followed only if it lies in the
 * thread's stack or in the kernel's own data (boot and overflow stacks), so nothing here faults; the
 * number of frames is bounded, so nothing here loops for ever. A function that calls itself many times
 * takes one line.
 *
 * A build without INVARIANTS has no frame pointers either: then only the trapped code is known.
 */
#include "lib/backtrace.h"

#include "boot/boot.h"
#include "kernel/memlayout.h"
#include "lib/ksyms.h"
#include "lib/printf.h"
#include "lwkt/thread.h"
#include "riscv/fdt.h"
#include "riscv/trap.h"
#include "riscv/trapframe.h"

#define MAXFRAMES 512 /* no stack holds more */
#define SHORTFRAMES 8
#define STOPFRAMES 4 /* at most, between panic_stop and the interrupt that called it */

extern const char __kernel_start[], __text_end[], __rodata_end[], __kernel_end[];

static bool is_text(uint64 addr)
{
    return addr >= (uint64)__kernel_start && addr < (uint64)__text_end;
}

/* [addr - 16, addr) lies in [low, high). */
static bool frame_within(uint64 addr, uint64 low, uint64 high)
{
    return addr >= low + 16 && addr >= 16 && addr <= high;
}

bool backtrace_valid_thread(const struct thread *td)
{
    uint64 addr = (uint64)td;

    return addr % 8 == 0 && addr >= KERNBASE + KERNLOAD &&
           addr + sizeof(*td) <= KERNBASE + board.mem_end;
}

static bool valid_fp(const struct thread *td, uint64 fp)
{
#ifndef INVARIANTS
    return false;
#endif
    if (fp % 8 != 0)
        return false;
    if (frame_within(fp, (uint64)__rodata_end, (uint64)__kernel_end))
        return true;
    return backtrace_valid_thread(td) &&
           frame_within(fp, td->td_mach.md_stack_base, td->td_mach.md_stack_top);
}

/* The state of a walk from callee to caller. */
struct walk {
    const struct thread *td;    /* whose stack */
    uint64 fp;                  /* the next frame to look at */
    const struct trapframe *tf; /* a trap frame comes before that; NULL: none */
    uint64 ra;                  /* a caller that was found in a register; 0: none */
};

static uint64 load(uint64 addr)
{
    return *(const uint64 *)addr;
}

/* Whether a and b are known to lie in different functions. */
static bool other_function(uint64 a, uint64 b)
{
    const char *name_a, *name_b;
    uint64 offset;

    return ksym_lookup(a, &name_a, &offset) && ksym_lookup(b, &name_b, &offset) && name_a != name_b;
}

/*
 * Step over code that was interrupted. Its return address is still in ra if it has called nothing
 * itself (else ra points into the same function), or if it was called at a bad address. Then s0 is
 * either its own frame, with or without that address in it, or still the caller's.
 */
static uint64 step_trap(struct walk *w)
{
    const struct trapframe *tf = w->tf;

    w->tf = NULL;
    w->fp = tf->s0;
    if (is_text(tf->sepc) && !other_function(tf->sepc, tf->ra))
        return tf->sepc;
    if (valid_fp(w->td, w->fp) && load(w->fp - 8) == tf->ra)
        return tf->sepc;
    w->ra = tf->ra;
    if (is_text(tf->sepc) && valid_fp(w->td, w->fp) && !is_text(load(w->fp - 8)))
        w->fp = load(w->fp - 8);
    return tf->sepc;
}

/*
 * The trap frame of the kernel code that a trap interrupted, when ra is in the trap's entry: then the
 * frame pointer of the C function that the entry called is the address of the trap frame.
 */
static const struct trapframe *trapframe_at(const struct walk *w, uint64 fp, uint64 ra)
{
    const struct trapframe *tf = (const struct trapframe *)fp;

    if (ra < (uint64)trap_entry || ra >= (uint64)from_user || !valid_fp(w->td, fp + sizeof(*tf)))
        return NULL;
    return tf;
}

/* One code address outwards; false at the end. *is_return: whether it is a return address. */
static bool step(struct walk *w, uint64 *pc, bool *is_return)
{
    uint64 fp = w->fp;

    *is_return = w->tf == NULL;
    if (w->tf != NULL) {
        *pc = step_trap(w);
        return true;
    }
    *pc = w->ra;
    w->ra = 0;
    if (is_text(*pc))
        return true;
    if (!valid_fp(w->td, fp) || !is_text(load(fp - 8)))
        return false;
    *pc = load(fp - 8);
    w->fp = load(fp - 16);
    w->tf = trapframe_at(w, fp, *pc);
    return true;
}

/* A return address names the instruction after the call, which may belong to the next function. */
static void print_line(uint64 pc, bool is_return)
{
    const char *name;
    uint64 offset;

    if (ksym_lookup(pc - is_return, &name, &offset))
        printf("  %016lx %s+0x%lx\n", pc, name, offset + is_return);
    else
        printf("  %016lx\n", pc);
}

/* The line above stands for n more calls of the function by itself. */
static void print_repeats(uint64 n)
{
    if (n > 0)
        printf("  ... and %lu times more\n", n);
}

void backtrace_print(const struct thread *td, uint64 fp, const struct trapframe *tf)
{
    struct walk w = {.td = td, .fp = fp, .tf = tf};
    uint64 pc, last = 0, again = 0;
    bool is_return;

#ifndef INVARIANTS
    printf("  (no frame pointers: built with INVARIANTS=0)\n");
#endif
    for (int i = 0; i < MAXFRAMES && step(&w, &pc, &is_return); i++) {
        if (is_return && pc == last) {
            again++;
            continue;
        }
        print_repeats(again);
        if (!is_return && i > 0)
            printf("  --- interrupted:\n");
        print_line(pc, is_return);
        last = pc;
        again = 0;
    }
    print_repeats(again);
}

/* Move the walk to what the hart did before an interrupt stopped it, if it was one that did. */
static void skip_interrupt(struct walk *w)
{
    struct walk ahead = *w;
    uint64 pc;
    bool is_return;

    for (int i = 0; i < STOPFRAMES && step(&ahead, &pc, &is_return); i++) {
        if (ahead.tf != NULL) {
            *w = ahead;
            return;
        }
    }
}

void backtrace_print_short(const struct thread *td, uint64 fp)
{
    struct walk w = {.td = td, .fp = fp};
    const char *name;
    uint64 offset, pc;
    bool is_return;

    skip_interrupt(&w);
    for (int i = 0; i < SHORTFRAMES && step(&w, &pc, &is_return); i++) {
        if (ksym_lookup(pc - is_return, &name, &offset))
            printf("%s %s", i > 0 ? " <" : "", name);
        else
            printf("%s %lx", i > 0 ? " <" : "", pc);
    }
}

void backtrace_save(uint64 fp, uint64 *calls, int n)
{
    struct walk w = {.td = curthread, .fp = fp};
    bool is_return;

    for (int i = 0; i < n; i++)
        if (!step(&w, &calls[i], &is_return))
            calls[i] = 0;
}

void backtrace_names(char *text, size_t size, const uint64 *calls, int n)
{
    const char *name;
    uint64 offset;
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < n && used < size && ksym_lookup(calls[i] - 1, &name, &offset); i++)
        used += (size_t)snprintf(text + used, size - used, "%s %s", i > 0 ? " <" : "", name);
}
