/* SPDX-License-Identifier: BSD-3-Clause
 * What the machine's assembly, and files of lwkt itself, call in switch.c.
 */
#ifndef LWKT_SWITCH_H
#define LWKT_SWITCH_H

#include "lwkt/thread.h"

/* Run ntd in place of td, the current thread. Returns when td runs again. In a critical section. */
void lwkt_switch_to(thread_t td, thread_t ntd, globaldata_t gd);

/* cpu_switch continues here, on the new thread's stack. / From there, a thread that has never run
 * continues here. */
void lwkt_switch_return(thread_t old);
void lwkt_thread_start(void (*func)(void *), void *arg) __attribute__((noreturn));

#endif
