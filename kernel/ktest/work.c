/*
 * A system call that is busy for a while, for measuring locks (user/locks.c): some of its work is done
 * with a token. Time passes on all harts alike while they relax, so the work of several harts overlaps,
 * as it would on harts that compute, in the deterministic mode too.
 */
#include "ktest/ktest.h"
#include "proc/proc.h"

/* On the pool's tokens, each with a line of its own. */
static struct {
    uint64 done; /* calls, counted under the token */
} __attribute__((aligned(CACHE_LINE))) work[KT_WORK_TOKENS];

int kt_work(uint64 uwork)
{
    struct lwkt_tokref ref;
    struct kt_work w;

    if (copyin(&w, uwork, sizeof(w)) < 0 || w.token < 0 || w.token >= KT_WORK_TOKENS ||
        w.held < 0 || w.us < w.held || w.us > 1000000)
        return -1;
    kt_pause(w.us - w.held);
    lwkt_gettoken(&ref, lwkt_token_pool_get(&work[w.token]));
    ++work[w.token].done;
    kt_pause(w.held);
    lwkt_reltoken(&ref);
    return 0;
}
