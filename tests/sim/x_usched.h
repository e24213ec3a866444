/* SPDX-License-Identifier: BSD-3-Clause
 * What the scenes of the user scheduler (x_usched*.c) share.
 */
#ifndef SIM_X_USCHED_H
#define SIM_X_USCHED_H

#include "explore.h"
#include "proc/proc.h"

#define CPU0_ONLY CPUMASK(0)
#define CPU1_ONLY CPUMASK(1)

extern uint32 flags[4]; /* publish, consume: one is set when its process has been in user mode */

/* The begin and the end of a scene. */
void begin(void);
void finish(void);

/* Set a flag, and wake those that sleep on it. / Whether arg, a flag, is set. */
void set(uint32 *flag);
bool is_set(void *arg);

/* This cpu's tick comes until the flag is set. One cpu only. */
void start_ticks(uint64 every, uint32 *until);

/* Processes: one that is in user mode once, and one that gives up its cpu to sleep, until flags[0] is
 * set, and wants it back when another has it. */
void once(struct proc *p);
void sleep_between(struct proc *p);

#endif
