/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer in which an order matters that the plain use of a mechanism does not need. Their words
 * of their own order nothing (peek, poke), so what is seen comes from the core's orders.
 */
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "x.h"

/* A turn for the others; what came meanwhile is served. */
static void relax(void)
{
    cpu_relax();
    crit_enter();
    crit_exit();
}

/* --- tokens --- */

/* Two of one cpu want what another one has: one may find that the other's request has been answered. */
void play_x_token_shared(void)
{
    x_init();
    explore_thread(0, PRI, x_take, NULL, "take");
    explore_thread(1, PRI, x_take, NULL, "shares1");
    explore_thread(1, PRI, x_take, NULL, "shares2");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

/* The same, and each uses its reference again as soon as it has it back. */
static void take_twice(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    for (int i = 0; i < 2; i++) {
        lwkt_gettoken(&ref, &x_token[0]);
        x_under[0]++;
        lwkt_reltoken(&ref);
    }
}

void play_x_token_shared_twice(void)
{
    x_init();
    explore_thread(0, PRI, x_take, NULL, "take");
    explore_thread(1, PRI, take_twice, NULL, "shares1");
    explore_thread(1, PRI, take_twice, NULL, "shares2");
    explore_run();
    CHECK(x_under[0] == 5, "%u", x_under[0]);
}

/* A token that was released is given at once, not when its last holder switches. */
static uint32 done;

static void take_and_say(void *arg)
{
    x_take(arg);
    poke(&done, 1);
}

static void release_and_stay(void *arg)
{
    x_take(arg);
    while (!peek(&done))
        relax();
}

void play_x_token_released(void)
{
    x_init();
    done = 0;
    explore_thread(0, PRI, release_and_stay, NULL, "stays");
    explore_thread(1, PRI, take_and_say, NULL, "takes");
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

/* Cpu 1 was idle, and looked for the token of a thread that waits; now it runs another thread, which gives way
 * only when it is asked to. So the token's owner must not take the cpu for one that still looks, and must not
 * ask it to look before the token is there. */
static thread_t busy;
static uint32 awake;

static void run_until_asked(void *arg)
{
    (void)arg;
    crit_enter();
    while (peek(&awake) == 0) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
    lwkt_yield();
    while (!peek(&done)) {
        relax();
        if (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED)
            lwkt_yield();
    }
}

static void wake_busy(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    lwkt_gettoken(&ref, &x_token[0]);
    x_under[0]++;
    poke(&awake, 1);
    lwkt_schedule(busy);
    lwkt_reltoken(&ref);
}

void play_x_token_polls(void)
{
    x_init();
    awake = done = 0;
    explore_thread(0, PRI, wake_busy, NULL, "holds");
    explore_thread(1, PRI, take_and_say, NULL, "waits");
    busy = explore_thread(1, PRI, run_until_asked, NULL, "busy");
    explore_run();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

/* --- rings --- */

/* A cpu looks at its rings while another one makes one of them. */
static void connect(void *arg)
{
    (void)arg;
    CHECK(lwkt_ipiq_connect(globaldata_of[2]), "no memory");
    lwkt_send_ipiq_bycpu(2, x_nothing, NULL);
}

static void look(void *arg)
{
    (void)arg;
    crit_enter();
    lwkt_poll_ipiq();
    crit_exit();
}

void play_x_ring_late(void)
{
    globaldata_of[1]->gd_ipiq[2] = globaldata_of[2]->gd_ipiq[1] = NULL;
    explore_thread(1, PRI, connect, NULL, "connects");
    explore_thread(2, PRI, look, NULL, "looks");
    explore_run();
}

/* Cpu 1 sends without serving its own rings, and each of its messages has cpu 0 send one back. So the ring to
 * cpu 1 is full, cpu 0's bodies wait inside each other, and at last cpu 0 puts messages off. */
#define FLOOD 11
static uint32 flood[FLOOD];

static void send_back(void *arg)
{
    ++*(uint32 *)arg;
    lwkt_send_ipiq_bycpu(1, x_nothing, NULL);
}

static void send_without_serving(void *arg)
{
    (void)arg;
    crit_enter();
    for (int i = 0; i < FLOOD; i++)
        while (lwkt_send_ipiq_nowait(globaldata_of[0], send_back, &flood[i]) < 0)
            cpu_relax();
    crit_exit();
    lwkt_wait_ipiq(globaldata_of[0], lwkt_seq_ipiq(globaldata_of[0]));
    for (int i = 0; i < FLOOD; i++)
        CHECK(flood[i] == 1, "message %d ran %u times", i, flood[i]);
}

static void send_four(void *arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++)
        lwkt_send_ipiq_bycpu(1, x_nothing, NULL);
}

void play_x_put_off(void)
{
    explore_thread(1, PRI, send_without_serving, NULL, "floods");
    explore_thread(0, PRI, send_four, NULL, "sends");
    explore_run();
}

/* The same with a message of cpu 2, which waits until it has run. */
static uint32 third;

static void run_third(void *arg)
{
    (void)arg;
    third = 1;
}

static void send_third(void *arg)
{
    (void)arg;
    lwkt_wait_ipiq(globaldata_of[0], lwkt_send_ipiq_bycpu(0, run_third, NULL));
    CHECK(third == 1, "the body has not run");
}

void play_x_put_off_third(void)
{
    explore_thread(2, PRI, send_third, NULL, "third");
    play_x_put_off();
}
