/* SPDX-License-Identifier: BSD-3-Clause
 * Playing the steps of a script. kernel/ktest_steps.h is the table of all steps; its rows become here,
 * one after the other, the functions that play them and the kinds of operands that they take.
 */
#include <limits.h>

#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/mplock.h"
#include "sync/sleep.h"

static thread_t td(int t)
{
    return kt_run->td[t];
}

static int64 *var(int v)
{
    return &kt_run->var[v];
}

/* xorshift64*; the scene's seed and the script decide. */
uint64 kt_random(struct kt_context *ctx)
{
    uint64 x = ctx->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    ctx->random = x;
    return x * 0x2545f4914f6cdd1dUL;
}

/* Outside of all sections nothing may be left noted: event "left" counts how often something was. */
static void storm(struct kt_context *ctx, bool raise, int rounds)
{
    int left = 0;

    while ((rounds-- > 0 || kt_chain_running()) && peek(&kt_run->stop) == 0) {
        int nesting = 1 + (int)(kt_random(ctx) % 8);
        for (int i = 0; i < nesting; i++)
            crit_enter();
        if (raise)
            set_sip(SIE_SSIE); /* as cpu_ipi_raise of this cpu, but without its many instructions */
        for (int i = 0; i < nesting; i++)
            crit_exit();
        left += peek(&mycpu->gd_reqflags) != 0;
    }
    kt_log("left", ctx->name, left);
}

static void spin(int us)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;

    while (cpu_time() < end)
        ;
}

/* cpu_relax() notes that messages may have come; the end of the section takes them, unless the caller
 * is in another section. */
void kt_relax(void)
{
    cpu_relax();
    crit_enter();
    crit_exit();
}

void kt_pause(int us)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;

    while (cpu_time() < end)
        kt_relax();
}

static void pause_at_random(struct kt_context *ctx, int us)
{
    kt_pause((int)(kt_random(ctx) % ((uint64)us + 1)));
}

/* IPI body. */
static void play_body(void *arg)
{
    struct kt_context ctx = {.name = "ipi", .pc = (int)(uint64)arg};

    kt_play(&ctx);
}

static void send_script(struct kt_context *ctx, int cpu, int script)
{
    ctx->last_seq = lwkt_send_ipiq_bycpu(cpu, play_body, (void *)(uint64)script);
    kt_log("sent", ctx->name, ctx->last_seq);
}

static void send_script_passive(struct kt_context *ctx, int cpu, int script)
{
    ctx->last_seq = lwkt_send_ipiq_passive(globaldata_of[cpu], play_body, (void *)(uint64)script);
}

static void play_created(void *arg)
{
    struct kt_refs refs = {.taken = 0};
    struct kt_context ctx = {.name = curthread->td_comm, .pc = (int)(uint64)arg, .refs = &refs};

    kt_play(&ctx);
    kt_tokens_drop(&ctx);
    kt_thread_ended();
}

static void create(struct kt_context *ctx, int cpu, int script)
{
    void *arg = (void *)(uint64)script;

    amo_add(&kt_run->alive, 1);
    if (lwkt_create(play_created, arg, NULL, NULL, TDF_MPSAFE, cpu, "created") < 0) {
        amo_add(&kt_run->alive, (uint32)-1);
        kt_log("nomem", ctx->name, 0);
    }
}

static void wait_var(int v, int64 value)
{
    while (consume(var(v)) < value && peek(&kt_run->stop) == 0)
        kt_relax();
}

static void repeat(struct kt_context *ctx, int count)
{
    ctx->loop_pc[ctx->depth] = ctx->pc;
    ctx->loop_left[ctx->depth++] = count;
}

static void again(struct kt_context *ctx)
{
    int d = ctx->depth - 1;

    if (--ctx->loop_left[d] > 0)
        ctx->pc = ctx->loop_pc[d];
    else
        ctx->depth = d;
}

/* --- the table --- */

/* Kinds of operands. */
enum takes {
    TAKES_ANY,
    TAKES_BOOL,
    TAKES_NATURAL,
    TAKES_COUNT, /* 1 or more */
    TAKES_THREAD,
    TAKES_SCRIPT, /* the index of its first step */
    TAKES_VAR,
    TAKES_TOKEN,
    TAKES_WAIT_QUEUE,
    TAKES_CPU,
    TAKES_CPUS, /* a mask, perhaps with cpus that do not exist */
    TAKES_PRI,
    TAKES_SOURCES,      /* of interrupts: a mask */
    TAKES_SOURCES_ITHD, /* the same, with an interrupt thread */
    TAKES_POINT,
    TAKES_SETTING, /* of a test point */
    TAKES_WAKEUPS, /* a number; below 0: all */
    TAKES_TIMER,   /* plus 256 times a cpu */
    TAKES_IDENT,   /* a variable, plus 256 times a domain of tsleep */
};

#define UNUSED __attribute__((unused))
#ifndef KT_PLAYS /* a program that plays scenes without the kernel leaves some out */
#define KT_PLAYS(op, call) call
#endif
#define STEP(op, kind_a, kind_b, call)                                                  \
    static void kt_play_##op(struct kt_context *ctx UNUSED, int a UNUSED, int b UNUSED) \
    {                                                                                   \
        KT_PLAYS(op, call);                                                             \
    }
#include "kernel/ktest_steps.h"
#undef STEP

static const struct {
    enum takes a, b;
    void (*play)(struct kt_context *ctx, int a, int b);
} steps[K_NOPS] = {
#define STEP(op, kind_a, kind_b, call) [op] = {TAKES_##kind_a, TAKES_##kind_b, kt_play_##op},
#include "kernel/ktest_steps.h"
#undef STEP
};

void __attribute__((section(".text.watched"))) kt_play(struct kt_context *ctx)
{
    ctx->random = ((uint64)kt_run->scene.seed << 20) + (uint64)ctx->pc + 1;
    while (peek(&kt_run->stop) == 0 && kt_run->scene.step[ctx->pc].op != K_END) {
        const struct kt_step *s = &kt_run->scene.step[ctx->pc++];
        steps[s->op].play(ctx, s->a, s->b);
    }
}

/* --- what a scene must look like before it is played --- */

static bool operand_valid(const struct kt_scene *scene, enum takes kind, int64 x)
{
    const struct {
        int64 least, most;
    } range[] = {
        [TAKES_ANY] = {INT_MIN, INT_MAX},
        [TAKES_BOOL] = {0, 1},
        [TAKES_NATURAL] = {0, INT_MAX},
        [TAKES_COUNT] = {1, INT_MAX},
        [TAKES_THREAD] = {0, scene->nthreads - 1},
        [TAKES_SCRIPT] = {0, scene->nsteps - 1},
        [TAKES_VAR] = {0, KT_VARS - 1},
        [TAKES_TOKEN] = {0, KT_TOKENS - 1},
        [TAKES_WAIT_QUEUE] = {0, KT_WAITS - 1},
        [TAKES_CPU] = {0, ncpus - 1},
        [TAKES_CPUS] = {0, 0xffff},
        [TAKES_PRI] = {0, TDPRI_MAX},
        [TAKES_SOURCES] = {0, 15},
        [TAKES_SOURCES_ITHD] = {0, 63},
        [TAKES_POINT] = {0, KP_COUNT - 1},
        [TAKES_SETTING] = {0, KT_SETTING_MAX},
        [TAKES_WAKEUPS] = {INT_MIN, INT_MAX},
    };

    if (kind == TAKES_TIMER)
        return (x & 0xff) < KT_TIMERS && x >> 8 < ncpus;
    if (kind == TAKES_IDENT)
        return (x & 0xff) < KT_VARS;
    return x >= range[kind].least && x <= range[kind].most;
}

/* Loops must be closed in each stretch up to a K_END, and at most four deep. */
static bool steps_valid(const struct kt_scene *scene)
{
    int depth = 0;

    for (int i = 0; i < scene->nsteps; i++) {
        const struct kt_step *s = &scene->step[i];
        if (s->op >= K_NOPS || !operand_valid(scene, steps[s->op].a, s->a) ||
            !operand_valid(scene, steps[s->op].b, s->b))
            return false;
        depth += s->op == K_REPEAT ? 1 : s->op == K_AGAIN ? -1 : 0;
        if (depth < 0 || depth > 4 || (s->op == K_END && depth != 0))
            return false;
    }
    return true;
}

bool kt_scene_valid(const struct kt_scene *scene)
{
    int callers = 0;

    if (scene->nthreads < 1 || scene->nthreads > KT_THREADS || scene->nsteps < 1 ||
        scene->nsteps > KT_STEPS || scene->step[scene->nsteps - 1].op != K_END ||
        !steps_valid(scene))
        return false;
    for (int i = 0; i < scene->nthreads; i++) {
        const struct kt_thread *t = &scene->thread[i];
        if ((t->flags & KTF_CALLER) != 0 && (callers++ > 0 || t->cpu != mycpuid))
            return false;
        if (t->cpu < 0 || t->cpu >= ncpus || t->pri < 0 || t->pri > TDPRI_MAX || t->script < 0 ||
            t->script >= scene->nsteps)
            return false;
    }
    return true;
}
