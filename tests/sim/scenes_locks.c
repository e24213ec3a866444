/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: tokens, the MP lock, spin locks, wait queues. What they guard is plain data, so the race
 * detector sees whether they order it, too.
 */
#include <string.h>

#include "lwkt/mplock.h"
#include "lwkt/spin.h"
#include "lwkt/wait.h"
#include "sim.h"

#define TOKENS 3
#define TAKES 12
static struct lwkt_token token[TOKENS];
static uint32 guarded[TOKENS];
static uint32 inside[TOKENS];

static void tokens_init(void)
{
    for (int i = 0; i < TOKENS; i++)
        lwkt_token_init(&token[i]);
    memset(guarded, 0, sizeof(guarded));
    memset(inside, 0, sizeof(inside));
}

/* Under token i: nobody else is there as long as we do not block. */
static void work(int i)
{
    CHECK(lwkt_havetoken(&token[i]), "token %d is not here", i);
    CHECK(inside[i] == 0, "two hold token %d", i);
    inside[i] = 1;
    uint32 was = guarded[i];
    sim_point();
    guarded[i] = was + 1;
    inside[i] = 0;
}

static void spawn_each(int threads, void (*func)(void *), const char *name)
{
    for (int i = 0; i < threads; i++)
        sim_spawn(i % ncpus, func, (void *)(uint64)i, name);
    sim_join();
}

/* One token, taken up to three times by each. */
static void take_one(void *arg)
{
    struct lwkt_tokref ref[3];

    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        int depth = 1 + (int)sim_random(3), last = depth;
        for (int k = 0; k < depth; k++)
            lwkt_gettoken(&ref[k], &token[0]);
        work(0);
        if (sim_random(4) == 0)
            lwkt_yield();
        work(0);
        while (last > 0)
            lwkt_reltoken(&ref[--last]);
    }
}

void play_tokens(void)
{
    tokens_init();
    spawn_each(ncpus + 1, take_one, "taker");
    CHECK(guarded[0] == 2u * TAKES * (uint32)(ncpus + 1), "%u", guarded[0]);
}

/* Several tokens in any order, released in any order. */
static void take_several(void *arg)
{
    struct lwkt_tokref ref[TOKENS];

    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        int first = (int)sim_random(TOKENS), n = 1 + (int)sim_random(TOKENS);
        int step = 1 + (int)sim_random(TOKENS - 1);
        for (int k = 0; k < n; k++)
            lwkt_gettoken(&ref[k], &token[(first + k * step) % TOKENS]);
        for (int k = 0; k < n; k++)
            work((first + k * step) % TOKENS);
        if (sim_random(4) == 0) {
            lwkt_yield();
            for (int k = 0; k < n; k++)
                CHECK(lwkt_havetoken(ref[k].tr_tok), "a token is not back");
        }
        int from = (int)sim_random((uint64)n);
        for (int k = 0; k < n; k++)
            lwkt_reltoken(&ref[(from + k) % n]);
    }
}

void play_token_pairs(void)
{
    tokens_init();
    spawn_each(2 * ncpus, take_several, "taker");
}

/* Sleeping lets go of the token, and has it back before it is over. */
static uint32 turn_of;
static thread_t sleepers[2 * SIM_CPUS];
static struct gate gate;

static void take_turns(void *arg)
{
    uint32 me = (uint32)(uint64)arg, n = 2 * (uint32)ncpus;
    struct lwkt_tokref ref;

    for (int i = 0; i < 4; i++) {
        lwkt_gettoken(&ref, &token[0]);
        while (turn_of != me) {
            crit_enter();
            lwkt_deschedule_self(curthread);
            lwkt_switch();
            crit_exit();
        }
        work(0);
        turn_of = (me + 1) % n;
        lwkt_schedule(sleepers[turn_of]);
        lwkt_reltoken(&ref);
    }
    sim_gate_leave(&gate, (int)n);
}

void play_token_sleep(void)
{
    int n = 2 * ncpus;

    tokens_init();
    turn_of = 0;
    gate = (struct gate){0};
    for (int i = 0; i < n; i++)
        sleepers[i] =
            sim_spawn_stopped(i % ncpus, TDPRI_KERN_DAEMON, take_turns, (void *)(uint64)i, "turn");
    for (int i = 0; i < n; i++)
        lwkt_schedule(sleepers[i]);
    sim_join();
    CHECK(guarded[0] == 4u * (uint32)n, "%u", guarded[0]);
}

/* --- the MP lock --- */

static uint32 under_lock, lock_inside;

static void under(void)
{
    CHECK(curthread->td_mpcount > 0 && mycpu->gd_mpheld, "count %d", curthread->td_mpcount);
    CHECK(lock_inside == 0, "two hold the lock");
    lock_inside = 1;
    ++under_lock;
    lock_inside = 0;
}

static void use_mplock(void *arg)
{
    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        if (sim_random(4) == 0 && !try_mplock())
            get_mplock();
        else if (curthread->td_mpcount == 0)
            get_mplock();
        under();
        if (sim_random(3) == 0) {
            lwkt_yield();
            CHECK(curthread->td_mpcount == 1, "count %d", curthread->td_mpcount);
        }
        get_mplock();
        under();
        rel_mplock();
        rel_mplock();
    }
}

/* Threads born with the lock, which they keep to their end. */
static void born_with_lock(void *arg)
{
    (void)arg;
    under();
    lwkt_yield();
    under();
}

static void no_lock(void *arg)
{
    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        CHECK(curthread->td_mpcount == 0, "count %d", curthread->td_mpcount);
        lwkt_yield();
    }
}

void play_mplock(void)
{
    under_lock = lock_inside = 0;
    for (int i = 0; i < ncpus; i++) {
        sim_spawn(i, use_mplock, NULL, "locker");
        sim_spawn(i, no_lock, NULL, "free");
        if (lwkt_create(born_with_lock, NULL, NULL, NULL, 0, i, "born") < 0)
            panic("no memory");
    }
    sim_join();
    CHECK(under_lock == (uint32)ncpus * (2 * TAKES + 2), "%u", under_lock);
}

/* --- spin locks --- */

static struct spinlock spin = SPINLOCK("scene");
static uint32 spun;

static void spin_body(void *arg)
{
    (void)arg;
    spin_lock(&spin);
    ++spun;
    spin_unlock(&spin);
}

static void use_spin(void *arg)
{
    for (int i = 0; i < TAKES; i++) {
        spin_body(arg);
        lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), spin_body, NULL);
    }
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
}

void play_spin(void)
{
    spun = 0;
    spawn_each(ncpus, use_spin, "spinner");
    spin_lock(&spin);
    CHECK(spun == 2u * TAKES * (uint32)ncpus, "%u", spun);
    spin_unlock(&spin);
}

/* --- wait queues --- */

static struct lwkt_wait queue;
static struct lwkt_token stock_token;
static int stock, taken;
static struct gate stock_gate;

static void produce(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        lwkt_gettoken(&ref, &stock_token);
        stock++;
        lwkt_reltoken(&ref);
        lwkt_signal(&queue, sim_random(2) ? -1 : 1);
    }
    lwkt_signal(&queue, -1);
}

static bool take_stock(void)
{
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &stock_token);
    bool some = stock > 0;
    if (some) {
        stock--;
        taken++;
    }
    lwkt_reltoken(&ref);
    return some;
}

/* The generation is read before the condition, so a signal in between ends the wait at once. */
static void consume_stock(void *arg)
{
    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        int gen = peek(&queue.wa_gen);
        while (!take_stock())
            lwkt_block(&queue, "stock", &gen);
    }
    lwkt_signal(&queue, -1); /* a signal for one may have reached us, who need it no more */
    sim_gate_leave(&stock_gate, ncpus + 1);
}

/* The first consumer is scheduled without cause, again and again. */
static void play_stray(void *td)
{
    for (int i = 0; i < 2 * TAKES; i++) {
        lwkt_schedule(td);
        lwkt_yield();
    }
    sim_gate_leave(&stock_gate, ncpus + 1);
}

void play_wait(void)
{
    lwkt_wait_init(&queue);
    lwkt_token_init(&stock_token);
    stock = taken = 0;
    stock_gate = (struct gate){0};
    thread_t td = sim_spawn_stopped(0, TDPRI_KERN_DAEMON, consume_stock, NULL, "consumer");
    lwkt_schedule(td);
    sim_spawn(-1, play_stray, td, "stray");
    for (int i = 1; i < ncpus; i++)
        sim_spawn(i, consume_stock, NULL, "consumer");
    for (int i = 0; i < ncpus; i++)
        sim_spawn(i, produce, NULL, "producer");
    sim_join();
    CHECK(stock == 0 && taken == TAKES * ncpus, "%d left, %d taken", stock, taken);
}

/* Signals wake the longest waiting, so many as they say; an old generation does not wait. In which order
 * those run again is another matter: each needs the queue's token for it. */
static int woken[5], nwoken;

static void block_once(void *arg)
{
    int gen = peek(&queue.wa_gen);

    lwkt_block(&queue, "signal", &gen);
    woken[nwoken] = (int)(uint64)arg;
    publish(&nwoken, nwoken + 1); /* consume: play_wait_signal */
}

void play_wait_signal(void)
{
    int gen = -1;

    lwkt_wait_init(&queue);
    nwoken = 0;
    lwkt_block(&queue, "old", &gen);
    CHECK(gen == 0, "generation %d", gen);
    for (int i = 0; i < 5; i++) {
        sim_spawn(ncpus - 1, block_once, (void *)(uint64)i, "blocked");
        while (peek(&queue.wa_count) != i + 1)
            lwkt_pause(50);
    }
    lwkt_signal(&queue, 2);
    while (consume(&nwoken) != 2) /* publish: block_once */
        lwkt_pause(50);
    CHECK(peek(&queue.wa_count) == 3, "%d wait", queue.wa_count);
    CHECK(woken[0] + woken[1] == 1, "%d and %d woke first", woken[0], woken[1]);
    lwkt_signal(&queue, -1);
    sim_join();
    CHECK(nwoken == 5, "%d woke", nwoken);
}
