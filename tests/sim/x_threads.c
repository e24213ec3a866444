/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: threads that sleep, move and end; timers.
 */
#include "x.h"

void x_nothing(void *arg)
{
    (void)arg;
}

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

/* A thread goes off its cpu with a token that another cpu asks for, and nobody is left to run: the switch
 * answers, also if the question comes just before it. */
static void sleep_with_token(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    lwkt_gettoken(&ref, &x_token[0]);
    x_under[0] = 1;
    publish(&ready, 1); /* consume: take_from_sleeper */
    lwkt_deschedule_self(curthread);
    lwkt_switch();
    CHECK(x_under[0] == 2, "%u", x_under[0]);
    lwkt_reltoken(&ref);
}

static void take_from_sleeper(void *arg)
{
    while (!consume(&ready)) /* publish: sleep_with_token */
        cpu_relax();
    x_take(arg);
    lwkt_schedule(sleeper);
}

void play_x_switch_asked(void)
{
    ready = 0;
    x_init();
    sleeper = explore_thread(0, PRI, sleep_with_token, NULL, "sleeper");
    explore_thread(1, PRI, take_from_sleeper, NULL, "asks");
    explore_run();
}

/* --- threads that change cpus --- */

static thread_t mover;

/* Its stack and its data go with it. */
static void move(void *arg)
{
    uint32 canary = 12345;

    (void)arg;
    x_under[0]++;
    lwkt_setcpu_self(globaldata_of[1]);
    x_under[0] += mycpuid == 1 && canary == 12345;
    lwkt_setcpu_self(globaldata_of[0]);
    x_under[0] += mycpuid == 0 && canary == 12345;
}

void play_x_migrate(void)
{
    x_init();
    explore_thread(0, PRI, move, NULL, "mover");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

static void disturb(void *arg)
{
    (void)arg;
    lwkt_schedule(mover);
    lwkt_schedule(mover);
}

/* The cpu that the mover has left wakes it. */
static void leave(void *arg)
{
    (void)arg;
    lwkt_setcpu_self(globaldata_of[1]);
    x_under[0]++;
}

void play_x_migrate_left(void)
{
    x_init();
    mover = explore_thread(0, PRI, leave, NULL, "mover");
    explore_thread(0, PRI, disturb, NULL, "waker");
    explore_run();
    CHECK(x_under[0] == 1, "%u", x_under[0]);
}

void play_x_migrate_wakeup(void)
{
    x_init();
    mover = explore_thread(0, PRI, move, NULL, "mover");
    explore_thread(1, PRI, disturb, NULL, "waker");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

static void pull(void *arg)
{
    (void)arg;
    lwkt_acquire(sleeper);
    CHECK(sleeper->td_gd == mycpu, "it belongs to cpu %d", sleeper->td_gd->gd_cpuid);
    x_under[0]++;
    publish(&ready, 1); /* consume: sleep_until_ready */
    lwkt_schedule(sleeper);
}

void play_x_acquire(void)
{
    ready = 0;
    x_init();
    sleeper = explore_thread(0, PRI, sleep_until_ready, NULL, "sleeper");
    explore_thread(1, PRI, pull, NULL, "puller");
    explore_run();
}

/* Who drops the last reference sees what the others did, and frees it; it is used again. */
static thread_t held;

static void drop(void *arg)
{
    (void)arg;
    CHECK(held->td_comm[0] == 'h', "it is %s now", held->td_comm);
    lwkt_rele(held);
}

static void make_another(void *arg)
{
    (void)arg;
    lwkt_yield();
    sim_spawn(0, x_nothing, NULL, "new");
}

void play_x_held(void)
{
    held = explore_leaver(0, PRI, x_nothing, NULL, "held");
    lwkt_hold(held);
    explore_thread(1, PRI, drop, NULL, "drops");
    explore_thread(0, PRI - 1, make_another, NULL, "maker");
    explore_run();
}

/* What a holder has done before it drops its reference is seen by who waits for that. */
static void use_and_drop(void *arg)
{
    (void)arg;
    x_under[0] = 1;
    lwkt_rele(held);
}

static void wait_for_drop(void *arg)
{
    (void)arg;
    lwkt_wait_free(held);
    CHECK(x_under[0] == 1, "%u", x_under[0]);
}

void play_x_wait_free(void)
{
    x_init();
    held = explore_thread(0, PRI, wait_for_drop, NULL, "waits");
    lwkt_hold(held);
    explore_thread(1, PRI, use_and_drop, NULL, "drops");
    explore_run();
}

/* An interrupt thread acquires a thread of its own cpu, which it may have preempted. */
static void set_thrice(void *arg)
{
    (void)arg;
    for (uint32 i = 0; i < 3; i++)
        publish(&ready, i); /* so that interrupts come in between */
}

static void acquire_own(void *arg)
{
    (void)arg;
    lwkt_acquire(held);
    CHECK(held->td_gd == mycpu, "it belongs to cpu %d", held->td_gd->gd_cpuid);
    lwkt_rele(held);
}

void play_x_acquire_own(void)
{
    x_init();
    held = explore_thread(0, PRI, set_thrice, NULL, "preempted");
    lwkt_hold(held);
    explore_ithread(0, 0, TDPRI_INT_MED, acquire_own, NULL);
    explore_run();
}

static void pause_a_little(void *arg)
{
    lwkt_pause((uint64)arg);
    x_under[mycpuid]++;
}

void play_x_timer(void)
{
    x_init();
    explore_thread(0, PRI, pause_a_little, (void *)5, "pause0");
    explore_thread(1, PRI, pause_a_little, (void *)7, "pause1");
    explore_run();
}
