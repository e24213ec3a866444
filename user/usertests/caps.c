/* SPDX-License-Identifier: BSD-3-Clause
 * CAPS: messages between processes by name, what is refused, and what remains when one side dies.
 */
#include "kernel/types.h"
#include "kernel/caps.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

/* Connect to a name that another process is about to register. */
static int connect_soon(const char *name)
{
    int id;

    while ((id = caps_connect(name)) < 0)
        yield();
    return id;
}

/* Answer n requests: each byte of the request, plus one. */
static void serve(int id, int n)
{
    static char request[CAPS_MSG_MAX];
    int len;

    for (int i = 0; i < n; i++) {
        int number = caps_wait(id, request, sizeof(request), &len);
        CHECK(number > 0);
        for (int j = 0; j < len; j++)
            request[j]++;
        CHECK(caps_reply(id, number, request, len) == 0);
    }
}

static void call_and_check(int id, int len)
{
    static char out[CAPS_MSG_MAX], in[CAPS_MSG_MAX];

    for (int i = 0; i < len; i++)
        out[i] = pattern((uint64)(len + i));
    CHECK(caps_call(id, out, len, in, len) == len);
    for (int i = 0; i < len; i++)
        CHECK(in[i] == (char)(out[i] + 1));
}

static void caps_simple(void)
{
    static const int lengths[] = {0, 1, 2, 7, 8, 100, 511, 512, 513, CAPS_MSG_MAX};
    int n = sizeof(lengths) / sizeof(lengths[0]), id, pid = child();

    if (pid == 0) {
        serve(caps_register("simple"), n);
        exit(0);
    }
    id = connect_soon("simple");
    for (int i = 0; i < n; i++)
        call_and_check(id, lengths[i]);
    expect(pid, 0);
    CHECK(caps_close(id) == 0);
}

/* Several clients of one server, at once. */
static void caps_clients(void)
{
    int server = child();

    if (server == 0) {
        serve(caps_register("many"), 4 * 100);
        exit(0);
    }
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            int id = connect_soon("many");
            for (int j = 0; j < 100; j++)
                call_and_check(id, 1 + (i * 100 + j) % 300);
            exit(0);
        }
    }
    for (int i = 0; i < 5; i++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
}

/* Requests are received in the order in which they were sent; replies may be sent in any order. */
static void caps_order(void)
{
    int id = caps_register("order"), pids[3], requests[3];

    CHECK(id >= 0);
    for (int i = 0; i < 3; i++) {
        char c = (char)('a' + i), reply;
        pids[i] = child();
        if (pids[i] == 0) {
            CHECK(caps_call(caps_connect("order"), &c, 1, &reply, 1) == 1 && reply == c);
            exit(0);
        }
        wait_asleep(pids[i]);
    }
    for (int i = 0; i < 3; i++) {
        char c;
        requests[i] = caps_wait(id, &c, 1, 0);
        CHECK(requests[i] > 0 && c == 'a' + i);
    }
    for (int i = 2; i >= 0; i--) {
        char c = (char)('a' + i);
        CHECK(caps_reply(id, requests[i], &c, 1) == 0);
        CHECK(caps_reply(id, requests[i], &c, 1) == -1);
        expect(pids[i], 0);
    }
}

static void caps_names(void)
{
    char longest[CAPS_NAME_MAX + 1];
    int id = caps_register("name"), other;

    CHECK(id >= 0 && caps_register("name") == -1);
    CHECK((other = caps_register("nam")) >= 0 && other != id);
    CHECK(caps_connect("names") == -1 && caps_connect("") == -1 && caps_register("") == -1);
    memset(longest, 'x', sizeof(longest));
    longest[CAPS_NAME_MAX] = 0;
    CHECK(caps_register(longest) == -1 && caps_connect(longest) == -1);
    longest[CAPS_NAME_MAX - 1] = 0;
    CHECK(caps_register(longest) >= 0 && caps_connect(longest) >= 0);
    CHECK(caps_close(id) == 0 && caps_connect("name") == -1);
    CHECK(caps_register("name") == id); /* free again, and the lowest id is given */
    for (int i = 0; i < nbad_addresses; i++) {
        CHECK(caps_register((char *)bad_addresses[i]) == -1);
        CHECK(caps_connect((char *)bad_addresses[i]) == -1);
    }
}

static void caps_bad_ids(void)
{
    char c;
    int server, client;

    CHECK(caps_close(0) == -1 && caps_call(0, &c, 1, &c, 1) == -1);
    CHECK((server = caps_register("ids")) >= 0 && (client = caps_connect("ids")) >= 0);
    int bad[] = {-1, CAPS_IDS, 0x7fffffff, client + 1};
    for (uint i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(caps_call(bad[i], &c, 1, &c, 1) == -1);
        CHECK(caps_wait(bad[i], &c, 1, 0) == -1);
        CHECK(caps_reply(bad[i], 1, &c, 1) == -1);
        CHECK(caps_close(bad[i]) == -1);
    }
    CHECK(caps_call(server, &c, 1, &c, 1) == -1); /* a server's id is not for calls */
    CHECK(caps_call(client, &c, 1, &c, 1) == -1); /* a server cannot call itself */
    CHECK(caps_wait(client, &c, 1, 0) == -1);
    CHECK(caps_reply(client, 1, &c, 1) == -1);
    CHECK(caps_reply(server, 0, &c, 1) == -1 && caps_reply(server, 77, &c, 1) == -1);
    CHECK(caps_close(server) == 0 && caps_close(server) == -1);
    CHECK(caps_call(client, &c, 1, &c, 1) == -1 && caps_close(client) == 0);
}

/* Ids and names run out, and closing gives them back. */
static void caps_limits(void)
{
    char name[] = "limit?";
    int ready[2], go[2], n = 0, refused = 0;

    for (int i = 0; i < CAPS_IDS; i++) {
        name[5] = (char)('A' + i);
        CHECK(caps_register(name) == i);
    }
    CHECK(caps_register("one more") == -1 && caps_connect("limitA") == -1);
    CHECK(caps_close(3) == 0 && caps_connect("limitA") == 3);

    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    for (int p = 0; p < CAPS_SERVICES / CAPS_IDS; p++) {
        if (child() == 0) {
            char own[] = "p?.?", result[CAPS_IDS];
            own[1] = (char)('0' + p);
            for (int i = 0; i < CAPS_IDS; i++) {
                own[3] = (char)('A' + i);
                result[i] = caps_register(own) >= 0;
            }
            CHECK(write(ready[1], result, CAPS_IDS) == CAPS_IDS);
            await_pipe(go[0]);
            exit(0);
        }
    }
    CHECK(read_full(ready[0], buf, CAPS_SERVICES) == CAPS_SERVICES);
    for (int i = 0; i < CAPS_SERVICES; i++)
        *(buf[i] ? &n : &refused) += 1;
    CHECK(n == CAPS_SERVICES - CAPS_IDS + 1 && refused == CAPS_IDS - 1);
    for (int p = 0; p < CAPS_SERVICES / CAPS_IDS; p++)
        signal_pipe(go[1]);
    for (int p = 0; p < CAPS_SERVICES / CAPS_IDS; p++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    CHECK(caps_close(4) == 0 && caps_register("p0.A") == 4);
}

/* Lengths that are too large or negative, and buffers of the other side that are too small. */
static void caps_lengths(void)
{
    int pid = child(), id, len = 0;

    if (pid == 0) {
        id = caps_register("lengths");
        CHECK(caps_wait(id, buf, -1, &len) == -1);
        CHECK(caps_wait(id, buf, 9, &len) == -1); /* it has 10 bytes: it stays the next */
        int request = caps_wait(id, buf, 10, &len);
        CHECK(request > 0 && len == 10 && memcmp(buf, "0123456789", 10) == 0);
        CHECK(caps_reply(id, request, buf, -1) == -1);
        CHECK(caps_reply(id, request, buf, CAPS_MSG_MAX + 1) == -1);
        CHECK(caps_reply(id, request, buf, 10) == 0); /* the caller has room for 9 */
        serve(id, 1);
        exit(0);
    }
    id = connect_soon("lengths");
    CHECK(caps_call(id, buf, -1, buf, 1) == -1);
    CHECK(caps_call(id, buf, CAPS_MSG_MAX + 1, buf, 1) == -1);
    CHECK(caps_call(id, buf, 1, buf, -1) == -1);
    CHECK(caps_call(id, "0123456789", 10, buf, 9) == -1);
    call_and_check(id, 20);
    expect(pid, 0);
}

static void caps_pointers(void)
{
    int pid = child(), id, len;
    char c = 'x';

    if (pid == 0) {
        id = caps_register("pointers");
        for (int i = 0; i < nbad_addresses; i++) {
            CHECK(caps_wait(id, (void *)bad_addresses[i], 1, 0) == -1);
            if (bad_addresses[i] != 0)
                CHECK(caps_wait(id, &c, 1, (int *)bad_addresses[i]) == -1);
        }
        int request = caps_wait(id, &c, 1, &len);
        CHECK(request > 0 && len == 1 && c == 'p');
        for (int i = 0; i < nbad_addresses; i++)
            CHECK(caps_reply(id, request, (void *)bad_addresses[i], 1) == -1);
        CHECK(caps_reply(id, request, "q", 1) == 0);
        serve(id, nbad_addresses + 1);
        exit(0);
    }
    id = connect_soon("pointers");
    CHECK(caps_call(id, "p", 1, &c, 1) == 1 && c == 'q');
    for (int i = 0; i < nbad_addresses; i++) {
        CHECK(caps_call(id, (void *)bad_addresses[i], 1, &c, 1) == -1);
        /* The server answers this one: only then does the kernel find no place for the reply. */
        CHECK(caps_call(id, &c, 1, (void *)bad_addresses[i], 1) == -1);
    }
    call_and_check(id, 5);
    expect(pid, 0);
}

/* A server ends, in one of several ways, while one client waits for delivery and one for an answer. */
static void server_ends(const char *name, void (*end)(int id), int status)
{
    int ready[2], server, pids[3];
    char c;

    CHECK(pipe(ready) == 0);
    server = child();
    if (server == 0) {
        int id = caps_register(name);
        CHECK(caps_wait(id, &c, 1, 0) > 0);
        await_pipe(ready[0]);
        end(id);
        exit(0);
    }
    for (int i = 0; i < 3; i++) {
        pids[i] = child();
        if (pids[i] == 0) {
            int id = connect_soon(name);
            CHECK(caps_call(id, "c", 1, &c, 1) == -1);
            CHECK(caps_call(id, "c", 1, &c, 1) == -1 && caps_connect(name) == -1);
            exit(0);
        }
        wait_asleep(pids[i]);
    }
    signal_pipe(ready[1]);
    if (status != 0) {
        wait_asleep(server);
        kill(server);
    }
    for (int i = 0; i < 4; i++) {
        int got, pid = wait(&got);
        CHECK(pid > 0 && got == (pid == server ? status : 0));
    }
    CHECK(caps_register(name) >= 0);
}

static void end_exit(int id)
{
    (void)id;
}
static void end_close(int id)
{
    CHECK(caps_close(id) == 0);
}

static void end_killed(int id)
{
    char c;

    CHECK(caps_wait(id, &c, 1, 0) > 0 && caps_wait(id, &c, 1, 0) > 0);
    caps_wait(id, &c, 1, 0);
    fail("caps_wait came back in a killed process");
}

static void caps_server_exits(void)
{
    server_ends("exits", end_exit, 0);
}
static void caps_server_closes(void)
{
    server_ends("closes", end_close, 0);
}
static void caps_server_killed(void)
{
    server_ends("killed", end_killed, -1);
}

/* One client is killed while it waits for delivery, and one while it waits for an answer. The server
 * notices when it answers, and continues. */
static void caps_client_killed(void)
{
    int id = caps_register("client"), pids[2], request;
    char c;

    CHECK(id >= 0);
    for (int i = 0; i < 2; i++) {
        pids[i] = child();
        if (pids[i] == 0) {
            caps_call(caps_connect("client"), "k", 1, &c, 1);
            fail("caps_call came back in a killed process");
        }
        wait_asleep(pids[i]);
    }
    CHECK((request = caps_wait(id, &c, 1, 0)) > 0);
    for (int i = 0; i < 2; i++) {
        kill(pids[i]);
        expect(pids[i], -1);
    }
    CHECK(caps_reply(id, request, &c, 1) == -1);
    pids[0] = child();
    if (pids[0] == 0) {
        call_and_check(caps_connect("client"), 3);
        exit(0);
    }
    serve(id, 1);
    expect(pids[0], 0);
}

/* Clients are killed at any moment, while the server answers as fast as it can. */
static void caps_kill_race(void)
{
    int server = child();

    if (server == 0) {
        int id = caps_register("race"), len;
        char c;
        for (;;) {
            int request = caps_wait(id, &c, 1, &len);
            if (request > 0)
                caps_reply(id, request, &c, 1);
        }
    }
    for (int round = 0; round < 20; round++) {
        int pid = child();
        if (pid == 0) {
            int id = connect_soon("race");
            for (;;)
                CHECK(caps_call(id, "r", 1, buf, 1) == 1);
        }
        for (int i = 0; i < round; i++)
            yield();
        kill(pid);
        expect(pid, -1);
    }
    kill(server);
    expect(server, -1);
}

/* A child has none of its parent's ids. */
static void caps_fork(void)
{
    int id = caps_register("forked"), pid;
    char c;

    CHECK(id >= 0);
    pid = child();
    if (pid == 0) {
        CHECK(caps_wait(id, &c, 1, 0) == -1 && caps_close(id) == -1);
        CHECK((id = caps_connect("forked")) == 0);
        CHECK(caps_call(id, "f", 1, &c, 1) == 1 && c == 'g');
        exit(0);
    }
    serve(id, 1);
    expect(pid, 0);
}

const struct test caps_tests[] = {
    {"caps_simple", caps_simple, 0},
    {"caps_clients", caps_clients, 0},
    {"caps_order", caps_order, 0},
    {"caps_names", caps_names, 0},
    {"caps_bad_ids", caps_bad_ids, 0},
    {"caps_limits", caps_limits, 0},
    {"caps_lengths", caps_lengths, 0},
    {"caps_pointers", caps_pointers, 0},
    {"caps_server_exits", caps_server_exits, 0},
    {"caps_server_closes", caps_server_closes, 0},
    {"caps_server_killed", caps_server_killed, 0},
    {"caps_client_killed", caps_client_killed, 0},
    {"caps_kill_race", caps_kill_race, 0},
    {"caps_fork", caps_fork, 0},
    {0, 0, 0},
};
