/*
 * Playing scripts: one step, one call of the threading core.
 */
#include "kernel/riscv.h"
#include "ktest/ktest.h"
#include "lib/assert.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "sync/sleep.h"

/* xorshift64*; the scene's seed and the thread decide. */
uint64 kt_random(struct kt_context *ctx)
{
    uint64 x = ctx->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    ctx->random = x;
    return x * 0x2545f4914f6cdd1dUL;
}

/* Outside all sections nothing may be left noted: event "left" counts how often something was. */
static void storm(struct kt_context *ctx, bool raise, int rounds)
{
    int left = 0;

    while ((rounds-- > 0 || kt_timer_running()) && peek(&kt_run->stop) == 0) {
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

/* cpu_relax() notes that messages may have come; the section's end looks, unless it is in another. */
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

static void body(void *arg)
{
    struct kt_context ctx = {.name = "ipi", .pc = (int)(uint64)arg};
    kt_play(&ctx);
}

static void flood_body(void *arg)
{
    kt_log("ipi", "ipi", (int64)arg);
}

static void created(void *arg)
{
    struct kt_refs refs = {.taken = 0};
    struct kt_context ctx = {.name = curthread->td_comm, .pc = (int)(uint64)arg, .refs = &refs};
    kt_play(&ctx);
    kt_tokens_drop(&ctx);
    amo_add_rel(&kt_run->alive, (uint32)-1);
    wakeup(kt_run);
}

static void create(struct kt_context *ctx, int cpu, int script)
{
    amo_add(&kt_run->alive, 1);
    if (lwkt_create(created, (void *)(uint64)script, NULL, NULL, TDF_MPSAFE, cpu, "created") < 0) {
        amo_add(&kt_run->alive, (uint32)-1);
        kt_log("nomem", ctx->name, 0);
    }
}

static void flood(struct kt_context *ctx, int cpu, int count)
{
    for (int i = 0; i < count; i++)
        ctx->last_seq = lwkt_send_ipiq_bycpu(cpu, flood_body, (void *)(uint64)i);
}

static void wait_var(int v, int64 value)
{
    while (consume(&kt_run->var[v]) < value && peek(&kt_run->stop) == 0)
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

/* Steps of other files. */
static void play_special(struct kt_context *ctx, const struct kt_step *s)
{
    bool played = kt_play_timer(s) || kt_play_sleep(ctx, s) || kt_play_wait(ctx, s) ||
                  kt_play_preempt(ctx, s) || kt_play_token(ctx, s) || kt_play_migrate(ctx, s) ||
                  kt_play_life(ctx, s) || kt_play_flood(ctx, s) || kt_play_boot(ctx, s);

    KASSERT(played, "step %d of the scene has no player", s->op);
}

/* Steps about messages, threads and interrupts; scheduling steps are in play_step. */
static void play_effect(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_IPI:
        ctx->last_seq = lwkt_send_ipiq_bycpu(s->a, body, (void *)(uint64)s->b);
        kt_log("sent", ctx->name, ctx->last_seq);
        break;
    case K_IPI_PASSIVE:
        ctx->last_seq = lwkt_send_ipiq_passive(globaldata_of[s->a], body, (void *)(uint64)s->b);
        break;
    case K_IPI_WAIT:
        lwkt_wait_ipiq(globaldata_of[s->a], ctx->last_seq);
        break;
    case K_FLOOD:
        flood(ctx, s->a, s->b);
        break;
    case K_CREATE:
        create(ctx, s->a, s->b);
        break;
    case K_STATE:
        kt_log_state(ctx->name);
        break;
    case K_RAISE:
        kt_raise(s->b);
        break;
    case K_KNOB:
        knob_set(s->a, (uint64)s->b);
        break;
    case K_SPIN:
        spin(s->b);
        break;
    case K_PAUSE:
        kt_pause(s->b);
        break;
    case K_STORM:
        storm(ctx, s->a != 0, s->b);
        break;
    case K_TIMER:
        kt_timer_start(s->a, s->b);
        break;
    case K_TIMER_END:
        kt_timer_finish(ctx->name);
        break;
    case K_COUNTERS:
        kt_log_counters(ctx->name);
        break;
    case K_JITTER:
        kt_pause((int)(kt_random(ctx) % ((uint64)s->b + 1)));
        break;
    case K_SETPRI:
        lwkt_setpri_self(s->b);
        break;
    case K_SETCPU:
        lwkt_setcpu_self(globaldata_of[s->a]);
        break;
    default:
        play_special(ctx, s);
        break;
    }
}

static void play_step(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_LOG:
        kt_log("log", ctx->name, s->b);
        break;
    case K_YIELD:
        lwkt_yield();
        break;
    case K_SWITCH:
        lwkt_switch();
        break;
    case K_DESCHED:
        lwkt_deschedule_self(curthread);
        break;
    case K_SCHED:
        lwkt_schedule(kt_run->td[s->a]);
        break;
    case K_CRIT_ENTER:
        crit_enter();
        break;
    case K_CRIT_EXIT:
        crit_exit();
        break;
    case K_SET:
        publish(&kt_run->var[s->a], s->b);
        break;
    case K_ADD:
        amo_add_acqrel(&kt_run->var[s->a], s->b);
        break;
    case K_WAIT:
        wait_var(s->a, s->b);
        break;
    case K_REPEAT:
        repeat(ctx, s->b);
        break;
    case K_AGAIN:
        again(ctx);
        break;
    default:
        play_effect(ctx, s);
        break;
    }
}

void kt_play(struct kt_context *ctx)
{
    ctx->random = ((uint64)kt_run->scene.seed << 20) + (uint64)ctx->pc + 1;
    while (peek(&kt_run->stop) == 0 && kt_run->scene.step[ctx->pc].op != K_END) {
        const struct kt_step *s = &kt_run->scene.step[ctx->pc++];
        play_step(ctx, s);
    }
}

/* --- what a scene must look like before it is played --- */

static bool operand_valid(const struct kt_scene *scene, const struct kt_step *s)
{
    switch (s->op) {
    case K_SCHED:
        return s->a < scene->nthreads;
    case K_SET:
    case K_ADD:
    case K_WAIT:
        return s->a < KT_VARS;
    case K_IPI:
    case K_IPI_PASSIVE:
    case K_CREATE:
        return s->a < ncpus && s->b >= 0 && s->b < scene->nsteps;
    case K_IPI_WAIT:
    case K_SETCPU:
        return s->a < ncpus;
    case K_FLOOD:
        return s->a < ncpus && s->b >= 0;
    case K_SETPRI:
        return s->b >= 0 && s->b <= TDPRI_MAX;
    case K_RAISE:
        return (s->b & ~7) == 0;
    case K_KNOB:
        return knob_valid(s->a, s->b);
    case K_ONESHOT:
    case K_PERIODIC:
    case K_TIMER_DEL:
        return (s->a & 0xff) < KT_TIMERS && s->a >> 8 < ncpus && s->b >= 0;
    case K_TSLEEP:
    case K_INTERLOCK:
    case K_TSLEEP_LOCKED:
    case K_WAKEUP:
    case K_TURNS:
        return (s->a & 0xff) < KT_VARS && s->b >= -1;
    case K_REPEAT:
    case K_SPIN:
    case K_PAUSE:
    case K_STORM:
    case K_TIMER:
    case K_JITTER:
        return s->b > 0;
    default:
        return s->op < K_NOPS && kt_preempt_valid(scene, s) && kt_wait_valid(scene, s) &&
               kt_operands_valid(scene, s);
    }
}

/* Loops must be closed in each stretch up to a K_END, and at most four deep. */
bool kt_scene_valid(const struct kt_scene *scene)
{
    int depth = 0, callers = 0;

    if (scene->nthreads < 1 || scene->nthreads > KT_THREADS || scene->nsteps < 1 ||
        scene->nsteps > KT_STEPS || scene->step[scene->nsteps - 1].op != K_END)
        return false;
    for (int i = 0; i < scene->nsteps; i++) {
        const struct kt_step *s = &scene->step[i];
        if (!operand_valid(scene, s))
            return false;
        depth += s->op == K_REPEAT ? 1 : s->op == K_AGAIN ? -1 : 0;
        if (depth < 0 || depth > 4 || (s->op == K_END && depth != 0))
            return false;
    }
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
