/* SPDX-License-Identifier: BSD-3-Clause
 * What boot/trap.c calls for a trap from user mode. All of these run in the thread of the process that
 * trapped, with interrupts on, and may sleep.
 */
#ifndef PROC_USERTRAP_H
#define PROC_USERTRAP_H

#include <stdbool.h>

#include "riscv/trapframe.h"

/* A system call: the number in a7, arguments in a0 to a5. Returns what goes to a0. syscall.c. */
int64 proc_syscall(struct trapframe *tf);

/* A page fault; cause is EXC_*_PAGE. True: it was resolved, and the instruction is to run again. */
bool proc_page_fault(uint64 va, uint64 cause);

/* Any other exception: end the process. */
void proc_user_exception(const struct trapframe *tf);

/* Before each return to user mode: exit if the process was killed, and wait for its turn. */
void proc_user_return(void);

#endif
