/*
 * The simulated machine's inside, for sim.c, which gives turns and interrupts, and run.c, which starts and
 * ends runs.
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
    uint64 ext_rate[SIM_IRQS], ext_count[SIM_IRQS];
    uint64 frozen; /* has no turn until then */
    struct systimer tick;
};

extern struct cpu cpus[SIM_CPUS];
extern int self;      /* cpu that has the turn */
extern bool running;  /* a run is on: points are points */
extern uint64 now;    /* virtual time */
extern uint64 points; /* so far in this run */
extern uint64 state;  /* of the random numbers */

/* Of this seed: once in so many points the turn passes, an interrupt that is pending is taken, a cpu is
 * frozen. 0: never. */
extern uint64 switch_rate, intr_rate, freeze_rate;

/* True once in `rate` times; 0: never. */
bool chance(uint64 rate);

/* Leave this stack for that one, of `to` (NULL: the host's own). / The first thing on a new stack. */
void sim_switch(uint64 *save, uint64 load);
void jump(uint64 *save, uint64 load, struct thread *to);
void arrive(void);

/* Another cpu's turn; that of `not` only if there is no other (-1: any). */
void pass_turn(int not );

#endif
