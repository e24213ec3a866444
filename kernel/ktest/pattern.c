/* SPDX-License-Identifier: BSD-3-Clause
 * Steps that check what preemption must not change. Threads preempt others by force, while those hold
 * a pattern in their registers, or a reservation. The loops are in pattern.S.
 *
 * A preempter is an interrupt thread of the scene that K_FORCE has put on a list. At the end of every
 * so many interrupts outside of critical sections (KP_FORCE_PREEMPT) the next thread of the list is
 * scheduled, so that one with a better priority preempts another in the middle of its work.
 */
#include "ktest/internal.h"
#include "lib/string.h"
#include "lwkt/crit.h"

#define FORCED_MAX 4
#define LOOPS 40             /* in a round of a pattern, two instructions each ... */
#define PREEMPTER_LOOPS 3000 /* ... and at most in a preempter's, which others preempt */
#define DELAY 20             /* loops between LR and SC */

void pattern_interrupted(uint64 reg[32], uint64 loops);
void pattern_call(uint64 reg[32], void (*func)(void *), void *arg);
uint64 lrsc_add(uint64 *word, uint32 *runs, uint64 delay);
uint64 lrsc_call(uint64 *word, void (*func)(void));

/* The scene's preempters on each cpu. */
static struct forced {
    thread_t td[FORCED_MAX];
    uint32 count; /* published after td[] */
    uint32 interrupts;
} __attribute__((aligned(CACHE_LINE))) forced[NCPU];

static uint64 word;  /* of K_LRSC: LR and SC */
static uint64 added; /* to it by preempters: AMO */
static uint32 runs;  /* of preempters: AMO */

void kt_force_reset(void)
{
    memset(forced, 0, sizeof(forced));
    word = added = 0;
    runs = 0;
}

void kt_force_add(thread_t td)
{
    struct forced *f = &forced[td->td_gd->gd_cpuid];

    if (f->count < FORCED_MAX) {
        f->td[f->count] = td;
        publish(&f->count, f->count + 1); /* consume: kt_force */
    }
}

bool kt_force(uint64 every)
{
    struct forced *f = &forced[mycpuid];
    uint32 count = consume(&f->count); /* publish: kt_force_add */

    if (count == 0)
        return false;
    if (amo_add(&f->interrupts, 1) % every == 0)
        lwkt_schedule(f->td[f->interrupts / every % count]);
    return true;
}

static uint64 next_random(struct kt_context *ctx)
{
    ctx->random = ctx->random * 6364136223846793005UL + 1442695040888963407UL;
    return ctx->random ^ ctx->random >> 32;
}

static void draw_pattern(struct kt_context *ctx, uint64 expected[32], uint64 reg[32])
{
    for (int i = 0; i < 32; i++)
        expected[i] = reg[i] = next_random(ctx);
    expected[2] = expected[4] = 0; /* sp and tp */
}

/* A bit for each register that does not have the expected value. */
static uint64 damage(const uint64 expected[32], const uint64 reg[32])
{
    uint64 damaged = 0;

    for (int i = 1; i < 32; i++)
        if (reg[i] != expected[i])
            damaged |= 1UL << i;
    return damaged;
}

/* A loop with a pattern in all registers. */
static uint64 pattern_loop(struct kt_context *ctx, uint64 loops)
{
    uint64 expected[32], reg[32];

    draw_pattern(ctx, expected, reg);
    pattern_interrupted(reg, loops);
    expected[30] += loops;
    expected[31] = 0;
    return damage(expected, reg);
}

/* Both arrays are on the stack meanwhile, so damage to the stack shows too. */
uint64 kt_pattern_call(struct kt_context *ctx, void (*func)(void *), void *arg)
{
    uint64 expected[32], reg[32];

    draw_pattern(ctx, expected, reg);
    pattern_call(reg, func, arg);
    return damage(expected, reg);
}

static void call_yield(void *arg)
{
    (void)arg;
    lwkt_yield();
}

void kt_pattern(struct kt_context *ctx, int work, int rounds)
{
    uint64 damaged = 0;

    while (rounds-- > 0 && peek(&kt_run->stop) == 0)
        damaged |=
            work == KW_PATTERN ? pattern_loop(ctx, LOOPS) : kt_pattern_call(ctx, call_yield, NULL);
    kt_log("damaged", ctx->name, (int64)damaged);
}

static void add_one(void)
{
    lrsc_add(&word, &runs, 0);
    amo_add(&added, 1);
}

/* What a preempter does at each run. */
static uint64 preempter_work(struct kt_context *ctx, int work)
{
    switch (work) {
    case KW_PATTERN:
        return pattern_loop(ctx, 1 + next_random(ctx) % PREEMPTER_LOOPS);
    case KW_ADD:
        add_one();
        return 0;
    default:
        return 0;
    }
}

static bool preempters_end(void)
{
    return consume(&kt_run->var[0]) != 0 || peek(&kt_run->stop) != 0;
}

/*
 * The thread ends when it is scheduled after v[0] was set: the code that sets v[0], on this cpu,
 * schedules it afterwards. The critical section keeps that from happening between the last look at v[0]
 * and the deschedule, which would undo it.
 */
void kt_preempter(struct kt_context *ctx, int work)
{
    uint64 ran = 0, nested = 0, damaged = 0;

    while (!preempters_end()) {
        thread_t below = curthread->td_preempted;
        ran++;
        nested += below != NULL && below->td_preempted != NULL;
        amo_add(&runs, 1);
        damaged |= preempter_work(ctx, work);
        crit_enter();
        if (!preempters_end()) {
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
        crit_exit();
    }
    kt_log("ran", ctx->name, (int64)ran);
    kt_log("nested", ctx->name, (int64)nested);
    kt_log("damaged", ctx->name, (int64)damaged);
}

static void schedule_forced(void)
{
    lwkt_schedule(forced[mycpuid].td[0]);
}

/* An emulator may end reservations at traps. So with `direct` the switch between LR and SC is made by a
 * call, on whose path nothing but the switch itself has an SC. */
void kt_lrsc(struct kt_context *ctx, bool direct, int rounds)
{
    uint64 crossed = 0;

    while (rounds-- > 0 && peek(&kt_run->stop) == 0)
        crossed += direct ? lrsc_call(&word, schedule_forced) : lrsc_add(&word, &runs, DELAY);
    kt_log("crossed", ctx->name, (int64)crossed);
}

void kt_log_sum(const char *name)
{
    kt_log("sum", name, (int64)word);
    kt_log("added", name, (int64)added);
}
