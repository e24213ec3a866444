/* SPDX-License-Identifier: BSD-3-Clause
 * The scheduler tests' interface to the kernel: the system call ktest, which the boot argument ktest=1
 * opens.
 *
 * A test program describes a scene: kernel threads, each with a script of simple steps, and messages
 * whose bodies are scripts too. ktest(KT_RUN) plays it: each step is one call of the threading core,
 * or writes down what it sees as an event. ktest(KT_EVENTS) returns the events of all cpus in the order
 * in which they happened. The kernel judges nothing; the grader does.
 */
#ifndef KERNEL_KTEST_H
#define KERNEL_KTEST_H

#include "kernel/types.h"

/* Operations of ktest(op, arg, len). The result is 0 or what the line says; -1: a bad scene, no memory,
 * or the boot argument is missing. */
#define KT_RUN \
    1               /* arg: struct kt_scene; returns when all threads have ended, or 1 if they have
                         * not within kt_scene.timeout */
#define KT_EVENTS 2 /* arg: struct kt_event[], len: bytes; the number of events of the last run */
#define KT_AUDIT 3  /* arg: struct kt_audit, filled in */
#define KT_BENCH 4  /* arg: struct kt_bench, filled in */
#define KT_PROCS 5  /* arg: struct kt_procs: a scene of processes begins or ends */
#define KT_PROC_EVENT 6 /* arg: struct kt_proc_event; milliseconds since KT_PROCS */
#define KT_LOAD 7       /* arg: struct kt_load: be busy for a while */

/* A scene of processes. The caller's children play it, and write down events with KT_PROC_EVENT. */
struct kt_procs {
    int nprocs;
    int timeout; /* milliseconds; 0: the scene ends */
    /* 1: after each event follows event "free", the cpus without a current process, if there are any */
    int log_free;
};

/* An event of the calling process; none if `what` is empty. Event "stray" follows when the caller came
 * from user mode on this cpu, but is not the cpu's current process. */
struct kt_proc_event {
    char what[12];
    char name[8];
    int64 val;
};

/* The cost of n operations of the threading core, in instructions by the instret counter. */
struct kt_bench {
    char name[16]; /* "crit", "yield", ...: see kernel/ktest/bench.c */
    int n;
    uint64 count; /* result */
};

/* The caller is busy for `us` microseconds, and holds a token for the last `held` of them. */
struct kt_load {
    int token; /* 0 to KT_LOAD_TOKENS - 1 */
    int us;
    int held;
};

#define KT_LOAD_TOKENS 64

#define KT_THREADS 12
#define KT_STEPS 512
#define KT_VARS 16
#define KT_TIMERS 8
#define KT_WAITS 4
#define KT_TOKENS 8
#define KT_REFS 8 /* references to tokens that a thread can have at a time */

/* The steps: an operation with operands a and b. kernel/ktest_steps.h has them all. */
enum kt_op {
#define STEP(op, a, b, call) op,
#include "kernel/ktest_steps.h"
#undef STEP
    K_NOPS,
};

struct kt_step {
    uint16 op;
    uint16 a;
    int b;
};

/* Bits of event "state" (K_THREAD). */
#define KT_BLOCKS 1 /* td_wait is set */
#define KT_RUNQ 2   /* on its run queue */
#define KT_RUNNING 4
#define KT_WAITQ 8 /* on a wait queue */

/* What K_LOOK looks at. */
#define KL_PRI 1       /* event "pri" */
#define KL_CRIT 2      /* "crit": td_critcount */
#define KL_RUNQ 4      /* "runq": 0 or 1 */
#define KL_LOCKED 8    /* "locked": TDF_PREEMPT_LOCK, 0 or 1 */
#define KL_BELOW 16    /* "below": index of td_preempted, or -1 */
#define KL_RELEASE 32  /* "release": td_release is set, 0 or 1 */
#define KL_STOPREQ 64  /* "stopreq": 0 or 1 */
#define KL_RUNNING 128 /* "running": TDF_RUNNING, 0 or 1 */
#define KL_CURRENT 256 /* "current": it is its cpu's gd_curthread, 0 or 1 */
#define KL_DONE 512    /* "done": TDF_PREEMPT_DONE, 0 or 1 */

/* What K_RUNQ calls. */
#define KQ_ENQUEUE 0       /* _lwkt_enqueue */
#define KQ_DEQUEUE 1       /* _lwkt_dequeue */
#define KQ_MIGRATING 2     /* _lwkt_enqueue, with TDF_MIGRATING; "runq" */
#define KQ_LOSE_SECTION 3  /* nothing: the thread's td_critcount becomes 0 */
#define KQ_SCHEDULE_SELF 4 /* lwkt_schedule_self */
#define KQ_DESCHEDULE_SELF 5
#define KQ_SCHEDULE_CURRENT 6 /* lwkt_schedule_self of the current thread, whatever a is */
#define KQ_IN_SECTION 8       /* plus this: in a critical section */

/* What looks different to lwkt_preempt in K_PREEMPT. */
#define KX_LEVEL 1     /* gd_intr_nesting_level is raised */
#define KX_CSCOUNT 2   /* the current thread masters a cpusync */
#define KX_LOCKED 4    /* the current thread is preempted */
#define KX_PREEMPTED 8 /* thread a has preempted the current one */
#define KX_SECTION 16  /* nothing, but the caller accounts for two critical sections */

/* What the threads of K_PREEMPTER and K_PATTERN do. */
#define KW_NOTHING 0
#define KW_PATTERN 1 /* a loop with a pattern in every register */
#define KW_YIELD 2   /* a pattern in the registers that a call keeps, over lwkt_yield() */
#define KW_ADD 3     /* add 1 to the word of K_LRSC, by LR and SC */

/* Test points that K_TESTPOINT sets; 0 is off. See kernel/ktest/testpoints.c. */
enum kt_point {
    KP_HOLD_IPI,      /* mask of cpus that leave their messages in the rings */
    KP_STALL_RUNNING, /* microseconds before TDF_RUNNING is cleared */
    KP_STALL_SETCPU,  /* microseconds in a thread's migration, before its last switch */
    KP_STALL_IDLE,    /* microseconds between the idle thread's last look and its wait */
    KP_SPIN_DELAY,    /* at most so many more turns in each cpu_relax() */
    KP_STALL_IPI,     /* microseconds after an interrupt was raised at another cpu */
    KP_STALL_DEFER,   /* microseconds after a process's look whether woken threads can wait */
    KP_FORCE_PREEMPT, /* at every so many interrupts, a thread preempts what was interrupted */
    KP_FAIL_ALLOC,    /* the allocation of that number from now on fails, once */
    KP_COUNT,
};

#define KTF_ITHREAD 1   /* an interrupt thread: td_preemptable is lwkt_preempt */
#define KTF_NORESCHED 2 /* TDF_NORESCHED */
/* The calling process plays this thread, after it has scheduled the others. Its cpu must be the
 * caller's; pri and start are ignored. */
#define KTF_CALLER 4

struct kt_thread {
    char name[8];
    int cpu;
    int pri;    /* 0..31 */
    int script; /* first step */
    int start;  /* 1: scheduled at the start, in the order of the threads */
    int flags;  /* KTF_* */
};

struct kt_scene {
    int nthreads;
    int nsteps;
    int timeout; /* milliseconds */
    uint seed;
    struct kt_thread thread[KT_THREADS];
    struct kt_step step[KT_STEPS];
};

/* What happened. Events of one kind, thread and cpu that follow each other and whose values count up by
 * one are stored as a single event: val, val + 1, .. val + n - 1. */
struct kt_event {
    char what[12];
    char thread[8]; /* "ipi", "timer", "intr": no thread, but a body or handler */
    int cpu;
    uint n;
    int64 val;
    uint64 time; /* of the first, in time ticks */
};

#define KT_EVENTS_MAX 2048

/* The state that must be the same after every test. */
struct kt_audit {
    uint64 threads;     /* live threads */
    uint64 allq;        /* threads on the lists of their own cpus */
    uint64 runnable;    /* threads on run queues, without processes and idle threads */
    uint64 undelivered; /* messages in rings */
    uint64 ipimask;     /* cpus that have a message bit left over */
    uint64 crit;        /* threads off the cpu whose critical count is wrong */
    uint64 refs;        /* threads with extra references */
};

#endif
