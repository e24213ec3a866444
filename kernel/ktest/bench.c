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

static void yields(int n)
{
    for (int i = 0; i < n; i++)
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

static void ping(int n)
{
    take_turns(0, n);
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
    void (*run)(int n);     /* n operations, all counted; */
    uint64 (*count)(int n); /* or it counts itself */
    int partner;            /* 1: another thread yields as often; 2: it plays ping-pong */
    int cpus;               /* needed */
} items[] = {
    {"crit", crit_pairs, NULL, 0, 1},
    {"token", token_pairs, NULL, 0, 1},
    {"yield", yields, NULL, 1, 1},
    {"yield_many", NULL, bench_yield_many, 0, 1},
    {"pingpong", ping, NULL, 2, 1},
    {"create", creations, NULL, 0, 1},
    {"interrupt", NULL, bench_interrupt, 0, 1},
    {"ipi", ipi_round_trips, NULL, 0, 2},
    {"ipi_send", NULL, bench_ipi_send, 0, 2},
    {"ipi_process", NULL, bench_ipi_process, 0, 2},
    {"ipi_batch", NULL, bench_ipi_batch, 0, 2},
};

static void end_thread(void)
{
    amo_add_rel(&left, (uint32)-1); /* consume: all_ended */
    wakeup(&left);
}

static void partner(void *arg)
{
    const struct item *it = arg;

    if (it->partner == 1)
        yields(bench.n);
    else
        take_turns(1, bench.n);
    end_thread();
}

static void measure(void *arg)
{
    const struct item *it = arg;
    uint64 start = r_instret();

    if (it->run != NULL) {
        it->run(bench.n);
        bench.count = r_instret() - start;
        if (it->partner == 1) /* the partner did as much */
            bench.count /= 2;
    } else {
        bench.count = it->count(bench.n);
    }
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
    thread_t second = NULL;
    int result;

    left = turn = 0;
    if (it->partner != 0 &&
        lwkt_create(partner, arg, &second, NULL, TDF_STOPREQ | TDF_MPSAFE, 0, "partner") < 0)
        return -1;
    left = second != NULL ? 2 : 1;
    result = lwkt_create(measure, arg, NULL, NULL, TDF_MPSAFE, 0, "measure");
    if (result < 0) {
        left--;
        bench.n = 0;
    }
    if (second != NULL)
        lwkt_schedule(second);
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
