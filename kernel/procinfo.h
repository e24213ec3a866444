/* SPDX-License-Identifier: BSD-3-Clause
 * What getprocs() returns about one process.
 */
#ifndef KERNEL_PROCINFO_H
#define KERNEL_PROCINFO_H

#include "kernel/types.h"

enum { PI_EMBRYO, PI_SLEEP, PI_RUNNABLE, PI_RUNNING, PI_ZOMBIE };

struct procinfo {
    int pid;
    int ppid;    /* parent's pid; 0: none */
    int cpu;     /* cpu that its thread belongs to; -1: none, it has ended */
    int state;   /* one of PI_* */
    int pri;     /* LWKT priority of its thread, 0..31 */
    uint64 size; /* bytes of user memory */
    char name[16];
    char wmesg[16]; /* what it waits for; "": it does not sleep */
};

#endif
