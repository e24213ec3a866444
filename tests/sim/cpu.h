/* SPDX-License-Identifier: BSD-3-Clause
 * The simulated machine's inside: what its files share, and no scene sees.
 *
 *   sim.c       the cpus: stacks, interrupts, turns          run.c      a run's beginning and end
 *   memory.c    what a primitive does                        arena.c    objects and stacks
 *   views.c     what a load may return                       races.c    the race detector
 *   spawn.c     threads of scenes                            rest.c     the look whether all is at rest
 *   explore.c   the search                                   turns.c    its choices
 *   snapshot.c  the way back to a mark                       schedule.c a schedule as text
 *   report.c    a failure's timeline                         lines.c    which lines cpus share
 *   loops.c     executions without an end
 */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "lwkt/systimer.h"
#include "sim.h"

struct cpu {
    struct thread *current; /* and its sp, while the cpu has not the turn */
    uint64 sp;
    struct thread *before; /* cpu_switch's result */
    bool intr_on;
    bool waits;    /* in cpu_idle_wait */
    bool soft;     /* software interrupt pending */
    bool timer_on; /* not masked */
    uint64 timer;
    uint32 ext;       /* external interrupts: pending, */
    uint32 ext_held;  /* claimed and not completed, */
    uint32 ext_noted; /* claimed and to be run */
    uint32 ext_armed; /* explorer: may become pending at any time, once */
    uint64 ext_rate[SIM_IRQS], ext_count[SIM_IRQS];
    uint64 frozen; /* has no turn until then */
    /* For the explorer: a delayed interrupt; a relaxing cpu comes after these cpus, and after another's
     * step; cpus that had a turn since it relaxed. */
    bool delayed, relaxed;
    uint32 behind, stepped;
    struct systimer tick;
};

extern struct cpu cpus[SIM_CPUS];
extern int self;       /* cpu that has the turn */
extern bool running;   /* a run is on: points are points */
extern bool exploring; /* the explorer decides, not the seed */
extern uint64 now;     /* virtual time */
extern uint64 points;  /* so far in this run */
extern uint64 state;   /* of the random numbers */

/* Of this seed: once in so many points the turn passes, an interrupt that is pending is taken, a cpu is
 * frozen. 0: never. */
extern uint64 switch_rate, intr_rate, freeze_rate;

/* True once in `rate` times; 0: never. */
bool chance(uint64 rate);

/* Leave this stack for that one, of `to` (NULL: the host's own). / The first thing on a new stack. */
void host_switch(uint64 *save, uint64 load);
void jump(uint64 *save, uint64 load, struct thread *to);
void arrive(void);
uint64 sim_frame(void *top, void (*enter)(void));

/* Another cpu's turn; that of `not` only if there is no other (-1: any). / That cpu's, now. */
void pass_turn(int not );
void give_turn(int cpu);
bool runnable(const struct cpu *c);
static inline bool pending(const struct cpu *c)
{
    return c->soft || (c->timer_on && now >= c->timer) || (c->ext & ~c->ext_held) != 0;
}
void take_interrupt(void);
void sleep_together(void);

/* A run up to its end, or to the mark of a scene that is explored. */
extern uint64 host_sp;
void run_begin(const struct scene *s, int n);
void end_run(void) __attribute__((noreturn));
void print_cpus(void);

/* --- memory --- */

#define ARENA 0x200000000000UL
#define ARENA_OBJECTS (4UL << 20) /* the first part; the rest is stacks */
#define ARENA_SIZE (32UL << 20)
#define WORDS_MAX ((ARENA_SIZE + (4UL << 20)) / 4)

extern size_t stack_extra; /* bytes below a kernel stack: the host's library is hungrier */
void arena_begin(void);
void sim_memory_end(void);
int sim_stacks(void);
size_t sim_objects(void); /* bytes of the first part that were given out */
const char *sim_object(uint64 address, uint64 *offset); /* what is there, and where it begins */
#define STACKS 256
bool sim_stack(int i, char **base, size_t *size);  /* the i-th; false: there are fewer */
bool sim_stack_is_mapped(const struct thread *td); /* as far as this cpu knows for sure */
int sim_structs(void);
void *host_alloc(size_t size);

/* What a run has changed since the mark, whose stack pointer is given, is put back by snapshot_restore: variables,
 * objects, stacks; except what is spared before. Watched, it costs what is touched and not what there is. */
void snapshot_take(uint64 mark_sp);
void snapshot_watch(void);
void snapshot_restore(void);
void snapshot_spare(char *p, size_t size);

/* Words of the machine's memory and of the program's variables have numbers; -1: neither. */
static inline int64 word_of(const volatile void *p)
{
    extern char __data_start[], _end[];
    uint64 a = (uint64)p;

    if (a - ARENA < ARENA_SIZE)
        return (int64)((a - ARENA) / 4);
    if (a - (uint64)__data_start < (uint64)(_end - __data_start))
        return (int64)((ARENA_SIZE + a - (uint64)__data_start) / 4);
    return -1;
}

/* The scene's work is watched by lines.c. */
bool lines_watched(void);

/* --- the explorer --- */

enum { POINT_PRIMITIVE, POINT_ACCESS, POINT_BARRIER };
void explore_point(int kind, const volatile void *p, bool write);
void explore_pass_turn(int not );
uint32 explore_stale(uint32 n, const volatile void *p);
void explore_failed(const char *message) __attribute__((noreturn));
extern bool marked; /* the execution is between its marks */
static inline bool explore_marked(void)
{
    return marked;
}

/* A primitive, for the timeline, or for the list of those that were played. */
extern bool events_wanted;
void record_event(const struct sim_site *site, const volatile void *p, uint64 v, uint32 age);
static inline void explore_event(const struct sim_site *site, const volatile void *p, uint64 v,
                                 uint32 age)
{
    if (__builtin_expect(events_wanted, 0))
        record_event(site, p, v, age);
}
void explore_used(const struct sim_site *site);
void explore_note(char letter, const char *what);

#endif
