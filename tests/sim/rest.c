/*
 * The rest of what machine.h promises, memory; and the look at the end of a run whether all is at rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "lwkt/mplock.h"
#include "lwkt/ring.h"
#include "sim.h"

/* Memory of a run: freed by the core, or at its end. */
struct block {
    struct list node;
} __attribute__((aligned(CACHE_LINE)));

static struct list blocks = {&blocks, &blocks};
static uint32 ring_size, ring_start;
static int threads, stacks; /* that are allocated */

/* Zeroed, aligned to CACHE_LINE. */
void *sim_alloc(size_t size)
{
    size_t whole = (sizeof(struct block) + size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct block *b = aligned_alloc(CACHE_LINE, whole);

    if (b == NULL)
        panic("no memory");
    __builtin_memset(b, 0, whole);
    races_forget(b, whole);
    list_insert_tail(&blocks, &b->node);
    return b + 1;
}

static void sim_free(void *p)
{
    struct block *b = (struct block *)p - 1;

    list_remove(&b->node);
    free(b);
}

/* Stacks are mapped one after the other; a cpu has a stack's mapping for sure if it fenced after that.
 * The number of a stack's mapping is in the lowest word of its memory. */
static uint64 mappings;
static uint64 fenced[SIM_CPUS];

void sim_memory_end(void)
{
    while (!list_empty(&blocks))
        sim_free(list_entry(list_first(&blocks), struct block, node) + 1);
    threads = stacks = 0;
    mappings = 0;
    memset(fenced, 0, sizeof(fenced));
}

void cpu_thread_arrive(void)
{
    fenced[sim_cpu()] = mappings;
}

bool sim_stack_is_mapped(const struct thread *td)
{
    return (td->td_flags & TDF_ALLOCATED_STACK) == 0 ||
           *(uint64 *)((char *)td->td_kstack - STACK_EXTRA) <= fenced[sim_cpu()];
}

void *cpu_stack_alloc(size_t size)
{
    uint64 *memory = sim_alloc(size + STACK_EXTRA);

    stacks++;
    *memory = ++mappings;
    cpu_thread_arrive(); /* the maker's fence */
    return (char *)memory + STACK_EXTRA;
}

void cpu_stack_free(void *base, size_t size)
{
    (void)size;
    stacks--;
    sim_free((char *)base - STACK_EXTRA);
}

struct thread *cpu_thread_struct_alloc(void)
{
    threads++;
    return sim_alloc(sizeof(struct thread));
}

void cpu_thread_struct_free(struct thread *td)
{
    threads--;
    sim_free(td);
}

void sim_rings(uint32 size, uint32 start)
{
    ring_size = size;
    ring_start = start;
}

struct lwkt_ipiq *cpu_ring_alloc(void)
{
    struct lwkt_ipiq *ip = sim_alloc(sizeof(*ip));

    ip->ip_size = ring_size;
    ip->ip_windex = ip->ip_rindex = ip->ip_xindex = ring_start;
    return ip;
}

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
    CHECK(!gd->gd_mpheld && gd->gd_tokreqbase == NULL, "cpu %d", gd->gd_cpuid);
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
    CHECK(threads == cached + 1, "%d threads of memory, %d in caches", threads, cached);
    CHECK(stacks == cached + 1 + ncpus, "%d stacks, %d in caches", stacks, cached);
    CHECK(cpu_try_mplock(mycpu), "the MP lock is not free");
    cpu_rel_mplock(mycpu);
}
