/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes: systimers, interrupt threads that preempt, the trace, and a bit of everything at once.
 */
#include <string.h>

#include "lwkt/cpusync.h"
#include "lwkt/ktr.h"
#include "lwkt/mplock.h"
#include "lwkt/preempt.h"
#include "lwkt/systimer.h"
#include "lwkt/wait.h"
#include "sim.h"

#define TIMERS 6

/* Timers of one cpu: each fires once, not early, in the order of their times. */
struct timers {
    struct systimer st[TIMERS];
    uint64 last;
    int fired;
};

static void once(struct systimer *st)
{
    struct timers *t = st->st_arg;

    CHECK(cpu_time() >= st->st_time, "fired at %lu, for %lu", cpu_time(), st->st_time);
    CHECK(st->st_time >= t->last, "for %lu, after that for %lu", st->st_time, t->last);
    CHECK(curthread->td_critcount > 0 && mycpu->gd_intr_nesting_level > 0, "not in a body");
    t->last = st->st_time;
    t->fired++;
}

static void periodic(struct systimer *st)
{
    int *left = st->st_arg;

    if (--*left == 0)
        systimer_del(st);
    else if (sim_random(4) == 0)
        systimer_set_period(st, 30 + sim_random(50));
}

static void use_timers(void *arg)
{
    struct timers t = {.last = 0};
    struct systimer every, never;
    int left = 8;

    (void)arg;
    crit_enter();
    for (int i = 0; i < TIMERS; i++)
        systimer_init_oneshot(&t.st[i], once, &t, cpu_time() + 2000 + sim_random(300));
    systimer_init_periodic(&every, periodic, &left, 40);
    systimer_init_oneshot(&never, once, &t, cpu_time() + 10000000);
    crit_exit();
    while (peek(&t.fired) < TIMERS || peek(&left) > 0)
        lwkt_pause(100);
    systimer_del(&never);
    CHECK(every.st_gd == NULL && never.st_gd == NULL, "a timer is left");
    CHECK(t.fired == TIMERS, "%d", t.fired);
}

void play_systimers(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, use_timers, NULL, "timers");
    sim_join();
}

static struct gate pause_gate;
static thread_t pausers[2 * SIM_CPUS];

static void pause_often(void *arg)
{
    int n = 2 * ncpus;

    for (int i = 0; i < 6; i++) {
        uint64 length = sim_random(200), start = cpu_time();
        lwkt_pause(length);
        CHECK(cpu_time() >= start + length, "woke early");
        lwkt_schedule(pausers[((int)(uint64)arg + 1) % n]); /* which does not want it */
    }
    sim_gate_leave(&pause_gate, n);
}

void play_pause(void)
{
    pause_gate = (struct gate){0};
    for (int i = 0; i < 2 * ncpus; i++)
        pausers[i] = sim_spawn_stopped(i % ncpus, TDPRI_KERN_DAEMON, pause_often, (void *)(uint64)i,
                                       "pause");
    for (int i = 0; i < 2 * ncpus; i++)
        lwkt_schedule(pausers[i]);
    sim_join();
}

/* --- interrupt threads, as kernel/sync/ithread.c has them --- */

static struct ithread {
    thread_t td;
    uint32 again;
    uint64 runs;
    uint32 stop;
} ithreads[SIM_IRQS];

static void (*handler_body)(int irq);

static void schedule_ithread(int irq)
{
    ithreads[irq].again = 1;
    lwkt_schedule(ithreads[irq].td);
}

static void ithread_loop(void *arg)
{
    struct ithread *it = arg;
    int irq = (int)(it - ithreads);

    CHECK(curthread->td_critcount == 0, "%d", curthread->td_critcount);
    crit_enter();
    while (!it->stop) {
        if (it->again) {
            it->again = 0;
            crit_exit();
            handler_body(irq);
            crit_enter();
            ++it->runs;
        } else {
            sim_irq_complete(mycpuid, irq);
            lwkt_deschedule_self(curthread);
            lwkt_switch();
        }
    }
    crit_exit();
}

/* Interrupts of cpu 0: two sources, at two priorities, once in `rate` points. */
static void ithreads_begin(void (*body)(int irq), uint64 rate)
{
    handler_body = body;
    for (int irq = 0; irq < 2; irq++) {
        ithreads[irq] = (struct ithread){0};
        ithreads[irq].td = sim_spawn_stopped(0, irq == 0 ? TDPRI_INT_LOW : TDPRI_INT_HIGH,
                                             ithread_loop, &ithreads[irq], "ithread");
        ithreads[irq].td->td_preemptable = lwkt_preempt;
        sim_irq_handler(irq, schedule_ithread);
        sim_irq_rate(0, irq, rate);
    }
}

/* A pending one is still run; then the threads exit. */
static void ithreads_end(void)
{
    for (int irq = 0; irq < 2; irq++)
        sim_irq_rate(0, irq, 0);
    lwkt_pause(2000);
    for (int irq = 0; irq < 2; irq++) {
        uint64 raised = sim_irq_count(0, irq), runs = ithreads[irq].runs;
        CHECK(runs <= raised && (raised == 0 || runs > 0), "%lu runs, %lu interrupts", runs,
              raised);
        ithreads[irq].stop = 1;
        lwkt_schedule(ithreads[irq].td);
    }
}

static uint32 in_section[SIM_CPUS];

static void quick_body(int irq)
{
    CHECK(in_section[mycpuid] == 0, "an interrupt thread runs in a critical section");
    CHECK(curthread == ithreads[irq].td && curthread->td_critcount == 0, "%s", curthread->td_comm);
    if (curthread->td_preempted != NULL)
        CHECK(curthread->td_preempted->td_flags & TDF_PREEMPT_LOCK, "%x",
              curthread->td_preempted->td_flags);
}

/* What was preempted goes on where it was: the sum is right, and nobody came in between. */
static void sum(void *arg)
{
    for (int i = 0; i < 60; i++) {
        crit_enter();
        in_section[mycpuid] = 1;
        sim_point();
        in_section[mycpuid] = 0;
        crit_exit();
        sim_ast();
    }
    (void)arg;
}

void play_preempt(void)
{
    ithreads_begin(quick_body, 100);
    for (int i = 0; i < 3; i++)
        sim_spawn(0, sum, NULL, "sum");
    for (int cpu = 1; cpu < ncpus; cpu++)
        sim_spawn(cpu, sum, NULL, "sum");
    sim_join_but(3);
    ithreads_end();
}

/* Interrupt threads that want the tokens and the lock of those that they preempt. */
static struct lwkt_token lock_token;
static uint32 counted, mp_counted;

static void count_with_token(void)
{
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &lock_token);
    uint32 was = counted;
    sim_point();
    counted = was + 1;
    lwkt_reltoken(&ref);
}

/* A thread that preempts one with the lock has it, too: the critical section keeps it out. */
static void count_with_mplock(void)
{
    get_mplock();
    crit_enter();
    uint32 was = mp_counted;
    sim_point();
    mp_counted = was + 1;
    crit_exit();
    rel_mplock();
}

static void locking_body(int irq)
{
    struct lwkt_tokref ref;

    if (irq == 0)
        count_with_token();
    else
        count_with_mplock();
    if (lwkt_trytoken(&ref, &lock_token)) {
        counted++;
        counted--;
        lwkt_reltoken(&ref);
    }
}

static void lock_both(void *arg)
{
    (void)arg;
    for (int i = 0; i < 12; i++) {
        count_with_token();
        count_with_mplock();
        if (sim_random(4) == 0)
            lwkt_yield();
    }
}

void play_preempt_locks(void)
{
    lwkt_token_init(&lock_token);
    counted = mp_counted = 0;
    ithreads_begin(locking_body, 100);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        sim_spawn(0, lock_both, NULL, "locks");
        sim_spawn(cpu, lock_both, NULL, "locks");
    }
    sim_join_but(3);
    ithreads_end();
    sim_join();
    CHECK(counted == 24u * (uint32)ncpus + ithreads[0].runs, "%u", counted);
    CHECK(mp_counted == 24u * (uint32)ncpus + ithreads[1].runs, "%u", mp_counted);
}

/* --- the trace: entries are whole, and in order --- */

static void check_trace(int cpu)
{
    uint64 last = 0, entries = 0, end = ktr_next(cpu), first = ktr_oldest(cpu);
    struct ktr_entry e;

    for (uint64 seq = end > first + 30 ? end - 30 : first; seq < end; seq++)
        if (ktr_read(cpu, seq, &e)) {
            CHECK(e.event < KTR_NEVENTS && e.seq == seq, "entry %lu is %lu", seq, e.seq);
            last = e.time;
            entries++;
        }
    CHECK(last <= cpu_time(), "the last entry is of %lu", last);
    CHECK(cpu != 0 || entries > 0, "nothing was written"); /* that stayed for 30 entries */
}

static void read_trace(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        for (int cpu = 0; cpu < ncpus; cpu++)
            check_trace(cpu);
}

void play_ktr(void)
{
    uint32 mask = ktr_get_mask();

    ktr_clear();
    ktr_set_mask((1u << KTR_NEVENTS) - 1);
    ithreads_begin(quick_body, 400);
    for (int cpu = 0; cpu < ncpus; cpu++)
        sim_spawn(cpu, sum, NULL, "sum");
    sim_spawn(-1, read_trace, NULL, "reader");
    sim_join_but(3);
    ithreads_end();
    sim_join();
    ktr_set_mask(mask);
}

/* --- everything --- */

static struct lwkt_wait all_wait;

static void all_body(void *arg)
{
    amo_add((uint32 *)arg, 1);
}

static void do_anything(void *arg)
{
    uint32 sent = 0, came = 0;
    struct lwkt_tokref ref;

    (void)arg;
    for (int i = 0; i < 15; i++) {
        int cpu = (int)sim_random((uint64)ncpus);
        switch (sim_random(8)) {
        case 0:
            lwkt_setcpu_self(globaldata_of[cpu]);
            break;
        case 1:
            lwkt_send_ipiq_bycpu(cpu, all_body, &came);
            sent++;
            break;
        case 2:
            count_with_token();
            break;
        case 3:
            count_with_mplock();
            break;
        case 4:
            lwkt_signal(&all_wait, 1);
            break;
        case 5:
            lwkt_gettoken(&ref, &lock_token);
            lwkt_setcpu_self(globaldata_of[cpu]);
            counted++;
            lwkt_reltoken(&ref);
            break;
        case 6:
            lwkt_pause(sim_random(50));
            break;
        default:
            lwkt_setpri_self(TDPRI_KERN_DAEMON + (int)sim_random(3));
            lwkt_yield();
        }
    }
    while (consume(&came) != sent)
        lwkt_pause(50);
}

void play_everything(void)
{
    lwkt_wait_init(&all_wait);
    lwkt_token_init(&lock_token);
    counted = mp_counted = 0;
    ithreads_begin(locking_body, 300);
    for (int i = 0; i < 2 * ncpus; i++)
        sim_spawn(i % ncpus, do_anything, NULL, "any");
    sim_join_but(3);
    ithreads_end();
    sim_join();
}
