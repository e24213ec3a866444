/* SPDX-License-Identifier: BSD-3-Clause
 * The way to user mode. boot/trap.c and boot/trap.S implement these two; the layer proc, below boot,
 * calls them when a new process is about to start.
 */
#ifndef RISCV_TRAP_H
#define RISCV_TRAP_H

/*
 * The last step before user mode: serve interrupts and requests; the process may be preempted, moved
 * to another cpu or killed here. Returns with interrupts off and nothing left to serve. user_trap calls
 * it; a new process must call it before user_return. Thread context.
 */
void trap_prepare_user_return(void);

/* To user mode, by the trap frame at the top of the current thread's stack. Interrupts off. */
void user_return(void) __attribute__((noreturn));

#endif
