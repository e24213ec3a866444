/*
 * Scenes for thread switching: round robin (t1), priorities (t2), descheduling (t5), and scheduling
 * more than once (t6). All on one cpu; see user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* threads= of one priority, each logs and yields rounds= times. */
static void round_robin(void)
{
    int script = step(K_REPEAT, 0, param("rounds", 3));
    step(K_LOG, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    for (int i = 0; i < param("threads", 3) && i < 8; i++)
        thread(names[i], param("cpu", 0), param("pri", 12), script, 1);
}

/* A schedules a better B and a worse C, then switches. */
static void priorities(void)
{
    int cpu = param("cpu", 0);
    int a = step(K_LOG, 0, 1);
    step(K_SCHED, 2, 0);
    step(K_SCHED, 1, 0);
    step(K_LOG, 0, 2);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    int other = step(K_LOG, 0, 1);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
    thread("B", cpu, param("high", 14), other, 0);
    thread("C", cpu, param("low", 10), other, 0);
}

/* A deschedules itself and goes on until it switches; B lets turns= turns pass, then schedules it. */
static void deschedule(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12);
    int a = step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_LOG, 0, 2);
    step(K_LOG, 0, 3);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 4);
    step(K_END, 0, 0);
    int b = step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("turns", 2));
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_SCHED, 0, 0);
    step(K_LOG, 0, 3);
    step(K_YIELD, 0, 0);
    step(K_LOG, 0, 4);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, pri, b, 1);
}

/* A schedules the sleeping B times= times at once and yields, rounds= times; B logs and sleeps. */
static void schedule_twice(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12), rounds = param("rounds", 3);
    int a = step(K_REPEAT, 0, rounds + 1);
    step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("times", 5));
    step(K_SCHED, 1, 0);
    step(K_AGAIN, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_YIELD, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_REPEAT, 0, rounds);
    step(K_LOG, 0, 1);
    step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, pri, a, 1);
    thread("B", cpu, pri, b, 0);
}

static const struct test tests[] = {
    {"t1", round_robin},
    {"t2", priorities},
    {"t5", deschedule},
    {"t6", schedule_twice},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
