/* SPDX-License-Identifier: BSD-3-Clause
 * Passing a turn, on the host: any other thread may run here.
 */
#ifndef HOST_TURN_H
#define HOST_TURN_H

#include <sched.h>

static inline void pass_turn(void)
{
    sched_yield();
}

static inline void pass_turn_locked(void)
{
    sched_yield();
}

#endif
