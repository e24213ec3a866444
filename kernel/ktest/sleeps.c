/*
 * tsleep and wakeup for scripts. Idents are the scene's variables.
 */
#include "kernel/param.h"
#include "ktest/ktest.h"
#include "lwkt/crit.h"
#include "riscv/fdt.h"
#include "sync/sleep.h"

/* Operand a: the variable, and 256 times the domain. */
static int64 *ident_of(const struct kt_step *s)
{
    return &kt_run->var[s->a & 0xff];
}
static int domain_of(const struct kt_step *s)
{
    return s->a >> 8;
}

/* Events "tick": how long one is, in the time CSR's; "asleep"; then "woke": tsleep's result. */
static void sleep_here(struct kt_context *ctx, const struct kt_step *s, int flags)
{
    int result;

    kt_log("tick", ctx->name, (int64)(cpu_timebase / HZ));
    kt_log("asleep", ctx->name, s->b);
    result = tsleep(ident_of(s), PDOMAIN(domain_of(s)) | flags, "scene", s->b);
    kt_log("woke", ctx->name, result);
}

/*
 * Two threads take turns: v[a] is whose it is, 0 or 1 (the domain's place says who we are). In the
 * way that sleepers must: the condition is tested between interlock and sleep. Event "turns": how
 * many the thread had; "early": how often it woke without its turn.
 */
static void take_turns(struct kt_context *ctx, const struct kt_step *s)
{
    int64 *turn = ident_of(s), self = domain_of(s);
    int done, early = 0;

    for (done = 0; done < s->b && peek(&kt_run->stop) == 0; done++) {
        for (int woken = 0; consume(turn) != self && peek(&kt_run->stop) == 0; woken++) {
            tsleep_interlock(turn, 0);
            if (consume(turn) != self)
                tsleep(turn, PINTERLOCKED, "turn", 0);
            else
                tsleep_remove();
            early += woken > 0;
        }
        publish(turn, !self);
        wakeup(turn);
    }
    kt_log("turns", ctx->name, done);
    kt_log("early", ctx->name, early);
}

bool kt_play_sleep(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_TSLEEP:
        sleep_here(ctx, s, 0);
        return true;
    case K_INTERLOCK:
        tsleep_interlock(ident_of(s), PDOMAIN(domain_of(s)));
        return true;
    case K_TSLEEP_LOCKED:
        sleep_here(ctx, s, PINTERLOCKED);
        return true;
    case K_WAKEUP:
        wakeup_domain(ident_of(s), domain_of(s), s->b);
        return true;
    case K_TURNS:
        take_turns(ctx, s);
        return true;
    default:
        return false;
    }
}
