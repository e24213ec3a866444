/*
 * Traps: what the machine does itself, and what it asks of the kernel above it.
 */
#ifndef RISCV_TRAP_H
#define RISCV_TRAP_H

#include <stdbool.h>

#include "kernel/types.h"
#include "riscv/trapframe.h"

/* Assembly: the trap vector; the way to user mode by the frame at the top of the stack. */
void trap_entry(void);
void user_return(void) __attribute__((noreturn));

/*
 * Last thing before user mode: interrupts and requests are served, the process may be preempted, moved
 * to another cpu or killed here. Comes back with interrupts off and nothing left to do. user_trap does
 * it; a new process must before user_return.
 */
void trap_prepare_user_return(void);

/* Met by proc/: a system call, with interrupts on; a page fault in user mode (true: handled, try
 * again); any other exception in user mode; the requests of gd_astflags and the user scheduler. */
void upcall_syscall(struct trapframe *tf);
bool upcall_page_fault(uint64 va, uint64 cause);
void upcall_user_exception(const struct trapframe *tf);
void upcall_user_return(void);

#endif
