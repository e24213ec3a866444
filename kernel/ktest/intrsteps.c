/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about interrupts: raise them, and look at the state of the cpu.
 */
#include "dev/uart.h"
#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "lib/sysctl.h"
#include "lwkt/crit.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/plic.h"
#include "sync/intr.h"

/* A chain of timer interrupts for each cpu: each one starts the next. */
static struct chain {
    struct systimer timer;
    uint64 interval;
    uint64 due; /* when the next one is */
    int left;
    int fired;
    int inside; /* times that the interrupted thread was in a critical section, or splz in none */
    int let_in; /* that the timer was not masked during its work, or was noted again */
    int alone;  /* that interrupts were off during its work */
    int level;  /* that gd_intr_nesting_level was not 1 */
} __attribute__((aligned(CACHE_LINE))) chains[NCPU];

/* How deep handlers found splz to recurse (K_NEST), on the stack of the interrupted thread or of the
 * thread that their own preempted. */
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
    c->let_in += (r_sie() & SIE_STIE) != 0 || (peek(&mycpu->gd_reqflags) & RQF_TIMER) != 0;
    c->alone += !cpu_intr_enabled();
    c->level += mycpu->gd_intr_nesting_level != 1;
    note_nest(curthread, (uint64)__builtin_frame_address(0));
    cpu_relax(); /* other cpus and their messages come in the middle of what was interrupted */
    if (curthread->td_critcount != 1) /* splz's own */
        c->inside++;
    /* Intervals differ a little, so that they are in step with no loop. */
    c->due = cpu_time() + c->interval + (uint64)c->fired % 13;
    if (--c->left > 0)
        systimer_init_oneshot(&c->timer, chain_fired, c, c->due);
}

void kt_chain_start(int us, int count)
{
    struct chain *c = &chains[mycpuid];

    crit_enter();
    c->interval = cpu_timebase / 1000000 * (uint64)us;
    c->left = count;
    c->fired = c->inside = c->let_in = c->alone = c->level = 0;
    c->due = cpu_time() + c->interval;
    systimer_init_oneshot(&c->timer, chain_fired, c, c->due);
    crit_exit();
}

void kt_chain_stop(void)
{
    crit_enter();
    chains[mycpuid].left = 0;
    systimer_del(&chains[mycpuid].timer);
    crit_exit();
}

/* If the next interrupt is long overdue, it was lost, and the chain counts as over. */
bool kt_chain_running(void)
{
    struct chain *c = &chains[mycpuid];

    return peek(&c->left) > 0 && cpu_time() < peek(&c->due) + cpu_timebase / 100;
}

void kt_chain_wait(const char *name)
{
    struct chain *c = &chains[mycpuid];

    while (kt_chain_running() && peek(&kt_run->stop) == 0)
        cpu_relax();
    systimer_del(&c->timer);
    kt_log("fired", name, c->fired);
    kt_log("inside", name, c->inside);
    kt_log("let_in", name, c->let_in);
    kt_log("alone", name, c->alone);
    kt_log("level", name, c->level);
}

/* K_AGAIN_INTR. On cpu 0, which takes the external interrupts. */
static int again_sources, again_left;

void kt_raise_again(int sources, int count)
{
    again_sources = sources;
    again_left = count;
}

/* The handler, in its interrupt thread. */
static void external_intr(void)
{
    thread_t below = curthread->td_preempted;

    if (!(again_sources & 32))
        kt_log("intr", "intr", curthread->td_critcount);
    if (below != NULL)
        note_nest(below, below->td_mach.md_sp);
    if (again_left > 0) {
        again_left--;
        kt_raise(again_sources);
    }
}

/* Raise interrupts for this cpu, all before any is taken. 8: then schedule the external one's thread.
 * 16: take time, in which other cpus send messages. 32: see K_AGAIN_INTR. */
void kt_raise(int sources)
{
    if (sources & 16)
        kt_pause(100);
    uint64 s = cpu_intr_save();

    if (sources & 1)
        cpu_ipi_raise(mycpuid);
    if (sources & 2)
        cpu_timer_arm(0);
    if (sources & 4)
        uart_self_interrupt(external_intr);
    cpu_intr_restore(s);
    if (sources & 8)
        sched_ithd(board.uart.range.irq);
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
    kt_log("enabled", name, cpu_intr_enabled());
}

/* Take a note of a software interrupt in a critical section. */
static void note_software_interrupt(void)
{
    set_sip(SIE_SSIE);
    while ((peek(&mycpu->gd_reqflags) & RQF_IPIQ) == 0)
        ;
}

/* Interrupts are off at the end, so that none does what the exit must not do. */
void kt_exit_noyield(const char *name)
{
    crit_enter();
    note_software_interrupt();
    cpu_intr_disable();
    crit_exit_noyield();
    kt_log_state(name);
    cpu_intr_enable();
    crit_enter();
    crit_exit();
}

void kt_doze(const char *name, int us, bool on)
{
    uint64 end = cpu_time() + cpu_timebase / 1000000 * (uint64)us;

    crit_enter();
    cpu_intr_disable(); /* what comes after the looks is pending, and ends the wait */
    while (cpu_time() < end && (on || (peek(&mycpu->gd_reqflags) & RQF_IPIQ) == 0)) {
        if (peek(&mycpu->gd_reqflags) & RQF_TIMER) { /* a tick is noted, and masked */
            cpu_timer_arm(end);
            cpu_timer_unmask();
        }
        wfi();
        cpu_intr_enable();
        cpu_intr_disable();
    }
    cpu_intr_enable();
    kt_log("noted", name, (peek(&mycpu->gd_reqflags) & RQF_IPIQ) != 0);
    crit_exit();
}

/* As if it were so deep in splz, and in the work of so many interrupts. */
void kt_exit_nested(const char *name, int splz_depth, int level)
{
    crit_enter();
    note_software_interrupt();
    cpu_intr_disable();
    curthread->td_nest_count += splz_depth;
    mycpu->gd_intr_nesting_level += level;
    crit_exit();
    kt_log_state(name);
    mycpu->gd_intr_nesting_level -= level;
    curthread->td_nest_count -= splz_depth;
    cpu_intr_enable();
    crit_enter();
    crit_exit();
}

void kt_splz(const char *name, bool interrupts)
{
    crit_enter();
    note_software_interrupt();
    if (!interrupts)
        cpu_intr_disable();
    splz();
    kt_log_state(name);
    cpu_intr_enable();
    crit_exit();
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
    kt_log("preempted", name, (int64)c.preempt_hit);
    kt_log("switches", name, (int64)c.switch_count);
    kt_log("idle_waits", name, (int64)c.idle_waits);
}

/* The last source that there can be is no device's, and those after it are none. */
void kt_spurious(void)
{
    uint64 s = cpu_intr_save();

    sched_ithd(MAXPLIC * NIRQ - 1);
    sched_ithd(MAXPLIC * NIRQ);
    sched_ithd(MAXPLIC * NIRQ + board.uart.range.irq);
    cpu_intr_restore(s);
}

void kt_log_intr_counts(const char *name)
{
    kt_log("handled", name, (int64)sysctl_read(sysctl_find("intr.count")));
    kt_log("spurious", name, (int64)sysctl_read(sysctl_find("intr.spurious")));
    kt_log("limited", name, (int64)sysctl_read(sysctl_find("intr.livelock")));
}

void kt_raise_at(const char *name, int cpu, bool sswi)
{
    kt_log("raised", name, sswi ? ipi_raise_sswi(cpu) : ipi_raise_sbi(cpu));
}
