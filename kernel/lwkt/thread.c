/* SPDX-License-Identifier: BSD-3-Clause
 * The life of a thread: made by lwkt_create (or lwkt_alloc_thread, for processes), ended by
 * lwkt_exit, kept for reuse in a per-cpu cache. docs/lwkt.md, chapter 1, tells it as a story.
 *
 * A thread is freed when its last reference is dropped. It holds one to itself until it is off its
 * stack for the last time (lwkt_switch_return drops that one), and lwkt_hold adds others.
 *
 * Differences from DragonFly:
 *   - lwkt_exit does not put the running thread on the free list; there, it does, and relies on
 *     nobody allocating before the switch. Here the list only ever holds threads whose stacks are at
 *     rest: the next thread of the cpu puts them there.
 *   - References are atomic, and dropping the last one frees the thread.
 *   - Only lwkt_exit bounds the cache: a message body must not free stacks.
 *   - Allocation can fail, and lwkt_create checks its flags.
 */
#include "lib/printf.h"
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "lwkt/runq.h"
#include "lwkt/systimer.h"

struct globaldata *globaldata_of[NCPU];
int ncpus = 1;

/*
 * Make gd the cpu of that number, without any thread. Called before that cpu runs.
 */
void lwkt_gdinit(globaldata_t gd, int cpuid)
{
    gd->gd_cpuid = cpuid;
    gd->gd_cpumask = CPUMASK(cpuid);
    gd->gd_tdidle = &gd->gd_idlethread;
    gd->gd_bestrunq = &gd->gd_tdidle;
    list_init(&gd->gd_tdallq);
    list_init(&gd->gd_tdfreeq);
    list_init(&gd->gd_systimerq);
    gd->gd_systimer_armed = ~0UL;
    gd->gd_ktrmask = ktr_get_mask();
    globaldata_of[cpuid] = gd;
}

/* A new thread's id. Its last digit in base NCPU is the number of the cpu that creates the thread. (An
 * idle thread's id is its cpu's number.) */
static uint32 new_id(globaldata_t gd)
{
    return (amo_add(&gd->gd_tdlastid, 1) + 1) * NCPU + (uint32)gd->gd_cpuid;
}

/* On the new thread's own cpu, in a critical section. */
static void list_thread(thread_t td)
{
    ++mycpu->gd_cnt.created;
    list_insert_tail(&mycpu->gd_tdallq, &td->td_allq);
}

/* IPI body on the new thread's cpu: list the thread. This message arrives before any that schedules the
 * thread, and so before a switch reads the first frame from a stack that another cpu has mapped. */
static void lwkt_init_thread_remote(void *arg)
{
    cpu_thread_arrive();
    list_thread(arg);
}

/*
 * Make td a thread of cpu gd, on that stack, with priority TDPRI_KERN_DAEMON and in one critical
 * section, which its first run leaves. td must be on no list, because it is overwritten. flags:
 * TDF_ALLOCATED_*, TDF_RUNNING. Called on any cpu; for an idle thread, before its cpu runs.
 */
void lwkt_init_thread(thread_t td, void *stack, size_t stksize, uint32 flags, globaldata_t gd)
{
    *td = (struct thread){
        .td_gd = gd,
        .td_kstack = stack,
        .td_kstack_size = stksize,
        .td_flags = flags,
        .td_pri = TDPRI_KERN_DAEMON,
        .td_critcount = 1,
        .td_refs = 1,
    };
    list_init(&td->td_waitq); /* the other links are set before they are used */
    lwkt_initport(&td->td_msgport, td);
    if (td == &gd->gd_idlethread) {
        td->td_pri = TDPRI_IDLE_THREAD;
        td->td_id = (uint32)gd->gd_cpuid;
        td->td_runnext = td->td_runprev = td;
        list_insert_tail(&gd->gd_tdallq, &td->td_allq);
    } else {
        td->td_id = new_id(mycpu);
        ktr(KTR_NEWTD, td->td_id, (uint64)gd->gd_cpuid);
        crit_enter();
        if (gd == mycpu)
            list_thread(td);
        else
            lwkt_send_ipiq(gd, lwkt_init_thread_remote, td);
        crit_exit();
    }
}

/*
 * Take a thread out of the cache, if possible one with a stack of that size. Returns NULL if the cache
 * is empty.
 */
static thread_t cache_get(size_t stksize)
{
    globaldata_t gd;
    thread_t td = NULL;

    crit_enter();
    gd = mycpu;
    list_foreach(node, &gd->gd_tdfreeq)
    {
        td = list_entry(node, struct thread, td_freeq);
        if (td->td_kstack_size == stksize)
            break;
    }
    if (td != NULL) {
        KASSERT((td->td_flags & (TDF_RUNNING | TDF_RUNQ)) == 0, "cached thread has flags %x",
                td->td_flags);
        list_remove(&td->td_freeq);
        --gd->gd_tdfreecount;
    }
    crit_exit();
    return td;
}

/* Free a dead thread's memory. No spin lock may be held, because freeing a stack may send messages. */
static void destroy_thread(thread_t td)
{
    if (td->td_flags & TDF_ALLOCATED_STACK)
        cpu_stack_free(td->td_kstack, td->td_kstack_size);
    if (td->td_flags & TDF_ALLOCATED_THREAD)
        cpu_thread_struct_free(td);
}

/*
 * Destroy all but `keep` of this cpu's cached threads, those first that have been unused for longest.
 * Thread context, and the IPI body of the memory statistics, which keeps none.
 */
void lwkt_trim_cache(int keep)
{
    for (;;) {
        thread_t td = NULL;

        crit_enter();
        if (mycpu->gd_tdfreecount > keep) {
            td = list_entry(mycpu->gd_tdfreeq.prev, struct thread, td_freeq);
            list_remove(&td->td_freeq);
            --mycpu->gd_tdfreecount;
        }
        crit_exit();
        if (td == NULL)
            return;
        destroy_thread(td);
    }
}

/*
 * Make a thread for that cpu (-1: this one) with a stack of stksize bytes, not yet runnable. If td is
 * NULL, the struct is taken from the cache or allocated. Otherwise the struct is td, and its td_kstack
 * is either a stack of td_kstack_size bytes that the caller provides, or NULL. Returns NULL if there is
 * no memory. Thread context.
 */
thread_t lwkt_alloc_thread(thread_t td, size_t stksize, int cpu)
{
    uint32 flags = 0;
    void *stack;

    KASSERT(cpu >= -1 && cpu < ncpus, "a thread for cpu %d, of %d", cpu, ncpus);
    if (td == NULL && (td = cache_get(stksize)) != NULL) {
        flags = td->td_flags & (TDF_ALLOCATED_STACK | TDF_ALLOCATED_THREAD);
    } else if (td == NULL) {
        if ((td = cpu_thread_struct_alloc()) == NULL)
            return NULL;
        flags = TDF_ALLOCATED_THREAD;
    } else if (td->td_kstack != NULL) {
        stksize = td->td_kstack_size;
    }
    stack = td->td_kstack;
    if (stack != NULL && td->td_kstack_size != stksize && (flags & TDF_ALLOCATED_STACK)) {
        cpu_stack_free(stack, td->td_kstack_size);
        flags &= ~TDF_ALLOCATED_STACK;
        stack = NULL;
    }
    if (stack == NULL) {
        if ((stack = cpu_stack_alloc(stksize)) == NULL) {
            if (flags & TDF_ALLOCATED_THREAD)
                cpu_thread_struct_free(td);
            return NULL;
        }
        flags |= TDF_ALLOCATED_STACK;
    }
    lwkt_init_thread(td, stack, stksize, flags, cpu < 0 ? mycpu : globaldata_of[cpu]);
    KASSERT(td->td_flags == flags, "a new thread has flags %x of its former life", td->td_flags);
    return td;
}

/* Set the name that ps and panics show. It is cut to 15 bytes. */
void lwkt_set_comm(thread_t td, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(td->td_comm, sizeof(td->td_comm), fmt, ap);
    va_end(ap);
}

/* Keep td's struct and stack from being reused after it exits. The caller must know that td is
 * alive. */
void lwkt_hold(thread_t td)
{
    amo_add(&td->td_refs, 1);
}

/*
 * Wait until only the thread itself holds a reference to td, so that no other code looks at it any
 * more. The caller must know that td is not freed meanwhile. Thread context.
 */
void lwkt_wait_free(thread_t td)
{
    while (consume(&td->td_refs) > 1)
        lwkt_pause(cpu_timebase / HZ);
}

static void lwkt_free_thread_remote(void *arg)
{
    lwkt_free_thread(arg);
}

/*
 * Drop a reference. The last one to be dropped frees the thread, on its own cpu. Any context. Each
 * holder's last use comes before the free (release and acquire on td_refs).
 */
void lwkt_rele(thread_t td)
{
    int old = amo_add_acqrel(&td->td_refs, -1);

    KASSERT(old > 0, "%s has no reference to drop", td->td_comm);
    if (old == 1)
        lwkt_send_ipiq(td->td_gd, lwkt_free_thread_remote, td);
}

static inline void cache_put(globaldata_t gd, thread_t td)
{
    ++gd->gd_tdfreecount;
    list_insert_head(&gd->gd_tdfreeq, &td->td_freeq);
}

/* Free a thread that never ran, or whose struct is its creator's. The former is still on its cpu's
 * list, which other threads leave in lwkt_exit. The latter goes back to the creator with the stack that
 * it came with. */
static void __attribute__((noinline)) free_unusual(globaldata_t gd, thread_t td)
{
    if ((td->td_flags & TDF_EXITING) == 0) {
        list_remove(&td->td_allq);
        ++gd->gd_cnt.exited;
    }
    if (td->td_flags & TDF_ALLOCATED_THREAD) {
        cache_put(gd, td);
    } else if (td->td_flags & TDF_ALLOCATED_STACK) {
        cpu_stack_free(td->td_kstack, td->td_kstack_size);
        td->td_kstack = NULL;
    }
}

/*
 * Put a thread that has exited or never ran into this cpu's cache, with its stack. lwkt_trim_cache
 * bounds the cache, in a context that may send messages. IPI body on td's cpu; td is off its stack.
 */
void lwkt_free_thread(thread_t td)
{
    globaldata_t gd = mycpu;
    const uint32 usual = TDF_EXITING | TDF_ALLOCATED_THREAD;

    KASSERT((td->td_flags & (TDF_RUNNING | TDF_RUNQ | TDF_PREEMPT_LOCK)) == 0,
            "%s is freed with flags %x", td->td_comm, td->td_flags);
    KASSERT(td->td_gd == gd, "%s belongs to cpu %d", td->td_comm, td->td_gd->gd_cpuid);
    if ((td->td_flags & usual) == usual)
        cache_put(gd, td);
    else
        free_unusual(gd, td);
}

/*
 * Make a thread that runs func(arg) on that cpu (-1: this one), and schedule it unless tdflags has
 * TDF_STOPREQ. If tdp is not NULL, *tdp is set before the thread can run. template is memory for the
 * struct, or NULL (see lwkt_alloc_thread); it is the caller's again when only the caller, by lwkt_hold,
 * has a reference. tdflags: TDF_STOPREQ, TDF_MPSAFE, TDF_NORESCHED. Returns 0, or -1 if there is no
 * memory. Thread context.
 */
int lwkt_create(void (*func)(void *), void *arg, thread_t *tdp, thread_t template, uint32 tdflags,
                int cpu, const char *fmt, ...)
{
    thread_t td = lwkt_alloc_thread(template, LWKT_THREAD_STACK, cpu);
    va_list ap;

    if (td == NULL)
        return -1;
    KASSERT((tdflags & ~(TDF_STOPREQ | TDF_MPSAFE | TDF_NORESCHED)) == 0,
            "lwkt_create with flags %x", tdflags);
    va_start(ap, fmt);
    vsnprintf(td->td_comm, sizeof(td->td_comm), fmt, ap);
    va_end(ap);
    if (tdp != NULL)
        *tdp = td;
    cpu_thread_setup(td, func, arg);
    td->td_flags |= TDF_VERBOSE | (tdflags & ~TDF_STOPREQ);
    td->td_mpcount = (tdflags & TDF_MPSAFE) ? 0 : 1;
    if ((tdflags & TDF_STOPREQ) == 0)
        lwkt_schedule(td);
    return 0;
}

/*
 * End the calling thread. Its stack is freed by the thread that runs next.
 */
void lwkt_exit(void)
{
    thread_t td = curthread;

    if ((td->td_flags & TDF_VERBOSE) && peek(&lwkt_verbose))
        printf("kthread %p %s has exited\n", (void *)td, td->td_comm);
    if (td->td_caps != NULL)
        td->td_caps_exit(td);
    lwkt_trim_cache(CACHE_NTHREADS);
    crit_enter();
    _lwkt_dequeue(td);
    list_remove(&td->td_allq);
    ++mycpu->gd_cnt.exited;
    KASSERT(td->td_toks == NULL, "%s exits holding a token", td->td_comm);
    /* The switch frees the MP lock, or gives it back to the preempted thread that lent it. */
    td->td_mpcount = td->td_preempted != NULL ? td->td_preempted->td_mpcount : 0;
    poke(&td->td_flags, td->td_flags | TDF_EXITING);
    ktr(KTR_DEADTD, 0, 0);
    lwkt_switch();
    panic("%s runs after it has exited", td->td_comm);
}

uint64 lwkt_thread_count(void)
{
    uint64 n = 0;

    for (int i = 0; i < ncpus; i++)
        n += peek(&globaldata_of[i]->gd_cnt.created) - peek(&globaldata_of[i]->gd_cnt.exited);
    return n;
}
