/*
 * The scheduler tests' door into the kernel (system call ktest, open with boot argument ktest=1).
 *
 * A test program describes a scene: kernel threads, each with a script of simple steps, and messages
 * whose bodies are scripts too. ktest(KT_RUN) plays it: each step is one call of the threading core,
 * or writes down what is seen. ktest(KT_EVENTS) hands over what was written down, in the order in
 * which it happened, over all cpus. The kernel judges nothing; the grader does.
 */
#ifndef KERNEL_KTEST_H
#define KERNEL_KTEST_H

#include "kernel/types.h"

/* Operations of ktest(op, arg, len). Results: 0 or a count; -1: bad scene, no memory, not open. */
/* arg: struct kt_scene; comes back when all threads have ended, or after kt_scene.timeout: then
 * 1 */
#define KT_RUN 1
#define KT_EVENTS 2 /* arg: struct kt_event[], len: bytes; number of events of the last run */
#define KT_AUDIT 3  /* arg: struct kt_audit */

#define KT_BENCH 4 /* arg: struct kt_bench: measure; 0 */

/* Scenes of processes: the caller's children write down events of their own, by KT_NOTE. */
#define KT_PROCS 5 /* arg: struct kt_procs: such a scene begins, or ends; 0 */
#define KT_NOTE 6  /* arg: struct kt_note; milliseconds since the scene began */

struct kt_procs {
    int nprocs;
    int timeout; /* milliseconds; 0: the scene ends */
    /* 1: event "free" follows each event, unless it is 0: cpus without a current process */
    int busy;
};

/* An event of that kind (none, when it has no name), on the cpu that the caller is on. Event "stray"
 * follows when the caller came from user mode there, but is not that cpu's current process. */
struct kt_note {
    char what[12];
    char name[8];
    int64 val;
};

/* Instructions of n operations of the threading core, by the instret counter. */
struct kt_bench {
    char name[16]; /* "crit", "yield", ...: see kernel/ktest/bench.c */
    int n;
    uint64 count; /* result */
};

#define KT_WORK 7 /* arg: struct kt_work: a system call that has something to do; 0 */

/* The caller is busy for `us` microseconds, the last `held` of them with a token. */
struct kt_work {
    int token; /* 0 to KT_WORK_TOKENS - 1 */
    int us;
    int held;
};

#define KT_WORK_TOKENS 64

#define KT_THREADS 12
#define KT_STEPS 512
#define KT_VARS 16
#define KT_TIMERS 8
#define KT_WAITS 4

/* Event "state". */
#define KT_BLOCKQ 1 /* in lwkt_block */
#define KT_RUNQ 2   /* on its run queue */
#define KT_RUNNING 4
#define KT_WAITQ 8 /* on a wait queue */
#define KT_TOKENS 8
#define KT_REFS 8 /* takings of tokens a thread can have */

/* Steps: an operation with operands a and b. "t" is a thread's index, "v" a variable's, "s" the index
 * of a step where a script begins. */
enum kt_op {
    K_END,     /* the script ends; a thread exits */
    K_LOG,     /* event "log": b */
    K_YIELD,   /* lwkt_yield */
    K_SWITCH,  /* lwkt_switch */
    K_DESCHED, /* lwkt_deschedule_self */
    K_SCHED,   /* lwkt_schedule(t = a) */
    K_CRIT_ENTER,
    K_CRIT_EXIT,
    K_SET,    /* v[a] = b, published */
    K_ADD,    /* v[a] += b, atomically */
    K_WAIT,   /* until v[a] >= b, with cpu_relax */
    K_REPEAT, /* what follows, up to its K_AGAIN, b times; four deep */
    K_AGAIN,
    K_IPI,         /* lwkt_send_ipiq(cpu a, script s = b); event "sent": the result */
    K_IPI_PASSIVE, /* the same, passive */
    K_IPI_WAIT,    /* lwkt_wait_ipiq(cpu a, last sequence number this thread got) */
    K_FLOOD,       /* b messages to cpu a; their bodies: event "ipi": 0, 1, 2, ... */
    K_CREATE,      /* lwkt_create on cpu a, script s = b */
    K_STATE,       /* events "reqflags", "sie", "sip", "crit", "nesting" of this cpu */
    /* b: 1 software interrupt, 2 timer, 4 external, or several, for this cpu; external: cpu 0
     * only */
    K_RAISE,
    K_SPIN,  /* compute for b microseconds, taking interrupts */
    K_PAUSE, /* the same, letting the other harts run (cpu_relax) */
    /* b rounds of entering 1..8 critical sections, with a = 1 raising a software interrupt, and leaving
     * them, and on until the cpu's chain of timer interrupts is over; event "left": rounds that ended
     * with something noted */
    K_STORM,
    /* a chain of b timer interrupts on this cpu, a microseconds apart; events "fired", "inside"
     * when it is over (K_TIMER_END) */
    K_TIMER,
    K_TIMER_END, /* wait for the chain's end; then log it */
    /* events "messages", "hardware", "avoided", "fifofull", "passive", "tokcontend",
     * "mpcontend", "missed", "switches", "idle_waits": this cpu's counters */
    K_COUNTERS,
    K_SETPRI, /* lwkt_setpri_self(b) */
    K_SETCPU, /* lwkt_setcpu_self(cpu a) */
    K_KNOB,   /* knob a (KN_*) = b, up to the end of the scene */
    /* Systimers. a: the timer, 0 to KT_TIMERS - 1, plus 256 times the cpu that it is to fire on */
    K_ONESHOT,   /* fire in b microseconds; events "due", then "timer" */
    K_PERIODIC,  /* fire every b microseconds; a must not be queued */
    K_TIMER_DEL, /* delete timer a; on the cpu where it is */
    /* tsleep. a: the ident, v[a], plus 256 times the domain; b: ticks of HZ, 0 for ever */
    K_TSLEEP,        /* tsleep; events "asleep", "woke": its result */
    K_INTERLOCK,     /* tsleep_interlock */
    K_TSLEEP_LOCKED, /* tsleep(PINTERLOCKED) */
    K_WAKEUP,        /* wakeup of a; b: how many, -1 all */
    K_TURNS,         /* b turns of two threads (the domain says which) by v[a] */
    K_JITTER,        /* a pause of 0 to b microseconds, drawn from the scene's seed */

    /* Preemption; see kernel/ktest/preemptsteps.c. */
    K_LOOK,      /* events about t = a, logged as its: those of KL_* in b */
    K_RESCHED,   /* event "resched": whether this cpu was asked to reschedule */
    K_PREEMPTS,  /* events "hit", "miss", "weird", "switches": this cpu's counters */
    K_SETPRI_OF, /* lwkt_setpri(t = a, b) */
    /* with t = a runnable at 0, 1, .. 31: event "better", a bit for each lwkt_checkpri_self(); t
     * descheduled: event "stale", the same */
    K_CHECKPRI,
    K_PROC,       /* events "pid": own process, "victim": lwkt_preempted_proc's; or 0 */
    K_PREEMPT,    /* lwkt_preempt(t = a), whether it may or not */
    K_TRAP_LEVEL, /* this cpu is b deep in fatal traps, as far as the switch can see */
    K_SCHED_IDLE, /* lwkt_schedule of cpu a's idle thread */
    K_USEREXIT,   /* the calling process goes up to the border to user mode, and comes back */
    /* the next b external interrupts' handlers each raise a: as K_RAISE, or 8: their own thread,
     * at once */
    K_AGAIN_INTR,
    /* events "nest", "depth": most recursion of splz and bytes of stack below a handler since
     * the last time */
    K_NEST,
    K_TIMER_STOP, /* end the chain of K_TIMER */
    K_FORCE,      /* t = a is among the threads of KN_FORCE_PREEMPT on its cpu */
    /* until v[0] is set: work b (KW_*), sleep; events "ran", "nested", "damaged" */
    K_PREEMPTER,
    /* b rounds with a pattern in all registers (KW_PATTERN or KW_YIELD: a); event "damaged": a
     * bit for each register that changed */
    K_PATTERN,
    /* add 1 to a word b times with LR and SC; event "crossed": successes of SC with a preempter's
     * run since its LR. With a = 1 the first of K_FORCE is scheduled between the two: no SC may
     * succeed */
    K_LRSC,
    K_SUM, /* events "sum": that word, "added": the preempters' part */

    /* Wait queues: w is one of KT_WAITS. */
    K_GEN,         /* note w[a]'s generation for K_BLOCK; event "gen": it */
    K_BLOCK,       /* lwkt_block(w[a]) with the noted one; event "woken": the new one */
    K_BLOCK_UNTIL, /* note w[a]'s generation, then lwkt_block until v[a] >= b */
    K_SIGNAL,      /* event "signal": b; then lwkt_signal(w[a], b) */
    K_WAITERS,     /* events "waiters": wa_count of w[a], "queued": threads on its queue */
    K_AWAIT,       /* until v[a] >= b, letting other threads of this cpu run */
    K_ASLEEP,      /* likewise, until t = a is neither running nor on a run queue */
    K_THREAD,      /* event "state" of t = a: KT_BLOCKQ | .. */

    /* cpusync; a: a mask of cpus. Functions log "run", "fin1", "fin2", "simple", "fast", as thread
     * "cs", with the master's cpu. */
    K_CS_START,
    K_CS_ADD,
    K_CS_FINISH,
    K_CS_SIMPLE,
    K_CS_FAST, /* lwkt_cpusync_fastdata */
    K_VALUE,   /* event "value": v[a] */

    /* Messages, between td_msgports. Replies log "replied": the error. */
    K_MSG_SEND, /* lwkt_sendmsg(command b) to t = a */
    K_MSG_DO,   /* lwkt_domsg(command b) to t = a */
    /* lwkt_waitport, for a request or a reply; event "got": the command, "aborted" if the
     * request is, "replied" */
    K_MSG_RECEIVE,
    K_MSG_REPLY, /* lwkt_replymsg(error b) to the last request received */
    K_MSG_SERVE, /* b times: receive, reply with the command as error */
    K_MSG_ABORT, /* lwkt_abortmsg of the last message sent */
    K_MSG_TELL,  /* be told of an abort of the last request received */

    /* Tokens, 0 to KT_TOKENS - 1, and the MP lock; see kernel/ktest/tokensteps.c. */
    K_GETTOKEN, /* lwkt_gettoken(token a) */
    K_TRYTOKEN, /* lwkt_trytoken(token a); event "try": the result */
    /* lwkt_reltoken: the last taking of token a that is left; b = 1: the first */
    K_RELTOKEN,
    K_HAVETOKEN, /* event "have": lwkt_havetoken(token a) */
    /* take and release token a, reuse the reference's memory for b microseconds; event
     * "damaged": words of it that changed */
    K_TOKENFRAME,
    K_COUNT,   /* b times: take token a, count v[a] up, release it, pause a while */
    K_BUMP,    /* v[a] += 1 as a load, a turn for the others, and a store */
    K_GETMP,   /* get_mplock() */
    K_TRYMP,   /* try_mplock(); event "try": the result */
    K_RELMP,   /* rel_mplock() */
    K_WANTMP,  /* td_mpcount += b, as inside get_mplock() */
    K_MPSTATE, /* events "mpcount": of t = a, "mpheld": this cpu's */
    /* spin until this cpu is asked to reschedule, at most b microseconds; event "asked": whether
     * it was */
    K_UNTIL,

    /* Migration; see kernel/ktest/migratesteps.c. */
    /* b times lwkt_setcpu_self, to the next cpu or (a = 1) a random one, with known values in
     * registers and stack; events "hops", "damaged": registers and words, "astray": arrivals
     * that are not where they should be, "left": arrivals with work left noted, "double": times
     * that the thread ran on two cpus */
    K_ROAM,
    K_STAMP,   /* own the thread's stamp for b microseconds; event "double" */
    K_ACQUIRE, /* lwkt_acquire(t = a); event "oncpu": its flags that say it runs */
    /* events "listed", "astray": this thread's places on the cpus' lists, its own cpu's and
     * others' */
    K_LISTED,
    K_DANCE, /* b random moves with locks, messages, ...; kernel/ktest/dance.c */
    /* sleep until v[a] >= b, when all have danced; events "made", "lost", "messages" */
    K_DANCED,

    /* Life of threads; see kernel/ktest/lifesteps.c. */
    /* b threads on cpu a, one after the other, of both stack sizes; events "dirty": those that
     * did not start as new ones do, "damaged": words of their stacks that changed, "fresh":
     * different structs, at most 64, "revived": threads in the struct of the last K_KEEP */
    K_CHURN,
    K_KEEP,     /* remember t = a; event "refs" */
    K_KEPT,     /* event "kept": 1 if the thread of K_KEEP has exited and is untouched */
    K_RELE,     /* lwkt_rele(t = a), which the scene holds; no more steps with it then */
    K_WAITFREE, /* lwkt_wait_free(t = a) */
    /* a thread on cpu a in a struct of the scene's, with a stack of b bytes of the scene's too, or
     * (b = 0) without one; events as K_CHURN's, "size": of the stack that it had, "stack": whether
     * the struct still has one when it is dead */
    K_TEMPLATE,
    K_UNBORN, /* b threads for cpu a that are given up before they run; event "ran": 0 */
    K_CACHED, /* events "keeps": CACHE_NTHREADS; "cached": exited threads that cpu a keeps */

    /* More about messages; see kernel/ktest/floodsteps.c. */
    /* lwkt_send_ipiq_nowait to cpu a until refused, at most b times: bodies as K_FLOOD's; event
     * "accepted": how many */
    K_NOWAIT,
    K_SEQ, /* event "seq": lwkt_seq_ipiq(cpu a) */
    /* b messages to each other cpu in turn, some of which are answered; event "depth": most
     * messages in a ring of this cpu's */
    K_FLOODALL,
    /* b messages to the next cpu, each of which passes on from cpu to cpu a times */
    K_FORWARD,
    K_FORWARDED, /* until b messages of K_FORWARD have ended; event "nest": how deep bodies were */
    K_HOG,       /* b = 1: take all pages that are free, or kept by this cpu; 0: give all back */
    K_TALLY,     /* events "got", "answers", "misordered" of all of K_FLOODALL's bodies */

    /* Harts; see kernel/ktest/bootsteps.c. */
    K_HART,  /* events "hart", "here", "tp", "sp", "beat": this cpu's */
    K_HARTS, /* events "cpus": how many, "started": a bit for each hart that the firmware runs */
    K_NOPS,
};

/* What K_LOOK looks at. */
#define KL_PRI 1      /* event "pri" */
#define KL_CRIT 2     /* "crit": td_critcount */
#define KL_RUNQ 4     /* "runq": 0 or 1 */
#define KL_LOCKED 8   /* "locked": TDF_PREEMPT_LOCK, 0 or 1 */
#define KL_BELOW 16   /* "below": index of td_preempted, or -1 */
#define KL_RELEASE 32 /* "release": td_release is set, 0 or 1 */
#define KL_STOPREQ 64 /* "stopreq": 0 or 1 */

/* Work of K_PREEMPTER and K_PATTERN. */
#define KW_NOTHING 0
#define KW_PATTERN 1 /* a loop with a pattern in every register */
#define KW_YIELD 2   /* a pattern in those that a call keeps, over lwkt_yield() */
#define KW_ADD 3     /* add 1 to the word of K_LRSC, by LR and SC */

/* Knobs: see kernel/ktest/knobs.c. */
enum kt_knob {
    KN_HOLD_IPI,      /* mask of cpus that leave their messages lying */
    KN_STALL_RUNNING, /* microseconds before TDF_RUNNING is cleared */
    KN_STALL_SETCPU,  /* microseconds in a thread's migration, before its last switch */
    KN_STALL_IDLE,    /* microseconds between the idle thread's last look and its wait */
    KN_SPIN_DELAY,    /* up to so many turns more in each cpu_relax() */
    KN_STALL_IPI,     /* microseconds after an interrupt was raised at another cpu */
    KN_STALL_DEFER,   /* microseconds after a process's look whether those that wait can wait on */
    KN_FORCE_PREEMPT, /* every so many interrupts, a thread preempts what was interrupted */
    KN_COUNT,
    KN_WATCH = KN_COUNT, /* no knob: a scene is being played, and may hang */
};

struct kt_step {
    uint16 op;
    uint16 a;
    int b;
};

#define KTF_ITHREAD 1   /* an interrupt thread: td_preemptable is lwkt_preempt */
#define KTF_NORESCHED 2 /* TDF_NORESCHED */
/* the calling process plays this one, after it has scheduled the others; its cpu must be the
 * caller's, pri and start count for nothing */
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

/* What happened. Values that count up by one, of the same kind, thread and cpu, are one event: val,
 * val + 1, .. val + n - 1. */
struct kt_event {
    char what[12];
    char thread[8]; /* "ipi", "timer", "intr": a body's */
    int cpu;
    uint n;
    int64 val;
    uint64 time; /* of the first, in time ticks */
};

#define KT_EVENTS_MAX 2048

/* The state that must be the same after every test. */
struct kt_audit {
    uint64 threads;     /* that live */
    uint64 allq;        /* on their own cpus' lists */
    uint64 runnable;    /* on run queues, this caller's and idle threads left out */
    uint64 undelivered; /* messages in rings */
    uint64 ipimask;     /* cpus with a message bit left over, counted */
    uint64 crit;        /* threads off the cpu whose critical count is not what it must be */
    uint64 refs;        /* extra references */
};

#endif
