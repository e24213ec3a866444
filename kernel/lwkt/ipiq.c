/* SPDX-License-Identifier: BSD-3-Clause
 * IPI messages. For each pair of cpus there is a ring with one producer and one consumer:
 *
 *   source                                     target
 *   ------                                     ------
 *   write slot
 *   publish ip_windex          --- F1 --->     consume ip_windex
 *   or own bit into target's                   copy slot
 *     gd_ipimask; was it clear?                publish ip_rindex     --- F2 ---> consume ip_rindex
 *     raise the interrupt                      run func(arg)                     (before reuse)
 *                                              publish ip_xindex     --- F5 ---> lwkt_wait_ipiq
 *
 * A source's bit in gd_ipimask means that the target has been told and has not looked yet, so further
 * messages need no interrupt. The target takes the bits back, an acquire, before it reads the indices;
 * the source sets its bit, a release, after writing its index (F3). Either the target's look finds the
 * message, or the source finds its bit clear and tells it.
 *
 * Hysteresis: a sender that finds the ring more than half full waits until it is down to a quarter,
 * serving its own rings meanwhile, so two cpus that flood each other both make progress. Bodies may use
 * the other half and wait only when the ring is full.
 *
 * A body that waits runs other bodies, which may wait too. At NESTING_MAX that ends: a body that waits
 * there takes the messages out of the rings, so that the cpus that wait for room in them can go on, but
 * puts them off (put_off). They run, in their order, when the bodies below are done, before any message
 * that is still in a ring. So the stack holds at most NESTING_MAX waits, whatever bodies send to other
 * cpus. (A message to the sender's own cpu is a call.) PUT_OFF_MAX is more than any flood of the tests
 * needs; a cpu that has put off so many leaves the rest in the rings, and goes on when its own target
 * does.
 *
 * Differences from DragonFly:
 *   - One mask for each target says whether it was told, and by whom; there, a word in each ring
 *     (ip_npoll), and the target looks at all rings.
 *   - A slot is copied before ip_rindex is published. There a function was called through its slot
 *     after that, and the source could overwrite the slot.
 *   - Bodies that send wait only when the ring is full, and nest NESTING_MAX deep at most.
 *   - lwkt_send_ipiq_nowait gives up at two thirds of the ring. There the limit was more than the
 *     ring holds, so that it never gave up, and overwrote messages.
 */
#include "lwkt/ipiq.h"

#include "lib/bits.h"
#include "lib/testpoint.h"
#include "lwkt/cpusync.h"
#include "lwkt/crit.h"
#include "lwkt/ktr.h"
#include "lwkt/ring.h"
#include "lwkt/waitwarn.h"

#define NESTING_MAX 4             /* bodies that send, wait, and so run bodies */
#define PUT_OFF_MAX 128           /* a power of two */
#define PUT_OFF (-0x7fffffff - 1) /* in ip_nesting of all rings to a cpu: it has put messages off */

/* Messages that were taken out of their rings and have not run yet. Each cpu uses only its own entry,
 * in a critical section. */
static struct putoff {
    uint32 first, end; /* run freely, masked on use */
    struct {
        struct ipiq_slot msg;
        struct lwkt_ipiq *ip;
        int source;
    } entry[PUT_OFF_MAX];
} __attribute__((aligned(CACHE_LINE))) putoffs[NCPU];

/* Make one ring, unless an earlier attempt to start a cpu of that number has made it. */
static bool make_ring(globaldata_t from, globaldata_t to)
{
    if (from->gd_ipiq[to->gd_cpuid] != NULL)
        return true;

    struct lwkt_ipiq *ip = cpu_ring_alloc();
    publish(&from->gd_ipiq[to->gd_cpuid], ip); /* consume: ring_from */
    return ip != NULL;
}

bool lwkt_ipiq_connect(globaldata_t gd)
{
    for (int cpu = 0; cpu < gd->gd_cpuid; cpu++)
        if (!make_ring(gd, globaldata_of[cpu]) || !make_ring(globaldata_of[cpu], gd))
            return false;
    return true;
}

/* The ring from that cpu to this one, or NULL. For looks that no message asked for: the ring may have
 * been made just now. */
static inline struct lwkt_ipiq *ring_from(int cpu, globaldata_t gd)
{
    return consume(&globaldata_of[cpu]->gd_ipiq[gd->gd_cpuid]); /* publish: make_ring */
}

static inline uint32 ring_depth(struct lwkt_ipiq *ip)
{ /* lab 4 */
    /* publish: drain, F2 */
    return ip->ip_windex - consume(&ip->ip_rindex);
}

/* Tell target to look. Returns whether it must be interrupted for that: not if it has been told and has
 * not looked yet. With ipiq_optimized=0, in any case: that measures what this saves. */
static inline bool notify(globaldata_t gd, globaldata_t target)
{ /* lab 4 */
    cpumask_t own = gd->gd_cpumask;
    /* F3 */
    cpumask_t old = amo_or_rel(&target->gd_ipimask, own);

    if ((old & own) == 0 || !peek(&lwkt_ipiq_optimized)) {
        ++gd->gd_cnt.ipiq_hardware;
        return true;
    }
    ++gd->gd_cnt.ipiq_avoided;
    return false;
}

/* Take the messages out of this cpu's rings, to run them later. Those that find no place stay in their
 * ring. */
static void put_off(globaldata_t gd)
{
    struct putoff *p = &putoffs[gd->gd_cpuid];

    for (int cpu = 0; cpu < ncpus; cpu++) {
        struct lwkt_ipiq *ip = ring_from(cpu, gd);

        while (ip != NULL && p->end - p->first < PUT_OFF_MAX &&
               ip->ip_rindex != consume(&ip->ip_windex)) { /* publish: append, F1 */
            p->entry[p->end % PUT_OFF_MAX].msg = ip->ip_slot[ip->ip_rindex & (ip->ip_size - 1)];
            p->entry[p->end % PUT_OFF_MAX].ip = ip;
            p->entry[p->end % PUT_OFF_MAX].source = cpu;
            ++p->end;
            ++ip->ip_put_off;
            publish(&ip->ip_rindex, ip->ip_rindex + 1); /* consume: ring_depth, F2 */
        }
        if (ip != NULL)
            ip->ip_nesting |= PUT_OFF;
    }
}

/*
 * Wait until the ring holds at most `enough` messages, serving this cpu's own rings meanwhile.
 */
static void wait_for_room(globaldata_t gd, struct lwkt_ipiq *ip, globaldata_t target, uint32 enough)
{ /* lab 4 */
    struct waitwarn w = {0};

    ++gd->gd_cnt.ipiq_fifofull;
    if (notify(gd, target))
        cpu_ipi_raise(target->gd_cpuid);
    while (ring_depth(ip) > enough) {
        cpu_relax();
        if (gd->gd_intr_nesting_level < NESTING_MAX)
            lwkt_process_ipiq();
        else
            put_off(gd);
        if (wait_turn(&w))
            w.since = lwkt_wait_lasts(w.since, curthread, __func__, "room in the IPI ring",
                                      CPUMASK(target->gd_cpuid));
    }
}

static inline uint32 append(globaldata_t gd, struct lwkt_ipiq *ip, uint32 size, ipifunc_t func,
                            void *arg)
{ /* lab 4 */
    uint32 w = ip->ip_windex;
    struct ipiq_slot *slot = &ip->ip_slot[(int)(w & (size - 1))]; /* signed, as in bits.h */

    slot->func = func;
    slot->arg = arg;
    publish(&ip->ip_windex, w + 1); /* consume: drain, F1 */
    ++gd->gd_cnt.ipiq_count;
    return w + 1;
}

/* Run a message to this cpu itself: the end of send(), as a function of its own, so that a message to
 * another cpu saves few registers. */
static int __attribute__((noinline)) send_self(globaldata_t gd, ipifunc_t func, void *arg)
{
    ++gd->gd_intr_nesting_level;
    func(arg);
    --gd->gd_intr_nesting_level;
    crit_exit();
    return 0;
}

/* Another end of send(): interrupt the target. */
static int __attribute__((noinline)) send_interrupt(globaldata_t target, int result)
{
    cpu_ipi_raise(target->gd_cpuid);
    crit_exit();
    return result;
}

/* The ring is more than half full. */
static void make_room(globaldata_t gd, struct lwkt_ipiq *ip, globaldata_t target)
{ /* lab 4: helper */
    if (gd->gd_intr_nesting_level == 0)
        wait_for_room(gd, ip, target, ip->ip_size / 4);
    else if (ring_depth(ip) == ip->ip_size)
        wait_for_room(gd, ip, target, ip->ip_size - 1);
}

/* Wait for room, then write the message. Returns its sequence number. In a critical section. */
static inline int enqueue_message(globaldata_t target, ipifunc_t func, void *arg)
{ /* lab 4 */
    globaldata_t gd = mycpu;
    struct lwkt_ipiq *ip = gd->gd_ipiq[target->gd_cpuid];
    uint32 size = ip->ip_size;

    if (ring_depth(ip) > size / 2)
        cpu_call_rarely(make_room, gd, ip, target);
    ktr_on_cpu(gd, KTR_IPI_SEND, target->gd_cpuid, func);
    return (int)append(gd, ip, size, func, arg);
}

/* Write the message and return 0, or return -1 if two thirds of the ring or more are used. In a
 * critical section. */
static int enqueue_nowait(globaldata_t target, ipifunc_t func, void *arg)
{ /* lab 4 */
    globaldata_t gd = mycpu;
    struct lwkt_ipiq *ip = gd->gd_ipiq[target->gd_cpuid];

    if (ring_depth(ip) >= ip->ip_size * 2 / 3)
        return -1;
    ktr_on_cpu(gd, KTR_IPI_SEND, target->gd_cpuid, func);
    append(gd, ip, ip->ip_size, func, arg);
    return 0;
}

enum how { SEND_WAIT, SEND_PASSIVE, SEND_NOWAIT };

/* Common to all ways of sending, so that all make the same assertions. `how` is a constant, so a test
 * of it costs nothing. Returns what the public function is to return; see ipiq.h. */
static inline __attribute__((always_inline)) int send(globaldata_t target, ipifunc_t func,
                                                      void *arg, enum how how)
{
    int result;

    crit_enter();
    globaldata_t gd = mycpu;

    if (target == gd)
        return send_self(gd, func, arg);
    KASSERT(gd->gd_spinlocks == 0, "an IPI message is sent with a spin lock held");
    /* lab 4: from here */
    if (how == SEND_NOWAIT)
        result = enqueue_nowait(target, func, arg);
    else
        result = enqueue_message(target, func, arg);
    if (how == SEND_PASSIVE)
        ++gd->gd_cnt.ipiq_passive;
    else if ((how == SEND_WAIT || result == 0) && notify(gd, target))
        return send_interrupt(target, result);
    /* lab 4: to here */
    crit_exit();
    return result;
}

int lwkt_send_ipiq(globaldata_t target, ipifunc_t func, void *arg)
{
    return send(target, func, arg, SEND_WAIT);
}

int lwkt_send_ipiq_bycpu(int cpu, ipifunc_t func, void *arg)
{
    return lwkt_send_ipiq(globaldata_of[cpu], func, arg);
}

int lwkt_send_ipiq_passive(globaldata_t target, ipifunc_t func, void *arg)
{
    return send(target, func, arg, SEND_PASSIVE);
}

int lwkt_send_ipiq_nowait(globaldata_t target, ipifunc_t func, void *arg)
{
    return send(target, func, arg, SEND_NOWAIT);
}

int lwkt_send_ipiq_mask(cpumask_t mask, ipifunc_t func, void *arg)
{ /* lab 4 */
    int count = 0;

    crit_enter();
    while (mask != 0) {
        int cpu = bit_lowest64(mask);
        mask &= mask - 1;
        lwkt_send_ipiq(globaldata_of[cpu], func, arg);
        count++;
    }
    crit_exit();
    return count;
}

int lwkt_seq_ipiq(globaldata_t target)
{
    crit_enter();
    struct lwkt_ipiq *ip = mycpu->gd_ipiq[target->gd_cpuid];
    int seq = ip != NULL ? (int)ip->ip_windex : 0;
    crit_exit();
    return seq;
}

void lwkt_wait_ipiq(globaldata_t target, int seq)
{ /* lab 4 */
    crit_enter();
    struct lwkt_ipiq *ip = mycpu->gd_ipiq[target->gd_cpuid];
    struct waitwarn w = {0};

    if (ip != NULL) {                                              /* NULL: target is this cpu */
        while ((int)(consume(&ip->ip_xindex) - (uint32)seq) < 0) { /* publish: drain, F5 */
            cpu_relax();
            lwkt_process_ipiq();
            if (wait_turn(&w))
                w.since = lwkt_wait_lasts(w.since, curthread, __func__, "a message to be finished",
                                          CPUMASK(target->gd_cpuid));
        }
    }
    crit_exit();
}

/* Run the messages that were put off, the oldest first, and mark them as finished in their rings, as
 * drain() does. */
static void __attribute__((noinline)) run_put_off(globaldata_t gd)
{
    struct putoff *p = &putoffs[gd->gd_cpuid];

    while (p->first != p->end) {
        __typeof__(p->entry[0]) e = p->entry[p->first++ % PUT_OFF_MAX];
        --e.ip->ip_put_off;
        ++e.ip->ip_nesting;
        ktr(KTR_IPI_RECV, (uint64)e.source, (uint64)e.msg.func);
        e.msg.func(e.msg.arg);
        if ((--e.ip->ip_nesting & ~PUT_OFF) == 0) /* consume: lwkt_wait_ipiq, F5 */
            publish(&e.ip->ip_xindex, e.ip->ip_rindex - e.ip->ip_put_off);
    }
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (cpu != gd->gd_cpuid)
            globaldata_of[cpu]->gd_ipiq[gd->gd_cpuid]->ip_nesting &= ~PUT_OFF;
}

/*
 * Run the messages that are in one ring now; for later ones the source tells this cpu again. A body may
 * send and wait for room, and so enter this function for the same ring. The slot is copied and
 * ip_rindex moved before the body runs, so no message runs twice; and only the outermost run moves
 * ip_xindex, when the bodies inside it are done.
 */
static void drain(struct lwkt_ipiq *ip, int source)
{ /* lab 4 */
    /* publish: append, F1 */
    uint32 end = consume(&ip->ip_windex), mask = ip->ip_size - 1;

    if (++ip->ip_nesting < 0)
        run_put_off(mycpu);
    while ((int)(end - ip->ip_rindex) > 0) {
        struct ipiq_slot msg = ip->ip_slot[ip->ip_rindex & mask];
        publish(&ip->ip_rindex, ip->ip_rindex + 1); /* consume: ring_depth, F2 */
        ktr(KTR_IPI_RECV, (uint64)source, (uint64)msg.func);
        msg.func(msg.arg);
        if (ip->ip_nesting < 0)
            run_put_off(mycpu);
        if (ip->ip_nesting == 1)
            publish(&ip->ip_xindex, ip->ip_rindex); /* consume: lwkt_wait_ipiq, F5 */
    }
    --ip->ip_nesting;
}

/* The rings of the cpus that have told this one. A function of its own, so that a look that finds none,
 * as those of a cpu that waits do, saves no registers. */
static void __attribute__((noinline)) drain_rings(globaldata_t gd, cpumask_t mask)
{ /* lab 4 */
    ++gd->gd_intr_nesting_level;
    while (mask != 0) {
        int cpu = bit_lowest64(mask);
        mask &= mask - 1;
        drain(peek(&globaldata_of[cpu]->gd_ipiq[gd->gd_cpuid]), cpu); /* ordered by the bit */
    }
    --gd->gd_intr_nesting_level;
}

void lwkt_drain_ipiq(void)
{
    globaldata_t gd = mycpu;

    if (testpoint(TP_HOLD_IPI))
        return;
    /* lab 4: from here */
    cpumask_t mask = amo_swap_acq(&gd->gd_ipimask, 0); /* before the indices: F3 */

    if (mask != 0)
        drain_rings(gd, mask);
}

void lwkt_process_ipiq(void)
{
    lwkt_drain_ipiq();
    if (mycpu->gd_cpusyncmask != 0)
        lwkt_cpusync_stopped();
}

void lwkt_poll_ipiq(void)
{
    globaldata_t gd = mycpu;

    if (testpoint(TP_HOLD_IPI))
        return;
    /* lab 4: from here */
    ++gd->gd_intr_nesting_level;
    for (int cpu = 0; cpu < ncpus; cpu++) {
        struct lwkt_ipiq *ip = ring_from(cpu, gd);
        if (ip != NULL)
            drain(ip, cpu);
    }
    --gd->gd_intr_nesting_level;
    if (gd->gd_cpusyncmask != 0)
        lwkt_cpusync_stopped();
}

/* Nobody else writes these indices now. Each message that is sent later raises ip_windex again. */
void lwkt_ipiq_forget(void)
{
    globaldata_t gd = mycpu;

    for (int cpu = 0; cpu < ncpus; cpu++) {
        struct lwkt_ipiq *ip = gd->gd_ipiq[cpu];
        if (ip != NULL) {
            poke(&ip->ip_rindex, ip->ip_windex);
            poke(&ip->ip_xindex, ip->ip_windex);
        }
    }
}
