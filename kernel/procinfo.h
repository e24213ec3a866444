/*
 * What getprocs() tells of one thread: processes have a pid, kernel threads have pid 0.
 */
#ifndef KERNEL_PROCINFO_H
#define KERNEL_PROCINFO_H

#include "kernel/types.h"

enum { PI_EMBRYO, PI_SLEEP, PI_RUNNABLE, PI_RUNNING, PI_ZOMBIE };

struct procinfo {
    int pid;     /* 0: a kernel thread */
    int ppid;    /* parent's pid; 0: none */
    int cpu;     /* cpu that owns the thread */
    int state;   /* one of PI_* */
    int pri;     /* LWKT priority, 0..31 */
    uint64 size; /* bytes of user memory */
    char name[16];
    char wmesg[16]; /* what it sleeps on; "" when it does not */
};

#endif
