/*
 * What the machine's assembly and lwkt's own files call of switch.c.
 */
#ifndef LWKT_SWITCH_H
#define LWKT_SWITCH_H

#include "lwkt/thread.h"

/* Run ntd in place of td, the current thread, and finish what ran before when td is back. In a critical
 * section. */
void lwkt_switch_to(globaldata_t gd, thread_t td, thread_t ntd);
void lwkt_thread_start(thread_t old, void (*func)(void *), void *arg);

#endif
