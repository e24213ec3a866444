/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about threads that migrate.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

/* The cpu that runs each thread of the scene now: 1 + cpu, or 0. AMO. The last entry is shared by all
 * threads that the scene created. */
static uint32 stamps[KT_THREADS + 1];

void kt_stamps_reset(void)
{
    for (int i = 0; i <= KT_THREADS; i++)
        poke(&stamps[i], 0);
}

/* Own the stamp of this thread for a few turns, without a switch. Returns how often another cpu had it,
 * which means that the thread ran on both. */
static int own_stamp(int self, int turns)
{
    uint32 mine = 1 + (uint32)mycpuid;
    int twice = !amo_cas(&stamps[self], 0, mine);

    crit_enter();
    while (turns-- > 0)
        cpu_relax();
    twice += !amo_cas(&stamps[self], mine, 0);
    crit_exit();
    return twice;
}

void kt_stamp(const char *name, int us)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;
    int twice = 0;

    while (cpu_time() < end && peek(&kt_run->stop) == 0)
        twice += own_stamp(kt_self(), 4);
    kt_log("double", name, twice);
}

static void migrate_to(void *arg)
{
    lwkt_setcpu_self(arg);
}

struct trip {
    int hops, damaged, astray, left, twice;
};

static void one_hop(struct kt_context *ctx, struct trip *t, int to, int self)
{
    t->damaged += kt_pattern_call(ctx, migrate_to, globaldata_of[to]) != 0;
    /* Outside of all sections nothing may be left noted. */
    t->left += peek(&mycpu->gd_reqflags) != 0;
    t->astray += mycpuid != to || mycpu->gd_curthread != curthread ||
                 curthread->td_migrate_gd != NULL ||
                 (peek(&curthread->td_flags) & TDF_MIGRATING) != 0;
    if (self < KT_THREADS)
        t->twice += own_stamp(self, 2);
    t->hops++;
}

void kt_roam(struct kt_context *ctx, int hops, bool random)
{
    struct trip t = {0, 0, 0, 0, 0};
    int self = kt_self();

    while (t.hops < hops && peek(&kt_run->stop) == 0) {
        int to = random ? (int)(kt_random(ctx) % (uint64)ncpus) : (mycpuid + 1) % ncpus;
        one_hop(ctx, &t, to, self);
    }
    kt_log("hops", ctx->name, t.hops);
    kt_log("damaged", ctx->name, t.damaged);
    kt_log("astray", ctx->name, t.astray);
    kt_log("left", ctx->name, t.left);
    kt_log("double", ctx->name, t.twice);
}

/* Each cpu looks for a thread on its own list. */
struct search {
    thread_t td;
    int listed, astray;
};

static void search_here(void *arg)
{
    struct search *f = arg;

    list_foreach(node, &mycpu->gd_tdallq)
    {
        if (list_entry(node, struct thread, td_allq) != f->td)
            continue;
        if (f->td->td_gd == mycpu)
            f->listed++;
        else
            f->astray++;
    }
}

void kt_log_lists(const char *name)
{
    struct search f = {.td = curthread};

    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, search_here, &f));
    kt_log("listed", name, f.listed);
    kt_log("astray", name, f.astray);
}

void kt_acquire(const char *name, thread_t td)
{
    lwkt_acquire(td);
    kt_log("oncpu", name, consume(&td->td_flags) & (TDF_RUNNING | TDF_PREEMPT_LOCK));
}
