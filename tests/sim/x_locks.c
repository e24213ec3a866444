/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: locks. Tokens, the MP lock, spin locks and wait queues, each with plain data under
 * it.
 */
#include <limits.h>

#include "lwkt/crit.h"
#include "lwkt/mplock.h"
#include "lwkt/spin.h"
#include "lwkt/wait.h"
#include "x.h"

/* Two that write their numbers, under a spin lock: who came when is the outcome. */
static struct spinlock order_lock;
static uint32 order;

static void write_number(void *arg)
{
    for (uint32 i = 0; i < 2; i++) {
        spin_lock(&order_lock);
        order = order * 4 + (uint32)(uint64)arg;
        spin_unlock(&order_lock);
    }
}

void play_x_order(void)
{
    order = 0;
    spin_init(&order_lock, "scene");
    explore_thread(0, PRI, write_number, (void *)1, "one");
    explore_thread(1, PRI, write_number, (void *)2, "two");
    explore_run();
    explore_outcome(order);
}

/* Tokens, and plain data under each. */
struct lwkt_token x_token[2];
uint32 x_under[2];

void x_take(void *arg)
{
    struct lwkt_tokref ref;
    uint64 i = (uint64)arg;

    lwkt_gettoken(&ref, &x_token[i]);
    x_under[i]++;
    lwkt_reltoken(&ref);
}

void x_init(void)
{
    for (int i = 0; i < 2; i++) {
        lwkt_token_init(&x_token[i]);
        x_under[i] = 0;
    }
}

void play_x_token(void)
{
    x_init();
    explore_thread(0, PRI, x_take, NULL, "take0");
    explore_thread(1, PRI, x_take, NULL, "take1");
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

static void take_both(void *arg)
{
    struct lwkt_tokref ref[2];
    uint64 i = (uint64)arg;

    lwkt_gettoken(&ref[0], &x_token[i]);
    lwkt_gettoken(&ref[1], &x_token[!i]);
    x_under[0]++;
    x_under[1]++;
    lwkt_reltoken(&ref[1]);
    lwkt_reltoken(&ref[0]);
}

void play_x_tokens_crossed(void)
{
    x_init();
    explore_thread(0, PRI, take_both, (void *)0, "take01");
    explore_thread(1, PRI, take_both, (void *)1, "take10");
    explore_run();
    CHECK(x_under[0] == 2 && x_under[1] == 2, "%u %u", x_under[0], x_under[1]);
}

/* A token that its next owner may pass on before it has used it. */
void play_x_token_passed_on(void)
{
    x_init();
    for (uint64 i = 0; i < 3; i++)
        explore_thread((int)i, PRI, x_take, NULL, "take");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

/* The same with a thread of cpu 0 that has had it before. */
void play_x_token_chain(void)
{
    x_init();
    explore_thread(0, PRI, take_both, (void *)0, "take0");
    explore_thread(1, PRI, x_take, (void *)0, "take1");
    explore_thread(2, PRI, x_take, (void *)0, "take2");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

/* One takes it if it can, at once; both look whether they have it. */
static void try_to_take(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    if (!lwkt_trytoken(&ref, &x_token[0]))
        return;
    CHECK(lwkt_havetoken(&x_token[0]), "it is not here");
    x_under[0]++;
    lwkt_reltoken(&ref);
    CHECK(!lwkt_havetoken(&x_token[0]), "it is still here");
}

void play_x_trytoken(void)
{
    x_init();
    explore_thread(0, PRI, try_to_take, NULL, "tries0");
    explore_thread(0, PRI, x_take, NULL, "take0");
    explore_thread(1, PRI, x_take, NULL, "take1");
    explore_thread(1, PRI, try_to_take, NULL, "tries1");
    explore_run();
    CHECK(x_under[0] >= 2 && x_under[0] <= 4, "%u", x_under[0]);
    explore_outcome(x_under[0]);
}

/* --- other locks, with plain data under them --- */

static void use_mplock(void *arg)
{
    (void)arg;
    get_mplock();
    x_under[0]++;
    rel_mplock();
    if (try_mplock()) {
        x_under[1]++;
        rel_mplock();
    }
}

void play_x_mplock(void)
{
    x_init();
    explore_thread(0, PRI, use_mplock, NULL, "lock0");
    explore_thread(1, PRI, use_mplock, NULL, "lock1");
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

/* An interrupt thread preempts one that is about to take or release the lock. It inherits the count that it
 * finds and takes the lock for that, so a count without the lock would leave the lock here. */
static void must_not_have_mplock(const char *when)
{
    crit_enter();
    CHECK(!mycpu->gd_mpheld && curthread->td_mpcount == 0, "cpu %d has the MP lock after %s", mycpuid, when);
    crit_exit();
}

static void take_and_release(void *arg)
{
    (void)arg;
    get_mplock();
    x_under[0]++;
    rel_mplock();
    must_not_have_mplock("rel_mplock");
    if (try_mplock()) {
        x_under[1]++;
        rel_mplock();
    }
    must_not_have_mplock("try_mplock");
}

void play_x_mplock_preempted(void)
{
    x_init();
    explore_thread(0, PRI, take_and_release, NULL, "lock0");
    explore_thread(1, PRI, take_and_release, NULL, "lock1");
    explore_ithread(0, 0, TDPRI_INT_LOW, x_nothing, NULL);
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

static struct spinlock spin;

static void use_spin(void *arg)
{
    (void)arg;
    spin_lock(&spin);
    x_under[0]++;
    spin_unlock(&spin);
}

void play_x_spin(void)
{
    x_init();
    spin_init(&spin, "scene");
    explore_thread(0, PRI, use_spin, NULL, "spin0");
    explore_thread(1, PRI, use_spin, NULL, "spin1");
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}
/* --- wait queues --- */

static struct lwkt_wait queue;
static uint32 condition;

static void block(void *arg)
{
    (void)arg;
    int gen = consume(&queue.wa_gen); /* publish: lwkt_signal */

    while (!consume(&condition)) /* publish: signal_all */
        lwkt_block(&queue, "scene", &gen);
}

static void signal_all(void *arg)
{
    (void)arg;
    publish(&condition, 1); /* consume: block */
    lwkt_signal(&queue, -1);
}

/* The second signal is sent by the cpu that has the queue's token, so no message orders it. */
static void signal_twice(void *arg)
{
    lwkt_signal(&queue, -1);
    signal_all(arg);
}

static void blocks(void (*signals)(void *))
{
    condition = 0;
    lwkt_wait_init(&queue);
    queue.wa_gen = INT_MAX; /* the first signal's is less than that */
    explore_thread(0, PRI, block, NULL, "blocked");
    explore_thread(1, PRI, signals, NULL, "signals");
    explore_run();
}

void play_x_block(void)
{
    blocks(signal_all);
}

void play_x_block_twice(void)
{
    blocks(signal_twice);
}
