/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: whose turn it is, and the life of threads.
 */
#include <string.h>

#include "cpu.h"

#define TURNS 5
static thread_t players[6];
static char order[64];
static uint32 norder;

/* A body on the players' cpu: they become runnable together, in their order. */
static void schedule_all(void *arg)
{
    for (int i = 0; i < (int)(uint64)arg; i++)
        lwkt_schedule(players[i]);
}

static void say(const char *letter)
{
    order[norder++] = *letter;
}

static void player(void *letter)
{
    for (int i = 0; i < TURNS; i++) {
        say(letter);
        lwkt_yield();
    }
}

static void play_order(const int *pri, const char *expected)
{
    static char *const letters[] = {"A", "B", "C", "D"};
    int n = 0, cpu = ncpus - 1;

    memset(order, 0, sizeof(order));
    norder = 0;
    for (; pri[n] != 0; n++)
        players[n] = sim_spawn_stopped(cpu, pri[n], player, letters[n], letters[n]);
    lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, schedule_all, (void *)(uint64)n));
    sim_join();
    CHECK(strcmp(order, expected) == 0, "%s, not %s", order, expected);
}

void play_round_robin(void)
{
    play_order((int[]){12, 12, 12, 0}, "ABCABCABCABCABC");
}

void play_priorities(void)
{
    play_order((int[]){11, 20, 14, 20, 0}, "BDBDBDBDBDCCCCCAAAAA");
}

/* Flags of lwkt_schedule on this cpu: a better thread asks for a turn, and runs at the switch only. */
static void note_ran(void *arg)
{
    poke((uint32 *)arg, 1);
}

void play_schedule_flags(void)
{
    uint32 ran = 0;

    lwkt_yield();
    for (int flags = 0; flags < 2; flags++) {
        thread_t td = sim_spawn_stopped(0, TDPRI_INT_LOW, note_ran, &ran, "better");
        if (flags)
            td->td_flags |= TDF_NORESCHED;
        crit_enter();
        for (int i = 0; i < 5; i++)
            lwkt_schedule(td);
        CHECK(((peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) != 0) == (flags == 0), "%d", flags);
        CHECK(lwkt_checkpri_self() == 1, "it is runnable");
        crit_exit();
        CHECK(peek(&ran) == 0, "it ran at once");
        lwkt_yield();
        CHECK(peek(&ran) == 1 && lwkt_checkpri_self() == 0, "it did not run");
        poke(&ran, 0);
    }
}

/* --- wakeups between cpus: every one counts --- */

#define ROUNDS 12

struct pair {
    thread_t td[2];
    uint32 turn; /* who may go on */
    struct gate gate;
};

static void wait_turn(struct pair *p, uint32 me)
{
    crit_enter();
    while (consume(&p->turn) != me) { /* publish: ping */
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

static void ping(void *arg)
{
    struct pair *p = arg;
    uint32 me = curthread == p->td[1];

    for (int i = 0; i < ROUNDS; i++) {
        wait_turn(p, me);
        publish(&p->turn, !me); /* consume: wait_turn */
        lwkt_schedule(p->td[!me]);
    }
    sim_gate_leave(&p->gate, 3);
}

static void stray(void *arg)
{
    struct pair *p = arg;

    for (int i = 0; i < ROUNDS; i++) {
        lwkt_schedule(p->td[i & 1]);
        lwkt_yield();
    }
    sim_gate_leave(&p->gate, 3);
}

/* Two that wake each other, one that disturbs. */
void play_schedule(void)
{
    static struct pair p;

    p = (struct pair){.turn = 0};
    for (int i = 0; i < 2; i++)
        p.td[i] = sim_spawn_stopped(i % ncpus, TDPRI_KERN_DAEMON + i, ping, &p, "ping");
    lwkt_schedule(p.td[0]);
    lwkt_schedule(p.td[1]);
    sim_spawn(-1, stray, &p, "stray");
    sim_join();
}

/* --- life --- */

static uint32 lives;

static void live(void *arg)
{
    int cpu = (int)(uint64)arg;

    CHECK(mycpuid == cpu, "made for cpu %d, runs on %d", cpu, mycpuid);
    CHECK(curthread->td_critcount == 0, "born in %d sections", curthread->td_critcount);
    CHECK(curthread->td_pri == TDPRI_KERN_DAEMON, "priority %d", curthread->td_pri);
    amo_add(&lives, 1);
    if (sim_random(2))
        lwkt_yield();
}

static void make(void *arg)
{
    for (int i = 0; i < (int)(uint64)arg; i++) {
        int cpu = (int)sim_random((uint64)ncpus);
        sim_spawn(cpu, live, (void *)(uint64)cpu, "child");
        if (sim_random(3) == 0)
            lwkt_yield();
    }
}

void play_create(void)
{
    poke(&lives, 0);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, make, (void *)8, "maker");
    sim_join();
    CHECK(lives == 8u * (uint32)ncpus, "%u threads lived", lives);
}

/* More exits than the cache keeps, on one cpu. */
void play_cache(void)
{
    poke(&lives, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2 * CACHE_NTHREADS; i++)
            sim_spawn(ncpus - 1, live, (void *)(uint64)(ncpus - 1), "child");
        sim_join();
    }
    CHECK(lives == 6 * CACHE_NTHREADS, "%u threads lived", lives);
    sim_spawn(0, live, NULL, "last");
    sim_join();
}

static void rele_later(void *td)
{
    for (uint64 i = sim_random(10); i > 0; i--)
        lwkt_yield();
    CHECK(strcmp(((thread_t)td)->td_comm, "held") == 0, "it is %s now", ((thread_t)td)->td_comm);
    lwkt_rele(td);
}

/* A dead thread stays as it was as long as somebody holds it. */
void play_hold(void)
{
    for (int i = 0; i < 6; i++) {
        int cpu = (int)sim_random((uint64)ncpus);
        thread_t td = sim_spawn_stopped(cpu, TDPRI_KERN_DAEMON, live, (void *)(uint64)cpu, "held");
        lwkt_hold(td);
        lwkt_hold(td);
        lwkt_schedule(td);
        sim_spawn(-1, rele_later, td, "holder");
        lwkt_yield();
        lwkt_wait_free(td);
        CHECK(td->td_refs <= 2, "%d", td->td_refs);
        lwkt_rele(td);
    }
}
