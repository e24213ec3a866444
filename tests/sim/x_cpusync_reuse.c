/* SPDX-License-Identifier: BSD-3-Clause
 * A scene of the explorer: a target of a cpusync counts down, and the master uses its struct again at
 * once, so the target may not look at it any more. Its cs_fin2_func comes after that all the same.
 */
#include "explore.h"
#include "lwkt/cpusync.h"
#include "scenes.h"

static uint32 data;

static void fin2_body(void *arg)
{
    CHECK(arg == &data, "fin2 gets %p", arg);
}

static void reusing_master(void *arg)
{
    static struct lwkt_cpusync poll;

    (void)arg;
    poll = (struct lwkt_cpusync){.cs_fin2_func = fin2_body, .cs_data = &data};
    lwkt_cpusync_start(CPUMASK(!mycpuid), &poll);
    lwkt_cpusync_finish(&poll);
    poll = (struct lwkt_cpusync){.cs_data = NULL};
}

void play_x_cpusync_reuse(void)
{
    explore_thread(0, TDPRI_KERN_DAEMON, reusing_master, NULL, "master");
    explore_run();
}
