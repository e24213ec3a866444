/*
 * What the machine's assembly and lwkt's own files call of switch.c.
 */
#ifndef LWKT_SWITCH_H
#define LWKT_SWITCH_H

#include "lwkt/thread.h"

/* Run ntd in place of td, the current thread, until td runs again. In a critical section. */
void lwkt_switch_to(globaldata_t gd, thread_t td, thread_t ntd);

/* Where cpu_switch goes on, on the new thread's stack; and then a thread that has never run. */
void lwkt_switch_return(thread_t old);
void lwkt_thread_start(void (*func)(void *), void *arg) __attribute__((noreturn));

#endif
