/*
 * Steps about preemption and priorities: what the switch and the scheduler see of a thread, and the
 * calls of the core that a scene's own steps do not make. For kt_play; see kernel/ktest.h for the
 * steps. Fields of threads are read on their own cpu.
 */
#include "ktest/ktest.h"
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

static void look(int t, int what)
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
    };

    for (int i = 0; i < (int)(sizeof(fields) / sizeof(fields[0])); i++)
        if (what & (1 << i))
            kt_log(fields[i].event, name, fields[i].val);
}

static void log_preempts(const char *name)
{
    struct lwkt_counters c = mycpu->gd_cnt;

    kt_log("hit", name, (int64)c.preempt_hit);
    kt_log("miss", name, (int64)c.preempt_miss);
    kt_log("weird", name, (int64)c.preempt_weird);
    kt_log("switches", name, (int64)c.switch_count);
}

/* The caller is in a critical section, so td does not run meanwhile, however good it is. */
static void check_priorities(const char *name, thread_t td)
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

static void log_proc(const char *name)
{
    struct proc *victim = lwkt_preempted_proc();

    kt_log("pid", name, curthread->td_proc != NULL ? curthread->td_proc->p_pid : 0);
    kt_log("victim", name, victim != NULL ? victim->p_pid : 0);
}

static void preempt_directly(thread_t td)
{
    crit_enter();
    lwkt_preempt(td, 1);
    crit_exit();
}

/* As trap_prepare_user_return() has it. */
static void to_user_border(void)
{
    do {
        usched_userexit(curproc());
    } while ((peek(&mycpu->gd_astflags) & (AST_LWKT_RESCHED | AST_USER_RESCHED)) != 0 ||
             curthread->td_release == NULL);
}

bool kt_play_preempt(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_LOOK:
        look(s->a, s->b);
        break;
    case K_RESCHED:
        kt_log("resched", ctx->name, (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) != 0);
        break;
    case K_PREEMPTS:
        log_preempts(ctx->name);
        break;
    case K_SETPRI_OF:
        lwkt_setpri(kt_run->td[s->a], s->b);
        break;
    case K_CHECKPRI:
        check_priorities(ctx->name, kt_run->td[s->a]);
        break;
    case K_PROC:
        log_proc(ctx->name);
        break;
    case K_PREEMPT:
        preempt_directly(kt_run->td[s->a]);
        break;
    case K_TRAP_LEVEL:
        mycpu->gd_trap_nesting_level = s->b;
        break;
    case K_SCHED_IDLE:
        lwkt_schedule(&globaldata_of[s->a]->gd_idlethread);
        break;
    case K_USEREXIT:
        to_user_border();
        break;
    case K_AGAIN_INTR:
        kt_raise_again(s->a, s->b);
        break;
    case K_NEST:
        kt_log_nest(ctx->name);
        break;
    case K_TIMER_STOP:
        kt_timer_stop();
        break;
    default:
        return kt_play_pattern(ctx, s);
    }
    return true;
}

bool kt_preempt_valid(const struct kt_scene *scene, const struct kt_step *s)
{
    switch (s->op) {
    case K_LOOK:
    case K_CHECKPRI:
    case K_PREEMPT:
    case K_FORCE:
        return s->a < scene->nthreads;
    case K_SETPRI_OF:
        return s->a < scene->nthreads && s->b >= 0 && s->b <= TDPRI_MAX;
    case K_TRAP_LEVEL:
        return s->b == 0 || s->b == 1;
    case K_SCHED_IDLE:
        return s->a < ncpus;
    case K_AGAIN_INTR:
        return (s->a & ~15) == 0 && s->b >= 0;
    case K_PREEMPTER:
    case K_PATTERN:
    case K_LRSC:
        return s->b >= 0;
    default:
        return true;
    }
}
