/*
 * Interrupts on demand, and looks at a cpu's state, for scripts.
 */
#include "dev/uart.h"
#include "kernel/riscv.h"
#include "ktest/ktest.h"
#include "lwkt/crit.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "sync/intr.h"

/* Chains of timer interrupts, one a cpu: each firing starts the next. */
static struct chain {
    struct systimer timer;
    uint64 interval;
    uint64 due; /* when the next one is */
    int left;
    int fired;
    int inside; /* firings in a critical section of the interrupted thread */
} __attribute__((aligned(CACHE_LINE))) chains[NCPU];

/* How deep handlers found splz: K_NEST. On the interrupted thread's stack, or preempting it. */
static struct nest {
    int count;    /* td_nest_count */
    uint64 depth; /* bytes of stack */
} __attribute__((aligned(CACHE_LINE))) nests[NCPU];

static void note_nest(thread_t td, uint64 sp)
{
    struct nest *n = &nests[mycpuid];
    uint64 depth = td->td_mach.md_stack_top - sp;

    if (td->td_nest_count > n->count)
        n->count = td->td_nest_count;
    if (depth > n->depth)
        n->depth = depth;
}

void kt_log_nest(const char *name)
{
    struct nest n = nests[mycpuid];

    nests[mycpuid] = (struct nest){0};
    kt_log("nest", name, n.count);
    kt_log("depth", name, (int64)n.depth);
}

static void chain_fired(struct systimer *st)
{
    struct chain *c = st->st_arg;

    c->fired++;
    note_nest(curthread, (uint64)__builtin_frame_address(0));
    cpu_relax(); /* whatever was interrupted, other cpus and their messages come in between */
    if (curthread->td_critcount != 1) /* splz's own */
        c->inside++;
    c->due = cpu_time() + c->interval;
    if (--c->left > 0)
        systimer_init_oneshot(&c->timer, chain_fired, c, c->due);
}

void kt_timer_start(int us, int count)
{
    struct chain *c = &chains[mycpuid];

    crit_enter();
    c->interval = cpu_timebase / 1000000 * (uint64)us;
    c->left = count;
    c->fired = c->inside = 0;
    c->due = cpu_time() + c->interval;
    systimer_init_oneshot(&c->timer, chain_fired, c, c->due);
    crit_exit();
}

void kt_timer_stop(void)
{
    crit_enter();
    chains[mycpuid].left = 0;
    systimer_del(&chains[mycpuid].timer);
    crit_exit();
}

/* A chain whose next interrupt is long overdue has lost it, and counts as over. */
bool kt_timer_running(void)
{
    struct chain *c = &chains[mycpuid];

    return peek(&c->left) > 0 && cpu_time() < peek(&c->due) + cpu_timebase / 100;
}

void kt_timer_finish(const char *name)
{
    struct chain *c = &chains[mycpuid];

    while (kt_timer_running() && peek(&kt_run->stop) == 0)
        cpu_relax();
    systimer_del(&c->timer);
    kt_log("fired", name, c->fired);
    kt_log("inside", name, c->inside);
}

/* K_AGAIN_INTR. On cpu 0, where external interrupts go. */
static int again_sources, again_left;

void kt_raise_again(int sources, int count)
{
    again_sources = sources;
    again_left = count;
}

/* The handler, in its interrupt thread. */
static void external(void)
{
    thread_t below = curthread->td_preempted;

    kt_log("intr", "intr", curthread->td_critcount);
    if (below != NULL)
        note_nest(below, below->td_mach.md_sp);
    if (again_left > 0) {
        again_left--;
        kt_raise(again_sources);
    }
}

/* Raise interrupts for this cpu, all before any is taken. 8: the thread of the external one. */
void kt_raise(int sources)
{
    uint64 s = cpu_intr_save();

    if (sources & 1)
        cpu_ipi_raise(mycpuid);
    if (sources & 2)
        cpu_timer_arm(0);
    if (sources & 4)
        uart_self_interrupt(external);
    if (sources & 8)
        sched_ithd(board.uart.irq);
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
    kt_log("passive", name, (int64)c.ipiq_passive);
    kt_log("tokcontend", name, (int64)c.token_contention);
    kt_log("mpcontend", name, (int64)c.mplock_contention);
    kt_log("missed", name, (int64)c.preempt_miss);
    kt_log("switches", name, (int64)c.switch_count);
    kt_log("idle_waits", name, (int64)c.idle_waits);
}
