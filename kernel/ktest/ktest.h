/*
 * The scheduler tests' machinery, between its own files.
 */
#ifndef KTEST_KTEST_H
#define KTEST_KTEST_H

#include "kernel/ktest.h"
#include "lwkt/cpusync.h"
#include "lwkt/systimer.h"
#include "lwkt/token.h"

/* A scene that is being played; one at a time. */
struct kt_run {
    struct kt_scene scene;
    thread_t td[KT_THREADS]; /* kept by a reference each */
    int64 var[KT_VARS];      /* publish, consume, AMO */
    uint32 alive;            /* threads that have not ended: AMO, wakeup */
    uint32 stop;             /* give up: the time is over */
    uint64 late_at;          /* when beats are counted anew, or hung_at if they are: kt_watch */
    uint64 hung_at;          /* when that has been over for long, too */
};

extern struct kt_run *kt_run;

/* A thread's or body's place in its script. */
struct kt_context {
    const char *name;
    int pc;
    int last_seq; /* of the last message sent */
    int depth;    /* of K_REPEAT */
    int loop_pc[4];
    int loop_left[4];
    uint64 random;
    int gen;                  /* K_GEN, K_BLOCK */
    struct lwkt_cpusync sync; /* from K_CS_START to K_CS_FINISH */
    lwkt_msg_t sent;          /* last message sent, or NULL */
    lwkt_msg_t msg;           /* last request received and not replied to, or NULL */
    struct kt_refs *refs;     /* a thread's tokens; NULL: a body's context */
};

/* What a thread has taken. A slot is free when its tr_tok is NULL. */
struct kt_refs {
    struct lwkt_tokref ref[KT_REFS];
    uint order[KT_REFS]; /* when it was taken */
    uint taken;
};

/* events.c */
void kt_log(const char *what, const char *thread, int64 val);
/* A place for a breakpoint: see events.c. */
void kt_stop(const char *what, const char *thread, int64 val);
void kt_events_reset(void);
/* Have memory for all events that a scene may write down. */
void kt_events_reserve(void);
int kt_events_copyout(uint64 udst, uint64 bytes);
int kt_audit_copyout(uint64 udst);

/* notes.c: a scene of processes begins, with all cpus busy or not / KT_NOTE's result. */
void kt_notes_begin(bool busy);
int kt_note(uint64 unote);

/* mistakes.c: panic in the kind-th way; a kind that does not exist does nothing. */
void kt_mistake(uint64 kind);

/* beats.c: count what cpus do from here / lines that say what they did since, and what the scene's
 * threads wait for, each after a newline. Any context; the text lasts up to the next call. */
void kt_beats_note(void);
const char *kt_beats(void);

/* ktest.c: panic if the scene's threads still go on long after its time. Any context. */
void kt_watch(void);

/* work.c: the system call of KT_WORK. Thread context. */
int kt_work(uint64 uwork);

/* script.c: run steps from ctx->pc to K_END, or until the run is stopped. */
void kt_play(struct kt_context *ctx);

/* The context's next random number. / A turn for the other cpus, and for messages to this one. / So
 * for that many microseconds. */
uint64 kt_random(struct kt_context *ctx);
void kt_relax(void);
void kt_pause(int us);

/* Steps in files of their own: play one, false: it is none of that file's. */
bool kt_play_token(struct kt_context *ctx, const struct kt_step *s);
bool kt_play_migrate(struct kt_context *ctx, const struct kt_step *s);
bool kt_play_life(struct kt_context *ctx, const struct kt_step *s);
bool kt_play_flood(struct kt_context *ctx, const struct kt_step *s);
bool kt_play_boot(struct kt_context *ctx, const struct kt_step *s);

/* operands.c: whether such a step's operands are within bounds. */
bool kt_operands_valid(const struct kt_scene *scene, const struct kt_step *s);

/* tokensteps.c: one of the scene's tokens / make them anew / let go of all that a stopped thread
 * has taken. */
lwkt_token_t kt_token(int i);
void kt_tokens_reset(void);
void kt_tokens_drop(struct kt_context *ctx);

/* migratesteps.c, floodsteps.c: forget the last scene. */
void kt_stamps_reset(void);
void kt_tallies_reset(void);

/* Index of the calling thread in the scene, or KT_THREADS: one that the scene created. */
int kt_self(void);

/* dance.c: n random moves / forget the last scene / wait for v[var] >= value, and log what came of
 * it. */
void kt_dance(struct kt_context *ctx, int n);
void kt_dance_reset(void);
void kt_dance_log(const char *name, int var, int64 value);

/* Whether a scene's steps are within bounds. */
bool kt_scene_valid(const struct kt_scene *scene);

/* bench.c: fill in the count of the struct kt_bench at that user address. 0, or -1. */
int kt_bench(uint64 ubench);

/* Whether the boot argument ktest=1 was given. */
bool ktest_is_open(void);

/* timers.c, sleeps.c: play a step, if it is one of theirs. / Delete all timers. Thread context. */
bool kt_play_timer(const struct kt_step *s);
bool kt_play_sleep(struct kt_context *ctx, const struct kt_step *s);
void kt_timers_reset(void);

/* knobs.c: take the boot arguments / whether a value is one for it / set one / have all as at boot
 * again. Thread context. */
void knobs_boot(void);
bool knob_valid(int which, int64 value);
void knob_set(enum kt_knob which, uint64 value);
void knobs_reset(void);

/* preemptsteps.c, pattern.c: play a step, if it is one of theirs / whether its operands are within
 * bounds. */
bool kt_play_preempt(struct kt_context *ctx, const struct kt_step *s);
bool kt_preempt_valid(const struct kt_scene *scene, const struct kt_step *s);
bool kt_play_pattern(struct kt_context *ctx, const struct kt_step *s);

/* pattern.c: forget the last scene's threads / at the end of an interrupt, with interrupts on: have one
 * of this scene's threads preempt, at every so many; false: it has none. */
void kt_force_reset(void);
bool kt_force(uint64 every);

/* waitsteps.c: steps about wait queues, cpusync and messages. */
void kt_wait_reset(void);
bool kt_play_wait(struct kt_context *ctx, const struct kt_step *s);
bool kt_wait_valid(const struct kt_scene *scene, const struct kt_step *s);
void kt_wait_end(struct kt_context *ctx);
void kt_wait_flush(int round);

/* stimuli.c: interrupts on demand. */
void kt_raise(int sources);
void kt_raise_again(int sources, int count);
void kt_log_nest(const char *name);
void kt_timer_start(int us, int count);
void kt_timer_stop(void);
bool kt_timer_running(void);
void kt_timer_finish(const char *name);
void kt_log_state(const char *name);
void kt_log_counters(const char *name);

#endif
