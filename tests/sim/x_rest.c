/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: what no other scene calls. Timers that come again, and those of other cpus; a thread that
 * another cpu stops; counters; what an interrupt thread asks about the thread below it.
 */
#include "lib/sysctl.h"
#include "lwkt/cpusync.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/preempt.h"
#include "lwkt/systimer.h"
#include "x.h"

/* --- timers --- */

#define FIRES 3
static struct systimer timer;
static uint32 fired;
static thread_t waiter;

/* It comes more slowly from the second time on, and no more after the third. */
static void fire(struct systimer *st)
{
    uint32 n = fired + 1;

    poke(&fired, n);
    if (n == FIRES)
        systimer_del(st);
    else if (n == 2)
        systimer_set_period(st, 20);
    lwkt_schedule(waiter);
}

static void wait_for_fires(void *arg)
{
    (void)arg;
    crit_enter();
    while (peek(&fired) < FIRES) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
    CHECK(cpu_time() >= 40, "%lu ticks", cpu_time());
}

static void start_here(void *arg)
{
    (void)arg;
    systimer_init_periodic(&timer, fire, NULL, 10);
}

static void start_there(void *arg)
{
    (void)arg;
    systimer_init_periodic_on(1, &timer, fire, NULL, 10);
}

static void play_timer(void (*start)(void *))
{
    fired = 0;
    waiter = explore_thread(1, PRI, wait_for_fires, NULL, "waits");
    explore_thread(0, PRI, start, NULL, "starts");
    explore_run();
    CHECK(fired == FIRES, "%u", fired);
}

void play_x_timer_periodic(void)
{
    play_timer(start_here);
}

void play_x_timer_there(void)
{
    play_timer(start_there);
}

static void fire_once(struct systimer *st)
{
    (void)st;
    poke(&fired, FIRES);
    lwkt_schedule(waiter);
}

static void start_once(void *arg)
{
    (void)arg;
    systimer_init_oneshot_on(1, &timer, fire_once, NULL, cpu_time() + 50);
}

void play_x_timer_once_there(void)
{
    play_timer(start_once);
}

/* Of two that are due at the same time, the first one's function deletes the second. */
static struct systimer pair[2];

static void delete_second(struct systimer *st)
{
    CHECK(st == &pair[0], "it fires after systimer_del");
    systimer_del(&pair[1]);
}

static void start_pair(void)
{
    uint64 when = cpu_time() + 5;

    crit_enter();
    for (int i = 0; i < 2; i++)
        systimer_init_oneshot(&pair[i], delete_second, NULL, when);
    crit_exit();
}

/* One is late by its period to the tick, so its next call is one period after that, and not at once. */
#define PERIOD 2
static uint64 not_before;

static void fire_late(struct systimer *st)
{
    (void)st;
    CHECK(cpu_time() >= not_before, "it fires less than a period after the late call");
    not_before = cpu_time() + PERIOD;
}

static void be_late(void)
{
    static struct systimer late;

    not_before = 0;
    crit_enter();
    systimer_init_periodic(&late, fire_late, NULL, PERIOD);
    while (cpu_time() < late.st_time + PERIOD)
        cpu_relax();
    crit_exit();
    systimer_del(&late);
}

/* Its function starts it again, so it is queued until it is deleted. */
static void fire_again(struct systimer *st)
{
    poke(&fired, fired + 1);
    systimer_init_oneshot(st, fire_again, NULL, cpu_time() + 10);
}

static void start_again(void *arg)
{
    (void)arg;
    systimer_init_oneshot_on(1, &timer, fire_again, NULL, cpu_time() + 10);
}

static void delete_when_fired(void *arg)
{
    (void)arg;
    be_late();
    start_pair();
    do
        lwkt_pause(10);
    while (peek(&fired) == 0);
    systimer_del(&timer);
    uint32 n = peek(&fired);
    lwkt_pause(50);
    CHECK(peek(&fired) == n, "it fires after systimer_del");
}

void play_x_timer_again(void)
{
    fired = 0;
    explore_thread(1, PRI, delete_when_fired, NULL, "deletes");
    explore_thread(0, PRI, start_again, NULL, "starts");
    explore_run();
}

/* --- cpusync: the data outlive it, the poll does not --- */

static uint32 synced[SIM_CPUS];

static void count_cpu(void *data)
{
    uint32 *counts = data;

    counts[mycpuid]++;
}

static struct lwkt_cpusync poll;

static void sync_fast(void *arg)
{
    (void)arg;
    lwkt_cpusync_fastdata(lwkt_all_cpus(), count_cpu, synced);
    poll = (struct lwkt_cpusync){.cs_fin2_func = count_cpu, .cs_data = synced};
    lwkt_cpusync_start(lwkt_all_cpus(), &poll);
    lwkt_cpusync_finish(&poll);
    poll.cs_fin2_func = NULL;
    poll.cs_data = NULL;
    lwkt_wait_ipiq(globaldata_of[1], lwkt_send_ipiq_bycpu(1, x_nothing, NULL));
    CHECK(synced[0] == 2 && synced[1] == 2, "%u %u", synced[0], synced[1]);
}

void play_x_cpusync_fastdata(void)
{
    synced[0] = synced[1] = 0;
    explore_thread(0, PRI, sync_fast, NULL, "master");
    explore_run();
}

/* --- a thread that is stopped, on either cpu, while it waits for a token or runs, and goes on --- */

static thread_t stopped;

static void stop_and_go(void *arg)
{
    (void)arg;
    lwkt_deschedule(stopped);
    x_take((void *)0);
    lwkt_schedule(stopped);
}

static void play_stopped(int cpu)
{
    x_init();
    stopped = explore_thread(0, PRI, x_take, (void *)0, "stopped");
    explore_thread(cpu, PRI, stop_and_go, NULL, "stops");
    explore_thread(1, PRI, x_take, (void *)0, "takes");
    explore_run();
    CHECK(x_under[0] == 3, "%u", x_under[0]);
}

void play_x_stopped_here(void)
{
    play_stopped(0);
}

void play_x_stopped_there(void)
{
    play_stopped(1);
}

/* --- the thread below an interrupt thread, and better ones than this --- */

static void ask_below(void *arg)
{
    (void)arg;
    CHECK(lwkt_preempted_proc() == NULL, "there are no processes");
}

static void check_better(void *arg)
{
    thread_t better = sim_spawn_stopped(mycpuid, PRI + 1, x_nothing, NULL, "better");

    (void)arg;
    CHECK(lwkt_checkpri_self() == 0, "it is not runnable yet");
    lwkt_schedule(better);
    CHECK(lwkt_checkpri_self() == 1, "it is better");
    lwkt_yield();
    CHECK(lwkt_checkpri_self() == 0, "it has run");
}

void play_x_below(void)
{
    explore_thread(0, PRI, check_better, NULL, "asks");
    explore_ithread(0, 0, TDPRI_INT_LOW, ask_below, NULL);
    explore_run();
}

/* --- untimely switches: at each end of a critical section that has work --- */

void play_x_untimely(void)
{
    x_init();
    lwkt_untimely_switch = 1;
    explore_thread(0, PRI, x_take, (void *)0, "take0");
    explore_thread(0, PRI, x_take, (void *)1, "take1");
    explore_thread(1, PRI, x_take, (void *)0, "take2");
    explore_run();
    lwkt_untimely_switch = 0;
    CHECK(x_under[0] == 2 && x_under[1] == 1, "%u %u", x_under[0], x_under[1]);
}

/* --- counters: read, and set to 0, on all cpus; those that count nothing here, so that the sums are exact --- */

extern const struct sysctl_node __start_sysctl[], __stop_sysctl[]; /* the linker's */

static void read_and_reset(void *arg)
{
    (void)arg;
    mycpu->gd_cnt.preempt_weird = 5;
    for (const struct sysctl_node *n = __start_sysctl; n < __stop_sysctl; n++) {
        if (n->set_of == NULL || n->arg != offsetof(struct lwkt_counters, preempt_weird))
            continue;
        CHECK(n->get_of(n->arg) == 5, "%s is %lu", n->name, n->get_of(n->arg));
        CHECK(n->set_of(n->arg, 1) == -1, "%s can be set to 1", n->name);
        CHECK(n->set_of(n->arg, 0) == 0, "%s cannot be set to 0", n->name);
        CHECK(n->get_of(n->arg) == 0, "%s is %lu", n->name, n->get_of(n->arg));
    }
}

void play_x_counters(void)
{
    explore_thread(0, PRI, read_and_reset, NULL, "reads");
    explore_run();
}

/* --- the end of a critical section leaves nothing deferred --- */

static void end_sections(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        crit_enter();
        (void)peek(&x_under[0]); /* so that the other cpu may go on here */
        crit_exit();
        CHECK(peek(&mycpu->gd_reqflags) == 0, "%x is left", mycpu->gd_reqflags);
    }
}

static void send_two(void *arg)
{
    (void)arg;
    for (uint32 i = 0; i < 2; i++) {
        poke(&x_under[0], i);
        lwkt_send_ipiq_bycpu(1, x_nothing, NULL);
    }
}

void play_x_section(void)
{
    explore_thread(1, PRI, end_sections, NULL, "sections");
    explore_thread(0, PRI, send_two, NULL, "sends");
    explore_run();
}
