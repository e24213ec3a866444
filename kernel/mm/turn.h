/* SPDX-License-Identifier: BSD-3-Clause
 * Passing a turn in long loops of the kernel. A process in the kernel runs on when a better one wakes
 * up, and makes room on its way back to user mode. A loop that may last longer than a millisecond (the
 * pages of a large heap, a large read) therefore calls pass_turn() several times a millisecond. There
 * the process does what it would do before it returns to user mode: it lets better threads run, and it
 * waits if another process is due. So it must hold no lock and be in no transaction; it may return on
 * another cpu. In a critical section nothing happens.
 */
#ifndef MM_TURN_H
#define MM_TURN_H

#include "lwkt/thread.h"

/* The slow parts, in proc/usertrap.c: somebody may want this cpu. */
void proc_pass_turn(void);
void proc_pass_turn_locked(void);

/* A process that has blocked in this call runs at the kernel's priority, and nothing asks it to make
 * room (td_release is NULL); so it asks for a cpu first, as on the way to user mode. */
static inline void pass_turn(void)
{
    if (peek(&mycpu->gd_astflags) != 0 || curthread->td_release == NULL)
        proc_pass_turn();
}

/* For loops that hold a mutex, or are in a transaction or a commit: the threads that have woken up in
 * the kernel run, as they would if the caller waited for a disk. The caller does not wait for its turn:
 * it stays on the run queue at the kernel's priority, so processes in user mode keep it from its work
 * for no more than two ticks (may_defer). Thread context, without a spin lock. */
static inline void pass_turn_locked(void)
{
    if (mycpu->gd_runqmask >> TDPRI_KERN_USER != 0)
        proc_pass_turn_locked();
}

#endif
