/* SPDX-License-Identifier: BSD-3-Clause
 * KTR tracing, the recording side. Events are recorded in any context, on any cpu, without a lock.
 * kernel/ktr_entry.h has the list of events.
 *
 * Differences from DragonFly: an event costs one AMO and no critical section; see ktr.c.
 */
#ifndef LWKT_KTR_H
#define LWKT_KTR_H

#include "kernel/ktr_entry.h"
#include "lib/atomic.h"
#include "lwkt/thread.h"

/* Entries are kept in pages, so that a ring needs no contiguous memory. */
#define KTR_PER_PAGE 64
#define KTR_PAGES (KTR_ENTRIES / KTR_PER_PAGE)

/* Record these events (one bit each) from now on, on all cpus. The rings must be attached unless mask
 * is 0. / The events that are recorded. */
void ktr_set_mask(uint32 mask);
uint32 ktr_get_mask(void);

/* Record the event if it is wanted, as of here, or as of address pc. */
void ktr_record(enum ktr_event event, uint64 a, uint64 b);
void ktr_record_at(uint64 event, uint64 a, uint64 b, uint64 pc);

/* Whether any event is recorded on this cpu, whose globaldata is gd. */
static inline bool ktr_on(globaldata_t gd)
{
    return __builtin_expect(peek(&gd->gd_ktrmask) != 0, 0);
}

/* Record the event if it is wanted. Costs a load, a test and a branch when nothing is recorded, and the
 * function that uses this saves no registers for it. (Macros, so that a and b are looked up only
 * then.) */
#define ktr_on_cpu(gd, event, a, b)                            \
    do {                                                       \
        if (ktr_on(gd))                                        \
            cpu_call_rarely(ktr_record_at, (event), (a), (b)); \
    } while (0)
#define ktr(event, a, b) ktr_on_cpu(mycpu, event, a, b)

/* Give a cpu's ring its i-th page, which is zeroed and holds KTR_PER_PAGE entries. Called before the
 * cpu's first event. */
void ktr_attach(int cpu, int i, struct ktr_entry *page);

/* Whether that cpu has its ring. */
bool ktr_attached(int cpu);

/* Forget what has been recorded so far. */
void ktr_clear(void);

/* Copy entry seq of a cpu. Returns false if it is not there yet, or no longer. */
bool ktr_read(int cpu, uint64 seq, struct ktr_entry *e);

/* The sequence numbers of the oldest entry, and of the next one that will be written. */
uint64 ktr_oldest(int cpu);
uint64 ktr_next(int cpu);

/* How many events have been overwritten since the rings were emptied, on all cpus. */
uint64 ktr_dropped(void);

/* An event's name, for people and programs. */
const char *ktr_name(uint32 event);

/* For a panic: stop recording, and print the last n events of each cpu. */
void ktr_print_last(int n);

#endif
