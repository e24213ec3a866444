/* SPDX-License-Identifier: BSD-3-Clause
 * KTR tracing for programs: memory for the rings, the sysctl nodes and the system call.
 *
 * Threads that change what is traced hold a token. Under it, a cpu gets its ring once, and all cpus
 * have the same mask. Allocating may end a critical section and so lose the token. Therefore pages are
 * allocated without it, and whether the cpu still needs them is looked at when they are there. Readers
 * need no token: see lwkt/ktr.c.
 */
#include "lib/sysctl.h"
#include "lib/sysent.h"
#include "lwkt/token.h"
#include "mm/page.h"
#include "proc/ktrace.h"
#include "proc/proc.h"
#include "riscv/fdt.h"

_Static_assert(KTR_PER_PAGE * sizeof(struct ktr_entry) == PGSIZE, "entries fill their pages");

static struct lwkt_token control_token;

static uint64 get_mask(void)
{
    return ktr_get_mask();
}

/* Give the cpu these pages as its ring. False: another thread has given it a ring meanwhile. */
static bool attach_ring(int cpu, void *page[KTR_PAGES])
{
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &control_token);
    bool needed = !ktr_attached(cpu);
    for (int i = 0; needed && i < KTR_PAGES; i++)
        ktr_attach(cpu, i, page[i]);
    lwkt_reltoken(&ref);
    return needed;
}

/* Make a cpu's ring, all of it or nothing: 0, or -1: memory is out. */
static int make_ring(int cpu)
{
    void *page[KTR_PAGES];
    int n;

    for (n = 0; n < KTR_PAGES; n++)
        if ((page[n] = page_zalloc()) == NULL)
            break;
    bool enough = n == KTR_PAGES;
    if (enough && attach_ring(cpu, page))
        return 0;
    while (n-- > 0)
        page_unref(page[n]);
    return enough ? 0 : -1;
}

/*
 * Record these events from now on. The rings are made for the first mask that is not 0, and then kept.
 * -1: a bit that belongs to no event, or memory is out. Thread context.
 */
static int set_mask(uint64 mask)
{
    struct lwkt_tokref ref;

    if (mask & ~(uint64)KTR_ALL)
        return -1;
    for (int cpu = 0; mask != 0 && cpu < ncpus; cpu++)
        if (!ktr_attached(cpu) && make_ring(cpu) < 0)
            return -1;
    lwkt_gettoken(&ref, &control_token);
    ktr_set_mask((uint32)mask);
    lwkt_reltoken(&ref);
    return 0;
}

static uint64 get_clear(void)
{
    return 0;
}

static int set_clear(uint64 value)
{
    struct lwkt_tokref ref;

    if (value != 1)
        return -1;
    lwkt_gettoken(&ref, &control_token);
    ktr_clear();
    lwkt_reltoken(&ref);
    return 0;
}

SYSCTL(kern_ktr_mask, "kern.ktr_mask", get_mask, set_mask);
SYSCTL(kern_ktr_dropped, "kern.ktr_dropped", ktr_dropped, NULL);
SYSCTL(kern_ktr_clear, "kern.ktr_clear", get_clear, set_clear);

void ktrace_boot(void)
{
    lwkt_token_init(&control_token);
    set_mask(bootarg_u64("ktr", 0));
}

/* ktrace(cpu, first, buf, max): see kernel/ktr_entry.h. */
int64 sys_ktrace(const uint64 *arg)
{
    int cpu = (int)arg[0], max = (int)arg[3], n = 0;
    uint64 first = arg[1], buf = arg[2];
    struct ktr_entry e;

    if (cpu < 0 || cpu >= ncpus || max < 0)
        return -1;
    if (first < ktr_oldest(cpu))
        first = ktr_oldest(cpu);
    for (uint64 seq = first; n < max && seq < ktr_next(cpu); seq++) {
        if (!ktr_read(cpu, seq, &e))
            continue;
        if (copyout(buf + (uint64)n * sizeof(e), &e, sizeof(e)) < 0)
            return -1;
        n++;
    }
    return n;
}
