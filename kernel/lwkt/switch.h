/*
 * What the machine's assembly and lwkt's own files call of switch.c.
 */
#ifndef LWKT_SWITCH_H
#define LWKT_SWITCH_H

#include "lwkt/thread.h"

void lwkt_switch_return(thread_t old);
void lwkt_thread_start(thread_t old, void (*func)(void *), void *arg);


#endif
