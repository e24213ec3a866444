/*
 * Steps of scripts about wait queues, cpusync and message ports.
 */
#include "lwkt/wait.h"

#include "ktest/ktest.h"
#include "lib/string.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "sync/sleep.h"

#define MESSAGES 256
#define PATIENCE 100 /* turns for others of this cpu, before a wait sleeps for a tick each */

static struct lwkt_wait waits[KT_WAITS];
static struct lwkt_msg messages[MESSAGES]; /* of a scene; none is used twice */
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

/* A turn of a wait that lets other threads of this cpu run, worse ones too. */
static void let_others_run(int turn)
{
    static char ident;

    if (turn < PATIENCE) {
        lwkt_yield();
        cpu_relax();
    } else {
        tsleep(&ident, 0, "ktwait", 1);
    }
}

static void await_var(int v, int64 value)
{
    for (int i = 0; consume(&kt_run->var[v]) < value && peek(&kt_run->stop) == 0; i++)
        let_others_run(i);
}

/* --- a look at a thread, on its cpu, where its state does not change meanwhile --- */

struct look {
    thread_t td;
    uint32 state;
    uint32 done; /* publish, consume */
};

static void look_body(void *arg)
{
    struct look *look = arg;
    thread_t td = look->td;

    if (td->td_gd != mycpu) {
        lwkt_send_ipiq(td->td_gd, look_body, look);
        return;
    }
    look->state = ((td->td_flags & TDF_BLOCKQ) ? KT_BLOCKQ : 0) |
                  ((td->td_flags & TDF_RUNQ) ? KT_RUNQ : 0) |
                  ((td->td_flags & TDF_RUNNING) ? KT_RUNNING : 0) |
                  (list_linked(&td->td_waitq) ? KT_WAITQ : 0);
    publish(&look->done, 1); /* consume: thread_state */
}

static int64 thread_state(thread_t td)
{
    struct look look = {.td = td};

    crit_enter();
    lwkt_send_ipiq(td->td_gd, look_body, &look);
    while (consume(&look.done) == 0) { /* publish: look_body */
        cpu_relax();
        lwkt_process_ipiq();
    }
    crit_exit();
    return look.state;
}

/* Until td is off its cpu and its run queue, and no message for it is on its way. */
static void wait_asleep(thread_t td)
{
    for (int i = 0; (thread_state(td) & (KT_RUNQ | KT_RUNNING)) && peek(&kt_run->stop) == 0; i++)
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

/* The way in which wait queues are meant to be used. */
static void block_until(lwkt_wait_t w, const int64 *var, int64 value)
{
    int gen = consume(&w->wa_gen); /* lwkt_signal's raise comes after the variable's change */

    while (consume(var) < value && peek(&kt_run->stop) == 0)
        lwkt_block(w, "ktuntil", &gen);
}

static bool wait_step(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_GEN:
        ctx->gen = peek(&waits[s->a].wa_gen);
        kt_log("gen", ctx->name, ctx->gen);
        return true;
    case K_BLOCK:
        lwkt_block(&waits[s->a], "ktblock", &ctx->gen);
        kt_log("woken", ctx->name, ctx->gen);
        return true;
    case K_BLOCK_UNTIL:
        block_until(&waits[s->a], &kt_run->var[s->a], s->b);
        return true;
    case K_SIGNAL:
        kt_log("signal", ctx->name, s->b);
        lwkt_signal(&waits[s->a], s->b);
        return true;
    case K_WAITERS:
        kt_log("waiters", ctx->name, peek(&waits[s->a].wa_count));
        kt_log("queued", ctx->name, queue_length(&waits[s->a]));
        return true;
    case K_AWAIT:
        await_var(s->a, s->b);
        return true;
    case K_ASLEEP:
        wait_asleep(kt_run->td[s->a]);
        return true;
    case K_THREAD:
        kt_log("state", ctx->name, thread_state(kt_run->td[s->a]));
        return true;
    default:
        return false;
    }
}

/* --- cpusync: events of the thread "cs", with the master's cpu. The functions first let the other
 * harts go on, so that who does not wait for them shows. --- */

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

static void sync_start(struct kt_context *ctx, cpumask_t mask)
{
    ctx->sync = (struct lwkt_cpusync){
        .cs_run_func = sync_run,
        .cs_fin1_func = sync_fin1,
        .cs_fin2_func = sync_fin2,
        .cs_data = (void *)(uint64)mycpuid,
    };
    lwkt_cpusync_start(mask, &ctx->sync);
}

static bool sync_step(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_CS_START:
        sync_start(ctx, s->a);
        return true;
    case K_CS_ADD:
        lwkt_cpusync_add(s->a, &ctx->sync);
        return true;
    case K_CS_FINISH:
        lwkt_cpusync_finish(&ctx->sync);
        return true;
    case K_CS_SIMPLE:
        lwkt_cpusync_simple(s->a, sync_simple, NULL);
        return true;
    case K_CS_FAST:
        lwkt_cpusync_fastdata(s->a, sync_fast, (void *)(uint64)mycpuid);
        return true;
    case K_VALUE:
        kt_log("value", ctx->name, consume(&kt_run->var[s->a]));
        return true;
    default:
        return false;
    }
}

/* After a script: one that was stopped in the middle lets go of the other cpus. */
void kt_wait_end(struct kt_context *ctx)
{
    if (curthread->td_cscount != 0)
        lwkt_cpusync_finish(&ctx->sync);
}

/* --- messages: ms_cmd is the script's, the reply's error too --- */

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

static void receive(struct kt_context *ctx)
{
    lwkt_msg_t msg = lwkt_waitport(&curthread->td_msgport, NULL);

    if (peek(&kt_run->stop) == 0) /* else it is a stop message */
        log_received(ctx, msg);
}

static void send(struct kt_context *ctx, const struct kt_step *s)
{
    lwkt_port_t port = &kt_run->td[s->a]->td_msgport;
    lwkt_msg_t msg = new_message(ctx, s->b);

    if (msg != NULL && s->op == K_MSG_SEND)
        lwkt_sendmsg(port, msg);
    else if (msg != NULL)
        kt_log("replied", ctx->name, lwkt_domsg(port, msg));
}

static void reply(struct kt_context *ctx, int error)
{
    lwkt_msg_t msg = ctx->msg;

    ctx->msg = NULL;
    if (msg != NULL)
        lwkt_replymsg(msg, error);
}

static bool message_step(struct kt_context *ctx, const struct kt_step *s)
{
    switch (s->op) {
    case K_MSG_SEND:
    case K_MSG_DO:
        send(ctx, s);
        return true;
    case K_MSG_RECEIVE:
        receive(ctx);
        return true;
    case K_MSG_REPLY:
        reply(ctx, s->b);
        return true;
    case K_MSG_SERVE:
        for (int i = 0; i < s->b && peek(&kt_run->stop) == 0; i++) {
            receive(ctx);
            if (ctx->msg != NULL)
                reply(ctx, ctx->msg->ms_cmd);
        }
        return true;
    case K_MSG_ABORT:
        if (ctx->sent != NULL)
            lwkt_abortmsg(ctx->sent);
        return true;
    case K_MSG_TELL:
        if (ctx->msg != NULL)
            ctx->msg->ms_abort_port = &curthread->td_msgport;
        return true;
    default:
        return false;
    }
}

/* True when it was one of these steps. */
bool kt_play_wait(struct kt_context *ctx, const struct kt_step *s)
{
    return wait_step(ctx, s) || sync_step(ctx, s) || message_step(ctx, s);
}

/* The operands of such a step are within bounds; of any other: true. */
bool kt_wait_valid(const struct kt_scene *scene, const struct kt_step *s)
{
    switch (s->op) {
    case K_GEN:
    case K_BLOCK:
    case K_BLOCK_UNTIL:
    case K_SIGNAL:
    case K_WAITERS:
        return s->a < KT_WAITS;
    case K_ASLEEP:
    case K_THREAD:
    case K_MSG_SEND:
    case K_MSG_DO:
        return s->a < scene->nthreads;
    case K_CS_START:
    case K_CS_ADD:
    case K_CS_SIMPLE:
    case K_CS_FAST:
        return (s->a & ~lwkt_all_cpus()) == 0;
    case K_VALUE:
    case K_AWAIT:
        return s->a < KT_VARS;
    default:
        return true;
    }
}

/* --- the end of a scene that hangs --- */

/* On the cpu of the reply port: have who waits for this message go on. */
static void force_done(void *arg)
{
    lwkt_msg_t msg = arg;

    if (msg->ms_reply_port != NULL && consume(&msg->ms_reply_port->mp_gd) == mycpu)
        msg->ms_flags |= MSGF_DONE;
}

/* Have every thread go on that waits here; the round-th time of trying, from 0. Waits for messages
 * that are on their way are over by themselves. */
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
