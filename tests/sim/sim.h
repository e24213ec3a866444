/* SPDX-License-Identifier: BSD-3-Clause
 * The simulation as its scenes see it: what a scene is, randomness, checks, and how the machine may be varied.
 */
#ifndef SIM_H
#define SIM_H

#include "lib/assert.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/systimer.h"

#define SIM_CPUS 4

/*
 * A scene plays the part of the kernel's first thread: `play` runs on cpu 0, in thread context,
 * without the MP lock, and comes back when what it started is over. Then the simulation looks whether
 * all is at rest.
 */
struct scene {
    const char *name;
    int min_cpus;
    bool strict; /* checks an order of threads that untimely switches change */
    void (*play)(void);
};

extern const struct scene sim_scenes[];
extern const int sim_nscenes;

/* Of the scene's files. */
void play_round_robin(void);
void play_priorities(void);
void play_schedule(void);
void play_schedule_flags(void);
void play_create(void);
void play_cache(void);
void play_hold(void);
void play_ipi_order(void);
void play_ipi_flood(void);
void play_ipi_chain(void);
void play_ipi_wait(void);
void play_ipi_nowait(void);
void play_migrate(void);
void play_swap(void);
void play_migrate_wakeups(void);
void play_acquire(void);
void play_tokens(void);
void play_token_pairs(void);
void play_token_sleep(void);
void play_mplock(void);
void play_spin(void);
void play_wait(void);
void play_wait_signal(void);
void play_cpusync(void);
void play_ports(void);
void play_port_abort(void);
void play_port_moves(void);
void play_systimers(void);
void play_pause(void);
void play_preempt(void);
void play_preempt_locks(void);
void play_ktr(void);
void play_everything(void);
void play_mixed_locks(void);
void play_mixed_interrupts(void);
void play_preempt_exit(void);
void play_unborn(void);
void play_ipi_forward(void);

/* Points are so much closer in the instrumented build. */
#ifndef POINT_DENSITY
#define POINT_DENSITY 1
#endif

/* This run's. / Whether it is traced. */
extern uint64 sim_seed;
extern bool sim_trace;

/* 0 .. n - 1, from the seed. */
uint64 sim_random(uint64 n);

/* What a scene has found wrong ends the run. */
#define CHECK(cond, fmt, ...)                                       \
    do {                                                            \
        if (!(cond))                                                \
            panic("%s:%d: (%s) is false: " fmt, __FILE__, __LINE__, \
                  #cond __VA_OPT__(, ) __VA_ARGS__);                \
    } while (0)

/* A thread without the MP lock, scheduled. cpu -1: any. */
thread_t sim_spawn(int cpu, void (*func)(void *), void *arg, const char *name);

/* The same, not scheduled, with a priority. */
thread_t sim_spawn_stopped(int cpu, int pri, void (*func)(void *), void *arg, const char *name);

/* Wait until no thread but the caller, cpu 0's first, is left; or until n are. */
void sim_join(void);
void sim_join_but(int n);

/* Threads that others may still schedule must not exit: each leaves when all n have come here and no
 * message is under way. */
struct gate {
    uint32 left;
};
void sim_gate_leave(struct gate *g, int n);

/* What the way back to user mode does: switch if that was asked for. */
void sim_ast(void);

/* External interrupts: source irq (0 .. 7) of this cpu becomes pending now, or from now on at random,
 * about once in `rate` of the
 * core's primitives (0: never). It runs `handler` when no critical section is in the way, and is
 * held off from then until it is completed. */
#define SIM_IRQS 8
void sim_irq_handler(int irq, void (*handler)(int irq));
void sim_irq_raise(int cpu, int irq);
void sim_irq_complete(int cpu, int irq);
bool sim_irq_held(int cpu, int irq);
void sim_irq_rate(int cpu, int irq, uint64 rate);
uint64 sim_irq_count(int cpu, int irq);

/* Rings made from here on have so many slots, and begin at that index. */
void sim_rings(uint32 size, uint32 start);

/* Explorer: source irq of that cpu becomes pending once, at any time: at the latest when all cpus wait. */
void sim_irq_arm(int cpu, int irq);

/* main.c's: record all events of the runs to come. / Play it once; the race detector starts anew. */
extern bool sim_trace;
void sim_run(const struct scene *scene, int cpus, uint64 seed);
uint64 sim_points(void);

/* Between sim.c and its parts. */
void sim_audit(void);
void *sim_alloc(size_t size, const char *what);
void sim_free(void *p, size_t size);
bool sim_rings_empty(void);
void sim_print_rings(int cpu);
int sim_threads(void);

#endif
