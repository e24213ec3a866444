/*
 * The user scheduler: which processes may be in user mode, and where.
 *
 * Each cpu has at most one current process (gd_uschedcp), the only one that LWKT sees runnable at user
 * priority there. All others that want to be in user mode wait in one queue, descheduled. So LWKT's
 * fixed priorities never starve a process, and sharing time is this file's business alone.
 *
 * Inside the kernel a process is an ordinary thread. It keeps its designation through system calls
 * that do not block; the first time it blocks, lwkt_switch calls td_release, and the cpu is given to
 * the next in the queue (passive release). A process that never blocks pays nothing.
 *
 *   to user mode      designated here?  -> go
 *   (userexit)        own cpu free?     -> take it
 *                     another cpu free? -> take that, move there
 *                     the one here waits for better threads, and has had more time?
 *                                       -> take its place; it goes into the queue (take_over)
 *                     else              -> queue; sleep until some cpu picks us (p_target)
 *
 * A process that was woken waits for the next tick, the current one's block or a free cpu (may_defer).
 *
 * gd_uschedcp is shared: NULL -> p by compare-and-swap, from any cpu; from p to NULL or to another only
 * by the cpu that p is on, which is not this one while p, picked, is on its way. So what gd_uschedcp
 * names may be reaped at any time, and is only compared. A current process that has arrived has
 * td_release set, or is gd_uschedparked. Freeing a cpu and queueing are the two sides of a store-load
 * race (Dekker): the releaser clears gd_uschedcp, fences and looks at the queue; the queuer queues,
 * fences and looks for a free cpu. One of them sees the other.
 *
 * Only a thread moves itself: a process that was picked by another cpu is scheduled where it is, at
 * kernel priority, and goes there with lwkt_setcpu_self.
 *
 * Order in the queue: level first (setpri), then least p_vruntime: time had as current process. A
 * process that comes to wait has at most LATENCY of credit, and MOST_DEBT times that of debt.
 */
#include "kernel/syscall.h"
#include "lib/panic.h"
#include "lib/testpoint.h"
#include "lwkt/ipiq.h"
#include "proc/clock.h"
#include "proc/proc.h"

#define LATENCY_MS 20
#define MOST_DEBT 5 /* times LATENCY */

struct usched_cpu {
    struct proc
        *here; /* current process, from its arrival on: this cpu's own, in a critical section */
    uint64 vruntime; /* current process's, as of its last tick: a hint for others */
    int level;       /* current process's p_upri, a hint */
} __attribute__((aligned(CACHE_LINE)));

static struct usched_cpu cpus[NCPU];
static struct spinlock queue_lock = SPINLOCK("usched");
static struct list queue = {&queue, &queue}; /* queue_lock */
static uint32 queue_length;                  /* written under queue_lock; a hint for others */
static const int level_pri[] = {TDPRI_USER_IDLE, TDPRI_USER_NORM, TDPRI_USER_REAL};

static uint64 latency(void)
{
    return cpu_timebase / 1000 * LATENCY_MS;
}

static bool may_use(const struct proc *p, int cpu)
{
    return (p->p_affinity & CPUMASK(cpu)) != 0;
}

/* p goes before q. */
static bool before(const struct proc *p, const struct proc *q)
{ /* lab 8 */
    return p->p_upri != q->p_upri ? p->p_upri > q->p_upri : p->p_vruntime < q->p_vruntime;
}

/* Let others see how far p, a cpu's current process, is. */
static void show(int cpu, const struct proc *p)
{
    poke(&cpus[cpu].vruntime, p->p_vruntime);
    poke(&cpus[cpu].level, p->p_upri);
}

/* Charge the current process p for its time. On its cpu. */
static void charge(struct proc *p)
{
    uint64 now = cpu_time();

    p->p_vruntime += now - p->p_since;
    p->p_since = now;
    show(mycpuid, p);
}

static struct proc *current_on(globaldata_t gd)
{
    return consume(&gd->gd_uschedcp);
}

/* p's, from now on, whether p is there already or not: who queues a moment later sees the hints. */
static bool claim(globaldata_t gd, struct proc *p)
{
    if (peek(&gd->gd_uschedcp) != NULL || !amo_cas(&gd->gd_uschedcp, NULL, (void *)p))
        return false;
    show(gd->gd_cpuid, p);
    return true;
}

/* First in the queue that may use this cpu. Queue lock held. */
static struct proc *queue_first(int cpu)
{
    list_foreach(node, &queue)
    {
        struct proc *p = list_entry(node, struct proc, p_runnode);
        if (may_use(p, cpu))
            return p;
    }
    return NULL;
}

static void queue_insert(struct proc *p)
{
    struct list *after = queue.prev;

    while (after != &queue && before(p, list_entry(after, struct proc, p_runnode)))
        after = after->prev;
    list_insert_before(after->next, &p->p_runnode);
    poke(&queue_length, queue_length + 1);
}

static void queue_remove(struct proc *p)
{
    list_remove(&p->p_runnode);
    poke(&queue_length, queue_length - 1);
}

/* Give the free cpu gd to the first in the queue that may use it, if any. Any cpu, in a critical
 * section or not. */
static void pick_for(globaldata_t gd)
{ /* lab 8 */
    if (peek(&queue_length) == 0)
        return;
    spin_lock(&queue_lock);
    struct proc *p = queue_first(gd->gd_cpuid);
    if (p != NULL && claim(gd, p)) {
        queue_remove(p);
        p->p_target = gd->gd_cpuid;
    } else {
        p = NULL;
    }
    spin_unlock(&queue_lock);
    if (p != NULL)
        lwkt_schedule(p->p_thread);
}

/* Claim a free cpu for p, this one first. Its number, or -1. */
static int claim_any(struct proc *p)
{ /* lab 8 */
    int own = mycpuid;

    if (may_use(p, own) && claim(mycpu, p))
        return own;
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (may_use(p, cpu) && claim(globaldata_of[cpu], p))
            return cpu;
    return -1;
}

static void resched_here(void *arg)
{
    (void)arg;
    amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
}

/* p waits in the queue: have a cpu whose process has had clearly more than p choose again. */
static void ask_for_cpu(const struct proc *p)
{
    int worst = -1;
    uint64 limit = p->p_vruntime + latency() / 4;

    for (int cpu = 0; cpu < ncpus; cpu++) {
        int level = peek(&cpus[cpu].level);
        uint64 had = level == p->p_upri ? peek(&cpus[cpu].vruntime) : level < p->p_upri ? ~0UL : 0;
        if (may_use(p, cpu) && had > limit) {
            limit = had;
            worst = cpu;
        }
    }
    if (worst >= 0)
        lwkt_send_ipiq_bycpu(worst, resched_here, NULL);
}

/* The least time that another process of p's level has had, which waits or runs; if none, p's own. */
static uint64 least_vruntime(const struct proc *p)
{
    uint64 least = ~0UL;

    spin_lock(&queue_lock);
    list_foreach(node, &queue)
    {
        const struct proc *q = list_entry(node, struct proc, p_runnode);
        if (q->p_upri == p->p_upri && q->p_vruntime < least)
            least = q->p_vruntime;
    }
    spin_unlock(&queue_lock);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        const struct proc *q = current_on(globaldata_of[cpu]);
        if (q != NULL && q != p && peek(&cpus[cpu].level) == p->p_upri &&
            peek(&cpus[cpu].vruntime) < least)
            least = peek(&cpus[cpu].vruntime);
    }
    return least == ~0UL ? p->p_vruntime : least;
}

/* Who comes to wait has little credit over those that are there, and does not wait for ever. */
static void limit_credit(struct proc *p)
{
    uint64 least = least_vruntime(p);

    if (p->p_vruntime + latency() < least)
        p->p_vruntime = least - latency();
    else if (p->p_vruntime > least + MOST_DEBT * latency())
        p->p_vruntime = least + MOST_DEBT * latency();
}

/* p, a process of this cpu, was killed: it waits no longer. td_killed is set, and p looks at it in
 * acquire's loop: either there, or here, it is seen. IPI body. */
void usched_killed(struct proc *p)
{
    spin_lock(&queue_lock);
    bool waits = list_linked(&p->p_runnode);
    if (waits)
        queue_remove(p);
    spin_unlock(&queue_lock);
    if (waits)
        lwkt_schedule(p->p_thread);
}

/* The cpu has no current process any more: give it to the next. In a critical section. */
static void vacate(globaldata_t gd)
{ /* lab 8 */
    /* consume: current_on, claim */
    publish(&gd->gd_uschedcp, NULL);
    fence(); /* before the look at the queue: see the top */
    pick_for(gd);
}

/* The process gives up its designation, if it has one. td_release: called by lwkt_switch. */
static void usched_release(thread_t td)
{ /* lab 8 */
    struct proc *p = td->td_proc;

    crit_enter(); /* the tick charges too */
    if (td->td_release != NULL) {
        td->td_release = NULL;
        lwkt_setpri_self(TDPRI_KERN_USER);
        charge(p);
        vacate(mycpu);
    }
    crit_exit();
}

/* p, the caller, owns this cpu: user priority, and the hook that gives the cpu up when it blocks. */
static void take_designation(struct proc *p)
{
    p->p_since = cpu_time();
    p->p_target = -1;
    lwkt_setpri_self(level_pri[p->p_upri]);
    curthread->td_release = usched_release;
    if (lwkt_checkpri_self()) /* lower now than one that waits */
        need_lwkt_resched(mycpu);
}

/* Put p into the queue, for whichever cpu is free or will be. In a critical section. */
static void queue_and_offer(struct proc *p)
{
    limit_credit(p);
    spin_lock(&queue_lock);
    queue_insert(p);
    spin_unlock(&queue_lock);
    fence(); /* before the look for a free cpu: see the top */
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (may_use(p, cpu) && current_on(globaldata_of[cpu]) == NULL)
            pick_for(globaldata_of[cpu]);
    clock_wake();
}

/*
 * The current process q of this cpu is on its way to user mode and waits while better threads run
 * (usched_userexit). When p, the caller, has not had much more time, it takes q's place, and q waits
 * in the queue, all of it done here: otherwise p would queue, and switch to q, which would give way.
 */
static bool take_over(struct proc *p)
{
    globaldata_t gd = mycpu;
    struct proc *q = gd->gd_uschedparked;

    if (q == NULL || !may_use(p, gd->gd_cpuid))
        return false;
    charge(q);
    if (p->p_upri < q->p_upri || (p->p_upri == q->p_upri && p->p_vruntime > q->p_vruntime))
        return false;
    gd->gd_uschedparked = NULL;
    lwkt_deschedule(q->p_thread);
    lwkt_setpri(q->p_thread, TDPRI_KERN_USER); /* whoever picks it need not wait for p */
    publish(&gd->gd_uschedcp, p);              /* consume: current_on */
    show(gd->gd_cpuid, p);
    queue_and_offer(q);
    return true;
}

static bool is_queued(struct proc *p)
{
    spin_lock(&queue_lock);
    bool queued = list_linked(&p->p_runnode);
    spin_unlock(&queue_lock);
    return queued;
}

/*
 * Sleep in the queue until some cpu picks p, the caller, or it is killed. In a critical section,
 * descheduled before it was queued. Somebody else may schedule it: it goes on waiting. Whoever takes it
 * out of the queue schedules it after that: so a look that finds it there comes before, and the
 * deschedule too, since the schedule is a message (another cpu) or cannot come in (this one).
 */
static void wait_in_queue(struct proc *p)
{ /* lab 8 */
    lwkt_switch();
    while (is_queued(p)) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
}

/* Become the current process of some cpu that p, the caller, may use, and be there. Gives up when p
 * was killed: it needs no cpu's designation to exit. */
static void acquire(struct proc *p)
{ /* lab 8 */
    crit_enter();
    limit_credit(p);
    while (p->p_target >= 0 || !thread_killed()) {
        if (p->p_target < 0)
            p->p_target = claim_any(p);
        if (p->p_target < 0 && take_over(p))
            p->p_target = mycpuid;
        if (p->p_target >= 0) {
            lwkt_setcpu_self(globaldata_of[p->p_target]);
            take_designation(p);
            break;
        }
        lwkt_deschedule_self(curthread);
        queue_and_offer(p);
        ask_for_cpu(p);
        wait_in_queue(p);
    }
    crit_exit();
}

/* AST_USER_RESCHED: somebody in the queue may be due. The current process gives way to a better one.
 * "Better" leaves a process its turn of one tick against equals. */
static void give_way(struct proc *p)
{ /* lab 8 */
    crit_enter();
    charge(p);
    spin_lock(&queue_lock);
    struct proc *first = queue_first(mycpuid);
    bool better = first != NULL && before(first, p);
    spin_unlock(&queue_lock);
    crit_exit();
    if (better || !may_use(p, mycpuid)) {
        usched_release(curthread);
        acquire(p);
    }
}

/*
 * Whether those that wait can wait until the next tick: they are processes that were woken, and no cpu
 * is free that one of them could go to. So a writer fills its pipe before the reader runs, and two
 * that take turns switch when they block, not at each wakeup.
 */
static bool may_defer(void)
{
    if (peek(&mycpu->gd_astflags) & AST_USER_RESCHED)
        return false; /* it is the tick that asks */
    if (mycpu->gd_runqmask >> (TDPRI_KERN_USER + 1))
        return false;
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (current_on(globaldata_of[cpu]) == NULL)
            return false;
    return true;
}

/*
 * AST_LWKT_RESCHED: better threads run first. This is not a block, so the process keeps its cpu, unless
 * another takes its place meanwhile. In the latter case it comes back when it has been picked.
 */
static void let_better_run(struct proc *p)
{
    thread_t td = curthread;

    crit_enter();
    void (*release)(thread_t) = td->td_release;
    td->td_release = NULL;
    mycpu->gd_uschedparked = release != NULL ? p : NULL;
    lwkt_switch();
    if (mycpu->gd_uschedparked == p) {
        td->td_release = release;
        mycpu->gd_uschedparked = NULL;
    }
    crit_exit();
}

void usched_userexit(struct proc *p)
{
    thread_t td = curthread;

    if (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED) {
        /* Cleared before the look, so that a thread that wakes after it asks again. */
        amo_and(&mycpu->gd_astflags, ~AST_LWKT_RESCHED);
        if (!may_defer())
            let_better_run(p);
        testpoint(TP_STALL_DEFER);
    }
    if (td->td_release == NULL)
        acquire(p);
    if (peek(&mycpu->gd_astflags) & AST_USER_RESCHED) {
        amo_and(&mycpu->gd_astflags, ~AST_USER_RESCHED);
        give_way(p);
    }
}

void usched_setrunqueue(struct proc *p)
{
    crit_enter();
    p->p_target = claim_any(p);
    if (p->p_target >= 0)
        lwkt_schedule(p->p_thread);
    else
        queue_and_offer(p);
    crit_exit();
}

/* The caller lets the first of its level in the queue go before it, whatever time it has had. */
void usched_yield(struct proc *p)
{
    if (curthread->td_release == NULL || peek(&queue_length) == 0)
        return;
    crit_enter();
    charge(p);
    spin_lock(&queue_lock);
    struct proc *first = queue_first(mycpuid);
    if (first != NULL && first->p_upri >= p->p_upri && first->p_vruntime >= p->p_vruntime)
        p->p_vruntime = first->p_vruntime + 1;
    spin_unlock(&queue_lock);
    amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
    crit_exit();
}

/* A process killed before it first ran may have been picked by a cpu and not yet gone there. */
void usched_exit(struct proc *p)
{
    usched_release(curthread);
    crit_enter();
    if (p->p_target >= 0) {
        globaldata_t gd = globaldata_of[p->p_target];
        p->p_target = -1;
        vacate(gd);
    }
    crit_exit();
}

void usched_tick(void)
{ /* lab 8 */
    thread_t td = curthread;

    while (td->td_preempted != NULL)
        td = td->td_preempted;
    if (td->td_release == NULL)
        return;
    charge(td->td_proc);
    if (lwkt_checkpri_self())
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED | AST_LWKT_RESCHED);
    else if (peek(&queue_length) != 0)
        amo_or(&mycpu->gd_astflags, AST_USER_RESCHED);
}

int usched_setpri(struct proc *p, int level)
{
    int old = p->p_upri;

    if (level < USER_PRI_IDLE || level > USER_PRI_REAL)
        return -1;
    p->p_upri = level;
    usched_exit(p); /* and come back at the new level */
    return old;
}

int usched_setaffinity(struct proc *p, uint64 mask)
{
    if ((mask & (CPUMASK(ncpus - 1) | (CPUMASK(ncpus - 1) - 1))) == 0)
        return -1;
    p->p_affinity = mask;
    if (!may_use(p, mycpuid))
        usched_exit(p); /* and come back on a cpu of the mask */
    return 0;
}
