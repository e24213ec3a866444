/* SPDX-License-Identifier: BSD-3-Clause
 * How much memory there is. vm.free_pages is exact if nothing allocates or frees meanwhile: it counts
 * the pages in per-cpu lists and reserves, and before that it makes every cpu give up the dead threads
 * that it keeps, and take home its memory that others have freed. So two readings around work that
 * leaks nothing are equal, except for what the block cache took (vfs.cache_pages), and a page or two
 * because objects that live on lie in other cpus' slabs now.
 */
#include "mm/memstat.h"

#include "lib/sysctl.h"
#include "lwkt/ipiq.h"
#include "mm/page.h"

/* IPI body: process all messages, passive ones too, and give up cached threads. */
static void settle_ipi(void *arg)
{
    (void)arg;
    lwkt_poll_ipiq();
    lwkt_trim_cache(0);
}

/*
 * On every cpu, this one included. Thread context.
 */
static void settle(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++) {
        globaldata_t gd = globaldata_of[cpu];
        lwkt_wait_ipiq(gd, lwkt_send_ipiq(gd, settle_ipi, NULL));
    }
}

/* Pages that nobody uses: free ones and reserves. Thread context; waits until other cpus have finished
 * what was freed there. */
static uint64 memstat_free_pages(void)
{
    settle();
    settle(); /* process what the first round sent home */
    return page_count_free() + zone_count_reserve() + kstack_count_reserve();
}

SYSCTL(vm_free_pages, "vm.free_pages", memstat_free_pages, NULL);
SYSCTL(vm_total_pages, "vm.total_pages", page_count_all, NULL);
