/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about preemption and priorities: what the switch and the scheduler see of a thread. The steps
 * read a thread's fields on the thread's own cpu.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/preempt.h"
#include "proc/proc.h"

static int index_of(thread_t td)
{
    for (int i = 0; i < kt_run->scene.nthreads; i++)
        if (kt_run->td[i] == td)
            return i;
    return -1;
}

void kt_look(int t, int what)
{
    thread_t td = kt_run->td[t];
    const char *name = kt_run->scene.thread[t].name;
    const struct {
        const char *event;
        int64 val;
    } fields[] = {
        {"pri", td->td_pri},
        {"crit", td->td_critcount},
        {"runq", (td->td_flags & TDF_RUNQ) != 0},
        {"locked", (td->td_flags & TDF_PREEMPT_LOCK) != 0},
        {"below", index_of(td->td_preempted)},
        {"release", td->td_release != NULL},
        {"stopreq", (td->td_flags & TDF_STOPREQ) != 0},
        {"running", (td->td_flags & TDF_RUNNING) != 0},
        {"current", td->td_gd->gd_curthread == td},
        {"done", (td->td_flags & TDF_PREEMPT_DONE) != 0},
    };

    for (int i = 0; i < (int)(sizeof(fields) / sizeof(fields[0])); i++)
        if (what & (1 << i))
            kt_log(fields[i].event, name, fields[i].val);
}

void kt_log_preempts(const char *name)
{
    struct lwkt_counters c = mycpu->gd_cnt;

    kt_log("hit", name, (int64)c.preempt_hit);
    kt_log("miss", name, (int64)c.preempt_miss);
    kt_log("weird", name, (int64)c.preempt_weird);
    kt_log("switches", name, (int64)c.switch_count);
}

/* The caller is in a critical section, so td does not run meanwhile, whatever its priority. */
void kt_check_priorities(const char *name, thread_t td)
{
    int64 better = 0, stale = 0;

    for (int pri = 0; pri <= TDPRI_MAX; pri++) {
        lwkt_setpri(td, pri);
        lwkt_schedule(td);
        better |= (int64)lwkt_checkpri_self() << pri;
        lwkt_deschedule(td);
        stale |= (int64)lwkt_checkpri_self() << pri;
    }
    kt_log("better", name, better);
    kt_log("stale", name, stale);
}

void kt_log_proc(const char *name)
{
    struct proc *victim = lwkt_preempted_proc();

    kt_log("pid", name, curthread->td_proc != NULL ? curthread->td_proc->p_pid : 0);
    kt_log("victim", name, victim != NULL ? victim->p_pid : 0);
}

void kt_preempt(thread_t td, int what)
{
    thread_t self = curthread;

    int sections = what & KX_SECTION ? 2 : 1;

    for (int i = 0; i < sections; i++)
        crit_enter();
    mycpu->gd_intr_nesting_level += (what & KX_LEVEL) != 0;
    self->td_cscount += (what & KX_CSCOUNT) != 0;
    if (what & KX_LOCKED)
        poke(&self->td_flags, self->td_flags | TDF_PREEMPT_LOCK);
    if (what & KX_PREEMPTED)
        td->td_preempted = self;
    lwkt_preempt(td, sections);
    mycpu->gd_intr_nesting_level -= (what & KX_LEVEL) != 0;
    self->td_cscount -= (what & KX_CSCOUNT) != 0;
    if (what & KX_LOCKED)
        poke(&self->td_flags, self->td_flags & ~TDF_PREEMPT_LOCK);
    if (what & KX_PREEMPTED)
        td->td_preempted = NULL;
    for (int i = 0; i < sections; i++)
        crit_exit();
}

/* As in trap_prepare_user_return(). */
void kt_userexit(void)
{
    do {
        usched_userexit(curproc());
    } while ((peek(&mycpu->gd_astflags) & (AST_LWKT_RESCHED | AST_USER_RESCHED)) != 0 ||
             curthread->td_release == NULL);
}

static bool resched_asked(void)
{
    return (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) != 0;
}

void kt_log_resched(const char *name)
{
    kt_log("resched", name, resched_asked());
}

void kt_until_resched(const char *name, int us)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;

    while (!resched_asked() && cpu_time() < end)
        kt_relax();
    kt_log("asked", name, resched_asked());
}
