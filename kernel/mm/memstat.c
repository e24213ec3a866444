/* SPDX-License-Identifier: BSD-3-Clause
 * How much memory there is. vm.free_pages is exact if nothing allocates or frees meanwhile: it counts
 * the pages in per-cpu lists and reserves, and before that it makes every cpu give up the dead threads
 * that it keeps, and take home its memory that others have freed. So two readings around work that
 * leaks nothing are equal, except for what the block cache took (vfs.cache_pages), and a page or two
 * because objects that live on lie in other cpus' slabs now.
 */
#include "mm/memstat.h"

#include "lib/sysctl.h"
#include "mm/page.h"
#include "mm/reclaim.h"

/* Pages that nobody uses: free ones and reserves. Thread context; waits until other cpus have finished
 * what was freed there. */
static uint64 memstat_free_pages(void)
{
    reclaim_settle();
    reclaim_settle(); /* process what the first round sent home */
    return page_count_free() + zone_count_reserve() + kstack_count_reserve() + pmap_count_reserve();
}

SYSCTL(vm_free_pages, "vm.free_pages", memstat_free_pages, NULL);
SYSCTL(vm_total_pages, "vm.total_pages", page_count_all, NULL);
