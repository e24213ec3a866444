/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: what cpus send each other. IPI messages, cpusyncs, and messages to ports.
 */
#include <string.h>

#include "lwkt/cpusync.h"
#include "x.h"

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

/* Whether others have told the target matters to nobody: the first message of each cpu raises an interrupt. */
static void told_body(void *arg)
{
    (void)arg;
}

static void tell(void *arg)
{
    (void)arg;
    crit_enter();
    globaldata_t gd = mycpu;
    uint64 raised = gd->gd_cnt.ipiq_hardware, avoided = gd->gd_cnt.ipiq_avoided;
    lwkt_send_ipiq_bycpu(1, told_body, NULL);
    CHECK(gd->gd_cnt.ipiq_hardware == raised + 1, "cpu %d has not told cpu 1", gd->gd_cpuid);
    CHECK(gd->gd_cnt.ipiq_avoided == avoided, "%d", gd->gd_cpuid);
    crit_exit();
}

void play_x_told(void)
{
    x_init();
    explore_thread(0, PRI, tell, NULL, "tell0");
    explore_thread(2, PRI, tell, NULL, "tell2");
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
/* --- cpusync: targets stand still, and what each side did is seen by the other. The function that runs when a
 * target stops may serve messages, as any body that waits for room does; its cpu stops after that. --- */

static uint32 seen_by[SIM_CPUS];

static void run_body(lwkt_cpusync_t poll)
{
    (void)poll;
    lwkt_process_ipiq();
    seen_by[mycpuid] = x_under[0];
}

static void fin_body(lwkt_cpusync_t poll)
{
    (void)poll;
    seen_by[mycpuid] += x_under[1];
}

static void master(void *arg)
{
    struct lwkt_cpusync poll = {.cs_run_func = run_body, .cs_fin1_func = fin_body};
    int to = !mycpuid;

    (void)arg;
    x_under[0] = 1;
    lwkt_cpusync_start(CPUMASK(to), &poll);
    CHECK(seen_by[to] == 1, "the target has seen %u", seen_by[to]);
    x_under[1] = 10;
    lwkt_cpusync_finish(&poll);
    CHECK(seen_by[to] == 11, "the target has seen %u", seen_by[to]);
}

void play_x_cpusync(void)
{
    x_init();
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
        x_under[0]++;
        lwkt_replymsg(msg, msg->ms_cmd + 1);
    }
}

static void ask(void *arg)
{
    struct lwkt_msg msg[2];

    (void)arg;
    lwkt_initmsg(&msg[0], &curthread->td_msgport, 5, 0);
    CHECK(lwkt_domsg(&server->td_msgport, &msg[0]) == 6, "%d", msg[0].ms_error);
    CHECK(x_under[0] == 1, "%u", x_under[0]);
    lwkt_initmsg(&msg[1], &curthread->td_msgport, 7, 0);
    lwkt_sendmsg(&server->td_msgport, &msg[1]);
    lwkt_msg_t got = lwkt_waitport(&curthread->td_msgport, NULL);
    CHECK(got == &msg[1] && got->ms_error == 8, "%d", got->ms_error);
    CHECK(x_under[0] == 2, "%u", x_under[0]);
}

static void play_served(void (*client)(void *), uint64 requests)
{
    x_init();
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
    x_init();
    server = explore_thread(1, PRI, x_nothing, NULL, "server");
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
    x_init();
    server = explore_thread(1, PRI, serve_elsewhere, (void *)2, "server");
    explore_thread(0, PRI, ask, NULL, "client");
    explore_run();
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
    x_init();
    server = explore_thread(1, PRI, serve_elsewhere, (void *)1, "server");
    explore_thread(2, PRI, ask_once, NULL, "client");
    explore_run();
}

/* The same after the port has been used on cpu 1. */
static void serve_here_and_elsewhere(void *arg)
{
    serve(arg);
    serve_elsewhere(arg);
}

void play_x_port_moves_used(void)
{
    x_init();
    server = explore_thread(1, PRI, serve_here_and_elsewhere, (void *)1, "server");
    explore_thread(1, PRI, ask_once, NULL, "near");
    explore_thread(2, PRI, ask_once, NULL, "far");
    explore_run();
}
