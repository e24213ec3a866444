/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: message ports.
 */
#include "lwkt/msgport.h"
#include "sim.h"

#define REQUESTS 10
#define CLIENTS 4
#define CMD_STOP 1000

static thread_t server;
static struct gate clients_gate;

/* Answers with the command plus one, until it is told to stop. */
static void serve(void *arg)
{
    lwkt_port_t port = &curthread->td_msgport;

    for (bool stop = false; !stop;) {
        lwkt_msg_t msg = lwkt_waitport(port, NULL);
        stop = msg->ms_cmd == CMD_STOP;
        if (arg != NULL && sim_random(3) == 0)
            lwkt_setcpu_self(globaldata_of[sim_random((uint64)ncpus)]);
        lwkt_replymsg(msg, msg->ms_cmd + 1);
    }
}

static void ask(int cmd)
{
    struct lwkt_msg msg;

    lwkt_initmsg(&msg, &curthread->td_msgport, cmd, 0);
    int answer = lwkt_domsg(&server->td_msgport, &msg);
    CHECK(answer == cmd + 1, "the answer to %d is %d", cmd, answer);
}

/* Synchronous ones, and three at a time whose replies come in their order. */
static void client(void *arg)
{
    struct lwkt_msg msg[3];

    for (int i = 0; i < REQUESTS; i++) {
        if (arg != NULL && sim_random(3) == 0)
            lwkt_setcpu_self(globaldata_of[sim_random((uint64)ncpus)]);
        if (sim_random(2)) {
            ask(i);
            continue;
        }
        for (int k = 0; k < 3; k++) {
            lwkt_initmsg(&msg[k], &curthread->td_msgport, 10 * i + k, 0);
            lwkt_sendmsg(&server->td_msgport, &msg[k]);
        }
        for (int k = 0; k < 3; k++) {
            lwkt_msg_t got = lwkt_waitport(&curthread->td_msgport, NULL);
            CHECK(arg != NULL || got == &msg[k], "reply %ld came as number %d", got - msg, k);
            CHECK(got->ms_error == got->ms_cmd + 1, "%d", got->ms_error);
        }
    }
    sim_gate_leave(&clients_gate, CLIENTS + 1);
}

/* Wakes the server for nothing. */
static void stop_server(void *arg)
{
    (void)arg;
    for (int i = 0; i < REQUESTS; i++) {
        lwkt_schedule(server);
        lwkt_yield();
    }
    sim_gate_leave(&clients_gate, CLIENTS + 1);
    ask(CMD_STOP);
}

static void play_served(void *moving)
{
    clients_gate = (struct gate){0};
    server = sim_spawn_stopped(ncpus - 1, TDPRI_KERN_DAEMON, serve, moving, "server");
    lwkt_hold(server);
    lwkt_schedule(server);
    for (int i = 0; i < CLIENTS; i++)
        sim_spawn(-1, client, moving, "client");
    sim_spawn(-1, stop_server, NULL, "stop");
    sim_join();
    lwkt_rele(server);
}

void play_ports(void)
{
    play_served(NULL);
}
void play_port_moves(void)
{
    play_served("moving");
}

/* --- aborts --- */

/* Takes messages, and answers some late; tells what it has seen of an abort. */
static void serve_late(void *arg)
{
    lwkt_port_t port = &curthread->td_msgport;

    (void)arg;
    for (bool stop = false; !stop;) {
        lwkt_msg_t msg = lwkt_waitport(port, NULL);
        stop = msg->ms_cmd == CMD_STOP;
        for (uint64 n = sim_random(20); n > 0; n--)
            cpu_relax();
        lwkt_replymsg(msg, msg->ms_cmd + 1);
    }
}

/* The reply comes once, and says either that it was done or that it was taken back. */
static void abort_some(void *arg)
{
    struct lwkt_msg msg;

    (void)arg;
    for (int i = 0; i < REQUESTS; i++) {
        lwkt_initmsg(&msg, &curthread->td_msgport, i, MSGF_ABORTABLE);
        lwkt_sendmsg(&server->td_msgport, &msg);
        for (uint64 n = sim_random(20); n > 0; n--)
            cpu_relax();
        if (sim_random(3) != 0)
            lwkt_abortmsg(&msg);
        lwkt_waitport(&curthread->td_msgport, &msg);
        CHECK(msg.ms_error == i + 1 || msg.ms_error == EABORTED, "reply %d", msg.ms_error);
        CHECK(list_empty(&curthread->td_msgport.mp_msgq), "a second reply");
    }
    sim_gate_leave(&clients_gate, CLIENTS + 1);
}

void play_port_abort(void)
{
    clients_gate = (struct gate){0};
    server = sim_spawn_stopped(ncpus - 1, TDPRI_KERN_DAEMON, serve_late, NULL, "server");
    lwkt_hold(server);
    lwkt_schedule(server);
    for (int i = 0; i < CLIENTS; i++)
        sim_spawn(-1, abort_some, NULL, "client");
    sim_spawn(-1, stop_server, NULL, "stop");
    sim_join();
    lwkt_rele(server);
}
