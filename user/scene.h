/*
 * For the scheduler tests: describe a scene for the kernel to play (kernel/ktest.h), then print what
 * happened, one event a line, as words name=value. Test programs are called as
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

/* The program: find the test named by argv[1], build its scene, play it and print. Does not return
 * but through exit(): 0 when the scene was played to its end, else 1. */
int scene_main(int argc, char **argv, const struct test *tests, int ntests);

/* A parameter of the command line, or deflt. A value that is no number ends the program. */
int param(const char *name, int deflt);

/* Append a step; its index, where a script can begin. */
int step(int op, int a, int b);

/* Append a thread; its index. start: scheduled at the start. */
int thread(const char *name, int cpu, int pri, int script, int start);

/* Give a thread flags (KTF_*). */
void thread_flags(int t, int flags);

/* Have the calling process, on that cpu from now on, play a script as one of the scene's threads; its
 * index. */
int caller(const char *name, int cpu, int script);

/* Bounds of what the scene may take, in milliseconds of the machine's time; 2,000 unless told. */
void scene_timeout(int ms);

/* Scenes of processes. Append one, whose body runs in a child of the program, with its index: before()
 * (or 0) first, body() when all have done that and sleep. It ends when body returns. Their number. */
int process(const char *name, void (*before)(int i), void (*body)(int i));

/* With each event, write down which cpus have no current process, if any (event "free"). */
void must_be_busy(void);

/* Write down an event of the calling process, or none (what = 0); milliseconds since all began. */
int note(const char *what, int64 val);

#endif
