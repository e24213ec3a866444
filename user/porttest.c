/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about message ports: the order of messages and replies (t62), synchronous messages while a
 * third thread schedules the waiting one without cause (t62sync), the state of ports and messages at
 * each step (t62state), one reply among several (t62pick), a message that is used again (t62reuse),
 * a port that replies at once (t62once), aborts (t62abort, t62race), threads that migrate (t62move,
 * t62gone), a reply that is on its way (t62done), and misuse, which panics (t62steal, t62unprep,
 * t62twice). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

enum { SERVER, CLIENT, LOOKER }; /* threads' indices */

static void add_server(int script)
{
    thread("S", param("to", 1), param("pri", 12), script, 1);
}

static void serve(int count)
{
    int s = step(K_MSG_SERVE, 0, count);
    step(K_END, 0, 0);
    add_server(s);
}

/*
 * Clients C1, C2, .. send count= messages each, of commands 100, 101, .. and 200, 201, ..; S takes none
 * before all are in its port, and they take no reply before S has replied to all. Then the same again,
 * each at its own speed, with the commands 1100, 1101, .. and 1200, 1201, ..
 */
static void order(void)
{
    int clients = param("clients", 2), count = param("count", 8);
    char name[] = "C0";
    int s = step(K_AWAIT, 0, clients);
    step(K_PAUSE, 0, 50); /* messages that are on their way arrive */
    step(K_MSG_SERVE, 0, clients * count);
    step(K_SET, 1, 1);
    step(K_MSG_SERVE, 0, clients * count);
    step(K_END, 0, 0);
    add_server(s);
    for (int c = 1; c <= clients; c++) {
        int script = step(K_LOG, 0, c);
        for (int i = 0; i < count; i++)
            step(K_MSG_SEND, SERVER, 100 * c + i);
        step(K_ADD, 0, 1);
        step(K_AWAIT, 1, 1);
        step(K_PAUSE, 0, 50);
        step(K_REPEAT, 0, count);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_AGAIN, 0, 0);
        for (int i = 0; i < count; i++)
            step(K_MSG_SEND, SERVER, 1000 + 100 * c + i);
        step(K_REPEAT, 0, count);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_AGAIN, 0, 0);
        step(K_END, 0, 0);
        name[1] = (char)('0' + c);
        thread(name, (param("to", 0) + c - 1) % param("cpus", 2), param("cpri", 12), script, 1);
    }
}

/* C, on another cpu than S, and D, on S's, send S count= messages each, and wait for each reply. Then
 * they do it again, while N schedules all three again and again. */
static void synchronous(void)
{
    int count = param("count", 10);
    const char *names[] = {"C", "D"};

    int s = step(K_MSG_SERVE, 0, 4 * count);
    step(K_AWAIT, 1, 1); /* a thread that has exited must not be scheduled */
    step(K_END, 0, 0);
    add_server(s);
    for (int c = 0; c < 2; c++) {
        int script = step(K_LOG, 0, 0);
        for (int i = 0; i < count; i++)
            step(K_MSG_DO, SERVER, 100 + 100 * c + i);
        step(K_ADD, 0, 1);
        for (int i = 0; i < count; i++)
            step(K_MSG_DO, SERVER, 1100 + 100 * c + i);
        step(K_AWAIT, 1, 1);
        step(K_END, 0, 0);
        thread(names[c], param(c == 0 ? "from" : "to", 0), param("cpri", 12), script, 1);
    }
    int n = step(K_AWAIT, 0, 2);
    step(K_REPEAT, 0, param("strays", 50));
    for (int t = 0; t < 3; t++)
        step(K_SCHED, t, 0);
    step(K_PAUSE, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("N", param("third", 0), param("npri", 12), n, 1);
}

/*
 * C sends S, on the same cpu and at a lower priority, three messages, and looks at S's port before that
 * and after it. S takes one, sleeps (and no message wakes it), and takes the others. Then C waits for a
 * reply, and L, at a still lower priority, looks at C's port.
 */
static void states(void)
{
    int s = step(K_MSG_RECEIVE, 0, 0);
    step(K_WMESG, SERVER, 0);
    step(K_PORT, SERVER, 0);
    step(K_MSG_FLAGS, 0, 0);
    step(K_MSG_REPLY, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_MSG_SERVE, 0, 3);
    step(K_AWAIT, 0, 1); /* C waits */
    step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_FLAGS, 0, 0);
    step(K_AWAIT, 0, 2); /* L has looked */
    step(K_MSG_REPLY, 0, 5);
    step(K_END, 0, 0);
    thread("S", param("to", 1), 10, s, 1);
    int c = step(K_ASLEEP, SERVER, 0);
    step(K_WMESG, SERVER, 0);
    step(K_PORT, SERVER, 0);
    for (int i = 0; i < 3; i++)
        step(K_MSG_SEND, SERVER, 100 + i);
    step(K_PORT, SERVER, 0);
    step(K_THREAD, SERVER, 0);
    step(K_ASLEEP, SERVER, 0);
    step(K_MSG_SEND, SERVER, 103);
    step(K_THREAD, SERVER, 0);
    step(K_SCHED, SERVER, 0);
    step(K_REPEAT, 0, 4);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_MSG_FLAGS, 1, 0);
    step(K_SET, 0, 1);
    step(K_MSG_DO, SERVER, 104);
    step(K_MSG_FLAGS, 1, 0);
    step(K_PORT, CLIENT, 0);
    step(K_WMESG, CLIENT, 0);
    step(K_END, 0, 0);
    thread("C", param("to", 1), 12, c, 1);
    int l = step(K_AWAIT, 0, 1);
    step(K_ASLEEP, CLIENT, 0);
    step(K_PORT, CLIENT, 0);
    step(K_WMESG, CLIENT, 0);
    step(K_SET, 0, 2);
    step(K_END, 0, 0);
    thread("L", param("from", 0), 9, l, 1);
}

/* C sends three messages, and waits for the reply to the second, then the third, then the first:
 * while S sends the replies slowly one by one; and then again, when all are there. Then C waits for a
 * reply at another port of its own. */
static void picking(void)
{
    int s = step(K_LOG, 0, 0);
    for (int i = 0; i < 3; i++) {
        step(K_MSG_SERVE, 0, 1);
        step(K_PAUSE, 0, param("pause", 100));
    }
    step(K_MSG_SERVE, 0, 3);
    step(K_SET, 0, 1);
    step(K_MSG_SERVE, 0, 1);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_LOG, 0, 0);
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 3; i++)
            step(K_MSG_SEND, SERVER, 100 * round + i);
        if (round == 2) {
            step(K_AWAIT, 0, 1);
            step(K_PAUSE, 0, 50);
        }
        step(K_MSG_PICK, 0, 1);
        step(K_MSG_PICK, 0, 0);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_PORT, CLIENT, 0);
    }
    step(K_MSG_PORT, 0, 0);
    step(K_MSG_DO, SERVER, 300);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* C uses one message again and again, at once after each reply, while each cpu that has sent a
 * message to another one stalls for stall= microseconds, and N schedules C and S again and again. */
static void reuse(void)
{
    int count = param("count", 10);
    int s = step(K_MSG_SERVE, 0, 2 * count);
    step(K_AWAIT, 0, 2); /* a thread that has exited must not be scheduled */
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_MSG_REUSE, 0, 1);
    step(K_TESTPOINT, KP_STALL_IPI, param("stall", 20));
    for (int i = 0; i < count; i++) {
        step(K_MSG_DO, SERVER, 100 + 2 * i);
        step(K_MSG_SEND, SERVER, 101 + 2 * i);
        step(K_MSG_RECEIVE, 0, 0);
    }
    step(K_SET, 0, 1);
    step(K_AWAIT, 0, 2);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
    int n = step(K_REPEAT, 0, param("strays", 100));
    step(K_SCHED, SERVER, 0);
    step(K_SCHED, CLIENT, 0);
    step(K_PAUSE, 0, 3);
    step(K_AGAIN, 0, 0);
    step(K_AWAIT, 0, 1);
    step(K_SET, 0, 2);
    step(K_END, 0, 0);
    thread("N", param("third", 0), param("npri", 12), n, 1);
}

/* C sends messages to a port that replies at once, with 5, 0 and -3: by lwkt_domsg, then by
 * lwkt_sendmsg. */
static void at_once(void)
{
    static const int replies[] = {5, 0, -3};
    int c = step(K_SET, 0, 0);

    for (int i = 0; i < 3; i++) {
        step(K_MSG_AT_ONCE, 1, replies[i]);
        step(K_MSG_FLAGS, 1, 0);
    }
    for (int i = 0; i < 3; i++) {
        step(K_MSG_AT_ONCE, 0, replies[i]);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_MSG_FLAGS, 1, 0);
    }
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* v[0]: how far C is in this round; v[1]: how far S is. C is the same in both rounds. */
static void abort_server(int base)
{
    step(K_AWAIT, 0, base + 1); /* 100 was aborted before */
    step(K_MSG_RECEIVE, 0, 0);  /* 101 */
    step(K_SET, 1, base + 1);
    step(K_AWAIT, 0, base + 2); /* aborted twice, and S is not told */
    step(K_MSG_FLAGS, 0, 0);
    step(K_MSG_REPLY, 0, 7);
    step(K_MSG_RECEIVE, 0, 0); /* 102 */
    step(K_MSG_TELL, 0, 0);
    step(K_SET, 1, base + 2);
    step(K_AWAIT, 0, base + 3);
    step(K_MSG_RECEIVE, 0, 0); /* its abort */
    step(K_PORT, SERVER, 0);
    step(K_MSG_REPLY, 0, 9);
    step(K_MSG_RECEIVE, 0, 0); /* 103 */
    step(K_MSG_TELL, 0, 0);
    step(K_SET, 1, base + 3);
    step(K_AWAIT, 0, base + 4); /* its abort is there, and not received */
    step(K_MSG_REPLY, 0, 11);
    step(K_MSG_RECEIVE, 0, 0); /* 104 */
    step(K_MSG_TELL, 0, 0);
    step(K_MSG_REPLY, 0, 13);
    step(K_SET, 1, base + 4);
    step(K_MSG_RECEIVE, 0, 0); /* 105 */
    step(K_MSG_REPLY, 0, 15);
}

static void abort_client(int base)
{
    step(K_MSG_SEND, SERVER, 100);
    step(K_MSG_ABORT, 0, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_SEND, SERVER, 101);
    step(K_SET, 0, base + 1);
    for (int i = 1; i <= 3; i++) {
        step(K_AWAIT, 1, base + i);
        step(K_MSG_ABORT, 0, 0);
        step(K_MSG_ABORT, 0, 0);
        step(K_SET, 0, base + 1 + i);
        step(K_MSG_RECEIVE, 0, 0);
        step(K_MSG_SEND, SERVER, 101 + i);
    }
    step(K_AWAIT, 1, base + 4); /* 104 is replied to; the reply is here, and not received */
    step(K_PAUSE, 0, 50);
    step(K_MSG_ABORT, 0, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_SEND, SERVER, 105);
    step(K_MSG_RECEIVE, 0, 0);
}

/*
 * C aborts messages: one before S has received it; one after that, and S is not told; two after
 * that, of which S is told at its port, and takes the one abort before it replies, and the other one
 * not; and one that S has replied to. Each gets one reply. Then C moves to S's cpu, and does the
 * same again.
 */
static void aborts(void)
{
    int s = step(K_LOG, 0, 0);
    abort_server(0);
    abort_server(10);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_LOG, 0, 0);
    abort_client(0);
    step(K_SETCPU, param("to", 1), 0);
    abort_client(10);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* C aborts count= messages while S may be replying to them. Each comes back once, with the reply or as
 * aborted. */
static void abort_race(void)
{
    int count = param("count", 20);
    serve(count + 1);
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

/*
 * Cpu to= leaves its messages in the rings. C, on cpu from=, sends S, on cpu to=, two messages; S moves
 * to cpu third=, and C aborts the second one, before cpu to= passes both on. Then a reply to C is held
 * at cpu from= until C has moved to cpu to=.
 */
static void gone(void)
{
    int to = param("to", 0), from = param("from", 1), third = param("third", 2);
    int s = step(K_SET, 1, 1);
    step(K_AWAIT, 0, 1);
    step(K_SETCPU, third, 0);
    step(K_SET, 0, 2);
    step(K_MSG_SERVE, 0, 1); /* 100 */
    step(K_MSG_SERVE, 0, 1); /* 102 */
    step(K_SET, 0, 3);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_AWAIT, 1, 1); /* S runs */
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_MSG_SEND, SERVER, 100);
    step(K_MSG_SEND, SERVER, 101);
    step(K_SET, 0, 1);
    step(K_AWAIT, 0, 2);
    step(K_MSG_ABORT, 0, 0);
    step(K_MSG_FLAGS, 1, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_MSG_PICK, 0, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << from);
    step(K_MSG_SEND, SERVER, 102);
    step(K_AWAIT, 0, 3);
    step(K_SETCPU, to, 0);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_MSG_RECEIVE, 0, 0);
    step(K_END, 0, 0);
    thread("C", from, param("cpri", 12), c, 1);
}

/* C waits for S's reply, which is on its way: cpu from= leaves it in its ring. N, also on cpu from=,
 * schedules C meanwhile. */
static void not_yet(void)
{
    int s = step(K_MSG_RECEIVE, 0, 0);
    step(K_SET, 0, 1);
    step(K_AWAIT, 0, 2);
    step(K_MSG_REPLY, 0, 100);
    step(K_SET, 0, 3);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_MSG_DO, SERVER, 100);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
    int n = step(K_AWAIT, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << param("from", 0));
    step(K_SET, 0, 2);
    step(K_AWAIT, 0, 3);
    step(K_SCHED, CLIENT, 0);
    step(K_YIELD, 0, 0); /* the first one may come back at once */
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    thread("N", param("from", 0), param("cpri", 12), n, 1);
}

/* C waits at the port of S, which it may not: it panics. */
static void steal(void)
{
    int s = step(K_AWAIT, 0, 1);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_MSG_STEAL, SERVER, 0);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* C uses a message again without lwkt_initmsg: with lwkt_domsg (do= 1) or lwkt_sendmsg. It panics. With
 * flags= the message has these, as on its way to the receiver or with it. */
static void unprepared(void)
{
    serve(1);
    int c = step(K_MSG_DO, SERVER, 100);
    if (param("flags", 0) != 0)
        step(K_MSG_SET_FLAGS, 0, param("flags", 0));
    step(K_MSG_UNPREPARED, SERVER, param("do", 0));
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

/* S replies to one message twice: it panics. */
static void twice(void)
{
    int s = step(K_MSG_RECEIVE, 0, 0);
    step(K_MSG_REPLY, 1, 1);
    step(K_MSG_REPLY, 0, 1);
    step(K_END, 0, 0);
    add_server(s);
    int c = step(K_MSG_DO, SERVER, 100);
    step(K_END, 0, 0);
    thread("C", param("from", 0), param("cpri", 12), c, 1);
}

static const struct test tests[] = {
    {"t62", order},
    {"t62sync", synchronous},
    {"t62state", states},
    {"t62pick", picking},
    {"t62reuse", reuse},
    {"t62once", at_once},
    {"t62abort", aborts},
    {"t62race", abort_race},
    {"t62move", moving},
    {"t62gone", gone},
    {"t62done", not_yet},
    {"t62steal", steal},
    {"t62unprep", unprepared},
    {"t62twice", twice},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
