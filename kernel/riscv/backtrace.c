/*
 * Backtraces by frame pointer. The kernel is compiled with frame pointers: s0 holds the stack pointer
 * as it was at the function's entry, and below it lie
 *
 *      s0 ->  +------------------+
 *             | return address   |  s0 - 8
 *             | caller's s0      |  s0 - 16
 *
 * except that a function which calls nothing saves only the caller's s0, at s0 - 8.
 *
 * Called in a panic, about a kernel that is broken: no frame pointer is followed before it is known
 * to lie in the thread's stack or in the kernel's own data (boot and overflow stacks), so nothing here
 * faults, and the number of frames is bounded, so nothing here goes round in circles.
 */
#include "riscv/backtrace.h"

#include "kernel/memlayout.h"
#include "lib/ksyms.h"
#include "lib/printf.h"
#include "lwkt/thread.h"
#include "riscv/fdt.h"
#include "riscv/trapframe.h"

#define MAXFRAMES 32
#define SHORTFRAMES 8

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
    if (fp % 8 != 0)
        return false;
    if (frame_within(fp, (uint64)__rodata_end, (uint64)__kernel_end))
        return true;
    return backtrace_valid_thread(td) &&
           frame_within(fp, td->td_mach.md_stack_base, td->td_mach.md_stack_top);
}

static uint64 load(uint64 addr)
{
    return *(const uint64 *)addr;
}

/*
 * Go from the frame *fp to its caller's. Returns the return address, or 0 at the end. leaf_ra: the
 * return address of a function that saved none, if the frame can be such a one's; else 0.
 */
static uint64 next_frame(const struct thread *td, uint64 *fp, uint64 leaf_ra)
{
    if (!valid_fp(td, *fp))
        return 0;
    uint64 ra = load(*fp - 8);
    if (is_text(ra)) {
        *fp = load(*fp - 16);
        return ra;
    }
    *fp = ra;                        /* a leaf function's frame holds just the caller's s0 */
    return is_text(leaf_ra) ? leaf_ra : 0;
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

void backtrace_print(const struct thread *td, uint64 fp, const struct trapframe *tf)
{
    uint64 leaf_ra = 0, pc;

    if (tf != NULL) {
        print_line(tf->sepc, false);
        leaf_ra = tf->ra;
    }
    for (int i = 0; i < MAXFRAMES && (pc = next_frame(td, &fp, leaf_ra)) != 0; i++) {
        print_line(pc, true);
        leaf_ra = 0;
    }
}

void backtrace_print_short(const struct thread *td, uint64 fp)
{
    const char *name;
    uint64 offset, pc;

    for (int i = 0; i < SHORTFRAMES && (pc = next_frame(td, &fp, 0)) != 0; i++) {
        if (ksym_lookup(pc - 1, &name, &offset))
            printf(" %s", name);
        else
            printf(" %lx", pc);
    }
}
