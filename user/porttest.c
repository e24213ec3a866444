/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about message ports: the order of messages and replies (t62), synchronous messages while a
 * third thread schedules the waiting one without cause (t62sync), aborts (t62abort, t62race), and a
 * receiver that migrates (t62move). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

enum { SERVER, CLIENT }; /* threads' indices */

static void add_server(int script)
{
    thread("S", param("to", 1), param("pri", 12), script, 1);
}

/* Clients C1, C2, .. send count= messages each, of commands 100, 101, .. and 200, 201, ..; then they
 * receive the replies. */
static void order(void)
{
    int clients = param("clients", 2), count = param("count", 8);
    char name[] = "C0";
    int s = step(K_MSG_SERVE, 0, clients * count);
    step(K_END, 0, 0);
    add_server(s);
    for (int c = 1; c <= clients; c++) {
        int script = step(K_LOG, 0, c);
        for (int i = 0; i < count; i++)
            step(K_MSG_SEND, SERVER, 100 * c + i);
        step(K_REPEAT, 0, count);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_AGAIN, 0, 0);
        step(K_END, 0, 0);
        name[1] = (char)('0' + c);
        thread(name, (param("from", 0) + c - 1) % param("cpus", 2), param("cpri", 12), script, 1);
    }
}

/* C sends S count= messages, and waits for each reply. N schedules both of them again and again. */
static void synchronous(void)
{
    int count = param("count", 10);
    int s = step(K_MSG_SERVE, 0, count);
    step(K_AWAIT, 0, 1); /* a thread that has exited must not be scheduled */
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_LOG, 0, 0);
    for (int i = 0; i < count; i++)
        step(K_MSG_DO, SERVER, 100 + i);
    step(K_AWAIT, 0, 1);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
    int n = step(K_REPEAT, 0, param("strays", 50));
    step(K_SCHED, SERVER, 0);
    step(K_SCHED, CLIENT, 0);
    step(K_PAUSE, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_SET, 0, 1);
    step(K_END, 0, 0);
    thread("N", param("third", 0), param("npri", 12), n, 1);
}

/*
 * C aborts three messages: the first before S has received it; the second after that, and S is not
 * told; the third after that, and S is told at its port. Each gets one reply.
 */
static void aborts(void)
{
    int s = step(K_AWAIT, 0, 1);
    step(K_MSG_RECEIVE, 0, 0); /* the second */
    step(K_SET, 1, 1);
    step(K_AWAIT, 0, 2);
    step(K_MSG_REPLY, 0, 7);
    step(K_MSG_RECEIVE, 0, 0); /* the third */
    step(K_MSG_TELL, 0, 0);
    step(K_SET, 1, 2);
    step(K_MSG_RECEIVE, 0, 0); /* its abort */
    step(K_MSG_REPLY, 0, 9);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_MSG_SEND, SERVER, 100);
    step(K_MSG_ABORT, 0, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_SEND, SERVER, 101);
    step(K_SET, 0, 1);
    step(K_AWAIT, 1, 1);
    step(K_MSG_ABORT, 0, 0);
    step(K_SET, 0, 2);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_SEND, SERVER, 102);
    step(K_AWAIT, 1, 2);
    step(K_MSG_ABORT, 0, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* C aborts count= messages while S may be replying to them. Each comes back once, with the reply or as
 * aborted. */
static void abort_race(void)
{
    int count = param("count", 20);
    int s = step(K_MSG_SERVE, 0, count + 1);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_LOG, 0, 0);
    for (int i = 0; i < count; i++) {
        step(K_MSG_SEND, SERVER, 100 + i);
        step(K_PAUSE, 0, 1 + (i * param("step", 3)) % param("window", 20));
        step(K_MSG_ABORT, 0, 0);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_LOG, 0, i + 1);
    }
    step(K_SET, 0, 1);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
    /* S serves only the messages that were not aborted in time; E sends it the rest. */
    int e = step(K_AWAIT, 0, 1);
    step(K_REPEAT, 0, count + 1);
    step(K_MSG_SEND, SERVER, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("E", param("from", 0), param("cpri", 12), e, 1);
}

/* S goes round the cpus while it gets count= messages. Each migration stalls for stall= microseconds,
 * in which messages still go to the cpu that S leaves. */
static void moving(void)
{
    int count = param("count", 20), cpus = param("cpus", 2);
    int s = step(K_TESTPOINT, KP_STALL_SETCPU, param("stall", 10));
    step(K_LOG, 0, 0);
    for (int i = 0; i < count; i++) {
        step(K_MSG_SERVE, 0, 1);
        step(K_SETCPU, (i + 1) % cpus, 0);
    }
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_LOG, 0, 0);
    for (int i = 0; i < count; i++) {
        step(K_MSG_SEND, SERVER, 100 + i);
        step(K_PAUSE, 0, 1 + (i * param("step", 3)) % param("window", 20));
    }
    step(K_REPEAT, 0, count);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

static const struct test tests[] = {
    {"t62", order},          {"t62sync", synchronous}, {"t62abort", aborts},
    {"t62race", abort_race}, {"t62move", moving},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
