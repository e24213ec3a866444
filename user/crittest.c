/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about critical sections: timer interrupts during random nesting (t16), interrupts of all three
 * sources (t17) or a message from another cpu (t17ipi) that must wait for the end of a section;
 * errors: to leave a section that was not entered (t18), to switch in the body of a message (t19);
 * interrupts that come again while they are handled, so that splz recurses (t63, gap), and a source
 * that does not stop (limit). See user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/* ticks= timer interrupts, us= apart, while the thread enters and leaves critical sections. */
static void storm(void)
{
    int s = step(K_STATE, 0, 0);
    step(K_TIMER, param("us", 20), param("ticks", 1000));
    step(K_STORM, param("raise", 0), 10);
    step(K_TIMER_END, 0, 0);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(3000);
    thread("A", param("cpu", 0), param("pri", 12), s, 1);
}

/* In a critical section, a timer interrupt, a software interrupt and an external one come. The thread
 * is on cpu 0, which takes the external interrupts. */
static void hold_off(void)
{
    int s = step(K_REPEAT, 0, param("rounds", 1));
    step(K_REPEAT, 0, param("nesting", 1));
    step(K_CRIT_ENTER, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_TIMER, 1, 1);
    step(K_RAISE, 0, 5);
    step(K_SPIN, 0, 20);
    step(K_STATE, 0, 0);
    step(K_LOG, 0, 1);
    step(K_REPEAT, 0, param("nesting", 1));
    step(K_CRIT_EXIT, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_LOG, 0, 2);
    step(K_TIMER_END, 0, 0);
    step(K_STATE, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", 0, param("pri", 12), s, 1);
}

/* During a critical section on cpu to=, a message comes from cpu from=. */
static void hold_off_message(void)
{
    int to = param("to", 0), from = param("from", 1);
    int body = step(K_LOG, 0, 7);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_CRIT_ENTER, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_SPIN, 0, 20);
    step(K_LOG, 0, 1);
    step(K_STATE, 0, 0);
    step(K_LOG, 0, 2);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 3);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_IPI, to, body);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("A", to, param("pri", 12), a, 1);
    thread("B", from, param("pri", 12), b, 1);
}

/* A, on cpu to=, is in a critical section when B, on cpu from=, stops that cpu by a cpusync, for pause=
 * microseconds. */
static void stopped(void)
{
    int to = param("to", 0);
    int a = step(K_CRIT_ENTER, 0, 0);
    step(K_SET, 0, 1);
    step(K_DOZE, 0, 100000); /* until B's message is noted */
    step(K_LOG, 0, 1);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_CS_START, 1 << to, 0);
    step(K_LOG, 0, 1);
    step(K_PAUSE, 0, param("pause", 300));
    step(K_LOG, 0, 2);
    step(K_CS_FINISH, 0, 0);
    step(K_END, 0, 0);
    thread("A", to, param("pri", 12), a, 1);
    thread("B", param("from", 1), param("pri", 12), b, 1);
}

/* A enters enter= sections, and leaves one more, the last one (noyield=1) without a look at what is
 * noted. B, on cpu other=, if there is one, waits in a section. The kernel must panic. */
static void leave_twice(void)
{
    int s = step(K_PAUSE, 0, 100);
    step(K_CRIT_ENTER, 0, 0);
    for (int i = 1; i < param("enter", 1); i++)
        step(K_CRIT_ENTER, 0, 0);
    for (int i = 0; i < param("enter", 1); i++)
        step(K_CRIT_EXIT, 0, 0);
    for (int i = 0; param("noyield", 0) && i < 2; i++)
        step(K_EXIT_NOYIELD, 0, 0);
    step(K_CRIT_EXIT, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    thread("A", param("cpu", 0), param("pri", 14), s, 1);
    if (param("other", -1) >= 0) {
        thread("B", param("other", 0), 14, step(K_DOZE, 1, 3000000), 1);
        step(K_END, 0, 0);
    }
}

/* The body of a message from cpu from= to cpu to= switches times= times. With trap=1 it does so as if
 * the cpu were in a fatal trap: then B, and later A, run meanwhile. */
static void switch_in_body(void)
{
    int from = param("from", 0), to = param("to", 0);
    int body = step(K_TRAP_LEVEL, 0, param("trap", 0));
    step(K_REPEAT, 0, param("times", 1));
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_STATE, 0, 0);
    step(K_TRAP_LEVEL, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_LOG, 0, 1);
    step(K_IPI, to, body);
    step(K_PAUSE, 0, 500);
    step(K_LOG, 0, 3);
    step(K_END, 0, 0);
    thread("A", from, 14, a, 1);
    if (param("trap", 0)) {
        thread("B", from, 14, a, 1);
    }
}

/* rounds= times: leave a section without a look at what is noted; leave one as if in the work of an
 * interrupt, then as if one and two deep in splz; call splz with interrupts off, and with
 * interrupts on. With device=1, last, a device interrupts in a section, in which A calls splz. */
static void exits(void)
{
    int s = step(K_REPEAT, 0, param("rounds", 1));
    step(K_NOYIELD, 0, 0);
    step(K_NESTED, 0, 1);
    step(K_NESTED, 1, 0);
    step(K_NESTED, 2, 0);
    step(K_SPLZ, 0, 0);
    step(K_SPLZ, 0, 1);
    step(K_STATE, 0, 0);
    if (param("device", 0)) {
        step(K_CRIT_ENTER, 0, 0);
        step(K_RAISE, 0, 4);
        step(K_SPIN, 0, 20);
        step(K_LOG, 0, 1);
        step(K_SPLZ, 0, 1);
        step(K_LOG, 0, 2);
        step(K_CRIT_EXIT, 0, 0);
        step(K_SWITCH, 0, 0);
        step(K_LOG, 0, 3);
    }
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("cpu", 0), param("pri", 14), s, 1);
}

/* The handler of a device interrupt raises the interrupts of sources= again, again= times. */
static void raised_again(void)
{
    int a = step(K_INTR_COUNTS, 0, 0);
    step(K_REPEAT, 0, param("rounds", 2));
    step(K_AGAIN_INTR, param("sources", 8), param("again", 3));
    step(K_LOG, 0, 1);
    step(K_RAISE, 0, 4);
    step(K_SPIN, 0, 20);
    step(K_LOG, 0, 2);
    step(K_NEST, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_SPURIOUS, 0, 0);
    step(K_INTR_COUNTS, 0, 0);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    if (param("process", 0))
        caller("A", 0, a);
    else
        thread("A", 0, param("pri", 14), a, 1);
    scene_timeout(20000);
}

/* A device's handler takes 100 us, and asks its thread to run again, again= times. After pause= us B,
 * on cpu other=, sends a message, whose body asks for that, too. */
static void gap(void)
{
    int again = param("again", 0);
    int body = step(K_RAISE, 0, 8);
    step(K_LOG, 0, 7);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("rounds", 2));
    step(K_AGAIN_INTR, again > 0 ? 8 + 16 : 16, again > 0 ? again : 1);
    step(K_LOG, 0, 1);
    step(K_ADD, 0, 1);
    step(K_RAISE, 0, 4);
    step(K_SPIN, 0, 20);
    step(K_LOG, 0, 2);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", 0, param("pri", 14), a, 1);
    int b = 0;
    for (int i = 1; i <= param("rounds", 2); i++) {
        int s = step(K_WAIT, 0, i);
        b = i == 1 ? s : b;
        step(K_PAUSE, 0, param("pause", 40));
        step(K_IPI, 0, body);
    }
    step(K_END, 0, 0);
    thread("B", param("other", 1), 14, b, 1);
}

/* A device interrupts; A logs `mark` when it runs again. */
static void interrupted(int mark)
{
    step(K_RAISE, 0, 4);
    step(K_SPIN, 0, 20);
    step(K_LOG, 0, mark);
}

/*
 * A device's thread is asked again in each run, and A, which it has preempted, runs when it pauses at
 * last. Then the device interrupts less often. First A asks for another run in the pause after a run;
 * then a handler asks for it itself; and so does one after rest= us, when nothing is limited any more.
 * A sleeps in between, because a timer only wakes the thread, and does not let it preempt.
 */
static void limit(void)
{
    int a = step(K_INTR_COUNTS, 0, 0);
    step(K_AGAIN_INTR, 8 + 32, 100000);
    step(K_RAISE, 0, 4);
    step(K_SPIN, 0, 20);
    step(K_INTR_COUNTS, 0, 0);
    step(K_AGAIN_INTR, 8, 0);
    step(K_NAP, 0, 1000);
    step(K_LOG, 0, 1);
    interrupted(2);
    step(K_RAISE, 0, 8);
    step(K_NAP, 0, 1000);
    step(K_LOG, 0, 3);
    step(K_AGAIN_INTR, 8, 1);
    interrupted(4);
    step(K_NAP, 0, 1000);
    step(K_LOG, 0, 5);
    step(K_NAP, 0, param("rest", 100000));
    step(K_AGAIN_INTR, 8, 1);
    interrupted(6);
    step(K_END, 0, 0);
    thread("A", 0, param("pri", 14), a, 1);
    scene_timeout(20000);
}

static const struct test tests[] = {
    {"t16", storm},
    {"t17", hold_off},
    {"t17ipi", hold_off_message},
    {"t18", leave_twice},
    {"t19", switch_in_body},
    {"exits", exits},
    {"t63", raised_again},
    {"gap", gap},
    {"limit", limit},
    {"stopped", stopped},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
