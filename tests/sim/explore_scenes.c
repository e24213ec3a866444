/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: each mechanism of the core alone.
 */
#include <string.h>

#include "explore.h"
#include "lwkt/cpusync.h"
#include "lwkt/ktr.h"
#include "lwkt/mplock.h"
#include "lwkt/spin.h"
#include "lwkt/wait.h"
#include "scenes.h"

#define PRI TDPRI_KERN_DAEMON

static void end_at_once(void *arg)
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

/* Two that write their numbers, under a spin lock: who came when is the outcome. */
static struct spinlock order_lock;
static uint32 order;

static void write_number(void *arg)
{
    for (uint32 i = 0; i < 2; i++) {
        spin_lock(&order_lock);
        order = order * 4 + (uint32)(uint64)arg;
        spin_unlock(&order_lock);
    }
}

void play_x_order(void)
{
    order = 0;
    spin_init(&order_lock, "scene");
    explore_thread(0, PRI, write_number, (void *)1, "one");
    explore_thread(1, PRI, write_number, (void *)2, "two");
    explore_run();
    explore_outcome(order);
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

/* A token that its next owner may pass on before it has used it. */
void play_x_token_passed_on(void)
{
    tokens_init();
    for (uint64 i = 0; i < 3; i++)
        explore_thread((int)i, PRI, take, NULL, "take");
    explore_run();
    CHECK(under[0] == 3, "%u", under[0]);
}

/* The same with a thread of cpu 0 that has had it before. */
void play_x_token_chain(void)
{
    tokens_init();
    explore_thread(0, PRI, take_both, (void *)0, "take0");
    explore_thread(1, PRI, take, (void *)0, "take1");
    explore_thread(2, PRI, take, (void *)0, "take2");
    explore_run();
    CHECK(under[0] == 3, "%u", under[0]);
}

/* One takes it if it can, at once; both look whether they have it. */
static void try_to_take(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    if (!lwkt_trytoken(&ref, &token[0]))
        return;
    CHECK(lwkt_havetoken(&token[0]), "it is not here");
    under[0]++;
    lwkt_reltoken(&ref);
    CHECK(!lwkt_havetoken(&token[0]), "it is still here");
}

void play_x_trytoken(void)
{
    tokens_init();
    explore_thread(0, PRI, try_to_take, NULL, "tries0");
    explore_thread(0, PRI, take, NULL, "take0");
    explore_thread(1, PRI, take, NULL, "take1");
    explore_thread(1, PRI, try_to_take, NULL, "tries1");
    explore_run();
    CHECK(under[0] >= 2 && under[0] <= 4, "%u", under[0]);
    explore_outcome(under[0]);
}

/* --- other locks, with plain data under them --- */

static void use_mplock(void *arg)
{
    (void)arg;
    get_mplock();
    under[0]++;
    rel_mplock();
    if (try_mplock()) {
        under[1]++;
        rel_mplock();
    }
}

void play_x_mplock(void)
{
    tokens_init();
    explore_thread(0, PRI, use_mplock, NULL, "lock0");
    explore_thread(1, PRI, use_mplock, NULL, "lock1");
    explore_run();
    CHECK(under[0] == 2, "%u", under[0]);
}

static struct spinlock spin;

static void use_spin(void *arg)
{
    (void)arg;
    spin_lock(&spin);
    under[0]++;
    spin_unlock(&spin);
}

void play_x_spin(void)
{
    tokens_init();
    spin_init(&spin, "scene");
    explore_thread(0, PRI, use_spin, NULL, "spin0");
    explore_thread(1, PRI, use_spin, NULL, "spin1");
    explore_run();
    CHECK(under[0] == 2, "%u", under[0]);
}

/* --- messages; the ring has four places --- */

#define SENT 6
static uint32 payload[SENT], arrived, after[SIM_CPUS];

static void arrive_body(void *arg)
{
    uint32 *p = arg;

    CHECK(p == &payload[arrived], "number %ld comes as %u", p - payload, arrived);
    CHECK(*p == arrived + 1, "message %u brings %u", arrived, *p);
    *p = 0;
    arrived++;
}

static void payload_init(void)
{
    arrived = 0;
    memset(payload, 0, sizeof(payload));
    memset(after, 0, sizeof(after));
}

/* More than there are places for, so one is used again. */
static void send_many(void *arg)
{
    (void)arg;
    for (uint32 i = 0; i < SENT; i++) {
        payload[i] = i + 1;
        lwkt_send_ipiq_bycpu(1, arrive_body, &payload[i]);
    }
    lwkt_wait_ipiq(globaldata_of[1], lwkt_seq_ipiq(globaldata_of[1]));
    for (uint32 i = 0; i < SENT; i++)
        CHECK(payload[i] == 0, "message %u was waited for", i);
}

void play_x_ring(void)
{
    payload_init();
    explore_thread(0, PRI, send_many, NULL, "sender");
    explore_run();
    CHECK(arrived == SENT, "%u", arrived);
}

/* Both send to each other at once, and wait for what the other's body has done. */
static void set_body(void *arg)
{
    *(uint32 *)arg = 1;
}

static void send_and_wait(void *arg)
{
    int me = mycpuid, to = !me;

    (void)arg;
    lwkt_wait_ipiq(globaldata_of[to], lwkt_send_ipiq_bycpu(to, set_body, &after[me]));
    CHECK(after[me] == 1, "the body has not run");
}

void play_x_wait_ipiq(void)
{
    payload_init();
    explore_thread(0, PRI, send_and_wait, NULL, "send0");
    explore_thread(1, PRI, send_and_wait, NULL, "send1");
    explore_run();
}

/* A message that nobody is told of is found by a look, or with the next one. */
static void send_passive(void *arg)
{
    (void)arg;
    payload[0] = 1;
    lwkt_send_ipiq_passive(globaldata_of[1], arrive_body, &payload[0]);
    payload[1] = 2;
    while (lwkt_send_ipiq_nowait(globaldata_of[1], arrive_body, &payload[1]) < 0)
        cpu_relax();
}

static void poll_once(void *arg)
{
    (void)arg;
    crit_enter();
    lwkt_poll_ipiq();
    crit_exit();
}

void play_x_poll(void)
{
    payload_init();
    explore_thread(0, PRI, send_passive, NULL, "sender");
    explore_thread(1, PRI, poll_once, NULL, "poll");
    explore_run();
    CHECK(arrived == 2, "%u", arrived);
}

/* --- threads that change cpus --- */

static thread_t mover;

/* Its stack and its data go with it. */
static void move(void *arg)
{
    uint32 canary = 12345;

    (void)arg;
    under[0]++;
    lwkt_setcpu_self(globaldata_of[1]);
    under[0] += mycpuid == 1 && canary == 12345;
    lwkt_setcpu_self(globaldata_of[0]);
    under[0] += mycpuid == 0 && canary == 12345;
}

void play_x_migrate(void)
{
    tokens_init();
    explore_thread(0, PRI, move, NULL, "mover");
    explore_run();
    CHECK(under[0] == 3, "%u", under[0]);
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
    under[0]++;
}

void play_x_migrate_left(void)
{
    tokens_init();
    mover = explore_thread(0, PRI, leave, NULL, "mover");
    explore_thread(0, PRI, disturb, NULL, "waker");
    explore_run();
    CHECK(under[0] == 1, "%u", under[0]);
}

void play_x_migrate_wakeup(void)
{
    tokens_init();
    mover = explore_thread(0, PRI, move, NULL, "mover");
    explore_thread(1, PRI, disturb, NULL, "waker");
    explore_run();
    CHECK(under[0] == 3, "%u", under[0]);
}

static void pull(void *arg)
{
    (void)arg;
    lwkt_acquire(sleeper);
    CHECK(sleeper->td_gd == mycpu, "it belongs to cpu %d", sleeper->td_gd->gd_cpuid);
    under[0]++;
    publish(&ready, 1); /* consume: sleep_until_ready */
    lwkt_schedule(sleeper);
}

void play_x_acquire(void)
{
    ready = 0;
    tokens_init();
    sleeper = explore_thread(0, PRI, sleep_until_ready, NULL, "sleeper");
    explore_thread(1, PRI, pull, NULL, "puller");
    explore_run();
}

/* --- wait queues --- */

static struct lwkt_wait queue;
static uint32 condition;

static void block(void *arg)
{
    (void)arg;
    int gen = peek(&queue.wa_gen);

    while (!consume(&condition)) /* publish: signal */
        lwkt_block(&queue, "scene", &gen);
}

static void signal_all(void *arg)
{
    (void)arg;
    publish(&condition, 1); /* consume: block */
    lwkt_signal(&queue, -1);
}

void play_x_block(void)
{
    condition = 0;
    lwkt_wait_init(&queue);
    explore_thread(0, PRI, block, NULL, "blocked");
    explore_thread(1, PRI, signal_all, NULL, "signals");
    explore_run();
}

/* --- cpusync: targets stand still, and what each side did is seen by the other --- */

static uint32 seen_by[SIM_CPUS];

static void run_body(lwkt_cpusync_t poll)
{
    (void)poll;
    seen_by[mycpuid] = under[0];
}

static void fin_body(lwkt_cpusync_t poll)
{
    (void)poll;
    seen_by[mycpuid] += under[1];
}

static void master(void *arg)
{
    struct lwkt_cpusync poll = {.cs_run_func = run_body, .cs_fin1_func = fin_body};
    int to = !mycpuid;

    (void)arg;
    under[0] = 1;
    lwkt_cpusync_start(CPUMASK(to), &poll);
    CHECK(seen_by[to] == 1, "the target has seen %u", seen_by[to]);
    under[1] = 10;
    lwkt_cpusync_finish(&poll);
    CHECK(seen_by[to] == 11, "the target has seen %u", seen_by[to]);
}

void play_x_cpusync(void)
{
    tokens_init();
    explore_thread(0, PRI, master, NULL, "master");
    explore_run();
}

static void count_fin(lwkt_cpusync_t poll)
{
    (void)poll;
    seen_by[mycpuid]++;
}

static void sync_all(void *arg)
{
    (void)arg;
    lwkt_cpusync_simple(lwkt_all_cpus(), count_fin, NULL);
}

void play_x_cpusync_two(void)
{
    memset(seen_by, 0, sizeof(seen_by));
    explore_thread(0, PRI, sync_all, NULL, "master0");
    explore_thread(1, PRI, sync_all, NULL, "master1");
    explore_run();
    CHECK(seen_by[0] == 2 && seen_by[1] == 2, "%u %u", seen_by[0], seen_by[1]);
}

/* --- ports --- */

static thread_t server;

static void serve(void *arg)
{
    int n = (int)(uint64)arg;

    for (int i = 0; i < n; i++) {
        lwkt_msg_t msg = lwkt_waitport(&curthread->td_msgport, NULL);
        under[0]++;
        lwkt_replymsg(msg, msg->ms_cmd + 1);
    }
}

static void ask(void *arg)
{
    struct lwkt_msg msg[2];

    (void)arg;
    lwkt_initmsg(&msg[0], &curthread->td_msgport, 5, 0);
    CHECK(lwkt_domsg(&server->td_msgport, &msg[0]) == 6, "%d", msg[0].ms_error);
    CHECK(under[0] == 1, "%u", under[0]);
    lwkt_initmsg(&msg[1], &curthread->td_msgport, 7, 0);
    lwkt_sendmsg(&server->td_msgport, &msg[1]);
    lwkt_msg_t got = lwkt_waitport(&curthread->td_msgport, NULL);
    CHECK(got == &msg[1] && got->ms_error == 8, "%d", got->ms_error);
    CHECK(under[0] == 2, "%u", under[0]);
}

static void play_served(void (*client)(void *), uint64 requests)
{
    tokens_init();
    server = explore_thread(1, PRI, serve, (void *)requests, "server");
    explore_thread(0, PRI, client, NULL, "client");
    explore_run();
}

void play_x_port(void)
{
    play_served(ask, 2);
}

static void ask_and_abort(void *arg)
{
    struct lwkt_msg msg;

    (void)arg;
    lwkt_initmsg(&msg, &curthread->td_msgport, 5, MSGF_ABORTABLE);
    lwkt_sendmsg(&server->td_msgport, &msg);
    lwkt_abortmsg(&msg);
    lwkt_waitport(&curthread->td_msgport, &msg);
    CHECK(msg.ms_error == 6 || msg.ms_error == EABORTED, "%d", msg.ms_error);
    if (msg.ms_error == EABORTED) { /* the server waits for another */
        lwkt_initmsg(&msg, &curthread->td_msgport, 5, 0);
        lwkt_domsg(&server->td_msgport, &msg);
    }
}

void play_x_port_abort(void)
{
    play_served(ask_and_abort, 1);
}

/* Both of two messages are aborted; their requests use the same place on the stack. */
static void abort_two(void *arg)
{
    struct lwkt_msg msg[2];

    (void)arg;
    for (int i = 0; i < 2; i++) {
        lwkt_initmsg(&msg[i], &curthread->td_msgport, 5, MSGF_ABORTABLE);
        lwkt_sendmsg(&server->td_msgport, &msg[i]);
        lwkt_abortmsg(&msg[i]);
    }
    for (int i = 0; i < 2; i++)
        lwkt_waitport(&curthread->td_msgport, &msg[i]);
}

void play_x_port_abort_two(void)
{
    tokens_init();
    server = explore_thread(1, PRI, end_at_once, NULL, "server");
    explore_thread(0, PRI, abort_two, NULL, "client");
    explore_run();
}

/* The owner of the port has moved when the message comes, or moves meanwhile. */
static void serve_elsewhere(void *arg)
{
    lwkt_setcpu_self(globaldata_of[0]);
    serve(arg);
}

void play_x_port_moves(void)
{
    tokens_init();
    server = explore_thread(1, PRI, serve_elsewhere, (void *)2, "server");
    explore_thread(0, PRI, ask, NULL, "client");
    explore_run();
}

/* --- the rest --- */

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
    sim_spawn(0, end_at_once, NULL, "new");
}

void play_x_held(void)
{
    held = explore_leaver(0, PRI, end_at_once, NULL, "held");
    lwkt_hold(held);
    explore_thread(1, PRI, drop, NULL, "drops");
    explore_thread(0, PRI - 1, make_another, NULL, "maker");
    explore_run();
}

/* What a holder has done before it drops its reference is seen by who waits for that. */
static void use_and_drop(void *arg)
{
    (void)arg;
    under[0] = 1;
    lwkt_rele(held);
}

static void wait_for_drop(void *arg)
{
    (void)arg;
    lwkt_wait_free(held);
    CHECK(under[0] == 1, "%u", under[0]);
}

void play_x_wait_free(void)
{
    tokens_init();
    held = explore_thread(0, PRI, wait_for_drop, NULL, "waits");
    lwkt_hold(held);
    explore_thread(1, PRI, use_and_drop, NULL, "drops");
    explore_run();
}

static void pause_a_little(void *arg)
{
    lwkt_pause((uint64)arg);
    under[mycpuid]++;
}

void play_x_timer(void)
{
    tokens_init();
    explore_thread(0, PRI, pause_a_little, (void *)5, "pause0");
    explore_thread(1, PRI, pause_a_little, (void *)7, "pause1");
    explore_run();
}

/* A reader of the trace takes an entry whole or not at all. */
static struct ktr_entry page[SIM_CPUS][KTR_PAGES][KTR_PER_PAGE];

static void record(void *arg)
{
    (void)arg;
    for (uint64 i = 1; i < 3; i++)
        ktr_record(KTR_TICK, i, 10 * i);
}

static void read_entries(void *arg)
{
    struct ktr_entry e;

    (void)arg;
    for (uint64 seq = ktr_oldest(1); seq < ktr_next(1); seq++)
        if (ktr_read(1, seq, &e) && e.event == KTR_TICK)
            CHECK(e.b == 10 * e.a, "%lu %lu", e.a, e.b);
}

void play_x_trace(void)
{
    for (int cpu = 0; cpu < SIM_CPUS; cpu++)
        for (int i = 0; i < KTR_PAGES; i++)
            ktr_attach(cpu, i, page[cpu][i]);
    ktr_set_mask(1u << KTR_TICK);
    explore_thread(1, PRI, record, NULL, "writer");
    explore_thread(0, PRI, read_entries, NULL, "reader");
    explore_run();
    ktr_set_mask(0);
}

/* A port whose owner moves from cpu 1 to 0, while cpu 2 sends. */
static void ask_once(void *arg)
{
    struct lwkt_msg msg;

    (void)arg;
    lwkt_initmsg(&msg, &curthread->td_msgport, 5, 0);
    CHECK(lwkt_domsg(&server->td_msgport, &msg) == 6, "%d", msg.ms_error);
}

void play_x_port_moves_away(void)
{
    tokens_init();
    server = explore_thread(1, PRI, serve_elsewhere, (void *)1, "server");
    explore_thread(2, PRI, ask_once, NULL, "client");
    explore_run();
}
