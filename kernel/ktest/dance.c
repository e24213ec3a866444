/*
 * The dance: threads that do everything at once, at random: take tokens and the MP lock, in any order
 * and asleep, move, change priority, create threads, send messages. For the soak test. Under each
 * lock lies a number that is counted up in steps that the others could come between; K_DANCED says
 * how many counts were lost.
 */
#include "ktest/ktest.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/mplock.h"
#include "sync/sleep.h"

#define LOCKS (KT_TOKENS + 1) /* the last one is the MP lock */
#define IDENTS 4

static struct guarded {
    int64 plain; /* under the lock only */
    int64 made;  /* AMO */
} __attribute__((aligned(CACHE_LINE))) guarded[LOCKS];

static uint32 messages[2]; /* sent, run: AMO */
static int idents[IDENTS];

static int pick(struct kt_context *ctx, int n)
{
    return (int)(kt_random(ctx) % (uint64)n);
}

static void count_under(int lock)
{
    struct guarded *g = &guarded[lock];
    int64 old = peek(&g->plain);

    cpu_relax(); /* and no switch, which would let go of tokens */
    poke(&g->plain, old + 1);
    amo_add(&g->made, 1);
}

static void sleep_a_while(struct kt_context *ctx)
{
    if (pick(ctx, 2))
        lwkt_pause((uint64)pick(ctx, 50) * (cpu_timebase / 1000000));
    else
        tsleep(&idents[pick(ctx, IDENTS)], 0, "dance", 1);
}

/* One to three tokens, perhaps the same twice; perhaps a nap; then any order back. */
static void take_tokens(struct kt_context *ctx)
{
    struct lwkt_tokref ref[3];
    int which[3], n = 1 + pick(ctx, 3), first = pick(ctx, 3);

    for (int i = 0; i < n; i++) {
        which[i] = pick(ctx, KT_TOKENS);
        lwkt_gettoken(&ref[i], kt_token(which[i]));
    }
    if (pick(ctx, 4) == 0)
        sleep_a_while(ctx);
    for (int i = 0; i < n; i++)
        count_under(which[i]);
    for (int i = 0; i < n; i++)
        lwkt_reltoken(&ref[(first + i) % n]);
}

static void take_mplock(struct kt_context *ctx)
{
    int times = 1 + pick(ctx, 2);

    for (int i = 0; i < times; i++)
        get_mplock();
    if (pick(ctx, 4) == 0)
        sleep_a_while(ctx);
    count_under(KT_TOKENS);
    for (int i = 0; i < times; i++)
        rel_mplock();
}

static void message(void *arg)
{
    (void)arg;
    amo_add_rel(&messages[1], 1); /* acquire: kt_dance_log */
}

static void send(struct kt_context *ctx)
{
    amo_add(&messages[0], 1);
    lwkt_send_ipiq_bycpu(pick(ctx, ncpus), message, NULL);
}

/* A short life, with the MP lock as a legacy. */
static void short_life(void *arg)
{
    (void)arg;
    count_under(KT_TOKENS);
    amo_add_rel(&kt_run->alive, (uint32)-1); /* acquire: play_scene */
    wakeup(kt_run);
}

static void spawn(struct kt_context *ctx)
{
    amo_add(&kt_run->alive, 1);
    if (lwkt_create(short_life, NULL, NULL, NULL, 0, pick(ctx, ncpus), "short") < 0)
        amo_add(&kt_run->alive, (uint32)-1);
}

static void nest(struct kt_context *ctx)
{
    int n = 1 + pick(ctx, 4);

    for (int i = 0; i < n; i++)
        crit_enter();
    kt_relax();
    for (int i = 0; i < n; i++)
        crit_exit();
}

static void move(struct kt_context *ctx)
{
    switch (pick(ctx, 10)) {
    case 0:
        lwkt_yield();
        break;
    case 1:
        lwkt_setcpu_self(globaldata_of[pick(ctx, ncpus)]);
        break;
    case 2:
        lwkt_setpri_self(TDPRI_USER_NORM + pick(ctx, 20));
        break;
    case 3:
    case 4:
    case 5:
        take_tokens(ctx);
        break;
    case 6:
        take_mplock(ctx);
        break;
    case 7:
        send(ctx);
        break;
    case 8:
        wakeup(&idents[pick(ctx, IDENTS)]);
        break;
    case 9:
        if (pick(ctx, 8) == 0)
            spawn(ctx);
        else
            nest(ctx);
        break;
    }
}

void kt_dance(struct kt_context *ctx, int n)
{
    while (n-- > 0 && peek(&kt_run->stop) == 0)
        move(ctx);
}

void kt_dance_reset(void)
{
    for (int i = 0; i < LOCKS; i++)
        guarded[i] = (struct guarded){.plain = 0};
    messages[0] = messages[1] = 0;
}

/* Asleep: the caller may be better than those that it waits for, and on their cpu. */
void kt_dance_log(const char *name, int var, int64 value)
{
    int64 made = 0, lost = 0;

    while ((consume(&kt_run->var[var]) < value || consume(&messages[1]) != peek(&messages[0])) &&
           peek(&kt_run->stop) == 0)
        lwkt_pause(cpu_timebase / HZ);
    for (int i = 0; i < LOCKS; i++) {
        made += peek(&guarded[i].made);
        lost += peek(&guarded[i].made) - peek(&guarded[i].plain);
    }
    kt_log("made", name, made);
    kt_log("lost", name, lost);
    kt_log("messages", name, peek(&messages[1]));
}
