/* SPDX-License-Identifier: BSD-3-Clause
 * sim [-s SCENE] [-c CPUS] [-n SEEDS] [-r SEED]
 *
 * Plays the scenes (or one) with seeds 0 .. SEEDS - 1, on two to four cpus by turns (or CPUS). -r: that
 * seed only, and the last events of each cpu if it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lwkt/ktr.h"
#include "cpu.h"

#define SCENE(name_, cpus_, strict_)                                                   \
    {                                                                                  \
        .name = #name_, .min_cpus = (cpus_), .strict = (strict_), .play = play_##name_ \
    }

const struct scene sim_scenes[] = {
    SCENE(round_robin, 1, true),    SCENE(priorities, 1, true),  SCENE(schedule, 2, false),
    SCENE(schedule_flags, 1, true), SCENE(create, 1, false),     SCENE(cache, 1, false),
    SCENE(hold, 2, false),          SCENE(ipi_order, 2, false),  SCENE(ipi_flood, 2, false),
    SCENE(ipi_chain, 2, false),     SCENE(ipi_wait, 2, false),   SCENE(ipi_nowait, 2, false),
    SCENE(migrate, 2, false),       SCENE(swap, 2, false),       SCENE(migrate_wakeups, 2, false),
    SCENE(acquire, 2, false),       SCENE(tokens, 1, false),     SCENE(token_pairs, 2, false),
    SCENE(token_sleep, 1, false),   SCENE(mplock, 1, false),     SCENE(spin, 1, false),
    SCENE(wait, 1, false),          SCENE(wait_signal, 1, true), SCENE(cpusync, 2, false),
    SCENE(ports, 1, false),         SCENE(port_abort, 1, false), SCENE(port_moves, 2, false),
    SCENE(systimers, 1, false),     SCENE(pause, 1, false),      SCENE(preempt, 1, false),
    SCENE(preempt_locks, 1, false), SCENE(ktr, 1, false),        SCENE(everything, 2, false),
    SCENE(mixed_locks, 1, false),   SCENE(mixed_interrupts, 1, false),
    SCENE(preempt_exit, 1, false),  SCENE(unborn, 1, false),
    SCENE(ipi_forward, 2, false),
};

const int sim_nscenes = sizeof(sim_scenes) / sizeof(sim_scenes[0]);

static struct ktr_entry trace[SIM_CPUS][KTR_PAGES][KTR_PER_PAGE];

static void trace_on(void)
{
    for (int cpu = 0; cpu < SIM_CPUS; cpu++)
        for (int i = 0; i < KTR_PAGES; i++)
            ktr_attach(cpu, i, trace[cpu][i]);
}

static int cpus_for(const struct scene *s, int wanted, uint64 seed)
{
    int n = wanted != 0 ? wanted : s->min_cpus + (int)(seed % (uint64)(SIM_CPUS + 1 - s->min_cpus));
    return n < s->min_cpus ? s->min_cpus : n > SIM_CPUS ? SIM_CPUS : n;
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    uint64 first = 0, seeds = 20;
    int ncpu = 0, opt;

    arena_begin();
    trace_on();
    while ((opt = getopt(argc, argv, "s:c:n:r:")) != -1)
        if (opt == 's') {
            only = optarg;
        } else if (opt == 'c') {
            ncpu = atoi(optarg);
        } else if (opt == 'n') {
            seeds = strtoul(optarg, NULL, 0);
        } else if (opt == 'r') {
            first = strtoul(optarg, NULL, 0);
            seeds = 1;
            sim_trace = true;
        } else {
            return 2;
        }
    for (const struct scene *s = sim_scenes; s < sim_scenes + sim_nscenes; s++) {
        uint64 total = 0;
        if (only != NULL && strcmp(only, s->name) != 0)
            continue;
        for (uint64 seed = first; seed < first + seeds; seed++) {
            sim_run(s, cpus_for(s, ncpu, seed), seed);
            total += sim_points();
        }
        printf("%s: %lu runs, %lu points\n", s->name, seeds, total);
        fflush(stdout);
    }
    return 0;
}
