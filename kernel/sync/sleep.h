/*
 * tsleep and wakeup: wait for an event, named by an address (the ident). Each cpu has its own hash
 * table of sleepers, and a word per bucket says which cpus have any, so wakeup() sends the ident only
 * to those. Lost wakeups: test the condition between tsleep_interlock() and tsleep(PINTERLOCKED);
 * from the interlock on, a wakeup of that ident makes the tsleep return at once.
 */
#ifndef SYNC_SLEEP_H
#define SYNC_SLEEP_H

#include "kernel/types.h"

#define PCATCH 0x1       /* a kill ends the sleep: EINTR */
#define PINTERLOCKED 0x2 /* tsleep_interlock was called before */
#define PNORESCHED 0x4   /* the wakeup is not to ask for a reschedule */
/* Domain: sleepers of one ident that a wakeup of another domain leaves alone; 0 by default. */
#define PDOMAIN_SHIFT 8
#define PDOMAIN(d) ((d) << PDOMAIN_SHIFT)

#define EWOULDBLOCK 1 /* tsleep's results besides 0: its time was up */
#define EINTR 2       /* killed (PCATCH) */

/* Sleep until wakeup(ident), or for timo ticks of HZ (0: for ever). wmesg: what ps shows. 0,
 * EWOULDBLOCK or EINTR. Thread context, holding no spin lock; not the idle thread. */
int tsleep(const void *ident, int flags, const char *wmesg, int timo);

/* Be a sleeper of ident from now on, still running. Another tsleep, or a second interlock, ends it. */
void tsleep_interlock(const void *ident, int flags);

/* Take an interlock back without sleeping. */
void tsleep_remove(void);

/* Wake all sleepers of ident / the one that has slept longest on the first cpu that has one. Any
 * context, IPI bodies and interrupts included, but not while holding a spin lock. */
void wakeup(const void *ident);
void wakeup_one(const void *ident);
void wakeup_domain(const void *ident, int domain, int count);

/* This cpu has sleep queues from here on. Each cpu, at its start. */
void tsleep_init_cpu(void);

#endif
