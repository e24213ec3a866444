/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: tsleep and wakeup, and mutexes. Nobody is left asleep at the end: a sleeper that
 * nobody wakes is a deadlock.
 */
#include <string.h>

#include "host.h"
#include "lwkt/ipiq.h"
#include "lwkt/wait.h"
#include "proc/proc.h"
#include "scenes_upper.h"
#include "sync/mutex.h"
#include "sync/sleep.h"
#include "x.h"

static uint32 condition, asleep, woken, under[SIM_CPUS], ident, other_ident;

static void begin(void)
{
    host_sleep_init();
    condition = asleep = woken = 0;
    memset(under, 0, sizeof(under));
}

static void finish(void)
{
    explore_run();
    host_sleep_audit();
}

/* --- interlock, look, sleep --- */

static void sleep_until_set(void *arg)
{
    int domain = PDOMAIN((int)(uint64)arg);

    for (;;) {
        tsleep_interlock(&ident, domain);
        if (peek(&condition) != 0)
            break;
        tsleep(&ident, PINTERLOCKED | domain, "scene", 0);
        CHECK(peek(&condition) != 0, "it is woken in another domain, or by nobody");
    }
    tsleep_remove();
}

static void set_and_wake(void *arg)
{
    poke(&condition, 1);
    wakeup_domain(&ident, (int)(uint64)arg, -1);
}

void play_x_sleep(void)
{
    begin();
    explore_thread(0, PRI, sleep_until_set, NULL, "sleeper");
    explore_thread(1, PRI, set_and_wake, NULL, "waker");
    finish();
}

/* With TDF_NOSLEEP, as before threads run and in a panic, tsleep returns at once, and an interlock only ends an
 * older one. */
static void may_not_sleep(void *arg)
{
    thread_t td = curthread;

    (void)arg;
    tsleep_interlock(&other_ident, 0);
    poke(&td->td_flags, td->td_flags | TDF_NOSLEEP);
    tsleep_interlock(&ident, 0);
    CHECK((td->td_flags & TDF_TSLEEPQ) == 0, "it is a sleeper");
    CHECK(tsleep(&ident, PINTERLOCKED, "scene", 0) == 0, "interlocked");
    CHECK(tsleep(&ident, 0, "scene", 0) == 0, "without a limit");
    CHECK(tsleep(&ident, 0, "scene", 1) == 0, "with a limit");
    CHECK(tsleep(&ident, PNORESCHED, "scene", 0) == 0, "without a reschedule");
    CHECK((td->td_flags & TDF_NORESCHED) == 0, "TDF_NORESCHED is left");
    poke(&td->td_flags, td->td_flags & ~TDF_NOSLEEP);
    publish(&condition, 1); /* consume: wake_other */
}

/* A wakeup that finds nobody takes the cpu's bit back, so the next one sends no message. */
static void wake_other(void *arg)
{
    (void)arg;
    wakeup(&other_ident);
    while (consume(&condition) == 0) /* publish: may_not_sleep */
        cpu_relax();
    wakeup(&other_ident);
    lwkt_wait_ipiq(globaldata_of[0], lwkt_send_ipiq_bycpu(0, x_nothing, NULL));
    uint64 sent = mycpu->gd_cnt.ipiq_count;
    wakeup(&other_ident);
    CHECK(mycpu->gd_cnt.ipiq_count == sent, "a message to a cpu where nobody sleeps");
}

void play_x_nosleep(void)
{
    begin();
    explore_thread(0, PRI, may_not_sleep, NULL, "nosleep");
    explore_thread(1, PRI, wake_other, NULL, "waker");
    finish();
}

/* Nobody sleeps in the other domain, whose number differs in the highest bit, and each cpu is asked only once: this
 * one sends two messages, and one to wait for them. */
#define DOMAIN ((void *)0x8001)
#define OTHER_DOMAIN 1

static void wake_nobody_and_all(void *arg)
{
    uint64 before = mycpu->gd_cnt.ipiq_count;

    wakeup_domain(&ident, OTHER_DOMAIN, 1);
    lwkt_yield(); /* this thread may come before one that was woken, once */
    lwkt_yield();
    set_and_wake(arg);
    lwkt_wait_ipiq(globaldata_of[0], lwkt_send_ipiq_bycpu(0, x_nothing, NULL));
    uint64 sent = mycpu->gd_cnt.ipiq_count - before;
    CHECK(sent <= 3, "%lu messages, as a cpu is asked twice", sent);
}

/* One wakeup is for all: a sleeper on its cpu, and one elsewhere. */
void play_x_sleep_two(void)
{
    begin();
    explore_thread(0, PRI, sleep_until_set, DOMAIN, "sleeper0");
    explore_thread(1, PRI, sleep_until_set, DOMAIN, "sleeper1");
    explore_thread(1, PRI, wake_nobody_and_all, DOMAIN, "waker");
    finish();
}

static bool is_set(void *arg)
{
    return consume((uint32 *)arg) != 0; /* publish: set_under */
}

/* tsleep_until; what the waker did before is seen. */
static void wait_until_set(void *arg)
{
    (void)arg;
    tsleep_until(&ident, 0, "scene", is_set, &condition);
    CHECK(under[0] == 1, "%u", under[0]);
}

static void set_under(void *arg)
{
    (void)arg;
    under[0] = 1;
    publish(&condition, 1); /* consume: is_set */
    wakeup(&ident);
}

void play_x_sleep_until(void)
{
    begin();
    explore_thread(0, PRI, wait_until_set, NULL, "sleeper0");
    explore_thread(1, PRI, wait_until_set, NULL, "sleeper1");
    explore_thread(1, PRI, set_under, NULL, "waker");
    finish();
}

/* A wakeup of another domain is not for it, even on the same ident. */
static void sleep_in_domain(void *arg)
{
    tsleep_interlock(&ident, PDOMAIN((int)(uint64)arg));
    amo_add(&asleep, 1);
    tsleep(&ident, PINTERLOCKED | PDOMAIN((int)(uint64)arg), "scene", 0);
    CHECK(peek(&condition) != 0, "it was not meant");
}

static void wake_domains(void *arg)
{
    (void)arg;
    while (peek(&asleep) == 0)
        cpu_relax();
    wakeup_domain(&ident, 2, -1);
    wakeup(&other_ident);
    poke(&condition, 1);
    wakeup_domain(&ident, 1, -1);
}

void play_x_sleep_domain(void)
{
    begin();
    explore_thread(0, PRI, sleep_in_domain, (void *)1, "sleeper");
    explore_thread(1, PRI, wake_domains, NULL, "waker");
    finish();
}

/* --- wakeup_one --- */

/* One is woken for each; on whichever cpu. Those that are not asleep yet count as well. */
static void sleep_once(void *arg)
{
    (void)arg;
    tsleep_interlock(&ident, 0);
    amo_add_acqrel(&asleep, 1);
    tsleep(&ident, PINTERLOCKED, "scene", 0);
    amo_add_acqrel(&woken, 1);
}

static void wake_one_by_one(void *arg)
{
    (void)arg;
    while (consume(&asleep) != 2)
        cpu_relax();
    for (uint32 i = 1; i <= 2; i++) {
        wakeup_one(&ident);
        do
            lwkt_pause(50); /* all that the wakeup has led to is over */
        while (consume(&woken) < i);
        CHECK(consume(&woken) == i, "%u are awake, not %u", peek(&woken), i);
    }
}

void play_x_sleep_one(void)
{
    begin();
    explore_thread(0, PRI, sleep_once, NULL, "sleeper0");
    explore_thread(1, PRI, sleep_once, NULL, "sleeper1");
    explore_thread(2, PRI - 1, wake_one_by_one, NULL, "waker");
    finish();
}

/* Each makes one thing and takes one; who finds none sleeps, and one that is made wakes one. */
static uint32 things;

static bool take_thing(void *arg)
{
    for (;;) {
        uint32 n = peek((uint32 *)arg);
        if (n == 0)
            return false;
        if (amo_cas((uint32 *)arg, n, n - 1))
            return true;
    }
}

static void take_things(void *arg)
{
    (void)arg;
    tsleep_until(&things, 0, "scene", take_thing, &things);
}

static void make_things(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        amo_add_acqrel(&things, 1);
        wakeup_one(&things);
    }
}

void play_x_sleep_count(void)
{
    begin();
    things = 0;
    explore_thread(0, PRI, take_things, NULL, "taker0");
    explore_thread(1, PRI, take_things, NULL, "taker1");
    explore_thread(1, PRI, make_things, NULL, "maker");
    finish();
    CHECK(things == 0, "%u", things);
}

/* --- time and kills --- */

/* Its time is up, or it is woken; a second sleep ends by time, as nobody wakes it. (That one may end early once,
 * because the first one's waker is late to schedule the thread.) */
static void sleep_a_tick(void *arg)
{
    (void)arg;
    tsleep_interlock(&ident, 0);
    int result = 0;
    if (peek(&condition) == 0)
        result = tsleep(&ident, PINTERLOCKED, "scene", 1);
    else
        tsleep_remove();
    CHECK(result == 0 || result == EWOULDBLOCK, "%d", result);
    CHECK(result == EWOULDBLOCK || peek(&condition) == 1, "it has not slept");
    explore_outcome((uint64)result);
    result = tsleep(&other_ident, 0, "scene", 1);
    if (result == 0)
        result = tsleep(&other_ident, 0, "scene", 1);
    CHECK(result == EWOULDBLOCK, "%d", result);
}

void play_x_sleep_timeout(void)
{
    begin();
    explore_thread(0, PRI, sleep_a_tick, NULL, "sleeper");
    explore_thread(1, PRI, set_and_wake, NULL, "waker");
    finish();
}

/* A kill ends it, or the wakeup. A sleep without PCATCH is not ended by a kill. */
static void sleep_until_killed(struct proc *p)
{
    (void)p;
    int result = tsleep_until(&ident, PCATCH, "scene", is_set, &condition);
    CHECK(result == 0 || thread_killed(), "%d", result);
    explore_outcome((uint64)result);
    tsleep_until(&other_ident, 0, "scene", is_set, &under[1]);
}

static struct proc *victim;

static void kill_victim(void *arg)
{
    (void)arg;
    CHECK(proc_kill(victim->p_pid) == 0, "there is no such process");
    publish(&under[1], 1); /* consume: is_set */
    wakeup(&other_ident);
}

void play_x_sleep_kill(void)
{
    begin();
    victim = host_proc(0, sleep_until_killed, "victim");
    explore_thread(1, PRI, kill_victim, NULL, "killer");
    explore_thread(1, PRI, set_under, NULL, "waker");
    finish();
    host_proc_audit();
}

/* --- mutexes, with plain data under them --- */

static struct mutex mutex;

static void use_mutex(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    under[0]++;
    under[1]++;
    mutex_unlock(&mutex);
}

static void mutex_begin(void)
{
    begin();
    mutex_init(&mutex, "scene");
}

static void mutex_finish(uint32 n)
{
    finish();
    CHECK(mutex.owner == 0, "%lx", mutex.owner);
    CHECK(under[0] == n && under[1] == n, "%u %u", under[0], under[1]);
}

void play_x_mutex(void)
{
    mutex_begin();
    explore_thread(0, PRI, use_mutex, NULL, "lock0");
    explore_thread(1, PRI, use_mutex, NULL, "lock1");
    mutex_finish(2);
}

/* The owner lets another thread of its cpu run, which then waits for it. */
static void use_mutex_long(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    under[0]++;
    lwkt_yield();
    under[1]++;
    mutex_unlock(&mutex);
}

void play_x_mutex_three(void)
{
    mutex_begin();
    explore_thread(0, PRI, use_mutex_long, NULL, "lock0");
    explore_thread(0, PRI, use_mutex, NULL, "again0");
    explore_thread(1, PRI, use_mutex, NULL, "lock1");
    mutex_finish(3);
}

/* Given up for a sleep, and taken again: what it waits for is under the mutex. */
static void wait_with_mutex(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    while (under[2] == 0) {
        tsleep_interlock(&ident, 0);
        mutex_unlock(&mutex);
        tsleep(&ident, PINTERLOCKED, "scene", 0);
        mutex_lock(&mutex);
    }
    under[0]++;
    under[1]++;
    mutex_unlock(&mutex);
}

static void set_with_mutex(void *arg)
{
    (void)arg;
    mutex_lock(&mutex);
    under[2] = 1;
    mutex_unlock(&mutex);
    wakeup(&ident);
}

void play_x_mutex_sleep(void)
{
    mutex_begin();
    explore_thread(0, PRI, wait_with_mutex, NULL, "waits0");
    explore_thread(1, PRI, wait_with_mutex, NULL, "waits1");
    explore_thread(1, PRI, set_with_mutex, NULL, "sets");
    mutex_finish(2);
}
