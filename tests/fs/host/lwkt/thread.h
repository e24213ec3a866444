/*
 * Stand-in for kernel/lwkt/thread.h on the host: a kernel thread is a pthread.
 */
#ifndef LWKT_THREAD_H
#define LWKT_THREAD_H

#include "lib/list.h"

#define CACHE_LINE 64
#define mycpuid 0 /* threads of one cpu, as it were */
#define TDF_MPSAFE 0x0400u

int lwkt_create(void (*func)(void *), void *arg, void *tdp, void *template, unsigned flags, int cpu,
                const char *fmt, ...);

#endif
