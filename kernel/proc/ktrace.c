/* SPDX-License-Identifier: BSD-3-Clause
 * KTR tracing for programs: memory for the rings, the sysctl nodes and the system call.
 */
#include "lib/sysctl.h"
#include "lib/sysent.h"
#include "lwkt/ktr.h"
#include "mm/page.h"
#include "proc/ktrace.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "sync/mutex.h"

_Static_assert(KTR_PER_PAGE * sizeof(struct ktr_entry) == PGSIZE, "entries fill their pages");

static struct mutex lock = MUTEX("ktr");

static uint64 get_mask(void)
{
    return ktr_get_mask();
}

/* Make a cpu's ring, all of it or nothing: 0, or -1: memory is out. */
static int make_ring(int cpu)
{
    void *page[KTR_PAGES];
    int n;

    for (n = 0; n < KTR_PAGES; n++)
        if ((page[n] = page_zalloc()) == NULL)
            break;
    if (n == KTR_PAGES) {
        for (int i = 0; i < KTR_PAGES; i++)
            ktr_attach(cpu, i, page[i]);
        return 0;
    }
    while (n-- > 0)
        page_unref(page[n]);
    return -1;
}

/*
 * Record these events from now on. The rings are made for the first mask that is not 0, and then kept.
 * -1: a bit that belongs to no event, or memory is out. Thread context.
 */
static int set_mask(uint64 mask)
{
    int result = 0;

    if (mask & ~(uint64)KTR_ALL)
        return -1;
    mutex_lock(&lock);
    for (int cpu = 0; mask != 0 && cpu < ncpus && result == 0; cpu++)
        if (!ktr_attached(cpu))
            result = make_ring(cpu);
    if (result == 0)
        ktr_set_mask((uint32)mask);
    mutex_unlock(&lock);
    return result;
}

static uint64 get_clear(void)
{
    return 0;
}

static int set_clear(uint64 value)
{
    if (value != 1)
        return -1;
    ktr_clear();
    return 0;
}

SYSCTL(kern_ktr_mask, "kern.ktr_mask", get_mask, set_mask);
SYSCTL(kern_ktr_dropped, "kern.ktr_dropped", ktr_dropped, NULL);
SYSCTL(kern_ktr_clear, "kern.ktr_clear", get_clear, set_clear);

void ktrace_boot(void)
{
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
