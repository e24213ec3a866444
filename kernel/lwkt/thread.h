/* SPDX-License-Identifier: BSD-3-Clause
 * Light weight kernel threads: the thread, the cpu, and what can be done with them.
 *
 * A thread belongs to one cpu (td_gd), and only code that runs on that cpu, in a critical section,
 * touches its scheduling state. Code that wants something of another cpu's thread sends that cpu a
 * message (ipiq.h). So there is no scheduler lock, and no run queue is ever shared. docs/lwkt.md
 * explains the mechanisms one by one.
 *
 * Names are those of DragonFly's lwkt_thread.c.
 *
 * Differences from DragonFly:
 *   - td_pri and td_critcount are two words. DragonFly packs both into td_pri; its `add` to memory
 *     is one instruction, ours are three, and an interrupt between them could lose an update.
 *   - Each kind of queue has a linkage of its own (td_runnext, td_sleepq, td_freeq, ...), so being on
 *     two at once shows, and an assertion can name the queue.
 *   - gd_reqflags holds what splz must run, gd_astflags what the return to user mode must look at.
 *     DragonFly keeps both in one word, so a pending AST makes every crit_exit slow.
 *   - Each cpu has its own counters (counters.c).
 */
#ifndef LWKT_THREAD_H
#define LWKT_THREAD_H

#include "lib/atomic.h"
#include "lib/list.h"
#include "lwkt/msgport.h"
#include "machine.h"

struct globaldata;
struct lwkt_cpusync;
struct lwkt_ipiq;
struct lwkt_wait;
struct filedesc;
struct proc;
struct sleepqueues;
struct thread;
struct vmspace;

typedef struct thread *thread_t;
typedef struct globaldata *globaldata_t;
typedef uint64 cpumask_t;

#define CPUMASK(cpu) ((cpumask_t)1 << (cpu))

/* Priorities: 0 to 31, 31 runs first. */
#define TDPRI_IDLE_THREAD 0
#define TDPRI_USER_IDLE 4
#define TDPRI_USER_NORM 6
#define TDPRI_USER_REAL 8
#define TDPRI_KERN_LPSCHED 9
#define TDPRI_KERN_USER 10   /* a process inside the kernel, after it blocked there */
#define TDPRI_KERN_DAEMON 12 /* where new threads start */
#define TDPRI_SOFT_NORM 14
#define TDPRI_SOFT_TIMER 16
#define TDPRI_EXITING 19
#define TDPRI_INT_SUPPORT 20
#define TDPRI_INT_LOW 27
#define TDPRI_INT_MED 28
#define TDPRI_INT_HIGH 29
#define TDPRI_MAX 31
#define TDPRI_NQUEUES 32

/* td_flags: only the owning cpu changes them, in a critical section and with poke, because other cpus
 * may read them (consume). Only an idle thread's own cpu uses its flags. */
#define TDF_RUNNING 0x0001u      /* its stack is in use; cleared by the thread that runs next */
#define TDF_RUNQ 0x0002u         /* on its cpu's run queue (stays set while it runs) */
#define TDF_PREEMPT_LOCK 0x0004u /* preempted: off the cpu, but its stack is live */
#define TDF_TRACED 0x0008u       /* the switch away from it is to be recorded */
#define TDF_EXITING 0x0010u      /* in lwkt_exit: the next thread frees it */
#define TDF_MIGRATING 0x0020u    /* moving to another cpu: cannot be enqueued */
#define TDF_NORESCHED 0x0040u    /* its wakeup does not ask for a reschedule */
#define TDF_TIMEOUT 0x0080u      /* tsleep ended by its timeout */
#define TDF_SINTR 0x0100u        /* in a sleep that a kill may end */
#define TDF_TSLEEPQ 0x0200u      /* on a tsleep queue */
#define TDF_NOSLEEP 0x0400u      /* tsleep returns at once: before threads run, and in a panic */
/* Those above are tested often, and several at once: so few bits fit into an instruction. */
#define TDF_VERBOSE 0x0800u /* made by lwkt_create: prints a line when it exits, if lwkt_verbose */
#define TDF_STOPREQ 0x1000u /* lwkt_create: do not schedule it */
#define TDF_MPSAFE 0x2000u  /* lwkt_create: starts without the MP lock */
#define TDF_ALLOCATED_THREAD 0x4000u /* its struct came from the zone and goes back there */
#define TDF_ALLOCATED_STACK 0x8000u  /* its stack came from cpu_stack_alloc */
#define TDF_PANICWARN 0x10000u       /* has been warned of a switch inside an interrupt */
#define TDF_IDLE_NOHLT 0x20000u      /* idle thread: look again instead of halting */
#define TDF_RESERVE 0x40000u      /* a process that may use what is reserved; set before it runs */
#define TDF_PREEMPT_DONE 0x80000u /* the preempting thread has switched back */

struct thread {
    struct md_thread td_mach;     /* first: assembly knows its offsets */
    struct globaldata *td_gd;     /* owning cpu */
    int td_critcount;             /* critical sections entered; > 0: defer interrupts */
    int td_pri;                   /* 0..31 */
    uint32 td_flags;              /* TDF_* */
    int td_nest_count;            /* splz recursion, at most 2 */
    void (*td_release)(thread_t); /* called if it blocks before it returns to user mode */
    struct thread *td_preempted;  /* the thread that it interrupted and goes back to */
    void (*td_preemptable)(thread_t, int critcount); /* interrupt threads: lwkt_preempt */
    struct thread *td_runnext;                       /* run queue: a ring */
    struct thread *td_runprev;
    struct globaldata *td_migrate_gd; /* cpu to go to as soon as it is off its stack */
    struct lwkt_tokref *td_toks;      /* tokens that it holds, most recent first */
    uint64 td_tokticket;              /* its place among all that wait for tokens, or 0 */
    struct thread *td_toknext;        /* gd_tokwaitq, while it waits */
    int td_mpcount;                   /* how many times it needs the MP lock */
    int td_cscount;                   /* cpusyncs that it masters; > 0: it must not switch */

    void *td_kstack;       /* lowest address of the stack */
    size_t td_kstack_size; /* bytes */
    struct list td_allq;   /* gd_tdallq of the owning cpu */
    struct list td_freeq;  /* gd_tdfreeq */
    /* for people and traces: the creating cpu, and a number there, which wraps to 0 after 2^26 */
    uint32 td_id;
    int td_refs; /* AMO: its own until it has exited, and one for each lwkt_hold */

    struct list td_sleepq; /* tsleep: queue of td_wchan, on the cpu where it sleeps */
    const void *td_wchan;  /* tsleep: what it sleeps on, or NULL */
    int td_wdomain;
    uint32 td_killed;     /* 0, or killed: the exit status negated. Set by any cpu (peek, poke) */
    const char *td_wmesg; /* what it waits for, in a word, or NULL */

    struct lwkt_wait *td_wait; /* what it waits for in lwkt_block, or NULL; its own cpu clears it */
    struct list td_waitq;      /* td_wait->wa_waitq; under that one's token */
    struct lwkt_port td_msgport; /* messages to it, and replies to its own messages */

    /* What the layers above keep with a thread, opaque here; all NULL and 0 in a kernel thread. */
    struct proc *td_proc;         /* process that runs on this thread */
    struct vmspace *td_vmspace;   /* user memory: what copyin and copyout mean */
    struct filedesc *td_filedesc; /* open files and current directory */

    void *td_caps; /* what td_caps_exit closes when the thread exits, or NULL */
    void (*td_caps_exit)(struct thread *);
    char td_comm[16];
#ifdef INVARIANTS
    uint64 td_locks; /* kinds of sleeping locks that it holds: see sync/lockorder.c */
#endif
};

/* Requests to this cpu. Only AMOs change the word: an interrupt may come between a load and a store. */
#define RQF_IPIQ 0x1u    /* look at the IPI queues */
#define RQF_INTPEND 0x2u /* external interrupts were claimed and not yet run */
#define RQF_TIMER 0x4u   /* the timer fired; it is masked until it has been served */
#define RQF_IDLECHECK_MASK (RQF_IPIQ | RQF_INTPEND | RQF_TIMER) /* the idle thread does not halt */

#define AST_SIGNAL 0x1u       /* the process may have been killed */
#define AST_USER_RESCHED 0x2u /* the user scheduler should choose again */
#define AST_LWKT_RESCHED 0x4u /* a better thread is runnable: switch before user mode */

/* Counters: only the cpu itself writes them; readers add up all cpus (counters.c). */
struct lwkt_counters {
    uint64 switch_count;      /* switches to another thread by lwkt_switch */
    uint64 preempt_hit;       /* lwkt_preempt switched, or the target was preempting already */
    uint64 preempt_miss;      /* it could not, or the target was no better */
    uint64 preempt_weird;     /* one of the two was itself preempted */
    uint64 token_contention;  /* times a thread was passed over, or waited, for lack of a token */
    uint64 mplock_contention; /* times a thread was passed over for lack of the MP lock */
    uint64 ipiq_count;        /* messages sent */
    uint64 ipiq_fifofull;     /* sends that had to wait for room */
    uint64 ipiq_avoided;      /* sends for which the target had been told already */
    uint64 ipiq_passive;      /* passive sends */
    uint64 ipiq_cscount;      /* cpusyncs that this cpu mastered */
    uint64 ipiq_hardware;     /* interrupts that were raised */
    uint64 idle_waits;        /* times the idle thread halted */
    uint64 migrations;        /* threads that left for another cpu by themselves */
    uint64 spin_shared;       /* spin locks taken that another cpu had held last */
    uint64 created;           /* threads that were created for this cpu */
    uint64 exited;            /* threads that exited on it */
};

#define CACHE_NTHREADS 6       /* exited threads that a cpu keeps for reuse, with their stacks */
#define LWKT_THREAD_STACK 8192 /* bytes, for a kernel thread */
#define LWKT_PROC_STACK 16384  /* bytes, for a process: system calls go deeper */

/*
 * A cpu. Only the cpu itself touches these words, in a critical section, unless the comment says
 * otherwise.
 */
struct globaldata {
    uint32 gd_reqflags; /* RQF_*: AMO */
    uint32 gd_astflags; /* AST_*: AMO */
    union {
        struct {
            uint8 gd_intr_nesting_level; /* > 0: in an interrupt or IPI body, no blocking */
            bool gd_mpheld;              /* this cpu owns the MP lock */
            bool gd_tokasked;            /* gd_tokreqbase is not empty */
            bool gd_preempting;          /* the current thread has preempted another one */
            uint32 gd_ktrmask;           /* events to record; see ktr.h. Any cpu may set it */
        };
        uint64 gd_care; /* all of these at one look: not 0 if a switch must look after them */
    };
    uint32 gd_runqmask;                      /* bit p: gd_tdrunq[p] is not empty */
    uint32 gd_tdlastid;                      /* threads created here: AMO */
    struct thread *gd_curthread;             /* == curthread; for other cpus, gdb and panics */
    struct thread **gd_bestrunq;             /* the best ring's place in gd_tdrunq, or &gd_tdidle */
    struct thread *gd_tdidle;                /* the idle thread, a ring of its own */
    struct thread *gd_tdrunq[TDPRI_NQUEUES]; /* first of each ring, or NULL */
    int gd_cpuid;
    int gd_trap_nesting_level; /* > 0: in a fatal trap */
    cpumask_t gd_cpumask;      /* CPUMASK(gd_cpuid) */
    struct list gd_tdallq;     /* every thread of this cpu */
    struct list gd_tdfreeq;    /* exited threads, kept for reuse */
    int gd_tdfreecount;
    int gd_spinlocks;                  /* spin locks held; > 0: no IPI may be sent */
    struct lwkt_tokref *gd_tokreqbase; /* requests for tokens that are held here, oldest first */
    struct thread *gd_tokwaitq;        /* runnable threads that lack a token, oldest first */
    void *gd_uschedcp;                 /* the user scheduler's process here; shared */
    void *gd_uschedparked;             /* the process that waits here while better threads run */
    uint32 gd_idlelook;                /* 1: the idle thread calls lwkt_idle_work; shared */
    uint64 gd_satp;                    /* the address space that is loaded */
    struct sleepqueues *gd_sleepqs;    /* sync/tsleep.c */
    struct list gd_systimerq;          /* systimers by time */
    uint64 gd_systimer_armed;          /* when the timer interrupt comes; ~0: never */
    uint64 gd_heartbeat;               /* ticks taken; shows other cpus that this one is alive */
    struct lwkt_counters gd_cnt;
    /* this cpu's rings by target, made when the later one of the two started. Targets read them */
    struct lwkt_ipiq *gd_ipiq[NCPU];
    cpumask_t gd_cpusyncmask;               /* cpusync masters that have stopped this cpu */
    struct lwkt_cpusync *gd_cpusyncq[NCPU]; /* their cpusyncs, by master */
    cpumask_t gd_ipimask __attribute__((aligned(CACHE_LINE)));
    /* cpus that have put something into a ring for this one; shared */
    uint32 gd_polls; /* idle, and about to look for tokens: peek, poke, fence */
    struct thread gd_idlethread __attribute__((aligned(CACHE_LINE)));

    /* waitwarn.c: a thread of the run queue that lacks a token or the MP lock, or NULL; looks, when the
     * last one was, and when the first; whether a report is being printed */
    struct thread *gd_waiter;
    uint32 gd_waitturns;
    bool gd_waitreport;
    uint64 gd_waitlook, gd_waitsince;
} __attribute__((aligned(CACHE_LINE)));

/* Whether the caller may use the memory, the files and the places in the process table that are
 * reserved for the user at the console: the kernel's own threads, and the processes that proc_fork
 * marks. */
static inline bool thread_may_use_reserve(void)
{
    return curthread->td_proc == NULL || (curthread->td_flags & TDF_RESERVE) != 0;
}

/* Whether the calling thread's process was killed. It must then return to user mode, where it exits. */
static inline bool thread_killed(void)
{
    return peek(&curthread->td_killed) != 0;
}

/* This cpu. Read it again after anything that may switch: the thread may have moved. */
#define mycpu (curthread->td_gd)
#define mycpuid (mycpu->gd_cpuid)

/* All cpus, by number, 0 to ncpus - 1. Written at boot only. */
extern struct globaldata *globaldata_of[NCPU];
extern int ncpus;

/* Threads; see thread.c. */
void lwkt_gdinit(globaldata_t gd, int cpuid);
thread_t lwkt_alloc_thread(thread_t td, size_t stksize, int cpu);
void lwkt_init_thread(thread_t td, void *stack, size_t stksize, uint32 flags, globaldata_t gd);
void lwkt_set_comm(thread_t td, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lwkt_hold(thread_t td);
void lwkt_rele(thread_t td);
void lwkt_wait_free(thread_t td);
void lwkt_free_thread(thread_t td);
void lwkt_trim_cache(int keep);
int lwkt_create(void (*func)(void *), void *arg, thread_t *tdp, thread_t template, uint32 tdflags,
                int cpu, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
void lwkt_exit(void) __attribute__((noreturn));

/* Threads of all cpus that were created and have not exited. Exact if none is created or exits
 * meanwhile. */
uint64 lwkt_thread_count(void);

/* Set by sysctl, 0 or 1 each; read with peek(). See counters.c. */
extern int lwkt_untimely_switch;  /* switch at the ends of critical sections for no reason */
extern int lwkt_panic_on_cscount; /* a switch while mastering a cpusync panics */
extern int lwkt_token_debug;      /* print a line when a thread waits for a token */
extern int lwkt_verbose;          /* print a line when a thread of lwkt_create exits */
extern int lwkt_ipiq_optimized;   /* do not interrupt a cpu that has been told already */

/* Scheduling; see sched.c, switch.c and migrate.c. */
void lwkt_schedule(thread_t td);
void lwkt_schedule_self(thread_t td);
void lwkt_deschedule(thread_t td);
void lwkt_deschedule_self(thread_t td);
void lwkt_switch(void);
void lwkt_yield(void);
void lwkt_yield_quick(void);
void lwkt_setpri(thread_t td, int pri);
void lwkt_setpri_self(int pri);
int lwkt_checkpri_self(void);
void lwkt_setcpu_self(globaldata_t rgd);
void lwkt_acquire(thread_t td);
void splz(void);
void lwkt_idle_loop(void) __attribute__((noreturn));
/* What the layers above do before a cpu halts whose gd_idlelook they have set. Set at boot. The idle
 * thread calls it, outside critical sections; it may schedule threads, but not block. */
extern void (*lwkt_idle_work)(void);

static inline void need_lwkt_resched(globaldata_t gd)
{
    amo_or(&gd->gd_astflags, AST_LWKT_RESCHED);
}

#endif
