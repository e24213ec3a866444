/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about wait queues, and about what a thread waits for.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/wait.h"
#include "sync/sleep.h"

#define YIELDS 100 /* of a wait, before it sleeps for a tick each time */

static struct lwkt_wait waits[KT_WAITS];

/* Before a scene. */
void kt_wait_reset(void)
{
    for (int i = 0; i < KT_WAITS; i++)
        lwkt_wait_init(&waits[i]);
}

/* One turn of a wait that lets other threads of this cpu run, including those of worse priority. */
static void let_others_run(int turn)
{
    static char ident;

    if (turn < YIELDS) {
        lwkt_yield();
        cpu_relax();
    } else {
        tsleep(&ident, 0, "ktwait", 1);
    }
}

void kt_await_var(int v, int64 value)
{
    for (int i = 0; consume(&kt_run->var[v]) < value && peek(&kt_run->stop) == 0; i++)
        let_others_run(i);
}

/* --- the state of a thread, read on its cpu, where it does not change meanwhile --- */

struct look {
    thread_t td;
    uint32 state;       /* KT_* */
    const char *wmesg;  /* td_wmesg */
    uint32 port_waits;  /* of its port's flags: MSGPORTF_WAITING */
    uint32 port_queued; /* messages in its port */
    uint32 done;        /* publish, consume */
};

static void look_here(void *arg)
{
    struct look *look = arg;
    thread_t td = look->td;

    if (td->td_gd != mycpu) {
        lwkt_send_ipiq(td->td_gd, look_here, look);
        return;
    }
    look->state = (td->td_wait != NULL ? KT_BLOCKS : 0) |
                  ((td->td_flags & TDF_RUNQ) ? KT_RUNQ : 0) |
                  ((td->td_flags & TDF_RUNNING) ? KT_RUNNING : 0) |
                  (list_linked(&td->td_waitq) ? KT_WAITQ : 0);
    look->wmesg = td->td_wmesg;
    look->port_waits = td->td_msgport.mp_flags & MSGPORTF_WAITING;
    look->port_queued = 0;
    list_foreach(node, &td->td_msgport.mp_msgq) look->port_queued++;
    publish(&look->done, 1); /* consume: look_at */
}

static struct look look_at(thread_t td)
{
    struct look look = {.td = td};

    crit_enter();
    lwkt_send_ipiq(td->td_gd, look_here, &look);
    while (consume(&look.done) == 0) { /* publish: look_here */
        cpu_relax();
        lwkt_process_ipiq();
    }
    crit_exit();
    return look;
}

int64 kt_thread_state(thread_t td)
{
    return look_at(td).state;
}

void kt_log_port(const char *name, thread_t td)
{
    struct look look = look_at(td);

    kt_log("waiting", name, look.port_waits);
    kt_log("inqueue", name, look.port_queued);
}

/* The text is the event's kind. */
void kt_log_wmesg(const char *name, thread_t td)
{
    const char *wmesg = look_at(td).wmesg;

    kt_log(wmesg != NULL ? wmesg : "no-wmesg", name, 0);
}

/* Until td is off its cpu and its run queue, and no message about it is on its way. */
void kt_wait_asleep(thread_t td)
{
    for (int i = 0; (kt_thread_state(td) & (KT_RUNQ | KT_RUNNING)) && peek(&kt_run->stop) == 0; i++)
        let_others_run(i);
}

static int64 queue_length(lwkt_wait_t w)
{
    struct lwkt_tokref ref;
    int64 n = 0;

    lwkt_gettoken(&ref, &w->wa_token);
    list_foreach(node, &w->wa_waitq) n++;
    lwkt_reltoken(&ref);
    return n;
}

void kt_wait_gen(struct kt_context *ctx, int w)
{
    ctx->gen = peek(&waits[w].wa_gen);
    kt_log("gen", ctx->name, ctx->gen);
}

void kt_wait_block(struct kt_context *ctx, int w)
{
    lwkt_block(&waits[w], "ktblock", &ctx->gen);
    kt_log("woken", ctx->name, ctx->gen);
}

/* The way in which wait queues are meant to be used. */
void kt_wait_until(int w, int64 value)
{
    int gen = consume(&waits[w].wa_gen); /* lwkt_signal raises it after the variable has changed */

    while (consume(&kt_run->var[w]) < value && peek(&kt_run->stop) == 0)
        lwkt_block(&waits[w], "ktuntil", &gen);
}

void kt_wait_signal(struct kt_context *ctx, int w, int count)
{
    kt_log("signal", ctx->name, count);
    lwkt_signal(&waits[w], count);
}

void kt_log_waiters(const char *name, int w)
{
    kt_log("waiters", name, peek(&waits[w].wa_count));
    kt_log("queued", name, queue_length(&waits[w]));
}

/* At the end of a scene that hangs. */
void kt_wait_flush(void)
{
    for (int i = 0; i < KT_WAITS; i++)
        lwkt_signal(&waits[i], -1);
}
