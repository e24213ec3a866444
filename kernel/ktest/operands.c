/*
 * What the operands of a scene's steps may be, for steps that have files of their own.
 */
#include "ktest/ktest.h"

enum {
    A_THREAD = 1,
    A_CPU = 2,
    A_TOKEN = 4,
    A_VAR = 8,
    B_COUNT = 16, /* 1 or more */
};

static const uint8 kinds[K_NOPS] = {
    [K_GETTOKEN] = A_TOKEN,
    [K_TRYTOKEN] = A_TOKEN,
    [K_RELTOKEN] = A_TOKEN,
    [K_HAVETOKEN] = A_TOKEN,
    [K_TOKENFRAME] = A_TOKEN | B_COUNT,
    [K_COUNT] = A_TOKEN | B_COUNT,
    [K_BUMP] = A_VAR,
    [K_MPSTATE] = A_THREAD,
    [K_UNTIL] = B_COUNT,
    [K_ROAM] = B_COUNT,
    [K_STAMP] = B_COUNT,
    [K_ACQUIRE] = A_THREAD,
    [K_DANCE] = B_COUNT,
    [K_DANCED] = A_VAR,
    [K_CHURN] = A_CPU | B_COUNT,
    [K_KEEP] = A_THREAD,
    [K_KEPT] = A_THREAD,
    [K_RELE] = A_THREAD,
    [K_WAITFREE] = A_THREAD,
    [K_TEMPLATE] = A_CPU,
    [K_UNBORN] = A_CPU | B_COUNT,
    [K_CACHED] = A_CPU,
    [K_NOWAIT] = A_CPU | B_COUNT,
    [K_SEQ] = A_CPU,
    [K_FLOODALL] = B_COUNT,
    [K_FORWARD] = B_COUNT,
    [K_FORWARDED] = B_COUNT,
};

bool kt_operands_valid(const struct kt_scene *scene, const struct kt_step *s)
{
    uint8 kind = kinds[s->op];

    return (!(kind & A_THREAD) || s->a < scene->nthreads) && (!(kind & A_CPU) || s->a < ncpus) &&
           (!(kind & A_TOKEN) || s->a < KT_TOKENS) && (!(kind & A_VAR) || s->a < KT_VARS) &&
           (!(kind & B_COUNT) || s->b > 0);
}
