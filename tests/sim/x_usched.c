/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: the user scheduler. At each entry to user mode host_proc.c checks its promises;
 * a process that is left in the queue, or a thread that waits for a tick that does not come, is a deadlock
 * or a livelock.
 */
#include <string.h>

#include "host.h"
#include "lwkt/ipiq.h"
#include "proc/proc.h"
#include "scenes_upper.h"
#include "sync/sleep.h"
#include "x_usched.h"

uint32 flags[4];

static thread_t daemon_thread;
static struct proc *other, *victim;

void begin(void)
{
    host_sleep_init();
    memset(flags, 0, sizeof(flags));
}

void finish(void)
{
    explore_run();
    host_sleep_audit();
    host_proc_audit();
}

void set(uint32 *flag)
{
    publish(flag, 1); /* consume: host_user_until, is_set */
    wakeup(flag);
}

bool is_set(void *arg)
{
    return consume((uint32 *)arg) != 0; /* publish: set */
}

/* --- getting a cpu --- */

void once(struct proc *p)
{
    host_user(p);
}

/* Cpu 0's tick, until the flag is set. */
static struct systimer tick;
static uint64 period;
static uint32 *tick_until;

static void tick_here(struct systimer *st)
{
    (void)st;
    ++mycpu->gd_heartbeat;
    usched_raise();
    usched_tick();
    if (!is_set(tick_until))
        systimer_init_oneshot(&tick, tick_here, NULL, cpu_time() + period);
}

void start_ticks(uint64 every, uint32 *until)
{
    period = every;
    tick_until = until;
    crit_enter();
    systimer_init_oneshot(&tick, tick_here, NULL, cpu_time() + period);
    crit_exit();
}

/* Both begin on cpu 0, and are in user mode at a time: one of them moves, when ticks have shown that the
 * other stays. */
static void meet0(struct proc *p)
{
    start_ticks(200, &flags[1]);
    host_user(p);
    set(&flags[0]);
    host_user_until(p, &flags[1]);
}

static void meet1(struct proc *p)
{
    host_user(p);
    set(&flags[1]);
    host_user_until(p, &flags[0]);
}

void play_x_usched_two(void)
{
    begin();
    host_proc(0, meet0, "p0");
    host_proc(0, meet1, "p1");
    finish();
}

/* One frees the cpu that another, elsewhere, begins to wait for: both sides of the store-load race. */
void play_x_usched_handover(void)
{
    begin();
    host_proc(0, once, "leaves");
    host_proc(1, once, "waits")->p_affinity = CPU0_ONLY;
    finish();
}

static void until_flag(struct proc *p)
{
    host_user_until(p, &flags[0]);
}

/* The same, and the one that waits is scheduled without cause: it may find that it is picked just then. It does not
 * end before the schedules of both have come to their ends: that may be a message to cpu 1, and one back. */
static void schedule_other(void *arg)
{
    lwkt_pause(
        (uint64)arg); /* until the one waits in the queue, and the other one is in user mode */
    set(&flags[1]);
    cpu_relax();
    lwkt_schedule(other->p_thread);
    lwkt_wait_ipiq(globaldata_of[0], lwkt_seq_ipiq(globaldata_of[0]));
    set(&flags[0]);
}

static void nothing_body(void *arg)
{
    (void)arg;
}

static void stay_for_schedules(struct proc *p)
{
    host_user_until(p, &flags[0]);
    lwkt_wait_ipiq(globaldata_of[1], lwkt_send_ipiq_bycpu(1, nothing_body, NULL));
    crit_enter();
    lwkt_process_ipiq();
    crit_exit();
}

static void leave_when_told(struct proc *p)
{
    host_user_until(p, &flags[1]);
}

void play_x_usched_stray(void)
{
    begin();
    host_proc(0, leave_when_told, "leaves");
    other = host_proc(1, stay_for_schedules, "waits");
    other->p_affinity = CPU0_ONLY;
    explore_thread(1, TDPRI_KERN_DAEMON, schedule_other, (void *)5, "stray");
    finish();
}

/* A process gives up its cpu to sleep, and wants it back when another has it. */
void sleep_between(struct proc *p)
{
    host_user(p);
    tsleep_until(&flags[0], PCATCH, "scene", is_set, &flags[0]);
    host_user(p);
}

static void wake_sleeper(struct proc *p)
{
    host_user(p);
    set(&flags[0]);
    host_user(p);
}

void play_x_usched_sleep(void)
{
    begin();
    host_proc(0, sleep_between, "sleeps")->p_affinity = CPU0_ONLY;
    host_proc(1, wake_sleeper, "wakes")->p_affinity = CPU0_ONLY;
    finish();
}

/* --- threads that wake while a process is on its way to user mode --- */

static void daemon_body(void *arg)
{
    (void)arg;
    set(&flags[0]);
}

/* On cpu 1, and current there: first a process of cpu 0 wakes, which can wait, then a better thread. */
static void wake_both(struct proc *p)
{
    host_user(p);
    lwkt_schedule(other->p_thread);
    lwkt_schedule(daemon_thread);
    host_user_until(p, &flags[0]);
}

static void play_woken(void (*waker)(struct proc *p))
{
    begin();
    host_proc(0, until_flag, "user0");
    host_proc(1, waker, "user1");
    other = host_proc_stopped(0, once, "woken");
    daemon_thread = explore_stopped(0, TDPRI_KERN_DAEMON, daemon_body, NULL, "daemon");
    finish();
}

void play_x_usched_resched(void)
{
    play_woken(wake_both);
}

/* The same in the other order: the one that lets the daemon run may lose its place meanwhile. */
static void wake_both_daemon_first(struct proc *p)
{
    host_user(p);
    lwkt_schedule(daemon_thread);
    lwkt_schedule(other->p_thread);
    host_user_until(p, &flags[0]);
}

void play_x_usched_park(void)
{
    play_woken(wake_both_daemon_first);
}

/* --- an interrupt thread preempts processes, with a designation or without one --- */

static void interrupt(void *arg)
{
    (void)arg;
    set(&flags[0]);
}

void play_x_usched_preempted(void)
{
    begin();
    host_proc(0, sleep_between, "sleeps")->p_affinity = CPU0_ONLY;
    host_proc(0, once, "once")->p_affinity = CPU0_ONLY;
    explore_ithread(0, 0, TDPRI_INT_MED, interrupt, NULL);
    finish();
}

/* --- from one cpu to another --- */

static void change_cpu(struct proc *p)
{
    host_user(p);
    CHECK(usched_setaffinity(p, CPU1_ONLY) == 0, "there is no cpu 1");
    host_user(p);
    CHECK(mycpuid == 1, "on cpu %d", mycpuid);
}

void play_x_usched_moves(void)
{
    begin();
    host_proc(0, change_cpu, "moves");
    host_proc(1, once, "leaves")->p_affinity = CPU1_ONLY;
    finish();
}

/* --- a new process --- */

static void fork_other(struct proc *p)
{
    host_user(p);
    usched_setrunqueue(other);
    host_user(p);
}

void play_x_usched_fork(void)
{
    begin();
    host_proc(0, fork_other, "parent");
    host_proc(1, once, "leaves");
    other = host_proc_stopped(0, once, "child");
    finish();
}

/* --- ps, of a process that sleeps, moves and ends --- */

static void list_processes(void *arg)
{
    struct procinfo info[2];
    uint64 order = 0;

    (void)arg;
    int n = proc_list(info, 2, &order);
    CHECK(n == 1 && info[0].pid == victim->p_pid, "%d processes, pid %d", n, info[0].pid);
    explore_outcome((uint64)info[0].state);
}

static void sleep_and_move(struct proc *p)
{
    tsleep(&flags[0], 0, "scene", 1);
    change_cpu(p);
}

void play_x_usched_ps(void)
{
    begin();
    victim = host_proc(0, sleep_and_move, "victim");
    explore_thread(1, TDPRI_KERN_DAEMON, list_processes, NULL, "ps");
    finish();
}

/* --- ends --- */

/* The tick comes while the process ends, whose memory another cpu then uses again. */
static void tick_once(struct systimer *st)
{
    (void)st;
    usched_raise();
    usched_tick();
}

static void end_with_tick(struct proc *p)
{
    crit_enter();
    systimer_init_oneshot(&tick, tick_once, NULL, cpu_time() + period);
    crit_exit();
    host_user(p);
}

static void reap_victim(void *arg)
{
    (void)arg;
    host_reap(victim);
}

void play_x_usched_tick_exit(void)
{
    begin();
    period = 1000;
    victim = host_proc(0, end_with_tick, "victim");
    explore_thread(1, TDPRI_KERN_USER, reap_victim, NULL, "parent");
    finish();
}

/* One waits for the cpu, and is killed; or it is picked first. */
static void kill_victim(void *arg)
{
    lwkt_pause((uint64)arg);
    CHECK(proc_kill(victim->p_pid) == 0, "there is no such process");
    set(&flags[0]);
}

void play_x_usched_kill(void)
{
    begin();
    host_proc(0, until_flag, "user");
    victim = host_proc(1, once, "victim");
    victim->p_affinity = CPU0_ONLY;
    explore_thread(1, TDPRI_KERN_DAEMON, kill_victim, (void *)5, "killer");
    finish();
}

/* A process that is killed ends, and be it on its way to another cpu: user mode has no other end here. */
static void stay(struct proc *p)
{
    host_user_until(p, &flags[1]);
}

static void kill_only(void *arg)
{
    (void)arg;
    CHECK(proc_kill(victim->p_pid) == 0, "there is no such process");
}

static void moves_and_is_killed(void)
{
    begin();
    victim = host_proc(0, stay, "victim");
    victim->p_affinity = CPU1_ONLY;
    explore_thread(0, TDPRI_KERN_USER - 1, kill_only, NULL, "killer");
}

void play_x_usched_kill_moves(void)
{
    moves_and_is_killed();
    finish();
}

/* The same, and its memory is used again while the kill is still under way. */
void play_x_usched_kill_reap(void)
{
    moves_and_is_killed();
    explore_thread(1, TDPRI_KERN_DAEMON, reap_victim, NULL, "parent");
    finish();
}

/* A process is killed while it sleeps, or when it has been woken, and another one that blocks may pass
 * the cpu on to it. */
static void sleep_and_stay(struct proc *p)
{
    host_user(p);
    tsleep_until(&flags[0], PCATCH, "scene", is_set, &flags[0]);
    host_user_until(p, &flags[1]);
}

static void wake_and_sleep(struct proc *p)
{
    host_user(p);
    set(&flags[0]);
    host_user(p);
    tsleep(&flags[2], 0, "scene", 1);
    host_user(p);
}

void play_x_usched_pass_kill(void)
{
    begin();
    victim = host_proc(0, sleep_and_stay, "victim");
    victim->p_affinity = CPU0_ONLY;
    host_proc(0, wake_and_sleep, "wakes")->p_affinity = CPU0_ONLY;
    explore_thread(1, TDPRI_KERN_DAEMON, kill_only, NULL, "killer");
    finish();
}
