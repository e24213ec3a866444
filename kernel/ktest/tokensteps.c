/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about tokens and the MP lock. A thread's references to tokens are in its context, on its stack,
 * as they would be in any code that takes tokens.
 */
#include "ktest/internal.h"
#include "lib/assert.h"

static struct lwkt_token tokens[KT_TOKENS];

lwkt_token_t kt_token(int i)
{
    return &tokens[i];
}

void kt_tokens_reset(void)
{
    for (int i = 0; i < KT_TOKENS; i++)
        lwkt_token_init(&tokens[i]);
}

static int free_slot(struct kt_refs *refs)
{
    for (int i = 0; i < KT_REFS; i++)
        if (refs->ref[i].tr_tok == NULL)
            return i;
    panic("a scene's thread takes more than %d tokens", KT_REFS);
}

/* The body of a message has no references, and needs none: the core panics before it uses one. */
void kt_token_get(struct kt_context *ctx, int i)
{
    lwkt_token_t tok = &tokens[i];
    struct lwkt_tokref of_body;

    if (ctx->refs == NULL) {
        lwkt_gettoken(&of_body, tok);
        lwkt_reltoken(&of_body);
        return;
    }
    int slot = free_slot(ctx->refs);
    ctx->refs->order[slot] = ++ctx->refs->taken;
    lwkt_gettoken(&ctx->refs->ref[slot], tok);
}

void kt_token_try(struct kt_context *ctx, int i)
{
    int slot = free_slot(ctx->refs);
    bool got = lwkt_trytoken(&ctx->refs->ref[slot], &tokens[i]);

    if (got)
        ctx->refs->order[slot] = ++ctx->refs->taken;
    else
        ctx->refs->ref[slot].tr_tok = NULL;
    kt_log("try", ctx->name, got);
}

/* Release one taking of token i, if there is any: the last one, or the first. */
void kt_token_release(struct kt_context *ctx, int i, bool first)
{
    struct kt_refs *refs = ctx->refs;
    int found = -1;

    for (int n = 0; n < KT_REFS; n++)
        if (refs->ref[n].tr_tok == &tokens[i] &&
            (found < 0 || (refs->order[n] < refs->order[found]) == first))
            found = n;
    if (found >= 0) {
        lwkt_reltoken(&refs->ref[found]);
        refs->ref[found].tr_tok = NULL;
    }
}

void kt_tokens_drop(struct kt_context *ctx)
{
    for (int i = 0; i < KT_TOKENS; i++)
        for (int n = 0; n < KT_REFS; n++)
            kt_token_release(ctx, i, false);
}

/*
 * A reference on the stack, and afterwards something else in its place. The other thing consists of
 * addresses, so that code that still takes it for a reference follows them and does no other harm.
 * Returns the words that changed.
 */
static int __attribute__((noinline)) use_frame(lwkt_token_t tok, int us)
{
    static uint64 nothing[16];
    union {
        struct lwkt_tokref ref;
        uint64 word[sizeof(struct lwkt_tokref) / sizeof(uint64)];
    } u;
    int changed = 0;

    lwkt_gettoken(&u.ref, tok);
    lwkt_reltoken(&u.ref);
    for (size_t i = 0; i < sizeof(u.word) / sizeof(u.word[0]); i++)
        poke(&u.word[i], (uint64)nothing);
    kt_pause(us);
    for (size_t i = 0; i < sizeof(u.word) / sizeof(u.word[0]); i++)
        changed += peek(&u.word[i]) != (uint64)nothing;
    return changed;
}

void kt_token_frame(const char *name, int i, int us)
{
    kt_log("damaged", name, use_frame(&tokens[i], us));
}

void kt_add_in_steps(int64 *v)
{
    int64 old = peek(v);

    cpu_relax(); /* not a switch, which would give up the tokens */
    poke(v, old + 1);
}

/* Add 1 to variable i n times under token i, sometimes with a turn for the other cpus between load and
 * store, and with some turns after each. There is no more code than that, so that an interrupt often
 * comes in the middle of taking the token. */
void kt_token_count(struct kt_context *ctx, int i, int n)
{
    int64 *v = &kt_run->var[i];
    struct lwkt_tokref ref;

    while (n-- > 0 && peek(&kt_run->stop) == 0) {
        uint64 random = kt_random(ctx) >> 32;
        lwkt_gettoken(&ref, &tokens[i]);
        int64 old = peek(v);
        if (random % 4 == 0)
            cpu_relax();
        poke(v, old + 1);
        lwkt_reltoken(&ref);
        for (uint64 turns = random / 4 % 4; turns > 0; turns--)
            kt_relax();
    }
}

void kt_log_mplock(const char *name, thread_t td)
{
    kt_log("mpcount", name, td->td_mpcount);
    kt_log("mpheld", name, mycpu->gd_mpheld);
}
