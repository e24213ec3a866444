/*
 * How much memory there is. vm.free_pages is exact when nothing allocates or frees meanwhile: it
 * counts the pages that lie in per-cpu lists and reserves, and first has every cpu give up the dead
 * threads that it keeps, and take home what others freed of its memory. So two readings around work
 * that leaks nothing are equal, but for what caches of blocks took (vfs.cache_pages), and a page here
 * and there because what lives longer lies in other cpus' slabs now.
 */
#include "mm/memstat.h"

#include "lib/sysctl.h"
#include "lwkt/ipiq.h"
#include "mm/page.h"

/* IPI body: take home all that was sent, passive messages too; give up cached threads. */
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
    settle(); /* what the first round sent home */
    return page_count_free() + zone_count_reserve() + kstack_count_reserve();
}

SYSCTL(vm_free_pages, "vm.free_pages", memstat_free_pages, NULL);
SYSCTL(vm_total_pages, "vm.total_pages", page_count_all, NULL);
