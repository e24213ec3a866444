/* SPDX-License-Identifier: BSD-3-Clause
 * Stand-in for kernel/lwkt/thread.h on the host: a kernel thread is a pthread, and each thread is a
 * process. Of struct thread there is what kernel/fs and the check of lock orders need.
 */
#ifndef LWKT_THREAD_H
#define LWKT_THREAD_H

#include "fs/filedesc.h"
#include "kernel/types.h"
#include "lib/atomic.h"
#include "lib/list.h"

#define CACHE_LINE 64
#define mycpuid 0 /* threads of one cpu, as it were */
#define TDF_MPSAFE 0x0400u

typedef struct thread {
    struct filedesc *td_filedesc; /* NULL: no process */
    uint32 td_killed;
    char td_comm[16];
    uint64 td_locks;
} *thread_t;

extern _Thread_local struct thread host_thread;
#define curthread (&host_thread)

static inline _Bool thread_killed(void)
{
    return peek(&host_thread.td_killed) != 0;
}

static inline _Bool thread_may_use_reserve(void)
{
    return 1;
}

int lwkt_create(void (*func)(void *), void *arg, void *tdp, void *template, unsigned flags, int cpu,
                const char *fmt, ...);

#endif
