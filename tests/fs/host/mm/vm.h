/* SPDX-License-Identifier: BSD-3-Clause
 * Stand-in for kernel/mm/vm.h on the host: user memory is the host's, but for addresses below BAD_BELOW
 * and from BAD_FROM on.
 */
#ifndef MM_VM_H
#define MM_VM_H

#include "kernel/types.h"
#include "lwkt/thread.h"

#define BAD_BELOW 0x1000UL
#define BAD_FROM 0x4000000000000000UL

int copyin(void *dst, uint64 usrc, uint64 len);
int copyout(uint64 udst, const void *src, uint64 len);
int64 copyinstr(char *dst, uint64 usrc, uint64 max);

#endif
