/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: each cpu does work that has nothing to do with the others', all that the core and what
 * builds on it can do on one cpu. After a first time, in which threads, lists and hints come to be, no cpu
 * writes a line of memory that another one uses (lines.c).
 *
 * Two threads, or processes, of each cpu do the work; they meet before each kind of it.
 */
#include "fs/file.h"
#include "host.h"
#include "lwkt/spin.h"
#include "lwkt/token.h"
#include "lwkt/wait.h"
#include "proc/proc.h"
#include "scenes_upper.h"
#include "sync/mutex.h"
#include "sync/sleep.h"
#include "x.h"

#define ROUNDS 2

/* What one cpu's pair works with. */
struct apart {
    thread_t first; /* waits for the other one */
    thread_t server, waiter;
    struct lwkt_token token;
    struct lwkt_wait wait;
    struct spinlock lock;
    struct mutex mutex;
    struct lwkt_msg msg;
    struct systimer timer;
    struct pipe *there, *back;
    uint32 turn, over, ended, ticks;
    uint32 out, in;
};

static struct apart *aparts[SIM_CPUS];

static struct apart *mine(void)
{
    return aparts[mycpuid];
}

/* Both come here before either goes on. */
static void meet(struct apart *a)
{
    crit_enter();
    if (a->first == NULL) {
        a->first = curthread;
        while (a->first == curthread) {
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
    } else {
        thread_t td = a->first;
        a->first = NULL;
        lwkt_schedule(td);
    }
    crit_exit();
}

/* --- the kinds of work; second: the other one of the pair --- */

static void yields(struct apart *a, bool second)
{
    (void)a;
    lwkt_setpri_self(second ? PRI : PRI + 1);
    lwkt_yield();
    lwkt_setpri_self(PRI);
    lwkt_yield();
}

static bool my_turn(void *arg)
{
    return mine()->turn == (uint32)(uint64)arg;
}

static void sleeps(struct apart *a, bool second)
{
    for (int i = 0; i < ROUNDS; i++) {
        tsleep_until(&a->turn, 0, "turn", my_turn, (void *)(uint64)second);
        a->turn = !second;
        wakeup(&a->turn);
    }
    tsleep(&a->ticks, 0, "time", 1);
}

static void tokens(struct apart *a, bool second)
{
    struct lwkt_tokref ref;

    (void)second;
    lwkt_gettoken(&ref, &a->token);
    lwkt_yield(); /* the other one takes it meanwhile */
    lwkt_reltoken(&ref);
}

static void waits(struct apart *a, bool second)
{
    int gen = peek(&a->wait.wa_gen);

    if (!second) {
        lwkt_block(&a->wait, "signal", &gen);
        a->over = 1;
    }
    if (second) {
        while (!a->over) {
            lwkt_signal(&a->wait, -1);
            lwkt_yield();
        }
        a->over = 0;
    }
}

static void locks(struct apart *a, bool second)
{
    (void)second;
    spin_lock(&a->lock);
    spin_unlock(&a->lock);
    mutex_lock(&a->mutex);
    lwkt_yield();
    mutex_unlock(&a->mutex);
}

static void send(struct apart *a, struct pipe *pipe)
{
    CHECK(pipe_write(pipe, (uint64)&a->out, sizeof(a->out)) == sizeof(a->out), "a pipe is closed");
}

static void receive(struct apart *a, struct pipe *pipe)
{
    CHECK(pipe_read(pipe, (uint64)&a->in, sizeof(a->in)) == sizeof(a->in), "a pipe is closed");
}

static void pipes(struct apart *a, bool second)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!second)
            send(a, a->there);
        receive(a, second ? a->there : a->back);
        if (second)
            send(a, a->back);
    }
}

static void messages(struct apart *a, bool second)
{
    if (second) {
        lwkt_replymsg(lwkt_waitport(&curthread->td_msgport, NULL), 0);
    } else {
        lwkt_initmsg(&a->msg, &curthread->td_msgport, 1, 0);
        lwkt_domsg(&a->server->td_msgport, &a->msg);
    }
}

static void ticks_end(struct systimer *st)
{
    struct apart *a = st->st_arg;

    need_lwkt_resched(mycpu);
    if (++a->ticks == ROUNDS) {
        systimer_del(st);
        lwkt_schedule(a->waiter);
    }
}

static void timers(struct apart *a, bool second)
{
    lwkt_pause(20);
    if (second)
        return;
    crit_enter();
    a->ticks = 0;
    a->waiter = curthread;
    systimer_init_periodic(&a->timer, ticks_end, a, 20);
    while (a->ticks < ROUNDS) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

static void child(void *arg)
{
    struct apart *a = arg;

    a->ended++;
    wakeup(&a->ended);
}

static bool children_ended(void *arg)
{
    return ((struct apart *)arg)->ended == ROUNDS;
}

static void threads(struct apart *a, bool second)
{
    if (second)
        return;
    a->ended = 0;
    for (int i = 0; i < ROUNDS; i++) {
        thread_t td = sim_spawn_stopped(mycpuid, PRI, child, a, "child");
        lwkt_hold(td);
        lwkt_schedule(td);
        lwkt_rele(td);
    }
    tsleep_until(&a->ended, 0, "children", children_ended, a);
    lwkt_pause(20); /* they have left their stacks */
}

static void (*const kinds[])(struct apart *a, bool second) = {
    yields, sleeps, tokens, waits, locks, pipes, messages, timers, threads,
};

static void work(struct apart *a, bool second)
{
    if (second)
        a->server = curthread;
    for (uint64 i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        meet(a);
        kinds[i](a, second);
    }
    meet(a);
}

static void worker(void *arg)
{
    bool second = arg != NULL;

    work(mine(), second);
    lines_enter();
    work(mine(), second);
    lines_leave();
}

/* On its cpu: what it begins with is its own. */
static void prepare(void *arg)
{
    struct apart *a = arg;

    lwkt_token_init(&a->token);
    lwkt_wait_init(&a->wait);
    mutex_init(&a->mutex, "apart");
    spin_init(&a->lock, "apart");
    a->there = pipe_create();
    a->back = pipe_create();
}

static void begin(void)
{
    host_sleep_init();
    pipe_init();
    lines_begin(2 * ncpus);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        aparts[cpu] = sim_alloc(sizeof(*aparts[cpu]), "the scene's");
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, prepare, aparts[cpu]));
    }
}

void play_x_apart(void)
{
    begin();
    for (int cpu = 0; cpu < ncpus; cpu++) {
        explore_thread(cpu, PRI, worker, NULL, "first");
        explore_thread(cpu, PRI, worker, &aparts[cpu], "second");
    }
    explore_run();
    host_sleep_audit();
}

/* --- processes --- */

/* Two processes of a cpu talk to each other, and go to user mode in between. */
static void talk(struct proc *p, struct apart *a, bool second)
{
    for (int i = 0; i < ROUNDS; i++) {
        pipes(a, second);
        host_user(p);
    }
}

static void process(struct proc *p)
{
    struct apart *a = mine();
    bool second = a->ended++ != 0;

    p->p_affinity = mycpu->gd_cpumask;
    talk(p, a, second);
    lines_enter();
    talk(p, a, second);
    lines_leave();
}

void play_x_apart_procs(void)
{
    begin();
    for (int cpu = 0; cpu < ncpus; cpu++) {
        host_proc(cpu, process, "first");
        host_proc(cpu, process, "second");
    }
    explore_run();
    host_sleep_audit();
    host_proc_audit();
}
