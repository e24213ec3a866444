/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about wait queues, cpusync and message ports.
 */
#include "ktest/internal.h"
#include "lib/string.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/wait.h"
#include "sync/sleep.h"

#define MESSAGES 256
#define YIELDS 100 /* of a wait, before it sleeps for a tick each time */

static struct lwkt_wait waits[KT_WAITS];
static struct lwkt_msg messages[MESSAGES]; /* of a scene; none of them is used twice */
static uint32 nmessages;                   /* AMO */
static struct lwkt_msg stop_messages[KT_THREADS];

/* Before a scene. */
void kt_wait_reset(void)
{
    for (int i = 0; i < KT_WAITS; i++)
        lwkt_wait_init(&waits[i]);
    memset(messages, 0, sizeof(messages));
    memset(stop_messages, 0, sizeof(stop_messages));
    nmessages = 0;
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
    uint32 state;
    uint32 done; /* publish, consume */
};

static void look_here(void *arg)
{
    struct look *look = arg;
    thread_t td = look->td;

    if (td->td_gd != mycpu) {
        lwkt_send_ipiq(td->td_gd, look_here, look);
        return;
    }
    look->state = ((td->td_flags & TDF_BLOCKQ) ? KT_BLOCKQ : 0) |
                  ((td->td_flags & TDF_RUNQ) ? KT_RUNQ : 0) |
                  ((td->td_flags & TDF_RUNNING) ? KT_RUNNING : 0) |
                  (list_linked(&td->td_waitq) ? KT_WAITQ : 0);
    publish(&look->done, 1); /* consume: kt_thread_state */
}

int64 kt_thread_state(thread_t td)
{
    struct look look = {.td = td};

    crit_enter();
    lwkt_send_ipiq(td->td_gd, look_here, &look);
    while (consume(&look.done) == 0) { /* publish: look_here */
        cpu_relax();
        lwkt_process_ipiq();
    }
    crit_exit();
    return look.state;
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

/* --- cpusync: events of thread "cs", with the master's cpu. The functions first let the other harts go
 * on, so that it shows if one does not wait for them. --- */

static void sync_log(const char *what, int64 master)
{
    cpu_relax();
    kt_log(what, "cs", master);
}

static void sync_run(lwkt_cpusync_t poll)
{
    sync_log("run", poll->cs_master);
}

static void sync_fin1(lwkt_cpusync_t poll)
{
    sync_log("fin1", poll->cs_master);
}

static void sync_fin2(void *data)
{
    sync_log("fin2", (int64)data);
}

static void sync_simple(lwkt_cpusync_t poll)
{
    sync_log("simple", poll->cs_master);
}

static void sync_fast(void *data)
{
    sync_log("fast", (int64)data);
}

void kt_sync_start(struct kt_context *ctx, cpumask_t mask)
{
    ctx->sync = (struct lwkt_cpusync){
        .cs_run_func = sync_run,
        .cs_fin1_func = sync_fin1,
        .cs_fin2_func = sync_fin2,
        .cs_data = (void *)(uint64)mycpuid,
    };
    lwkt_cpusync_start(mask, &ctx->sync);
}

void kt_sync_simple(cpumask_t mask)
{
    lwkt_cpusync_simple(mask, sync_simple, NULL);
}

void kt_sync_fast(cpumask_t mask)
{
    lwkt_cpusync_fastdata(mask, sync_fast, (void *)(uint64)mycpuid);
}

/* At the end of a script: if it was stopped in the middle, the other cpus are still stopped. */
void kt_sync_end(struct kt_context *ctx)
{
    if (curthread->td_cscount != 0)
        lwkt_cpusync_finish(&ctx->sync);
}

/* --- messages: the script says ms_cmd, and the error of the reply --- */

static lwkt_msg_t new_message(struct kt_context *ctx, int cmd)
{
    uint32 i = amo_add(&nmessages, 1);

    if (i >= MESSAGES) {
        kt_log("nomsg", ctx->name, 0);
        return NULL;
    }
    lwkt_initmsg(&messages[i], &curthread->td_msgport, cmd, MSGF_ABORTABLE);
    ctx->sent = &messages[i];
    return ctx->sent;
}

static void log_received(struct kt_context *ctx, lwkt_msg_t msg)
{
    if (msg->ms_flags & MSGF_DONE) {
        kt_log("replied", ctx->name, msg->ms_error);
    } else {
        kt_log((msg->ms_flags & MSGF_ABORTED) ? "aborted" : "got", ctx->name, msg->ms_cmd);
        ctx->msg = msg;
    }
}

void kt_msg_receive(struct kt_context *ctx)
{
    lwkt_msg_t msg = lwkt_waitport(&curthread->td_msgport, NULL);

    if (peek(&kt_run->stop) == 0) /* otherwise it is a stop message */
        log_received(ctx, msg);
}

void kt_msg_send(struct kt_context *ctx, thread_t to, int cmd)
{
    lwkt_msg_t msg = new_message(ctx, cmd);

    if (msg != NULL)
        lwkt_sendmsg(&to->td_msgport, msg);
}

void kt_msg_do(struct kt_context *ctx, thread_t to, int cmd)
{
    lwkt_msg_t msg = new_message(ctx, cmd);

    if (msg != NULL)
        kt_log("replied", ctx->name, lwkt_domsg(&to->td_msgport, msg));
}

void kt_msg_reply(struct kt_context *ctx, int error)
{
    lwkt_msg_t msg = ctx->msg;

    ctx->msg = NULL;
    if (msg != NULL)
        lwkt_replymsg(msg, error);
}

void kt_msg_serve(struct kt_context *ctx, int count)
{
    for (int i = 0; i < count && peek(&kt_run->stop) == 0; i++) {
        kt_msg_receive(ctx);
        if (ctx->msg != NULL)
            kt_msg_reply(ctx, ctx->msg->ms_cmd);
    }
}

void kt_msg_abort(struct kt_context *ctx)
{
    if (ctx->sent != NULL)
        lwkt_abortmsg(ctx->sent);
}

void kt_msg_tell(struct kt_context *ctx)
{
    if (ctx->msg != NULL)
        ctx->msg->ms_abort_port = &curthread->td_msgport;
}

/* --- the end of a scene that hangs --- */

/* On the cpu of the reply port: the thread that waits for this message goes on. IPI body. */
static void force_done(void *arg)
{
    lwkt_msg_t msg = arg;

    if (msg->ms_reply_port != NULL && consume(&msg->ms_reply_port->mp_gd) == mycpu)
        msg->ms_flags |= MSGF_DONE;
}

/* Let every thread go on that waits in a step of this file. This is the round-th try, from 0: waits for
 * messages that are on their way end by themselves before the third. */
void kt_wait_flush(int round)
{
    for (int i = 0; i < KT_WAITS; i++)
        lwkt_signal(&waits[i], -1);
    if (round == 2)
        for (uint32 i = 0; i < MESSAGES; i++)
            lwkt_send_ipiq_mask(lwkt_all_cpus(), force_done, &messages[i]);
    if (round == 2)
        for (int i = 0; i < kt_run->scene.nthreads; i++) {
            lwkt_initmsg(&stop_messages[i], NULL, 0, 0);
            if (kt_run->td[i] != NULL)
                lwkt_sendmsg(&kt_run->td[i]->td_msgport, &stop_messages[i]);
        }
}
