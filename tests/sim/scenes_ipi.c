/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: messages between cpus, and cpu synchronization. Rings have 4 or 16 slots, and begin close to
 * where indices wrap, as the seed says.
 */
#include <string.h>

#include "lwkt/cpusync.h"
#include "sim.h"

#define MESSAGES 24

/* What each target has had of each source: its own line. */
static uint32 had[SIM_CPUS][SIM_CPUS];
static uint32 order_any[SIM_CPUS];

/* A message's argument: its source and number. */
static void *packed(int source, uint32 n)
{
    return (void *)(((uint64)source << 32) | n);
}

static void expect_next(void *arg)
{
    int source = (int)((uint64)arg >> 32);
    uint32 n = (uint32)(uint64)arg;

    CHECK(curthread->td_critcount > 0 && mycpu->gd_intr_nesting_level > 0, "not in a body");
    CHECK(had[mycpuid][source] == n, "message %u of cpu %d, not %u", n, source,
          had[mycpuid][source]);
    had[mycpuid][source] = n + 1;
}

/* Every cpu to every other, active and passive by turns; the last is active. */
static void send_in_order(void *arg)
{
    int me = mycpuid;

    (void)arg;
    for (uint32 n = 0; n < MESSAGES; n++)
        for (int cpu = 0; cpu < ncpus; cpu++) {
            if (sim_random(3) == 0 && n + 1 < MESSAGES)
                lwkt_send_ipiq_passive(globaldata_of[cpu], expect_next, packed(me, n));
            else
                lwkt_send_ipiq_bycpu(cpu, expect_next, packed(me, n));
        }
}

static void on_all_cpus(void (*func)(void *), void *arg, const char *name)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, func, arg, name);
    sim_join();
}

static void wait_for_all(void *arg)
{
    (void)arg;
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
}

static void send_and_wait(void *arg)
{
    send_in_order(arg);
    wait_for_all(arg);
}

static void check_had(uint32 n)
{
    for (int to = 0; to < ncpus; to++)
        for (int from = 0; from < ncpus; from++)
            CHECK(had[to][from] == n, "cpu %d had %u of cpu %d", to, had[to][from], from);
}

void play_ipi_order(void)
{
    memset(had, 0, sizeof(had));
    on_all_cpus(send_and_wait, NULL, "sender");
    check_had(MESSAGES);
}

/* Two threads of each cpu flood cpu 0, and cpu 0 all: rings are full most of the time. */
static void count_body(void *arg)
{
    (void)arg;
    ++order_any[mycpuid];
}

static void flood(void *arg)
{
    for (int n = 0; n < 2 * MESSAGES; n++)
        lwkt_send_ipiq_mask(mycpuid == 0 ? ~0UL >> (64 - ncpus) : 1, count_body, arg);
    wait_for_all(arg);
}

void play_ipi_flood(void)
{
    memset(order_any, 0, sizeof(order_any));
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, flood, NULL, "flood");
    on_all_cpus(flood, NULL, "flood");
    CHECK(order_any[0] == 4 * MESSAGES * (uint32)ncpus, "cpu 0 had %u", order_any[0]);
    for (int cpu = 1; cpu < ncpus; cpu++)
        CHECK(order_any[cpu] == 4 * MESSAGES, "cpu %d had %u", cpu, order_any[cpu]);
}

/* Bodies that send on, to a random cpu, so many times. */
static uint32 chains_over;

static void chain(void *arg)
{
    uint64 left = (uint64)arg;

    if (left == 0)
        amo_add_rel(&chains_over, 1);
    else
        lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), chain, (void *)(left - 1));
}

static void start_chains(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++)
        lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), chain, (void *)10);
}

void play_ipi_chain(void)
{
    poke(&chains_over, 0);
    on_all_cpus(start_chains, NULL, "chains");
    while (consume(&chains_over) != 6u * (uint32)ncpus)
        lwkt_pause(100);
}

/* What a body did is seen after lwkt_wait_ipiq, while others send too. */
static void slow_body(void *arg)
{
    for (int i = 0; i < 5; i++)
        cpu_relax();
    *(uint32 *)arg += 1;
}

static void wait_each(void *arg)
{
    uint32 done = 0;

    (void)arg;
    for (uint32 n = 0; n < 8; n++) {
        int cpu = (int)sim_random((uint64)ncpus);
        int seq = lwkt_send_ipiq_bycpu(cpu, slow_body, &done);
        lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), count_body, NULL);
        lwkt_wait_ipiq(globaldata_of[cpu], seq);
        CHECK(done == n + 1, "after the wait for message %u: %u", n, done);
    }
}

void play_ipi_wait(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, wait_each, NULL, "waiter");
    on_all_cpus(wait_each, NULL, "waiter");
}

/* Nowait says no instead of waiting, and loses nothing. */
static void send_nowait(void *arg)
{
    int me = mycpuid, to = (me + 1) % ncpus;
    uint32 sent = 0;

    (void)arg;
    while (sent < MESSAGES)
        if (lwkt_send_ipiq_nowait(globaldata_of[to], expect_next, packed(me, sent)) == 0)
            sent++;
        else
            cpu_relax();
    wait_for_all(arg);
}

void play_ipi_nowait(void)
{
    memset(had, 0, sizeof(had));
    on_all_cpus(send_nowait, NULL, "sender");
    for (int cpu = 0; cpu < ncpus; cpu++)
        CHECK(had[(cpu + 1) % ncpus][cpu] == MESSAGES, "from cpu %d: %u", cpu,
              had[(cpu + 1) % ncpus][cpu]);
}

/* --- cpusync --- */

static uint32 stopped[SIM_CPUS][SIM_CPUS]; /* each cpu, by that master */
static uint32 ran[SIM_CPUS], let_go[SIM_CPUS], after[SIM_CPUS];

static void run_body(lwkt_cpusync_t poll)
{
    stopped[mycpuid][poll->cs_master] = 1;
    ++ran[mycpuid];
}

static void fin1_body(lwkt_cpusync_t poll)
{
    stopped[mycpuid][poll->cs_master] = 0;
    ++let_go[mycpuid];
}

static void fin2_body(void *data)
{
    amo_add_rel((uint32 *)data, 1);
}

/* Threads must not run on a cpu that is stopped, unless as its own master. */
static void master(void *arg)
{
    int me = mycpuid;

    (void)arg;
    for (int i = 0; i < 4; i++) {
        struct lwkt_cpusync poll = {.cs_run_func = run_body,
                                    .cs_fin1_func = fin1_body,
                                    .cs_fin2_func = fin2_body,
                                    .cs_data = &after[me]};
        uint32 before = peek(&after[me]);

        lwkt_cpusync_start(sim_random(2) ? CPUMASK(me) : 0, &poll);
        lwkt_cpusync_add(lwkt_all_cpus(), &poll);
        for (int cpu = 0; cpu < ncpus; cpu++)
            CHECK(stopped[cpu][me] == 1, "cpu %d runs", cpu);
        lwkt_cpusync_finish(&poll);
        for (int cpu = 0; cpu < ncpus; cpu++)
            CHECK(stopped[cpu][me] == 0, "cpu %d is not let go", cpu);
        while (consume(&after[me]) != before + (uint32)ncpus)
            cpu_relax();
    }
}

static void bystander(void *arg)
{
    (void)arg;
    for (int i = 0; i < 60; i++) {
        for (int cpu = 0; cpu < ncpus; cpu++)
            CHECK(stopped[mycpuid][cpu] == 0, "a thread runs on cpu %d, stopped by cpu %d", mycpuid,
                  cpu);
        lwkt_send_ipiq_bycpu((int)sim_random((uint64)ncpus), count_body, NULL);
        sim_ast();
    }
}

void play_cpusync(void)
{
    int masters = 1 + (int)sim_random((uint64)ncpus);

    memset(stopped, 0, sizeof(stopped));
    memset(ran, 0, sizeof(ran));
    memset(let_go, 0, sizeof(let_go));
    memset(after, 0, sizeof(after));
    for (int cpu = 0; cpu < ncpus; cpu++) {
        if (cpu < masters)
            sim_spawn(cpu, master, NULL, "master");
        sim_spawn(cpu, bystander, NULL, "bystander");
    }
    sim_join();
    for (int cpu = 0; cpu < ncpus; cpu++)
        CHECK(ran[cpu] == 4u * (uint32)masters && let_go[cpu] == ran[cpu], "cpu %d: %u %u", cpu,
              ran[cpu], let_go[cpu]);
}
