/*
 * Threads that preempt by force while others hold a pattern in their registers, or a reservation: what
 * comes back must be what was there. The loops themselves are pattern.S's.
 *
 * A preempter is an interrupt thread of the scene, on K_FORCE's list. At the end of every so many
 * interrupts outside of critical sections (KN_FORCE_PREEMPT) one of the list is scheduled, the next one
 * the next time, so that a better one preempts a worse one in the middle of its own work.
 */
#include "ktest/ktest.h"
#include "lib/string.h"
#include "lwkt/crit.h"

#define FORCED_MAX 4
#define LOOPS 40             /* of a pattern's round, two instructions each ... */
#define PREEMPTER_LOOPS 3000 /* ... and of a preempter's, at most: others preempt it */
#define DELAY 20             /* between LR and SC */

void pattern_interrupted(uint64 reg[32], uint64 loops);
void pattern_call(uint64 reg[32], void (*func)(void));
uint64 lrsc_add(uint64 *word, uint32 *runs, uint64 delay);
uint64 lrsc_call(uint64 *word, void (*func)(void));

/* This scene's preempters, by cpu. */
static struct forced {
    thread_t td[FORCED_MAX];
    uint32 count; /* published last */
    uint32 interrupts;
} __attribute__((aligned(CACHE_LINE))) forced[NCPU];

static uint64 word;  /* K_LRSC's: LR and SC */
static uint64 added; /* to it by preempters: AMO */
static uint32 runs;  /* of preempters: AMO */

void kt_force_reset(void)
{
    memset(forced, 0, sizeof(forced));
    word = added = 0;
    runs = 0;
}

static void add_forced(thread_t td)
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
    uint32 count = consume(&f->count); /* publish: add_forced */

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

/* A round; a bit for each register that is not what it has to be. */
static uint64 pattern_round(struct kt_context *ctx, int work, uint64 loops)
{
    uint64 before[32], reg[32], damaged = 0;

    for (int i = 0; i < 32; i++)
        before[i] = reg[i] = next_random(ctx);
    if (work == KW_PATTERN) {
        pattern_interrupted(reg, loops);
        before[30] += loops;
        before[31] = 0;
    } else {
        pattern_call(reg, lwkt_yield);
    }
    before[2] = before[4] = 0;
    for (int i = 1; i < 32; i++)
        if (reg[i] != before[i])
            damaged |= 1UL << i;
    return damaged;
}

static void pattern(struct kt_context *ctx, int work, int rounds)
{
    uint64 damaged = 0;

    while (rounds-- > 0 && peek(&kt_run->stop) == 0)
        damaged |= pattern_round(ctx, work, LOOPS);
    kt_log("damaged", ctx->name, (int64)damaged);
}

static void add(uint64 n)
{
    while (n-- > 0) {
        lrsc_add(&word, &runs, 0);
        amo_add(&added, 1);
    }
}

/* What a preempter does at each run. */
static uint64 preempter_work(struct kt_context *ctx, int work)
{
    switch (work) {
    case KW_PATTERN:
        return pattern_round(ctx, KW_PATTERN, 1 + next_random(ctx) % PREEMPTER_LOOPS);
    case KW_ADD:
        add(1);
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
 * The thread's life; it ends when it is scheduled after v[0] was set. Who sets v[0], on this cpu, then
 * schedules us; in the section, so that nobody does between our last look and the deschedule, where
 * being scheduled would be lost.
 */
static void preempter(struct kt_context *ctx, int work)
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

/* An emulator may end reservations at traps. So, with `direct`, the switch between LR and SC comes by a
 * call, and nothing on the way has an SC but the switch itself. */
static void lrsc(struct kt_context *ctx, bool direct, int rounds)
{
    uint64 crossed = 0;

    while (rounds-- > 0 && peek(&kt_run->stop) == 0)
        crossed += direct ? lrsc_call(&word, schedule_forced) : lrsc_add(&word, &runs, DELAY);
    kt_log("crossed", ctx->name, (int64)crossed);
}

bool kt_play_pattern(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_FORCE:
        add_forced(kt_run->td[s->a]);
        break;
    case K_PREEMPTER:
        preempter(ctx, s->b);
        break;
    case K_PATTERN:
        pattern(ctx, s->a, s->b);
        break;
    case K_LRSC:
        lrsc(ctx, s->a != 0, s->b);
        break;
    case K_SUM:
        kt_log("sum", ctx->name, (int64)word);
        kt_log("added", ctx->name, (int64)added);
        break;
    default:
        return false;
    }
    return true;
}
