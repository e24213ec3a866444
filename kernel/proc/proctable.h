/*
 * The process table, for the files of proc/ alone.
 */
#ifndef PROC_PROCTABLE_H
#define PROC_PROCTABLE_H

#include "proc/proc.h"

/* Protects proc_all, p_parent, p_children and p_sibling, p_state and p_thread's end. */
extern struct spinlock proctable_lock;
extern struct list proc_all;
extern struct proc *init_proc; /* adopts orphans; set once */

/* A process in the table with a thread of this cpu, not scheduled; NULL: no memory, or NPROC exist. */
struct proc *proc_alloc(void);

/* End the thread of a process that never ran. */
void proc_discard_thread(struct proc *p);

/* Forget a process whose thread and memory are gone, or never were. */
void proc_free(struct proc *p);

#endif
