/*
 * Scenes for IPI messages: waking another cpu (t21), creating threads there (t25), order (t27), and
 * sending to oneself (t33). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/* B sleeps on the idle cpu to=; A, on cpu from=, schedules it pause= microseconds later. */
static void wake_idle(void)
{
    int from = param("from", 0), to = param("to", 1);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, param("pause", 300));
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_WAIT, 1, 1);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_COUNTERS, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_COUNTERS, 0, 0);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("A", from, param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
}

/* A creates count= threads on cpu to=; each says where it runs. */
static void create_there(void)
{
    int body = step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("count", 100));
    step(K_CREATE, param("to", 1), body);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(3000);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* count= messages from cpu from= to cpu to=, numbered. */
static void in_order(void)
{
    int a = step(K_FLOOD, param("to", 1), param("count", 10000));
    step(K_IPI_WAIT, param("to", 1), 0);
    step(K_COUNTERS, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(3000);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A message to the sender's own cpu. */
static void to_self(void)
{
    int cpu = param("cpu", 0);
    int body = step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("rounds", 1));
    step(K_LOG, 0, 1);
    step(K_IPI, cpu, body);
    step(K_LOG, 0, 3);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

static const struct test tests[] = {
    {"t21", wake_idle},
    {"t25", create_there},
    {"t27", in_order},
    {"t33", to_self},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
