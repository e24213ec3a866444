/* SPDX-License-Identifier: BSD-3-Clause
 * For the scheduler tests: a program describes a scene, which the kernel plays (kernel/ktest.h), and
 * prints what happened, one event a line, as words name=value. Test programs are called as
 *
 *   swtest TEST [name=value ...]
 *
 * The grader draws the values and judges the events. Nothing here knows what is right.
 */
#ifndef USER_SCENE_H
#define USER_SCENE_H

#include "kernel/ktest.h"

struct test {
    const char *name;
    void (*build)(void);
};

/* The whole program: find the test that argv[1] names, build its scene, play it, and print the events.
 * Does not return: the exit status is 0 if the scene was played to its end, otherwise 1. */
int scene_main(int argc, char **argv, const struct test *tests, int ntests);

/* A parameter of the command line, or deflt. A value that is not a number ends the program. */
int param(const char *name, int deflt);

/* Append a step. Returns its index, at which a script can begin. */
int step(int op, int a, int b);

/* Append a thread. Returns its index. start: whether it is scheduled at the start. */
int thread(const char *name, int cpu, int pri, int script, int start);

/* Give a thread flags (KTF_*). */
void thread_flags(int t, int flags);

/* The calling process, which moves to that cpu, plays a script as one of the scene's threads. Returns
 * its index. */
int caller(const char *name, int cpu, int script);

/* The same; but it is a child of the calling process, so that a thread of the scene may kill it. */
int caller_child(const char *name, int cpu, int script);

/* How long the scene may take, in milliseconds of the machine's time; 2,000 without this call. */
void scene_timeout(int ms);

/* Scenes of processes. Append a process, which is a child of the program. It calls before() (unless
 * that is 0), then, when all processes have done so and sleep, body(), both with its index; then it
 * exits. Returns the index. */
int process(const char *name, void (*before)(int i), void (*body)(int i));

/* After each event, write down which cpus have no current process, if any (event "free"). */
void log_free_cpus(void);

/* Write down an event of the calling process, or none (what = 0). Returns the milliseconds since the
 * scene began. */
int log_event(const char *what, int64 val);

#endif
