/*
 * What the machine's assembly, and files of lwkt itself, call in switch.c.
 */
#ifndef LWKT_SWITCH_H
#define LWKT_SWITCH_H

#include "lwkt/thread.h"

/* Run ntd in place of td, the current thread. Returns when td runs again. In a critical section. */
void lwkt_switch_to(globaldata_t gd, thread_t td, thread_t ntd);

/* Where cpu_switch continues on the new thread's stack. / Where a thread that has never run goes from
 * there. */
void lwkt_switch_return(thread_t old);
void lwkt_thread_start(void (*func)(void *), void *arg) __attribute__((noreturn));

#endif
