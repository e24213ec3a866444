/* SPDX-License-Identifier: BSD-3-Clause
 * Many processes at once on all harts: each must keep its own registers, memory and pipes.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define NREGS 27 /* all but zero, ra, sp, and a0, which holds the block's address */

/*
 * Load all registers from values[], spin `rounds` times (in ra) so that interrupts and switches come
 * in between, make a system call if `call` is not 0, and store the registers to after[]. The block:
 * values[27], after[27], rounds, saved registers[15].
 */
__attribute__((naked)) static void hold_registers(uint64 *block __attribute__((unused)),
                                                  uint64 call __attribute__((unused)))
{
    __asm__ volatile(
        /* s0..s11, ra, gp and tp go to the block's end, a0 into a word that sp leads to */
        "sd ra, 440(a0); sd gp, 448(a0); sd tp, 456(a0); sd s0, 464(a0); sd s1, 472(a0)\n"
        "sd s2, 480(a0); sd s3, 488(a0); sd s4, 496(a0); sd s5, 504(a0); sd s6, 512(a0)\n"
        "sd s7, 520(a0); sd s8, 528(a0); sd s9, 536(a0); sd s10, 544(a0); sd s11, 552(a0)\n"
        "addi sp, sp, -16; sd a0, 0(sp); sd a1, 8(sp)\n"
        "ld gp, 0(a0); ld tp, 8(a0); ld t0, 16(a0); ld t1, 24(a0); ld t2, 32(a0)\n"
        "ld s0, 40(a0); ld s1, 48(a0); ld a1, 56(a0); ld a2, 64(a0); ld a3, 72(a0)\n"
        "ld a4, 80(a0); ld a5, 88(a0); ld a6, 96(a0); ld a7, 104(a0); ld s2, 112(a0)\n"
        "ld s3, 120(a0); ld s4, 128(a0); ld s5, 136(a0); ld s6, 144(a0); ld s7, 152(a0)\n"
        "ld s8, 160(a0); ld s9, 168(a0); ld s10, 176(a0); ld s11, 184(a0); ld t3, 192(a0)\n"
        "ld t4, 200(a0); ld t5, 208(a0)\n"
        "ld ra, 432(a0)\n"
        "1: addi ra, ra, -1; bnez ra, 1b\n"
        "ld ra, 8(sp); beqz ra, 2f\n"
        "li a7, 33; ecall\n" /* yield */
        "ld a0, 0(sp); ld a7, 104(a0)\n"
        "2: ld a0, 0(sp)\n"
        "sd gp, 216(a0); sd tp, 224(a0); sd t0, 232(a0); sd t1, 240(a0); sd t2, 248(a0)\n"
        "sd s0, 256(a0); sd s1, 264(a0); sd a1, 272(a0); sd a2, 280(a0); sd a3, 288(a0)\n"
        "sd a4, 296(a0); sd a5, 304(a0); sd a6, 312(a0); sd a7, 320(a0); sd s2, 328(a0)\n"
        "sd s3, 336(a0); sd s4, 344(a0); sd s5, 352(a0); sd s6, 360(a0); sd s7, 368(a0)\n"
        "sd s8, 376(a0); sd s9, 384(a0); sd s10, 392(a0); sd s11, 400(a0); sd t3, 408(a0)\n"
        "sd t4, 416(a0); sd t5, 424(a0)\n"
        "addi sp, sp, 16\n"
        "ld ra, 440(a0); ld gp, 448(a0); ld tp, 456(a0); ld s0, 464(a0); ld s1, 472(a0)\n"
        "ld s2, 480(a0); ld s3, 488(a0); ld s4, 496(a0); ld s5, 504(a0); ld s6, 512(a0)\n"
        "ld s7, 520(a0); ld s8, 528(a0); ld s9, 536(a0); ld s10, 544(a0); ld s11, 552(a0)\n"
        "ret\n");
}

static void hold_random(uint64 seed, uint64 rounds, uint64 call)
{
    uint64 block[2 * NREGS + 1 + 15];

    for (int i = 0; i < NREGS; i++)
        block[i] = next_random(&seed);
    block[2 * NREGS] = rounds;
    hold_registers(block, call);
    for (int i = 0; i < NREGS; i++)
        if (block[i] != block[NREGS + i])
            fail("register %d of the block: %p became %p", i, (void *)block[i],
                 (void *)block[NREGS + i]);
}

static void reap(int n)
{
    for (int i = 0; i < n; i++) {
        int status;
        CHECK(wait(&status) > 0);
        CHECK(status == 0);
    }
}

/* tp and gp too: they belong to the program, although the kernel uses tp for its own purposes. */
static void registers_over_call(void)
{
    for (uint64 i = 1; i <= 200; i++)
        hold_random(i * 0x9e3779b97f4a7c15UL, 1, 1);
}

static void registers_over_interrupts(void)
{
    for (uint64 i = 1; i <= 12; i++) {
        if (child() == 0) {
            for (int j = 0; j < 3; j++)
                hold_random(i * 0x9e3779b97f4a7c15UL, 2000000, 0);
            exit(0);
        }
    }
    reap(12);
}

/* All processes have memory at the same addresses, with different content. */
static void compute(void)
{
    for (uint64 i = 1; i <= 16; i++) {
        if (child() == 0) {
            uint64 seed = i, sum = 0, again = 0, *words = (uint64 *)(void *)buf;
            for (uint j = 0; j < BUFSIZE / 8; j++)
                sum += words[j] = next_random(&seed);
            for (int round = 0; round < 20; round++) {
                again = 0;
                for (uint j = 0; j < BUFSIZE / 8; j++)
                    again += words[j];
                CHECK(again == sum);
                if (round % 4 == 0)
                    yield();
            }
            exit(0);
        }
    }
    reap(16);
}

/* A number is passed around a ring of processes. */
static void ring(void)
{
    int first[2], left, fds[2], n = 12, rounds = 100;
    uint64 token = 0;

    CHECK(pipe(first) == 0);
    left = first[0];
    for (int i = 0; i < n; i++) {
        CHECK(pipe(fds) == 0);
        if (child() == 0) {
            close(fds[0]);
            close(first[1]);
            while (read(left, &token, sizeof(token)) == sizeof(token)) {
                token++;
                CHECK(write(fds[1], &token, sizeof(token)) == sizeof(token));
            }
            exit(0);
        }
        close(fds[1]);
        close(left);
        left = fds[0];
    }
    for (int i = 0; i < rounds; i++) {
        CHECK(write(first[1], &token, sizeof(token)) == sizeof(token));
        CHECK(read(left, &token, sizeof(token)) == sizeof(token));
    }
    CHECK(token == (uint64)(n * rounds));
    close(first[1]); /* the end of file is passed around too */
    reap(n);
}

const struct test load_tests[] = {
    {"registers_over_call", registers_over_call, 0},
    {"registers_over_interrupts", registers_over_interrupts, 0},
    {"compute", compute, 0},
    {"ring", ring, 0},
    {0, 0, 0},
};
