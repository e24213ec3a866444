/*
 * What a scene's players write down, in one order over all cpus, and the audit after it.
 */
#include "ktest/ktest.h"
#include "lib/string.h"
#include "lwkt/ipiq.h"
#include "lwkt/ring.h"
#include "lwkt/spin.h"
#include "mm/page.h"
#include "proc/proc.h"

#define PER_PAGE (PGSIZE / sizeof(struct kt_event))
#define PAGES ((KT_EVENTS_MAX + PER_PAGE - 1) / PER_PAGE)

static struct spinlock lock = SPINLOCK("ktest events");
static struct kt_event *pages[PAGES];
static uint32 count; /* under the lock */

static struct kt_event *slot(uint32 i)
{
    return &pages[i / PER_PAGE][i % PER_PAGE];
}

/* It continues the event before it. */
static bool continues(const struct kt_event *e, const char *what, const char *thread, int64 val)
{
    return e->val + e->n == val && e->cpu == mycpuid &&
           strncmp(e->what, what, sizeof(e->what)) == 0 &&
           strncmp(e->thread, thread, sizeof(e->thread)) == 0;
}

/* Any context. Past KT_EVENTS_MAX, or without memory, events are dropped: the last says how many. */
void kt_log(const char *what, const char *thread, int64 val)
{
    spin_lock(&lock);
    if (count > 0 && continues(slot(count - 1), what, thread, val)) {
        slot(count - 1)->n++;
    } else if (count < KT_EVENTS_MAX) {
        if (pages[count / PER_PAGE] == NULL)
            pages[count / PER_PAGE] = page_zalloc();
        if (pages[count / PER_PAGE] != NULL) {
            struct kt_event *e = slot(count++);
            strncpy(e->what, what, sizeof(e->what));
            strncpy(e->thread, thread, sizeof(e->thread));
            e->cpu = mycpuid;
            e->n = 1;
            e->val = val;
            e->time = cpu_time();
        }
    }
    spin_unlock(&lock);
}

void kt_events_reset(void)
{
    count = 0;
    for (uint32 i = 0; i < PAGES; i++)
        if (pages[i] != NULL) {
            page_unref(pages[i]);
            pages[i] = NULL;
        }
}

int kt_events_copyout(uint64 udst, uint64 bytes)
{
    uint32 n = 0;

    while (n < count && (n + 1) * sizeof(struct kt_event) <= bytes) {
        if (copyout(udst + n * sizeof(struct kt_event), slot(n), sizeof(struct kt_event)) < 0)
            return -1;
        n++;
    }
    return (int)n;
}

/* --- the audit: each cpu looks at its own lists --- */

static struct kt_audit audit; /* AMO */

static void audit_thread(thread_t td)
{
    bool idle = td == &mycpu->gd_idlethread;

    if (td->td_gd == mycpu)
        amo_add(&audit.allq, 1);
    if ((td->td_flags & TDF_RUNQ) && td->td_proc == NULL)
        amo_add(&audit.runnable, 1);
    /* Off the cpu, a thread is inside lwkt_switch (1), and tsleep or its caller's sections (more);
     * one that has not run yet is in the section it was born in. None can be outside of all. */
    if (!(td->td_flags & TDF_RUNNING) && td->td_critcount < 1)
        amo_add(&audit.crit, 1);
    if (td->td_refs != 1 && !idle)
        amo_add(&audit.refs, 1);
}

/* Passive messages are not left over, only late. */
static void settle_cpu(void *arg)
{
    (void)arg;
    lwkt_poll_ipiq();
}

static void audit_cpu(void *arg)
{
    globaldata_t gd = mycpu;

    (void)arg;
    list_foreach(node, &gd->gd_tdallq) audit_thread(list_entry(node, struct thread, td_allq));
    for (int cpu = 0; cpu < ncpus; cpu++) {
        struct lwkt_ipiq *ip = gd->gd_ipiq[cpu];
        if (ip != NULL)
            amo_add(&audit.undelivered, ip->ip_windex - consume(&ip->ip_rindex));
    }
}

/* One cpu after the other: none runs it beside another. */
static void on_each_cpu(ipifunc_t func)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, func, NULL));
}

int kt_audit_copyout(uint64 udst)
{
    memset(&audit, 0, sizeof(audit));
    on_each_cpu(settle_cpu);
    on_each_cpu(audit_cpu);
    for (int cpu = 0; cpu < ncpus; cpu++)
        audit.ipimask += peek(&globaldata_of[cpu]->gd_ipimask) != 0;
    audit.threads = lwkt_thread_count() + (uint64)ncpus; /* idle threads are listed, not counted */
    return copyout(udst, &audit, sizeof(audit));
}
