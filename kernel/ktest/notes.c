/*
 * What processes write down, for scenes about the user scheduler (user/schedtest.c).
 */
#include "ktest/ktest.h"
#include "lwkt/crit.h"
#include "proc/proc.h"

static uint64 began;
static bool all_busy; /* log "free" */

void kt_notes_begin(bool busy)
{
    all_busy = busy;
    began = cpu_time();
}

/*
 * Whether the caller, in a system call, came from user mode as somebody whom this cpu does not know as
 * its current process. td_release is set from the designation up to the first switch: with it, the
 * process must be gd_uschedcp. A process that has switched since says nothing.
 */
static bool is_stray(void)
{
    bool stray;

    crit_enter();
    stray = curthread->td_release != NULL && consume(&mycpu->gd_uschedcp) != curproc();
    crit_exit();
    return stray;
}

/* Cpus that have no current process. */
static int64 free_cpus(void)
{
    cpumask_t mask = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        if (consume(&globaldata_of[cpu]->gd_uschedcp) == NULL)
            mask |= CPUMASK(cpu);
    return (int64)mask;
}

int kt_note(uint64 unote)
{
    struct kt_note note;
    int64 mask;

    bool stray = is_stray();
    if (copyin(&note, unote, sizeof(note)) < 0)
        return -1;
    note.what[sizeof(note.what) - 1] = 0;
    note.name[sizeof(note.name) - 1] = 0;
    if (note.what[0] != 0)
        kt_log(note.what, note.name, note.val);
    if (stray)
        kt_log("stray", note.name, curproc()->p_pid);
    if (all_busy && note.what[0] != 0 && (mask = free_cpus()) != 0)
        kt_log("free", note.name, mask);
    return (int)((cpu_time() - began) / (cpu_timebase / 1000));
}
