/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about cpusync and message ports.
 */
#include "ktest/internal.h"
#include "lib/string.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

#define MESSAGES 256

static struct lwkt_msg messages[MESSAGES]; /* of a scene */
static uint32 nmessages;                   /* AMO */
static struct lwkt_msg stop_messages[KT_THREADS];

/* Before a scene. */
void kt_ports_reset(void)
{
    memset(messages, 0, sizeof(messages));
    memset(stop_messages, 0, sizeof(stop_messages));
    nmessages = 0;
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

/* The same, serving messages: only for a scene with a single master, as another one would stop it in
 * here. "again": it is called in the middle of itself. */
static void sync_fin1_serving(lwkt_cpusync_t poll)
{
    static struct {
        bool busy;
    } here[NCPU];

    if (here[mycpuid].busy) {
        kt_log("again", "cs", poll->cs_master);
        return;
    }
    here[mycpuid].busy = true;
    lwkt_process_ipiq();
    here[mycpuid].busy = false;
    sync_fin1(poll);
}

static void sync_fin2(void *data)
{
    sync_log("fin2", (int64)data);
}

/* In place of sync_fin2 when the struct is its master's again. */
static void sync_late(void *data)
{
    sync_log("late", (int64)data);
}

static void sync_simple(lwkt_cpusync_t poll)
{
    sync_log("simple", poll->cs_master);
}

static void sync_fast(void *data)
{
    sync_log("fast", (int64)data);
}

/* The fields that lwkt_cpusync_start sets have other values before. */
void kt_sync_start(struct kt_context *ctx, cpumask_t mask, bool serving)
{
    ctx->sync = (struct lwkt_cpusync){
        .cs_run_func = sync_run,
        .cs_fin1_func = serving ? sync_fin1_serving : sync_fin1,
        .cs_fin2_func = sync_fin2,
        .cs_data = (void *)(uint64)mycpuid,
        .cs_master = -1,
        .cs_maxcount = 99,
        .cs_count = -1,
        .cs_mask = ~0UL,
    };
    lwkt_cpusync_start(mask, &ctx->sync);
}

/* The struct is used for something else at once. */
void kt_sync_finish(struct kt_context *ctx)
{
    lwkt_cpusync_finish(&ctx->sync);
    ctx->sync.cs_fin2_func = sync_late;
    ctx->sync.cs_data = NULL;
}

void kt_log_sync(struct kt_context *ctx)
{
    kt_log("syncs", ctx->name, (int64)mycpu->gd_cnt.ipiq_cscount);
    kt_log("mastering", ctx->name, curthread->td_cscount);
    kt_log("sections", ctx->name, curthread->td_critcount);
    kt_log("mask", ctx->name, (int64)ctx->sync.cs_mask);
    kt_log("targets", ctx->name, ctx->sync.cs_maxcount);
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
        kt_sync_finish(ctx);
}

/* --- messages: the script says ms_cmd, and the error of the reply --- */

/* A new one, or, after K_MSG_REUSE, the last one again. */
static lwkt_msg_t new_message(struct kt_context *ctx, int cmd)
{
    lwkt_port_t reply_port = ctx->reply_port != NULL ? ctx->reply_port : &curthread->td_msgport;

    if (ctx->reuse && ctx->sent != NULL) {
        lwkt_initmsg(ctx->sent, reply_port, cmd, MSGF_ABORTABLE);
        return ctx->sent;
    }

    uint32 i = amo_add(&nmessages, 1);

    if (i >= MESSAGES) {
        kt_log("nomsg", ctx->name, 0);
        return NULL;
    }
    lwkt_initmsg(&messages[i], reply_port, cmd, MSGF_ABORTABLE);
    ctx->sent = &messages[i];
    return ctx->sent;
}

/* The thread must not move afterwards: nothing takes this port along. */
void kt_msg_port(struct kt_context *ctx)
{
    lwkt_initport(&ctx->port, curthread);
    ctx->reply_port = &ctx->port;
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

/* keep: a later K_MSG_REPLY is for the same message. */
void kt_msg_reply(struct kt_context *ctx, bool keep, int error)
{
    lwkt_msg_t msg = ctx->msg;

    if (!keep)
        ctx->msg = NULL;
    if (msg != NULL)
        lwkt_replymsg(msg, error);
}

void kt_msg_serve(struct kt_context *ctx, int count)
{
    for (int i = 0; i < count && peek(&kt_run->stop) == 0; i++) {
        kt_msg_receive(ctx);
        if (ctx->msg != NULL)
            kt_msg_reply(ctx, false, ctx->msg->ms_cmd);
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

/* The messages of a scene whose only sender this is follow each other in memory. */
void kt_msg_pick(struct kt_context *ctx, int back)
{
    lwkt_msg_t msg = ctx->sent - back;

    if (ctx->sent == NULL || back > ctx->sent - messages)
        return;
    lwkt_waitport(&curthread->td_msgport, msg);
    if (peek(&kt_run->stop) == 0)
        kt_log("replied", ctx->name, msg->ms_error);
}

void kt_msg_steal(struct kt_context *ctx, thread_t from)
{
    lwkt_msg_t msg = lwkt_waitport(&from->td_msgport, NULL);

    if (msg != NULL && peek(&kt_run->stop) == 0)
        kt_log("stolen", ctx->name, msg->ms_cmd);
}

void kt_msg_unprepared(struct kt_context *ctx, thread_t to, bool wait)
{
    if (ctx->sent == NULL)
        return;
    if (wait)
        lwkt_domsg(&to->td_msgport, ctx->sent);
    else
        lwkt_sendmsg(&to->td_msgport, ctx->sent);
}

/* Its sender has it back, so nobody else uses it. */
void kt_msg_set_flags(struct kt_context *ctx, uint32 flags)
{
    if (ctx->sent != NULL)
        ctx->sent->ms_flags = flags;
}

/* A port of another kind: it replies at once. */
static int put_at_once(lwkt_port_t port, lwkt_msg_t msg)
{
    (void)port;
    return msg->ms_cmd;
}

void kt_msg_at_once(struct kt_context *ctx, bool wait, int reply)
{
    static const struct lwkt_portops ops = {.putport = put_at_once};
    static struct lwkt_port port = {.mp_ops = &ops};
    lwkt_msg_t msg = new_message(ctx, reply);

    if (msg == NULL)
        return;
    if (!wait) {
        lwkt_sendmsg(&port, msg);
        return;
    }
    kt_log("replied", ctx->name, lwkt_domsg(&port, msg));
    kt_log("error", ctx->name, msg->ms_error);
}

void kt_msg_flags(struct kt_context *ctx, bool sent)
{
    lwkt_msg_t msg = sent ? ctx->sent : ctx->msg;

    if (msg != NULL)
        kt_log("flags", ctx->name, peek(&msg->ms_flags));
}

/* --- the end of a scene that hangs --- */

/* On the cpu of the reply port: the thread that waits for this message goes on. IPI body. */
static void force_done(void *arg)
{
    lwkt_msg_t msg = arg;

    if (msg->ms_reply_port != NULL && consume(&msg->ms_reply_port->mp_gd) == mycpu)
        msg->ms_flags |= MSGF_DONE;
}

/* Let every thread go on that waits in a step of this file, at the end of a scene that hangs. */
void kt_ports_flush(void)
{
    for (uint32 i = 0; i < MESSAGES; i++)
        lwkt_send_ipiq_mask(lwkt_all_cpus(), force_done, &messages[i]);
    for (int i = 0; i < kt_run->scene.nthreads; i++) {
        lwkt_initmsg(&stop_messages[i], NULL, 0, 0);
        if (kt_run->td[i] != NULL)
            lwkt_sendmsg(&kt_run->td[i]->td_msgport, &stop_messages[i]);
    }
}
