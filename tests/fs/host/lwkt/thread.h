/*
 * Stand-in for kernel/lwkt/thread.h on the host: a kernel thread is a pthread. Of struct thread there
 * is what the check of lock orders needs.
 */
#ifndef LWKT_THREAD_H
#define LWKT_THREAD_H

#include "kernel/types.h"
#include "lib/list.h"

#define CACHE_LINE 64
#define mycpuid 0 /* threads of one cpu, as it were */
#define TDF_MPSAFE 0x0400u

typedef struct thread {
    char td_comm[16];
    uint64 td_locks;
} *thread_t;

extern _Thread_local struct thread host_thread;
#define curthread (&host_thread)

int lwkt_create(void (*func)(void *), void *arg, void *tdp, void *template, unsigned flags, int cpu,
                const char *fmt, ...);

#endif
