/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: threads change cpus, by themselves or by others, while yet others wake them.
 */
#include "sim.h"

#define MOVERS 4

/* Who runs is stamped: it runs on one cpu at a time, with its stack as it left it. */
struct mover {
    thread_t td;
    uint32 on; /* 1: it runs; 0: it is between two places */
    uint32 hops;
    uint32 over;
    uint32 asleep;
    bool disturbed;
};

static struct mover movers[MOVERS];
static struct gate gate;

static void hop(struct mover *m, int to)
{
    uint64 canary = sim_random(1UL << 40), kept = canary;

    publish(&m->on, 0);
    lwkt_setcpu_self(globaldata_of[to]);
    CHECK(mycpuid == to && mycpu->gd_curthread == curthread, "on cpu %d, not %d", mycpuid, to);
    CHECK(curthread == m->td && canary == kept, "another thread's stack");
    CHECK(amo_cas(&m->on, 0, 1), "it runs twice");
    CHECK(curthread->td_flags & TDF_RUNNING, "flags %x", curthread->td_flags);
    m->hops++;
}

static void go_round(void *arg)
{
    struct mover *m = arg;

    m->on = 1;
    for (int i = 0; i < 8; i++)
        hop(m, (mycpuid + 1) % ncpus);
    publish(&m->over, 1);
    if (m->disturbed)
        sim_gate_leave(&gate, ncpus + 1);
}

static void go_disturbed(void *arg)
{
    ((struct mover *)arg)->disturbed = true;
    go_round(arg);
}

static void start(int i, int cpu, void (*func)(void *), const char *name)
{
    movers[i] = (struct mover){0};
    movers[i].td = sim_spawn_stopped(cpu, TDPRI_KERN_DAEMON, func, &movers[i], name);
    lwkt_hold(movers[i].td);
    lwkt_schedule(movers[i].td);
}

static void release(int n)
{
    for (int i = 0; i < n; i++)
        lwkt_rele(movers[i].td);
}

void play_migrate(void)
{
    for (int i = 0; i < MOVERS; i++)
        start(i, i % ncpus, go_round, "mover");
    sim_join();
    for (int i = 0; i < MOVERS; i++)
        CHECK(movers[i].hops == 8, "%u hops", movers[i].hops);
    release(MOVERS);
}

/* Two that change places all the time. */
static void swap(void *arg)
{
    struct mover *m = arg;

    m->on = 1;
    for (int i = 0; i < 12; i++)
        hop(m, !mycpuid);
}

void play_swap(void)
{
    start(0, 0, swap, "left");
    start(1, 1, swap, "right");
    sim_join();
    release(2);
}

/* Wakeups that nobody needs, at a thread that moves. */
static void disturb(void *arg)
{
    while (!consume(&movers[0].over)) {
        lwkt_schedule(movers[0].td);
        if (sim_random(2))
            lwkt_yield();
        else
            lwkt_pause(sim_random(300)); /* a flood would leave its cpu no time for anything else */
    }
    (void)arg;
    sim_gate_leave(&gate, ncpus + 1);
}

void play_migrate_wakeups(void)
{
    gate = (struct gate){0};
    start(0, 0, go_disturbed, "mover");
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, disturb, NULL, "waker");
    sim_join();
    release(1);
}

/* Threads that sleep are pulled from cpu to cpu, and woken there. */
static void sleep_and_look(void *arg)
{
    struct mover *m = arg;

    for (int i = 0; i < 6; i++) {
        crit_enter();
        publish(&m->asleep, 1); /* consume: pull; it may come before we sleep */
        while (consume(&m->asleep)) {
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
        CHECK(amo_cas(&m->on, 0, 1), "it runs twice");
        crit_exit();
        CHECK(curthread->td_gd == globaldata_of[mycpuid], "cpu %d", mycpuid);
        publish(&m->on, 0);
    }
}

static void pull(void *arg)
{
    struct mover *m = arg;

    for (int i = 0; i < 6; i++) {
        while (!consume(&m->asleep)) { /* publish: sleep_and_look */
            lwkt_yield();
            cpu_relax();
        }
        lwkt_acquire(m->td);
        CHECK(m->td->td_gd == mycpu, "it belongs to cpu %d", m->td->td_gd->gd_cpuid);
        publish(&m->asleep, 0);
        lwkt_schedule(m->td);
        if (sim_random(2))
            lwkt_setcpu_self(globaldata_of[sim_random((uint64)ncpus)]);
    }
}

void play_acquire(void)
{
    for (int i = 0; i < 2; i++) {
        start(i, i, sleep_and_look, "sleeper");
        sim_spawn(-1, pull, &movers[i], "puller");
    }
    sim_join();
    release(2);
}
