/* SPDX-License-Identifier: BSD-3-Clause
 * KTR tracing: the rings. Each cpu writes its own only; every cpu may read all.
 *
 * An event may come between any two instructions of another one's recording (an interrupt's IPI
 * message, a preemption). So a slot is taken by one AMO on the index, and is then its taker's alone:
 * no critical section, whose end might run what the recorded code is not ready for.
 *
 *   writer                                   reader
 *   take sequence number s (AMO)
 *   entry.seq = 0; fence_rel                 consume entry.seq == s ?
 *   poke the rest            ------------>   peek at the rest
 *   publish entry.seq = s    ------------>   fence_acq; entry.seq still s ?
 *
 * A reader that peeks at something of a later entry has seen, after its fence, the 0 that was stored
 * before the writer's fence, or what came after it.
 *
 * Differences from DragonFly: there a critical section protects the index, and readers look at a
 * machine that has stopped. Here programs read rings while they are being written.
 */
#include "lwkt/ktr.h"

#include "lib/printf.h"
#include "lib/string.h"

static uint32 ktr_mask; /* each cpu has a copy, gd_ktrmask */

static struct ring {
    uint64 next;    /* sequence number of the next entry, less 1: AMO */
    uint64 cleared; /* entries up to this one are forgotten */
    struct ktr_entry *page[KTR_PAGES];
} __attribute__((aligned(CACHE_LINE))) rings[NCPU];

_Static_assert(sizeof(struct ktr_entry) == CACHE_LINE, "entries share no cache line");

/* A name as two words, so that a reader may look while it changes. */
typedef uint64 __attribute__((may_alias)) name_word;

/* The slot of entry seq, or NULL if this cpu cannot see that ring yet. */
static inline struct ktr_entry *slot_of(struct ring *r, uint64 seq)
{
    uint64 i = seq % KTR_ENTRIES;
    struct ktr_entry *page = consume(&r->page[i / KTR_PER_PAGE]); /* publish: ktr_attach */

    return page != NULL ? &page[i % KTR_PER_PAGE] : NULL;
}

void ktr_set_mask(uint32 mask)
{
    poke(&ktr_mask, mask);
    for (int cpu = 0; cpu < ncpus; cpu++)
        poke(&globaldata_of[cpu]->gd_ktrmask, mask);
}

uint32 ktr_get_mask(void)
{
    return peek(&ktr_mask);
}

void ktr_record_at(uint64 event, uint64 a, uint64 b, uint64 pc)
{
    thread_t td = curthread;

    if ((peek(&mycpu->gd_ktrmask) & KTR_BIT(event)) == 0)
        return;

    struct ring *r = &rings[mycpuid];
    uint64 seq = amo_add(&r->next, 1) + 1;
    struct ktr_entry *e = slot_of(r, seq);

    if (e == NULL)
        return;
    poke(&e->seq, 0);
    fence_rel(); /* fence_acq: ktr_read */
    poke(&e->time, cpu_time());
    poke(&e->event, (uint32)event);
    poke(&e->td, td->td_id);
    poke(&e->pc, (uint32)pc);
    poke(&e->pri_wmesg, (uint32)peek(&td->td_pri) | (uint32)(uint64)td->td_wmesg << 8);
    poke(&e->a, a);
    poke(&e->b, b);
    poke((name_word *)e->comm, *(name_word *)td->td_comm);
    poke((name_word *)e->comm + 1, ((name_word *)td->td_comm)[1]);
    publish(&e->seq, seq); /* consume: ktr_read */
}

void ktr_record(enum ktr_event event, uint64 a, uint64 b)
{
    ktr_record_at(event, a, b, (uint64)__builtin_return_address(0));
}

void ktr_attach(int cpu, int i, struct ktr_entry *page)
{
    publish(&rings[cpu].page[i], page); /* consume: slot_of */
}

bool ktr_attached(int cpu)
{
    return peek(&rings[cpu].page[KTR_PAGES - 1]) != NULL;
}

void ktr_clear(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        poke(&rings[cpu].cleared, peek(&rings[cpu].next));
}

uint64 ktr_next(int cpu)
{
    return peek(&rings[cpu].next) + 1;
}

uint64 ktr_oldest(int cpu)
{
    uint64 next = ktr_next(cpu), cleared = peek(&rings[cpu].cleared);
    uint64 kept = next > KTR_ENTRIES ? next - KTR_ENTRIES : 1;

    return kept > cleared ? kept : cleared + 1;
}

uint64 ktr_dropped(void)
{
    uint64 dropped = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        dropped += ktr_oldest(cpu) - 1 - peek(&rings[cpu].cleared);
    return dropped;
}

bool ktr_read(int cpu, uint64 seq, struct ktr_entry *e)
{
    struct ktr_entry *slot;

    if (seq == 0 || (slot = slot_of(&rings[cpu], seq)) == NULL)
        return false;
    if (consume(&slot->seq) != seq) /* publish: ktr_record_at */
        return false;
    *e = (struct ktr_entry){
        .seq = seq,
        .time = peek(&slot->time),
        .event = peek(&slot->event),
        .td = peek(&slot->td),
        .a = peek(&slot->a),
        .b = peek(&slot->b),
        .pc = peek(&slot->pc),
        .pri_wmesg = peek(&slot->pri_wmesg),
    };
    *(name_word *)e->comm = peek((name_word *)slot->comm);
    ((name_word *)e->comm)[1] = peek((name_word *)slot->comm + 1);
    fence_acq(); /* fence_rel: ktr_record_at */
    return peek(&slot->seq) == seq;
}

const char *ktr_name(uint32 event)
{
    static const char *const names[] = {
        [KTR_SWITCH] = "switch",
        [KTR_SCHEDULE] = "schedule",
        [KTR_PREEMPT] = "preempt",
        [KTR_NEWTD] = "newtd",
        [KTR_DEADTD] = "deadtd",
        [KTR_IPI_SEND] = "ipi_send",
        [KTR_IPI_RECV] = "ipi_recv",
        [KTR_TOKEN_GET] = "token_get",
        [KTR_TOKEN_REL] = "token_rel",
        [KTR_TOKEN_WAIT] = "token_wait",
        [KTR_MIGRATE_OUT] = "migrate_out",
        [KTR_MIGRATE_IN] = "migrate_in",
        [KTR_SLEEP] = "sleep",
        [KTR_WAKEUP] = "wakeup",
        [KTR_SYSCALL] = "syscall",
        [KTR_SYSRET] = "sysret",
        [KTR_TICK] = "tick",
        [KTR_INTR] = "intr",
        [KTR_ARGS] = "args",
    };
    return event < KTR_NEVENTS ? names[event] : "unknown";
}

/* Takes no lock and allocates no memory, because panic calls it. */
void ktr_print_last(int n)
{
    struct ktr_entry e;

    ktr_set_mask(0);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        if (!ktr_attached(cpu))
            continue;
        uint64 next = ktr_next(cpu), oldest = ktr_oldest(cpu);
        uint64 first = next > oldest + (uint64)n ? next - (uint64)n : oldest;
        printf("last events of cpu %d:\n", cpu);
        for (uint64 seq = first; seq < next; seq++)
            if (ktr_read(cpu, seq, &e))
                printf("ktr t=%lu cpu=%d seq=%lu td=%u comm=%s ev=%s a=0x%lx b=0x%lx pri=%u "
                       "pc=0x%x wmesg=0x%x\n",
                       e.time, cpu, seq, e.td, e.comm, ktr_name(e.event), e.a, e.b,
                       e.pri_wmesg & 0xff, e.pc, e.pri_wmesg >> 8);
    }
}
