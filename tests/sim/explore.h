/* SPDX-License-Identifier: BSD-3-Clause
 * The explorer: what its scenes call, and what its main program asks of it.
 *
 * A scene is played up to its mark once; from there on the search plays it again and again, and each time
 * another choice is made: which cpu goes on, when an interrupt comes, how old a value a load returns.
 */
#ifndef SIM_EXPLORE_H
#define SIM_EXPLORE_H

#include "sim.h"

/* What a schedule may differ in from the one that is chosen where nothing says otherwise, and how often:
 * each of these is a budget of its own. */
enum { BUDGET_PREEMPTIONS, BUDGET_INTERRUPTS, BUDGET_STALE, NBUDGETS };

struct verdict {
    uint64 executions;
    double seconds;
    bool complete; /* every schedule within the budgets was played */
    bool failed;
    uint32 outcomes;      /* different values that the scene gave to explore_outcome */
    uint64 outcomes_hash; /* of all of them */
    uint64 longest;       /* points of an execution */
    bool overlap;         /* two features of a pair were under way at a time */
};

extern const struct scene explore_scenes[];
extern const int explore_nscenes;

/* Scenes that a table makes; explore_pairs.c. */
bool pair_named(const char *name);
void pair_list(void);
void play_pair(void);

/* For scenes. A thread of the scene, on that cpu; it ends when all have come to their ends. */
thread_t explore_thread(int cpu, int pri, void (*func)(void *), void *arg, const char *name);
/* The same for one that the scene itself schedules, */
thread_t explore_stopped(int cpu, int pri, void (*func)(void *), void *arg, const char *name);
/* for one that ends at once, */
thread_t explore_leaver(int cpu, int pri, void (*func)(void *), void *arg, const char *name);
/* and for an interrupt thread: `body` runs when source irq, which may come once, does. */
void explore_ithread(int cpu, int irq, int pri, void (*body)(void *), void *arg);
/* Set the mark, run them to their ends. What follows is not explored. */
void explore_run(void);
/* An interrupt thread's body: its thread ends, at once. */
void explore_leave(void) __attribute__((noreturn));
/* What this execution came to: four bytes, in the first word. */
void explore_outcome(uint64 value);
/* A runner enters (1) or leaves (-1) a pair's first (0) or second (1) feature. Some execution must have one
 * in each at a time. */
void explore_inside(int which, int change);

/* Watch lines of memory (lines.c) while so many threads work; before the mark. / Such a thread's work begins when
 * all have come there. / The work of its cpu is over. */
void lines_begin(int threads);
void lines_enter(void);
void lines_leave(void);

/* From here on an execution that does not end fails. / Another one begins. / It has failed; before that, if nobody
 * can go on: on the stack of a thread that waits. / Print where it was, and where those wait. */
void loops_begin(void);
void loops_anew(void);
void loops_failed(void);
void loops_waiter(const char *name);
void loops_print(void);
/* The kernel's functions behind n return addresses. */
void print_functions(const char *what, int cpu, void *const *pc, int n);

/* For the main program. Play the scene to its mark; false: it has failed before. */
bool explore_setup(const struct scene *s, int ncpu);
struct verdict explore_search(const int *budget, double seconds, bool everywhere);
/* Play one schedule, as a failure prints it, and print its timeline. True: it fails. */
bool explore_replay(const char *schedule);
/* The last failure: its schedule, on one line; what went wrong. */
void explore_print_schedule(void);
const char *explore_message(void);
void explore_print_outcomes(void);
/* The numbers of the sites that were played between the marks. */
void explore_print_used(void);

/* Between the explorer's files. */
extern bool explore_over; /* all threads of the scene have come to their ends */
void explore_mark(void);
bool explore_shared(uint64 address);
void explore_overlap(void);
void explore_end(void);
void report_begin(void);
void report_print(const char *message);
void report_start(void);

#endif
