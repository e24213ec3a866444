/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: how processes take turns on a cpu, by yields, by ticks, and by waking each
 * other.
 */
#include "host.h"
#include "proc/proc.h"
#include "scenes_upper.h"
#include "sync/sleep.h"
#include "x_usched.h"

/* --- yields and ticks --- */

static void yield_until(struct proc *p)
{
    host_user(p);
    while (!is_set(&flags[0])) {
        usched_yield(p);
        cpu_relax();
        host_user(p);
    }
}

static void set_in_user_mode(struct proc *p)
{
    host_user(p);
    set(&flags[0]);
}

void play_x_usched_yield(void)
{
    begin();
    host_proc(0, yield_until, "yields")->p_affinity = CPU0_ONLY;
    host_proc(1, set_in_user_mode, "waits")->p_affinity = CPU0_ONLY;
    finish();
}

static void yield_once(struct proc *p)
{
    host_user(p);
    usched_yield(p);
    host_user(p);
    set(&flags[0]);
}

static void stay_with_ticks(struct proc *p)
{
    host_user(p);
    start_ticks(200, &flags[0]);
    host_user_until(p, &flags[0]);
}

/* One hands its cpu over to another, which has had less time and stays there, while cpu 1 becomes free: it
 * goes there. */
void play_x_usched_exchange(void)
{
    begin();
    host_proc(0, yield_once, "yields")->p_vruntime = cpu_timebase;
    host_proc(1, once, "leaves")->p_affinity = CPU1_ONLY;
    host_proc(1, stay_with_ticks, "stays")->p_affinity = CPU0_ONLY;
    finish();
}

/* One wakes a process of cpu 0, which is idle, and lets one that may use only cpu 1 go before it. So it waits, and
 * cpu 0 is for it, unless the process that was woken has just taken cpu 0. */
static void wake_and_yield(struct proc *p)
{
    host_user(p);
    set(&flags[0]);
    usched_yield(p);
    host_user(p);
}

void play_x_usched_claimed(void)
{
    begin();
    host_proc(0, sleep_between, "sleeps")->p_affinity = CPU0_ONLY;
    host_proc(1, wake_and_yield, "yields")->p_vruntime = cpu_timebase;
    host_proc(1, once, "goes before")->p_affinity = CPU1_ONLY;
    finish();
}

static void with_ticks_until(struct proc *p)
{
    start_ticks(200, &flags[0]);
    host_user_until(p, &flags[0]);
}

void play_x_usched_tick(void)
{
    begin();
    host_proc(0, with_ticks_until, "user")->p_affinity = CPU0_ONLY;
    host_proc(1, set_in_user_mode, "waits")->p_affinity = CPU0_ONLY;
    finish();
}

/* One waits for cpu 0, where the process stays, and cpu 1 becomes free meanwhile: that one comes for it, or
 * it goes there. */
void play_x_usched_steal(void)
{
    begin();
    host_proc(0, with_ticks_until, "user")->p_affinity = CPU0_ONLY;
    host_proc(1, once, "leaves")->p_affinity = CPU1_ONLY;
    host_proc(0, set_in_user_mode, "waits");
    finish();
}

/* A thread of cpu 0 that could be a process on its way to user mode is woken, and sleeps again. Meanwhile
 * cpu 0 becomes free, and one that may use no other cpu waits for it. */
static void pass_by(void *arg)
{
    (void)arg;
    lwkt_pause(3);
}

void play_x_usched_passes(void)
{
    begin();
    host_proc(0, once, "user")->p_affinity = CPU0_ONLY;
    host_proc(1, once, "waits")->p_affinity = CPU0_ONLY;
    explore_thread(0, TDPRI_KERN_USER, pass_by, NULL, "passes");
    finish();
}

/* --- a process that blocks passes its cpu on --- */

/* Two processes wake each other, each when the other one's turn is over. */
static void take_turns(struct proc *p, uint32 *own, uint32 *others)
{
    for (int i = 0; i < 2; i++) {
        host_user(p);
        tsleep_until(own, PCATCH, "scene", is_set, own);
        poke(own, 0);
        host_user(p);
        set(others);
    }
}

static void ping(struct proc *p)
{
    host_user(p);
    set(&flags[2]);
    take_turns(p, &flags[1], &flags[2]);
}

static void pong(struct proc *p)
{
    take_turns(p, &flags[2], &flags[1]);
}

/* Meanwhile a third comes to wait for their cpu, from another one. */
void play_x_usched_pass(void)
{
    begin();
    host_proc(0, ping, "ping")->p_affinity = CPU0_ONLY;
    host_proc(0, pong, "pong")->p_affinity = CPU0_ONLY;
    host_proc(1, once, "waits")->p_affinity = CPU0_ONLY;
    finish();
}

/* One wakes the other, which has passed its cpu on to it, and stays in user mode: after a tick the other
 * one runs. */
static void sleep_and_answer(struct proc *p)
{
    host_user(p);
    set(&flags[2]);
    tsleep_until(&flags[1], PCATCH, "scene", is_set, &flags[1]);
    set(&flags[0]);
    host_user(p);
}

static void wake_and_stay(struct proc *p)
{
    tsleep_until(&flags[2], PCATCH, "scene", is_set, &flags[2]);
    host_user(p);
    set(&flags[1]);
    start_ticks(200, &flags[0]);
    host_user_until(p, &flags[0]);
}

void play_x_usched_raise(void)
{
    begin();
    host_proc(0, sleep_and_answer, "passes on")->p_affinity = CPU0_ONLY;
    host_proc(0, wake_and_stay, "stays")->p_affinity = CPU0_ONLY;
    finish();
}

/* One hands its cpu over to another, which blocks when the first has been picked for cpu 1, but is still
 * here: it must not get this cpu, too. */
void play_x_usched_picked(void)
{
    begin();
    host_proc(0, yield_once, "yields")->p_vruntime = cpu_timebase;
    host_proc(1, once, "leaves")->p_affinity = CPU1_ONLY;
    host_proc(1, sleep_between, "blocks")->p_affinity = CPU0_ONLY;
    finish();
}
