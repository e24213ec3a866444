/*
 * Interrupts on demand, and looks at a cpu's state, for scripts.
 */
#include "dev/uart.h"
#include "kernel/riscv.h"
#include "ktest/ktest.h"
#include "lwkt/crit.h"
#include "riscv/hart.h"

/* Chains of timer interrupts, one a cpu: each firing starts the next. */
static struct chain {
    struct systimer timer;
    uint64 interval;
    int left;
    int fired;
    int inside;                  /* firings in a critical section of the interrupted thread */
} __attribute__((aligned(CACHE_LINE))) chains[NCPU];

static void chain_fired(struct systimer *st)
{
    struct chain *c = st->st_arg;

    c->fired++;
    if (curthread->td_critcount != 1) /* splz's own */
        c->inside++;
    if (--c->left > 0)
        systimer_init_oneshot(&c->timer, chain_fired, c, cpu_time() + c->interval);
}

void kt_timer_start(int us, int count)
{
    struct chain *c = &chains[mycpuid];

    crit_enter();
    c->interval = cpu_timebase / 1000000 * (uint64)us;
    c->left = count;
    c->fired = c->inside = 0;
    systimer_init_oneshot(&c->timer, chain_fired, c, cpu_time() + c->interval);
    crit_exit();
}

bool kt_timer_running(void) { return peek(&chains[mycpuid].left) > 0; }

void kt_timer_finish(const char *name)
{
    struct chain *c = &chains[mycpuid];

    while (peek(&c->left) > 0 && peek(&kt_run->stop) == 0)
        cpu_relax();
    systimer_del(&c->timer);
    kt_log("fired", name, c->fired);
    kt_log("inside", name, c->inside);
}

static void external(void) { kt_log("intr", "intr", curthread->td_critcount); }

/* Raise interrupts for this cpu, all before any is taken. */
void kt_raise(int sources)
{
    uint64 s = cpu_intr_save();

    if (sources & 1)
        cpu_ipi_raise(mycpuid);
    if (sources & 2)
        cpu_timer_arm(0);
    if (sources & 4)
        uart_self_interrupt(external);
    cpu_intr_restore(s);
}

void kt_log_state(const char *name)
{
    uint64 sie = r_sie(), sip = r_sip();
    globaldata_t gd = mycpu;

    kt_log("reqflags", name, peek(&gd->gd_reqflags));
    kt_log("sie", name, (int64)sie);
    kt_log("sip", name, (int64)sip);
    kt_log("crit", name, curthread->td_critcount);
    kt_log("nesting", name, gd->gd_intr_nesting_level);
}

void kt_log_counters(const char *name)
{
    struct lwkt_counters c = mycpu->gd_cnt;

    kt_log("messages", name, (int64)c.ipiq_count);
    kt_log("hardware", name, (int64)c.ipiq_hardware);
    kt_log("avoided", name, (int64)c.ipiq_avoided);
    kt_log("fifofull", name, (int64)c.ipiq_fifofull);
    kt_log("switches", name, (int64)c.switch_count);
    kt_log("idle_waits", name, (int64)c.idle_waits);
}
