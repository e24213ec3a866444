/* SPDX-License-Identifier: BSD-3-Clause
 * The process table, for proc.c, fork.c and exit.c.
 */
#ifndef PROC_PROCTABLE_H
#define PROC_PROCTABLE_H

#include "proc/proc.h"

/* Guards proc_all, p_parent, p_children, p_zombies, p_sibling, p_pidnext, p_state and p_job, and keeps
 * p_thread from exiting. */
extern struct spinlock proctable_lock;
extern struct list proc_all;
extern struct proc *init_proc; /* adopts orphans; set once */

/* The process with that pid, or NULL. Table lock held. */
struct proc *find_proc(int pid);

/* Put a process that has its pid into the table. Table lock held. */
void proc_enter(struct proc *p);

/* A new process in the table, with a thread of this cpu that is not scheduled; NULL: memory is out, or
 * there are NPROC processes (fewer, unless the caller may use the reserve). */
struct proc *proc_alloc(void);

/* End the thread of a process that never ran. */
void proc_discard_thread(struct proc *p);

/* Free a process that has no thread and no memory (any more). */
void proc_free(struct proc *p);

#endif
