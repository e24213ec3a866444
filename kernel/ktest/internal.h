/* SPDX-License-Identifier: BSD-3-Clause
 * The scheduler tests' machinery: what its files share.
 */
#ifndef KTEST_INTERNAL_H
#define KTEST_INTERNAL_H

/* The course's own headers come first, so that none of a lab's can take their place: kernel/riscv.h
 * has the clock. */
#include "kernel/ktest.h"
#include "kernel/riscv.h"

#include "lwkt/cpusync.h"
#include "lwkt/systimer.h"
#include "lwkt/token.h"

/* The scene that is being played; one at a time. */
struct kt_run {
    struct kt_scene scene;
    thread_t td[KT_THREADS]; /* each with a reference */
    /* publish, consume, AMO; of four that follow each other, from 0, 4, .. on, the idents have the same
     * bucket in tsleep.c */
    int64 var[KT_VARS] __attribute__((aligned(64)));
    uint32 alive;   /* threads that have not ended: AMO, wakeup */
    uint32 stop;    /* give up: the time is over */
    uint64 late_at; /* when kt_watchdog marks the progress; hung_at once it has */
    uint64 hung_at; /* when kt_watchdog panics */
};

extern struct kt_run *kt_run;

/* A script that is being played, by a thread or by the body of a message. */
struct kt_context {
    const char *name; /* in events */
    int pc;           /* index of the next step */
    int last_seq;     /* of the last message sent */
    int depth;        /* of K_REPEAT */
    int loop_pc[4];
    int loop_left[4];
    uint64 random;
    int gen;                  /* K_GEN, K_BLOCK */
    struct lwkt_cpusync sync; /* from K_CS_START to K_CS_FINISH */
    lwkt_msg_t sent;          /* last message sent, or NULL */
    bool reuse;               /* K_MSG_REUSE */
    lwkt_port_t reply_port;   /* K_MSG_PORT; NULL: the thread's own */
    struct lwkt_port port;
    lwkt_msg_t msg;       /* last request received and not replied to, or NULL */
    struct kt_refs *refs; /* a thread's tokens; NULL: the script is a body's */
};

/* The tokens that a thread has taken. A slot is free when its tr_tok is NULL. */
struct kt_refs {
    struct lwkt_tokref ref[KT_REFS];
    uint order[KT_REFS]; /* when it was taken */
    uint taken;
};

/* ktest.c */
bool kt_is_open(void);      /* boot argument ktest=1 */
int kt_self(void);          /* the calling thread's index; KT_THREADS: the scene created it */
void kt_thread_ended(void); /* the calling thread of the scene is about to exit */
/* Panics if the scene's threads still go on long after its time. Any context. */
void kt_watchdog(void);

/* steps.c: play the steps from ctx->pc to K_END, or until the run is stopped. */
void kt_play(struct kt_context *ctx);
bool kt_scene_valid(const struct kt_scene *scene);
uint64 kt_random(struct kt_context *ctx);
void kt_relax(void);   /* a turn for the other cpus, and for messages to this one */
void kt_pause(int us); /* such turns, for so many microseconds */

/* events.c. kt_stop is a place for a breakpoint. */
void kt_log(const char *what, const char *thread, int64 val);
void kt_stop(const char *what, const char *thread, int64 val);
void kt_events_reset(void);
void kt_events_reserve(void); /* have memory for all events that a scene may write down */
int kt_events_copyout(uint64 udst, uint64 bytes);
int kt_audit_copyout(uint64 udst);

/* progress.c: begin to count / lines that say what the cpus did since then, and what the scene's
 * threads wait for, each after a newline. Any context; the text is valid until the next call. */
void kt_progress_mark(void);
const char *kt_progress(void);

/* layout.c: for the graders. The watchdog pokes it. */
extern uint64 kt_watched_until;

/* testpoints.c. Thread context. which: KP_*; value: at most KT_SETTING_MAX. */
#define KT_SETTING_MAX 1000000
void kt_points_init(void);  /* as the boot arguments say */
void kt_points_reset(void); /* back to that */
void kt_point_set(int which, uint64 value);

/* The rest of the system call; the arguments are user addresses. */
int kt_bench(uint64 ubench);      /* bench.c */
int kt_load(uint64 uload);        /* load.c */
int kt_proc_event(uint64 uevent); /* procevents.c */
void kt_proc_events_begin(bool with_free);

/* What follows are the steps' functions: kernel/ktest_steps.h says what each does. The functions that
 * end in _reset prepare for a scene. */

/* waitsteps.c */
void kt_wait_reset(void);
void kt_wait_flush(void); /* at the end of a scene that hangs */
void kt_await_var(int v, int64 value);
void kt_wait_asleep(thread_t td);
int64 kt_thread_state(thread_t td);
void kt_log_port(const char *name, thread_t td);
void kt_log_wmesg(const char *name, thread_t td);
void kt_wait_gen(struct kt_context *ctx, int w);
void kt_wait_block(struct kt_context *ctx, int w);
void kt_wait_until(int w, int64 value);
void kt_wait_signal(struct kt_context *ctx, int w, int count);
void kt_log_waiters(const char *name, int w);

/* portsteps.c */
void kt_ports_reset(void);
void kt_ports_flush(void); /* at the end of a scene that hangs */
void kt_sync_start(struct kt_context *ctx, cpumask_t mask, bool serving);
void kt_sync_finish(struct kt_context *ctx);
void kt_log_sync(struct kt_context *ctx);
void kt_sync_simple(cpumask_t mask);
void kt_sync_fast(cpumask_t mask);
void kt_sync_end(struct kt_context *ctx); /* at the end of a script */
void kt_msg_send(struct kt_context *ctx, thread_t to, int cmd);
void kt_msg_do(struct kt_context *ctx, thread_t to, int cmd);
void kt_msg_receive(struct kt_context *ctx);
void kt_msg_reply(struct kt_context *ctx, bool keep, int error);
void kt_msg_serve(struct kt_context *ctx, int count);
void kt_msg_abort(struct kt_context *ctx);
void kt_msg_tell(struct kt_context *ctx);
void kt_msg_pick(struct kt_context *ctx, int back);
void kt_msg_steal(struct kt_context *ctx, thread_t from);
void kt_msg_unprepared(struct kt_context *ctx, thread_t to, bool wait);
void kt_msg_set_flags(struct kt_context *ctx, uint32 flags);
void kt_msg_port(struct kt_context *ctx);
void kt_msg_at_once(struct kt_context *ctx, bool wait, int reply);
void kt_msg_flags(struct kt_context *ctx, bool sent);

/* tracesteps.c. Masks of KTR_BIT. */
void kt_trace_reset(void);
void kt_trace(uint32 mask);
void kt_log_trace(uint32 mask);

/* tokensteps.c */
void kt_tokens_reset(void);
void kt_tokens_drop(struct kt_context *ctx); /* release all that a stopped script has taken */
lwkt_token_t kt_token(int i);
void kt_token_get(struct kt_context *ctx, int i);
void kt_token_try(struct kt_context *ctx, int i);
void kt_token_release(struct kt_context *ctx, int i, bool first);
void kt_token_frame(const char *name, int i, int us);
void kt_token_count(struct kt_context *ctx, int i, int n);
void kt_add_in_steps(int64 *v);
void kt_log_mplock(const char *name, thread_t td);

/* sleepsteps.c, timersteps.c */
void kt_tsleep(struct kt_context *ctx, int ident, int ticks, int flags);
void kt_kill(thread_t td);
void kt_take_turns(struct kt_context *ctx, int ident, int turns);
void kt_systimers_reset(void);
void kt_systimer_start(int i, int cpu, int us, bool periodic, bool once);
void kt_nap(const char *name, int us);
void kt_log_timer_left(const char *name);
void kt_systimer_delete(int i);

/* switchsteps.c */
void kt_runq_call(const char *name, thread_t td, int what);
void kt_watch_running(const char *name, thread_t td, int v);
void kt_switch_to(const char *name, thread_t td, bool interrupts);
void kt_switch_noted(const char *name);
void kt_ask(int bits);
void kt_log_asked(const char *name, int bits);

/* preemptsteps.c, pattern.c */
void kt_look(int t, int what);
void kt_log_preempts(const char *name);
void kt_check_priorities(const char *name, thread_t td);
void kt_log_proc(const char *name);
void kt_preempt(thread_t td, int what);
void kt_userexit(void);
void kt_log_resched(const char *name);
void kt_until_resched(const char *name, int us);
void kt_force_reset(void);
void kt_force_add(thread_t td);
/* At the end of an interrupt, with interrupts on: every so many times, schedule the next of this cpu's
 * threads; false: it has none. */
bool kt_force(uint64 every);
void kt_preempter(struct kt_context *ctx, int work);
void kt_pattern(struct kt_context *ctx, int work, int rounds);
void kt_lrsc(struct kt_context *ctx, bool direct, int rounds);
void kt_log_sum(const char *name);
/* func(arg), with a pattern in the registers that a call keeps. Returns a bit for each that changed. */
uint64 kt_pattern_call(struct kt_context *ctx, void (*func)(void *), void *arg);

/* uschedsteps.c */
void kt_log_usched(const char *name);
void kt_log_ast(const char *name);
void kt_log_space(const char *name, int cpu);

/* intrsteps.c, floodsteps.c */
void kt_raise(int sources);
void kt_raise_again(int sources, int count);
void kt_chain_start(int us, int count);
void kt_chain_stop(void);
bool kt_chain_running(void);
void kt_chain_wait(const char *name);
void kt_log_nest(const char *name);
void kt_log_state(const char *name);
void kt_exit_noyield(const char *name);
void kt_doze(const char *name, int us, bool on);
void kt_log_intr_counts(const char *name);
void kt_spurious(void);
void kt_raise_at(const char *name, int cpu, bool sswi);
void kt_exit_nested(const char *name, int splz_depth, int level);
void kt_splz(const char *name, bool interrupts);
void kt_log_counters(const char *name);
void kt_tallies_reset(void);
void kt_flood(struct kt_context *ctx, int cpu, int count);
void kt_flood_nowait(struct kt_context *ctx, int cpu, int count);
void kt_fill(const char *name, int cpu, int count);
void kt_send_mask(const char *name, cpumask_t mask);
void kt_flood_all(struct kt_context *ctx, int count);
void kt_log_tallies(const char *name);
void kt_forward(uint64 length, int count);
void kt_await_forwarded(const char *name, int count);
void kt_hog(bool take);

/* migratesteps.c, lifesteps.c, bootsteps.c, soaksteps.c */
void kt_stamps_reset(void);
void kt_stamp(const char *name, int us);
void kt_roam(struct kt_context *ctx, int hops, bool random);
void kt_log_lists(const char *name);
void kt_acquire(const char *name, thread_t td);
void kt_churn(struct kt_context *ctx, int cpu, int count);
void kt_run_template(struct kt_context *ctx, int cpu, size_t size);
void kt_make_unborn(struct kt_context *ctx, int cpu, int count);
void kt_keep(const char *name, thread_t td);
void kt_log_kept(const char *name);
void kt_rele(int t);
void kt_log_cached(const char *name, int cpu);
void kt_log_hart(const char *name);
void kt_log_harts(const char *name);
void kt_start_spare(const char *name, uint64 hartid);
void kt_soak_reset(void);
void kt_soak(struct kt_context *ctx, int n);
void kt_soak_end(const char *name, int var, int64 value);

#endif
