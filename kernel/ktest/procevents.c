/* SPDX-License-Identifier: BSD-3-Clause
 * Events of processes, for scenes about the user scheduler (user/schedtest.c).
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "proc/proc.h"

static uint64 began;
static bool log_free;

void kt_proc_events_begin(bool with_free)
{
    log_free = with_free;
    began = cpu_time();
}

/*
 * Whether the caller, in a system call, came from user mode although it is not the current process of
 * this cpu. td_release is set when a process becomes the current one, and cleared by its first switch:
 * while it is set, the process must be gd_uschedcp. After a switch nothing can be concluded.
 */
static bool is_stray(void)
{
    bool stray;

    crit_enter();
    stray = curthread->td_release != NULL && consume(&mycpu->gd_uschedcp) != curproc();
    crit_exit();
    return stray;
}

/* A mask of the cpus that have no current process. */
static int64 free_cpus(void)
{
    cpumask_t mask = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        if (consume(&globaldata_of[cpu]->gd_uschedcp) == NULL)
            mask |= CPUMASK(cpu);
    return (int64)mask;
}

int kt_proc_event(uint64 uevent)
{
    struct kt_proc_event e;
    int64 mask;

    bool stray = is_stray();
    if (copyin(&e, uevent, sizeof(e)) < 0)
        return -1;
    e.what[sizeof(e.what) - 1] = 0;
    e.name[sizeof(e.name) - 1] = 0;
    if (e.what[0] != 0)
        kt_log(e.what, e.name, e.val);
    if (stray)
        kt_log("stray", e.name, curproc()->p_pid);
    if (log_free && e.what[0] != 0 && (mask = free_cpus()) != 0)
        kt_log("free", e.name, mask);
    return (int)((cpu_time() - began) / (cpu_timebase / 1000));
}
