/* SPDX-License-Identifier: BSD-3-Clause
 * tsleep and wakeup.
 *
 * Each cpu has a hash table of its sleepers by ident, which only it touches, in a critical section. A
 * word for each bucket, shared by all, says which cpus may have sleepers there, so that a wakeup goes
 * only to these. It carries the ident, never a thread: by the time it arrives another thread may
 * sleep there, and the thread that did may be gone. There are many more buckets than lists in a table,
 * since two idents of one bucket cost a message for each wakeup, to a cpu that does not know the ident.
 *
 *   sleeper                                   waker
 *   -------                                   -----
 *   tsleep_interlock: queue self,             make the condition true
 *     set own bit in the bucket's word        fence
 *   fence                                     read the bucket's word
 *   test the condition                        local queue; a message to each other cpu in it
 *   tsleep(PINTERLOCKED)
 *
 * Either the sleeper's test sees the condition, or the waker's look sees the bit. A message that
 * arrives between interlock and sleep takes the sleeper off the queue, which tsleep notices: it tests
 * and deschedules in one critical section, which keeps messages out.
 *
 * A bit stays set when the last sleeper goes, and is cleared by a wakeup that finds nobody. So two
 * threads that take turns write no shared word.
 *
 * A tsleep may also end early, with 0, because somebody scheduled the thread: callers test their
 * condition again, always. Before threads run, and on a cpu that panics (TDF_NOSLEEP), there is nothing
 * to switch to: a tsleep queues nobody and returns 0 at once, so a caller that loops polls.
 */
#include "sync/sleep.h"

#include "lib/panic.h"
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/runq.h"
#include "lwkt/systimer.h"
#include "mm/page.h"

#define BUCKETS 2048
#define LISTS 128 /* of a cpu; each is for several buckets */

struct sleepqueues {
    struct list bucket[LISTS];
};

_Static_assert(sizeof(struct sleepqueues) <= PGSIZE, "one page a cpu");

static cpumask_t bucket_cpus[BUCKETS] __attribute__((aligned(CACHE_LINE)));

void tsleep_init_cpu(void)
{
    struct sleepqueues *q = page_alloc();

    if (q == NULL)
        panic("no memory for the sleep queues of cpu %d", mycpuid);
    for (int i = 0; i < LISTS; i++)
        list_init(&q->bucket[i]);
    mycpu->gd_sleepqs = q;
}

/* Idents are addresses of objects: the low bits say little. */
static inline uint64 bucket_of(const void *ident)
{
    uint64 a = (uint64)ident;
    return ((a >> 5) ^ (a >> 12)) % BUCKETS;
}

/* Off the queue, on its own cpu, in a critical section. */
static inline void dequeue_sleeper(thread_t td)
{
    list_remove(&td->td_sleepq);
    poke(&td->td_flags, td->td_flags & ~TDF_TSLEEPQ);
    td->td_wchan = NULL;
}

void tsleep_interlock(const void *ident, int flags)
{ /* lab 7 */
    thread_t td = curthread;
    uint64 b = bucket_of(ident);

    KASSERT(ident != NULL, "sleep on NULL");
    crit_enter();
    if (td->td_flags & (TDF_TSLEEPQ | TDF_NOSLEEP)) {
        if (td->td_flags & TDF_TSLEEPQ)
            dequeue_sleeper(td);
        if (td->td_flags & TDF_NOSLEEP) {
            crit_exit();
            return;
        }
    }
    KASSERT(td != &td->td_gd->gd_idlethread, "the idle thread cannot sleep");
    poke(&td->td_flags, td->td_flags | TDF_TSLEEPQ);
    td->td_wchan = ident;
    td->td_wdomain = flags >> PDOMAIN_SHIFT;
    list_insert_tail(&mycpu->gd_sleepqs->bucket[b % LISTS], &td->td_sleepq);
    if ((peek(&bucket_cpus[b]) & mycpu->gd_cpumask) == 0)
        amo_or(&bucket_cpus[b], mycpu->gd_cpumask);
    fence(); /* the bit, before the caller's look at the condition: wakeup_domain */
    crit_exit();
}

/* The same for a thread that may have been woken. */
static inline void remove_sleeper(thread_t td)
{ /* lab 7: helper */
    if (td->td_flags & TDF_TSLEEPQ)
        dequeue_sleeper(td);
}

void tsleep_remove(void)
{ /* lab 7 */
    crit_enter();
    remove_sleeper(curthread);
    crit_exit();
}

/* The sleeper's time is up. On its cpu: a sleeper does not move. */
static void tsleep_timeout(struct systimer *st)
{ /* lab 7 */
    thread_t td = st->st_arg;

    if (td->td_flags & TDF_TSLEEPQ) {
        dequeue_sleeper(td);
        poke(&td->td_flags, td->td_flags | TDF_TIMEOUT);
        lwkt_schedule(td);
    }
}

/* Off the run queue, and switch until woken. In a critical section, queued. */
static inline void sleep_until_woken(void)
{ /* lab 7 */
    _lwkt_dequeue(curthread);
    lwkt_switch();
    remove_sleeper(curthread);
}

/* The same, for timo ticks of HZ at most. */
static int __attribute__((noinline)) sleep_until_timeout(thread_t td, int timo)
{ /* lab 7 */
    struct systimer st;

    systimer_init_oneshot(&st, tsleep_timeout, td, cpu_time() + (uint64)timo * (cpu_timebase / HZ));
    sleep_until_woken();
    systimer_del(&st);
    return (td->td_flags & TDF_TIMEOUT) ? EWOULDBLOCK : 0;
}

/* tsleep without an interlock before it. */
static int __attribute__((noinline))
interlock_and_sleep(const void *ident, int flags, const char *wmesg, int timo)
{ /* lab 7: helper */
    tsleep_interlock(ident, flags);
    return tsleep(ident, flags | PINTERLOCKED, wmesg, timo);
}

int tsleep(const void *ident, int flags, const char *wmesg, int timo)
{ /* lab 7 */
    int result = 0;

    if ((flags & PINTERLOCKED) == 0)
        return interlock_and_sleep(ident, flags, wmesg, timo);
    crit_enter();
    if (flags & PCATCH) {
        /* From here on a kill finds us: either we see td_killed, or its message sees TDF_SINTR. */
        poke(&curthread->td_flags, curthread->td_flags | TDF_SINTR);
        if (thread_killed())
            result = EINTR;
    }
    if (flags & PNORESCHED)
        poke(&curthread->td_flags, curthread->td_flags | TDF_NORESCHED);
    if (result != 0) {
        remove_sleeper(curthread);
    } else if (curthread->td_flags & TDF_TSLEEPQ) {
        curthread->td_wmesg = wmesg;
        ktr(KTR_SLEEP, (uint64)ident, (uint64)timo);
        if (timo > 0)
            result = sleep_until_timeout(curthread, timo);
        else
            sleep_until_woken();
        curthread->td_wmesg = NULL;
    }
    if (curthread->td_flags & (TDF_SINTR | TDF_TIMEOUT | TDF_NORESCHED)) {
        if ((curthread->td_flags & TDF_SINTR) && result == 0 && thread_killed())
            result = EINTR;
        poke(&curthread->td_flags,
             curthread->td_flags & ~(TDF_SINTR | TDF_TIMEOUT | TDF_NORESCHED));
    }
    crit_exit();
    return result;
}

/*
 * Wake up to `count` sleepers of this cpu (all: -1), the longest asleep first. In a critical section.
 * Returns how many.
 */
static int wakeup_here(uint64 b, const void *ident, int domain, int count)
    __attribute__((always_inline));
static inline int wakeup_here(uint64 b, const void *ident, int domain, int count)
{ /* lab 7 */
    globaldata_t gd = mycpu;
    struct list *bucket = &gd->gd_sleepqs->bucket[b % LISTS];
    int woken = 0;

    list_foreach_safe(node, bucket)
    {
        thread_t td = list_entry(node, struct thread, td_sleepq);
        if (td->td_wchan != ident || td->td_wdomain != domain)
            continue;
        dequeue_sleeper(td);
        _lwkt_schedule_here(gd, td);
        if (++woken == count)
            break;
    }
    if (woken == 0 && list_empty(bucket))
        amo_and(&bucket_cpus[b], ~mycpu->gd_cpumask);
    return woken;
}

/* What a message needs to say fits in its one argument: an ident has 39 bits that matter and a sign,
 * a domain is small. */
static void *pack(const void *ident, int domain)
{
    return (void *)(((uint64)ident << 16) | ((uint64)domain & 0xffff));
}

static const void *packed_ident(void *arg)
{
    return (const void *)((int64)arg >> 16);
}
static int packed_domain(void *arg)
{
    return (int)((uint64)arg & 0xffff);
}

static void wakeup_all_remote(void *arg)
{ /* lab 7 */
    const void *ident = packed_ident(arg);

    wakeup_here(bucket_of(ident), ident, packed_domain(arg), -1);
}

static void wakeup_one_remote(void *arg);

/* Ask the next cpu from number `from` on that may have a sleeper to wake one, or to pass it on. */
static void wakeup_one_from(int from, const void *ident, int domain)
{ /* lab 7 */
    cpumask_t mask = peek(&bucket_cpus[bucket_of(ident)]);

    for (int cpu = from; cpu < ncpus; cpu++)
        if (cpu != mycpuid && (mask & CPUMASK(cpu))) {
            lwkt_send_ipiq_bycpu(cpu, wakeup_one_remote, pack(ident, domain));
            return;
        }
}

static void wakeup_one_remote(void *arg)
{ /* lab 7 */
    const void *ident = packed_ident(arg);
    int domain = packed_domain(arg);

    if (wakeup_here(bucket_of(ident), ident, domain, 1) == 0)
        wakeup_one_from(mycpuid + 1, ident, domain);
}

/* The end of a wakeup that is for other cpus, too: wake all sleepers there, or one. */
static void __attribute__((noinline))
wakeup_others(cpumask_t mask, const void *ident, int domain, int count)
{ /* lab 7: helper */
    if (count < 0)
        lwkt_send_ipiq_mask(mask, wakeup_all_remote, pack(ident, domain));
    else
        wakeup_one_from(0, ident, domain);
    crit_exit();
}

void wakeup_domain(const void *ident, int domain, int count)
{ /* lab 7 */
    uint64 b = bucket_of(ident);

    ktr(KTR_WAKEUP, (uint64)ident, (uint64)count);
    crit_enter();
    fence(); /* the condition, before the look; the other half: tsleep_interlock */
    cpumask_t mask = peek(&bucket_cpus[b]);
    int woken = 0;
    if (mask & mycpu->gd_cpumask) {
        mask &= ~mycpu->gd_cpumask;
        woken = wakeup_here(b, ident, domain, count);
    }
    if (mask != 0 && (count < 0 || woken == 0)) {
        wakeup_others(mask, ident, domain, count);
        return;
    }
    crit_exit();
}

void wakeup(const void *ident)
{
    wakeup_domain(ident, 0, -1);
}

void wakeup_one(const void *ident)
{
    wakeup_domain(ident, 0, 1);
}
