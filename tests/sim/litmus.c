/* SPDX-License-Identifier: BSD-3-Clause
 * Litmus programs: a few primitives on each cpu, and which outcomes can be reached. They test the explorer:
 * what it reaches must be what is written in tests/test_explore.py.
 */
#include <string.h>

#include "explore.h"
#include "scenes.h"

static uint32 x, y;
static uint32 r[4];

/* What each cpu does, and when all have. */
static void (*const *parts)(void);

static void part(void *arg)
{
    parts[(uint64)arg]();
}

static void play(void (*const *p)(void), int n)
{
    parts = p;
    x = y = 0;
    memset(r, 0, sizeof(r));
    for (int i = 0; i < n; i++)
        explore_thread(i, TDPRI_KERN_DAEMON, part, (void *)(uint64)i, "litmus");
    explore_run();
    explore_outcome(r[0] << 24 | r[1] << 16 | r[2] << 8 | r[3]);
}

#define LITMUS(name, ...)                               \
    void play_##name(void)                              \
    {                                                   \
        static void (*const p[])(void) = {__VA_ARGS__}; \
        play(p, sizeof(p) / sizeof(p[0]));              \
    }

/* Store buffering: x = 1, look at y | y = 1, look at x. Both may see 0, unless fences are in between. */
static void sb0(void)
{
    poke(&x, 1);
    r[0] = peek(&y);
}
static void sb1(void)
{
    poke(&y, 1);
    r[1] = peek(&x);
}
static void sb0_fence(void)
{
    poke(&x, 1);
    fence();
    r[0] = peek(&y);
}
static void sb1_fence(void)
{
    poke(&y, 1);
    fence();
    r[1] = peek(&x);
}
static void sb0_release(void)
{
    publish(&x, 1);
    r[0] = consume(&y);
}
static void sb1_release(void)
{
    publish(&y, 1);
    r[1] = consume(&x);
}
LITMUS(sb, sb0, sb1)
LITMUS(sb_fence, sb0_fence, sb1_fence)
LITMUS(sb_one_fence, sb0_fence, sb1)
LITMUS(sb_release, sb0_release, sb1_release)

/* The same by full AMOs, which are no fences: C11 lets the loads go before them. */
static void sb0_full(void)
{
    amo_or_full(&x, 1);
    r[0] = peek(&y);
}
static void sb1_full(void)
{
    amo_or_full(&y, 1);
    r[1] = peek(&x);
}
LITMUS(sb_full, sb0_full, sb1_full)
LITMUS(sb_full_fence, sb0_full, sb1_fence)

/* Message passing: data x, flag y. */
static void mp0(void)
{
    poke(&x, 1);
    poke(&y, 1);
}
static void mp1(void)
{
    r[0] = peek(&y);
    r[1] = peek(&x);
}
static void mp0_release(void)
{
    poke(&x, 1);
    publish(&y, 1);
}
static void mp1_acquire(void)
{
    r[0] = consume(&y);
    r[1] = peek(&x);
}
static void mp0_fence(void)
{
    poke(&x, 1);
    fence();
    poke(&y, 1);
}
static void mp1_fence(void)
{
    r[0] = peek(&y);
    fence();
    r[1] = peek(&x);
}
static void mp0_amo(void)
{
    poke(&x, 1);
    amo_add_rel(&y, 1);
    amo_add(&y, 1); /* goes on with what the release carried */
}
static void mp0_same(void)
{
    poke(&x, 1);
    publish(&y, 1);
    poke(&y, 2); /* and so does the same cpu's next store */
}
LITMUS(mp_same, mp0_same, mp1_acquire)
LITMUS(mp, mp0, mp1)
LITMUS(mp_release, mp0_release, mp1_acquire)
LITMUS(mp_release_only, mp0_release, mp1)
LITMUS(mp_acquire_only, mp0, mp1_acquire)
LITMUS(mp_fence, mp0_fence, mp1_fence)
LITMUS(mp_amo, mp0_amo, mp1_acquire)

/* Load buffering: look at x, y = 1 | look at y, x = 1. Both seeing 1 is not explored. */
static void lb0(void)
{
    r[0] = peek(&x);
    poke(&y, 1);
}
static void lb1(void)
{
    r[1] = peek(&y);
    poke(&x, 1);
}
static void lb0_fence(void)
{
    r[0] = peek(&x);
    fence();
    poke(&y, 1);
}
static void lb1_fence(void)
{
    r[1] = peek(&y);
    fence();
    poke(&x, 1);
}
LITMUS(lb, lb0, lb1)
LITMUS(lb_fence, lb0_fence, lb1_fence)

/* Independent reads of independent writes: two that look in opposite orders. */
static void store_x(void)
{
    publish(&x, 1);
}
static void store_y(void)
{
    publish(&y, 1);
}
static void iriw0(void)
{
    r[0] = consume(&x);
    r[1] = consume(&y);
}
static void iriw1(void)
{
    r[2] = consume(&y);
    r[3] = consume(&x);
}
static void iriw0_fence(void)
{
    r[0] = peek(&x);
    fence();
    r[1] = peek(&y);
}
static void iriw1_fence(void)
{
    r[2] = peek(&y);
    fence();
    r[3] = peek(&x);
}
LITMUS(iriw, store_x, store_y, iriw0, iriw1)
LITMUS(iriw_fence, store_x, store_y, iriw0_fence, iriw1_fence)

/* Coherence: of one word nobody sees an older value after a newer one. */
static void corr0(void)
{
    poke(&x, 1);
    poke(&x, 2);
}
static void corr1(void)
{
    r[0] = peek(&x);
    r[1] = peek(&x);
}
static void corr1_fence(void)
{
    r[0] = peek(&x);
    fence();
    r[1] = peek(&x);
}
LITMUS(corr, corr0, corr1)
LITMUS(corr_fence, corr0, corr1_fence)

/* Two stores each, in opposite orders: both words ending with the first ones is not explored. */
static void ww0(void)
{
    poke(&x, 1);
    poke(&y, 2);
}
static void ww1(void)
{
    poke(&y, 1);
    poke(&x, 2);
}
static void ww0_fence(void)
{
    poke(&x, 1);
    fence();
    poke(&y, 2);
}
static void ww1_fence(void)
{
    poke(&y, 1);
    fence();
    poke(&x, 2);
}

static void play_ww(void (*const *p)(void))
{
    parts = p;
    x = y = 0;
    for (uint64 i = 0; i < 2; i++)
        explore_thread((int)i, TDPRI_KERN_DAEMON, part, (void *)i, "litmus");
    explore_run();
    explore_outcome(x << 24 | y << 16);
}
void play_ww_plain(void)
{
    static void (*const p[])(void) = {ww0, ww1};
    play_ww(p);
}
void play_ww_fence(void)
{
    static void (*const p[])(void) = {ww0_fence, ww1_fence};
    play_ww(p);
}
