/* SPDX-License-Identifier: BSD-3-Clause
 * The scene of the soak test: threads= threads do everything at random, n= operations each, with test
 * points set. See kernel/ktest/soaksteps.c and tests/reliability.py.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"};

static void soak(void)
{
    int threads = param("threads", 8);

    scene_timeout(param("timeout", 60000));
    for (int i = 0; i < threads; i++) {
        int s = step(K_TESTPOINT, KP_SPIN_DELAY, param("delay", 0));
        step(K_TESTPOINT, KP_FORCE_PREEMPT, param("preempt", 0));
        step(K_TESTPOINT, KP_STALL_RUNNING, param("running", 0));
        step(K_TESTPOINT, KP_STALL_SETCPU, param("setcpu", 0));
        step(K_SOAK, 0, param("n", 300));
        step(K_ADD, 0, 1);
        if (i == 0)
            step(K_SOAK_END, 0, threads);
        step(K_END, 0, 0);
        thread(names[i], i % param("cpus", 2), param("pri", 12), s, 1);
    }
}

static const struct test tests[] = {{"soak", soak}};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, 1);
}
