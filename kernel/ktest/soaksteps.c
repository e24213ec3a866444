/* SPDX-License-Identifier: BSD-3-Clause
 * Steps of the soak test: threads that do everything at once and at random. They take tokens and the MP
 * lock, nested in any order, and sleep with them, migrate, change priority, create threads, and send
 * messages.
 * Each lock protects a number, to which its holders add 1 by a load and a store that others could come
 * between; K_SOAK_END writes down how many additions were lost.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/mplock.h"
#include "sync/sleep.h"

#define MPLOCK KT_TOKENS /* as a number of a lock; the tokens are those below */
#define LOCKS (KT_TOKENS + 1)
#define MAXHELD 4
#define IDENTS 4

static struct guarded {
    int64 plain; /* only under the lock */
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
    kt_add_in_steps(&guarded[lock].plain);
    amo_add(&guarded[lock].made, 1);
}

static void sleep_a_while(struct kt_context *ctx)
{
    if (pick(ctx, 2))
        lwkt_pause((uint64)pick(ctx, 50) * (cpu_timebase / 1000000));
    else
        tsleep(&idents[pick(ctx, IDENTS)], 0, "soak", 1);
}

static void take(int lock, struct lwkt_tokref *ref)
{
    if (lock == MPLOCK)
        get_mplock();
    else
        lwkt_gettoken(ref, kt_token(lock));
}

static void release(int lock, struct lwkt_tokref *ref)
{
    if (lock == MPLOCK)
        rel_mplock();
    else
        lwkt_reltoken(ref);
}

/*
 * Take one to four locks, one after the other: tokens and the MP lock in any order, perhaps one of them
 * twice. Perhaps sleep, between two of them or with all; release them in another order. All of them are
 * held from the last taking to the first release, so each protects its number there.
 */
static void take_locks(struct kt_context *ctx)
{
    struct lwkt_tokref ref[MAXHELD];
    int which[MAXHELD], n = 1 + pick(ctx, MAXHELD), first = pick(ctx, n);

    for (int i = 0; i < n; i++) {
        which[i] = pick(ctx, 3) == 0 ? MPLOCK : pick(ctx, KT_TOKENS);
        take(which[i], &ref[i]);
        if (pick(ctx, 8) == 0)
            sleep_a_while(ctx);
    }
    for (int i = 0; i < n; i++)
        count_under(which[i]);
    for (int i = 0; i < n; i++)
        release(which[(first + i) % n], &ref[(first + i) % n]);
}

static void count_message(void *arg)
{
    (void)arg;
    amo_add_rel(&messages[1], 1); /* acquire: kt_soak_end */
}

static void send_message(struct kt_context *ctx)
{
    amo_add(&messages[0], 1);
    lwkt_send_ipiq_bycpu(pick(ctx, ncpus), count_message, NULL);
}

/* A short-lived thread, which starts with the MP lock. */
static void short_life(void *arg)
{
    (void)arg;
    count_under(MPLOCK);
    kt_thread_ended();
}

static void spawn(struct kt_context *ctx)
{
    amo_add(&kt_run->alive, 1);
    if (lwkt_create(short_life, NULL, NULL, NULL, 0, pick(ctx, ncpus), "short") < 0)
        amo_add(&kt_run->alive, (uint32)-1);
}

static void nest_sections(struct kt_context *ctx)
{
    int n = 1 + pick(ctx, 4);

    for (int i = 0; i < n; i++)
        crit_enter();
    kt_relax();
    for (int i = 0; i < n; i++)
        crit_exit();
}

static void random_operation(struct kt_context *ctx)
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
    case 6:
        take_locks(ctx);
        break;
    case 7:
        send_message(ctx);
        break;
    case 8:
        wakeup(&idents[pick(ctx, IDENTS)]);
        break;
    case 9:
        if (pick(ctx, 8) == 0)
            spawn(ctx);
        else
            nest_sections(ctx);
        break;
    }
}

void kt_soak(struct kt_context *ctx, int n)
{
    while (n-- > 0 && peek(&kt_run->stop) == 0)
        random_operation(ctx);
}

void kt_soak_reset(void)
{
    for (int i = 0; i < LOCKS; i++)
        guarded[i] = (struct guarded){.plain = 0};
    messages[0] = messages[1] = 0;
}

/* The caller sleeps while it waits: it may have a better priority than the others, on their cpu. */
void kt_soak_end(const char *name, int var, int64 value)
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
