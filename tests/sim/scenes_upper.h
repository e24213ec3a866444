/* SPDX-License-Identifier: BSD-3-Clause
 * The explorer's scenes of what builds on the core, by name: SCENE(name, cpus).
 */
#ifndef SIM_SCENES_UPPER_H
#define SIM_SCENES_UPPER_H

#define UPPER_SCENES(SCENE)       \
    SCENE(x_sleep, 2)             \
    SCENE(x_nosleep, 2)           \
    SCENE(x_sleep_two, 2)         \
    SCENE(x_sleep_one, 3)         \
    SCENE(x_sleep_count, 2)       \
    SCENE(x_sleep_timeout, 2)     \
    SCENE(x_sleep_kill, 2)        \
    SCENE(x_sleep_until, 2)       \
    SCENE(x_sleep_domain, 2)      \
    SCENE(x_mutex, 2)             \
    SCENE(x_mutex_three, 2)       \
    SCENE(x_mutex_sleep, 2)       \
    SCENE(x_pipe, 2)              \
    SCENE(x_pipe_wrap, 2)         \
    SCENE(x_pipe_full, 2)         \
    SCENE(x_pipe_readers, 2)      \
    SCENE(x_pipe_close_write, 2)  \
    SCENE(x_pipe_close_read, 2)   \
    SCENE(x_pipe_close_other, 3)  \
    SCENE(x_pipe_kill, 2)         \
    SCENE(x_usched_two, 2)        \
    SCENE(x_usched_handover, 2)   \
    SCENE(x_usched_claimed, 2)    \
    SCENE(x_usched_stray, 2)      \
    SCENE(x_usched_sleep, 2)      \
    SCENE(x_usched_resched, 2)    \
    SCENE(x_usched_park, 2)       \
    SCENE(x_usched_preempted, 2)  \
    SCENE(x_usched_moves, 2)      \
    SCENE(x_usched_fork, 2)       \
    SCENE(x_usched_yield, 2)      \
    SCENE(x_usched_exchange, 2)   \
    SCENE(x_usched_tick, 2)       \
    SCENE(x_usched_steal, 2)      \
    SCENE(x_usched_passes, 2)     \
    SCENE(x_usched_pass, 2)       \
    SCENE(x_usched_raise, 2)      \
    SCENE(x_usched_picked, 2)     \
    SCENE(x_usched_ps, 2)         \
    SCENE(x_usched_tick_exit, 2)  \
    SCENE(x_usched_kill, 2)       \
    SCENE(x_usched_kill_moves, 2) \
    SCENE(x_usched_kill_reap, 2)  \
    SCENE(x_usched_pass_kill, 2)  \
    SCENE(x_ithread, 2)           \
    SCENE(x_ithread_plic, 2)      \
    SCENE(x_ithread_early, 2)     \
    SCENE(x_waits_spin, 2)        \
    SCENE(x_waits_token, 2)       \
    SCENE(x_waits_mplock, 2)      \
    SCENE(x_waits_ipiq, 2)        \
    SCENE(x_apart, 2)             \
    SCENE(x_apart_procs, 2)

#define DECLARE_UPPER_SCENE(name, cpus) void play_##name(void);
UPPER_SCENES(DECLARE_UPPER_SCENE)

#endif
