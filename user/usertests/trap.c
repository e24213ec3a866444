/* SPDX-License-Identifier: BSD-3-Clause
 * What a program must not do: each of these ends the process with status -1, and harms nothing else.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define RET_INSTRUCTION 0x00008067u

static const uint constant_code = RET_INSTRUCTION;
static uint data_code = RET_INSTRUCTION;

static void load(uint64 addr)
{
    (void)*(volatile char *)addr;
}

static void store(uint64 addr)
{
    *(volatile char *)addr = 1;
}

static void jump(uint64 addr)
{
    ((void (*)(void))addr)();
}

static void bad_loads(void)
{
    for (int i = 0; i < nbad_addresses; i++) {
        expect_killed(load, bad_addresses[i], "load");
        expect_killed(store, bad_addresses[i], "store");
        expect_killed(jump, bad_addresses[i] & ~1UL, "jump");
    }
}

/* Nothing is at 0, where a null pointer leads, nor at the offset of a field. */
static void null_pointer(void)
{
    for (uint64 addr = 0; addr < PGSIZE; addr += PGSIZE / 2) {
        expect_killed(load, addr, "load through a null pointer");
        expect_killed(store, addr, "store through a null pointer");
        expect_killed(jump, addr, "call of a null pointer");
    }
}

static void write_text(void)
{
    expect_killed(store, (uint64)write_text, "store to the text");
    expect_killed(store, (uint64)&constant_code, "store to a constant");
}

static void execute_data(void)
{
    uint stack_code = RET_INSTRUCTION;
    uint *heap_code = (uint *)(void *)sbrk(64);

    *heap_code = RET_INSTRUCTION;
    *(volatile uint *)&stack_code = RET_INSTRUCTION;
    expect_killed(jump, (uint64)&data_code, "execution of data");
    expect_killed(jump, (uint64)&constant_code, "execution of a constant");
    expect_killed(jump, (uint64)&stack_code, "execution of the stack");
    expect_killed(jump, (uint64)heap_code, "execution of the heap");
}

#define MYSTACK 4 /* pages: the Makefile's STACK_usertests */

/* From the text upwards, every page but the guard below the stack belongs to the program. */
static void stack_guard(void)
{
    uint64 top = PGROUNDUP((uint64)main_argv);
    uint64 guard = top - (MYSTACK + 1) * PGSIZE;

    load(guard + PGSIZE); /* the stack's lowest byte */
    expect_killed(load, guard + PGSIZE - 1, "load from the stack's guard");
    expect_killed(store, guard + PGSIZE - 1, "store to the stack's guard");
    expect_killed(load, guard, "load from the stack's guard");
}

/* System calls cannot use the guard either. */
static void stack_guard_calls(void)
{
    uint64 top = PGROUNDUP((uint64)main_argv);
    char *guard = (char *)(top - (MYSTACK + 1) * PGSIZE);
    int fds[2];

    CHECK(pipe(fds) == 0);
    CHECK(write(fds[1], guard, 10) == -1);
    CHECK(write(fds[1], "0123456789", 10) == 10);
    CHECK(read(fds[0], guard, 10) == -1);
    CHECK(open(guard, O_RDONLY) == -1);
}

static int recurse(int n)
{
    volatile char frame[512];

    for (uint i = 0; i < sizeof(frame); i++)
        frame[i] = (char)n;
    return n == 0 ? frame[5] : recurse(n - 1) + frame[6];
}

static void overflow(uint64 depth)
{
    recurse((int)depth);
}

static void stack_overflow(void)
{
    recurse(10);
    expect_killed(overflow, 1000000, "endless recursion");
}

static void do_illegal(uint64 which)
{
    switch (which) {
    case 0:
        __asm__ volatile(".word 0");
        break;
    case 1:
        __asm__ volatile(".word 0xffffffff");
        break;
    case 2:
        __asm__ volatile("ebreak");
        break;
    case 3:
        __asm__ volatile("csrr a0, sstatus" ::: "a0");
        break;
    case 4:
        __asm__ volatile("csrw satp, zero");
        break;
    case 5:
        __asm__ volatile("sret");
        break;
    case 6:
        __asm__ volatile("sfence.vma");
        break;
    case 7: /* fadd.d ft0, ft0, ft0: floating point is off */
        __asm__ volatile(".word 0x02007053");
        break;
    }
}

static void illegal_instructions(void)
{
    for (uint64 i = 0; i < 8; i++)
        expect_killed(do_illegal, i, "instruction");
}

/* The kernel does not rely on the stack pointer: with any value, a call works and returns. */
static void bad_stack_pointer(void)
{
    for (int i = 0; i < nbad_addresses; i++) {
        register uint64 a0 __asm__("a0") = 0;
        register uint64 a7 __asm__("a7") = 11; /* getpid */
        __asm__ volatile("mv t0, sp; mv sp, %1; ecall; mv sp, t0"
                         : "+r"(a0)
                         : "r"(bad_addresses[i]), "r"(a7)
                         : "t0", "memory");
        CHECK((int)a0 == getpid());
    }
}

/* Misaligned loads and stores work: the hardware or the firmware does them. */
static void misaligned(void)
{
    for (int i = 0; i < 8; i++) {
        volatile uint64 *p = (uint64 *)(void *)(buf + 4096 - 4 + i);
        *p = 0x1122334455667788UL;
        CHECK(*p == 0x1122334455667788UL);
        CHECK((uchar)buf[4096 - 4 + i] == 0x88);
    }
}

const struct test trap_tests[] = {
    {"bad_loads", bad_loads, 0},
    {"null_pointer", null_pointer, 0},
    {"write_text", write_text, 0},
    {"execute_data", execute_data, 0},
    {"stack_guard", stack_guard, 0},
    {"stack_guard_calls", stack_guard_calls, 0},
    {"stack_overflow", stack_overflow, 0},
    {"illegal_instructions", illegal_instructions, 0},
    {"bad_stack_pointer", bad_stack_pointer, 0},
    {"misaligned", misaligned, 0},
    {0, 0, 0},
};
