/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: the MP lock, several tokens and interrupt threads that take them, on any cpu, in one scene.
 * Whoever waits for one of these may have another that somebody else waits for.
 */
#include <string.h>

#include "lwkt/mplock.h"
#include "lwkt/preempt.h"
#include "lwkt/token.h"
#include "sim.h"

#define TOKENS 2
#define TURNS 10

static struct lwkt_token token[TOKENS];
static uint32 counted[TOKENS], wanted[TOKENS];

static void tokens_init(void)
{
    for (int i = 0; i < TOKENS; i++)
        lwkt_token_init(&token[i]);
    memset(counted, 0, sizeof(counted));
    memset(wanted, 0, sizeof(wanted));
}

/* Under token i. */
static void count(int i)
{
    CHECK(lwkt_havetoken(&token[i]), "token %d is not here", i);
    uint32 was = counted[i];
    sim_point();
    counted[i] = was + 1;
}

/* Both tokens, in either order; `lock`: the MP lock before, between or after them, and a sleep with
 * all of it. */
static void take_all(bool lock)
{
    int first = (int)sim_random(TOKENS), when = (int)sim_random(TOKENS + 1);
    struct lwkt_tokref ref[TOKENS];

    for (int i = 0; i <= TOKENS; i++) {
        if (lock && i == when)
            get_mplock();
        if (i < TOKENS)
            lwkt_gettoken(&ref[i], &token[first ^ i]);
    }
    if (sim_random(2))
        lwkt_pause(sim_random(100));
    else if (sim_random(2))
        lwkt_yield();
    CHECK(curthread->td_mpcount >= lock && (!lock || mycpu->gd_mpheld), "count %d",
          curthread->td_mpcount); /* more, if what it preempted has the lock */
    for (int i = 0; i < TOKENS; i++)
        count(i);
    if (lock)
        rel_mplock();
    for (int i = 0; i < TOKENS; i++)
        lwkt_reltoken(&ref[i]);
}

static void take_with_lock(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++)
        take_all(sim_random(2));
}

void play_mixed_locks(void)
{
    tokens_init();
    for (int i = 0; i < ncpus + 1; i++)
        sim_spawn(i % ncpus, take_with_lock, NULL, "mixed");
    sim_join();
    for (int i = 0; i < TOKENS; i++)
        CHECK(counted[i] == TURNS * (uint32)(ncpus + 1), "%u", counted[i]);
}

/*
 * An interrupt thread of each cpu, which takes one token, or both, or the MP lock with them, whatever
 * the thread that it preempts has; and now and then ends, to be made anew.
 */
static struct source {
    thread_t td;
    uint32 again;
    uint32 stop;
} sources[SIM_CPUS];

static uint32 handled;

static void handle(void)
{
    int i = (int)sim_random(TOKENS);
    struct lwkt_tokref ref;

    if (sim_random(3) == 0) {
        take_all(sim_random(2));
        amo_add(&handled, TOKENS);
        return;
    }
    lwkt_gettoken(&ref, &token[i]);
    count(i);
    lwkt_reltoken(&ref);
    amo_add(&handled, 1);
}

static void source_loop(void *arg)
{
    struct source *s = arg;

    crit_enter();
    while (!s->stop) {
        if (s->again) {
            s->again = 0;
            crit_exit();
            handle();
            crit_enter();
        } else {
            sim_irq_complete(mycpuid, 0);
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
    }
    crit_exit();
}

static void raise_source(int irq)
{
    struct source *s = &sources[mycpuid];
    thread_t td = consume(&s->td); /* publish: play_mixed_interrupts */

    (void)irq;
    s->again = 1;
    lwkt_schedule(td);
}

/* Interrupts come from now on, to a cpu that has seen its thread. */
static void let_come(void *arg)
{
    (void)arg;
    sim_irq_rate(mycpuid, 0, 100);
}

static void stop_source(void *arg)
{
    struct source *s = arg;

    s->stop = 1;
    lwkt_schedule(s->td);
}

void play_mixed_interrupts(void)
{
    tokens_init();
    poke(&handled, 0);
    sim_irq_handler(0, raise_source);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        struct source *s = &sources[cpu];
        thread_t td = sim_spawn_stopped(cpu, TDPRI_INT_MED, source_loop, s, "ithread");
        s->again = s->stop = 0;
        td->td_preemptable = lwkt_preempt;
        publish(&s->td, td); /* consume: raise_source */
    }
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_send_ipiq_bycpu(cpu, let_come, NULL);
    for (int i = 0; i < ncpus + 1; i++)
        sim_spawn(i % ncpus, take_with_lock, NULL, "mixed");
    sim_join_but(1 + ncpus);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_irq_rate(cpu, 0, 0);
    lwkt_pause(3000);
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_send_ipiq_bycpu(cpu, stop_source, &sources[cpu]);
    sim_join();
    CHECK(counted[0] + counted[1] == 2 * TURNS * (uint32)(ncpus + 1) + handled, "%u and %u, %u handled",
          counted[0], counted[1], handled);
}

/*
 * Interrupt threads that do not come back: each preempts a holder of the MP lock, or another
 * thread, and exits, or moves to another cpu before.
 */
static uint32 ended;

static void end_at_once(void *arg)
{
    if (arg != NULL)
        get_mplock();
    if (sim_random(2))
        lwkt_setcpu_self(globaldata_of[(mycpuid + 1) % ncpus]); /* and it may preempt there */
    CHECK(curthread->td_mpcount >= (arg != NULL), "count %d", curthread->td_mpcount);
    amo_add(&ended, 1); /* and no rel_mplock: the exit sees to it */
}

static void preempt_and_end(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        bool lock = sim_random(2);
        if (lock)
            get_mplock();
        thread_t td = sim_spawn_stopped(mycpuid, TDPRI_INT_LOW + (int)sim_random(3), end_at_once,
                                        sim_random(2) ? &ended : NULL, "ends");
        td->td_preemptable = lwkt_preempt;
        lwkt_schedule(td);
        CHECK(curthread->td_mpcount == lock && (!lock || mycpu->gd_mpheld), "count %d",
              curthread->td_mpcount);
        if (lock)
            rel_mplock();
    }
}

void play_preempt_exit(void)
{
    poke(&ended, 0);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, preempt_and_end, NULL, "preempted");
    sim_join();
    CHECK(ended == TURNS * (uint32)ncpus, "%u", ended);
}

/* Threads of any cpu that are given up before they run, and others that are made meanwhile. */
static uint32 born;

static void be_born(void *arg)
{
    (void)arg;
    amo_add(&born, 1);
}

static void make_and_give_up(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        int cpu = (int)sim_random((uint64)ncpus);
        thread_t td = sim_spawn_stopped(cpu, TDPRI_KERN_DAEMON, be_born, NULL, "unborn");
        lwkt_rele(td);
        sim_spawn(cpu, be_born, NULL, "born");
    }
}

void play_unborn(void)
{
    poke(&born, 0);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, make_and_give_up, NULL, "maker");
    sim_join();
    CHECK(born == TURNS * (uint32)ncpus, "%u", born);
}

/* Bodies that pass a message on, in such a flood that all rings are full. */
static uint32 chains_left, deepest;

static void pass_on(void *arg)
{
    uint64 left = (uint64)arg;

    if ((uint32)mycpu->gd_intr_nesting_level > peek(&deepest))
        poke(&deepest, (uint32)mycpu->gd_intr_nesting_level);
    if (left == 0)
        amo_add_rel(&chains_left, (uint32)-1);
    else
        lwkt_send_ipiq_bycpu((mycpuid + 1) % ncpus, pass_on, (void *)(left - 1));
}

static void start_to_pass(void *arg)
{
    (void)arg;
    for (int i = 0; i < 12; i++) {
        crit_enter();
        for (int n = 0; n < 8; n++)
            lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), pass_on, (void *)20);
        crit_exit();
    }
}

void play_ipi_forward(void)
{
    poke(&chains_left, 96 * (uint32)ncpus);
    poke(&deepest, 0);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, start_to_pass, NULL, "chains");
    while (consume(&chains_left) != 0)
        lwkt_pause(100);
    sim_join();
    CHECK(deepest <= 6, "bodies nest %u deep", deepest);
}
