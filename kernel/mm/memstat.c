/*
 * How much memory there is. vm.free_pages is exact when nothing allocates or frees meanwhile: it
 * counts the pages that lie in per-cpu lists and reserves, and first waits for every cpu to take home
 * what others freed of its memory. So two readings around work that leaks nothing are equal.
 */
#include "mm/memstat.h"

#include "lib/sysctl.h"
#include "lwkt/ipiq.h"
#include "mm/page.h"

/* IPI body: look at all rings, passive messages too. */
static void settle_ipi(void *arg)
{
    (void)arg;
    lwkt_poll_ipiq();
}

/*
 * Have every cpu, this one included, take what was sent to it. Thread context.
 */
static void settle(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++) {
        globaldata_t gd = globaldata_of[cpu];
        lwkt_wait_ipiq(gd, lwkt_send_ipiq(gd, settle_ipi, NULL));
    }
}

uint64 memstat_free_pages(void)
{
    settle();
    return page_count_free() + zone_count_reserve() + kstack_count_reserve();
}

SYSCTL(vm_free_pages, "vm.free_pages", memstat_free_pages, NULL);
SYSCTL(vm_total_pages, "vm.total_pages", page_count_all, NULL);
