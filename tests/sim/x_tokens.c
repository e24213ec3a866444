/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer in which requests for a token meet on purpose: cpu 1 is in a critical section, and
 * serves no message until all of them are on their way. A thread of lower priority says that those before it
 * wait.
 */
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "x.h"

static uint32 phase;

static void set_phase(void *arg)
{
    poke(&phase, (uint32)(uint64)arg);
}

/* Serve messages until the scene has come that far. */
static void wait_for_phase(uint32 n)
{
    while (peek(&phase) < n) {
        cpu_relax();
        crit_enter();
        crit_exit();
    }
}

/* In a critical section, and not for ever, because the others may need a message to be served. */
#define ROUNDS 8
static void wait_inside(uint32 n)
{
    for (int i = 0; i < ROUNDS && peek(&phase) < n; i++)
        cpu_relax();
}

/* --- a request that comes when nobody wants the token any more --- */

static thread_t busy;
static bool taken; /* cpu 1 only */

static void take_first(void *arg)
{
    wait_for_phase(1);
    x_take(arg);
}

/* Its cpu gets the token by the request of the first, so it has had the token when its own request
 * arrives. */
static void take_late(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    lwkt_send_ipiq_bycpu(1, set_phase, (void *)2); /* after the request of the first */
    wait_for_phase(3);
    lwkt_gettoken(&ref, &x_token[0]);
    x_under[0]++;
    poke(&phase, 5);
    lwkt_reltoken(&ref);
}

/* Has the token again, and ends the section with it: then the late request arrives. */
static void take_again(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    lwkt_gettoken(&ref, &x_token[0]);
    poke(&phase, 1);
    wait_for_phase(2);
    crit_enter();
    poke(&phase, 3);
    wait_inside(4);
    lwkt_reltoken(&ref);
    wait_inside(5);
    cpu_relax(); /* until the late one releases it */
    lwkt_schedule(busy);
    lwkt_gettoken(&ref, &x_token[0]);
    taken = true;
    crit_exit();
    CHECK(lwkt_havetoken(&x_token[0]),
          "a request that was not wanted any more has taken the token");
    x_under[0]++;
    lwkt_reltoken(&ref);
}

/* Meanwhile this one keeps the cpu from its idle loop, which would serve messages. It sleeps in its section,
 * because its start would serve them, too. */
static void keep_busy(void *arg)
{
    (void)arg;
    crit_enter();
    lwkt_deschedule_self(curthread);
    lwkt_switch();
    for (int i = 0; i < ROUNDS && !taken; i++) {
        cpu_relax();
        lwkt_yield();
    }
    crit_exit();
}

void play_x_token_unwanted(void)
{
    x_init();
    phase = 0;
    taken = false;
    explore_thread(0, PRI + 1, take_first, NULL, "first");
    explore_thread(0, PRI, take_late, NULL, "late");
    explore_thread(0, PRI - 1, set_phase, (void *)4, "waits");
    busy = explore_thread(1, PRI, keep_busy, NULL, "busy");
    explore_thread(1, PRI, take_again, NULL, "again");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

/* --- a token that is kept for a waiter, which is not the oldest of its cpu --- */

static thread_t oldest, waits, sleeper, wakes;

/* Has had both tokens, and sleeps with one, which goes to the other cpu meanwhile. */
static void sleep_with_token(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    x_take((void *)1);
    lwkt_gettoken(&ref, &x_token[0]);
    crit_enter();
    poke(&phase, 1);
    lwkt_schedule(wakes);
    lwkt_deschedule_self(curthread);
    lwkt_switch();
    crit_exit();
    CHECK(x_under[0] == 1, "the token was taken from a thread that has waited for longer");
    x_under[0]++;
    lwkt_reltoken(&ref);
}

/* Has that token, and waits for the other one after the oldest, which waits only for that. */
static void keep_and_wait(void *arg)
{
    struct lwkt_tokref ref[2];

    (void)arg;
    wait_for_phase(1);
    lwkt_gettoken(&ref[0], &x_token[0]);
    poke(&phase, 2);
    wait_for_phase(3);
    lwkt_schedule(waits);
    lwkt_schedule(oldest);
    lwkt_yield();
    lwkt_gettoken(&ref[1], &x_token[1]);
    x_under[0]++;
    x_under[1]++;
    lwkt_reltoken(&ref[1]);
    lwkt_reltoken(&ref[0]);
}

/* Wakes the sleeper when both wait, and serves their requests when the sleeper's has been dealt with. */
static void wake_sleeper(void *arg)
{
    (void)arg;
    wait_for_phase(2);
    crit_enter();
    poke(&phase, 3);
    while (peek(&phase) < 4)
        cpu_relax();
    lwkt_schedule(sleeper);
    lwkt_yield();
    lwkt_send_ipiq_bycpu(0, set_phase, (void *)5);
    while (peek(&phase) < 5)
        cpu_relax();
    lwkt_yield();
    crit_exit();
}

void play_x_token_kept(void)
{
    x_init();
    phase = 0;
    oldest = explore_stopped(0, PRI + 1, x_take, (void *)1, "oldest");
    waits = explore_stopped(0, PRI - 1, set_phase, (void *)4, "waits");
    explore_thread(0, PRI, keep_and_wait, NULL, "keeps");
    sleeper = explore_thread(1, PRI + 1, sleep_with_token, NULL, "sleeper");
    wakes = explore_stopped(1, PRI, wake_sleeper, NULL, "wakes");
    explore_run();
    CHECK(x_under[0] == 2 && x_under[1] == 3, "%u %u", x_under[0], x_under[1]);
}
