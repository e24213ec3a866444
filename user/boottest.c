/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about the start of the harts: which harts there are, and where each runs (harts); the timer
 * interrupts of each cpu (ticks). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

/* cpus=, but at most as many as there are. */
static int cpu_count(void)
{
    uint64 there = 0;
    int wanted = param("cpus", 4);

    sysctl("kern.ncpus", &there, 0);
    return there < (uint64)wanted ? (int)there : wanted;
}

/* cpus= threads, one on each cpu, write down where they are. When all have, the one on cpu 0 sends each
 * other cpu, which is idle again, a message whose body does the same, and asks the firmware for the
 * state of all harts. With spare=, it has the firmware start that hart, which is no cpu. */
static void harts(void)
{
    int cpus = cpu_count();
    int body = step(K_HART, 0, 0);
    step(K_END, 0, 0);
    int other = step(K_HART, 0, 0);
    step(K_ADD, 0, 1);
    step(K_END, 0, 0);
    int first = step(K_HART, 0, 0);
    step(K_WAIT, 0, cpus - 1);
    step(K_PAUSE, 0, param("pause", 300));
    for (int cpu = 1; cpu < cpus; cpu++) {
        step(K_IPI, cpu, body);
        step(K_IPI_WAIT, cpu, 0);
    }
    step(K_HARTS, 0, 0);
    if (param("spare", -1) >= 0)
        step(K_SPARE, 0, param("spare", -1));
    step(K_END, 0, 0);
    for (int cpu = 0; cpu < cpus; cpu++)
        thread(names[cpu], cpu, 14, cpu == 0 ? first : other, 1);
}

/* On each cpu, at the same time, there is a chain of ticks= timer interrupts, us= microseconds apart,
 * then a pause of ms= milliseconds. */
static void ticks(void)
{
    int script = step(K_HART, 0, 0);
    step(K_TIMER, param("us", 50), param("ticks", 20));
    step(K_TIMER_END, 0, 0);
    step(K_PAUSE, 0, 1000 * param("ms", 50));
    step(K_HART, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(5000);
    for (int cpu = 0; cpu < cpu_count(); cpu++)
        thread(names[cpu], cpu, 14, script, 1);
}

static const struct test tests[] = {
    {"harts", harts},
    {"ticks", ticks},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
