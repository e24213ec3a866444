/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about tsleep and wakeup. Idents are the scene's variables.
 */
#include "kernel/param.h"
#include "ktest/internal.h"
#include "proc/proc.h"
#include "sync/sleep.h"

/* ident: the variable, plus 256 times the domain. Events "tick": its length in ticks of the time CSR;
 * "asleep"; then "woke": the result of tsleep, and "sleepflags": those of its flags that are left. */
void kt_tsleep(struct kt_context *ctx, int ident, int ticks, int flags)
{
    int result;

    kt_log("tick", ctx->name, (int64)(cpu_timebase / HZ));
    kt_log("asleep", ctx->name, ticks);
    result = tsleep(&kt_run->var[ident & 0xff], PDOMAIN(ident >> 8) | flags, "scene", ticks);
    kt_log_timer_left(ctx->name);
    kt_log("woke", ctx->name, result);
    kt_log("sleepflags", ctx->name,
           peek(&curthread->td_flags) & (TDF_TSLEEPQ | TDF_SINTR | TDF_TIMEOUT | TDF_NORESCHED));
}

/* From another cpu than td's, the message that says so comes later. */
void kt_kill(thread_t td)
{
    if (td->td_proc != NULL)
        proc_kill(td->td_proc->p_pid);
}

/*
 * Two threads take turns: the variable says whose turn it is, 0 or 1, and the domain's place in `ident`
 * says which one the caller is. This is tsleep_until() written out, as it counts the times that it
 * wakes. Event "turns": how many turns the thread had; "early": how often it woke before its turn.
 */
void kt_take_turns(struct kt_context *ctx, int ident, int turns)
{
    int64 *turn = &kt_run->var[ident & 0xff], self = ident >> 8;
    int done, early = 0;

    for (done = 0; done < turns && peek(&kt_run->stop) == 0; done++) {
        for (int woken = 0; consume(turn) != self && peek(&kt_run->stop) == 0; woken++) {
            tsleep_interlock(turn, 0);
            if (consume(turn) != self)
                tsleep(turn, PINTERLOCKED, "turn", 0);
            else
                tsleep_remove();
            early += woken > 0;
        }
        publish(turn, !self);
        wakeup(turn);
    }
    kt_log("turns", ctx->name, done);
    kt_log("early", ctx->name, early);
}
