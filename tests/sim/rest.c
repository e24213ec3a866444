/* SPDX-License-Identifier: BSD-3-Clause
 * The look at the end of a run whether all is at rest.
 */
#include <stdio.h>

#include "cpu.h"
#include "lib/list.h"
#include "lwkt/mplock.h"
#include "lwkt/ring.h"

/* No message is under way, and no body runs. */
bool sim_rings_empty(void)
{
    for (int i = 0; i < ncpus; i++)
        for (int k = 0; k < ncpus; k++) {
            const struct lwkt_ipiq *ip = globaldata_of[i]->gd_ipiq[k];
            if (ip != NULL && ip->ip_windex != ip->ip_xindex)
                return false;
        }
    return true;
}

/* Those of one cpu that are not empty, for a panic. */
void sim_print_rings(int cpu)
{
    for (int k = 0; k < ncpus; k++) {
        const struct lwkt_ipiq *ip = globaldata_of[cpu]->gd_ipiq[k];
        if (ip != NULL && ip->ip_windex != ip->ip_xindex)
            fprintf(stderr, "    ring to %d: written %x, read %x, done %x\n", k, ip->ip_windex,
                    ip->ip_rindex, ip->ip_xindex);
    }
}

/* Threads that live, without a point in between: exact, unless one is on its way to its first cpu. */
int sim_threads(void)
{
    uint64 n = 0;

    for (int i = 0; i < ncpus; i++)
        n += globaldata_of[i]->gd_cnt.created - globaldata_of[i]->gd_cnt.exited;
    return (int)n;
}

/* --- the audit --- */

static void audit_ring(int from, int to)
{
    const struct lwkt_ipiq *ip = globaldata_of[from]->gd_ipiq[to];

    if (ip == NULL)
        return;
    CHECK(ip->ip_windex == ip->ip_rindex && ip->ip_rindex == ip->ip_xindex,
          "ring from %d to %d: %x %x %x", from, to, ip->ip_windex, ip->ip_rindex, ip->ip_xindex);
    CHECK(ip->ip_nesting == 0, "ring from %d to %d", from, to);
}

/* Threads that are left: the first one, which runs, and the idle ones. */
static void audit_threads(globaldata_t gd)
{
    int n = 0;

    list_foreach(node, &gd->gd_tdallq)
    {
        thread_t td = list_entry(node, struct thread, td_allq);
        bool idle = td == &gd->gd_idlethread;

        n++;
        CHECK(td->td_gd == gd, "%s", td->td_comm);
        CHECK(td->td_refs == 1, "%s has %d references", td->td_comm, td->td_refs);
        CHECK(td->td_critcount == (idle && gd->gd_cpuid == 0 ? 1 : 0), "%s is in %d sections",
              td->td_comm, td->td_critcount);
        CHECK(td->td_nest_count == 0 && td->td_toks == NULL && td->td_mpcount == 0, "%s",
              td->td_comm);
        CHECK((td->td_flags & TDF_RUNNING) == (td == gd->gd_curthread ? TDF_RUNNING : 0), "%s",
              td->td_comm);
    }
    CHECK(n == (gd->gd_cpuid == 0 ? 2 : 1), "cpu %d lists %d threads", gd->gd_cpuid, n);
    CHECK(gd->gd_tdfreecount <= 2 * CACHE_NTHREADS, "cpu %d keeps %d", gd->gd_cpuid,
          gd->gd_tdfreecount);
}

static void audit_cpu(globaldata_t gd)
{
    CHECK(gd->gd_reqflags == 0, "cpu %d: %x", gd->gd_cpuid, gd->gd_reqflags);
    CHECK(gd->gd_runqmask == (gd->gd_cpuid == 0 ? 1u << TDPRI_KERN_DAEMON : 0), "cpu %d: %x",
          gd->gd_cpuid, gd->gd_runqmask);
    CHECK(gd->gd_intr_nesting_level == 0 && gd->gd_spinlocks == 0, "cpu %d", gd->gd_cpuid);
    CHECK(!gd->gd_mpheld && !gd->gd_tokasked && !gd->gd_preempting, "cpu %d", gd->gd_cpuid);
    CHECK(gd->gd_cpusyncmask == 0, "cpu %d: %lx", gd->gd_cpuid, gd->gd_cpusyncmask);
    CHECK(list_empty(&gd->gd_systimerq), "cpu %d", gd->gd_cpuid);
}

/* In the first thread, with all others gone and the other cpus idle. */
void sim_audit(void)
{
    int cached = 0;

    for (int i = 0; i < ncpus; i++) {
        audit_cpu(globaldata_of[i]);
        audit_threads(globaldata_of[i]);
        cached += globaldata_of[i]->gd_tdfreecount;
        for (int k = 0; k < ncpus; k++)
            audit_ring(i, k);
    }
    CHECK(lwkt_thread_count() == 1, "%lu threads", lwkt_thread_count());
    CHECK(sim_structs() == cached + 1, "%d threads of memory, %d in caches", sim_structs(), cached);
    CHECK(sim_stacks() == cached + 1 + ncpus, "%d stacks, %d in caches", sim_stacks(), cached);
    CHECK(cpu_try_mplock(mycpu), "the MP lock is not free");
    cpu_rel_mplock(mycpu);
}
