/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes about IPI messages: they wake another cpu (t21), create threads there (t25), keep their order
 * (t27), fill the rings (t28, t29), are passive (t30), and many need few interrupts (t31), but not too
 * few (t31late); a thread waits for one (t32), or sends it to its own cpu (t33). See user/scene.h.
 */
#include "kernel/ktr_entry.h"
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

/* B sleeps on the idle cpu to=. A, on cpu from=, schedules it pause= microseconds later, and stalls for
 * stall= microseconds right after it has raised the interrupt, while the target takes its messages. */
static void wake_idle(void)
{
    int from = param("from", 0), to = param("to", 1);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, param("pause", 300));
    step(K_TESTPOINT, KP_STALL_IPI, param("stall", 0));
    step(K_LOG, 0, 1);
    step(K_SCHED, 1, 0);
    step(K_TESTPOINT, KP_STALL_IPI, 0);
    step(K_WAIT, 1, 1);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_COUNTERS, 0, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 0, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_COUNTERS, 0, 0);
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    thread("A", from, param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
}

/* A creates count= threads on cpu to=. Each writes down where it runs. */
static void create_there(void)
{
    int body = step(K_LOG, 0, 1);
    step(K_LISTED, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("count", 100));
    step(K_CREATE, param("to", 1), body);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(3000);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A sends count= numbered messages from cpu from= to cpu to=. */
static void in_order(void)
{
    int a = step(K_FLOOD, param("to", 1), param("count", 10000));
    step(K_IPI_WAIT, param("to", 1), 0);
    step(K_COUNTERS, 0, 0);
    step(K_END, 0, 0);
    scene_timeout(3000);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* Each of cpus= cpus sends count= messages to each other. */
static void all_to_all(void)
{
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    int cpus = param("cpus", 2);

    scene_timeout(2000);
    for (int i = 0; i < cpus; i++) {
        int s = param("hog", 0) ? step(K_HOG, 0, 1) : step(K_YIELD, 0, 0);
        step(K_ADD, 0, 1);
        step(K_WAIT, 0, cpus);
        step(K_FLOODALL, 0, param("count", 300));
        step(K_COUNTERS, 0, 0);
        step(K_ADD, 1, 1);
        if (i == 0) {
            step(K_WAIT, 1, cpus);
            step(K_TALLY, 0, 0);
            step(K_HOG, 0, 0);
        }
        step(K_END, 0, 0);
        thread(names[i], i, param("pri", 12), s, 1);
    }
}

/* All cpus send count= messages to the next one, each of which goes round length= cpus. */
static void forward(void)
{
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    int cpus = param("cpus", 2), count = param("count", 100);

    scene_timeout(4000);
    for (int i = 0; i < cpus; i++) {
        int s = step(K_ADD, 0, 1);
        step(K_WAIT, 0, cpus);
        step(K_FORWARD, param("length", 30), count);
        if (i == 0)
            step(K_FORWARDED, 0, cpus * count);
        step(K_END, 0, 0);
        thread(names[i], i, param("pri", 12), s, 1);
    }
}

/* A sends up to count= messages, without waiting for room, to cpu to=, which takes none for now. */
static void no_wait(void)
{
    int to = param("to", 1);
    int a = step(K_PAUSE, 0, 50); /* what was sent to set up the scene is taken first */
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_NOWAIT, to, param("count", 100));
    step(K_LOG, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_IPI_WAIT, to, 0);
    step(K_SEQ, to, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A sends a passive message to cpu to=, which gets no other messages; pause= covers some ticks. */
static void passive(void)
{
    int body = step(K_LOG, 0, 7);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_PAUSE, 0, 50); /* what was sent to set up the scene is taken first */
    step(K_COUNTERS, 0, 0);
    step(K_IPI_PASSIVE, param("to", 1), body);
    step(K_COUNTERS, 0, 0);
    step(K_PAUSE, 0, param("pause", 30000));
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A sends count= messages to cpu to=, which is in a critical section. With told=1 the target is
 * told each time (lwkt_ipiq_optimized 0). */
static void burst(void)
{
    int to = param("to", 1);
    int body = step(K_LOG, 0, 7);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    step(K_OPTIMIZED, 0, !param("told", 0));
    step(K_COUNTERS, 0, 0);
    step(K_SEQ, to, 0);
    step(K_REPEAT, 0, param("count", 8));
    step(K_IPI, to, body);
    step(K_AGAIN, 0, 0);
    step(K_SEQ, to, 0);
    step(K_COUNTERS, 0, 0);
    step(K_OPTIMIZED, 0, 1);
    step(K_LOG, 0, 1);
    step(K_SET, 1, 1);
    step(K_IPI_WAIT, to, 0);
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int b = step(K_CRIT_ENTER, 0, 0);
    step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_PAUSE, 0, 20);
    step(K_CRIT_EXIT, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
}

/* A sends a second message while the body of the first one runs. (The numbers do not count up, so that
 * each event has its own time.) */
static void late(void)
{
    int to = param("to", 1);
    int slow = step(K_LOG, 0, 1);
    step(K_PAUSE, 0, param("pause", 200));
    step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int quick = step(K_LOG, 0, 4);
    step(K_STATE, 0, 0);
    step(K_END, 0, 0);
    int a = step(K_IPI, to, slow);
    step(K_PAUSE, 0, param("pause", 200) / 2);
    step(K_IPI, to, quick);
    step(K_IPI_WAIT, to, 0);
    step(K_LOG, 0, 5);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A waits for a message whose body sends back= messages: more than the ring of four has room for, so it
 * waits, and meanwhile runs what these messages send in turn. B floods A's cpu at the same time. */
static void wait_for(void)
{
    int from = param("from", 0), to = param("to", 1);
    int quick = step(K_END, 0, 0);
    int back = step(K_IPI, to, quick);
    step(K_END, 0, 0);
    int body = step(K_REPEAT, 0, param("back", 8));
    step(K_IPI, from, back);
    step(K_AGAIN, 0, 0);
    step(K_PAUSE, 0, param("pause", 100));
    step(K_SET, 0, param("value", 5));
    step(K_END, 0, 0);
    int a = step(K_WAIT, 1, 1);
    step(K_IPI, to, body);
    step(K_IPI_WAIT, to, 0);
    step(K_VALUE, 0, 0);
    step(K_END, 0, 0);
    int b = step(K_SET, 1, 1);
    step(K_FLOOD, from, param("flood", 200));
    step(K_END, 0, 0);
    thread("A", from, param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
}

/* A sends a message to cpu to=, which takes none for pause= microseconds, and waits for it. With
 * count=, it sends so many: more than the ring has room for. B, on a third cpu, ends the pause. */
static void held(void)
{
    int to = param("to", 1);
    int body = step(K_SET, 2, 1);
    step(K_END, 0, 0);
    int a = step(K_PAUSE, 0, 50); /* what was sent to set up the scene is taken first */
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_SET, 0, 1);
    step(K_REPEAT, 0, param("count", 1));
    step(K_IPI, to, body);
    step(K_AGAIN, 0, 0);
    step(K_IPI_WAIT, to, 0);
    step(K_VALUE, 2, 0);
    step(K_END, 0, 0);
    int b = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, param("pause", 500000));
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", param("other", 2), param("pri", 12), b, 1);
}

/* A sends messages to its own cpu. */
static void to_self(void)
{
    int cpu = param("cpu", 0);
    int body = step(K_LOG, 0, 2);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("rounds", 1));
    step(K_LOG, 0, 1);
    step(K_IPI, cpu, body);
    step(K_IPI_WAIT, cpu, 0);
    step(K_LOG, 0, 3);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", cpu, param("pri", 12), a, 1);
}

/* A thread (body=0) or a body on cpu from= sends count= messages to cpu to=, which takes none until cpu
 * other= lets it. */
static void fill(void)
{
    int to = param("to", 1), from = param("from", 0), other = param("other", 2);
    int body = step(K_FILL, to, param("count", 5));
    step(K_SET, 1, 1);
    step(K_END, 0, 0);
    int a = step(K_WAIT, 0, 1);
    if (param("body", 0))
        step(K_WAIT, 1, 1);
    else
        step(K_FILL, to, param("count", 5));
    step(K_IPI_WAIT, to, 0);
    step(K_END, 0, 0);
    int b = step(K_PAUSE, 0, 50); /* what was sent to set up the scene is taken first */
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_SET, 0, 1);
    if (param("body", 0))
        step(K_IPI, from, body);
    step(K_PAUSE, 0, 500);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    thread("A", from, param("pri", 12), a, 1);
    thread("B", other, param("pri", 12), b, 1);
}

/* A sends count= passive messages to the idle cpu to=, more than it may put into the ring; or (depth=)
 * a body does that, so deep in bodies, which A sends to its own cpu. */
static void passive_full(void)
{
    int to = param("to", 1), from = param("from", 0), depth = param("depth", 0);
    int body = step(K_LOG, 0, 7);
    step(K_END, 0, 0);
    int fills = step(K_REPEAT, 0, param("count", 4));
    step(K_IPI_PASSIVE, to, body);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    for (int i = 1; i < depth; i++) {
        int outer = step(K_IPI, from, fills);
        step(K_END, 0, 0);
        fills = outer;
    }
    int a = step(K_PAUSE, 0, param("pause", 300));
    step(K_COUNTERS, 0, 0);
    step(K_LOG, 0, 1);
    step(K_REPEAT, 0, depth > 0 ? 1 : param("count", 4));
    step(depth > 0 ? K_IPI : K_IPI_PASSIVE, depth > 0 ? from : to, depth > 0 ? fills : body);
    step(K_AGAIN, 0, 0);
    step(K_LOG, 0, 2);
    step(K_COUNTERS, 0, 0);
    step(K_END, 0, 0);
    thread("A", from, param("pri", 12), a, 1);
}

/* rounds= times: A sends a message, whose body is slow, and waits until it has set a variable. */
static void wait_again(void)
{
    int to = param("to", 1);
    int body = step(K_PAUSE, 0, 20);
    step(K_SET, 0, 7);
    step(K_END, 0, 0);
    int a = step(K_REPEAT, 0, param("rounds", 12));
    step(K_SET, 0, 0);
    step(K_IPI, to, body);
    step(K_IPI_WAIT, to, 0);
    step(K_VALUE, 0, 0);
    step(K_AGAIN, 0, 0);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A sends a message to each cpu of mask=, in which the lowest bit stands for cpu first=. */
static void to_mask(void)
{
    int a = step(K_PAUSE, 0, 50);
    step(K_MASK, param("mask", 1), param("first", 0));
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
}

/* A raises an interrupt at cpu to=, by the firmware, then by the SSWI device, each while B waits
 * there, for doze= microseconds at most. */
static void raise_at(void)
{
    int to = param("to", 1);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, 100);
    step(K_RAISE_AT, to, 0);
    step(K_WAIT, 0, 2);
    step(K_PAUSE, 0, 100);
    step(K_RAISE_AT, to, 1);
    step(K_WAIT, 0, 3); /* its end may send messages */
    step(K_END, 0, 0);
    int b = step(K_PAUSE, 0, 50);
    step(K_SET, 0, 1);
    step(K_DOZE, 0, param("doze", 1000));
    step(K_PAUSE, 0, 50);
    step(K_SET, 0, 2);
    step(K_DOZE, 0, param("doze", 1000));
    step(K_SET, 0, 3);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
}

/* A schedules B, whose cpu to= takes no messages. B goes to cpu other=, which takes none either, so
 * that C, on the old cpu, schedules it on its way. Then B arrives and sleeps, and the old cpu takes the
 * message. */
static void moved(void)
{
    int to = param("to", 1), other = param("other", 2);
    int a = step(K_WAIT, 0, 1);
    step(K_PAUSE, 0, 50);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_TRACE, 0, KTR_BIT(KTR_SCHEDULE));
    step(K_SCHED, 1, 0);
    step(K_TRACED, 0, KTR_BIT(KTR_SCHEDULE));
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to | 1 << other);
    step(K_SET, 1, 1);
    step(K_WAIT, 3, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 1 << to);
    step(K_WAIT, 2, 1);
    step(K_PAUSE, 0, 50);
    step(K_LOG, 0, 1);
    step(K_TESTPOINT, KP_HOLD_IPI, 0);
    step(K_END, 0, 0);
    int b = step(K_SET, 0, 1);
    step(K_WAIT, 1, 1);
    step(K_SETCPU, other, 0);
    step(K_DESCHED, 0, 0);
    step(K_SET, 2, 1);
    step(K_SWITCH, 0, 0);
    step(K_LOG, 0, 1);
    step(K_END, 0, 0);
    int c = step(K_SCHED, 1, 0);
    step(K_RESCHED, 0, 0);
    step(K_SET, 3, 1);
    step(K_END, 0, 0);
    thread("A", param("from", 0), param("pri", 12), a, 1);
    thread("B", to, param("pri", 12), b, 1);
    thread("C", to, param("pri", 12) - 1, c, 1);
}

static const struct test tests[] = {
    {"fill", fill},       {"passive", passive_full},
    {"mask", to_mask},    {"raise", raise_at},
    {"moved", moved},     {"again", wait_again},
    {"t21", wake_idle},   {"t25", create_there},
    {"t27", in_order},    {"t28", all_to_all},
    {"forward", forward}, {"t29", no_wait},
    {"t30", passive},     {"t31", burst},
    {"t31late", late},    {"t32", wait_for},
    {"t33", to_self},     {"held", held},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
