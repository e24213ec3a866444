/* SPDX-License-Identifier: BSD-3-Clause
 * The handlers of the system calls, one for each row of kernel/syscall.h, in fs and proc.
 * arg: registers a0 to a5. A handler runs in the calling process's thread, with interrupts on, and may
 * sleep. It checks its arguments; its result goes to a0.
 */
#ifndef LIB_SYSENT_H
#define LIB_SYSENT_H

#include "kernel/syscall.h"
#include "kernel/types.h"

typedef int64 (*syscall_fn)(const uint64 *arg);

#define SYSCALL_HANDLER(number, name) int64 sys_##name(const uint64 *arg);
SYSCALLS(SYSCALL_HANDLER)

#endif
