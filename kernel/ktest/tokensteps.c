/*
 * Steps about tokens and the MP lock. A thread's references to tokens lie in its context, on its
 * stack, as they would in any code that takes tokens.
 */
#include "ktest/ktest.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lwkt/mplock.h"

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

/* A body has no references of its own: the core refuses it before it looks. */
static void get(struct kt_context *ctx, lwkt_token_t tok)
{
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

static void try(struct kt_context *ctx, lwkt_token_t tok)
{
    int slot = free_slot(ctx->refs);
    bool got = lwkt_trytoken(&ctx->refs->ref[slot], tok);

    if (got)
        ctx->refs->order[slot] = ++ctx->refs->taken;
    else
        ctx->refs->ref[slot].tr_tok = NULL;
    kt_log("try", ctx->name, got);
}

static void release(struct kt_refs *refs, lwkt_token_t tok, bool first)
{
    int found = -1;

    for (int i = 0; i < KT_REFS; i++)
        if (refs->ref[i].tr_tok == tok &&
            (found < 0 || (refs->order[i] < refs->order[found]) == first))
            found = i;
    if (found >= 0) {
        lwkt_reltoken(&refs->ref[found]);
        refs->ref[found].tr_tok = NULL;
    }
}

void kt_tokens_drop(struct kt_context *ctx)
{
    for (int i = 0; i < KT_TOKENS; i++)
        for (int n = 0; n < KT_REFS; n++)
            release(ctx->refs, &tokens[i], false);
}

/*
 * A reference on the stack, and afterwards something else in its place. The other thing is made of
 * addresses, so that who still takes it for a reference follows them and does no other harm.
 */
static int __attribute__((noinline)) frame(lwkt_token_t tok, int us)
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

static void bump(int64 *v)
{
    int64 old = peek(v);

    cpu_relax(); /* and no switch, which would let go of tokens */
    poke(v, old + 1);
}

/* Count v up n times under the token, now and then with a turn for the others in between, and with some
 * after each. No more code than that: an interrupt often comes in the middle of taking the token. */
static void count(struct kt_context *ctx, lwkt_token_t tok, int64 *v, int n)
{
    struct lwkt_tokref ref;

    while (n-- > 0 && peek(&kt_run->stop) == 0) {
        uint64 random = kt_random(ctx) >> 32;
        lwkt_gettoken(&ref, tok);
        int64 old = peek(v);
        if (random % 4 == 0)
            cpu_relax();
        poke(v, old + 1);
        lwkt_reltoken(&ref);
        for (uint64 turns = random / 4 % 4; turns > 0; turns--)
            kt_relax();
    }
}

static void until_resched(const char *name, int us)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;

    while (!(peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) && cpu_time() < end)
        kt_relax();
    kt_log("asked", name, (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) != 0);
}

static bool mp_step(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_GETMP:
        get_mplock();
        break;
    case K_TRYMP:
        kt_log("try", ctx->name, try_mplock());
        break;
    case K_RELMP:
        rel_mplock();
        break;
    case K_WANTMP:
        curthread->td_mpcount += s->b;
        break;
    case K_MPSTATE:
        kt_log("mpcount", ctx->name, kt_run->td[s->a]->td_mpcount);
        kt_log("mpheld", ctx->name, mycpu->gd_mpheld);
        break;
    case K_UNTIL:
        until_resched(ctx->name, s->b);
        break;
    default:
        return false;
    }
    return true;
}

bool kt_play_token(struct kt_context *ctx, const struct kt_step *s)
{
    lwkt_token_t tok = &tokens[s->a % KT_TOKENS];

    switch (s->op) {
    case K_GETTOKEN:
        get(ctx, tok);
        break;
    case K_TRYTOKEN:
        try(ctx, tok);
        break;
    case K_RELTOKEN:
        release(ctx->refs, tok, s->b == 1);
        break;
    case K_HAVETOKEN:
        kt_log("have", ctx->name, lwkt_havetoken(tok));
        break;
    case K_TOKENFRAME:
        kt_log("damaged", ctx->name, frame(tok, s->b));
        break;
    case K_COUNT:
        count(ctx, tok, &kt_run->var[s->a], s->b);
        break;
    case K_BUMP:
        bump(&kt_run->var[s->a]);
        break;
    default:
        return mp_step(ctx, s);
    }
    return true;
}
