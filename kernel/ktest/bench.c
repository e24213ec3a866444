/* SPDX-License-Identifier: BSD-3-Clause
 * Instruction counts of the threading core, for `make bench`. Each item runs on cpu 0 in kernel
 * threads of its own, and reads the instret counter around n operations. The counts mean something in
 * deterministic mode, with the other harts idle; they include the firmware's instructions.
 */
#include "kernel/riscv.h"
#include "ktest/bench.h"
#include "ktest/internal.h"
#include "lib/string.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/token.h"
#include "lwkt/wait.h"
#include "proc/proc.h"
#include "sync/sleep.h"

static struct kt_bench bench;
static uint32 left; /* threads of the item that have not ended */
static int turn;    /* ping-pong: whose turn it is */

static void nothing(void *arg)
{
    (void)arg;
}

static void crit_pairs(int n)
{
    for (int i = 0; i < n; i++) {
        crit_enter();
        crit_exit();
    }
}

static void token_pairs(int n)
{
    static struct lwkt_token tok;
    struct lwkt_tokref ref;

    lwkt_token_init(&tok);
    for (int i = 0; i < n; i++) {
        lwkt_gettoken(&ref, &tok);
        lwkt_reltoken(&ref);
    }
}

/* --- Two threads that talk to each other: self is 0 or 1, and thread 0 is measured --- */

static thread_t threads[2];

static void yield_in_turn(int self, int n)
{
    (void)self;
    for (int i = 0; i < n; i += 2)
        lwkt_yield();
}

static bool is_my_turn(void *self)
{
    return turn == (int)(uint64)self;
}

/* Wait for one's turn, then wake the other thread. A round trip is a turn of each. */
static void take_turns(int self, int n)
{
    for (int i = 0; i < n; i++) {
        tsleep_until(&turn, 0, "turn", is_my_turn, (void *)(uint64)self);
        turn = !self;
        wakeup(&turn);
    }
}

/* Wake the other thread, and sleep until it does the same. */
static void schedule_each_other(int self, int n)
{
    crit_enter();
    for (int i = 0; i < n; i++) {
        lwkt_schedule(threads[!self]);
        lwkt_deschedule_self(threads[self]);
        lwkt_switch();
    }
    if (self == 0)
        lwkt_schedule(threads[1]);
    crit_exit();
}

static struct lwkt_wait signals[2]; /* to each of the threads */

static void signal_each_other(int self, int n)
{
    int gen = 0;

    for (int i = 0; i < n; i++) {
        if (self == 0)
            lwkt_signal(&signals[1], 1);
        lwkt_block(&signals[self], "turn", &gen);
        if (self == 1)
            lwkt_signal(&signals[0], 1);
    }
}

/* Thread 0 sends, and thread 1 replies. */
static void send_and_reply(int self, int n)
{
    struct lwkt_msg msg;

    for (int i = 0; i < n; i++) {
        if (self == 0) {
            lwkt_initmsg(&msg, &threads[0]->td_msgport, 0, 0);
            lwkt_domsg(&threads[1]->td_msgport, &msg);
        } else {
            lwkt_replymsg(lwkt_waitport(&threads[1]->td_msgport, NULL), 0);
        }
    }
}

static void creations(int n)
{
    for (int i = 0; i < n; i++) {
        lwkt_create(nothing, NULL, NULL, NULL, TDF_MPSAFE, -1, "brief");
        lwkt_yield();
    }
}

/* Send a message to cpu 1, and wait for its end. */
static void ipi_round_trips(int n)
{
    for (int i = 0; i < n; i++)
        lwkt_wait_ipiq(globaldata_of[1], lwkt_send_ipiq_bycpu(1, nothing, NULL));
}

static const struct item {
    const char *name;
    void (*run)(int n);            /* n operations, all counted; */
    void (*talk)(int self, int n); /* or so many of two threads; */
    uint64 (*count)(int n);        /* or it counts itself */
    int cpus;                      /* needed */
} items[] = {
    {"crit", crit_pairs, NULL, NULL, 1},
    {"token", token_pairs, NULL, NULL, 1},
    {"yield", NULL, yield_in_turn, NULL, 1},
    {"yield_many", NULL, NULL, bench_yield_many, 1},
    {"pingpong", NULL, take_turns, NULL, 1},
    {"schedule", NULL, schedule_each_other, NULL, 1},
    {"signal", NULL, signal_each_other, NULL, 1},
    {"message", NULL, send_and_reply, NULL, 1},
    {"create", creations, NULL, NULL, 1},
    {"interrupt", NULL, NULL, bench_interrupt, 1},
    {"ipi", ipi_round_trips, NULL, NULL, 2},
    {"ipi_send", NULL, NULL, bench_ipi_send, 2},
    {"ipi_process", NULL, NULL, bench_ipi_process, 2},
    {"ipi_batch", NULL, NULL, bench_ipi_batch, 2},
};

static void end_thread(void)
{
    amo_add_rel(&left, (uint32)-1); /* consume: all_ended */
    wakeup(&left);
}

static void partner(void *arg)
{
    const struct item *it = arg;

    it->talk(1, bench.n);
    end_thread();
}

static void measure(void *arg)
{
    const struct item *it = arg;
    uint64 start = r_instret();

    threads[0] = curthread;
    if (it->run != NULL)
        it->run(bench.n);
    else if (it->talk != NULL)
        it->talk(0, bench.n);
    bench.count = it->count != NULL ? it->count(bench.n) : r_instret() - start;
    end_thread();
}

static bool all_ended(void *arg)
{
    (void)arg;
    return consume(&left) == 0; /* release: end_thread */
}

static void wait_for_threads(void)
{
    tsleep_until(&left, 0, "bench", all_ended, NULL);
}

/* Without memory for the thread that measures, its partner has nothing to do: n is 0. */
static int run_item(const struct item *it)
{
    void *arg = (void *)(uint64)it;
    int result;

    left = turn = 0;
    lwkt_wait_init(&signals[0]);
    lwkt_wait_init(&signals[1]);
    if (it->talk != NULL &&
        lwkt_create(partner, arg, &threads[1], NULL, TDF_STOPREQ | TDF_MPSAFE, 0, "partner") < 0)
        return -1;
    left = it->talk != NULL ? 2 : 1;
    result = lwkt_create(measure, arg, NULL, NULL, TDF_MPSAFE, 0, "measure");
    if (result < 0) {
        left--;
        bench.n = 0;
    }
    if (it->talk != NULL)
        lwkt_schedule(threads[1]);
    wait_for_threads();
    return result;
}

int kt_bench(uint64 ubench)
{
    if (copyin(&bench, ubench, sizeof(bench)) < 0 || bench.n <= 0)
        return -1;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
        if (strncmp(items[i].name, bench.name, sizeof(bench.name)) == 0 && items[i].cpus <= ncpus)
            return run_item(&items[i]) < 0 ? -1 : copyout(ubench, &bench, sizeof(bench));
    return -1;
}
