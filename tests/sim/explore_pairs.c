/* SPDX-License-Identifier: BSD-3-Clause
 * Combinations: a scene for every pair of the core's features, made from the table below.
 *
 * Two workers, on cpus 0 and 1, each begin one feature inside the other: cpu 0's the second inside the
 * first, cpu 1's the first inside the second. In the middle they go on, yield or sleep, and they have the MP
 * lock from birth, or not. Helpers (a sleeper to acquire, a server, an interrupt thread, ...) are what a
 * feature needs beside them. With preemption, the interrupt thread does the other feature.
 *
 * A name says it all: pair:FIRST:SECOND:MIDDLE:BORN:CPU, for example pair:token:mplock:sleep:free:0; CPU
 * is that of the interrupt thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lwkt/cpusync.h"
#include "lwkt/mplock.h"
#include "lwkt/token.h"
#include "lwkt/wait.h"
#include "sync/sleep.h"

#define PRI TDPRI_KERN_DAEMON
#define WORKERS 2

/* One that runs features: a worker, or an interrupt thread. Its tokens' references. */
struct runner {
    int index; /* which order it takes things in */
    struct lwkt_tokref ref[3];
    struct lwkt_cpusync sync;
};

struct feature {
    const char *name;
    void (*setup)(void); /* once a scene, before the mark */
    void (*enter)(struct runner *r);
    void (*leave)(struct runner *r);
    bool still;        /* between the two it must not switch, nor wait for anybody */
    bool only_threads; /* not for interrupt threads */
};

static struct pair {
    const struct feature *first, *second;
    enum { GO_ON, YIELD, SLEEP } middle;
    bool with_lock; /* threads are born with the MP lock */
    int icpu;
} pair;
static struct runner runners[WORKERS + 1];
static thread_t workers[WORKERS];

static int other_cpu(void)
{
    return mycpuid == 0 ? 1 : 0;
}

/* --- tokens; data under each --- */

static struct lwkt_token token[3];
static uint32 under[3];

static void token_setup(void)
{
    for (int i = 0; i < 3; i++) {
        lwkt_token_init(&token[i]);
        under[i] = 0;
    }
}

static void token_enter(struct runner *r)
{
    lwkt_gettoken(&r->ref[2], &token[2]);
    under[2]++;
}

static void token_leave(struct runner *r)
{
    under[2]++;
    lwkt_reltoken(&r->ref[2]);
}

static void tokens_enter(struct runner *r)
{
    int i = r->index & 1;

    lwkt_gettoken(&r->ref[0], &token[i]);
    lwkt_gettoken(&r->ref[1], &token[!i]);
    under[0]++;
    under[1]++;
}

static void tokens_leave(struct runner *r)
{
    under[0]++;
    lwkt_reltoken(&r->ref[1]);
    lwkt_reltoken(&r->ref[0]);
}

/* --- the MP lock --- */

static uint32 under_lock;

static void mplock_enter(struct runner *r)
{
    (void)r;
    get_mplock();
    CHECK(curthread->td_mpcount > 0 && mycpu->gd_mpheld, "count %d", curthread->td_mpcount);
    under_lock++;
}

static void mplock_leave(struct runner *r)
{
    (void)r;
    under_lock++;
    rel_mplock();
}

/* --- waiting: cpu 0's runner blocks until the other's signals --- */

static struct lwkt_wait queue;

static void block_setup(void)
{
    lwkt_wait_init(&queue);
}

static void block_enter(struct runner *r)
{
    int gen = 0;

    if (r->index == 0)
        lwkt_block(&queue, "pair", &gen);
    else
        lwkt_signal(&queue, -1);
}

/* --- tsleep: cpu 0's worker sleeps until the other one, or the interrupt thread, wakes it --- */

static uint32 slept_for;

static void tsleep_setup(void)
{
    slept_for = 0;
    host_sleep_init();
}

static bool tsleep_over(void *arg)
{
    return consume((uint32 *)arg) != 0; /* publish: tsleep_enter */
}

static void tsleep_enter(struct runner *r)
{
    if (r == &runners[0]) {
        tsleep_until(&slept_for, 0, "pair", tsleep_over, &slept_for);
    } else {
        publish(&slept_for, 1); /* consume: tsleep_over */
        wakeup(&slept_for);
    }
}

/* --- cpus --- */

static void migrate_enter(struct runner *r)
{
    int to = other_cpu();

    (void)r;
    lwkt_setcpu_self(globaldata_of[to]);
    CHECK(mycpuid == to, "on cpu %d", mycpuid);
}

static thread_t victim;
static uint32 victim_may_go;

static void victim_sleeps(void *arg)
{
    (void)arg;
    crit_enter();
    while (!consume(&victim_may_go)) { /* publish: acquire_enter */
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

static void acquire_setup(void)
{
    victim_may_go = 0;
    victim = explore_thread(0, PRI, victim_sleeps, NULL, "victim");
}

static void acquire_enter(struct runner *r)
{
    if (r->index != 1)
        return;
    lwkt_acquire(victim);
    CHECK(victim->td_gd == mycpu, "it belongs to cpu %d", victim->td_gd->gd_cpuid);
    publish(&victim_may_go, 1); /* consume: victim_sleeps */
    lwkt_schedule(victim);
}

/* --- life --- */

static void nothing(void *arg)
{
    (void)arg;
}

static void exit_enter(struct runner *r)
{
    (void)r;
    sim_spawn(other_cpu(), nothing, NULL, "child");
}

static thread_t held;

static void hold_setup(void)
{
    held = explore_leaver(0, PRI, nothing, NULL, "held");
    for (int i = 0; i <= WORKERS; i++)
        lwkt_hold(held);
}

static void hold_leave(struct runner *r)
{
    (void)r;
    CHECK(strcmp(held->td_comm, "held") == 0, "it is %s now", held->td_comm);
    lwkt_rele(held);
}

/* --- messages --- */

static uint32 forwarded[SIM_CPUS];

static void count_body(void *arg)
{
    (void)arg;
    forwarded[mycpuid]++;
}

static void forward_body(void *arg)
{
    lwkt_send_ipiq_bycpu((int)(uint64)arg, count_body, NULL);
}

static void body_enter(struct runner *r)
{
    int to = other_cpu();

    (void)r;
    for (int i = 0; i < 3; i++) {
        int seq = lwkt_send_ipiq_bycpu(to, forward_body, (void *)(uint64)mycpuid);
        if (i == 2)
            lwkt_wait_ipiq(globaldata_of[to], seq);
    }
}

static thread_t server;

static void serve(void *arg)
{
    (void)arg;
    for (int i = 0; i < WORKERS; i++) {
        lwkt_msg_t msg = lwkt_waitport(&curthread->td_msgport, NULL);
        lwkt_replymsg(msg, msg->ms_cmd + 1);
    }
}

static void port_setup(void)
{
    server = explore_thread(1, PRI, serve, NULL, "server");
}

/* The interrupt thread has none of the server's answers to wait for: there are as many as workers. */
static void port_enter(struct runner *r)
{
    struct lwkt_msg msg;

    lwkt_initmsg(&msg, &curthread->td_msgport, r->index, 0);
    int answer = lwkt_domsg(&server->td_msgport, &msg);
    CHECK(answer == r->index + 1, "the answer is %d", answer);
}

/* --- cpusync --- */

static uint32 stopped[SIM_CPUS];

static void stop_body(lwkt_cpusync_t poll)
{
    (void)poll;
    stopped[mycpuid]++;
}

static void cpusync_enter(struct runner *r)
{
    r->sync = (struct lwkt_cpusync){.cs_run_func = stop_body};
    lwkt_cpusync_start(lwkt_all_cpus(), &r->sync);
}

static void cpusync_leave(struct runner *r)
{
    lwkt_cpusync_finish(&r->sync);
}

/* --- the rest --- */

static void setpri_enter(struct runner *r)
{
    lwkt_setpri_self(PRI + 1 + r->index);
}

static void setpri_leave(struct runner *r)
{
    (void)r;
    lwkt_setpri_self(PRI);
    lwkt_yield();
}

static void timer_enter(struct runner *r)
{
    (void)r;
    lwkt_pause(5);
}

static void preempt_enter(struct runner *r)
{
    (void)r;
}

static const struct feature features[] = {
    {"token", token_setup, token_enter, token_leave, false, false},
    {"tokens", token_setup, tokens_enter, tokens_leave, false, false},
    {"mplock", NULL, mplock_enter, mplock_leave, false, false},
    {"preempt", NULL, preempt_enter, NULL, false, false},
    {"block", block_setup, block_enter, NULL, false, true},
    {"tsleep", tsleep_setup, tsleep_enter, NULL, false, false},
    {"migrate", NULL, migrate_enter, migrate_enter, false, true},
    {"acquire", acquire_setup, acquire_enter, NULL, false, true},
    {"exit", NULL, exit_enter, NULL, false, false},
    {"hold", hold_setup, NULL, hold_leave, false, false},
    {"cpusync", NULL, cpusync_enter, cpusync_leave, true, false},
    {"body", NULL, body_enter, NULL, false, false},
    {"port", port_setup, port_enter, NULL, false, true},
    {"setpri", NULL, setpri_enter, setpri_leave, false, true},
    {"timer", NULL, timer_enter, NULL, false, false},
};
#define NFEATURES ((int)(sizeof(features) / sizeof(features[0])))
static const char *const middles[] = {"on", "yield", "sleep"};

/* --- what a worker does --- */

static void enter(const struct feature *f, struct runner *r)
{
    explore_inside(f == pair.second, 1);
    if (f->enter != NULL)
        f->enter(r);
}

static void leave(const struct feature *f, struct runner *r)
{
    if (f->leave != NULL)
        f->leave(r);
    explore_inside(f == pair.second, -1);
}

static void work(void *arg)
{
    struct runner *r = arg;
    const struct feature *outer = r->index == 0 || pair.second->still ? pair.first : pair.second;
    const struct feature *inner = outer == pair.first ? pair.second : pair.first;

    enter(outer, r);
    enter(inner, r);
    if (pair.middle == YIELD && !inner->still)
        lwkt_yield();
    else if (pair.middle == SLEEP && !inner->still)
        lwkt_pause(5);
    leave(inner, r);
    leave(outer, r);
}

/* The interrupt thread's part: the feature that is not preemption. */
static void interrupt(void *arg)
{
    struct runner *r = arg;
    const struct feature *f = strcmp(pair.first->name, "preempt") == 0 ? pair.second : pair.first;

    if (strcmp(f->name, "exit") == 0) {
        explore_leave();
        return;
    }
    enter(f, r);
    leave(f, r);
}

static const struct feature *find(const char *name)
{
    for (int i = 0; i < NFEATURES; i++)
        if (strcmp(features[i].name, name) == 0)
            return &features[i];
    return NULL;
}

/* What the name asks for; false: nothing that there is. */
bool pair_named(const char *name)
{
    char first[20], second[20], middle[20], born[20];
    int icpu;

    if (sscanf(name, "pair:%19[^:]:%19[^:]:%19[^:]:%19[^:]:%d", first, second, middle, born,
               &icpu) != 5)
        return false;
    pair.first = find(first);
    pair.second = find(second);
    for (int i = 0; i < 3; i++)
        if (strcmp(middles[i], middle) == 0)
            pair.middle = i;
    pair.with_lock = strcmp(born, "locked") == 0;
    pair.icpu = icpu;
    return pair.first != NULL && pair.second != NULL;
}

static bool possible(const struct feature *a, const struct feature *b)
{
    bool preempts = strcmp(a->name, "preempt") == 0 || strcmp(b->name, "preempt") == 0;

    return !preempts || !(a->only_threads || b->only_threads);
}

static void list_pair(const struct feature *a, const struct feature *b)
{
    bool preempts = strcmp(a->name, "preempt") == 0 || strcmp(b->name, "preempt") == 0;

    for (int middle = 0; middle < (b->still ? 1 : 3); middle++)
        for (int locked = 0; locked < 2; locked++)
            for (int icpu = 0; icpu < (preempts ? 2 : 1); icpu++)
                printf("pair:%s:%s:%s:%s:%d 2\n", a->name, b->name, middles[middle],
                       locked ? "locked" : "free", icpu);
}

/* All scenes there are. One that must not switch comes second. */
void pair_list(void)
{
    for (int i = 0; i < NFEATURES; i++)
        for (int k = i + 1; k < NFEATURES; k++) {
            const struct feature *a = &features[i], *b = &features[k];
            if (possible(a, b))
                list_pair(a->still ? b : a, a->still ? a : b);
        }
}

void play_pair(void)
{
    static const char *const names[] = {"worker0", "worker1"};
    bool preempts =
        strcmp(pair.first->name, "preempt") == 0 || strcmp(pair.second->name, "preempt") == 0;

    for (int i = 0; i <= WORKERS; i++)
        runners[i].index = i;
    if (pair.first->setup != NULL)
        pair.first->setup();
    if (pair.second->setup != NULL && pair.second->setup != pair.first->setup)
        pair.second->setup();
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = explore_thread(i, PRI, work, &runners[i], names[i]);
        workers[i]->td_mpcount = pair.with_lock;
    }
    runners[WORKERS].index = !pair.icpu;
    if (preempts)
        explore_ithread(pair.icpu, 0, TDPRI_INT_LOW, interrupt, &runners[WORKERS]);
    else if (pair.first->setup == hold_setup || pair.second->setup == hold_setup)
        lwkt_rele(held);
    explore_run();
    if (pair.first->setup == tsleep_setup || pair.second->setup == tsleep_setup)
        host_sleep_audit();
}
