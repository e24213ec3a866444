/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about cpusync: one master, the order of its functions, and what its targets do meanwhile
 * (t34); the short forms (t34short); masters that overlap (t34two); a master that switches
 * (t34switch); misuse, which panics (t34body, t34again). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/*
 * A stops the cpus of mask=, then those of more= too. The masks overlap, and have cpus in them that do
 * not exist. B counts on cpu to=, which is one of them. C, on
 * cpu third=, which is not, sends cpu to= messages while that is stopped, and waits for each.
 */
static void one_master(void)
{
    int to = param("to", 1), third = param("third", 2);
    int body = step(K_ADD, 2, 1);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 10);
    step(K_CS_STATE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_CS_START, param("mask", 2), 1);
    step(K_LOG, 0, 2);
    step(K_CS_STATE, 0, 0);
    step(K_CS_ADD, param("more", 0), 0);
    step(K_LOG, 0, 3);
    step(K_CS_STATE, 0, 0);
    step(K_VALUE, 0, 0);
    step(K_SET, 1, 1);
    step(K_WAIT, 1, 2);
    step(K_VALUE, 2, 0);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_VALUE, 0, 0);
    step(K_LOG, 0, 4);
    step(K_CS_FINISH, 0, 0);
    step(K_LOG, 0, 5);
    step(K_CS_STATE, 0, 0);
    step(K_END, 0, 0);
    int c = step(K_WAIT, 1, 1);
    step(K_REPEAT, 0, param("messages", 3));
    step(K_IPI, to, body);
    step(K_IPI_WAIT, to, 0);
    step(K_AGAIN, 0, 0);
    step(K_SET, 1, 2);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, param("counts", 1000));
    step(K_ADD, 0, 1);
    step(K_PAUSE, 0, 1);
    step(K_CRIT_ENTER, 0, 0); /* messages are served at a section's end */
    step(K_CRIT_EXIT, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
    thread("C", third, param("pri", 12), c, 1);
}

/* A calls lwkt_cpusync_simple and _fastdata for the cpus of mask=, rounds= times. */
static void short_forms(void)
{
    int a = step(K_REPEAT, 0, param("rounds", 3));
    step(K_LOG, 0, 1);
    step(K_CS_SIMPLE, param("mask", 3), 0);
    step(K_LOG, 0, 2);
    step(K_CS_FAST, param("mask", 3), 0);
    step(K_LOG, 0, 3);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

static void add_master(const char *name, int cpu, int mask)
{
    int m = step(K_ADD, 0, 1);
    step(K_WAIT, 0, param("masters", 2));
    step(K_REPEAT, 0, param("rounds", 10));
    step(K_CS_START, mask, 0);
    step(K_PAUSE, 0, param("pause", 5));
    step(K_CS_FINISH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread(name, cpu, param("pri", 12), m, 1);
}

/* Threads on the first masters= cpus stop the cpus of mask= at the same time, rounds= times. */
static void overlapping(void)
{
    char name[] = "M0";

    scene_timeout(param("ms", 5000));
    for (int i = 0; i < param("masters", 2); i++) {
        name[1] = (char)('0' + i);
        add_master(name, i, param("mask", 3));
    }
}

/* A stops the cpus of mask=, and switches, which is an error. */
static void switching(void)
{
    int a = step(K_CS_START, param("mask", 3), 0);
    step(K_SWITCH, 0, 0);
    step(K_CS_FINISH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A sends cpu to= a message whose body would be a master, which it may not: it panics. */
static void in_body(void)
{
    int body = step(K_CS_START, param("mask", 3), 0);
    step(K_CS_FINISH, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_IPI, param("to", 1), body);
    step(K_IPI_WAIT, param("to", 1), 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A is a master, and begins another sync: it panics. */
static void again(void)
{
    int a = step(K_CS_START, param("mask", 3), 0);
    step(K_CS_START, param("mask", 3), 0);
    step(K_CS_FINISH, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

static const struct test tests[] = {
    {"t34", one_master},      {"t34short", short_forms}, {"t34two", overlapping},
    {"t34switch", switching}, {"t34body", in_body},      {"t34again", again},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
