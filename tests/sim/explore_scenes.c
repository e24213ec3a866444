/*
 * Scenes of the explorer: each mechanism of the core alone.
 */
#include "explore.h"
#include "lwkt/mplock.h"
#include "lwkt/token.h"
#include "scenes.h"

#define PRI TDPRI_KERN_DAEMON

/* One sleeps until the other, of another cpu, has woken it. */
static uint32 ready;
static thread_t sleeper;

static void sleep_until_ready(void *arg)
{
    (void)arg;
    crit_enter();
    while (!consume(&ready)) { /* publish: wake */
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

static void wake(void *arg)
{
    (void)arg;
    publish(&ready, 1); /* consume: sleep_until_ready */
    lwkt_schedule(sleeper);
}

void play_x_schedule(void)
{
    ready = 0;
    sleeper = explore_thread(0, PRI, sleep_until_ready, NULL, "sleeper");
    explore_thread(1, PRI, wake, NULL, "waker");
    explore_run();
}

/* Tokens, and plain data under each. */
static struct lwkt_token token[2];
static uint32 under[2];

static void take(void *arg)
{
    struct lwkt_tokref ref;
    uint64 i = (uint64)arg;

    lwkt_gettoken(&ref, &token[i]);
    under[i]++;
    lwkt_reltoken(&ref);
}

static void tokens_init(void)
{
    for (int i = 0; i < 2; i++) {
        lwkt_token_init(&token[i]);
        under[i] = 0;
    }
}

void play_x_token(void)
{
    tokens_init();
    explore_thread(0, PRI, take, NULL, "take0");
    explore_thread(1, PRI, take, NULL, "take1");
    explore_run();
    CHECK(under[0] == 2, "%u", under[0]);
}

static void take_both(void *arg)
{
    struct lwkt_tokref ref[2];
    uint64 i = (uint64)arg;

    lwkt_gettoken(&ref[0], &token[i]);
    lwkt_gettoken(&ref[1], &token[!i]);
    under[0]++;
    under[1]++;
    lwkt_reltoken(&ref[1]);
    lwkt_reltoken(&ref[0]);
}

void play_x_tokens_crossed(void)
{
    tokens_init();
    explore_thread(0, PRI, take_both, (void *)0, "take01");
    explore_thread(1, PRI, take_both, (void *)1, "take10");
    explore_run();
    CHECK(under[0] == 2 && under[1] == 2, "%u %u", under[0], under[1]);
}
