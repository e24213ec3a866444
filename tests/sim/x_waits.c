/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: a wait that lasts is reported (kernel/lwkt/waitwarn.c) while the other cpu goes
 * on. What the report prints is not looked at; that it may read all of it is.
 */
#include "host.h"
#include "lwkt/mplock.h"
#include "lwkt/spin.h"
#include "lwkt/token.h"
#include "lwkt/waitwarn.h"
#include "scenes_upper.h"

#define PRI TDPRI_KERN_DAEMON
#define LONG (2 * WAIT_TURNS + 4) /* turns: the second look at the clock reports */

static struct spinlock spin;
static struct lwkt_token token;
static uint32 under;

static void last(void)
{
    for (int i = 0; i < LONG; i++)
        cpu_relax();
}

static void hold_spin(void *arg)
{
    (void)arg;
    spin_lock(&spin);
    under++;
    last();
    spin_unlock(&spin);
}

static void hold_token(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    lwkt_gettoken(&ref, &token);
    under++;
    last();
    lwkt_reltoken(&ref);
}

static void hold_mplock(void *arg)
{
    (void)arg;
    get_mplock();
    under++;
    last();
    rel_mplock();
}

/* Messages that are not taken are reported as well. */
static void hold_off(void *arg)
{
    (void)arg;
    crit_enter();
    last();
    under++;
    crit_exit();
}

static void count_body(void *arg)
{
    (void)arg;
    under++;
}

static void wait_for_body(void *arg)
{
    (void)arg;
    lwkt_wait_ipiq(globaldata_of[1], lwkt_send_ipiq_bycpu(1, count_body, NULL));
}

static void play(void (*waits)(void *), void (*holds)(void *))
{
    uint64 printed = host_printed();

    lwkt_wait_warn = 1;
    under = 0;
    spin_init(&spin, "scene");
    lwkt_token_init(&token);
    explore_thread(0, PRI, waits, NULL, "waits");
    explore_thread(1, PRI, holds, NULL, "holds");
    explore_run();
    CHECK(under == 2, "%u", under);
    explore_outcome(host_printed() > printed);
}

void play_x_waits_spin(void)
{
    play(hold_spin, hold_spin);
}

void play_x_waits_token(void)
{
    play(hold_token, hold_token);
}

void play_x_waits_mplock(void)
{
    play(hold_mplock, hold_mplock);
}

void play_x_waits_ipiq(void)
{
    play(wait_for_body, hold_off);
}
