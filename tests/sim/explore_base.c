/* SPDX-License-Identifier: BSD-3-Clause
 * What scenes of the explorer use: threads that begin after the mark and end together, interrupt threads.
 */
#include "cpu.h"
#include "explore.h"
#include "lwkt/preempt.h"

#define THREADS_MAX 12

static struct entry {
    thread_t td;
    void (*func)(void *);
    void *arg;
    bool leaves; /* ends at once */
    bool ended, released;
    bool sleeps; /* not scheduled: an interrupt thread, or one that the scene schedules */
} entries[THREADS_MAX];
static int nentries, nended, nawaited;
static thread_t first;

/* Plain words of the harness, which no cpu orders anything by: no primitives. */
static void ended(struct entry *e)
{
    e->ended = true;
    if (++nended < nawaited)
        return;
    explore_end();
    lwkt_schedule(first);
}

static void enter(void *arg)
{
    struct entry *e = arg;

    e->func(e->arg);
    ended(e);
    if (e->leaves)
        return;
    crit_enter();
    while (!e->released) {
        lwkt_deschedule_self(curthread);
        lwkt_switch();
    }
    crit_exit();
}

static struct entry *new_entry(int cpu, int pri, void (*run)(void *), void (*func)(void *),
                               void *arg, const char *name)
{
    CHECK(nentries < THREADS_MAX, "a scene of more than %d threads", THREADS_MAX);
    struct entry *e = &entries[nentries++];

    *e = (struct entry){.func = func, .arg = arg};
    e->td = sim_spawn_stopped(cpu, pri, run, e, name);
    return e;
}

thread_t explore_thread(int cpu, int pri, void (*func)(void *), void *arg, const char *name)
{
    nawaited++;
    return new_entry(cpu, pri, enter, func, arg, name)->td;
}

thread_t explore_stopped(int cpu, int pri, void (*func)(void *), void *arg, const char *name)
{
    nawaited++;
    struct entry *e = new_entry(cpu, pri, enter, func, arg, name);
    e->sleeps = true;
    return e->td;
}

thread_t explore_leaver(int cpu, int pri, void (*func)(void *), void *arg, const char *name)
{
    struct entry *e = new_entry(cpu, pri, enter, func, arg, name);

    nawaited++;
    e->leaves = true;
    return e->td;
}

/* --- interrupt threads, as the kernel has them --- */

static struct source {
    struct entry *e;
    int irq;
    bool again;
} sources[SIM_IRQS];

static void schedule_source(int irq)
{
    sources[irq].again = true;
    lwkt_schedule(sources[irq].e->td);
}

static void ithread_loop(void *arg)
{
    struct entry *e = arg;
    struct source *s = sources;

    while (s->e != e)
        s++;
    crit_enter();
    while (!e->released || s->again) {
        if (s->again) {
            s->again = false;
            crit_exit();
            e->func(e->arg);
            crit_enter();
            if (!e->ended)
                ended(e);
        } else {
            sim_irq_complete(mycpuid, s->irq);
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
    }
    crit_exit();
}

void explore_ithread(int cpu, int irq, int pri, void (*body)(void *), void *arg)
{
    struct entry *e = new_entry(cpu, pri, ithread_loop, body, arg, "ithread");

    nawaited++;
    e->sleeps = true;
    e->td->td_preemptable = lwkt_preempt;
    sources[irq] = (struct source){.e = e, .irq = irq};
    sim_irq_handler(irq, schedule_source);
    sim_irq_arm(cpu, irq);
}

void explore_inside(int which, int change)
{
    static int inside[2];

    inside[which] += change;
    if (inside[0] > 0 && inside[1] > 0)
        explore_overlap();
}

void explore_leave(void)
{
    struct entry *e = entries;

    while (e->td != curthread)
        e++;
    e->leaves = true;
    ended(e);
    lwkt_exit();
}

/* The others begin when cpu 0's first thread, which makes them runnable, has left its cpu to them. */
void explore_run(void)
{
    first = curthread;
    lwkt_pause(100); /* new threads are listed by then, and their cpus wait */
    crit_enter();
    lwkt_deschedule_self(curthread);
    explore_mark();
    for (int i = 0; i < nentries; i++)
        if (!entries[i].sleeps)
            lwkt_schedule(entries[i].td);
    while (!explore_over)
        lwkt_switch();
    lwkt_schedule_self(curthread);
    crit_exit();
    lwkt_pause(100); /* all are off their cpus by then */
    for (int i = 0; i < nentries; i++) {
        entries[i].released = true;
        if (!entries[i].leaves)
            lwkt_schedule(entries[i].td);
    }
    sim_join();
}
