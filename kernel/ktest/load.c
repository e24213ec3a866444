/* SPDX-License-Identifier: BSD-3-Clause
 * A synthetic load for measuring locks (user/locks.c): a system call that is busy for a while, part of
 * the time with a token. While harts relax, time passes on all of them alike, so the calls of several
 * harts overlap, as they would on harts that compute, and do so in deterministic mode too.
 */
#include "ktest/internal.h"
#include "proc/proc.h"

/* Their addresses choose tokens of the pool. */
static struct {
    uint64 calls; /* counted under the token */
} __attribute__((aligned(CACHE_LINE))) loads[KT_LOAD_TOKENS];

int kt_load(uint64 uload)
{
    struct lwkt_tokref ref;
    struct kt_load load;

    if (copyin(&load, uload, sizeof(load)) < 0 || load.token < 0 || load.token >= KT_LOAD_TOKENS ||
        load.held < 0 || load.us < load.held || load.us > 1000000)
        return -1;
    kt_pause(load.us - load.held);
    lwkt_gettoken(&ref, lwkt_token_pool_get(&loads[load.token]));
    ++loads[load.token].calls;
    kt_pause(load.held);
    lwkt_reltoken(&ref);
    return 0;
}
