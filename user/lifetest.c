/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about the life of threads: many short-lived threads (t59), some in memory of their creator's
 * (template) or given up before they run (unborn), on several cpus with stalls at their ends (t60), and
 * references that keep an exited thread (t61), or a thread that waits until another one has no
 * references any more (t61wait). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* A, on cpu from=, creates count= threads on cpu to=, one after the other. */
static void churn(void)
{
    int s = step(K_CHURN, param("to", 0), param("count", 1000));
    step(K_CACHED, param("from", 0), 0);
    step(K_CACHED, param("to", 0), 0);
    step(K_END, 0, 0);
    scene_timeout(4000);
    thread("A", param("from", 0), param("pri", 12), s, 1);
}

/* A thread of cpu to= in a struct of its maker's, on a stack of size= bytes of the maker's, and one
 * on a stack that is allocated for it. */
static void template(void)
{
    int s = step(K_TEMPLATE, param("to", 0), param("size", 6144));
    step(K_TEMPLATE, param("to", 0), 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), s, 1);
}

/* count= threads for cpu to= that never run, then as many that do. */
static void unborn(void)
{
    int s = step(K_UNBORN, param("to", 0), param("count", 10));
    step(K_CHURN, param("to", 0), param("count", 10));
    step(K_END, 0, 0);
    scene_timeout(4000);
    thread("A", param("from", 0), param("pri", 12), s, 1);
}

/* A thread on each of cpus= cpus creates count= threads on cpu to=, one after the other, where each
 * switch stalls for running= microseconds before TDF_RUNNING is cleared. */
static void stalled(void)
{
    int s = step(K_TESTPOINT, KP_STALL_RUNNING, param("running", 10));
    step(K_CHURN, param("to", 0), param("count", 100));
    step(K_END, 0, 0);
    scene_timeout(4000);
    for (int i = 0; i < param("cpus", 2); i++)
        thread(names[i], i, param("pri", 12), s, 1);
}

/* E exits while the scene has a reference to it. A creates count= threads, which exit, then gives up
 * the reference, and creates more. */
static void held(void)
{
    int cpu = param("cpu", 0), pri = param("pri", 12), count = param("count", 20);
    int e = step(K_DESCHED, 0, 0);
    step(K_SWITCH, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_YIELD, 0, 0);
    step(K_KEEP, 1, 0);
    step(K_SCHED, 1, 0);
    step(K_YIELD, 0, 0); /* the first one only queues A after E */
    step(K_YIELD, 0, 0);
    step(K_KEPT, 0, 0);
    step(K_CHURN, cpu, count);
    step(K_KEPT, 0, 0);
    step(K_RELE, 1, 0);
    step(K_CHURN, cpu, count);
    step(K_END, 0, 0);
    scene_timeout(4000);
    thread("A", cpu, pri, a, 1);
    thread("E", cpu, pri, e, 1);
}

/* A waits until E has no references but its own. B, on another cpu, gives up the scene's reference. */
static void wait_free(void)
{
    int e = step(K_WAIT, 0, 1);
    step(K_END, 0, 0);
    int a = step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_WAITFREE, 0, 0);
    step(K_LOG, 0, 2);
    step(K_SET, 0, 1);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, param("pause", 25000));
    step(K_LOG, 0, 1);
    step(K_RELE, 0, 0);
    step(K_END, 0, 0);
    thread("E", param("there", 2), param("pri", 12), e, 1);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("to", 1), param("pri", 12), b, 1);
}

static const struct test tests[] = {
    {"t59", churn},   {"template", template}, {"unborn", unborn},
    {"t60", stalled}, {"t61", held},          {"t61wait", wait_free},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
