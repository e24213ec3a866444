/* SPDX-License-Identifier: BSD-3-Clause
 * The explorer's scenes by name: SCENE(name, cpus).
 */
#ifndef SIM_SCENES_H
#define SIM_SCENES_H

#define LITMUS_SCENES(SCENE)  \
    SCENE(sb, 2)              \
    SCENE(sb_fence, 2)        \
    SCENE(sb_one_fence, 2)    \
    SCENE(sb_release, 2)      \
    SCENE(sb_full, 2)         \
    SCENE(sb_full_fence, 2)   \
    SCENE(mp, 2)              \
    SCENE(mp_release, 2)      \
    SCENE(mp_release_only, 2) \
    SCENE(mp_acquire_only, 2) \
    SCENE(mp_fence, 2)        \
    SCENE(mp_same, 2)         \
    SCENE(mp_amo, 2)          \
    SCENE(lb, 2)              \
    SCENE(lb_fence, 2)        \
    SCENE(iriw, 4)            \
    SCENE(iriw_fence, 4)      \
    SCENE(corr, 2)            \
    SCENE(corr_fence, 2)      \
    SCENE(ww_plain, 2)        \
    SCENE(ww_fence, 2)

#define CORE_SCENES(SCENE)         \
    SCENE(x_order, 2)              \
    SCENE(x_schedule, 2)           \
    SCENE(x_token, 2)              \
    SCENE(x_tokens_crossed, 2)     \
    SCENE(x_token_passed_on, 3)    \
    SCENE(x_trytoken, 2)           \
    SCENE(x_mplock, 2)             \
    SCENE(x_mplock_preempted, 2)   \
    SCENE(x_spin, 2)               \
    SCENE(x_ring, 2)               \
    SCENE(x_wait_ipiq, 2)          \
    SCENE(x_told, 3)               \
    SCENE(x_poll, 2)               \
    SCENE(x_migrate, 2)            \
    SCENE(x_migrate_wakeup, 2)     \
    SCENE(x_migrate_left, 2)       \
    SCENE(x_token_chain, 3)        \
    SCENE(x_port_moves_away, 3)    \
    SCENE(x_port_moves_used, 3)    \
    SCENE(x_port_abort_two, 2)     \
    SCENE(x_wait_free, 2)          \
    SCENE(x_acquire, 2)            \
    SCENE(x_acquire_own, 2)        \
    SCENE(x_block, 2)              \
    SCENE(x_block_twice, 2)        \
    SCENE(x_cpusync, 2)            \
    SCENE(x_cpusync_reuse, 2)      \
    SCENE(x_cpusync_two, 2)        \
    SCENE(x_port, 2)               \
    SCENE(x_port_abort, 2)         \
    SCENE(x_port_moves, 2)         \
    SCENE(x_held, 2)               \
    SCENE(x_timer, 2)              \
    SCENE(x_trace, 2)              \
    SCENE(x_trace_wraps, 2)        \
    SCENE(x_trace_attached, 2)     \
    SCENE(x_token_shared, 2)       \
    SCENE(x_token_shared_twice, 2) \
    SCENE(x_token_polls, 2)        \
    SCENE(x_ring_late, 3)          \
    SCENE(x_put_off, 2)            \
    SCENE(x_put_off_third, 3)      \
    SCENE(x_timer_periodic, 2)     \
    SCENE(x_timer_there, 2)        \
    SCENE(x_timer_once_there, 2)   \
    SCENE(x_timer_again, 2)        \
    SCENE(x_cpusync_fastdata, 2)   \
    SCENE(x_stopped_here, 2)       \
    SCENE(x_stopped_there, 2)      \
    SCENE(x_below, 2)              \
    SCENE(x_untimely, 2)           \
    SCENE(x_counters, 2)           \
    SCENE(x_section, 2)            \
    SCENE(x_token_released, 2)     \
    SCENE(x_token_unwanted, 2)     \
    SCENE(x_token_kept, 2)         \
    SCENE(x_switch_asked, 2)
#define DECLARE_SCENE(name, cpus) void play_##name(void);
LITMUS_SCENES(DECLARE_SCENE)
CORE_SCENES(DECLARE_SCENE)

#endif
