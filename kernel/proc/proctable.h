/* SPDX-License-Identifier: BSD-3-Clause
 * The process table, for proc.c, fork.c and exit.c.
 */
#ifndef PROC_PROCTABLE_H
#define PROC_PROCTABLE_H

#include "proc/proc.h"

/* Guards proc_all, p_parent, p_children, p_sibling and p_state, and keeps p_thread from exiting. */
extern struct spinlock proctable_lock;
extern struct list proc_all;
extern struct proc *init_proc; /* adopts orphans; set once */

/* A new process in the table, with a thread of this cpu that is not scheduled; NULL: memory is out, or
 * there are NPROC processes. */
struct proc *proc_alloc(void);

/* End the thread of a process that never ran. */
void proc_discard_thread(struct proc *p);

/* Free a process that has no thread and no memory (any more). */
void proc_free(struct proc *p);

#endif
